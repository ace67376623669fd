"""Queues and the alarm topic."""

from typing import Any

from infra.local_cloud.applier.shapes import whole
from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]

QUEUE_ATTRIBUTES = {
    "delaySeconds": "DelaySeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


def queue(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.sqs.Queue."""
    attributes = {theirs: str(whole(inputs[ours])) for ours, theirs in QUEUE_ATTRIBUTES.items() if ours in inputs}
    url = clients.sqs.create_queue(QueueName=inputs["name"], Attributes=attributes, tags=inputs.get("tags", {}))[
        "QueueUrl"
    ]
    arn = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, {"arn": arn, "url": url}


def queue_policy(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.sqs.QueuePolicy."""
    clients.sqs.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
    return inputs["queueUrl"], {}


def topic(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.sns.Topic."""
    attributes = {"KmsMasterKeyId": inputs["kmsMasterKeyId"]}
    arn = clients.sns.create_topic(Name=inputs["name"], Attributes=attributes, Tags=tag_list(inputs.get("tags")))[
        "TopicArn"
    ]
    return arn, {"arn": arn}


def topic_policy(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.sns.TopicPolicy."""
    clients.sns.set_topic_attributes(TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"])
    return inputs["arn"], {}


MAKERS = {
    "aws:sqs/queue:Queue": queue,
    "aws:sqs/queuePolicy:QueuePolicy": queue_policy,
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicPolicy:TopicPolicy": topic_policy,
}
