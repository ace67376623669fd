"""What became of the webhooks: reads the local cloud's queues, table, audit log, logs and metrics from the outside, with the root key.

Used by the demo and the end-to-end tests; nothing here runs in a function.
"""

import datetime
import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import zstandard

from infra.lib.limits import FUNCTIONS
from infra.local_cloud.clients import ACCOUNT, REGION, ROOT_KEY
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import activity, until_found

NAMESPACE = "payhook"
# Movements and minor units by provider, currency with its exponent (`EUR.2`, `-` where no amount was told) and kind of movement.
Money = dict[tuple[str, str, str], tuple[int, int]]
DEPTH = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


def depth(cloud: LocalCloud, queue: str) -> int:
    """Messages in a queue, by the output's name without `_url`: waiting, being processed, delayed."""
    url = cloud.outputs[f"{queue}_url"]
    attributes = cloud.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(DEPTH))["Attributes"]
    return sum(int(attributes[name]) for name in DEPTH)


def dead_letter_depth(cloud: LocalCloud, function: str) -> int:
    """Messages in the dead-letter queue of one function."""
    return depth(cloud, f"{function}_dlq")


def wait_until_drained(
    cloud: LocalCloud, seconds: float = 120, progress: Callable[[int], None] = lambda _: None
) -> bool:
    """Waits until the webhook queue is empty, or `seconds` have passed; whether it is."""

    def is_empty() -> bool:
        waiting = depth(cloud, "webhook_queue")
        progress(waiting)
        return waiting == 0

    return until_found(cloud, is_empty, seconds)


def items(cloud: LocalCloud, table: str = "transactions") -> list[dict[str, Any]]:
    """Every item of a table, in DynamoDB's typed form."""
    pages = cloud.clients.dynamodb.get_paginator("scan").paginate(
        TableName=cloud.outputs[f"{table}_table_name"], ConsistentRead=True
    )
    return [item for page in pages for item in page["Items"]]


def events(cloud: LocalCloud) -> list[dict[str, Any]]:
    """The items of events, in DynamoDB's typed form."""
    return [item for item in items(cloud) if item["record_type"]["S"] == "event"]


def movements(cloud: LocalCloud) -> list[dict[str, Any]]:
    """The items of movements, in DynamoDB's typed form."""
    return [item for item in items(cloud) if item["record_type"]["S"] == "movement"]


def records(cloud: LocalCloud) -> list[dict[str, str]]:
    """The transaction records, each attribute as text."""
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in events(cloud)]


