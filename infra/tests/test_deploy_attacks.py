"""Who has the deploy role tries, by calls alone, to reach what the bootstrap's README says it
cannot: to become a role of the stack, to read the audit log and the queues, to replace a provider's
secret.

The documents are those that bootstrap and stack make, each as it stands when the call is made: a
resource's policy counts once it is there. `infra/local_cloud/tests/test_deploy_attacks.py` makes
the same calls in the local cloud.
"""

import json
from typing import Any

import pytest

from bootstrap.refused import refused
from infra.tests.iam import Request, Statement, allowed
from infra.tests.test_deploy_rights import ACCOUNT, ACCOUNT_ID, SUFFIX, of_role, stack

DEPLOYED = ACCOUNT.deployed
DEPLOY_ROLE = DEPLOYED.deploy_role_arn
CALLER = {"aws:PrincipalArn": DEPLOY_ROLE, "aws:SecureTransport": "true"}
ROLES = sorted(r["properties"]["name"] for r in stack() if r["type"] == "aws:iam/role:Role")
QUEUES = sorted(r["properties"]["name"] for r in stack() if r["type"] == "aws:sqs/queue:Queue")
SECRET = DEPLOYED.arn("secretsmanager", f"secret:{DEPLOYED.secret('stripe')}-AbCdEf")


def may(action: str, resource: str, *policies: Statement) -> bool:
    """Whether the deploy role may, where the resource has these statements of its own."""
    tags = {f"aws:ResourceTag/{key}": value for key, value in DEPLOYED.tags.items()}
    return allowed([*of_role("deploy_role"), *policies], Request(action, resource, CALLER | tags))


def policy_of(kind: str, name: str) -> list[Statement]:
    """The statements of the policy that the stack gives to a bucket or a queue."""
    (text,) = (r["properties"]["policy"] for r in stack() if r["type"].endswith(kind) and r["name"] == name)
    return json.loads(text)["Statement"]


def gift(*actions: str, to: str = DEPLOY_ROLE) -> Statement:
    """What an attacker would put into the policy of a resource."""
    return {"Effect": "Allow", "Principal": {"AWS": to}, "Action": [*actions], "Resource": "*"}


def test_the_role_is_the_one_that_the_bootstrap_makes() -> None:
    assert f"arn:aws:iam::{ACCOUNT_ID}:role/{ACCOUNT.own.name('deploy_role')}" == DEPLOY_ROLE


@pytest.mark.parametrize("role", ROLES)
def test_it_does_not_become_a_role_of_the_stack(role: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
    # Neither does it name itself in the trust, nor make the role again.
    assert not may("iam:UpdateAssumeRolePolicy", arn)
    assert not may("iam:DeleteRole", arn)
    # And were it named there already:
    assert not may("sts:AssumeRole", arn, gift("sts:AssumeRole"))


@pytest.mark.parametrize("role", [f"admin_{SUFFIX}", f"webhook_processor_role_other_{SUFFIX}", f"team/role_{SUFFIX}"])
def test_it_reaches_no_role_that_only_ends_like_the_stacks(role: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{role}"
    bounded = {"iam:PermissionsBoundary": ACCOUNT.boundary_arn, "iam:PassedToService": "lambda.amazonaws.com"}
    actions = {a for s in of_role("deploy_role") for a in s["Action"] if a.startswith("iam:")}
    assert [a for a in actions if allowed(of_role("deploy_role"), Request(a, arn, CALLER | bounded))] == []


@pytest.mark.parametrize(
    ("bucket", "name"),
    [(DEPLOYED.audit_bucket, "audit_policy"), (DEPLOYED.access_record_bucket, "access_record_policy")],
)
def test_it_does_not_open_the_audit_log(bucket: str, name: str) -> None:
    arn = f"arn:aws:s3:::{bucket}"
    there = policy_of("bucketPolicy:BucketPolicy", name)
    for action in ("s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration"):
        assert may(action, arn), "the first deployment makes it"
        assert not may(action, arn, *there)
    # A lifecycle of one day is a deletion, too; without the policy nothing would refuse it.
    for action in (
        "s3:PutLifecycleConfiguration",
        "s3:PutBucketVersioning",
        "s3:DeleteBucketPolicy",
        "s3:DeleteBucket",
    ):
        assert not may(action, arn, *there)
    # And were it given everything:
    for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert not may(action, f"{arn}/audit/2026/11/27/any", gift("s3:*"))


def test_the_policy_of_such_a_bucket_is_made_after_everything_that_it_refuses() -> None:
    """The first deployment would otherwise be refused its own bucket."""
    for bucket, name in (("audit", "audit_policy"), ("access_record", "access_record_policy")):
        (policy,) = (r for r in stack() if r["name"] == name)
        after = {urn.rpartition("::")[2] for urn in policy["options"]["dependencies"]}
        parts = {
            r["name"] for r in stack()
            if r["type"].startswith("aws:s3/") and r["properties"].get("bucket") == f"{bucket}-id" and r["name"] != name
        }  # fmt: skip
        assert len(parts) >= 5
        assert parts <= after


@pytest.mark.parametrize("queue", QUEUES)
def test_it_reads_no_raw_body(queue: str) -> None:
    arn = DEPLOYED.arn("sqs", queue)
    there = policy_of("queuePolicy:QueuePolicy", f"{queue.removesuffix(f'_{SUFFIX}')}_policy")
    assert may("sqs:SetQueueAttributes", arn), "the first deployment gives the queue its policy"
    # Neither by another policy, nor by a queue that is made again, nor by a redrive elsewhere.
    for action in ("sqs:SetQueueAttributes", "sqs:AddPermission", "sqs:RemovePermission", "sqs:DeleteQueue"):
        assert not may(action, arn, *there)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:StartMessageMoveTask", "sqs:SendMessage"):
        assert not may(action, arn, gift("sqs:*"))


def test_it_replaces_no_secret_of_a_provider() -> None:
    replacing = (
        "UpdateSecret", "PutSecretValue", "DeleteSecret", "GetSecretValue", "UpdateSecretVersionStage", "RotateSecret",
        "PutResourcePolicy", "ReplicateSecretToRegions",
    )  # fmt: skip
    for action in replacing:
        assert not may(f"secretsmanager:{action}", SECRET)
        assert not may(f"secretsmanager:{action}", SECRET, gift("secretsmanager:*"))
    assert may("secretsmanager:CreateSecret", SECRET), "a new provider has one"
    # Somebody else's.
    assert not may("secretsmanager:CreateSecret", DEPLOYED.arn("secretsmanager", f"secret:database_{SUFFIX}-AbCdEf"))


def test_what_it_can_do_all_the_same_is_said() -> None:
    """The README admits it; where one of these is refused some day, the README is to say that
    instead.
    """
    function = DEPLOYED.function_arn("webhook_processor")
    assert may("lambda:UpdateFunctionCode", function)
    assert may("cloudtrail:StopLogging", DEPLOYED.trail_arn)
    assert may("kms:PutKeyPolicy", DEPLOYED.arn("kms", "key/0a1b2c3d"))
    assert may("dynamodb:DeleteTable", DEPLOYED.table_arn("transactions"))


def test_nothing_that_is_refused_is_needed() -> None:
    kept: list[dict[str, Any]] = [s for s in of_role("deploy_role") if s["Effect"] == "Deny"]
    assert kept == refused(ACCOUNT)
    denied = {action for statement in kept for action in statement["Action"]}
    given = {action for s in of_role("deploy_role") if s["Effect"] == "Allow" for action in s["Action"]}
    # The state is a bucket, too, and its objects are others.
    assert denied & given == {"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}
