"""What was rejected, or could not be done, comes back: seen masked, tried dry, sent once, judged by its first receipt, counted once."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo import aged
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, records_of, stripe_event, stripe_headers
from tests.e2e.proofs import recount_agrees

CARD = "4111 1111 1111 1111"
# The function reads a secret again when a signature does not match, but not more often than this.
SECRET_AGE_MIN_SECONDS = 10
STRIPE_WINDOW_SECONDS = 300


def run(cloud: LocalCloud, payhook: Path, *command: str) -> str:
    result = subprocess.run(
        [payhook, *command],
        env=ledger.stack_environment(cloud),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert CARD not in result.stdout
    return result.stdout


def put_secret(cloud: LocalCloud, provider: str, value: dict[str, Any]) -> None:
    name = f"webhook_secret_{provider}_{cloud.suffix}"
    cloud.clients.secretsmanager.put_secret_value(SecretId=name, SecretString=json.dumps(value))


def queue_url(cloud: LocalCloud, name: str) -> str:
    return cloud.clients.sqs.get_queue_url(QueueName=f"{name}_{cloud.suffix}")["QueueUrl"]


def counted_today(cloud: LocalCloud, status: str) -> int:
    return ledger.counted(cloud, status)


def test_a_wrong_secret_put_right_brings_back_what_it_rejected(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud = own_cloud
    right = json.loads(cloud.keys_file.read_text())["stripe"]
    put_secret(cloud, "stripe", {"keys": ["whsec_wrong"]})
    # One of them was signed so long ago that its window ends while the secret is being put right.
    now = int(time.time())
    events = [stripe_event(description=CARD) for _ in range(4)]
    bodies = [json.dumps(event).encode() for event in events]
    for number, body in enumerate(bodies):
        at = now - STRIPE_WINDOW_SECONDS + 5 if number == 0 else now
        assert post_stripe(cloud, body, at).status == 200
    forged = json.dumps(stripe_event()).encode()
    assert post(cloud, forged, stripe_headers("whsec_of_nobody", forged)).status == 200
    eventually(cloud, lambda: ledger.depth(cloud, "rejected_queue") == 5)
    first_lines = [line for body in bodies for line in audit_lines_of(cloud, body)]
    assert {line["reason"] for line in first_lines} == {"signature_mismatch"}

    def listed(what: str) -> list[list[str]]:
        return [line.split() for line in run(cloud, payhook, "rejected", what).splitlines() if "stripe" in line]

    assert [row[2] for row in listed("list")] == ["5"]
    put_secret(cloud, "stripe", right)
    time.sleep(SECRET_AGE_MIN_SECONDS + 1)

    # Dry: it says what would become of them, and leaves them there.
    said = run(cloud, payhook, "rejected", "redrive")
    assert "Dry run: 4 would be sent back." in said
    assert ledger.depth(cloud, "rejected_queue") == 5
    shown = run(cloud, payhook, "rejected", "show")
    assert shown.count("would be stored") == 4
    assert "4111 11** **** 1111" in shown

    assert "4 sent back, 1 left as they are, 0 could not be sent." in run(
        cloud, payhook, "rejected", "redrive", "--execute", "--rate", "100"
    )
    for event, body, line in zip(events, bodies, first_lines, strict=True):
        (record,) = eventually(cloud, lambda event=event: records_of(cloud, event["id"]))
        assert record["received_at"] == line["received_at"]
        told = audit_lines_of(cloud, body)
        assert sorted(line["verdict"] for line in told) == ["rejected", "stored"]
        stored = next(line for line in told if line["verdict"] == "stored")
        assert stored["first_message_id"] == line["message_id"]
    # The forged one is still there, and is brought back only when told to: to be rejected again, as what it was at first.
    assert [(row[0], row[2]) for row in listed("list")] == [("signature_mismatch", "1")]
    (before,) = ledger.rejected_messages(cloud)
    run(cloud, payhook, "rejected", "redrive", "--execute", "--all")
    (after,) = eventually(cloud, lambda: ledger.rejected_messages(cloud))
    assert after["MessageAttributes"]["reject"] == before["MessageAttributes"]["reject"]
    assert ledger.wait_until_counted(cloud, 4)
    assert eventually(cloud, lambda: recount_agrees(cloud, payhook))


def test_an_event_of_long_ago_is_stored_once_the_archive_was_asked(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud = own_cloud
    days = LIMITS["archive"]["too_old_days"] + 1
    event = stripe_event() | {"created": int(time.time()) - days * 86_400}
    body = json.dumps(event).encode()
    before = ledger.depth(cloud, "rejected_queue")

    def rejected() -> None:
        assert post_stripe(cloud, body).status == 200
        eventually(cloud, lambda: ledger.depth(cloud, "rejected_queue") == before + 1)

    rejected()
    assert records_of(cloud, event["id"]) == []
    command = ("rejected", "redrive", "--reason", "too_old", "--execute")
    assert "1 sent back" in run(cloud, payhook, *command)
    eventually(cloud, lambda: records_of(cloud, event["id"]))
    # Once more, when the record is in the archive alone.
    (item,) = [item for item in ledger.events(cloud) if item["event_id"]["S"] == event["id"]]
    assert aged.archive(cloud, [item]) is None
    assert aged.expire(cloud, [item]) == 1
    assert records_of(cloud, event["id"]) == []
    rejected()
    assert "in the archive already" in run(cloud, payhook, "rejected", "list", "--reason", "too_old")
    assert "0 sent back, 1 left as they are" in run(cloud, payhook, *command)
    assert records_of(cloud, event["id"]) == []


def test_what_is_sent_back_twice_is_stored_and_counted_once(own_cloud: LocalCloud, payhook: Path) -> None:
    """As when the command is killed after sending and before deleting."""
    cloud = own_cloud
    url, rejected = queue_url(cloud, "webhook_processor_dlq"), stripe_event()
    body = json.dumps(rejected).encode()
    (header,) = stripe_headers(json.loads(cloud.keys_file.read_text())["stripe"]["keys"][0], body).values()
    request = f"provider=stripe&request_id=r&source_ip=&h.stripe-signature={header.replace('=', '%3D')}"
    for _ in range(2):
        cloud.clients.sqs.send_message(
            QueueUrl=url,
            MessageBody=body.decode(),
            MessageAttributes={"request": {"DataType": "String", "StringValue": request}},
        )
    listed = run(cloud, payhook, "dlq", "list", "--queue", "webhook_processor")
    assert "dead_letter" in listed
    lines = [json.loads(line) for line in run(cloud, payhook, "dlq", "export").splitlines()]
    assert [line["now"] for line in lines] == ["would be stored"] * 2
    assert "2 sent back" in run(cloud, payhook, "dlq", "redrive", "--execute")
    assert len(eventually(cloud, lambda: records_of(cloud, rejected["id"]))) == 1
    assert ledger.dead_letter_depth(cloud, "webhook_processor") == 0
    eventually(cloud, lambda: len(audit_lines_of(cloud, body)) == 2)
    assert len(records_of(cloud, rejected["id"])) == 1
    assert eventually(cloud, lambda: recount_agrees(cloud, payhook))


def test_a_batch_that_could_not_be_counted_is_read_from_the_stream_and_counted_once(
    own_cloud: LocalCloud, payhook: Path
) -> None:
    cloud = own_cloud
    lambda_, streams = cloud.clients.lambda_, cloud.clients.dynamodbstreams
    mappings = lambda_.list_event_source_mappings(FunctionName=f"analytics_processor_{cloud.suffix}")
    mapping = mappings["EventSourceMappings"][0]
    arn = mapping["EventSourceArn"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        before = counted_today(cloud, "captured")
        events = [stripe_event() for _ in range(3)]
        for event in events:
            assert post_stripe(cloud, json.dumps(event).encode()).status == 200
        for event in events:
            eventually(cloud, lambda event=event: records_of(cloud, event["id"]))

        def numbers() -> tuple[str, list[str]]:
            """The shard, and the sequence numbers of our records in it."""
            ids = {event["id"] for event in events}
            for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
                iterator = streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                found = streams.get_records(ShardIterator=iterator)["Records"]
                ours = [
                    r["dynamodb"]["SequenceNumber"]
                    for r in found
                    if r["dynamodb"].get("NewImage", {}).get("event_id", {}).get("S") in ids
                ]
                if ours:
                    return shard["ShardId"], ours
            raise AssertionError("the stream has none of the records")

        shard, ours = numbers()
        # Each of the events, and the capture that it tells.
        assert len(ours) == 6
        failed = {
            "DDBStreamBatchInfo": {
                "shardId": shard, "startSequenceNumber": ours[0], "endSequenceNumber": ours[-1], "batchSize": len(ours), "streamArn": arn,
            }
        }  # fmt: skip
        cloud.clients.sqs.send_message(
            QueueUrl=queue_url(cloud, "analytics_processor_dlq"), MessageBody=json.dumps(failed)
        )
        said = run(cloud, payhook, "dlq", "redrive", "--queue", "analytics_processor", "--execute")
        assert "1 sent back" in said
        assert counted_today(cloud, "captured") == before + 3
        assert ledger.dead_letter_depth(cloud, "analytics_processor") == 0
    finally:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    # The stream delivers them all the same; the markers know.
    marked = stripe_event()
    assert post_stripe(cloud, json.dumps(marked).encode()).status == 200
    eventually(cloud, lambda: counted_today(cloud, "captured") > before + 3)
    assert counted_today(cloud, "captured") == before + 4
    assert eventually(cloud, lambda: recount_agrees(cloud, payhook))


def test_a_task_of_the_archive_is_started_again(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud = own_cloud
    wrapped = {"version": "1.0", "requestPayload": {"task": "seal", "day": "2001-01-01"}, "responsePayload": {}}
    cloud.clients.sqs.send_message(QueueUrl=queue_url(cloud, "archival_function_dlq"), MessageBody=json.dumps(wrapped))
    group = f"/aws/lambda/archival_function_{cloud.suffix}"
    before = len(ledger.log_messages(cloud, group))
    assert "1 messages seen" in run(cloud, payhook, "dlq", "list", "--queue", "archival_function")
    assert "1 sent back" in run(cloud, payhook, "dlq", "redrive", "--queue", "archival_function", "--execute")
    assert ledger.dead_letter_depth(cloud, "archival_function") == 0
    eventually(cloud, lambda: len(ledger.log_messages(cloud, group)) > before)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            ["rejected", "redrive", "--execute", "--limit", "100000", "--rate", "1"],
            "takes longer than the messages are held",
        ),
        (["rejected", "show", "--message", "nobody"], "no message of this id"),
        (["dlq", "list", "--queue", "nobody"], "invalid value"),
    ],
)
def test_what_cannot_be_done_is_said(own_cloud: LocalCloud, payhook: Path, command: list[str], said: str) -> None:
    result = subprocess.run(
        [payhook, *command],
        env=ledger.stack_environment(own_cloud),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert said in result.stderr
