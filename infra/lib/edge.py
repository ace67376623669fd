"""The edge: a CloudFront distribution before the gateway, because providers can be given an address but no header, and API Gateway takes its key from a header only.

The function `infra/edge/webhook_key.js` moves the key from the address into `x-api-key`. What keeps the gateway from being called past the edge is a header with a random
secret, which CloudFront adds and the firewall asks for: API Gateway's own resource policies know no header, and CloudFront's addresses are everybody's who has a distribution.
Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html (the same for a load balancer), read 2026-11-25.

A name of its own: with a name under cloudfront.net AWS sets the oldest protocol to TLS 1.0 whatever is asked for, so the edge needs a name and a certificate.
Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html, read 2026-11-25.

Its log has no field that can hold a key: neither path nor query string nor Referer nor cookies. The path would be the one that the sender wrote, with the key in it.
Deliveries of CloudFront's logs are made in us-east-1, wherever their bucket is.
Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html, read 2026-11-25.
"""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from lib.catalogue import read_catalogue
from lib.firewall import SECRET_HEADER
from lib.gateway import STAGE, Gateway
from lib.limits import LIMITS
from lib.policies import deny_without_tls, document
from lib.protected_bucket import ProtectedBucket, lifecycle_rule
from lib.settings import EDGE_REGION, Settings

FUNCTION_FILE = Path(__file__).resolve().parents[1] / "edge/webhook_key.js"
# AWS's own policies, which every account has under these ids: nothing is cached; everything the viewer sent goes on but for `Host`.
# Sources: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
# and using-managed-origin-request-policies.html, read 2026-11-25.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
ORIGIN = "gateway"
# CloudFront keeps an error for ten seconds unless told not to. A key is not in the address any more, so a refusal would be given to whoever asks next.
ERRORS = (400, 403, 404, 405, 500, 502, 503, 504)
LOGGED = [
    "date", "time", "x-edge-location", "c-ip", "cs-method", "cs(Host)", "cs-protocol", "cs-protocol-version", "ssl-protocol", "ssl-cipher",
    "sc-status", "sc-bytes", "cs-bytes", "time-taken", "x-edge-response-result-type", "x-edge-detailed-result-type", "x-edge-request-id",
    "cs(User-Agent)",
]  # fmt: skip
SECRET_LENGTH = 48
# In the destination's ARN and not in the suffix path: where the ARN has no prefix, CloudFront writes
# below `AWSLogs/{account}/CloudFront/`, which the bucket's policy refuses and no lifecycle rule ends.
# https://github.com/hashicorp/terraform-provider-aws/issues/40968 and
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2274, read 2026-11-27.
LOG_PREFIX = "edge"


def function_code() -> str:
    """The function's text, with the handshakes' parameters of the catalogue before it."""
    parameters = sorted({name for provider in read_catalogue() for name in provider.handshake_parameters})
    return f"var HANDSHAKE_PARAMETERS = {json.dumps(parameters)};\n{FUNCTION_FILE.read_text()}"


