"""What the stack may be told, and what is said when it may not."""

import dataclasses
from typing import Any

import pytest

from lib.settings import Settings

GOOD: dict[str, Any] = {"environment_suffix": "dev", "account_id": "123456789012", "edge": False}


@pytest.mark.parametrize("suffix", ["dev", "a", "prod-2", "x" * 20])
def test_a_good_suffix(suffix: str) -> None:
    told: dict[str, Any] = GOOD | {"environment_suffix": suffix}
    settings = Settings(**told)
    assert settings.name("transactions") == f"transactions_{suffix}"
    assert settings.audit_bucket == f"payhook-audit-123456789012-{suffix}"
    assert settings.access_record_bucket == f"payhook-access-logs-123456789012-{suffix}"
    assert max(map(len, (settings.audit_bucket, settings.access_record_bucket, settings.edge_log_bucket))) <= 63
    assert settings.firewall_log_group == f"aws-waf-logs-webhook_firewall_{suffix}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        *[({"environment_suffix": s}, "environment_suffix") for s in ("", "Dev", "a_b", "-a", "a-", "x" * 21, "é")],
        *[({"account_id": a}, "account_id") for a in ("", "12345", "12345678901a", "1234567890123")],
        ({"region": "us-east-1"}, "us-east-2"),
        *[({"object_lock_days": days}, "object_lock_days must be 1 to 400") for days in (0, -1, 401)],
        *[({"quiet_minutes": minutes}, "quiet_minutes must be 15 to 60") for minutes in (0, -60, 14, 61, 90, 10_140)],
        *[({"object_lock_mode": mode}, "GOVERNANCE or COMPLIANCE") for mode in ("", "governance", "NONE")],
    ],
)
def test_refused_with_what_to_do(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**(GOOD | change))


@pytest.mark.parametrize("days", [None, 1, 400])
def test_a_lock_lasts_no_longer_than_the_audit_log(days: int | None) -> None:
    assert Settings(**GOOD, object_lock_days=days, object_lock_mode="COMPLIANCE").object_lock_days == days


@pytest.mark.parametrize("minutes", [15, 45, 60, 120, 1440, 10_080])
def test_a_time_without_requests(minutes: int) -> None:
    assert Settings(**GOOD, quiet_minutes=minutes).quiet_minutes == minutes


def test_settings_cannot_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings(**GOOD).region = "us-east-1"  # pyright: ignore[reportAttributeAccessIssue]


def test_arns_are_text_before_anything_exists() -> None:
    settings = Settings(**GOOD)
    assert settings.table_arn("transactions") == "arn:aws:dynamodb:us-east-2:123456789012:table/transactions_dev"
    assert settings.queue_arn("webhook_queue") == "arn:aws:sqs:us-east-2:123456789012:webhook_queue_dev"
    assert settings.role_arn("webhook_api_role") == "arn:aws:iam::123456789012:role/webhook_api_role_dev"
