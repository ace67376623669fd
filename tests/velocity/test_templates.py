"""Every mapping template of the reviewed stack means the same in Apache Velocity as in the local
cloud, and means what it should.

API Gateway renders templates with Velocity; the local cloud renders them with airspeed, which once
read a template that Velocity renders empty. So each case is rendered by both, and what it means is
checked on its own.
"""

import base64
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from lib.catalogue import read_catalogue
from lib.gateway_templates import ACCEPTED, CALLER_ADDRESS, PATH_PROVIDER, request_template
from tests.velocity.engines import VERSIONS, Case, Rendered, with_emulator, with_velocity

SNAPSHOT = Path(__file__).resolve().parents[2] / "infra/snapshots/stack_dev.json"
PROVIDERS = read_catalogue()
WANTED = {header for provider in PROVIDERS for header in provider.forwarded_headers}
VIEWER, CALLER = "203.0.113.9", "198.51.100.7"
CONTEXT = {
    "requestId": "chosen",
    "extendedRequestId": "a+b/c=",
    "identity.sourceIp": CALLER,
    "path": "/live/webhook/stripe",
}
SIGNATURE = 't=1,v1=ab&h.x=y&provider=adyen%26+="\\é'

BODIES = {
    "json": '{"id":1}',
    "form": "a=1&b=%20+%EF%BF%BD&&=",
    "quotes": '"\'\\"{}"',
    "lines": ' \r\n\t{\n "a" : 1 }\n',
    "not_ascii": "Zoë €5 – 日本 🙂",
    "template": "$input.body #set($headers = 1)#if(true)x#end ${request} #elseAction \\$context.requestId",
    "braces_inside": '{"a":{}}',
    "large": '{"a":"' + "é%" * 20_000 + '"}',
    # What the gateway puts in place of bytes that are not UTF-8, and what a payer's cut-off name has.
    "replacement_character": '{"name":"caf\ufffd"}',
    "nothing_but_it": "\ufffd",
    "allowed_controls": '{"a":\t1,\r\n"b":"\x7f\x85\u2028\ufeff"}',
    # Beside what no queue takes: the next characters, those of the higher planes, texts that look so.
    "neighbours": "\x20\ud7ff\ue000\uffef\ufdd0\U00010000\U0001fffe\U0001ffff\U0010fffe\U0010ffff",
    "looks_encoded": '{"a":"%EF%BF%BE%EF%BF%BF%00%1F%ef%bf%be%25EF","b":"\\uFFFE\\u0000"}',
    "looks_sent_in_base64": "eyJpZCI6MX0=&encoding=base64",
}
# What XML 1.0 calls no character, and so no queue takes (surrogates are in no UTF-8).
NO_CHARACTERS = [*(chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"), "\ufffe", "\uffff"]
IN_BASE64 = {
    **{f"u{ord(one):04x}": f'{{"name":"Zoë {one} %EF"}}' for one in NO_CHARACTERS},
    "alone": "\uffff",
    "at_the_ends": "\0{}\ufffe",
    "mixed": '{"a":"\ufffe\ufffd %EF%BF%BE \x07 🙂+&=&encoding=none"}',
    "not_for_a_queue_and_large": '{"a":"' + "é%\uffff" * 20_000 + '"}',
}
NOT_QUEUED = {
    "absent": None,
    "empty": "",
    # API Gateway's own word for no body.
    "no_body": "{}",
}
HEADERS = {
    "absent": {},
    "lower": {"stripe-signature": SIGNATURE},
    "title": {"Stripe-Signature": SIGNATURE},
    "upper": {"STRIPE-SIGNATURE": SIGNATURE},
    "empty": {"Stripe-Signature": ""},
    "twice_in_two_cases": {"stripe-signature": "first", "Stripe-Signature": "second"},
    "every_one": {header.title(): f"value of {header}" for header in sorted(WANTED)},
    "others": {"Accept": "*/*", "X-Api-Key": "k", "Signature": "s", "stripe-signature-x": "s", "h.stripe-signature": "s"},
    "encoding": {"Encoding": "base64", "Stripe-Signature": "&encoding=base64", "x-viewer-ip": "&encoding=base64"},
    # Names of methods and words of the language. No name of a header has a comma (RFC 9110, 5.6.2),
    # which the list of wanted names relies on.
    "hostile": dict.fromkeys(
        ["get", "keySet", "class", "$input", "#end", "a,b", ","], "evil"
    ) | {"Webhook-Id": "1"},
}  # fmt: skip
ADDRESSES = {
    "lower": ({"x-viewer-ip": VIEWER}, VIEWER),
    "title": ({"X-Viewer-Ip": VIEWER}, VIEWER),
    "absent": ({}, ""),
    # CloudFront sends one. Were there two, one field comes of it, which is the last.
    "twice": ({"x-viewer-ip": "192.0.2.1", "X-Viewer-Ip": VIEWER}, VIEWER),
}


def _templates(kind: str, field: str) -> dict[str, str]:
    """Each resource's template, which is one for all its content types."""
    found = {}
    for resource in json.loads(SNAPSHOT.read_text()):
        texts = set(resource["properties"].get(field, {}).values())
        if resource["type"].endswith(f":{kind}") and texts:
            (found[resource["name"]],) = texts
    return found


REQUESTS = _templates("Integration", "requestTemplates")
ANSWERS = _templates("IntegrationResponse", "responseTemplates")
PATTERNS: dict[str, str | None] = {
    resource["name"]: resource["properties"].get("selectionPattern")
    for resource in json.loads(SNAPSHOT.read_text())
    if resource["type"].endswith(":IntegrationResponse")
}
TO_SQS = {**REQUESTS, "without_edge": request_template(PROVIDERS, PATH_PROVIDER, CALLER_ADDRESS)}


def _route(name: str) -> dict[str, str]:
    return {} if name == "webhook_queue" else {"provider": "stripe"}


def _request_cases() -> list[Case]:
    cases = []
    for name, template in TO_SQS.items():
        for body_name, body in (BODIES | IN_BASE64 | NOT_QUEUED).items():
            headers = HEADERS["title"] | ADDRESSES["title"][0]
            cases.append(Case(f"{name}/body/{body_name}", template, body, _route(name), headers, CONTEXT))
        for headers_name, headers in HEADERS.items():
            cases.append(Case(f"{name}/headers/{headers_name}", template, "{1}", _route(name), headers, CONTEXT))
        for address, (headers, _) in ADDRESSES.items():
            cases.append(Case(f"{name}/address/{address}", template, "{1}", _route(name), headers, CONTEXT))
    return cases


def _said(code: str, message: str = "") -> str:
    """What SQS says, as the query protocol puts it in JSON, which the gateway asks for."""
    return json.dumps({"Error": {"Code": code, "Message": message, "Type": "Sender"}, "RequestId": "r"})


TOO_LONG = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
# The status of SQS's answer, the answer, and what the provider is told. Status and code of each
# error are those of the `awsQueryError` traits in SQS's Smithy model (`httpResponseCode`):
# https://github.com/aws/api-models-aws, models/sqs/service/2012-11-05, read 2026-11-27. An answer in
# XML has the same words.
SAID_BY_SQS: dict[str, tuple[int, str, int]] = {
    "sent": (200, '{"SendMessageResponse":{"SendMessageResult":{"MessageId":"m"}}}', 200),
    "too_long": (400, _said("InvalidParameterValue", TOO_LONG), 413),
    "too_long_in_xml": (400, f"<Error><Code>InvalidParameterValue</Code><Message>{TOO_LONG}</Message></Error>", 413),
    "too_large_for_its_front": (413, "", 413),
    "missing": (400, _said("MissingParameter", "The request must contain the parameter MessageBody."), 400),
    "characters": (400, _said("InvalidMessageContents", "Invalid binary character '#xFFFE' was found"), 400),
    "key_denied": (400, _said("KMS.AccessDeniedException"), 503),
    "key_disabled": (400, _said("KMS.DisabledException"), 503),
    "key_state": (400, _said("KMS.InvalidStateException"), 503),
    "key_usage": (400, _said("KMS.InvalidKeyUsageException"), 503),
    "key_not_found": (400, _said("KMS.NotFoundException"), 503),
    "key_opt_in": (403, _said("KMS.OptInRequired"), 503),
    "key_throttled": (400, _said("KMS.ThrottlingException"), 503),
    "no_queue": (400, _said("AWS.SimpleQueueService.NonExistentQueue"), 503),
    "unsupported": (400, _said("AWS.SimpleQueueService.UnsupportedOperation"), 503),
    "other_parameter": (400, _said("InvalidParameterValue", "Value for parameter DelaySeconds is invalid."), 503),
    "attribute": (400, _said("InvalidParameterValue", "Invalid binary character in message attribute"), 503),
    "throttled": (403, _said("RequestThrottled"), 503),
    "insecure": (403, _said("InvalidSecurity"), 503),
    "denied": (403, _said("AccessDenied"), 503),
    "address": (404, _said("InvalidAddress"), 503),
    "throttled_in_front": (429, "", 503),
    "moved": (307, "", 503),
    "nothing": (400, "", 503),
    "internal": (500, _said("InternalFailure"), 503),
    "unavailable": (503, _said("ServiceUnavailable"), 503),
}


def _answer_cases() -> list[Case]:
    paths = [f"/live/webhook/{provider.name}" for provider in PROVIDERS] + ["/live/webhook", "/live/webhook/other"]
    return [
        Case(f"{name}/{path}/{said}", template, text, {"provider": path.split("/")[-1]}, {}, {**CONTEXT, "path": path})
        for name, template in ANSWERS.items()
        for path in paths
        for said, (_, text, _) in SAID_BY_SQS.items()
    ]


# The request template of 2026-11-26, with one header: every webhook with a body was refused.
FAULTY = (
    "#set($request = \"provider=stripe&h.stripe-signature=$util.urlEncode($input.params('stripe-signature'))\")"
    '#if($input.body == "")Action=SendMessage&Version=2012-11-05#elseAction=SendMessage&Version=2012-11-05'
    "&MessageBody=$util.urlEncode($input.body)&StringValue=$util.urlEncode($request)#end"
)
ONE_HEADER = "$input.params('stripe-signature')"
# The template, the body, the headers, and what Velocity makes of it (None: it refuses the
# template).
LANGUAGE: dict[str, tuple[str, str, dict[str, str], str | None]] = {
    "faulty_with_body": (FAULTY, '{"id":1}', {}, ""),
    "faulty_without_body": (
        FAULTY,
        "",
        {},
        "Action=SendMessage&Version=2012-11-05#elseAction=SendMessage&Version=2012-11-05&MessageBody=&StringValue=provider%3Dstripe%26h.stripe-signature%3D",
    ),
    # The user guide's own example of the mistake, and of what to write instead.
    "guide_wrong": ('#if($input.body=="1")true enough#elseno way!#end', "2", {}, ""),
    "guide_wrong_true": ('#if($input.body=="1")true enough#elseno way!#end', "1", {}, "true enough#elseno way!"),
    "guide_right": ('#if($input.body=="1")true enough#{else}no way!#end', "2", {}, "no way!"),
    "else_then_brace": ('#if($input.body=="1")a#else{b}#end', "2", {}, "{b}"),
    "end_then_letter": ('#if($input.body=="1")a#endb', "1", {}, None),
    "formal_end": ('#if($input.body=="1")a#{end}b', "1", {}, "ab"),
    "header_exactly": (ONE_HEADER, "", {"stripe-signature": "s"}, "s"),
    "header_in_title_case": (ONE_HEADER, "", {"Stripe-Signature": "s"}, ""),
    "header_map": ("$input.params().header.containsKey('A')$input.params().header.size()", "", {"A": "1"}, "true1"),
    "header_named_get": ("$input.params().header.get('a')", "", {"get": "g", "a": "1"}, "1"),
    "set_in_a_loop": (
        '#set($all = "")#foreach($h in $input.params().header.keySet())#set($all = "${all}$h.toUpperCase();")#end$all',
        "",
        {"b": "1", "a": "2"},
        "B;A;",
    ),
}


@cache
def _cases() -> list[Case]:
    language = [Case(name, template, body, {}, headers) for name, (template, body, headers, _) in LANGUAGE.items()]
    return language + _request_cases() + _answer_cases()


@cache
def _rendered() -> dict[str, Rendered]:
    """What the local cloud makes of each case. Velocity makes the same of it: the first test says
    so.
    """
    return {case.name: with_emulator(case) for case in _cases()}


def _form(name: str) -> dict[str, str]:
    text = _rendered()[name].text
    assert text is not None
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _request(name: str) -> list[tuple[str, str]]:
    return parse_qsl(_form(name)["MessageAttribute.1.Value.StringValue"], keep_blank_values=True, strict_parsing=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_local_cloud_renders_as_velocity_does(version: str) -> None:
    by_velocity = dict(zip((case.name for case in _cases()), with_velocity(version, _cases()), strict=True))
    here = _rendered()
    assert len(by_velocity) == len(_cases()) > 200
    assert {name: (here[name], there) for name, there in by_velocity.items() if here[name] != there} == {}


def test_every_template_of_the_stack_has_cases() -> None:
    assert set(REQUESTS) == {"webhook_provider_queue", "webhook_queue"}
    assert {name.rpartition("_")[2] for name in ANSWERS} == {"200", "400", "413", "503"}


@pytest.mark.parametrize("name", LANGUAGE)
def test_the_language_is_velocitys(name: str) -> None:
    assert _rendered()[name].text == LANGUAGE[name][3]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("template", TO_SQS)
def test_a_body_goes_through_byte_for_byte(template: str, body: str) -> None:
    form = _form(f"{template}/body/{body}")
    assert form["Action"] == "SendMessage"
    assert form["MessageBody"].encode() == BODIES[body].encode()
    assert (form["MessageAttribute.1.Name"], form["MessageAttribute.1.Value.DataType"]) == ("request", "String")
    pairs = _request(f"{template}/body/{body}")
    assert ("h.stripe-signature", SIGNATURE) in pairs
    assert "encoding" not in dict(pairs)


@pytest.mark.parametrize("body", IN_BASE64)
@pytest.mark.parametrize("template", TO_SQS)
def test_a_body_that_no_queue_takes_is_sent_in_base64(template: str, body: str) -> None:
    form = _form(f"{template}/body/{body}")
    assert form["Action"] == "SendMessage"
    # Python's own, which takes no other alphabet and no line ends here.
    assert base64.b64decode(form["MessageBody"], validate=True) == IN_BASE64[body].encode()
    pairs = _request(f"{template}/body/{body}")
    names = [name for name, _ in pairs]
    assert names[:4] == ["provider", "request_id", "source_ip", "encoding"]
    assert [value for name, value in pairs if name == "encoding"] == ["base64"]
    assert ("h.stripe-signature", SIGNATURE) in pairs


@pytest.mark.parametrize("template", TO_SQS)
@pytest.mark.parametrize("body", BODIES | IN_BASE64)
def test_the_queue_takes_every_body_that_is_sent(template: str, body: str) -> None:
    form = _form(f"{template}/body/{body}")
    assert set("".join(form.values())) & set(NO_CHARACTERS) == set()


@pytest.mark.parametrize("template", TO_SQS)
def test_a_sender_cannot_say_how_a_body_is_encoded(template: str) -> None:
    assert "encoding" not in dict(_request(f"{template}/headers/encoding"))


@pytest.mark.parametrize("body", NOT_QUEUED)
@pytest.mark.parametrize("template", TO_SQS)
def test_an_empty_body_is_sent_without_one(template: str, body: str) -> None:
    assert _form(f"{template}/body/{body}") == {"Action": "SendMessage", "Version": "2012-11-05"}


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("template", TO_SQS)
def test_wanted_headers_are_sent_on_whatever_their_case(template: str, headers: str) -> None:
    pairs = _request(f"{template}/headers/{headers}")
    assert [name for name, _ in pairs[:3]] == ["provider", "request_id", "source_ip"]
    assert pairs[0][1] == _route(template).get("provider", "")
    sent = [(name.lower(), value) for name, value in HEADERS[headers].items()]
    assert pairs[3:] == [(f"h.{name}", value) for name, value in sent if name in WANTED]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("template", TO_SQS)
def test_there_is_one_address_of_the_sender(template: str, address: str) -> None:
    given = [value for name, value in _request(f"{template}/address/{address}") if name == "source_ip"]
    assert given == [CALLER if template == "without_edge" else ADDRESSES[address][1]]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_each_provider_gets_the_answer_that_it_expects(provider) -> None:
    answers = [name for name in ANSWERS if name.endswith("_200")]
    for name in answers:
        assert _rendered()[f"{name}//live/webhook/{provider.name}/sent"].text == provider.acknowledgement_body
        assert _rendered()[f"{name}//live/webhook/sent"].text == ACCEPTED


ERRORS = {400: "bad_request", 413: "too_large", 503: "unavailable"}


def _selected(route: str, status: int) -> str:
    """The integration response that API Gateway chooses for a status: the one whose pattern is the
    whole status, else the one without a pattern.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html,
    read 2026-11-27.
    """
    of_route = {name: pattern for name, pattern in PATTERNS.items() if name.startswith(f"{route}_")}
    fitting = [name for name, pattern in of_route.items() if pattern and re.fullmatch(pattern, str(status))]
    (chosen,) = fitting or [name for name, pattern in of_route.items() if not pattern]
    return chosen


@pytest.mark.parametrize("said", SAID_BY_SQS)
@pytest.mark.parametrize("route", REQUESTS)
def test_a_provider_comes_again_unless_its_body_is_at_fault(route: str, said: str) -> None:
    status, _, told = SAID_BY_SQS[said]
    chosen = _selected(route, status)
    answer = _rendered()[f"{chosen}//live/webhook/stripe/{said}"]
    assert int(answer.status or chosen.rpartition("_")[2]) == told
    if told == 200:
        assert json.loads(answer.text or "") == {"accepted": True}
    else:
        told_to_provider = json.loads(answer.text or "")
        assert (told_to_provider["accepted"], told_to_provider["error"]) == (False, ERRORS[told])


@pytest.mark.parametrize("template", TO_SQS)
def test_a_sender_cannot_choose_the_request_id(template: str) -> None:
    assert dict(_request(f"{template}/body/json"))["request_id"] == CONTEXT["extendedRequestId"]
