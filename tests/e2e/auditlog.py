"""Audit objects of days that are over, what can be done to them, and a copy of them in a folder."""

import datetime
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zstandard

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo.__main__ import proof

Finding = tuple[str, str]


def days_ago(days: int) -> str:
    """A UTC day."""
    return (datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=days)).isoformat()


def audit_object() -> bytes:
    """An audit object with one line, of a message that was rejected."""
    line = {
        "message_id": str(uuid.uuid4()),
        "request_id": str(uuid.uuid4()),
        "verdict": "rejected",
        "reason": "signature_mismatch",
    }
    return zstandard.compress(json.dumps(line).encode() + b"\n")


def put_objects(cloud: LocalCloud, day: str, count: int, hours: int = 4) -> list[str]:
    """Puts audit objects of a day, spread over its first hours; their keys."""
    keys = [f"audit/dt={day}/hh={number % hours:02}/{uuid.uuid4()}.jsonl.zst" for number in range(count)]
    for key in keys:
        put(cloud, key, audit_object())
    return keys


def put(cloud: LocalCloud, key: str, body: bytes) -> None:
    """Writes an object of the bucket, as whoever has the right to."""
    cloud.clients.s3.put_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key, Body=body)


def get(cloud: LocalCloud, key: str) -> bytes:
    """Reads one."""
    return cloud.clients.s3.get_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key)["Body"].read()


def delete(cloud: LocalCloud, key: str) -> None:
    """Deletes one, as a person does it: the versioned bucket keeps what was there."""
    cloud.clients.s3.delete_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key)


def versions(cloud: LocalCloud, prefix: str = "") -> set[tuple[str, str]]:
    """Key and id of every version and delete marker."""
    found = set()
    pages = cloud.clients.s3.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=cloud.outputs["audit_bucket_name"], Prefix=prefix):
        for entry in page.get("Versions", []) + page.get("DeleteMarkers", []):
            found.add((entry["Key"], entry["VersionId"]))
    return found


@contextmanager
def undone(cloud: LocalCloud) -> Iterator[None]:
    """Takes back what the block does to the bucket: its new versions and delete markers go."""
    before = versions(cloud)
    try:
        yield
    finally:
        for key, version_id in versions(cloud) - before:
            cloud.clients.s3.delete_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key, VersionId=version_id)


def seal(cloud: LocalCloud, day: str) -> str | None:
    """Seals up to a day; the error, if any."""
    return ledger.run_archive(cloud, {"task": "seal", "day": day})


def digests(cloud: LocalCloud) -> list[str]:
    """Keys of the chain's digests."""
    return [key for key, _ in ledger.objects(cloud, "seal/digests/")]


def copied(cloud: LocalCloud, folder: Path) -> Path:
    """A folder with a copy of what stands under audit/ and seal/."""
    for prefix in ("audit/", "seal/"):
        for key, body in ledger.objects(cloud, prefix):
            file = folder / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
    return folder


def verified(
    cloud: LocalCloud, payhook: Path, first: str, last: str, *more: str
) -> tuple[int, list[Finding], dict[str, Any]]:
    """What `payhook audit verify` says: its status, its findings, its report."""
    status, text = proof(cloud, payhook, "audit", "verify", "--from", first, "--to", last, "--json", *more)
    report = json.loads(text.splitlines()[0])
    return status, [(finding["problem"], finding["subject"]) for finding in report["findings"]], report
