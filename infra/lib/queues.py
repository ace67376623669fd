"""The queues: webhooks, rejected webhooks, and one dead-letter queue per function."""

import pulumi
import pulumi_aws as aws

from lib.limits import FUNCTIONS, LIMITS
from lib.policies import deny_roles, deny_without_tls, document, normalised
from lib.settings import Settings

# What would let somebody else read the messages: the three that "change queue permissions", and a
# queue that is made again, with another policy. That a queue's own policy can refuse its change to
# the account's own people is why AWS has a way out for the root user. Sources, stored copies of
# which were read 2026-11-27:
# https://boto3.amazonaws.com/v1/documentation/api/1.34.91/reference/services/sqs/client/remove_permission.html
# and https://docs.aws.amazon.com/accounts/latest/reference/aws-actions-project-owners.md.
QUEUE_LOOSENING = ["sqs:AddPermission", "sqs:DeleteQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes"]


def queue_policy(settings: Settings, name: str) -> str:
    """Nothing without TLS. Once the policy is there, the deploy role can change it no more, nor the
    queue: see `protected_bucket.locked_against_deploys`.
    """
    queue = [settings.queue_arn(name)]
    return document(
        deny_without_tls("sqs", queue),
        deny_roles([settings.deploy_role_arn], QUEUE_LOOSENING, queue, "DeploysLoosenNothing"),
    )


class Queues(pulumi.ComponentResource):
    """All encrypted with the stack's key, all closed to calls without TLS."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:Queues", "queues", None, opts)
        self._settings = settings
        self._key_arn = key_arn
        dead_letter = LIMITS["dead_letter_queue"]
        webhook = LIMITS["webhook_queue"]
        rejected = LIMITS["rejected_queue"]

        # Age in a dead-letter queue counts from the first enqueue: fourteen days here, four in the source, leaves ten to look.
        # They take what their sources take: the provider's own default is a quarter of SQS's mebibyte.
        self.dead_letter = {
            function: self._queue(
                f"{function}_dlq",
                max_message_size=dead_letter["max_message_bytes"],
                message_retention_seconds=dead_letter["retention_seconds"],
                visibility_timeout_seconds=dead_letter["visibility_timeout_seconds"],
                redrive_allow_policy=self._redrive_allowed(function),
            )
            for function in FUNCTIONS
        }
        self.webhook = self._queue(
            "webhook_queue",
            # Less than SQS's own mebibyte, so that the rejected queue can hold the same message with its reason beside it.
            max_message_size=webhook["max_message_bytes"],
            message_retention_seconds=webhook["retention_seconds"],
            visibility_timeout_seconds=webhook["visibility_timeout_seconds"],
            redrive_policy=normalised(
                {
                    "deadLetterTargetArn": settings.queue_arn("webhook_processor_dlq"),
                    "maxReceiveCount": webhook["max_receive_count"],
                }
            ),
            depends_on=[self.dead_letter["webhook_processor"]],
        )
        self.rejected = self._queue(
            "rejected_queue",
            max_message_size=rejected["max_message_bytes"],
            message_retention_seconds=rejected["retention_seconds"],
            visibility_timeout_seconds=dead_letter["visibility_timeout_seconds"],
        )
        self.register_outputs({})

    def _redrive_allowed(self, function: str) -> str:
        """Only the webhook queue redrives, and only into its own dead-letter queue; the other functions send to theirs themselves."""
        if function == "webhook_processor":
            allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [self._settings.queue_arn("webhook_queue")]}
        else:
            allowed = {"redrivePermission": "denyAll"}
        return normalised(allowed)

    def _queue(
        self,
        name: str,
        *,
        max_message_size: int,
        message_retention_seconds: int,
        visibility_timeout_seconds: int,
        redrive_policy: str | None = None,
        redrive_allow_policy: str | None = None,
        depends_on: list[pulumi.Resource] | None = None,
    ) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            name,
            name=self._settings.name(name),
            message_retention_seconds=message_retention_seconds,
            visibility_timeout_seconds=visibility_timeout_seconds,
            max_message_size=max_message_size,
            redrive_policy=redrive_policy,
            redrive_allow_policy=redrive_allow_policy,
            kms_master_key_id=self._key_arn,
            kms_data_key_reuse_period_seconds=300,
            tags=self._settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )
        aws.sqs.QueuePolicy(
            f"{name}_policy",
            queue_url=queue.url,
            policy=queue_policy(self._settings, name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return queue
