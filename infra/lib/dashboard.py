"""One page that shows what happens: arrivals, outcomes, waiting, failures."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from lib.firewall import NAME, SUSPICIOUS_BODY
from lib.functions import METRICS_NAMESPACE
from lib.gateway import STAGE
from lib.limits import FUNCTIONS
from lib.settings import Settings


def dashboard_body(settings: Settings) -> str:
    """The dashboard as CloudWatch reads it, made from names alone."""
    processor = settings.name("webhook_processor")
    api = ["ApiName", settings.name("webhook_api"), "Stage", STAGE]
    own = ["function_name", processor]
    queues = [settings.name(queue) for queue in ("webhook_queue", "rejected_queue", *(f"{f}_dlq" for f in FUNCTIONS))]
    visible = "ApproximateNumberOfMessagesVisible"
    age = "ApproximateAgeOfOldestMessage"
    graphs: list[tuple[str, str, list[list[str]]]] = [
        ("At the door", "Sum", [["AWS/ApiGateway", m, *api] for m in ("Count", "4XXError", "5XXError")]),
        ("Latency at the door (ms)", "p99", [["AWS/ApiGateway", "Latency", *api]]),
        (
            "What became of them",
            "Sum",
            [[METRICS_NAMESPACE, m, *own] for m in ("Stored", "Incomplete", "Duplicates", "Rejected", "FailedRecords")],
        ),
        *(
            (
                f"{name} by provider",
                "Sum",
                [[METRICS_NAMESPACE, name, *own, "provider", p.name] for p in settings.catalogue],
            )
            for name in ("Rejected", "Stored", "Incomplete", "UnknownType")
        ),
        (
            "Contradictions about money by provider",
            "Sum",
            [
                [METRICS_NAMESPACE, "Contradicted", "function_name", settings.name(function), "provider", p.name]
                for p in settings.catalogue
                for function in ("webhook_processor", "archival_function")
            ],
        ),
        ("Waiting", "Maximum", [["AWS/SQS", visible, "QueueName", queue] for queue in queues]),
        ("Oldest webhook (s)", "Maximum", [["AWS/SQS", age, "QueueName", settings.name("webhook_queue")]]),
        *(
            (title, "Sum", [["AWS/Lambda", name, "FunctionName", settings.name(f)] for f in FUNCTIONS])
            for title, name in (("Function calls", "Invocations"), ("Function errors", "Errors"))
        ),
        (
            "Function time (ms)",
            "p99",
            [["AWS/Lambda", "Duration", "FunctionName", settings.name(f)] for f in FUNCTIONS],
        ),
    ]
    if settings.firewall:
        acl = ["WebACL", settings.name(NAME), "Region", settings.region]
        blocked = ["AWS/WAFV2", "BlockedRequests", *acl, "Rule", "ALL"]
        suspicious = ["AWS/WAFV2", "CountedRequests", *acl, "Rule", SUSPICIOUS_BODY]
        graphs.append(("Firewall: blocked, and bodies to look at", "Sum", [blocked, suspicious]))
    widgets: list[dict[str, Any]] = [
        {
            "type": "metric",
            "x": 12 * (index % 2),
            "y": 6 * (index // 2),
            "width": 12,
            "height": 6,
            "properties": {"title": title, "stat": stat, "period": 60, "region": settings.region, "metrics": metrics},
        }
        for index, (title, stat, metrics) in enumerate(graphs)
    ]
    return json.dumps({"widgets": widgets})


class Dashboard(pulumi.ComponentResource):
    """The dashboard `payhook_{suffix}`."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:Dashboard", "dashboard", None, opts)
        name = settings.name("payhook")
        aws.cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=name,
            dashboard_body=dashboard_body(settings),
            opts=pulumi.ResourceOptions(parent=self),
        )
        console = f"https://{settings.region}.console.aws.amazon.com/cloudwatch/home"
        self.url = f"{console}?region={settings.region}#dashboards:name={name}"
        self.register_outputs({})
