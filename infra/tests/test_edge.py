"""The function at the edge, run by Node as CloudFront would run it, and what the distribution around it must be."""

import json
import re
import subprocess
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.lib.catalogue import read_catalogue
from infra.lib.edge import LOGGED, function_code
from infra.lib.settings import Settings

KEY = "k3Y_of-twenty-and-more-characters"
VIEWER = "203.0.113.7"
# CloudFront's limit: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html, read 2026-11-25.
FUNCTION_BYTES_MAX = 10_240
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000"


def run(uri: str, query: dict[str, Any] | None = None, method: str = "POST", **headers: str) -> dict[str, Any]:
    """What the function makes of one request."""
    event = {
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": VIEWER},
        "request": {
            "method": method,
            "uri": uri,
            "querystring": query or {},
            "headers": {name.replace("_", "-"): {"value": value} for name, value in headers.items()},
            "cookies": {"session": {"value": "s"}},
        },
    }
    script = f"{function_code()}\nprocess.stdout.write(JSON.stringify(handler({json.dumps(event)})));"
    return json.loads(subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    ("uri", "query", "passed_on"),
    [
        (f"/webhook/stripe/{KEY}", {}, "/webhook/stripe"),
        (f"/webhook/stripe/{KEY}/", {}, "/webhook/stripe"),
        ("/webhook/stripe", {"key": {"value": KEY}}, "/webhook/stripe"),
        ("/webhook/stripe/", {"key": {"value": KEY}}, "/webhook/stripe"),
        ("/webhook", {"key": {"value": KEY}}, "/webhook"),
        ("/webhook/stripe", {"key": {"value": KEY}, "other": {"value": KEY}}, "/webhook/stripe"),
    ],
)
def test_the_key_goes_into_the_header_and_nowhere_else(uri: str, query: dict[str, Any], passed_on: str) -> None:
    request = run(uri, query, x_api_key="what the sender wrote", x_viewer_ip="198.51.100.1")
    assert request["uri"] == passed_on
    assert request["headers"].pop("x-api-key") == {"value": KEY}
    assert request["headers"]["x-viewer-ip"] == {"value": VIEWER}
    assert request["querystring"] == {}
    assert request["cookies"] == {}
    assert KEY not in json.dumps(request)


def test_a_key_in_the_header_is_left_there() -> None:
    request = run("/webhook/stripe", x_api_key=KEY, stripe_signature="t=1,v1=2")
    assert request["headers"]["x-api-key"] == {"value": KEY}
    assert request["headers"]["stripe-signature"] == {"value": "t=1,v1=2"}


def test_without_a_key_the_gateway_decides() -> None:
    request = run("/webhook/stripe")
    assert "x-api-key" not in request["headers"]
    assert request["uri"] == "/webhook/stripe"


