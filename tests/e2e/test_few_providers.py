"""A stack with some of the providers: webhooks of another one are of an unknown provider, whoever has a key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.lib.limits import FUNCTIONS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud, start
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, records_of, stripe_event


@pytest.fixture(scope="module")
def few(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A stack with two providers."""
    options = {"providers": "stripe,standardwebhooks"}
    cloud = start(tmp_path_factory.mktemp("few") / "state", zips, "few", options=options)
    yield cloud
    cloud.stop()


def test_another_providers_webhook_is_rejected_and_no_dead_letter(few: LocalCloud) -> None:
    body = b'{"id":"of nobody here"}'
    assert post(few, body, route="/paypal").status == 200
    (line,) = eventually(few, lambda: audit_lines_of(few, body))
    assert (line["verdict"], line["reason"]) == ("rejected", "unknown_provider")
    event = stripe_event()
    assert post_stripe(few, json.dumps(event).encode()).status == 200
    assert len(eventually(few, lambda: records_of(few, event["id"]))) == 1
    assert [ledger.dead_letter_depth(few, function) for function in FUNCTIONS] == [0, 0, 0]
    assert not [text for text in ledger.log_messages(few, "/aws/lambda/") if "AccessDenied" in text]


def test_another_providers_handshake_is_not_answered(few: LocalCloud) -> None:
    assert post(few, b"", route="/braintree?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", method="GET").status == 404


def test_a_sender_cannot_choose_the_id_by_which_a_webhook_is_audited(few: LocalCloud) -> None:
    bodies = [json.dumps(stripe_event()).encode() for _ in range(2)]
    for body in bodies:
        assert post(few, body, {"x-amzn-requestid": "chosen", "x-amz-apigw-id": "chosen"}).status == 200
    lines = [eventually(few, lambda body=body: audit_lines_of(few, body))[0] for body in bodies]
    ids = {line["request_id"] for line in lines}
    assert len(ids) == 2
    assert not [one for one in ids if "chosen" in one]
    access = [json.loads(text) for text in ledger.log_messages(few, "/aws/apigateway/")]
    assert ids <= {line["requestId"] for line in access}
