"""No gap: makes the emulator answer what it would answer anyway with less processor time.

What is a function of a text alone is remembered by the text: the tokens of a PartiQL statement, the
statements of a policy. What is asked twice within one call is answered once. No answer is kept that
a change of a resource could make wrong: `infra/local_cloud/tests/test_less_work.py`.
"""

import copy
import functools
import gc
from types import SimpleNamespace
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import _dynamodb_keywords, apigateway_v1, dynamodb

# The policies of a stack and the shapes of its statements are some hundred.
TEXTS_KEPT = 4096
# Objects that are made before Python looks for unreachable ones: 700 unless told. A request makes
# thousands, and nearly all of them end with it.
OBJECTS_BEFORE_COLLECTION = 50_000
# A word of a statement: an operator, and a question mark.
PARAMETER = ("op", "?")
UNCHANGING = (str, bytes, int, float, bool, type(None))


def remember_policies() -> None:
    """Parses each policy document once."""
    parse = iam_evaluator.parse_policy_document
    of_text = functools.lru_cache(maxsize=TEXTS_KEPT)(parse)

    def parse_policy_document(document: str | dict[str, Any]) -> Any:
        return of_text(document) if isinstance(document, str) else parse(document)

    iam_evaluator.parse_policy_document = parse_policy_document


def remember_statements() -> None:
    """Reads the words of each PartiQL statement once, takes an INSERT apart once, and parses each
    member of a batch once.
    """
    _dynamodb_keywords._tokenize = functools.lru_cache(maxsize=TEXTS_KEPT)(_dynamodb_keywords._tokenize)
    parse_statement, parse = dynamodb.parse_partiql_statement, dynamodb._parse_partiql

    @functools.lru_cache(maxsize=TEXTS_KEPT)
    def insert(text: str) -> tuple[dict[str, Any], dict[str, int]] | None:
        """What an INSERT says whatever its parameters are, and which parameter each attribute is;
        None for any other statement.
        """
        try:
            words = _dynamodb_keywords._tokenize(text)
            places = [{"S": "?"} for word in words if word[:2] == PARAMETER]
            parsed = parse_statement(text, places)
        except ValueError:
            return None
        item = parsed.get("item")
        if parsed["op"] != "INSERT" or not isinstance(item, dict) or len(item) != len(places):
            return None
        if any(value is not place for value, place in zip(item.values(), places, strict=True)):
            return None
        return parsed, {name: place for place, name in enumerate(item)}

    def parse_partiql_statement(text: str, parameters: Any) -> dict[str, Any]:
        known = insert(text)
        if known is None or len(known[1]) != len(parameters or ()):
            return parse_statement(text, parameters)
        return {**known[0], "item": {name: parameters[place] for name, place in known[1].items()}}

    # The emulator parses a member of a batch before it runs it, and again when it runs it.
    last: list[tuple[Any, Any, Any]] = []

    def parse_partiql(statement: str, parameters: Any) -> Any:
        if last:
            of_statement, of_parameters, parsed = last.pop()
            if of_statement is statement and of_parameters is parameters:
                return parsed
        parsed = parse(statement, parameters)
        last.append((statement, parameters, parsed))
        return parsed

    dynamodb.parse_partiql_statement = parse_partiql_statement
    dynamodb._parse_partiql = parse_partiql


def copied(value: Any) -> Any:
    """A deep copy of an item or of a part of one, which are made of dictionaries, lists and what
    cannot be changed. `copy.deepcopy` also looks for cycles, and takes five times as long.
    """
    if type(value) is dict:
        return {name: copied(part) for name, part in value.items()}
    if type(value) is list:
        return [copied(part) for part in value]
    return value if type(value) in UNCHANGING else copy.deepcopy(value)


def copy_items_plainly() -> None:
    """Has the tables copy their items by `copied`."""
    dynamodb.copy = SimpleNamespace(deepcopy=copied)


def look_up_usage_plans() -> None:
    """Asks each usage plan for the key without naming account and region each time."""

    def usage_plans_for_key(key_id: str, api_id: str, stage_name: str) -> list[Any]:
        scope, keys_of = (get_account_id(), get_region()), apigateway_v1._usage_plan_keys._data
        return [
            (plan_id, plan, entry)
            for (_, _, plan_id), plan in list(apigateway_v1._usage_plans._data.items())
            if key_id in keys_of.get((*scope, plan_id), ())
            for entry in [_entry_for(plan, api_id, stage_name)]
            if entry is not None
        ]

    apigateway_v1._usage_plans_for_key = usage_plans_for_key


def _entry_for(plan: dict[str, Any], api_id: str, stage_name: str) -> Any:
    """What a plan says of a stage of an API."""
    for entry in plan.get("apiStages") or []:
        if entry.get("apiId") == api_id and entry.get("stage") == stage_name:
            return entry
    return None


def collect_rarely() -> None:
    """Leaves what is loaded by now out of Python's search for unreachable objects, and makes the
    search rare.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)


def apply() -> None:
    """Puts all of it in place."""
    remember_policies()
    remember_statements()
    copy_items_plainly()
    look_up_usage_plans()
    collect_rarely()
