"""What rings at night, and when: each alarm has a number from `limits.json` and goes to the topic."""

from typing import Any

import pulumi
import pulumi_aws as aws

from lib.alarm_math import (
    FIVE_MINUTES,
    HOUR,
    NOT_RUN_EXPRESSION,
    QUIET_EXPRESSION,
    Metric,
    error_rate_expression,
    query,
    quiet_window,
    rejected_expression,
    share_expression,
    sum_expression,
)
from lib.alarm_texts import description
from lib.firewall import ADDRESS_RATE, NAME, SUSPICIOUS_BODY
from lib.functions import METRICS_NAMESPACE
from lib.gateway import STAGE
from lib.limits import FUNCTIONS, LIMITS
from lib.settings import Settings
from lib.silence_alarms import SilenceAlarms

# A rate over few calls rings for nothing: below this many calls and records in five minutes no rate
# is computed. The archive runs once a day.
VOLUME_MIN = {"webhook_processor": 20, "analytics_processor": 5, "archival_function": 1}


class Alarms(pulumi.ComponentResource):
    """Every alarm of the stack."""

    def __init__(self, settings: Settings, topic: aws.sns.Topic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:Alarms", "alarms", None, opts)
        self._settings = settings
        self._topic_arn = settings.arn("sns", settings.name("alarms"))
        self._opts = pulumi.ResourceOptions(parent=self, depends_on=[topic])
        self._limits: dict[str, int] = LIMITS["alarms"]
        for function in FUNCTIONS:
            self._error_rate(function)
            self._alarm(
                f"{function}_dlq_depth",
                description("dlq_depth", function),
                # Visible messages: NumberOfMessagesSent misses what redrive moves.
                self._queue_metric(f"{function}_dlq", "ApproximateNumberOfMessagesVisible"),
                threshold=1,
                period=60,
            )
        self._throttles()
        self._waiting()
        self._gateway()
        self._rejected()
        SilenceAlarms(settings, self._own_metric, self._math_alarm, self._arguments).make()
        self._incomplete()
        self._contradicted()
        self._archive_not_run()
        self._archive_state()
        self._card_data_in_logs()
        if settings.firewall:
            self._firewall()
        self.register_outputs({})

    def _arguments(self, name: str, text: str, missing: str, periods: int) -> dict[str, Any]:
        return {
            "name": self._settings.name(name),
            "alarm_description": text,
            "evaluation_periods": periods,
            "treat_missing_data": missing,
            "alarm_actions": [self._topic_arn],
            "ok_actions": [self._topic_arn],
            "tags": self._settings.tags,
            "opts": self._opts,
        }

    def _alarm(
        self,
        name: str,
        text: str,
        metric: Metric,
        *,
        threshold: int,
        period: int = FIVE_MINUTES,
        periods: int = 1,
        comparison: str = "GreaterThanOrEqualToThreshold",
    ) -> None:
        """Rings if the metric compares so in one of the periods of so many seconds."""
        aws.cloudwatch.MetricAlarm(
            name,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=metric.stat,
            period=period,
            threshold=threshold,
            comparison_operator=comparison,
            # Without it the metric must compare so in every period.
            datapoints_to_alarm=1 if periods > 1 else None,
            **self._arguments(name, text, "notBreaching", periods),
        )

    def _math_alarm(
        self,
        name: str,
        text: str,
        expression: str,
        label: str,
        metrics: dict[str, Metric],
        *,
        threshold: int,
        period: int = FIVE_MINUTES,
        periods: int = 1,
        comparison: str = "GreaterThanOrEqualToThreshold",
        missing: str = "notBreaching",
    ) -> None:
        """Rings if the expression over the metrics compares so in each of the periods."""
        aws.cloudwatch.MetricAlarm(
            name,
            comparison_operator=comparison,
            threshold=threshold,
            metric_queries=[
                *(query(query_id, metric, period) for query_id, metric in metrics.items()),
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="result", label=label, expression=expression, return_data=True
                ),
            ],
            **self._arguments(name, text, missing, periods),
        )

    def _function_metric(self, function: str, name: str) -> Metric:
        return Metric("AWS/Lambda", name, {"FunctionName": self._settings.name(function)})

    def _queue_metric(self, queue: str, name: str, stat: str = "Maximum") -> Metric:
        return Metric("AWS/SQS", name, {"QueueName": self._settings.name(queue)}, stat)

    def _own_metric(self, function: str, name: str, **dimensions: str) -> Metric:
        return Metric(METRICS_NAMESPACE, name, {"function_name": self._settings.name(function), **dimensions})

    def _gateway_metric(self, name: str, stat: str = "Sum") -> Metric:
        where = {"ApiName": self._settings.name("webhook_api"), "Stage": STAGE}
        return Metric("AWS/ApiGateway", name, where, stat)

    def _error_rate(self, function: str) -> None:
        self._math_alarm(
            f"{function}_error_rate",
            description("error_rate", function),
            error_rate_expression(VOLUME_MIN[function]),
            "failed, percent",
            {
                "errors": self._function_metric(function, "Errors"),
                "invocations": self._function_metric(function, "Invocations"),
                "failed": self._own_metric(function, "FailedRecords"),
                "records": self._own_metric(function, "Records"),
            },
            threshold=self._limits["error_rate_percent"],
            comparison="GreaterThanThreshold",
        )

    def _throttles(self) -> None:
        """Only of the function that the queue calls: maximum_concurrency keeps it below its reserve.

        A stream starts one invocation for each of its shards and is throttled whenever it has more
        shards than the reserve, without harm: its age says whether it lags. The archive goes on in a
        new invocation before the old one has ended, is throttled, and Lambda tries again for an hour.
        https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html,
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html,
        read 2026-11-27.
        """
        function = "webhook_processor"
        self._alarm(
            f"{function}_throttles",
            description("throttles"),
            self._function_metric(function, "Throttles"),
            threshold=1,
        )

    def _waiting(self) -> None:
        self._alarm(
            "webhook_queue_age",
            description("webhook_queue_age"),
            self._queue_metric("webhook_queue", "ApproximateAgeOfOldestMessage"),
            threshold=self._limits["queue_age_seconds"],
            period=60,
        )
        age = self._function_metric("analytics_processor", "IteratorAge")
        self._alarm(
            "stream_iterator_age",
            description("stream_iterator_age"),
            Metric(age.namespace, age.name, age.dimensions, "Maximum"),
            threshold=self._limits["iterator_age_ms"],
            period=60,
        )

    def _gateway(self) -> None:
        """5XX, a share of 4XX, silence. The samples of Count are the requests, the sum of the other
        two metrics the answers of their kind.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html,
        read 2026-11-27.
        """
        self._alarm(
            "gateway_5xx",
            description("gateway_5xx"),
            self._gateway_metric("5XXError"),
            threshold=1,
            period=60,
        )
        requests = self._gateway_metric("Count", "SampleCount")
        self._math_alarm(
            "gateway_4xx_share",
            description("gateway_4xx_share"),
            share_expression("refused", "requests", self._limits["client_error_requests_min"]),
            "refused with 4XX, percent",
            {"requests": requests, "refused": self._gateway_metric("4XXError")},
            threshold=self._limits["client_error_percent"],
            period=self._limits["client_error_window_seconds"],
            comparison="GreaterThanThreshold",
        )
        period, periods = quiet_window(self._settings.quiet_minutes)
        self._math_alarm(
            "gateway_quiet",
            description("gateway_quiet"),
            QUIET_EXPRESSION,
            "requests",
            {"requests": requests},
            threshold=1,
            period=period,
            periods=periods,
            comparison="LessThanThreshold",
            missing="breaching",
        )

    def _rejected(self) -> None:
        """A spike over all providers within five minutes, and one alarm for each provider over an hour.

        The provider's alarm holds its spike and the case in which nothing of it is genuine: an alarm
        of its own for each of the two would cost a fourth metric a provider.
        """
        processor = "webhook_processor"
        self._alarm(
            "rejected_spike",
            description("rejected_spike"),
            self._own_metric(processor, "Rejected"),
            threshold=self._limits["rejected_per_five_minutes"],
        )
        expression = rejected_expression(self._limits["rejected_per_hour"], self._limits["rejected_alone_per_hour"])
        for provider in self._settings.catalogue:
            self._math_alarm(
                f"rejected_{provider.name}",
                description("rejected_provider", provider.name),
                expression,
                "rejected without a genuine one, or many",
                {
                    query_id: self._own_metric(processor, name, provider=provider.name)
                    for query_id, name in (("rejected", "Rejected"), ("stored", "Stored"), ("duplicates", "Duplicates"))
                },
                threshold=1,
                period=HOUR,
            )

    def _incomplete(self) -> None:
        """What was stored and lacks a fact, as a share; and the first event of an unlisted type.

        Both look at an hour over all providers, because either is a change at a provider and no
        outage: an alarm of five minutes would ring and stop with every such webhook. The dashboard
        says which provider it is.
        """
        processor = "webhook_processor"
        self._math_alarm(
            "incomplete_share",
            description("incomplete_share"),
            share_expression("incomplete", "stored", self._limits["incomplete_stored_min"]),
            "stored with a fact missing, percent",
            {"stored": self._own_metric(processor, "Stored"), "incomplete": self._own_metric(processor, "Incomplete")},
            threshold=self._limits["incomplete_percent"],
            period=HOUR,
            comparison="GreaterThanThreshold",
        )
        self._alarm(
            "unknown_event_type",
            description("unknown_event_type"),
            self._own_metric(processor, "UnknownType"),
            threshold=1,
            period=HOUR,
        )

    def _contradicted(self) -> None:
        """Events that contradict each other about money, from the first one on.

        Two tellings of one movement are compared when they are stored; a whole payment, whose events
        may come in any order, when its day is over.
        """
        counters = {"stored": "webhook_processor", "judged": "archival_function"}
        self._math_alarm(
            "money_contradicted",
            description("money_contradicted"),
            sum_expression(*counters),
            "contradictions about money",
            {query_id: self._own_metric(function, "Contradicted") for query_id, function in counters.items()},
            threshold=1,
            period=HOUR,
        )

    def _archive_not_run(self) -> None:
        """Rings between 25 and 26 hours after the last start, and as long after the first deploy.

        A window of more than a day is evaluated once an hour and ends at the full hour
        (`lib.alarm_math`). Missing data is breaching for the case that CloudWatch makes nothing of
        metrics that have never had a point: silence is the trouble here.
        """
        self._math_alarm(
            "archive_not_run",
            description("archive_not_run"),
            NOT_RUN_EXPRESSION,
            "starts",
            {
                "invocations": self._function_metric("archival_function", "Invocations"),
                "alive": self._queue_metric("webhook_queue", "ApproximateNumberOfMessagesVisible", "SampleCount"),
            },
            threshold=1,
            period=HOUR,
            periods=self._limits["archive_hours"],
            comparison="LessThanThreshold",
            missing="breaching",
        )

    def _archive_state(self) -> None:
        """How near the oldest day without a verified copy is to its expiry, and that nothing expires.

        The archive states both at each run, which is once a day. So the window is longer than the
        time between two runs, one point in it is enough, and the alarm goes on ringing until a whole
        window has none. No data is no finding: `archive_not_run` rings for an archive that is silent.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
        read 2026-11-28.
        """
        least = LIMITS["archive"]["days_left_alarm"]
        # Of the gap check the worst of all providers: its records and the log say which it is.
        found = {"expiry_stopped": "ExpiryStopped"}
        if self._settings.gap_check:
            found |= {"gaps_missing": "GapsMissing", "gap_check_failed": "GapCheckFailed"}
        for kind, name, stat, comparison, threshold in (
            ("archive_behind", "ArchiveDaysLeft", "Minimum", "LessThanThreshold", least),
            *((kind, name, "Maximum", "GreaterThanOrEqualToThreshold", 1) for kind, name in found.items()),
        ):
            stated = self._own_metric("archival_function", name)
            self._alarm(
                kind,
                description(kind),
                Metric(stated.namespace, stated.name, stated.dimensions, stat),
                threshold=threshold,
                period=HOUR,
                periods=self._limits["archive_state_hours"],
                comparison=comparison,
            )

    def _firewall(self) -> None:
        def metric(name: str, rule: str) -> Metric:
            where = {"WebACL": self._settings.name(NAME), "Region": self._settings.region, "Rule": rule}
            return Metric("AWS/WAFV2", name, where)

        for kind, watched, threshold in (
            (
                "firewall_suspicious_bodies",
                metric("CountedRequests", SUSPICIOUS_BODY),
                self._limits["suspicious_bodies_per_five_minutes"],
            ),
            ("firewall_rate_limited", metric("BlockedRequests", ADDRESS_RATE), 1),
            ("firewall_blocked", metric("BlockedRequests", "ALL"), self._limits["blocked_per_five_minutes"]),
        ):
            self._alarm(kind, description(kind), watched, threshold=threshold)

    def _card_data_in_logs(self) -> None:
        """The masking missed something: CloudWatch found card data in a log.

        Asked of the whole account and region, whatever the metric's dimensions: AWS documents that a
        policy's name is one of them, but not how it is called. A finding in any log is an incident all
        the same.
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
            **self._arguments("card_data_in_logs", description("card_data_in_logs"), "notBreaching", 1),
        )
