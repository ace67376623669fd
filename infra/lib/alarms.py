"""What rings at night, and when: each alarm has a number from `limits.json` and goes to the topic."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from lib.firewall import ADDRESS_RATE, NAME, SUSPICIOUS_BODY
from lib.functions import METRICS_NAMESPACE
from lib.gateway import STAGE
from lib.limits import FUNCTIONS, LIMITS
from lib.settings import Settings

FIVE_MINUTES = 300
DAY = 86_400
# A rate over few calls cries at night: below this many calls and records in five minutes no rate is computed. The archive runs once a day.
VOLUME_MIN = {"webhook_processor": 20, "analytics_processor": 5, "archival_function": 1}


@dataclass(frozen=True)
class Metric:
    """One CloudWatch metric."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    stat: str = "Sum"


def query(query_id: str, metric: Metric, period: int = FIVE_MINUTES) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    """A metric as an operand of metric math."""
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query_id,
        return_data=False,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            stat=metric.stat,
            period=period,
        ),
    )


def error_rate_expression(volume_min: int) -> str:
    """Percent of invocations that failed and of records that were reported as failed.

    A partial batch response leaves Lambda's own Errors at zero, so the failed records are counted beside them.
    """
    failures = "FILL(errors, 0) + FILL(failed, 0)"
    volume = "FILL(invocations, 0) + FILL(records, 0)"
    return f"IF({volume} >= {volume_min}, 100 * ({failures}) / ({volume}), 0)"


