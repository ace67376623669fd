"""Log groups and what protects them, the trail, alarms, the dashboard."""

from typing import Any

from infra.local_cloud.applier.shapes import capitalised, present
from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]


def log_group(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogGroup."""
    clients.logs.create_log_group(logGroupName=inputs["name"], kmsKeyId=inputs["kmsKeyId"], tags=inputs.get("tags", {}))
    clients.logs.put_retention_policy(logGroupName=inputs["name"], retentionInDays=int(inputs["retentionInDays"]))
    return inputs["name"], {}


def log_protection(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogDataProtectionPolicy. The emulator keeps it and masks nothing, see `emulator.log_data_protection`."""
    clients.logs.put_data_protection_policy(
        logGroupIdentifier=inputs["logGroupName"], policyDocument=inputs["policyDocument"]
    )
    return inputs["logGroupName"], {}


def log_writer(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogResourcePolicy."""
    clients.logs.put_resource_policy(policyName=inputs["policyName"], policyDocument=inputs["policyDocument"])
    return inputs["policyName"], {}


SELECTOR_FIELDS = {"field": "Field", "equals": "Equals", "notEquals": "NotEquals", "startsWiths": "StartsWith"}


def trail(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudtrail.Trail."""
    name = inputs["name"]
    made = clients.cloudtrail.create_trail(
        Name=name,
        S3BucketName=inputs["s3BucketName"],
        KmsKeyId=inputs["kmsKeyId"],
        IsMultiRegionTrail=inputs["isMultiRegionTrail"],
        IncludeGlobalServiceEvents=inputs["includeGlobalServiceEvents"],
        EnableLogFileValidation=inputs["enableLogFileValidation"],
        TagsList=tag_list(inputs.get("tags")),
    )
    selectors = [
        {
            "Name": selector["name"],
            "FieldSelectors": [
                {SELECTOR_FIELDS[key]: value for key, value in fields.items()} for fields in selector["fieldSelectors"]
            ],
        }
        for selector in inputs["advancedEventSelectors"]
    ]
    clients.cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors)
    if inputs["enableLogging"]:
        clients.cloudtrail.start_logging(Name=name)
    return name, {"arn": made["TrailARN"]}


def _dimensions(dimensions: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in (dimensions or {}).items()]


def _metric_query(query: dict[str, Any]) -> dict[str, Any]:
    made = present(
        Id=query["id"],
        Label=query.get("label"),
        Expression=query.get("expression"),
        Period=query.get("period"),
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
        DatapointsToAlarm=inputs.get("datapointsToAlarm"),
        Threshold=inputs.get("threshold"),
        ThresholdMetricId=inputs.get("thresholdMetricId"),
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
    "aws:cloudtrail/trail:Trail": trail,
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy": log_protection,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": log_writer,
    "aws:cloudwatch/metricAlarm:MetricAlarm": alarm,
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
}
