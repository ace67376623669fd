"""Once a day: the seal of yesterday's audit log and the archive."""

import json

import pulumi
import pulumi_aws as aws

from lib.functions import Function
from lib.policies import allow, role_document, trust
from lib.queues import Queues
from lib.settings import Settings

DAILY = "cron(20 0 * * ? *)"


class ScheduleRole(pulumi.ComponentResource):
    """What the scheduler may do: start the one function, and put what it could not start into its dead-letter queue."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:ScheduleRole", "schedule_role", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # The scheduler names the schedule's group as source.
        # Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html, read 2026-11-23.
        source = settings.arn("scheduler", "schedule-group/default")
        self.role = aws.iam.Role(
            "archive_schedule_role",
            name=settings.name("archive_schedule_role"),
            assume_role_policy=trust("scheduler.amazonaws.com", settings.account_id, source),
            tags=settings.tags,
            opts=child,
        )
        self.policy = aws.iam.RolePolicy(
            "archive_schedule_policy",
            name=settings.name("archive_schedule_policy"),
            role=self.role.name,
            policy=role_document(
                allow(["lambda:InvokeFunction"], [settings.function_arn("archival_function")], "StartArchive"),
                allow(["sqs:SendMessage"], [settings.queue_arn("archival_function_dlq")], "SendFailed"),
            ),
            opts=child,
        )
        self.register_outputs({})


class Schedule(pulumi.ComponentResource):
    """The daily schedule."""

    def __init__(
        self,
        settings: Settings,
        role: ScheduleRole,
        archive: Function,
        queues: Queues,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:Schedule", "schedule", None, opts)
        dead_letter_arn = settings.queue_arn("archival_function_dlq")
        child = pulumi.ResourceOptions(parent=self, depends_on=[role.policy, queues.dead_letter["archival_function"]])
        aws.scheduler.Schedule(
            "archive_schedule",
            name=settings.name("archive_schedule"),
            description="Seal yesterday's audit log and archive the transactions of sealed days",
            schedule_expression=DAILY,
            schedule_expression_timezone="UTC",
            flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            kms_key_arn=key_arn,
            target=aws.scheduler.ScheduleTargetArgs(
                arn=archive.function.arn,
                role_arn=settings.role_arn("archive_schedule_role"),
                input=json.dumps({"task": "daily"}),
                dead_letter_config=aws.scheduler.ScheduleTargetDeadLetterConfigArgs(arn=dead_letter_arn),
                retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=3
                ),
            ),
            opts=child,
        )
        # The scheduler's call is asynchronous: an invocation that fails twice more ends in the function's dead-letter queue.
        aws.lambda_.FunctionEventInvokeConfig(
            "archive_failures",
            function_name=archive.function.name,
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=3600,
            destination_config=aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs(
                on_failure=aws.lambda_.FunctionEventInvokeConfigDestinationConfigOnFailureArgs(
                    destination=dead_letter_arn
                )
            ),
            opts=child,
        )
        self.register_outputs({})
