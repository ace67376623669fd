"""Where alarms go: an encrypted topic that only this account's alarms may publish to."""

import pulumi
import pulumi_aws as aws

from lib.policies import document
from lib.settings import Settings


class Notifications(pulumi.ComponentResource):
    """The topic `alarms_{suffix}` and, where an address is configured, its subscription."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:Notifications", "notifications", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        name = settings.name("alarms")
        self.topic_arn = settings.arn("sns", name)
        self.topic = aws.sns.Topic("alarms", name=name, kms_master_key_id=key_arn, tags=settings.tags, opts=child)
        aws.sns.TopicPolicy(
            "alarms_policy",
            arn=self.topic.arn,
            policy=document(
                {
                    "Sid": "AlarmsPublish",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": self.topic_arn,
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": settings.account_id},
                        "ArnLike": {"aws:SourceArn": settings.arn("cloudwatch", "alarm:*")},
                    },
                },
                {
                    "Sid": "DenyWithoutTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": self.topic_arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ),
            opts=child,
        )
        if settings.alarm_email:
            aws.sns.TopicSubscription(
                "alarms_email", topic=self.topic.arn, protocol="email", endpoint=settings.alarm_email, opts=child
            )
        self.register_outputs({})
