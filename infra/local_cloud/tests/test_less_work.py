"""What the emulator remembers is what it would find out again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.services import _dynamodb_keywords, apigateway_v1, dynamodb

from infra.local_cloud.emulator import less_work

ALLOW = {"Statement": [{"Sid": "s", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
INSERT = "INSERT INTO \"t\" VALUE {'k': ?, 'text': 'a--b', 'n': 1.5}"
STAGE = {"apiId": "api", "stage": "live"}


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> tuple[Callable[..., Any], list[Any]]:
    """The module's function, and the first arguments of its calls; restored after the test."""
    stock, calls = getattr(module, name), list[Any]()

    def call(first: Any, *rest: Any) -> Any:
        calls.append(first)
        return stock(first, *rest)

    monkeypatch.setattr(module, name, call)
    return stock, calls


def test_a_policy_is_parsed_once_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stock, calls = counted(monkeypatch, iam_evaluator, "parse_policy_document")
    less_work.remember_policies()
    texts = [json.dumps(ALLOW), json.dumps(ALLOW).replace("Allow", "Deny"), "no policy"]
    for text in texts * 3:
        assert iam_evaluator.parse_policy_document(text) == stock(text)
    assert calls == texts
    # A document that is no text may be changed by whoever has it.
    document = json.loads(texts[0])
    assert iam_evaluator.parse_policy_document(document)[0].effect == "Allow"
    document["Statement"][0]["Effect"] = "Deny"
    assert iam_evaluator.parse_policy_document(document)[0].effect == "Deny"


def test_the_words_of_a_statement_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb, "_parse_partiql", dynamodb._parse_partiql)
    stock, calls = counted(monkeypatch, _dynamodb_keywords, "_tokenize")
    less_work.remember_statements()
    for key in ("a", "b", "c"):
        parsed = dynamodb._parse_partiql(INSERT, [{"S": key}])
        assert parsed["item"] == {"k": {"S": key}, "text": {"S": "a--b"}, "n": {"N": "1.5"}}
    assert calls == [INSERT]
    assert stock(INSERT) == _dynamodb_keywords._tokenize(INSERT)
    for _ in range(2):
        with pytest.raises(_dynamodb_keywords.PartiqlError):
            dynamodb._parse_partiql("INSERT INTO \"t\" VALUE {'k': #}", [])


def test_a_member_of_a_batch_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dynamodb_keywords, "_tokenize", _dynamodb_keywords._tokenize)
    _, calls = counted(monkeypatch, dynamodb, "_parse_partiql")
    less_work.remember_statements()
    parameters = [{"S": "a"}]
    first = dynamodb._parse_partiql(INSERT, parameters)
    assert dynamodb._parse_partiql(INSERT, parameters) is first
    # Whoever sends it again gets an item of its own.
    assert dynamodb._parse_partiql(INSERT, parameters) is not first
    dynamodb._parse_partiql(INSERT, [{"S": "b"}])
    assert dynamodb._parse_partiql(INSERT, [{"S": "c"}])["item"]["k"] == {"S": "c"}
    assert len(calls) == 4


def test_a_key_has_the_usage_plans_that_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    stock = apigateway_v1._usage_plans_for_key
    monkeypatch.setattr(apigateway_v1, "_usage_plans_for_key", stock)
    for name in ("_usage_plans", "_usage_plan_keys"):
        monkeypatch.setattr(apigateway_v1, name, apigateway_v1.AccountRegionScopedDict())
    less_work.look_up_usage_plans()
    plans, keys = apigateway_v1._usage_plans, apigateway_v1._usage_plan_keys
    plans["one"] = {"apiStages": [{"apiId": "other", "stage": "live"}, STAGE]}
    plans["two"] = {"apiStages": [STAGE]}
    plans["without_stages"] = {}
    plans["without_keys"] = {"apiStages": [STAGE]}
    keys["one"], keys["two"] = {"key": {}}, {"key": {}, "another": {}}
    # Another account's plan holds no key of this one.
    plans.set_scoped("999999999999", "us-east-2", "two", {"apiStages": [STAGE]})
    for key, api, stage in (("key", "api", "live"), ("another", "api", "live"), ("key", "other", "live"), ("none", "api", "live"),
                            ("key", "api", "test")):  # fmt: skip
        assert apigateway_v1._usage_plans_for_key(key, api, stage) == stock(key, api, stage)
    assert [plan for plan, *_ in apigateway_v1._usage_plans_for_key("key", "api", "live")][:2] == ["one", "two"]
    del keys["two"]["key"]
    plans["one"]["apiStages"].remove(STAGE)
    assert apigateway_v1._usage_plans_for_key("key", "api", "live") == stock("key", "api", "live") == []