@pytest.mark.parametrize(
    ("uri", "query", "status"),
    [
        ("/", {}, 403),
        ("/live/webhook/stripe", {}, 403),
        ("/webhooks/stripe", {}, 403),
        ("/webhook//stripe", {}, 403),
        (f"/webhook/{KEY}", {}, 403),
        (f"/webhook/stripe/{KEY}/more", {}, 403),
        (f"/webhook/stripe/{KEY}%2F", {}, 403),
        ("/webhook/stripe/tooshort", {}, 403),
        ("/webhook/stripe/" + "k" * 129, {}, 403),
        ("/webhook/Stripe", {}, 403),
        ("/webhook/../admin", {}, 403),
        ("/webhook/stripe", {"key": {"value": ""}}, 403),
        ("/webhook/stripe", {"key": {"value": "too short"}}, 403),
        ("/webhook/stripe", {"key": {"value": KEY, "multiValue": [{"value": KEY}, {"value": "other"}]}}, 403),
        (f"/webhook/stripe/{KEY}", {"key": {"value": KEY}}, 403),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_here_and_not_repeated(
    uri: str, query: dict[str, Any], status: int
) -> None:
    answer = run(uri, query)
    assert answer["statusCode"] == status
    body = json.loads(answer["body"])
    assert body["accepted"] is False
    assert body["error"] == "forbidden"
    assert KEY not in json.dumps(answer)
    assert answer["headers"]["cache-control"] == {"value": "no-store"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused_here(method: str) -> None:
    answer = run(f"/webhook/stripe/{KEY}", method=method)
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == {"value": "GET, POST"}


def test_a_handshake_keeps_its_own_parameter_and_no_other() -> None:
    query = {"bt_challenge": {"value": "c4a11e"}, "key": {"value": KEY}, "more": {"value": "1"}}
    request = run("/webhook/braintree", query, method="GET")
    assert request["querystring"] == {"bt_challenge": {"value": "c4a11e"}}
    assert request["headers"]["x-api-key"] == {"value": KEY}
    assert run("/webhook/braintree", query)["querystring"] == {}
    twice = {"bt_challenge": {"value": "a", "multiValue": [{"value": "a"}, {"value": "b"}]}}
    assert run("/webhook/braintree", twice, method="GET")["querystring"] == {}


def test_the_parameters_are_those_of_the_catalogue() -> None:
    named = re.search(r"var HANDSHAKE_PARAMETERS = (\[.*?\]);", function_code())
    assert named is not None
    assert json.loads(named[1]) == sorted({name for p in read_catalogue() for name in p.handshake_parameters})


def test_the_function_is_small_enough() -> None:
    assert len(function_code().encode()) <= FUNCTION_BYTES_MAX


def test_every_provider_of_the_catalogue_has_a_path() -> None:
    for provider in read_catalogue():
        assert run(f"/webhook/{provider.name}/{KEY}")["uri"] == f"/webhook/{provider.name}"


def test_nothing_in_the_log_can_hold_a_key() -> None:
    assert not [
        field for field in LOGGED if "uri" in field.lower() or "referer" in field.lower() or "cookie" in field.lower()
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"firewall": False}, "the edge needs the firewall"),
        ({"edge_domain": None}, "pulumi config set edge_domain"),
        ({"edge_domain": "no domain"}, "pulumi config set edge_domain"),
        ({"edge_certificate_arn": None}, "pulumi config set edge_certificate_arn"),
        ({"edge_certificate_arn": CERTIFICATE.replace("us-east-1", "us-east-2")}, "in us-east-1"),
        ({"edge_secret_generation": 0}, "counts from 1"),
    ],
)
def test_what_an_edge_cannot_do_without_is_said(change: dict[str, Any], says: str) -> None:
    told: dict[str, Any] = {"edge_domain": "hooks.example.com", "edge_certificate_arn": CERTIFICATE}
    assert Settings("dev", "0" * 12, **told).edge
    with pytest.raises(ValueError, match=re.escape(says)):
        Settings("dev", "0" * 12, **(told | change))
    assert not Settings("dev", "0" * 12, edge=False).edge


def _of_type(config: dict[str, str], end: str) -> list[dict[str, Any]]:
    return [resource for resource in evaluated(config=config).graph() if resource["type"].endswith(end)]


def test_a_secret_is_replaced_without_a_gap() -> None:
    first, third = ({"payhook:edge_secret_generation": str(n)} for n in (1, 3))
    (rule,) = [rule for rule in _of_type(first, ":WebAcl")[0]["properties"]["rules"] if rule["name"] == "past_the_edge"]
    assert json.dumps(rule).count("searchString") == 1
    (acl,) = _of_type(third, ":WebAcl")
    (rule,) = [rule for rule in acl["properties"]["rules"] if rule["name"] == "past_the_edge"]
    (distribution,) = _of_type(third, ":Distribution")
    sent = distribution["properties"]["origins"][0]["customHeaders"][0]["value"]
    known = re.findall(r'"searchString": "([^"]+)"', json.dumps(rule))
    assert len(known) == 2
    assert known[0] == sent
    # The firewall has both before CloudFront sends the new one.
    assert acl["urn"] in distribution["options"]["dependencies"]


def test_without_an_edge_nothing_of_it_is_left() -> None:
    graph = evaluated(config={"payhook:edge": "false"}).graph()
    assert not [r for r in graph if "cloudfront" in r["type"] or "random" in r["type"] or "edge" in r["name"]]
    text = json.dumps(graph)
    assert "x-viewer-ip" not in text
    assert "past_the_edge" not in text
    assert "$context.identity.sourceIp" in text
