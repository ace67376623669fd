"""A provider's API key is replaced without a webhook lost: both addresses work for a while, then the old one opens nothing."""

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import post, records_of, stripe_event, stripe_headers, stripe_key


def keys(cloud: LocalCloud, payhook: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [payhook, "keys", *command], env=ledger.stack_environment(cloud), capture_output=True, text=True, check=False
    )


def states(cloud: LocalCloud, payhook: Path) -> dict[tuple[str, str], str]:
    listed = keys(cloud, payhook, "list", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in listed]
    return {(row["provider"], row["slot"]): row["state"] for row in rows}


def arrives(cloud: LocalCloud, address: str) -> bool:
    """Whether a genuine webhook that is sent to the address, as a provider would, is stored; False when the door refuses it."""
    event = stripe_event(f"evt_{uuid.uuid4().hex}")
    body = json.dumps(event).encode()
    headers = stripe_headers(stripe_key(cloud), body)
    answer = post(cloud, body, headers, route=address.removeprefix(cloud.endpoint), api_key=None)
    if answer.status == 403:
        return False
    assert answer.status == 200
    assert ledger.wait_until_drained(cloud)
    assert len(records_of(cloud, event["id"])) == 1
    return True


def test_a_key_is_rotated_while_webhooks_arrive(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud = own_cloud
    show = ("show", "stripe", "--endpoint", cloud.endpoint)
    (old,) = keys(cloud, payhook, *show).stdout.splitlines()
    assert arrives(cloud, old)
    assert "lives now" in keys(cloud, payhook, "rotate", "stripe").stdout
    assert states(cloud, payhook)["stripe", "b"] == "live"
    first, new = keys(cloud, payhook, *show).stdout.splitlines()
    assert first == old
    assert arrives(cloud, old)
    assert arrives(cloud, new)
    # What `payhook send` takes has the newer one.
    assert new.endswith(json.loads(keys(cloud, payhook, "show", "stripe", "--json").stdout)["stripe"])
    retired = keys(cloud, payhook, "retire", "stripe", "--slot", "a")
    assert retired.returncode == 0, retired.stderr
    assert not arrives(cloud, old)
    assert arrives(cloud, new)
    # The others are as they were.
    left = {state for (provider, _), state in states(cloud, payhook).items() if provider != "stripe"}
    assert left == {"live", "spare"}
    assert states(cloud, payhook)["stripe", "a"] == "retired"


REFUSED = {
    "the only key that lives": (("retire", "adyen", "--slot", "a"), "the only key of adyen that lives"),
    "a provider without keys": (("rotate", "nobody"), "no API key of nobody"),
    "a retired key": (("rotate", "standardwebhooks"), "**webhook_api_key_standardwebhooks_b"),
    "two keys that live": (("rotate", "square"), "--slot a"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_lock_out_or_let_in_is_refused(cloud: LocalCloud, payhook: Path, case: str) -> None:
    if case == "a retired key":
        keys(cloud, payhook, "retire", "standardwebhooks", "--slot", "b")
    if case == "two keys that live":
        keys(cloud, payhook, "rotate", "square")
    before = states(cloud, payhook)
    command, words = REFUSED[case]
    refused = keys(cloud, payhook, *command)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert states(cloud, payhook) == before


def test_a_provider_is_shut_out_alone(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud = own_cloud
    assert keys(cloud, payhook, "retire", "square", "--slot", "a", "--shut-out").returncode == 0
    body = b'{"id":"shut out"}'
    assert post(cloud, body, route="/square", api_key=cloud.api_keys["square"]).status == 403
    assert post(cloud, body, route="/adyen", api_key=cloud.api_keys["adyen"]).status == 200


def test_no_key_is_listed(cloud: LocalCloud, payhook: Path) -> None:
    table = keys(cloud, payhook, "list").stdout
    assert table.splitlines()[0].split() == ["provider", "slot", "state", "since", "key", "id"]
    assert len(table.splitlines()) == 2 * len(cloud.api_keys) + 2
    assert not [value for value in cloud.api_keys.values() if value in table]
