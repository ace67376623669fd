"""The alarms on the silence of a provider: that nothing came, and that everything was rejected.

`silence_{provider}` rings when fewer genuine webhooks come than the provider's habit allows. Strangers
cannot end it, because a rejected webhook is not genuine. `all_rejected_{provider}` looks at the same
window and rings, too, if something was rejected in it. So `silence` alone means that nothing came,
or, below a band, little.

What the alarm on a band relies on, as AWS documents it:
- The band may be that of an expression's result: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Anomaly_Detection_Alarm.html
- Such an alarm has no threshold and names the band instead, and AWS's example makes no model before
  it: https://repost.aws/es/knowledge-center/cloudwatch-set-anomaly-detection-alarm
- CloudWatch takes it only if the band and what it is compared with, and nothing else, return data,
  which no page of AWS says: https://github.com/cdklabs/cdk-monitoring-constructs/pull/426
All were read 2026-11-28. What the alarm does before CloudWatch has a model, none of them says.
"""

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from lib.alarm_math import (
    FIVE_MINUTES,
    GENUINE_EXPRESSION,
    Metric,
    all_rejected_expression,
    band_expression,
    query,
)
from lib.alarm_texts import description
from lib.limits import LIMITS
from lib.settings import Settings
from lib.silence import Silence

GENUINE = {"stored": "Stored", "duplicates": "Duplicates"}
MINUTE = 60


class SilenceAlarms:
    """Two alarms for each provider that the setting `silence` names."""

    def __init__(
        self,
        settings: Settings,
        own_metric: Callable[..., Metric],
        math_alarm: Callable[..., None],
        arguments: Callable[[str, str, str, int], dict[str, Any]],
    ) -> None:
        """The three functions are those of `lib.alarms.Alarms`, which every alarm is made with."""
        self._settings = settings
        self._own_metric = own_metric
        self._math_alarm = math_alarm
        self._arguments = arguments
        self._limits: dict[str, int] = LIMITS["alarms"]

    def make(self) -> None:
        """Makes the alarms."""
        for provider, habit in sorted(self._settings.silence.items()):
            if habit.longest_gap_minutes is not None:
                self._gap(provider, habit.longest_gap_minutes)
            if habit.band is not None:
                self._band(provider, habit.band)
            self._all_rejected(provider, habit)

    def _metrics(self, provider: str, names: dict[str, str]) -> dict[str, Metric]:
        return {
            query_id: self._own_metric("webhook_processor", name, provider=provider) for query_id, name in names.items()
        }

    def _gap(self, provider: str, minutes: int) -> None:
        """One period as long as the gap: a metric that is a few minutes late is a point all the same.

        Missing data is breaching for the case that CloudWatch makes nothing of metrics that have
        never had a point.
        """
        self._math_alarm(
            f"silence_{provider}",
            description("silence", provider),
            GENUINE_EXPRESSION,
            "genuine webhooks",
            self._metrics(provider, GENUINE),
            threshold=1,
            period=minutes * MINUTE,
            comparison="LessThanThreshold",
            missing="breaching",
        )

    def _band(self, provider: str, width: int) -> None:
        """Each of several short periods must be below the band: one alone is chance."""
        name = f"silence_{provider}"
        periods = self._limits["silence_band_minutes"] * MINUTE // FIVE_MINUTES
        results = {
            "genuine": ("genuine webhooks", GENUINE_EXPRESSION),
            "band": ("expected", band_expression("genuine", width)),
        }
        aws.cloudwatch.MetricAlarm(
            name,
            comparison_operator="LessThanLowerThreshold",
            threshold_metric_id="band",
            metric_queries=[
                *(
                    query(query_id, metric, FIVE_MINUTES)
                    for query_id, metric in self._metrics(provider, GENUINE).items()
                ),
                *(
                    aws.cloudwatch.MetricAlarmMetricQueryArgs(
                        id=query_id, label=label, expression=expression, return_data=True
                    )
                    for query_id, (label, expression) in results.items()
                ),
            ],
            **self._arguments(name, description("silence", provider), "breaching", periods),
        )

    def _all_rejected(self, provider: str, habit: Silence) -> None:
        """In the window of a gap one rejected webhook is enough, because `silence` rings anyway.

        A provider with a band may be silent at night without an alarm: there a stranger's single
        webhook is no news, and it takes as many as for `rejected_{provider}`.
        """
        few = 1 if habit.band is None else self._limits["rejected_alone_per_hour"]
        minutes = habit.longest_gap_minutes or self._limits["silence_band_minutes"]
        self._math_alarm(
            f"all_rejected_{provider}",
            description("all_rejected", provider),
            all_rejected_expression(few),
            "rejected without a genuine one",
            self._metrics(provider, {"rejected": "Rejected", **GENUINE}),
            threshold=1,
            period=minutes * MINUTE,
        )
