"""Gap: a web ACL is kept and asked nothing.

AWS: the rules are asked in order before API Gateway looks at a request; the first that blocks ends it, answered as WAF_FILTERED. Here those rules are asked that need nothing but the
request's headers: exact matches and sizes of one header, and what is made of them by and, or, not. A rule over anything else (rates, managed groups, labels, bodies) matches nothing.
Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html, read 2026-11-25.
"""

import base64
import operator
from typing import Any

from ministack.services import apigateway_v1, waf

COMPARISONS = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LE": operator.le,
    "LT": operator.lt,
    "GE": operator.ge,
    "GT": operator.gt,
}


def matches(statement: dict[str, Any], headers: dict[str, str]) -> bool | None:
    """Whether a statement matches a request with these headers; None where that cannot be told here."""
    if "NotStatement" in statement:
        inner = matches(statement["NotStatement"]["Statement"], headers)
        return None if inner is None else not inner
    for name, joined in (("AndStatement", all), ("OrStatement", any)):
        if name in statement:
            parts = [matches(part, headers) for part in statement[name]["Statements"]]
            return None if None in parts else joined(bool(part) for part in parts)
    if "ByteMatchStatement" in statement:
        return _exactly(statement["ByteMatchStatement"], headers)
    if "SizeConstraintStatement" in statement:
        return _size(statement["SizeConstraintStatement"], headers)
    return None


def _header(statement: dict[str, Any], headers: dict[str, str]) -> tuple[bool, str | None]:
    """Whether the statement is about one header as it is, and the header's value."""
    name = statement["FieldToMatch"].get("SingleHeader", {}).get("Name")
    plain = all(step["Type"] == "NONE" for step in statement["TextTransformations"])
    return bool(name) and plain, headers.get(str(name).lower())


def _exactly(statement: dict[str, Any], headers: dict[str, str]) -> bool | None:
    known, value = _header(statement, headers)
    if not known or statement["PositionalConstraint"] != "EXACTLY":
        return None
    return value is not None and value.encode() == base64.b64decode(statement["SearchString"])


def _size(statement: dict[str, Any], headers: dict[str, str]) -> bool | None:
    known, value = _header(statement, headers)
    if not known:
        return None
    return value is not None and COMPARISONS[statement["ComparisonOperator"]](len(value.encode()), statement["Size"])


def blocking(acl: dict[str, Any], headers: dict[str, str]) -> str | None:
    """The first rule that blocks a request with these headers."""
    for rule in sorted(acl.get("Rules", []), key=lambda rule: rule["Priority"]):
        if "Block" in rule.get("Action", {}) and matches(rule["Statement"], headers):
            return rule["Name"]
    return None


def apply() -> None:
    """Puts the patch in place."""
    stock = apigateway_v1._execute_in_scope

    async def execute(
        request: Any, api_id: str, stage_name: str, method: str, path: str, headers: Any, body: Any, query: Any,
        account: str, region: str,
    ) -> Any:  # fmt: skip
        stage_arn = f"arn:aws:apigateway:{region}::/restapis/{api_id}/stages/{stage_name}"
        acl_arn = waf._associations.get_scoped(account, region, stage_arn)
        if acl_arn:
            acl, error = waf._resolve_local_web_acl(acl_arn)
            flat = {name.lower(): str(value) for name, value in (headers or {}).items()}
            if not error and acl and blocking(acl, flat):
                request["stage"] = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name)
                return apigateway_v1._gw_error("WAF_FILTERED", "Forbidden")
        return await stock(request, api_id, stage_name, method, path, headers, body, query, account, region)

    apigateway_v1._execute_in_scope = execute
