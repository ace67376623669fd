"""What never came is found in the provider's own records, and comes back: against a Stripe account that is not ours."""

import datetime
import itertools
import json
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import eventually, post_stripe, stripe_event
from tests.e2e.stripe_account import RESTRICTED_KEY, SECRET_KEY, Account, account_of, ask, published_api

PAYMENTS = (1_000, 2_500, 399, 12_000, 50)


@pytest.fixture(scope="module")
def account(own_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with account_of(own_cloud, tmp_path_factory.mktemp("stripe")) as account:
        secret = json.dumps({"keys": [RESTRICTED_KEY], "api_url": account.url})
        own_cloud.clients.secretsmanager.create_secret(Name=secret_name(own_cloud), SecretString=secret)
        yield account


def secret_name(cloud: LocalCloud) -> str:
    return f"api_secret_stripe_{cloud.suffix}"


def run(cloud: LocalCloud, payhook: Path, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A command about the last hours of Stripe: nothing of the account's is older."""
    from_day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return subprocess.run(
        [payhook, command, "--provider", "stripe", "--from", from_day, "--early", *more],
        env=ledger.stack_environment(cloud),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def gaps(cloud: LocalCloud, payhook: Path) -> dict[str, Any]:
    result = run(cloud, payhook, "gaps", "--json")
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)["report"]


def stored(cloud: LocalCloud) -> dict[str, dict[str, str]]:
    return {record["event_id"]: record for record in ledger.records(cloud)}


def test_exactly_what_was_dropped_is_found_and_brought_back(
    own_cloud: LocalCloud, payhook: Path, account: Account
) -> None:
    cloud = own_cloud
    # Every second event does not get through, whatever it tells, and one payment is not heard of at all.
    numbers = itertools.count()
    account.drops = lambda _: next(numbers) % 2 == 0
    paid = {account.pay(amount): amount for amount in PAYMENTS}
    eventually(cloud, lambda: account.dropped.keys() | account.delivered.keys() == account.events())
    account.drops = lambda _: True
    unheard = account.pay(77_700)
    every = account.events()
    eventually(cloud, lambda: account.dropped.keys() | account.delivered.keys() == every)
    eventually(cloud, lambda: stored(cloud).keys() == account.delivered.keys())
    assert len(account.delivered) > 1
    assert len(account.dropped) > 2

    # Found: these and no others.
    report = gaps(cloud, payhook)
    assert {gap["id"] for gap in report["missing"]} == set(account.dropped)
    assert report["listed"] == len(every)
    assert report["not_listed"] == report["not_yet"] == []
    said = run(cloud, payhook, "gaps")
    assert said.returncode == 1
    assert f"{len(account.dropped)} missing: `payhook backfill` brings them back" in said.stderr
    # Stripe goes on trying for three days: until then nothing counts as missing unless it is asked for.
    without = [part for part in said.args if part != "--early"]
    patient = subprocess.run(
        without, env=ledger.stack_environment(cloud), capture_output=True, text=True, timeout=120, check=False
    )
    assert patient.returncode == 0
    assert "may still come by itself" in patient.stdout

    # A dry run does nothing.
    dry = run(cloud, payhook, "backfill")
    assert dry.returncode == 0, dry.stderr
    assert "nothing was done, --execute does it" in dry.stdout
    assert len(gaps(cloud, payhook)["missing"]) == len(account.dropped)

    # Brought back: through queue, judge, masking and audit, and marked.
    done = run(cloud, payhook, "backfill", "--execute", "--rate", "50")
    assert done.returncode == 0, done.stderr
    eventually(cloud, lambda: stored(cloud).keys() == every)
    assert gaps(cloud, payhook)["missing"] == []
    records = stored(cloud)
    for event_id in account.dropped:
        assert "127.0.0.1" in records[event_id]["fetched"]
    for event_id in account.delivered:
        assert "fetched" not in records[event_id]
    lines = {line["keys"][0]["timestamp"].split("#")[1]: line for line in ledger.audit_lines(cloud) if line["keys"]}
    assert {event for event, line in lines.items() if "fetched" in line} == set(account.dropped)

    # Every payment is counted once, whichever way its events came.
    captured = {
        item["movement_id"]["S"]: int(item["amount_minor"]["N"])
        for item in ledger.movements(cloud)
        if item["movement_kind"]["S"] == "capture"
    }
    assert captured == {**paid, unheard: 77_700}

    # Again: nothing is stored twice.
    again = run(cloud, payhook, "backfill", "--execute")
    assert again.returncode == 0
    assert "nothing is missing" in again.stdout
    assert len(ledger.records(cloud)) == len(every)


def test_what_the_account_does_not_know_is_said(own_cloud: LocalCloud, payhook: Path, account: Account) -> None:
    event = stripe_event("evt_of_another_account")
    assert post_stripe(own_cloud, json.dumps(event).encode()).status == 200
    eventually(own_cloud, lambda: "evt_of_another_account" in stored(own_cloud))
    assert [gap["id"] for gap in gaps(own_cloud, payhook)["not_listed"]] == ["evt_of_another_account"]


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ({"keys": [SECRET_KEY]}, "may move money"),
        ({"keys": []}, "has no key"),
        ({"keys": ["rk_test_expired"]}, "refused the API key with status 401"),
        ({"keys": [RESTRICTED_KEY], "api_url": "http://api.stripe.com"}, "is not https://HOST"),
    ],
)
def test_a_key_that_will_not_do_is_refused_in_words(
    own_cloud: LocalCloud, payhook: Path, account: Account, secret: dict[str, Any], says: str
) -> None:
    secrets = own_cloud.clients.secretsmanager
    secrets.put_secret_value(
        SecretId=secret_name(own_cloud), SecretString=json.dumps({"api_url": account.url, **secret})
    )
    result = run(own_cloud, payhook, "gaps")
    right = json.dumps({"keys": [RESTRICTED_KEY], "api_url": account.url})
    secrets.put_secret_value(SecretId=secret_name(own_cloud), SecretString=right)
    assert result.returncode in (1, 2)
    assert says in result.stderr
    assert not any(key in result.stderr for key in secret["keys"])


def test_the_request_is_one_that_stripes_own_server_knows(
    own_cloud: LocalCloud, payhook: Path, account: Account, tmp_path: Path
) -> None:
    """stripe-mock refuses what Stripe's published OpenAPI document does not have."""
    with published_api(tmp_path) as address:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(address + "/v1/events?made[gte]=1")
        account.stripe, localstripe = address, account.stripe
        try:
            result = run(own_cloud, payhook, "gaps", "--json")
            endpoints = subprocess.run(
                [payhook, "endpoints", "--provider", "stripe", "--json"],
                env=ledger.stack_environment(own_cloud),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        finally:
            account.stripe = localstripe
    assert [endpoint["url"] for endpoint in json.loads(endpoints.stdout)["endpoints"]] != []
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["requests"] == 1


def test_an_api_that_is_down_stores_nothing_and_says_so(own_cloud: LocalCloud, payhook: Path, account: Account) -> None:
    before = stored(own_cloud)
    account.refuses_with = 400
    result = run(own_cloud, payhook, "backfill", "--execute")
    account.refuses_with = 0
    assert result.returncode == 1
    assert "refused the request for events with status 400" in result.stderr
    assert stored(own_cloud) == before
