"""Before a provider sends it may ask whether the address is ours: by the same address, with the same key, and the function that knows the secret answers."""

import datetime
import hashlib
import hmac
import json
import time
import uuid
from pathlib import Path

from infra.lib.catalogue import read_catalogue
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo.__main__ import proof
from tests.e2e.door import eventually, post
from tests.e2e.faults import logged

ASKING = [provider for provider in read_catalogue() if provider.handshake_method]
(CHALLENGER,) = [provider.name for provider in ASKING if provider.handshake_parameters]
(VISITOR,) = [provider.name for provider in ASKING if not provider.handshake_parameters]
CHALLENGE = uuid.uuid4().hex
# So many handshakes of a provider at once, then one a second.
BURST, PER_SECOND = 5, 1


def ask(cloud: LocalCloud, provider: str, query: str = "", key: str | None = None) -> tuple[int, str]:
    address_end = f"/{provider}/{cloud.api_keys[provider] if key is None else key}{query}"
    answer = post(cloud, b"", route=address_end, api_key=None, method="GET")
    return answer.status, answer.body


def test_a_challenge_is_answered_with_its_signature(cloud: LocalCloud) -> None:
    public, _, private = json.loads(cloud.keys_file.read_text())[CHALLENGER]["keys"][0].partition("|")
    # Braintree, which signs with SHA-1.
    signature = hmac.new(hashlib.sha1(private.encode()).digest(), CHALLENGE.encode(), hashlib.sha1).hexdigest()  # noqa: S324
    assert ask(cloud, CHALLENGER, f"?bt_challenge={CHALLENGE}") == (200, f"{public}|{signature}")
    assert not logged(cloud, "webhook_processor", CHALLENGE)


def test_a_health_check_finds_the_endpoint_alive(cloud: LocalCloud) -> None:
    assert ask(cloud, VISITOR) == (200, '{"accepted":true}')


def test_nobody_else_is_answered(cloud: LocalCloud) -> None:
    assert ask(cloud, "stripe")[0] == 404
    assert ask(cloud, CHALLENGER)[0] == 400
    assert ask(cloud, CHALLENGER, "?bt_challenge=%3Cxml%3E")[0] == 400
    assert ask(cloud, CHALLENGER, f"?bt_challenge={CHALLENGE}", key="x" * 40)[0] == 403


def test_a_flood_of_handshakes_does_not_wake_the_function(cloud: LocalCloud) -> None:
    """Whoever has a key cannot keep the function from the queue: one a second goes on."""
    begun = time.monotonic()
    statuses = [ask(cloud, "adyen")[0] for _ in range(20)]
    went_on = len([status for status in statuses if status != 429])
    assert went_on <= BURST + PER_SECOND * (time.monotonic() - begun) + 1
    assert statuses[0] == 404


def test_a_handshake_is_no_webhook(own_cloud: LocalCloud, payhook: Path) -> None:
    """Nothing is stored, and what is accounted for by the access log is not missed."""
    assert ask(own_cloud, VISITOR)[0] == 200
    assert ledger.wait_until_drained(own_cloud)
    assert ledger.records(own_cloud) == []
    log = f"/aws/apigateway/webhook_api_{own_cloud.suffix}"
    assert eventually(own_cloud, lambda: any('"GET"' in line for line in ledger.log_messages(own_cloud, log)))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    status, text = proof(own_cloud, payhook, "reconcile", "--day", today)
    assert status == 0, text
