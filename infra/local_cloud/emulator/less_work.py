"""No gap: makes the emulator answer what it would answer anyway with less processor time.

What is a function of a text alone is remembered by the text: the tokens of a PartiQL statement, the
statements of a policy. What is asked twice within one call is answered once. No answer is kept that
a change of a resource could make wrong: `infra/local_cloud/tests/test_less_work.py`.
"""

import functools
import gc
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import _dynamodb_keywords, apigateway_v1, dynamodb

# The policies of a stack and the shapes of its statements are some hundred.
TEXTS_KEPT = 4096
# Objects that are made before Python looks for unreachable ones: 700 unless told. A request makes
# thousands, and nearly all of them end with it.
OBJECTS_BEFORE_COLLECTION = 50_000


def remember_policies() -> None:
    """Parses each policy document once."""
    parse = iam_evaluator.parse_policy_document
    of_text = functools.lru_cache(maxsize=TEXTS_KEPT)(parse)

    def parse_policy_document(document: str | dict[str, Any]) -> Any:
        return of_text(document) if isinstance(document, str) else parse(document)

    iam_evaluator.parse_policy_document = parse_policy_document


def remember_statements() -> None:
    """Reads the words of each PartiQL statement once, and parses each member of a batch once."""
    _dynamodb_keywords._tokenize = functools.lru_cache(maxsize=TEXTS_KEPT)(_dynamodb_keywords._tokenize)
    parse = dynamodb._parse_partiql
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

    dynamodb._parse_partiql = parse_partiql


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
    look_up_usage_plans()
    collect_rarely()
