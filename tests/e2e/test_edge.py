"""The edge, with the real distribution's configuration and function: keys in addresses, and nobody past it."""

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import Answer, eventually, post, stripe_event, stripe_headers, stripe_key

NO_KEY = {"accepted": False, "error": "forbidden", "message": "a valid x-api-key is needed"}


def _genuine(cloud: LocalCloud, address_end: str, **more: str) -> tuple[str, Answer]:
    """A genuine webhook sent to an address that has the key in it; its event id."""
    event = stripe_event()
    body = json.dumps(event).encode()
    headers = stripe_headers(stripe_key(cloud), body) | more
    return event["id"], post(cloud, body, headers, route=f"/stripe{address_end}", api_key=None)


def _audit_line(cloud: LocalCloud, event_id: str) -> dict[str, Any] | None:
    lines = ledger.audit_lines(cloud)
    return next((line for line in lines if event_id in json.dumps(line.get("events", []))), None)


@pytest.mark.parametrize("end", ["/{key}", "/{key}/", "?key={key}", "/?key={key}"])
def test_a_key_in_the_address_opens_the_door(cloud: LocalCloud, end: str) -> None:
    event_id, answer = _genuine(cloud, end.format(key=cloud.api_key))
    assert answer == Answer(200, '{"accepted":true}')
    eventually(cloud, lambda: any(record["event_id"] == event_id for record in ledger.records(cloud)))


@pytest.mark.parametrize("end", ["", "/" + "k" * 40, "?key=" + "k" * 40])
def test_without_the_right_key_it_stays_shut(cloud: LocalCloud, end: str) -> None:
    _, answer = _genuine(cloud, end)
    assert answer.status == 403
    assert json.loads(answer.body) == NO_KEY


def test_nobody_comes_past_the_edge(cloud: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    for headers in ({}, {"x-origin-secret": ""}, {"x-origin-secret": "guessed"}):
        answer = post(cloud, body, headers, past_edge=True)
        assert answer.status == 403
        assert json.loads(answer.body)["message"] == "refused by the firewall"


def test_plain_http_is_refused(cloud: LocalCloud) -> None:
    """By its own host name the distribution is spoken to in the clear here."""
    host = cloud.outputs["edge_domain_name"]
    request = urllib.request.Request(
        f"{cloud.aws_endpoint}/webhook/stripe/{cloud.api_key}", data=b"{}", headers={"host": host}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_end_at_the_edge(cloud: LocalCloud, method: str) -> None:
    assert post(cloud, b"", route=f"/stripe/{cloud.api_key}", api_key=None, method=method).status == 405


def test_the_address_of_the_sender_is_the_edges_word(cloud: LocalCloud) -> None:
    event_id, answer = _genuine(cloud, f"/{cloud.api_key}", **{"x-viewer-ip": "198.51.100.9"})
    assert answer.status == 200
    line = eventually(cloud, lambda: _audit_line(cloud, event_id))
    assert line is not None
    assert line["source_ip"] == "127.0.0.1"


def test_the_key_is_kept_nowhere(cloud: LocalCloud) -> None:
    event_id, _ = _genuine(cloud, f"/{cloud.api_key}?mark={uuid.uuid4().hex}")
    eventually(cloud, lambda: _audit_line(cloud, event_id))
    _genuine(cloud, f"/{cloud.api_key}/more")
    _genuine(cloud, f"/{cloud.api_key}?key={cloud.api_key}")
    logs = [message for group in ("/aws/", "API-Gateway-", "aws-waf-") for message in ledger.log_messages(cloud, group)]
    assert logs
    assert not [message for message in logs if cloud.api_key in message]
    assert not [record for record in ledger.records(cloud) if cloud.api_key in json.dumps(record)]
    assert cloud.api_key not in json.dumps(ledger.audit_lines(cloud))
    secret = json.dumps(cloud.clients.wafv2.get_web_acl_for_resource(ResourceArn=_stage_arn(cloud)), default=str)
    assert cloud.api_key not in secret


def _stage_arn(cloud: LocalCloud) -> str:
    api = cloud.outputs["api_endpoint_url"].removeprefix("https://").partition(".")[0]
    return f"arn:aws:apigateway:us-east-2::/restapis/{api}/stages/live"
