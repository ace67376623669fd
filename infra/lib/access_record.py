"""Who used the audit bucket: a trail that records every call on its objects, in a bucket of its own.

Why a trail and not the bucket's own server access log:
- Server access logs come on a best-effort basis, late or not at all, and are "not meant to be a complete accounting of all requests":
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html, read 2026-11-25. PCI DSS v4.0.1, 10.2.1.3, asks for all access to audit logs.
- Their bucket can be encrypted with S3's own key only, never with the stack's; a trail is encrypted with the stack's key, and its hourly digests prove that no
  file was changed (10.3.4).
- A trail names the role and its session; an access log a requester and an address.
What it costs: 0.10 USD per 100,000 data events. The functions make one audit object per batch, at most about twenty a second at full load: some 50 USD a month where the gateway
alone costs thousands; a quiet environment pays cents.

The trail also records who reads or deletes its own files, but not the puts by which CloudTrail delivers them: each would make another.
Calls on the bucket's settings are management events and are in the account's own trail, which is not part of this stack.
"""

import pulumi
import pulumi_aws as aws

from lib.limits import LIMITS
from lib.policies import Statement, deny_without_tls, document
from lib.protected_bucket import ProtectedBucket, lifecycle_rule, locked_against_deploys
from lib.settings import Settings

CLOUDTRAIL = "cloudtrail.amazonaws.com"
OBJECT_EVENTS = {"eventCategory": "Data", "resources.type": "AWS::S3::Object"}


def trail_statements(settings: Settings) -> list[Statement]:
    """What CloudTrail needs of its bucket, for this trail alone.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html, read 2026-11-25.
    """
    bucket = settings.access_record_bucket_arn
    this_trail = {"aws:SourceArn": settings.trail_arn}
    return [
        {
            "Sid": "TrailLooks",
            "Effect": "Allow",
            "Principal": {"Service": CLOUDTRAIL},
            "Action": "s3:GetBucketAcl",
            "Resource": bucket,
            "Condition": {"StringEquals": this_trail},
        },
        {
            "Sid": "TrailWrites",
            "Effect": "Allow",
            "Principal": {"Service": CLOUDTRAIL},
            "Action": "s3:PutObject",
            "Resource": f"{bucket}/AWSLogs/{settings.account_id}/*",
            "Condition": {"StringEquals": this_trail | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]


def selector(
    name: str, bucket_arn: str, without: list[str] | None = None
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Every call on the objects of one bucket, but for some by name."""
    field = aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
    fields = [field(field=key, equals=[value]) for key, value in OBJECT_EVENTS.items()]
    # With the slash: without it a bucket whose name goes on would be meant, too.
    fields.append(field(field="resources.ARN", starts_withs=[f"{bucket_arn}/"]))
    if without:
        fields.append(field(field="eventName", not_equals=without))
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(name=name, field_selectors=fields)


class AccessRecord(pulumi.ComponentResource):
    """The trail `audit_access_{suffix}` and its bucket."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:AccessRecord", "access_record", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        protected = ProtectedBucket("access_record", settings, settings.access_record_bucket, key_arn, opts=child)
        self.bucket = protected.bucket
        bucket_arn = settings.access_record_bucket_arn
        kept = LIMITS["audit"]
        lifecycle = aws.s3.BucketLifecycleConfiguration(
            "access_record_lifecycle",
            bucket=self.bucket.id,
            # As long as what it speaks of.
            rules=[lifecycle_rule("access_record", "AWSLogs/", kept["days_at_hand"], kept["days_kept"])],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[protected.versioning]),
        )
        policy = aws.s3.BucketPolicy(
            "access_record_policy",
            bucket=self.bucket.id,
            policy=document(
                deny_without_tls("s3", [bucket_arn, f"{bucket_arn}/*"]),
                *trail_statements(settings),
                locked_against_deploys(settings, bucket_arn),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*protected.parts, lifecycle]),
        )
        self.trail = aws.cloudtrail.Trail(
            "audit_access",
            name=settings.name("audit_access"),
            s3_bucket_name=self.bucket.id,
            kms_key_id=key_arn,
            enable_logging=True,
            enable_log_file_validation=True,
            is_multi_region_trail=False,
            include_global_service_events=False,
            advanced_event_selectors=[
                selector("audit bucket", settings.bucket_arn),
                selector("access record", bucket_arn, without=["PutObject"]),
                # Likewise: CloudFront delivers its log every few minutes.
                *([selector("edge log", settings.edge_log_bucket_arn, ["PutObject"])] if settings.edge else []),
            ],
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({})
