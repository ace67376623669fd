"""The alarms about webhooks ring on the local cloud when they should, and only then."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud, start
from tests.e2e.door import eventually, post, post_stripe, stripe_event, stripe_headers

REJECTED = 3
# Three providers whose silence rings, one of them below a band, which the emulator has no model of.
SILENCE = '{"stripe": {"longest_gap_minutes": 120}, "square": {"longest_gap_minutes": 120}, "adyen": {"band": 3}}'


@pytest.fixture(scope="module")
def own_cloud(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A stack with the setting `silence`."""
    running = start(tmp_path_factory.mktemp("own_cloud") / "state", zips, "own", options={"silence": SILENCE})
    yield running
    running.stop()


def state(cloud: LocalCloud, alarm: str) -> str:
    """An alarm's state now: the emulator evaluates every alarm when a metric is put."""
    cloudwatch = cloud.clients.cloudwatch
    cloudwatch.put_metric_data(Namespace="probe", MetricData=[{"MetricName": "probe", "Value": 1.0}])
    (found,) = cloudwatch.describe_alarms(AlarmNames=[f"{alarm}_{cloud.suffix}"])["MetricAlarms"]
    return found["StateValue"]


def counted(cloud: LocalCloud, name: str, provider: str, at_least: int) -> None:
    """Waits until the metric of the provider has reached a number."""
    eventually(cloud, lambda: ledger.metric_sum(cloud, name, provider=provider) >= at_least)


@pytest.fixture(scope="module", autouse=True)
def quiet_before_anything_came(own_cloud: LocalCloud) -> str:
    """The state of the alarm on silence before the first request."""
    return state(own_cloud, "gateway_quiet")


def test_no_request_rings_and_the_first_one_ends_it(own_cloud: LocalCloud, quiet_before_anything_came: str) -> None:
    assert quiet_before_anything_came == "ALARM"
    assert post_stripe(own_cloud, json.dumps(stripe_event()).encode()).status == 200
    assert state(own_cloud, "gateway_quiet") == "OK"


def test_a_genuine_webhook_ends_the_silence_of_its_provider_alone(own_cloud: LocalCloud) -> None:
    counted(own_cloud, "Stored", "stripe", 1)
    assert state(own_cloud, "silence_stripe") == "OK"
    assert state(own_cloud, "silence_square") == "ALARM"
    # Without a model the emulator says nothing of a band.
    assert state(own_cloud, "silence_adyen") == "INSUFFICIENT_DATA"


def test_that_nothing_came_is_told_from_all_that_was_rejected(own_cloud: LocalCloud) -> None:
    assert state(own_cloud, "all_rejected_square") == "OK"
    for route in ("/square", "/stripe"):
        assert post(own_cloud, b'{"forged":true}', route=route).status == 200
        counted(own_cloud, "Rejected", route[1:], 1)
    assert state(own_cloud, "all_rejected_square") == "ALARM"
    assert state(own_cloud, "silence_square") == "ALARM"
    # Something genuine came from the other.
    assert state(own_cloud, "all_rejected_stripe") == "OK"
    assert state(own_cloud, "silence_stripe") == "OK"


def test_three_forged_webhooks_of_a_provider_ring(own_cloud: LocalCloud) -> None:
    for number in range(REJECTED):
        assert state(own_cloud, "rejected_adyen") == "OK", number
        assert post(own_cloud, b'{"forged":%d}' % number, route="/adyen").status == 200
        counted(own_cloud, "Rejected", "adyen", number + 1)
    assert state(own_cloud, "rejected_adyen") == "ALARM"


def test_a_genuine_webhook_among_them_keeps_it_silent(own_cloud: LocalCloud, payhook: Path) -> None:
    genuine = [payhook, "send", "--endpoint", own_cloud.endpoint, "--api-key", own_cloud.api_key,
               "--provider", "standardwebhooks", "--secrets-file", own_cloud.keys_file]  # fmt: skip
    subprocess.run(genuine, check=True, capture_output=True)
    counted(own_cloud, "Stored", "standardwebhooks", 1)
    for number in range(REJECTED):
        body = b'{"forged":%d}' % number
        assert post(own_cloud, body, stripe_headers("nobody's", body), route="/standardwebhooks").status == 200
    counted(own_cloud, "Rejected", "standardwebhooks", REJECTED)
    assert state(own_cloud, "rejected_standardwebhooks") == "OK"


def test_wrong_api_keys_ring(own_cloud: LocalCloud) -> None:
    assert state(own_cloud, "gateway_4xx_share") == "OK"
    for _ in range(20):
        assert post(own_cloud, b"{}", api_key="wrong").status == 403
    assert state(own_cloud, "gateway_4xx_share") == "ALARM"


def test_a_share_of_events_without_a_currency_rings(own_cloud: LocalCloud) -> None:
    least = LIMITS["alarms"]["incomplete_stored_min"]
    incomplete = least * LIMITS["alarms"]["incomplete_percent"] // 100 + 1
    before = ledger.metric_sum(own_cloud, "Stored", provider="stripe")
    assert state(own_cloud, "incomplete_share") == "OK"
    for number in range(least):
        event = stripe_event(currency=None) if number < 2 * incomplete else stripe_event()
        assert post_stripe(own_cloud, json.dumps(event).encode()).status == 200
    counted(own_cloud, "Stored", "stripe", before + least)
    counted(own_cloud, "Incomplete", "stripe", 2 * incomplete)
    assert state(own_cloud, "incomplete_share") == "ALARM"


def test_an_event_of_an_unlisted_type_rings(own_cloud: LocalCloud) -> None:
    assert state(own_cloud, "unknown_event_type") != "ALARM"
    event = stripe_event() | {"type": "payment_intent.teleported"}
    assert post_stripe(own_cloud, json.dumps(event).encode()).status == 200
    counted(own_cloud, "UnknownType", "stripe", 1)
    assert state(own_cloud, "unknown_event_type") == "ALARM"


def test_two_amounts_of_one_refund_ring(own_cloud: LocalCloud) -> None:
    assert state(own_cloud, "money_contradicted") == "OK"
    refund = {"id": "re_twice", "object": "refund", "payment_intent": "pi_twice", "status": "succeeded"}
    for amount in (300, 301):
        told = refund | {"amount": amount, "currency": "usd"}
        event = stripe_event() | {"type": "refund.updated", "data": {"object": told}}
        assert post_stripe(own_cloud, json.dumps(event).encode()).status == 200
    counted(own_cloud, "Contradicted", "stripe", 1)
    assert state(own_cloud, "money_contradicted") == "ALARM"
