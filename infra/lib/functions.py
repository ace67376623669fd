"""The three functions: a role, a log group and the function each, and what starts the first two."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from lib.limits import CAPACITIES, FUNCTIONS, LIMITS, function_limits
from lib.policies import Statement, allow, role_document, trust
from lib.protected_log import ProtectedLog
from lib.queues import Queues
from lib.settings import API_SECRET_NAME_PREFIX, Settings
from lib.tables import Tables
from lib.zips import zip_hash

METRICS_NAMESPACE = "payhook"
SECRET_NAME_PREFIX = "webhook_secret_"
RECEIVE = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
# Lambda asks for all four when an event source of a stream is made. Source:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html, read 2026-11-27.
READ_STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]


# It invokes itself until its work is done, each time with less to do, and counts how often (`functions/archival_function/src/task.rs`).
# Lambda stops such a function after some sixteen times unless it is told that this is wanted:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html, read 2026-11-27.
GOES_ON = ("archival_function",)


def write_logs(settings: Settings, function: str) -> Statement:
    """Into the function's own log group and no other."""
    group = settings.log_group_arn(settings.log_group(function))
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:log-stream:*"], "Logs")


def copied_logs(settings: Settings) -> dict[str, str]:
    """The log groups whose days are copied into the bucket, by the names of the copies.

    CloudWatch keeps them for thirty days; PCI DSS v4.0.1, 10.5.1 asks for twelve months.
    """
    gateway = {"access": settings.access_log_group}
    firewall = {"firewall": settings.firewall_log_group} if settings.firewall else {}
    return gateway | firewall | {function: settings.log_group(function) for function in FUNCTIONS}


# Where the gap check records what it found.
GAP_RECORDS = "gaps"


def gap_check_statements(settings: Settings, secrets: list[str]) -> list[Statement]:
    """What the gap check may do beside the rest: read these API secrets, write its records."""
    # Secrets Manager adds six characters to a name.
    arns = [settings.arn("secretsmanager", f"secret:{name}-??????") for name in secrets]
    return [
        allow(["secretsmanager:GetSecretValue"], arns, "ReadApiSecrets"),
        allow(["s3:PutObject"], [f"{settings.bucket_arn}/{GAP_RECORDS}/*"], "RecordGaps"),
    ]


def statements(settings: Settings, function: str) -> list[Statement]:
    """What each function may do: the actions its code calls, on the resources it calls them on. The key's policy names the role too."""
    logs = write_logs(settings, function)
    if function == "webhook_processor":
        # Secrets Manager adds six characters to a name: the only way to name a secret before it exists.
        secrets = [
            settings.arn("secretsmanager", f"secret:{settings.secret(p.name)}-??????") for p in settings.catalogue
        ]
        return [
            logs,
            allow(RECEIVE, [settings.queue_arn("webhook_queue")], "TakeWebhooks"),
            # Events and movements are inserted; a movement that is there already is raised.
            allow(
                ["dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"],
                [settings.table_arn("transactions")],
                "StoreTransactions",
            ),
            allow(["s3:PutObject"], [f"{settings.bucket_arn}/audit/*"], "WriteAuditLog"),
            allow(["sqs:SendMessage"], [settings.queue_arn("rejected_queue")], "SendRejected"),
            allow(["secretsmanager:GetSecretValue"], secrets, "ReadProviderSecrets"),
        ]
    if function == "analytics_processor":
        stream = f"{settings.table_arn('transactions')}/stream/*"
        return [
            logs,
            allow(READ_STREAM, [stream], "ReadStream"),
            allow(
                [
                    "dynamodb:BatchGetItem",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                ],
                [settings.table_arn("analytics")],
                "CountTransactions",
            ),
            allow(["sqs:SendMessage"], [settings.queue_arn("analytics_processor_dlq")], "SendFailed"),
        ]
    table, bucket = settings.table_arn("transactions"), settings.bucket_arn
    checked = [settings.api_secret(provider) for provider in settings.gap_check]
    return [
        logs,
        # The records that the audit log names; and a payment's events and movements, to see
        # whether they contradict each other.
        allow(["dynamodb:BatchGetItem", "dynamodb:Query"], [table], "ReadTransactions"),
        # The last resort: a table that forgets nothing more, because a day has no verified copy.
        allow(["dynamodb:DescribeTimeToLive", "dynamodb:UpdateTimeToLive"], [table], "StopExpiry"),
        # Minutes are read, and hours and days written in the place of what stands there.
        allow(["dynamodb:PutItem", "dynamodb:Query"], [settings.table_arn("analytics")], "AddUpCounts"),
        allow(
            ["s3:PutObject"],
            [f"{bucket}/archive/*", f"{bucket}/logs/*", f"{bucket}/seal/*"],
            "WriteArchiveLogsAndSeals",
        ),
        allow(
            ["s3:GetObject", "s3:GetObjectVersion"],
            [f"{bucket}/archive/*", f"{bucket}/audit/*", f"{bucket}/logs/*", f"{bucket}/seal/*"],
            "ReadBack",
        ),
        allow(
            ["logs:FilterLogEvents"],
            [f"{settings.log_group_arn(group)}:*" for group in copied_logs(settings).values()],
            "ReadLogs",
        ),
        allow(["s3:ListBucket", "s3:ListBucketVersions"], [bucket], "List"),
        allow(["lambda:InvokeFunction"], [settings.function_arn(function)], "GoOn"),
        allow(["sqs:SendMessage"], [settings.queue_arn("archival_function_dlq")], "SendFailed"),
        *(gap_check_statements(settings, checked) if checked else []),
    ]


