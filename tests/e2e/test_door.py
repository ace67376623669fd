"""What the door refuses is answered clearly and never queued; what it accepts arrives byte for byte."""

import json
from collections.abc import Iterator

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import PROVED_AS, LocalCloud
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, records_of, stripe_event

REFUSED = {
    "no api key": (b'{"id":"door-1"}', "application/json", None, 403, "forbidden"),
    "a wrong api key": (b'{"id":"door-2"}', "application/json", "nobody", 403, "forbidden"),
    "empty": (b"", "application/json", "", 400, "bad_request"),
    "an empty object": (b"{}", "application/json", "", 400, "bad_request"),
    "a media type of no provider": (b"id,amount", "text/csv", "", 415, "unsupported_media_type"),
    "above the queue's limit": (
        b'"' + b"a" * LIMITS["webhook_queue"]["max_message_bytes"] + b'"', "application/json", "", 413, "too_large",
    ),
    "above 1 MiB": (b'"' + b"a" * (1 << 20) + b'"', "application/json", "", 413, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_the_door_and_not_queued(cloud: LocalCloud, case: str) -> None:
    body, content_type, api_key, status, error = REFUSED[case]
    answer = post(cloud, body, content_type=content_type, api_key=api_key)
    assert answer.status == status
    refusal = json.loads(answer.body)
    assert refusal["accepted"] is False
    assert refusal["error"] == error
    assert ledger.wait_until_drained(cloud)
    assert audit_lines_of(cloud, body) == []


def test_a_body_above_ten_megabytes_is_refused_and_not_queued(cloud: LocalCloud) -> None:
    """AWS answers in words of its own, which cannot be changed: the status is all that is said here."""
    body = b'"' + b"a" * 11_000_000 + b'"'
    assert post(cloud, body).status == 413
    assert ledger.wait_until_drained(cloud)
    assert audit_lines_of(cloud, body) == []


@pytest.fixture
def narrow_plan(cloud: LocalCloud) -> Iterator[None]:
    """A usage plan that lets nearly nothing through."""
    gateway = cloud.clients.apigateway
    plans = gateway.get_usage_plans(limit=500)["items"]
    (plan,) = [plan for plan in plans if plan["name"] == f"webhook_usage_plan_{PROVED_AS}_{cloud.suffix}"]
    limits = LIMITS["gateway"]

    def throttle(rate: int, burst: int) -> None:
        operations = [
            {"op": "replace", "path": "/throttle/rateLimit", "value": str(rate)},
            {"op": "replace", "path": "/throttle/burstLimit", "value": str(burst)},
        ]
        gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)

    throttle(1, 1)
    yield
    throttle(limits["throttle_rate"], limits["throttle_burst"])


@pytest.mark.usefixtures("narrow_plan")
def test_over_the_limit_is_answered_429_and_not_queued(cloud: LocalCloud) -> None:
    bodies = [json.dumps({"id": f"over-{number}"}).encode() for number in range(20)]
    answers = [post(cloud, body) for body in bodies]
    throttled = [body for body, answer in zip(bodies, answers, strict=True) if answer.status == 429]
    assert throttled
    assert {answer.status for answer in answers} <= {200, 429}
    assert all(json.loads(a.body)["error"] == "too_many_requests" for a in answers if a.status == 429)
    assert ledger.wait_until_drained(cloud)
    for body in throttled:
        assert audit_lines_of(cloud, body) == []


AWKWARD = {
    "form characters": r"a+b&c=d%20e%%25\" \\ ; / ? # $input.body ${x} #if(true)",
    "not ASCII": "Grüße, 東京, 🦀, \u0000-free, e\u0301",
    "line ends": "a\\r\\nb\\tc",
    # A payer's own text, or what is left of one that was cut short between two bytes.
    "replacement character": "caf\ufffd",
    # JSON takes these, and no queue does.
    "no characters of XML": "Zo\ufffe and \uffff, caf\ufffd, %EF%BF%BE",
}


@pytest.mark.parametrize("case", AWKWARD)
def test_a_body_arrives_byte_for_byte(cloud: LocalCloud, case: str) -> None:
    event = stripe_event()
    # Written by hand: two spaces and an odd order must survive as well.
    text = (
        json.dumps(event, ensure_ascii=False)[:-1]
        + ',  "note" : '
        + json.dumps(AWKWARD[case], ensure_ascii=False)
        + " }\n"
    )
    body = text.encode()
    assert post_stripe(cloud, body).status == 200
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    assert (line["verdict"], line["body_bytes"]) == ("stored", len(body))
    assert len(eventually(cloud, lambda: records_of(cloud, event["id"]))) == 1


@pytest.mark.parametrize("character", ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x0e", "\x1f", "\ufffe", "\uffff"])
def test_the_queue_refuses_what_the_template_sends_in_base64(cloud: LocalCloud, character: str) -> None:
    """Without that, the provider would be told 400."""
    sqs = cloud.clients.sqs
    with pytest.raises(sqs.exceptions.ClientError) as refusal:
        sqs.send_message(QueueUrl=cloud.outputs["webhook_queue_url"], MessageBody=f"a{character}b")
    assert refusal.value.response["Error"]["Code"] == "InvalidMessageContents"


def test_each_provider_gets_the_answer_it_expects(cloud: LocalCloud) -> None:
    assert post(cloud, b'{"id":"answer-1"}', route="/adyen").body == "[accepted]"
    assert json.loads(post(cloud, b'{"id":"answer-2"}', route="/stripe").body) == {"accepted": True}
    assert json.loads(post(cloud, b'{"id":"answer-3"}', route="").body) == {"accepted": True}
