"""The expressions of the alarms that CloudWatch computes from several metrics.

What the expressions rely on, as AWS documents it:
- Every metric of an alarm's expression has the same period, and an alarm has at most ten metrics.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-data-queries.html
- An alarm looks at more data points than its evaluation periods when some are missing, so silence
  counts late: days late where the period is a day. `FILL(metric, 0)` leaves no point missing. In a
  period of a minute it may replace a point that is only late; in one of fifteen minutes or more a
  late minute changes nothing.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
- The window slides: it ends when the alarm is evaluated, each minute; where it is longer than a day,
  it is evaluated once an hour and ends at the full hour. It may be seven days where the period is an
  hour or more, and one day otherwise.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
Stored copies of all were read 2026-11-27. What `FILL` makes of a metric that never had a point,
none of them says.
"""

from dataclasses import dataclass

import pulumi_aws as aws

FIVE_MINUTES = 300
HOUR = 3600


@dataclass(frozen=True)
class Metric:
    """One CloudWatch metric and the statistic that is taken of it."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    stat: str = "Sum"


def query(query_id: str, metric: Metric, period: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    """A metric as an operand of an expression, in periods of so many seconds."""
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
    """Percent of `invocations` that failed (`errors`) and of `records` reported as `failed`.

    A partial batch response leaves Lambda's own Errors at zero, so the failed records are counted
    beside them.
    """
    failures = "FILL(errors, 0) + FILL(failed, 0)"
    volume = "FILL(invocations, 0) + FILL(records, 0)"
    return f"IF({volume} >= {volume_min}, 100 * ({failures}) / ({volume}), 0)"


def share_expression(part: str, whole: str, whole_min: int) -> str:
    """Percent that `part` is of `whole`; 0 where `whole` is less than `whole_min`."""
    return f"IF(FILL({whole}, 0) >= {whole_min}, 100 * FILL({part}, 0) / FILL({whole}, 0), 0)"


def rejected_expression(spike: int, few: int) -> str:
    """1 where a provider's webhooks are rejected: `spike` of them, or `few` and none is genuine."""
    return f"IF(FILL(rejected, 0) >= {spike}, 1, {all_rejected_expression(few)})"


def all_rejected_expression(few: int) -> str:
    """1 where at least `few` of a provider's webhooks are rejected and none is genuine."""
    return f"IF(FILL(rejected, 0) >= {few}, IF({GENUINE_EXPRESSION} < 1, 1, 0), 0)"


def band_expression(query_id: str, width: int) -> str:
    """The values that CloudWatch expects of an expression, `width` standard deviations either way."""
    return f"ANOMALY_DETECTION_BAND({query_id}, {width})"


def sum_expression(*metrics: str) -> str:
    """The sum of the metrics, where no data is nothing."""
    return " + ".join(f"FILL({metric}, 0)" for metric in metrics)


GENUINE_EXPRESSION = sum_expression("stored", "duplicates")
"""The number of a provider's genuine webhooks: each was stored, or was stored before."""

QUIET_EXPRESSION = "FILL(requests, 0)"
"""The number of requests, 0 where no data is."""

NOT_RUN_EXPRESSION = "IF(FILL(alive, 0) > 0, FILL(invocations, 0), 1)"
"""The number of `invocations`; 1 for an hour in which the stack was not there.

`alive` counts the samples of a metric that SQS publishes for the webhook queue as long as somebody
calls it, and Lambda polls it without a pause. So the hours before the first deploy do not count as
missed runs.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
read 2026-11-27: the metric is reported if the queue is active.
"""


def quiet_window(minutes: int) -> tuple[int, int]:
    """The period in seconds and the number of periods that make up so many minutes.

    Whole hours are added up hour by hour, because a window of several days needs periods of an hour
    or more.
    """
    seconds = minutes * 60
    return (HOUR, seconds // HOUR) if minutes > 60 else (seconds, 1)
