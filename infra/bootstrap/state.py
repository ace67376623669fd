"""Where the deployed stack's state is kept: a bucket with a history, closed to the public, TLS only, and a key of its own.

The same key encrypts the secrets inside the state (`--secrets-provider awskms://…`). Neither is emptied by `pulumi destroy`: a lost state is an
environment that nobody can change any more.
"""

import pulumi
import pulumi_aws as aws

from bootstrap.account import Account
from lib.encryption import ADMINISTRATION, statement
from lib.limits import LIMITS
from lib.policies import deny_without_tls, document

# A state is small, and an old one is what a mistake is mended with.
OLD_STATES_DAYS_KEPT = 365
# S3 asks for data keys, for a lock as well; the secrets provider encrypts with the key itself.
LOOK = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
WRITE = [*LOOK, "kms:Encrypt"]


def key_policy(account: Account) -> str:
    """The account administers; the workflows' roles use."""
    role = account.own.role_arn
    return document(
        statement("Administration", {"AWS": f"arn:aws:iam::{account.account_id}:root"}, ADMINISTRATION),
        statement("Write", {"AWS": [role("deploy_role")]}, WRITE),
        statement("Look", {"AWS": [role("drift_role")]}, LOOK),
    )


class State(pulumi.ComponentResource):
    """The key, its alias and the bucket. The key's policy names `roles`, which must exist before it."""

    def __init__(
        self, account: Account, roles: list[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:State", "state", None, opts)
        own = account.own
        child = pulumi.ResourceOptions(parent=self)
        self.key = aws.kms.Key(
            "state_key",
            description=f"payhook {account.environment_suffix}: the deployment's state and its secrets",
            policy=key_policy(account),
            enable_key_rotation=True,
            deletion_window_in_days=LIMITS["kms"]["deletion_window_days"],
            tags=own.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=roles),
        )
        aws.kms.Alias("state_alias", name=account.state_key_alias, target_key_id=self.key.key_id, opts=child)
        self.bucket = aws.s3.Bucket("state", bucket=account.state_bucket, tags=own.tags, opts=child)
        aws.s3.BucketOwnershipControls(
            "state_ownership",
            bucket=self.bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        blocked = aws.s3.BucketPublicAccessBlock(
            "state_public_access",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            "state_versioning",
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            "state_encryption",
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    bucket_key_enabled=True,
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=self.key.arn
                    ),
                )
            ],
            opts=child,
        )
        arn = f"arn:aws:s3:::{account.state_bucket}"
        aws.s3.BucketPolicy(
            "state_policy",
            bucket=self.bucket.id,
            policy=document(deny_without_tls("s3", [arn, f"{arn}/*"])),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blocked]),
        )
        aws.s3.BucketLifecycleConfiguration(
            "state_lifecycle",
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="old_states",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=".pulumi/"),
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=OLD_STATES_DAYS_KEPT
                    ),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=1
                    ),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.register_outputs({})
