"""One environment: its suffix, names, tags and ARNs.

Names and ARNs are text before anything exists, so that a preview shows every IAM document whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.catalogue import Provider, read_catalogue
from lib.limits import CAPACITIES, DEFAULT_CAPACITY, LIMITS, REGION, SUFFIX_FORM
from lib.listings import read_listings
from lib.silence import EXAMPLE, Silence
from lib.zips import CROSS_BUILT

ACCOUNT_FORM = re.compile(r"[0-9]{12}")
PROJECT = "payhook"
API_SECRET_NAME_PREFIX = "api_secret_"
OBJECT_LOCK_MODES = ("GOVERNANCE", "COMPLIANCE")
# API Gateway publishes its metrics each minute, and they arrive some minutes late.
QUIET_MINUTES_MIN = 15
QUIET_MINUTES_MAX = 7 * 24 * 60
# CloudFront takes certificates from there and delivers its logs from there, wherever the stack is.
EDGE_REGION = "us-east-1"
DOMAIN_FORM = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
CERTIFICATE_FORM = re.compile(rf"arn:aws:acm:{EDGE_REGION}:[0-9]{{12}}:certificate/[0-9a-f-]{{36}}")


@dataclass(frozen=True)
class Settings:
    """What the stack is told. Raises ValueError, with what to do, for what it cannot be."""

    environment_suffix: str
    account_id: str
    region: str = REGION
    cost_center: str = "payments"
    # Those whose secrets, API keys and alarms the stack has; none named is all.
    providers: tuple[str, ...] = ()
    # Those of them whose own records are compared with what is stored, once a day.
    gap_check: tuple[str, ...] = ()
    # Webhooks a second that the stack is sized for, one of `CAPACITIES`.
    capacity: str = DEFAULT_CAPACITY
    alarm_email: str | None = None
    # After so many minutes without a request an alarm rings.
    quiet_minutes: int = LIMITS["alarms"]["quiet_minutes"]
    # By provider. One that is not named has no alarm on its silence: it may have no traffic yet.
    silence: Mapping[str, Silence] = field(default_factory=dict[str, Silence])
    lambda_zip_dir: str = CROSS_BUILT
    firewall: bool = True
    edge: bool = True
    edge_domain: str | None = None
    edge_certificate_arn: str | None = None
    edge_secret_generation: int = 1
    access_record: bool = True
    object_lock_days: int | None = None
    object_lock_mode: str = "GOVERNANCE"

    def __post_init__(self) -> None:
        if not SUFFIX_FORM.fullmatch(self.environment_suffix):
            raise ValueError(
                "environment_suffix must be 1 to 20 of a-z, 0-9 and inner '-': pulumi config set environment_suffix dev"
            )
        if self.region != REGION:
            raise ValueError(f"payhook runs in {REGION} only: pulumi config set aws:region {REGION}")
        if not ACCOUNT_FORM.fullmatch(self.account_id):
            raise ValueError("account_id must be the twelve digits of the AWS account")
        self._check_providers()
        self._check_gap_check()
        if self.capacity not in CAPACITIES:
            raise ValueError(
                f"capacity must be one of {', '.join(CAPACITIES)} webhooks a second: pulumi config set capacity {DEFAULT_CAPACITY}"
            )
        self._check_quiet()
        if self.edge:
            self._check_edge()
        days_kept = LIMITS["audit"]["days_kept"]
        if self.object_lock_days is not None and not 1 <= self.object_lock_days <= days_kept:
            raise ValueError(
                f"object_lock_days must be 1 to {days_kept}, the days that the audit log is kept: pulumi config set object_lock_days {days_kept}"
            )
        if self.object_lock_mode not in OBJECT_LOCK_MODES:
            raise ValueError(
                f"object_lock_mode must be {' or '.join(OBJECT_LOCK_MODES)}: pulumi config set object_lock_mode {OBJECT_LOCK_MODES[0]}"
            )

    def _check_providers(self) -> None:
        known = [provider.name for provider in read_catalogue()]
        for name in self.providers:
            if name not in known:
                raise ValueError(
                    f"providers: there is no {name}; `payhook providers` lists them: pulumi config set providers stripe,adyen"
                )
        if len(set(self.providers)) != len(self.providers):
            raise ValueError("providers names one of them twice: pulumi config set providers stripe,adyen")
        served = [provider.name for provider in self.catalogue]
        for name in self.silence:
            if name not in served:
                raise ValueError(f"silence: this stack has no {name}, see the setting providers: {EXAMPLE}")

    def _check_gap_check(self) -> None:
        listed, here = read_listings(), {provider.name for provider in self.catalogue}
        for name in self.gap_check:
            if name not in listed:
                raise ValueError(
                    f"gap_check: {name} lists nothing that could be compared; one of {', '.join(listed)} does: "
                    "pulumi config set gap_check stripe"
                )
            if name not in here:
                raise ValueError(
                    f"gap_check: {name} is none of this stack's providers: pulumi config set providers names them"
                )
        if len(set(self.gap_check)) != len(self.gap_check):
            raise ValueError("gap_check names one provider twice: pulumi config set gap_check stripe,paddle")

    def _check_quiet(self) -> None:
        minutes = self.quiet_minutes
        if not (QUIET_MINUTES_MIN <= minutes <= 60 or (minutes % 60 == 0 and 60 < minutes <= QUIET_MINUTES_MAX)):
            raise ValueError(
                f"quiet_minutes must be {QUIET_MINUTES_MIN} to 60, or whole hours up to {QUIET_MINUTES_MAX}, the seven "
                "days that CloudWatch looks back: pulumi config set quiet_minutes 1440"
            )

    @property
    def catalogue(self) -> tuple[Provider, ...]:
        """The providers of this stack."""
        return tuple(p for p in read_catalogue() if not self.providers or p.name in self.providers)

    def _check_edge(self) -> None:
        without = "or leave the edge out, where senders can set a header: pulumi config set edge false"
        if not self.firewall:
            raise ValueError(
                f"the edge needs the firewall, which keeps everybody else from the gateway: pulumi config set firewall true, {without}"
            )
        if not self.edge_domain or not DOMAIN_FORM.fullmatch(self.edge_domain):
            raise ValueError(
                "the edge needs a name of its own, because under cloudfront.net AWS accepts TLS 1.0: "
                f"pulumi config set edge_domain hooks.example.com, {without}"
            )
        if not self.edge_certificate_arn or not CERTIFICATE_FORM.fullmatch(self.edge_certificate_arn):
            raise ValueError(
                f"edge_certificate_arn must be a certificate of ACM in {EDGE_REGION} for edge_domain: "
                f"pulumi config set edge_certificate_arn arn:aws:acm:{EDGE_REGION}:…, {without}"
            )
        if self.edge_secret_generation < 1:
            raise ValueError("edge_secret_generation counts from 1: pulumi config set edge_secret_generation 1")

    @property
    def capacity_tags(self) -> dict[str, str]:
        """The tags of what is sized by the capacity. One above the default is a tag, by which the policy
        pack knows the bounds that go with it.
        """
        return self.tags if self.capacity == DEFAULT_CAPACITY else {**self.tags, "Capacity": self.capacity}

    @property
    def tags(self) -> dict[str, str]:
        """On every resource that takes tags."""
        return {"Environment": self.environment_suffix, "Project": PROJECT, "CostCenter": self.cost_center}

    def name(self, resource: str) -> str:
        """`{resource}_{suffix}`."""
        return f"{resource}_{self.environment_suffix}"

    @property
    def audit_bucket(self) -> str:
        """S3 allows no underscore, and bucket names are global: hence the hyphens and the account."""
        return f"{PROJECT}-audit-{self.account_id}-{self.environment_suffix}"

    @property
    def access_record_bucket(self) -> str:
        """Where the trail writes who used the audit bucket."""
        return f"{PROJECT}-access-logs-{self.account_id}-{self.environment_suffix}"

    @property
    def edge_log_bucket(self) -> str:
        """Where CloudFront writes who came to the edge."""
        return f"{PROJECT}-edge-logs-{self.account_id}-{self.environment_suffix}"

    @property
    def edge_log_bucket_arn(self) -> str:
        """The bucket of the edge's log."""
        return f"arn:aws:s3:::{self.edge_log_bucket}"

    @property
    def edge_log_source_arn(self) -> str:
        """What delivers the edge's log."""
        return f"arn:aws:logs:{EDGE_REGION}:{self.account_id}:delivery-source:{self.name('edge_log')}"

    @property
    def trail_arn(self) -> str:
        """The trail that records who used the audit bucket."""
        return self.arn("cloudtrail", f"trail/{self.name('audit_access')}")

    @property
    def firewall_log_group(self) -> str:
        """WAF writes only into groups whose names start so: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html, read 2026-11-25."""
        return f"aws-waf-logs-{self.name('webhook_firewall')}"

    @property
    def seal_key_alias(self) -> str:
        """The key that seals the audit log."""
        return f"alias/{self.name('payhook_seal')}"

    def secret(self, provider: str) -> str:
        """The secret of one provider."""
        return self.name(f"webhook_secret_{provider}")

    def api_secret(self, provider: str) -> str:
        """The secret by which one provider's API is asked what it lists."""
        return self.name(f"{API_SECRET_NAME_PREFIX}{provider}")

    @property
    def access_log_group(self) -> str:
        """The log group of who came to the gateway."""
        return f"/aws/apigateway/{self.name('webhook_api')}"

    def log_group(self, function: str) -> str:
        """The log group of one function."""
        return f"/aws/lambda/{self.name(function)}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def table_arn(self, table: str) -> str:
        """A table by its unsuffixed name."""
        return self.arn("dynamodb", f"table/{self.name(table)}")

    def queue_arn(self, queue: str) -> str:
        """A queue by its unsuffixed name."""
        return self.arn("sqs", self.name(queue))

    def queue_url(self, queue: str) -> str:
        """The address of a queue by its unsuffixed name."""
        return f"https://sqs.{self.region}.amazonaws.com/{self.account_id}/{self.name(queue)}"

    def function_arn(self, function: str) -> str:
        """A function by its unsuffixed name."""
        return self.arn("lambda", f"function:{self.name(function)}")

    def role_arn(self, role: str) -> str:
        """A role by its unsuffixed name."""
        return f"arn:aws:iam::{self.account_id}:role/{self.name(role)}"

    @property
    def deploy_role_arn(self) -> str:
        """The role by which GitHub's workflows deploy this stack, whether the bootstrap made it or not."""
        return f"arn:aws:iam::{self.account_id}:role/{self.name('deploy_role')}-bootstrap"

    def log_group_arn(self, name: str) -> str:
        """A log group by its full name."""
        return self.arn("logs", f"log-group:{name}")

    @property
    def bucket_arn(self) -> str:
        """The audit bucket."""
        return f"arn:aws:s3:::{self.audit_bucket}"

    @property
    def access_record_bucket_arn(self) -> str:
        """The bucket of the access record."""
        return f"arn:aws:s3:::{self.access_record_bucket}"
