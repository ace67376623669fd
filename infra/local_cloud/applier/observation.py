"""Log groups, alarms, the dashboard."""

from typing import Any

from infra.local_cloud.applier.shapes import capitalised, present
from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]


def log_group(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogGroup."""
    clients.logs.create_log_group(logGroupName=inputs["name"], kmsKeyId=inputs["kmsKeyId"], tags=inputs.get("tags", {}))
    clients.logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=int(inputs["retentionInDays"]))
    return inputs["name"], {}


def _dimensions(dimensions: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (dimensions or {}).items()]


def _metric_query(query: dict[str, Any]) -> dict[str, Any]:
    made = present(
        Id=query["id"],
        Label=query.get("label"),
        Expression=query.get("expression"),
        ReturnData=query.get("returnData"),
    )
    metric = query.get("metric")
    if metric:
        made["MetricStat"] = {
            "Metric": {
                "Namespace": metric["namespace"],
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric.get("dimensions")),
            },
            "Period": int(metric["period"]),
            "Stat": metric["stat"],
        }
    return made


def alarm(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.MetricAlarm."""
    arguments = present(
        AlarmName=inputs["name"],
        AlarmDescription=inputs.get("alarmDescription"),
        ComparisonOperator=inputs["comparisonOperator"],
        EvaluationPeriods=inputs["evaluationPeriods"],
        Threshold=inputs["threshold"],
        TreatMissingData=inputs.get("treatMissingData"),
        AlarmActions=inputs.get("alarmActions"),
        OKActions=inputs.get("okActions"),
    )
    if "metricQueries" in inputs:
        arguments["Metrics"] = [_metric_query(query) for query in inputs["metricQueries"]]
    else:
        one = {name: inputs[name] for name in ("metricName", "namespace", "statistic", "period")}
        arguments |= capitalised(one) | {"Dimensions": _dimensions(inputs.get("dimensions"))}
    clients.cloudwatch.put_metric_alarm(**arguments, Tags=tag_list(inputs.get("tags")))
    return inputs["name"], {}


def dashboard(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.Dashboard."""
    clients.cloudwatch.put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
    return inputs["dashboardName"], {}


MAKERS = {
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
}
