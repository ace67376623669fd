"""What is refused to the deploy role, whatever else allows it."""

from bootstrap.account import Account
from lib.policies import Statement, deny


def actions(service: str, names: str) -> list[str]:
    """`service:Name` for each of the names."""
    return [f"{service}:{name}" for name in names.split()]


def refused(account: Account) -> list[Statement]:
    """What a deployment may not do whoever allows it: the policy of a bucket or a queue that it
    writes itself, or another policy of its role. Of the stack's roles it can take none.

    "An explicit deny in any of the policies overrides the allow". Source, a stored copy of which
    was read 2026-11-27:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html.
    """
    deployed, suffix = account.deployed, account.environment_suffix
    buckets = (deployed.audit_bucket, deployed.access_record_bucket, deployed.edge_log_bucket)
    tables = deployed.arn("dynamodb", f"table/*_{suffix}")
    return [
        deny(["sts:AssumeRole"], ["*"], "TakesNoRole"),
        deny(
            actions("iam", "AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary UpdateAssumeRolePolicy"),
            [f"arn:aws:iam::{account.account_id}:role/*"],
            "KeepsTrust",
        ),
        deny(
            actions(
                "s3", "DeleteObject DeleteObjectVersion GetObject GetObjectVersion PutObject PutObjectLegalHold PutObjectRetention"
            ),
            [f"arn:aws:s3:::{bucket}/*" for bucket in buckets],
            "TouchesNoObject",
        ),
        deny(
            actions("sqs", "ChangeMessageVisibility DeleteMessage PurgeQueue ReceiveMessage SendMessage StartMessageMoveTask"),
            [deployed.arn("sqs", f"*_{suffix}")],
            "TouchesNoMessage",
        ),
        deny(
            actions(
                "secretsmanager",
                "DeleteSecret GetSecretValue PutResourcePolicy PutSecretValue ReplicateSecretToRegions RotateSecret UpdateSecret "
                "UpdateSecretVersionStage",
            ),
            [deployed.arn("secretsmanager", f"secret:{name('*')}-??????") for name in (deployed.secret, deployed.api_secret)],
            "TouchesNoSecret",
        ),
        deny(
            actions(
                "dynamodb",
                "BatchGetItem BatchWriteItem DeleteItem ExportTableToPointInTime GetItem GetRecords PartiQLDelete PartiQLInsert "
                "PartiQLSelect PartiQLUpdate PutItem PutResourcePolicy Query Scan UpdateItem",
            ),
            [tables, f"{tables}/*"],
            "TouchesNoPayment",
        ),
    ]  # fmt: skip
