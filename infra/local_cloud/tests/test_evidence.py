"""The evidence is safe from the functions: with IAM enforced, whatever right a role is given by mistake; and under a lock, from everybody."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.lib.limits import FUNCTIONS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud, start
from infra.local_cloud.tests.acting import given_by_mistake, s3_as
from tests.e2e.door import audit_lines_of, eventually, post_stripe, records_of, stripe_event

PREFIXES = ("audit/", "seal/", "archive/transactions/", "archive/manifests/", "archive/pending/")
# What would remove an object or let it be removed, and the right that it needs.
REMOVALS: dict[str, tuple[str, Callable[[Any, str, str, str], Any]]] = {
    "delete": ("s3:DeleteObject", lambda s3, b, k, _: s3.delete_object(Bucket=b, Key=k)),
    "delete a version": (
        "s3:DeleteObjectVersion",
        lambda s3, b, k, v: s3.delete_object(Bucket=b, Key=k, VersionId=v),
    ),
    "delete by lifecycle": (
        "s3:PutLifecycleConfiguration",
        lambda s3, b, *_: s3.put_bucket_lifecycle_configuration(
            Bucket=b,
            LifecycleConfiguration={
                "Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
            },
        ),
    ),
    "keep no versions": (
        "s3:PutBucketVersioning",
        lambda s3, b, *_: s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Suspended"}),
    ),
    "replace the policy": ("s3:DeleteBucketPolicy", lambda s3, b, *_: s3.delete_bucket_policy(Bucket=b)),
}


def _put(cloud: LocalCloud, bucket: str, key: str) -> str:
    """Puts an object; its version."""
    return cloud.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"evidence")["VersionId"]


def _refusal(call: Callable[[], Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response.get("Error", {}).get("Code", "")


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_right_given_by_mistake_does_not_let_a_function_delete(cloud: LocalCloud, function: str, prefix: str) -> None:
    bucket = cloud.outputs["audit_bucket_name"]
    key = f"{prefix}{function}"
    version = _put(cloud, bucket, key)
    s3 = s3_as(cloud, function)
    with given_by_mistake(cloud, function, ["s3:*"], [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]):
        # The right is there: what the bucket's policy does not speak of is allowed.
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": []})
        for _, call in REMOVALS.values():
            assert _refusal(lambda call=call: call(s3, bucket, key, version)) == "AccessDenied"
    assert cloud.clients.s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read() == b"evidence"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_audit_log_is_written_once(cloud: LocalCloud, function: str) -> None:
    bucket, key = cloud.outputs["audit_bucket_name"], f"audit/{function}-once"
    s3 = s3_as(cloud, function)
    with given_by_mistake(cloud, function, ["s3:*"], [f"arn:aws:s3:::{bucket}/*"]):
        first = s3.put_object(Bucket=bucket, Key=key, Body=b"first", IfNoneMatch="*")["VersionId"]
        again: dict[str, Callable[[], Any]] = {
            "without the header": lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"second"),
            "over its own version": lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfMatch="any"),
            "a copy": lambda: s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": key}),
            "in parts": lambda: s3.create_multipart_upload(Bucket=bucket, Key=key),
        }
        assert {name: _refusal(call) for name, call in again.items()} == dict.fromkeys(again, "AccessDenied")
        with_header = _refusal(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfNoneMatch="*"))
        assert with_header == "PreconditionFailed"
        # Elsewhere in the bucket nothing asks for it: the archive overwrites what waits.
        s3.put_object(Bucket=bucket, Key=f"archive/pending/{function}-once", Body=b"")
    versions = cloud.clients.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert [version["VersionId"] for version in versions] == [first]


@pytest.mark.parametrize("removal", REMOVALS)
def test_elsewhere_the_same_right_would_do(cloud: LocalCloud, removal: str) -> None:
    action, call = REMOVALS[removal]
    bucket = f"elsewhere-{removal.replace(' ', '-')}"
    cloud.clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    cloud.clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = _put(cloud, bucket, "key")
    s3 = s3_as(cloud, "archival_function")
    assert _refusal(lambda: call(s3, bucket, "key", version)) == "AccessDenied"
    with given_by_mistake(cloud, "archival_function", [action], [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]):
        call(s3, bucket, "key", version)


def test_who_destroys_the_environment_is_no_function_and_can(cloud: LocalCloud) -> None:
    bucket = cloud.outputs["audit_bucket_name"]
    version = _put(cloud, bucket, "audit/to-destroy")
    cloud.clients.s3.delete_object(Bucket=bucket, Key="audit/to-destroy", VersionId=version)
    found = cloud.clients.s3.list_object_versions(Bucket=bucket, Prefix="audit/to-destroy")
    assert "Versions" not in found


@pytest.fixture(scope="module")
def locked(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A stack with a lock on its audit bucket."""
    options = {
        "object_lock_days": "2",
        "object_lock_mode": "COMPLIANCE",
        "access_record": "false",
        "firewall": "false",
        "edge": "false",
    }
    running = start(tmp_path_factory.mktemp("locked") / "state", zips, "locked", options=options)
    yield running
    running.stop()


def test_under_a_lock_everything_goes_on_and_nobody_deletes(locked: LocalCloud) -> None:
    event = stripe_event()
    body = json.dumps(event).encode()
    assert post_stripe(locked, body).status == 200
    assert len(eventually(locked, lambda: records_of(locked, event["id"]))) == 1
    assert len(audit_lines_of(locked, body)) == 1
    s3, bucket = locked.clients.s3, locked.outputs["audit_bucket_name"]
    (key,) = (key for key, _ in ledger.objects(locked, "audit/"))
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    retention = s3.get_object_retention(Bucket=bucket, Key=key, VersionId=version["VersionId"])["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    # The root key itself.
    delete = {"Bucket": bucket, "Key": key, "VersionId": version["VersionId"], "BypassGovernanceRetention": True}
    assert _refusal(lambda: s3.delete_object(**delete)) == "AccessDenied"


def test_a_copy_that_waits_is_overwritten_and_expires_as_without_a_lock(locked: LocalCloud) -> None:
    s3, bucket, key = locked.clients.s3, locked.outputs["audit_bucket_name"], "archive/pending/part"
    _put(locked, bucket, key)
    _put(locked, bucket, key)
    # What the lifecycle does when the days are over.
    assert s3.delete_object(Bucket=bucket, Key=key)["DeleteMarker"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 1)


def test_what_is_turned_off_is_not_made(locked: LocalCloud) -> None:
    assert locked.clients.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"] == []
    assert locked.clients.cloudtrail.describe_trails()["trailList"] == []