def counted_changes() -> list[dict[str, Any]]:
    """The filters of the stream: an event when it is inserted, a movement whenever it changes. What is deleted is never counted.

    A record is handed on when one of the filters matches it:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html, read 2026-11-27.
    """
    changes = {"event": ["INSERT"], "movement": ["INSERT", "MODIFY"]}
    return [
        {"eventName": names, "dynamodb": {"NewImage": {"record_type": {"S": [record_type]}}}}
        for record_type, names in changes.items()
    ]


def environment(settings: Settings, function: str) -> dict[str, str]:
    """Each function gets the variables it reads and no others."""
    common = {
        "ENVIRONMENT_SUFFIX": settings.environment_suffix,
        "LOG_LEVEL": "info",
        "METRICS_NAMESPACE": METRICS_NAMESPACE,
    }
    if function == "webhook_processor":
        return common | {
            "TRANSACTIONS_TABLE": settings.name("transactions"),
            "AUDIT_BUCKET": settings.audit_bucket,
            "REJECTED_QUEUE_URL": settings.queue_url("rejected_queue"),
            "SECRET_NAME_PREFIX": SECRET_NAME_PREFIX,
            # The function asks for the secrets of these alone: it may read no others, and a webhook of
            # another provider is one of an unknown provider.
            "PROVIDERS": ",".join(provider.name for provider in settings.catalogue),
        }
    if function == "analytics_processor":
        return common | {
            "ANALYTICS_TABLE": settings.name("analytics"),
            "DEAD_LETTER_QUEUE_URL": settings.queue_url("analytics_processor_dlq"),
        }
    gap_check = {"GAP_CHECK_PROVIDERS": ",".join(settings.gap_check), "API_SECRET_NAME_PREFIX": API_SECRET_NAME_PREFIX}
    return (common | gap_check if settings.gap_check else common) | {
        "TRANSACTIONS_TABLE": settings.name("transactions"),
        "ANALYTICS_TABLE": settings.name("analytics"),
        "AUDIT_BUCKET": settings.audit_bucket,
        "SEAL_KEY_ALIAS": settings.seal_key_alias,
        "LOG_GROUPS": ",".join(f"{name}={group}" for name, group in copied_logs(settings).items()),
    }


class FunctionRole(pulumi.ComponentResource):
    """The role of one function, with its policy in it. Made before the key, whose policy names it."""

    def __init__(self, settings: Settings, function: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:FunctionRole", f"{function}_role", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.role = aws.iam.Role(
            f"{function}_role",
            name=settings.name(f"{function}_role"),
            assume_role_policy=trust("lambda.amazonaws.com", settings.account_id),
            tags=settings.tags,
            opts=child,
        )
        self.policy = aws.iam.RolePolicy(
            f"{function}_policy",
            name=settings.name(f"{function}_policy"),
            role=self.role.name,
            policy=role_document(*statements(settings, function)),
            opts=child,
        )
        self.register_outputs({})


