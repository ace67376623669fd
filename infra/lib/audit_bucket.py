"""The bucket of the audit log and the archive: encrypted, versioned, closed to the public, TLS only, colder with age."""

import pulumi
import pulumi_aws as aws

from lib.limits import LIMITS
from lib.policies import deny_without_tls, document
from lib.settings import Settings


class AuditBucket(pulumi.ComponentResource):
    """One bucket, three prefixes: `audit/`, `archive/` and `seal/`."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:AuditBucket", "audit_bucket", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            "audit", bucket=settings.audit_bucket, force_destroy=True, tags=settings.tags, opts=child
        )
        aws.s3.BucketOwnershipControls(
            "audit_ownership",
            bucket=self.bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        blocked = aws.s3.BucketPublicAccessBlock(
            "audit_public_access",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            "audit_versioning",
            bucket=self.bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            "audit_encryption",
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
        aws.s3.BucketPolicy(
            "audit_policy",
            bucket=self.bucket.id,
            policy=document(deny_without_tls("s3", [settings.bucket_arn, f"{settings.bucket_arn}/*"])),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blocked]),
        )
        aws.s3.BucketLifecycleConfiguration(
            "audit_lifecycle",
            bucket=self.bucket.id,
            rules=[
                self._rule("audit", "audit/", LIMITS["audit"]["days_at_hand"], LIMITS["audit"]["days_kept"]),
                self._rule("seal", "seal/", LIMITS["audit"]["days_at_hand"], LIMITS["audit"]["days_kept"]),
                self._rule("archive", "archive/transactions/", LIMITS["archive"]["days_at_hand"], None),
                self._rule("manifests", "archive/manifests/", LIMITS["archive"]["days_at_hand"], None),
                # A file waits here until its manifest exists; what stays longer was left by a crash.
                self._rule("pending", "archive/pending/", None, LIMITS["archive"]["pending_days_kept"]),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.register_outputs({})

    @staticmethod
    def _rule(
        name: str, prefix: str, days_at_hand: int | None, days_kept: int | None
    ) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
        """At hand for three months (PCI DSS v4.0.1, 10.5.1), then colder; the audit log ends after its twelve months and one to spare."""
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
