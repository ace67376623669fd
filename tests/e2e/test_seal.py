"""The seal over the audit log: what is untouched verifies, every touch is named, with AWS and without; kills and races leave a chain that verifies."""

import base64
import datetime
import hashlib
import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from infra.lib.limits import function_limits
from infra.local_cloud.cloud import LocalCloud
from tests.demo.__main__ import proof
from tests.e2e import auditlog
from tests.e2e.auditlog import days_ago, put_objects, seal, undone, verified
from tests.e2e.faults import kill_in_mid_run, logged, without

FUNCTION = "archival_function"
OBJECTS_A_DAY = 6


@dataclass(frozen=True)
class Sealed:
    """Three days, each sealed when it was over; one object of the first came late."""

    first: str
    middle: str
    last: str
    keys: list[str]  # of the middle day
    late: str
    public_key: Path


@pytest.fixture(scope="module")
def sealed(own_cloud: LocalCloud, payhook: Path, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """The log that the tests tamper with; each takes back what it did."""
    # Not up to yesterday: midnight may pass.
    first, middle, last = (days_ago(ago) for ago in (9, 8, 7))
    put_objects(own_cloud, first, OBJECTS_A_DAY)
    assert seal(own_cloud, first) is None
    keys = put_objects(own_cloud, middle, OBJECTS_A_DAY)
    (late,) = put_objects(own_cloud, first, 1)
    assert seal(own_cloud, middle) is None
    put_objects(own_cloud, last, OBJECTS_A_DAY)
    assert seal(own_cloud, last) is None
    status, pem = proof(own_cloud, payhook, "audit", "public-key")
    assert status == 0
    file = tmp_path_factory.mktemp("key") / "seal.pem"
    file.write_text(pem)
    return Sealed(first, middle, last, keys, late, file)


def test_what_is_untouched_verifies_with_aws_and_without(
    own_cloud: LocalCloud, payhook: Path, sealed: Sealed, tmp_path: Path
) -> None:
    status, findings, report = verified(own_cloud, payhook, sealed.first, sealed.last)
    assert (status, findings) == (0, [])
    assert report["objects"] == 3 * OBJECTS_A_DAY + 1
    folder = auditlog.copied(own_cloud, tmp_path)
    # No stack and no address: nothing can be asked of AWS.
    offline = ["--folder", str(folder), "--public-key", str(sealed.public_key), "--json"]
    command = ["audit", "verify", "--from", sealed.first, "--to", sealed.last, *offline]
    assert json.loads(_without_aws(payhook, command)) == report


def _without_aws(payhook: Path, command: list[str], status: int = 0) -> str:
    result = subprocess.run([payhook, *command], env={}, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stderr
    return result.stdout


def _digest(cloud: LocalCloud, sequence: int) -> tuple[str, dict[str, Any]]:
    key = f"seal/digests/{sequence:08}.json"
    return key, json.loads(auditlog.get(cloud, key))


def _text(digest: dict[str, Any]) -> str:
    return json.dumps(digest, separators=(",", ":"))


def _object_deleted(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.delete(cloud, sealed.keys[0])
    return [("missing", sealed.keys[0])]


def _object_overwritten(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.put(cloud, sealed.keys[1], auditlog.audit_object())
    return [("altered", sealed.keys[1])]


def _late_object_overwritten(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.put(cloud, sealed.late, auditlog.audit_object())
    return [("altered", sealed.late)]


def _object_written_again_as_it_was(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.put(cloud, sealed.keys[2], auditlog.get(cloud, sealed.keys[2]))
    return [("reversioned", sealed.keys[2])]


def _object_added(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    return [("added", key) for key in put_objects(cloud, sealed.middle, 1)]


def _object_added_outside_of_days(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.put(cloud, "audit/elsewhere/line.jsonl.zst", auditlog.audit_object())
    return [("added", "audit/elsewhere/line.jsonl.zst")]


def _digest_altered(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    key, file = _digest(cloud, 2)
    file["digest"]["inventories"] = file["digest"]["inventories"][1:]
    auditlog.put(cloud, key, _text(file).encode())
    # The inventory that it named no more listed what the hour's objects were.
    return [("broken_link", _digest(cloud, 3)[0]), ("signature_invalid", key)]


def _digest_signed_by_another(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    key, file = _digest(cloud, 3)
    forger = ec.generate_private_key(ec.SECP256R1())
    signature = forger.sign(_text(file["digest"]).encode(), ec.ECDSA(hashes.SHA256()))
    file["signature"] = base64.b64encode(signature).decode()
    auditlog.put(cloud, key, _text(file).encode())
    return [("signature_invalid", key)]


def _digest_deleted(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.delete(cloud, _digest(cloud, 2)[0])
    return [("broken_link", _digest(cloud, 3)[0])]


def _digest_unreadable(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.put(cloud, _digest(cloud, 2)[0], b"{}")
    return [("digest_unreadable", "seal/digests/00000002.json"), ("broken_link", "seal/digests/00000003.json")]


def _last_digest_deleted(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    auditlog.delete(cloud, auditlog.digests(cloud)[-1])
    return [("day_not_sealed", sealed.last)]


def _inventory_altered(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    key = _digest(cloud, 2)[1]["digest"]["inventories"][0]["key"]
    auditlog.put(cloud, key, auditlog.audit_object())
    return [("inventory_altered", key)]


def _inventory_deleted(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    key = _digest(cloud, 2)[1]["digest"]["inventories"][0]["key"]
    auditlog.delete(cloud, key)
    return [("inventory_missing", key)]


def _digest_from_the_future(cloud: LocalCloud, sealed: Sealed) -> list[auditlog.Finding]:
    """By someone who may use the key: signed, linked, and of a day that has not come."""
    made_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
    before = auditlog.digests(cloud)[-1]
    sequence = int(before.removesuffix(".json")[-8:]) + 1
    digest = {
        "format": 1,
        "sequence": sequence,
        "day": made_at.date().isoformat(),
        "made_at": made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "previous_sha256": hashlib.sha256(auditlog.get(cloud, before)).hexdigest(),
        "inventories": [],
    }
    answer = cloud.clients.kms.sign(
        KeyId=f"alias/payhook_seal_{cloud.suffix}",
        Message=hashlib.sha256(_text(digest).encode()).digest(),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    signature = base64.b64encode(answer["Signature"]).decode()
    key = f"seal/digests/{sequence:08}.json"
    auditlog.put(cloud, key, _text({"digest": digest, "algorithm": "ECDSA_SHA_256", "signature": signature}).encode())
    return [("digest_from_the_future", key)]


TAMPERING: dict[str, Callable[[LocalCloud, Sealed], list[auditlog.Finding]]] = {
    "object deleted": _object_deleted,
    "object overwritten": _object_overwritten,
    "late object overwritten": _late_object_overwritten,
    "object written again as it was": _object_written_again_as_it_was,
    "object added": _object_added,
    "object added outside of days": _object_added_outside_of_days,
    "digest altered": _digest_altered,
    "digest signed by another": _digest_signed_by_another,
    "digest deleted": _digest_deleted,
    "digest unreadable": _digest_unreadable,
    "last digest deleted": _last_digest_deleted,
    "inventory altered": _inventory_altered,
    "inventory deleted": _inventory_deleted,
    "digest from the future": _digest_from_the_future,
}


@pytest.mark.parametrize("case", TAMPERING)
def test_every_touch_is_named(own_cloud: LocalCloud, payhook: Path, sealed: Sealed, tmp_path: Path, case: str) -> None:
    days = (sealed.first, sealed.last)
    with undone(own_cloud):
        wanted = TAMPERING[case](own_cloud, sealed)
        status, online, _ = verified(own_cloud, payhook, *days)
        assert status == 1
        assert set(wanted) <= set(online)
        # In words, for a person.
        status, text = proof(own_cloud, payhook, "audit", "verify", "--from", days[0], "--to", days[1])
        assert (status, all(subject in text for _, subject in wanted)) == (1, True)
        folder = auditlog.copied(own_cloud, tmp_path)
        arguments = ("--folder", str(folder), "--public-key", str(sealed.public_key))
        status, offline, _ = verified(own_cloud, payhook, *days, *arguments)
        # A folder has no versions: that something was written again as it was cannot be seen there.
        assert offline == [finding for finding in online if finding[0] != "reversioned"]
        assert status == (1 if offline else 0)
    assert verified(own_cloud, payhook, *days)[:2] == (0, [])


def test_a_seal_does_not_go_on_from_a_digest_of_the_future(own_cloud: LocalCloud, sealed: Sealed) -> None:
    with undone(own_cloud):
        ((_, key),) = _digest_from_the_future(own_cloud, sealed)
        chain = auditlog.digests(own_cloud)
        error = json.loads(seal(own_cloud, sealed.last) or "{}")
        assert error["errorType"] == "Failed"
        assert logged(own_cloud, FUNCTION, f"digest {key} is from the future: check the clock") > 0
        assert auditlog.digests(own_cloud) == chain


def test_a_wrong_key_vouches_for_nothing(own_cloud: LocalCloud, payhook: Path, sealed: Sealed, tmp_path: Path) -> None:
    auditlog.copied(own_cloud, tmp_path)
    for content, status in ((b"no key", 2), (sealed.public_key.read_bytes()[:60], 2)):
        file = tmp_path / "other.pem"
        file.write_bytes(content)
        command = ["audit", "verify", "--from", sealed.first, "--to", sealed.last]
        result = proof(own_cloud, payhook, *command, "--folder", str(tmp_path), "--public-key", str(file))
        assert result[0] == status
        assert "`payhook audit public-key` prints it" in result[1]


def test_what_comes_late_is_covered_by_a_later_digest(own_cloud: LocalCloud, payhook: Path, sealed: Sealed) -> None:
    days = (sealed.first, sealed.last)
    objects = verified(own_cloud, payhook, *days)[2]["objects"]
    (late,) = put_objects(own_cloud, sealed.middle, 1)
    assert verified(own_cloud, payhook, *days)[:2] == (1, [("added", late)])
    chain = auditlog.digests(own_cloud)
    assert seal(own_cloud, sealed.last) is None
    assert len(auditlog.digests(own_cloud)) == len(chain) + 1
    assert verified(own_cloud, payhook, *days)[1] == []
    assert verified(own_cloud, payhook, *days)[2]["objects"] == objects + 1
    # Nothing more came: nothing more is made.
    assert seal(own_cloud, sealed.last) is None
    assert len(auditlog.digests(own_cloud)) == len(chain) + 1


def test_killed_in_mid_run_the_next_one_completes_the_chain(
    own_cloud: LocalCloud, payhook: Path, sealed: Sealed
) -> None:
    day = days_ago(6)
    keys = put_objects(own_cloud, day, 300, hours=20)
    chain = auditlog.digests(own_cloud)

    def has_inventories(wanted: int) -> bool:
        return len(auditlog.versions(own_cloud, f"seal/inventories/dt={day}")) >= wanted

    for wanted in (0, 3, 9):
        kill_in_mid_run(
            own_cloud, FUNCTION, lambda: seal(own_cloud, day), lambda wanted=wanted: has_inventories(wanted)
        )
        assert auditlog.digests(own_cloud) == chain
    assert seal(own_cloud, day) is None
    status, findings, report = verified(own_cloud, payhook, day, day)
    assert (status, findings, report["objects"]) == (0, [], len(keys))


def test_two_runs_at_a_time_make_one_chain(own_cloud: LocalCloud, payhook: Path, sealed: Sealed) -> None:
    day = days_ago(6)
    sealed_before = verified(own_cloud, payhook, sealed.first, day)[2]["objects"]
    keys = put_objects(own_cloud, day, 80)
    name, reserved = f"{FUNCTION}_{own_cloud.suffix}", function_limits(FUNCTION)["reserved_concurrency"]
    own_cloud.clients.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    try:
        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(lambda _: seal(own_cloud, day), range(3))) == [None] * 3
    finally:
        own_cloud.clients.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    status, findings, report = verified(own_cloud, payhook, sealed.first, day)
    assert (status, findings, report["objects"]) == (0, [], sealed_before + len(keys))


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:ListBucketVersions"])
def test_without_a_permission_nothing_is_called_sealed(
    own_cloud: LocalCloud, payhook: Path, sealed: Sealed, action: str
) -> None:
    (late,) = put_objects(own_cloud, sealed.last, 1)
    chain = auditlog.digests(own_cloud)
    with without(own_cloud, FUNCTION, action):
        assert json.loads(seal(own_cloud, sealed.last) or "{}")["errorType"] == "Failed"
    assert logged(own_cloud, FUNCTION, "not sealed") > 0
    assert auditlog.digests(own_cloud) == chain
    assert verified(own_cloud, payhook, sealed.last, sealed.last)[1] == [("added", late)]
    assert seal(own_cloud, sealed.last) is None
    assert verified(own_cloud, payhook, sealed.last, sealed.last)[1] == []