class Function(pulumi.ComponentResource):
    """One function and its log group."""

    def __init__(
        self,
        settings: Settings,
        function: str,
        role: FunctionRole,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:Function", function, None, opts)
        limits = function_limits(function, settings.capacity)
        log = ProtectedLog(
            f"{function}_logs", settings, settings.log_group(function), key_arn, pulumi.ResourceOptions(parent=self)
        )
        self.function = aws.lambda_.Function(
            function,
            name=settings.name(function),
            role=settings.role_arn(f"{function}_role"),
            runtime="provided.al2023",
            architectures=["arm64"],
            handler="bootstrap",
            code=pulumi.FileArchive(f"{settings.lambda_zip_dir}/{function}.zip"),
            source_code_hash=zip_hash(settings.lambda_zip_dir, function),
            memory_size=LIMITS["function"]["memory_mb"],
            timeout=limits["timeout_seconds"],
            reserved_concurrent_executions=limits["reserved_concurrency"],
            kms_key_arn=key_arn,
            environment=aws.lambda_.FunctionEnvironmentArgs(variables=environment(settings, function)),
            # Made first: Lambda would make it by itself, without a retention and without a key.
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(
                log_format="Text", log_group=settings.log_group(function)
            ),
            tags=settings.capacity_tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log, role.policy]),
        )
        if function in GOES_ON:
            aws.lambda_.FunctionRecursionConfig(
                f"{function}_recursion",
                function_name=self.function.name,
                recursive_loop="Allow",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


class EventSources(pulumi.ComponentResource):
    """The queue starts the first function, the table's stream the second."""

    def __init__(
        self,
        settings: Settings,
        functions: dict[str, Function],
        queues: Queues,
        tables: Tables,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:EventSources", "event_sources", None, opts)
        queue = LIMITS["webhook_queue"]
        stream = LIMITS["stream"]
        aws.lambda_.EventSourceMapping(
            "webhooks",
            event_source_arn=queues.webhook.arn,
            function_name=functions["webhook_processor"].function.arn,
            batch_size=queue["batch_size"],
            maximum_batching_window_in_seconds=queue["batching_window_seconds"],
            function_response_types=["ReportBatchItemFailures"],
            # Below the reserved concurrency: a throttled poll would burn receive counts and dead-letter messages nobody looked at.
            scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(
                maximum_concurrency=CAPACITIES[settings.capacity]["maximum_concurrency"]
            ),
            tags=settings.capacity_tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.lambda_.EventSourceMapping(
            "stream",
            event_source_arn=tables.transactions.stream_arn,
            function_name=functions["analytics_processor"].function.arn,
            starting_position="TRIM_HORIZON",
            batch_size=stream["batch_size"],
            maximum_batching_window_in_seconds=stream["batching_window_seconds"],
            # As long as the stream itself has the records, less four hours: what is given up leaves only its
            # place in the stream in the dead-letter queue, and the records can be read for so long.
            # https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html, read 2026-11-27.
            maximum_retry_attempts=stream["maximum_retry_attempts"],
            maximum_record_age_in_seconds=stream["maximum_record_age_seconds"],
            bisect_batch_on_function_error=False,
            parallelization_factor=1,
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=aws.lambda_.EventSourceMappingFilterCriteriaArgs(
                filters=[
                    aws.lambda_.EventSourceMappingFilterCriteriaFilterArgs(pattern=json.dumps(pattern))
                    for pattern in counted_changes()
                ]
            ),
            destination_config=aws.lambda_.EventSourceMappingDestinationConfigArgs(
                on_failure=aws.lambda_.EventSourceMappingDestinationConfigOnFailureArgs(
                    destination_arn=settings.queue_arn("analytics_processor_dlq")
                )
            ),
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[queues.dead_letter["analytics_processor"]]),
        )
        self.register_outputs({})