class Alarms(pulumi.ComponentResource):
    """Every alarm of the stack."""

    def __init__(self, settings: Settings, topic: aws.sns.Topic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:Alarms", "alarms", None, opts)
        self._settings = settings
        self._topic_arn = settings.arn("sns", settings.name("alarms"))
        self._opts = pulumi.ResourceOptions(parent=self, depends_on=[topic])
        limits = LIMITS["alarms"]
        for function in FUNCTIONS:
            name = settings.name(function)
            self._error_rate(function, name)
            self._alarm(
                f"{function}_throttles",
                "Lambda refuses to start the function: its reserved concurrency is used up",
                Metric("AWS/Lambda", "Throttles", {"FunctionName": name}),
                threshold=1,
            )
            dlq = settings.name(f"{function}_dlq")
            self._alarm(
                f"{function}_dlq_depth",
                "A message nobody could process waits for a person: see 'Operate' in the README",
                # Visible messages: NumberOfMessagesSent misses what redrive moves.
                Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": dlq}, "Maximum"),
                threshold=1,
                period=60,
            )
        self._alarm(
            "webhook_queue_age",
            "Webhooks wait longer than they should",
            Metric(
                "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": settings.name("webhook_queue")}, "Maximum"
            ),
            threshold=limits["queue_age_seconds"],
            period=60,
        )
        self._alarm(
            "stream_iterator_age",
            "The analytics lag behind the table",
            Metric("AWS/Lambda", "IteratorAge", {"FunctionName": settings.name("analytics_processor")}, "Maximum"),
            threshold=limits["iterator_age_ms"],
            period=60,
        )
        self._alarm(
            "gateway_5xx",
            "Providers are told to send again",
            Metric("AWS/ApiGateway", "5XXError", {"ApiName": settings.name("webhook_api"), "Stage": STAGE}),
            threshold=1,
            period=60,
        )
        processor = settings.name("webhook_processor")
        rejected = limits["rejected_per_five_minutes"]
        self._alarm(
            "rejected_spike",
            "Many webhooks are rejected: a rotated secret, a changed header, or an attack",
            Metric(METRICS_NAMESPACE, "Rejected", {"function_name": processor}),
            threshold=rejected,
        )
        for provider in settings.catalogue:
            self._alarm(
                f"rejected_spike_{provider.name}",
                f"Many webhooks of {provider.name} are rejected: check its secret first",
                Metric(METRICS_NAMESPACE, "Rejected", {"function_name": processor, "provider": provider.name}),
                threshold=rejected,
            )
        self._alarm(
            "archive_not_run",
            "The daily archive and seal did not start",
            Metric("AWS/Lambda", "Invocations", {"FunctionName": settings.name("archival_function")}),
            threshold=1,
            period=DAY,
            comparison="LessThanThreshold",
            missing="breaching",
        )
        self._card_data_in_logs()
        if settings.firewall:
            self._firewall(limits)
        self.register_outputs({})

    def _arguments(self, name: str, description: str, missing: str) -> dict[str, Any]:
        return {
            "name": self._settings.name(name),
            "alarm_description": description,
            "evaluation_periods": 1,
            "treat_missing_data": missing,
            "alarm_actions": [self._topic_arn],
            "ok_actions": [self._topic_arn],
            "tags": self._settings.tags,
            "opts": self._opts,
        }

    def _alarm(
        self,
        name: str,
        description: str,
        metric: Metric,
        *,
        threshold: int,
        period: int = FIVE_MINUTES,
        comparison: str = "GreaterThanOrEqualToThreshold",
        missing: str = "notBreaching",
    ) -> None:
        aws.cloudwatch.MetricAlarm(
            name,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=metric.stat,
            period=period,
            threshold=threshold,
            comparison_operator=comparison,
            **self._arguments(name, description, missing),
        )

    def _firewall(self, limits: dict[str, int]) -> None:
        def metric(name: str, rule: str) -> Metric:
            where = {"WebACL": self._settings.name(NAME), "Region": self._settings.region, "Rule": rule}
            return Metric("AWS/WAFV2", name, where)

        self._alarm(
            "firewall_suspicious_bodies",
            "A webhook has a body like an attack: look who sent it, see 'Operate' in the README",
            metric("CountedRequests", SUSPICIOUS_BODY),
            threshold=limits["suspicious_bodies_per_five_minutes"],
        )
        self._alarm(
            "firewall_rate_limited",
            "An address sends more than the gateway takes and is cut off",
            metric("BlockedRequests", ADDRESS_RATE),
            threshold=1,
        )
        self._alarm(
            "firewall_blocked",
            "The firewall blocks much: an attack, or a rule that stops a provider",
            metric("BlockedRequests", "ALL"),
            threshold=limits["blocked_per_five_minutes"],
        )

    def _card_data_in_logs(self) -> None:
        """The masking missed something: CloudWatch found card data in a log.

        Asked of the whole account and region, whatever the metric's dimensions: AWS documents that a policy's name is one of them, but not how it is called. A
        finding in any log is an incident all the same.
        Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html,
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html, read 2026-11-25.
        """
        aws.cloudwatch.MetricAlarm(
            "card_data_in_logs",
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            metric_queries=[
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="found",
                    label="log lines with card data",
                    expression='SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs"',
                    period=FIVE_MINUTES,
                    return_data=True,
                )
            ],
            **self._arguments(
                "card_data_in_logs",
                "Card data in a log line: masked there, but it should not have been logged",
                "notBreaching",
            ),
        )

    def _error_rate(self, function: str, name: str) -> None:
        lambda_dimensions = {"FunctionName": name}
        own = {"function_name": name}
        aws.cloudwatch.MetricAlarm(
            f"{function}_error_rate",
            comparison_operator="GreaterThanThreshold",
            threshold=LIMITS["alarms"]["error_rate_percent"],
            metric_queries=[
                query("errors", Metric("AWS/Lambda", "Errors", lambda_dimensions)),
                query("invocations", Metric("AWS/Lambda", "Invocations", lambda_dimensions)),
                query("failed", Metric(METRICS_NAMESPACE, "FailedRecords", own)),
                query("records", Metric(METRICS_NAMESPACE, "Records", own)),
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="rate",
                    label="failed, percent",
                    expression=error_rate_expression(VOLUME_MIN[function]),
                    return_data=True,
                ),
            ],
            **self._arguments(f"{function}_error_rate", "More than 1 % of calls and records fail", "notBreaching"),
        )
