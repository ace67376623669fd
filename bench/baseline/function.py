"""The usual function: verifies a webhook, parses it, masks card numbers and puts it into DynamoDB once.

It is what a team writes that has no payhook, as a measure to hold payhook to. It is kind to itself:
one PutItem a webhook, no sums, no audit log, no metrics, no retries of its own.
"""

import hashlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import boto3
from botocore.exceptions import ClientError

from bench.baseline.runtime import run
from bench.baseline.signatures import VERIFIERS

TABLE = "transactions_bench"
CARD_NUMBER = re.compile(r"(?<![0-9])([0-9]{6})[0-9]{3,9}([0-9]{4})(?![0-9])")

dynamodb = boto3.client("dynamodb")
secrets = boto3.client("secretsmanager")


@cache
def keys(provider: str) -> list[str]:
    """The provider's signing keys, read once."""
    value = secrets.get_secret_value(SecretId=f"webhook_secret_{provider}_bench")
    return json.loads(value["SecretString"])["keys"]


def masked(text: str) -> str:
    """The text with every run of 13 to 19 digits cut to its first six and last four."""
    return CARD_NUMBER.sub(r"\1******\2", text)


def first(document: Any, names: tuple[str, ...]) -> str | None:
    """The first value of one of these names, wherever it is."""
    if isinstance(document, dict):
        for name in names:
            if isinstance(document.get(name), (str, int)):
                return str(document[name])
        document = list(document.values())
    if isinstance(document, list):
        for member in document:
            found = first(member, names)
            if found is not None:
                return found
    return None


def item_of(provider: str, body: str) -> dict[str, dict[str, str]]:
    """The item of a webhook, with the SHA-256 of its masked body."""
    document = json.loads(body)
    digest = hashlib.sha256(masked(body).encode()).hexdigest()
    fields = {
        "transaction_id": f"{provider}:{first(document, ('id', 'event_id')) or digest}",
        "timestamp": first(document, ("created", "created_at", "timestamp")) or "undated",
        "provider": provider,
        "event_type": first(document, ("type", "event_type", "event")) or "unknown",
        "amount": first(document, ("amount", "amount_minor", "total")) or "",
        "currency": first(document, ("currency", "currency_code")) or "",
        "payload_sha256": digest,
    }
    return {name: {"S": value} for name, value in fields.items() if value}


def take(record: dict[str, Any]) -> None:
    """Takes in one webhook. Raises ValueError where it is not genuine."""
    request = dict(parse_qsl(record["messageAttributes"]["request"]["stringValue"]))
    provider, body = request["provider"], record["body"]
    headers = {name[2:]: value for name, value in request.items() if name.startswith("h.")}
    verify = VERIFIERS[provider]
    if not any(verify(body.encode(), headers, key) for key in keys(provider)):
        raise ValueError(f"a webhook of {provider} is not genuine")
    try:
        dynamodb.put_item(
            TableName=TABLE,
            Item=item_of(provider, body),
            ConditionExpression="attribute_not_exists(transaction_id)",
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise


def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Takes in every webhook of the event, one after the other."""
    for record in event["Records"]:
        take(record)
    return {"batchItemFailures": []}


if __name__ == "__main__":
    run(handler)