def objects(cloud: LocalCloud, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Every object of the audit bucket under a prefix: key and bytes."""
    bucket = cloud.outputs["audit_bucket_name"]
    for page in cloud.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield entry["Key"], cloud.clients.s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()


def decompressed(data: bytes) -> bytes:
    """All frames of an audit object."""
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
        return reader.read()


def audit_lines(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Every line of the audit log; a message that was delivered again has one for each time."""
    return [json.loads(line) for _, data in objects(cloud, "audit/") for line in decompressed(data).splitlines()]


def added_up(cloud: LocalCloud, grain: str = "minute") -> dict[tuple[str, str, str, str], Counter[str]]:
    """What the analytics table counts by day, `event` or currency, provider, and status or kind: the numbers `n`, `a`, `e`, `c`.

    Added up from the items of minutes, hours or days, by their names alone (ARCHITECTURE.md, "Analytics table").
    """
    sums: dict[tuple[str, str, str, str], Counter[str]] = {}
    for item in items(cloud, "analytics"):
        if item["aggregate"]["S"].partition("#")[0] != grain:
            continue
        time, _, of = item["bucket"]["S"].partition("#")
        for name, value in item.items():
            if "#" in name:
                provider, what, number = name.split("#")
                sums.setdefault((time[:10], of, provider, what), Counter())[number] += int(value["N"])
    return sums


def counted(cloud: LocalCloud, status: str | None = None, day: str | None = None) -> int:
    """Events that are counted: of a status and a day, where they are given."""
    rows = added_up(cloud).items()
    return sum(
        numbers["n"]
        for (at, of, _, what), numbers in rows
        if of == "event" and status in (None, what) and day in (None, at)
    )


def money(cloud: LocalCloud, first: str = "", last: str = "9") -> Money:
    """The money that is counted from one day to another, both included, added up; what came to nothing is left out."""
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (day, currency, provider, kind), numbers in added_up(cloud).items():
        if currency != "event" and first <= day <= last:
            number, minor = sums.get((provider, currency, kind), (0, 0))
            sums[provider, currency, kind] = number + numbers["n"], minor + numbers["a"]
    return {key: both for key, both in sums.items() if both != (0, 0)}


def wait_until_counted(cloud: LocalCloud, events: int, seconds: float = 60) -> bool:
    """Waits until so many events are counted; whether they are."""
    until_found(cloud, lambda: counted(cloud) >= events, seconds)
    return counted(cloud) == events


def wait_until_money_is(
    cloud: LocalCloud, wanted: Money, first: str = "", last: str = "9", seconds: float = 60
) -> Money:
    """Waits until the money of these days is this; what it is in the end."""
    until_found(cloud, lambda: money(cloud, first, last) == wanted, seconds)
    return money(cloud, first, last)


def run_archive(cloud: LocalCloud, task: dict[str, Any]) -> str | None:
    """Invokes the archival function with a task and waits for it; the error's text, if any.

    While earlier invocations have all that is reserved, it waits for them.
    """
    lambda_, until = cloud.clients.lambda_, time.monotonic() + 300
    while True:
        try:
            answer = lambda_.invoke(FunctionName=f"archival_function_{cloud.suffix}", Payload=json.dumps(task).encode())
            break
        except lambda_.exceptions.TooManyRequestsException:
            if time.monotonic() > until:
                raise
            activity(cloud, activity(cloud).number, 1)
    payload = answer["Payload"].read().decode()
    return payload if answer.get("FunctionError") else None


def stack_environment(cloud: LocalCloud) -> dict[str, str]:
    """What the command line reads: which stack, where, and the root key of the local cloud."""
    # Where an instrumented program leaves its profile; without it the program leaves one in the folder that it runs in.
    profile = {name: os.environ[name] for name in ("LLVM_PROFILE_FILE",) if name in os.environ}
    return profile | {
        "AWS_ENDPOINT_URL": cloud.aws_endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "PAYHOOK_SUFFIX": cloud.suffix,
        "PAYHOOK_ACCOUNT": ACCOUNT,
    }


def judged(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The last line of each message."""
    by_attempt = sorted(lines, key=lambda line: line["processed_attempt"])
    return {line["message_id"]: line for line in by_attempt}


def rejected_messages(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Every message of the rejected queue; they are put back."""
    sqs, url = cloud.clients.sqs, cloud.outputs["rejected_queue_url"]
    found: list[dict[str, Any]] = []
    while True:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60, MessageAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            break
        found += answer["Messages"]
    for message in found:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return found


def log_messages(cloud: LocalCloud, group_prefix: str = "/aws/") -> list[str]:
    """Every log event of the groups whose name starts so."""
    found: list[str] = []
    logs = cloud.clients.logs
    for group in logs.describe_log_groups(logGroupNamePrefix=group_prefix)["logGroups"]:
        arguments: dict[str, Any] = {"logGroupName": group["logGroupName"]}
        while True:
            page = logs.filter_log_events(**arguments)
            found += [event["message"] for event in page["events"]]
            token = page.get("nextToken")
            if not token or token == arguments.get("nextToken"):
                break
            arguments["nextToken"] = token
    return found


def metric_sum(cloud: LocalCloud, name: str, function: str = "webhook_processor", provider: str | None = None) -> int:
    """A metric of the last hour, summed."""
    now = datetime.datetime.now(datetime.UTC)
    dimensions = [{"Name": "function_name", "Value": f"{function}_{cloud.suffix}"}]
    if provider:
        dimensions.append({"Name": "provider", "Value": provider})
    answer = cloud.clients.cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=name,
        Dimensions=dimensions,
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=60,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer["Datapoints"]))


def everything_kept(cloud: LocalCloud) -> Iterator[tuple[str, bytes]]:
    """Every byte the system keeps or shows, by place; only the bodies in the encrypted queues are left out."""
    for table in ("transactions", "analytics"):
        for item in items(cloud, table):
            # The records that a marker lists are bytes.
            yield f"table {table}", json.dumps(item, ensure_ascii=False, default=str).encode()
    for key, data in objects(cloud):
        yield f"object {key}", key.encode() + b"\n" + data
        if key.endswith(".zst"):
            yield f"object {key}, decompressed", decompressed(data)
    for prefix in ("/aws/", "API-Gateway"):
        for message in log_messages(cloud, prefix):
            yield "log", message.encode()
    for message in rejected_messages(cloud):
        yield "rejected queue, attributes", json.dumps(message.get("MessageAttributes", {}), default=str).encode()
    metrics = cloud.clients.cloudwatch.get_paginator("list_metrics").paginate()
    yield "metrics", json.dumps([page["Metrics"] for page in metrics], default=str).encode()
    for function in FUNCTIONS:
        environment = cloud.clients.lambda_.get_function_configuration(FunctionName=f"{function}_{cloud.suffix}")
        yield f"environment of {function}", json.dumps(environment, default=str).encode()
