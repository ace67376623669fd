"""What the stack may be told, and what is said when it may not."""

import dataclasses

import pytest

from lib.settings import Settings

GOOD = {"environment_suffix": "dev", "account_id": "123456789012"}


@pytest.mark.parametrize("suffix", ["dev", "a", "prod-2", "x" * 20])
def test_a_good_suffix(suffix: str) -> None:
    settings = Settings(**(GOOD | {"environment_suffix": suffix}))
    assert settings.name("transactions") == f"transactions_{suffix}"
    assert settings.audit_bucket == f"payhook-audit-123456789012-{suffix}"
    assert len(settings.audit_bucket) <= 63


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *[({"environment_suffix": s}, "environment_suffix") for s in ("", "Dev", "a_b", "-a", "a-", "x" * 21, "é")],
        *[({"account_id": a}, "account_id") for a in ("", "12345", "12345678901a", "1234567890123")],
        ({"region": "us-east-1"}, "us-east-2"),
    ],
)
def test_refused_with_what_to_do(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**(GOOD | change))


def test_settings_cannot_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings(**GOOD).region = "us-east-1"  # pyright: ignore[reportAttributeAccessIssue]


def test_arns_are_text_before_anything_exists() -> None:
    settings = Settings(**GOOD)
    assert settings.table_arn("transactions") == "arn:aws:dynamodb:us-east-2:123456789012:table/transactions_dev"
    assert settings.queue_arn("webhook_queue") == "arn:aws:sqs:us-east-2:123456789012:webhook_queue_dev"
    assert settings.role_arn("webhook_api_role") == "arn:aws:iam::123456789012:role/webhook_api_role_dev"
