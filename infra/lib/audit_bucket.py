"""The bucket of the audit log and the archive: TLS only, colder with age, and no function may delete from it.

The functions need no delete: the archive overwrites nothing, and what waits under `archive/pending/` goes by the lifecycle. So the bucket's policy refuses every
function's role the deletion of objects and versions, and the settings that keep them, whatever the role itself is given by mistake. The people who destroy an
environment are not functions and can.

Object Lock (`object_lock_days`, off by default) goes further: no one deletes a version before its days are over; in COMPLIANCE mode not even the account's root.
What follows from it, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html, read 2026-11-25:
- The default retention holds for every new object of the bucket, also for `archive/pending/`. Nothing breaks: overwriting makes a new version, expiration only a delete
  marker, and the lifecycle waits with removing versions until their retention is over. Pending copies cost their storage for that long.
- Every put needs a checksum, which the adapters send.
- `pulumi destroy` does not empty such a bucket (see `protected_bucket`) and fails until the days are over. Turning the lock on for a bucket that exists replaces the
  bucket: decide before the first deployment.
"""

import pulumi
import pulumi_aws as aws

from lib.limits import FUNCTIONS, LIMITS
from lib.policies import Statement, deny_roles, deny_without_tls, document
from lib.protected_bucket import BUCKET_LOOSENING, ProtectedBucket, lifecycle_rule, locked_against_deploys
from lib.settings import Settings

# What removes an object, or takes the lock off it.
OBJECT_REMOVAL = [
    "s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold", "s3:PutObjectRetention",
]  # fmt: skip


def audit_written_once(settings: Settings) -> Statement:
    """Refuses every put that would overwrite an object of the audit log: S3 then asks for the
    header If-None-Match, whose only value is `*`, and itself refuses a put where the object is. A
    part of a multipart upload cannot have the header, and a copy may not: nobody writes the log by
    either.

    Source, a stored copy of which was read 2026-11-27:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html.
    """
    return {
        "Sid": "AuditLogIsWrittenOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject"],
        "Resource": [f"{settings.bucket_arn}/audit/*"],
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }


def bucket_policy(settings: Settings) -> str:
    """Nothing without TLS; nothing removed by a function; the log written once; locked against
    deploys.
    """
    objects = f"{settings.bucket_arn}/*"
    roles = [settings.role_arn(f"{function}_role") for function in FUNCTIONS]
    return document(
        deny_without_tls("s3", [settings.bucket_arn, objects]),
        deny_roles(roles, OBJECT_REMOVAL, [objects], "FunctionsRemoveNothing"),
        deny_roles(roles, BUCKET_LOOSENING, [settings.bucket_arn], "FunctionsLoosenNothing"),
        audit_written_once(settings),
        locked_against_deploys(settings, settings.bucket_arn),
    )


class AuditBucket(pulumi.ComponentResource):
    """One bucket, four prefixes: `audit/`, `logs/`, `archive/` and `seal/`; with a gap check `gaps/`, too."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:AuditBucket", "audit_bucket", None, opts)
        days_locked = settings.object_lock_days
        protected = ProtectedBucket(
            "audit",
            settings,
            settings.audit_bucket,
            key_arn,
            lockable=days_locked is not None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket = protected.bucket
        after_versioning = pulumi.ResourceOptions(parent=self, depends_on=[protected.versioning])
        parts = [*protected.parts]
        if days_locked is not None:
            lock = aws.s3.BucketObjectLockConfiguration(
                "audit_lock",
                bucket=self.bucket.id,
                rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
                    default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                        mode=settings.object_lock_mode, days=days_locked
                    )
                ),
                opts=after_versioning,
            )
            parts.append(lock)
        audit, archive = LIMITS["audit"], LIMITS["archive"]
        gap_records = (
            [lifecycle_rule("gaps", "gaps/", audit["days_at_hand"], audit["days_kept"])] if settings.gap_check else []
        )
        lifecycle = aws.s3.BucketLifecycleConfiguration(
            "audit_lifecycle",
            bucket=self.bucket.id,
            rules=[
                lifecycle_rule("audit", "audit/", audit["days_at_hand"], audit["days_kept"]),
                lifecycle_rule("logs", "logs/", audit["days_at_hand"], audit["days_kept"]),
                lifecycle_rule("seal", "seal/", audit["days_at_hand"], audit["days_kept"]),
                *gap_records,
                lifecycle_rule("archive", "archive/transactions/", archive["days_at_hand"], None),
                lifecycle_rule("manifests", "archive/manifests/", archive["days_at_hand"], None),
                # A file waits here until its manifest exists; what stays longer was left by a crash.
                lifecycle_rule("pending", "archive/pending/", None, archive["pending_days_kept"]),
            ],
            opts=after_versioning,
        )
        aws.s3.BucketPolicy(
            "audit_policy",
            bucket=self.bucket.id,
            policy=bucket_policy(settings),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*parts, lifecycle]),
        )
        self.register_outputs({})
