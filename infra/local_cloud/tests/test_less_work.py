"""What the emulator remembers is what it would find out again."""

import collections
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
    for name in ("_parse_partiql", "parse_partiql_statement"):
        monkeypatch.setattr(dynamodb, name, getattr(dynamodb, name))
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


# Statements that are no INSERT of parameters alone, or are malformed.
OTHERS = (
    INSERT,
    "INSERT INTO \"t\" VALUE {'k': ?, 'k': ?}",
    "INSERT INTO \"t\" VALUE {'k': ?, 'm': {'x': ?}}",
    'INSERT INTO "t" VALUE ?',
    "INSERT INTO \"t\" VALUE {'k': ?, 'j': ?",
    'UPDATE "t" SET a = ? WHERE k = ?',
    'SELECT * FROM "t" WHERE k = ? AND n BETWEEN ? AND 5',
    'DELETE FROM "t" WHERE k = ?',
)
VALUES = ({"S": "a"}, {"N": "1.50"}, {"M": {"x": {"L": [{"BOOL": True}]}}})


def outcome(parse: Callable[..., Any], text: str, parameters: Any) -> Any:
    """What is parsed, or the error's class and text."""
    try:
        return parse(text, parameters)
    except ValueError as error:
        return type(error), str(error)


@pytest.mark.parametrize("text", ["INSERT INTO \"t\" VALUE {'k': ?, 'n' : ?, 'a''b': ?}", *OTHERS])
def test_a_statement_means_what_it_meant(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for module, name in ((dynamodb, "_parse_partiql"), (_dynamodb_keywords, "_tokenize")):
        monkeypatch.setattr(module, name, getattr(module, name))
    stock, calls = counted(monkeypatch, dynamodb, "parse_partiql_statement")
    less_work.remember_statements()
    for parameters in (VALUES, VALUES[::-1], VALUES[:2], VALUES[:1], [{"N": "x"}], [], None, VALUES):
        expected = outcome(stock, text, list(parameters) if parameters is not None else None)
        calls.clear()
        assert outcome(dynamodb.parse_partiql_statement, text, parameters and list(parameters)) == expected
    # The last one was asked before.
    assert calls == ([text] if text in OTHERS else [])


def test_a_copy_shares_nothing_that_can_change() -> None:
    item = {"k": {"S": "a"}, "l": {"L": [{"N": "1"}, {"NULL": True}]}, "b": {"B": b"x"}, "s": {"SS": ["x", "y"]}}
    copy = less_work.copied(item)
    assert copy == item
    copy["l"]["L"][0]["N"] = "2"
    copy["s"]["SS"].append("z")
    assert (item["l"]["L"][0], item["s"]["SS"]) == ({"N": "1"}, ["x", "y"])
    others = {"table": collections.defaultdict(dict, {"a": {"b": [1]}}), "set": {1}}
    copy = less_work.copied(others)
    assert copy == others
    copy["table"]["a"]["b"].append(2)
    copy["set"].add(2)
    assert (others["table"]["a"]["b"], others["set"], copy["table"]["new"]) == ([1], {1}, {})


def test_a_member_of_a_batch_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((_dynamodb_keywords, "_tokenize"), (dynamodb, "parse_partiql_statement")):
        monkeypatch.setattr(module, name, getattr(module, name))
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
