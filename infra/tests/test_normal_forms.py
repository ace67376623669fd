"""JSON texts have the form in which AWS's provider keeps them: a second preview finds no difference.

The provider writes some texts anew, without spaces and with sorted names. Some it then compares as
they are: `redrivePolicy` and `redriveAllowPolicy` of a queue in another form differed in every
preview and every refresh. Which texts it writes anew, and how, is read from the recording of the
stack that was deployed by the real provider (`tests/policy/engine_input.py` says how).
"""

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

RECORDING = Path(__file__).resolve().parents[2] / "tests/policy/engine/deployed_stack.jsonl.xz"
# Go's encoding/json, which the provider uses, escapes these where Python does not.
ESCAPED = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}
VERSION = '"Version":"2012-10-17"'
# Type and path of a text.
Place = tuple[str, str]


def compact(value: Any) -> str:
    """As Go writes it: names sorted, no spaces."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for sign, escape in ESCAPED.items():
        text = text.replace(sign, escape)
    return text


def version_first(value: Any) -> str:
    """As the provider keeps inline policies of roles: the version moved to the front.

    Source: `LegacyPolicyNormalize` in internal/verify/json.go of
    https://github.com/hashicorp/terraform-provider-aws, read 2026-11-27.
    """
    return "{" + VERSION + "," + compact(value).removesuffix(f",{VERSION}}}")[1:] + "}"


FORMS = {"compact": compact, "version first": version_first}


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text that is a JSON object or list, with its path; `*` stands for an index."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from texts(item, f"{path}.*")
    elif isinstance(value, str) and value.startswith(("{", "[")):
        try:
            json.loads(value)
        except ValueError:
            return
        yield path, value


def form(text: str) -> str:
    """The name of the form that the text has; blank where it has none of them."""
    return next((name for name, write in FORMS.items() if write(json.loads(text)) == text), "")


def kept() -> dict[Place, str]:
    """The form in which the provider kept each JSON text of the deployed stack, where it has one."""
    with lzma.open(RECORDING, "rt", encoding="utf-8") as lines:
        resources = [json.loads(line) for line in lines]
    # The second half is what `AnalyzeStack` was asked: the outputs.
    outputs = resources[len(resources) // 2 :]
    found = [
        ((resource["__type"], path), form(text))
        for resource in outputs
        if not resource["__type"].startswith("pulumi:")
        for path, text in texts(resource["__properties"])
    ]
    forms: dict[Place, str] = {}
    for place, name in found:
        assert forms.setdefault(place, name) == name, f"{place} is kept in two forms"
    return {place: name for place, name in forms.items() if name}


def test_the_texts_that_the_provider_normalises_are_these() -> None:
    by_form = {name: sorted(place for place, kept_as in kept().items() if kept_as == name) for name in FORMS}
    assert by_form == {
        "compact": [
            ("aws:apigateway/integrationResponse:IntegrationResponse", "responseTemplates.application/json"),
            ("aws:apigateway/response:Response", "responseTemplates.application/json"),
            ("aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy", "policyDocument"),
            ("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument"),
            ("aws:iam/role:Role", "assumeRolePolicy"),
            ("aws:kms/key:Key", "policy"),
            ("aws:s3/bucketPolicy:BucketPolicy", "policy"),
            ("aws:sns/topic:Topic", "policy"),
            ("aws:sns/topicPolicy:TopicPolicy", "policy"),
            ("aws:sqs/queue:Queue", "redriveAllowPolicy"),
            ("aws:sqs/queue:Queue", "redrivePolicy"),
            ("aws:sqs/queuePolicy:QueuePolicy", "policy"),
        ],
        "version first": [("aws:iam/rolePolicy:RolePolicy", "policy")],
    }


def test_every_text_has_the_form_in_which_it_is_kept(graph: list[dict[str, Any]]) -> None:
    forms = kept()
    asked: set[Place] = set()
    differ: list[str] = []
    for resource in graph:
        for path, text in texts(resource["properties"]):
            place = (resource["type"], path)
            if place in forms:
                asked.add(place)
                if FORMS[forms[place]](json.loads(text)) != text:
                    differ.append(f"{resource['name']} {path}: {text[:60]}")
    assert differ == []
    # The topic's own policy is set by the resource of its own, and only read back here.
    assert set(forms) - asked == {("aws:sns/topic:Topic", "policy")}
