"""The logs of a day are copied, sealed, and read where CloudWatch has them no more."""

import datetime
import io
import json
from pathlib import Path

import zstandard

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.tests.acting import goes_on_without_end
from tests.demo.__main__ import proof

DAY = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=3)


def put_line(cloud: LocalCloud, at: str, request_id: str, method: str = "POST", status: str = "200") -> None:
    """A line of the gateway's access log."""
    when = datetime.datetime.fromisoformat(f"{DAY}T{at}Z")
    line = {"requestId": request_id, "method": method, "status": status}
    event = {"timestamp": round(when.timestamp() * 1000), "message": json.dumps(line)}
    names = {"logGroupName": f"/aws/apigateway/webhook_api_{cloud.suffix}", "logStreamName": "of_that_day"}
    cloud.clients.logs.put_log_events(**names, logEvents=[event])


def copied(cloud: LocalCloud) -> dict[str, bytes]:
    """The copies, by what is behind the day in their keys."""
    prefix = f"logs/dt={DAY}/"
    return {key.removeprefix(prefix): body for key, body in ledger.objects(cloud, prefix)}


def test_a_days_logs_are_copied_and_reconcile_reads_the_copy(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud, group = own_cloud, f"/aws/apigateway/webhook_api_{own_cloud.suffix}"
    cloud.clients.logs.create_log_stream(logGroupName=group, logStreamName="of_that_day")
    put_line(cloud, "00:00:00", "first")
    put_line(cloud, "00:09:59.999", "second")
    put_line(cloud, "12:34:56", "refused", status="403")
    put_line(cloud, "12:34:57", "handshake", method="GET")
    put_line(cloud, "23:59:59.999", "last")
    task = {"task": "logs", "first": DAY.isoformat(), "last": DAY.isoformat()}
    assert ledger.run_archive(cloud, task) is None
    copies = copied(cloud)
    logs = ("access", "firewall", "webhook_processor", "analytics_processor", "archival_function")
    assert {key for key in copies if key.endswith("whole.json")} == {f"log={log}/whole.json" for log in logs}
    slices = sorted(key for key in copies if key.startswith("log=access/") and key.endswith(".zst"))
    assert slices == [f"log=access/{at}.jsonl.zst" for at in ("0000", "1230", "2350")]
    text = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(copies[slices[0]])).read().decode()
    assert [json.loads(json.loads(line)["message"])["requestId"] for line in text.splitlines()] == ["first", "second"]

    # The group forgets; the copy does not. Nothing of the day was stored, so each accepted request is named.
    cloud.clients.logs.delete_log_stream(logGroupName=group, logStreamName="of_that_day")
    status, text = proof(cloud, payhook, "reconcile", "--day", DAY.isoformat())
    named = [line.removeprefix("open: request ") for line in text.splitlines() if line.startswith("open: request ")]
    assert (status, sorted(named)) == (1, ["first", "last", "second"])

    # Another run writes nothing over what is there.
    assert ledger.run_archive(cloud, task) is None
    assert copied(cloud) == copies


def test_a_copy_is_sealed_with_the_audit_log(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud, between = own_cloud, ("--from", DAY.isoformat(), "--to", DAY.isoformat())
    assert ledger.run_archive(cloud, {"task": "seal", "day": DAY.isoformat()}) is None
    status, text = proof(cloud, payhook, "audit", "verify", *between)
    assert status == 0, text
    assert len(copied(cloud)) > 5
    bucket, key = cloud.outputs["audit_bucket_name"], f"logs/dt={DAY}/log=access/1230.jsonl.zst"
    cloud.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"nothing was refused")
    status, text = proof(cloud, payhook, "audit", "verify", *between)
    assert status == 1
    assert key in text


def test_an_archive_with_much_to_do_is_not_stopped_as_a_loop(own_cloud: LocalCloud) -> None:
    # Forty times, and once more to be told that this is enough.
    assert goes_on_without_end(own_cloud, times=40) == 41