class OriginSecrets(pulumi.ComponentResource):
    """What only CloudFront knows, newest first. A higher `edge_secret_generation` makes a new one; the one before stays good for one generation, because distributions change within minutes and not at once."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:OriginSecrets", "origin_secrets", None, opts)
        newest = settings.edge_secret_generation
        self.values: list[pulumi.Input[str]] = [
            random.RandomPassword(
                f"edge_origin_secret_{generation}",
                length=SECRET_LENGTH,
                # A header's value.
                special=False,
                opts=pulumi.ResourceOptions(parent=self),
            ).result
            for generation in range(newest, max(newest - 2, 0), -1)
        ]
        self.register_outputs({})


class Edge(pulumi.ComponentResource):
    """The distribution, its function and its log."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        secrets: OriginSecrets,
        firewall: pulumi.Resource,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:Edge", "edge", None, opts)
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        function = aws.cloudfront.Function(
            "edge_key_function",
            name=settings.name("webhook_key"),
            comment="Moves the API key from the address into the header x-api-key",
            runtime="cloudfront-js-2.0",
            code=function_code(),
            publish=True,
            tags=settings.tags,
            opts=self._child,
        )
        self.distribution = self._distribution(gateway, secrets, function, firewall)
        self.log = self._log(key_arn)
        self.url = f"https://{settings.edge_domain}/webhook"
        self.register_outputs({})

    def _distribution(
        self, gateway: Gateway, secrets: OriginSecrets, function: aws.cloudfront.Function, firewall: pulumi.Resource
    ) -> aws.cloudfront.Distribution:
        settings = self._settings
        limits = LIMITS["edge"]
        return aws.cloudfront.Distribution(
            "edge",
            comment=settings.name("webhook_edge"),
            enabled=True,
            aliases=[str(settings.edge_domain)],
            http_version="http2and3",
            is_ipv6_enabled=True,
            # Providers send from all over the world.
            price_class="PriceClass_All",
            origins=[
                aws.cloudfront.DistributionOriginArgs(
                    origin_id=ORIGIN,
                    domain_name=gateway.api.id.apply(lambda api: f"{api}.execute-api.{settings.region}.amazonaws.com"),
                    origin_path=f"/{STAGE}",
                    custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
                        http_port=80,
                        https_port=443,
                        origin_protocol_policy="https-only",
                        origin_ssl_protocols=["TLSv1.2"],
                        origin_read_timeout=limits["origin_read_timeout_seconds"],
                        origin_keepalive_timeout=limits["origin_keepalive_timeout_seconds"],
                    ),
                    custom_headers=[
                        aws.cloudfront.DistributionOriginCustomHeaderArgs(name=SECRET_HEADER, value=secrets.values[0])
                    ],
                )
            ],
            default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id=ORIGIN,
                # Not a redirect: the key would have gone over the wire in the clear, and the sender would never notice.
                viewer_protocol_policy="https-only",
                # The smallest set of CloudFront's that has POST; the function refuses the others.
                allowed_methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
                cached_methods=["GET", "HEAD"],
                compress=False,
                cache_policy_id=CACHING_DISABLED,
                origin_request_policy_id=ALL_VIEWER_EXCEPT_HOST,
                function_associations=[
                    aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgs(
                        event_type="viewer-request", function_arn=function.arn
                    )
                ],
            ),
            custom_error_responses=[
                aws.cloudfront.DistributionCustomErrorResponseArgs(error_code=status, error_caching_min_ttl=0)
                for status in ERRORS
            ],
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(
                geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
            ),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
                acm_certificate_arn=settings.edge_certificate_arn,
                ssl_support_method="sni-only",
                minimum_protocol_version="TLSv1.2_2021",
            ),
            tags=settings.tags,
            # The firewall knows a new secret before CloudFront sends it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[firewall, gateway.stage]),
        )

    def _log(self, key_arn: pulumi.Input[str]) -> aws.s3.Bucket:
        settings = self._settings
        protected = ProtectedBucket("edge_log", settings, settings.edge_log_bucket, key_arn, opts=self._child)
        bucket_arn = settings.edge_log_bucket_arn
        policy = aws.s3.BucketPolicy(
            "edge_log_policy",
            bucket=protected.bucket.id,
            policy=document(
                deny_without_tls("s3", [bucket_arn, f"{bucket_arn}/*"]),
                # Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html, read 2026-11-25.
                {
                    "Sid": "EdgeLogWrites",
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": f"{bucket_arn}/{LOG_PREFIX}/*",
                    "Condition": {
                        "StringEquals": {
                            "s3:x-amz-acl": "bucket-owner-full-control",
                            "aws:SourceAccount": settings.account_id,
                        },
                        "ArnLike": {"aws:SourceArn": settings.edge_log_source_arn},
                    },
                },
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[protected.blocked]),
        )
        kept = LIMITS["audit"]
        aws.s3.BucketLifecycleConfiguration(
            "edge_log_lifecycle",
            bucket=protected.bucket.id,
            # As long as the record of who used the audit log: who came to the door is asked for together with it.
            rules=[lifecycle_rule("edge_log", f"{LOG_PREFIX}/", kept["days_at_hand"], kept["days_kept"])],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[protected.versioning]),
        )
        source = aws.cloudwatch.LogDeliverySource(
            "edge_log_source",
            name=settings.name("edge_log"),
            log_type="ACCESS_LOGS",
            resource_arn=self.distribution.arn,
            region=EDGE_REGION,
            tags=settings.tags,
            opts=self._child,
        )
        destination = aws.cloudwatch.LogDeliveryDestination(
            "edge_log_destination",
            name=settings.name("edge_log"),
            output_format="json",
            delivery_destination_configuration=aws.cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
                destination_resource_arn=f"{bucket_arn}/{LOG_PREFIX}"
            ),
            region=EDGE_REGION,
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        aws.cloudwatch.LogDelivery(
            "edge_log_delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            record_fields=LOGGED,
            s3_delivery_configurations=[
                aws.cloudwatch.LogDeliveryS3DeliveryConfigurationArgs(
                    suffix_path="{DistributionId}/{yyyy}/{MM}/{dd}/{HH}",
                    enable_hive_compatible_path=False,
                )
            ],
            region=EDGE_REGION,
            tags=settings.tags,
            opts=self._child,
        )
        return protected.bucket
