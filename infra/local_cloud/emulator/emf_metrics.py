"""Gap: a log line in the embedded metric format makes no metric.

AWS: CloudWatch Logs takes the metrics out of the line.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html, read 2026-11-23.
"""

import json
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs


def record_line(message: str) -> int:
    """Records the metrics of one log line; how many there were."""
    if not (message.startswith("{") and '"_aws"' in message):
        return 0
    recorded = 0
    try:
        line = json.loads(message)
        for group in line["_aws"]["CloudWatchMetrics"]:
            for names in group.get("Dimensions") or [[]]:
                dimensions = {name: str(line.get(name, "")) for name in names}
                for metric in group["Metrics"]:
                    value = line.get(metric["Name"])
                    for single in value if isinstance(value, list) else [value]:
                        if single is not None:
                            unit = metric.get("Unit", "None")
                            cloudwatch.record_metric(group["Namespace"], metric["Name"], single, unit, dimensions)
                            recorded += 1
    except (ValueError, KeyError, TypeError):
        # As on AWS: a line that is not in the format is only a log line.
        return recorded
    return recorded


def apply() -> None:
    """Puts the patch in place."""
    append = cloudwatch_logs._append_log_events

    def append_and_record(stream: Any, events: list[dict[str, Any]] | None) -> None:
        append(stream, events)
        for event in events or []:
            record_line(event.get("message", ""))

    cloudwatch_logs._append_log_events = append_and_record
