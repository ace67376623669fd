"""A bucket that keeps evidence: encrypted with the stack's key, versioned, closed to the public, its objects owned by the account."""

import pulumi
import pulumi_aws as aws

from lib.limits import LIMITS
from lib.policies import Statement, deny_roles
from lib.settings import Settings

# What would let objects be removed or read later.
BUCKET_LOOSENING = [
    "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
]  # fmt: skip


def locked_against_deploys(settings: Settings, bucket_arn: str) -> Statement:
    """Refuses the deploy role to loosen the bucket once this policy is there.

    The role must be able to put the policy, or it could not make the bucket; afterwards the policy
    itself says who may change it: "An explicit deny in any of the policies overrides the allow". So
    the policy is made after everything else of the bucket, and an administrator makes a later
    change (`infra/bootstrap/README.md`). Source, a stored copy of which was read 2026-11-27:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html.
    """
    return deny_roles([settings.deploy_role_arn], BUCKET_LOOSENING, [bucket_arn], "DeploysLoosenNothing")


class ProtectedBucket(pulumi.ComponentResource):
    """The bucket and what every bucket of the stack has; its policy and its lifecycle are its owner's."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        bucket_name: str,
        key_arn: pulumi.Input[str],
        *,
        lockable: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:ProtectedBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=bucket_name,
            # Emptying a bucket for `pulumi destroy` deletes locked objects where their mode lets it: a bucket with a lock is not emptied.
            force_destroy=not lockable,
            object_lock_enabled=lockable or None,
            tags=settings.tags,
            opts=child,
        )
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}_ownership",
            bucket=self.bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        self.blocked = aws.s3.BucketPublicAccessBlock(
            f"{name}_public_access",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        self.versioning = aws.s3.BucketVersioning(
            f"{name}_versioning",
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}_encryption",
            bucket=self.bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    # One data key for many objects: a tenth of the KMS calls.
                    bucket_key_enabled=True,
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=key_arn
                    ),
                )
            ],
            opts=child,
        )
        # What a policy that locks the bucket comes after.
        self.parts: list[pulumi.Resource] = [ownership, self.blocked, self.versioning, encryption]
        self.register_outputs({})


def lifecycle_rule(
    name: str, prefix: str, days_at_hand: int | None, days_kept: int | None
) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    """At hand for three months (PCI DSS v4.0.1, 10.5.1), then colder; an audit log ends after its twelve months and one to spare."""
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=name,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        transitions=[
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=days_at_hand, storage_class="GLACIER_IR")
        ]
        if days_at_hand
        else None,
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days_kept) if days_kept else None,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=LIMITS["audit"]["noncurrent_days_kept"]
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=1
        ),
    )
