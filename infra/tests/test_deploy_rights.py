"""The roles of the bootstrap may make every call that the provider makes for the stack, on the
resource and with the tags that the request has at that moment
(`infra/bootstrap/provider_calls.json`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bootstrap.account import Account
from bootstrap.boundary import FUNCTION_POLICIES, boundary_document
from bootstrap.roles import role_statements
from infra.evaluation import evaluated
from infra.tests.iam import Request, Statement, allowed
from lib.functions import READ_STREAM, RECEIVE

CALLS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "bootstrap/provider_calls.json").read_text()
)["types"]
SUFFIX, ACCOUNT_ID, REGION = "prod", "123456789012", "us-east-2"
ACCOUNT = Account(SUFFIX, ACCOUNT_ID, "owner/payhook", REGION)
# The stack with everything that a setting can add to it.
STACK: dict[str, str] = {
    "payhook:environment_suffix": SUFFIX,
    "payhook:account_id": ACCOUNT_ID,
    "payhook:alarm_email": "somebody@example.com",
    "payhook:object_lock_days": "1",
    "payhook:permissions_boundary": ACCOUNT.boundary,
}
FOREIGN_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:another_teams"
# What AWS gives: an id that no pattern of a name covers.
ID = "0a1b2c3d"
# Types whose calls are listed before the stack has one, and the properties that name theirs.
EXPECTED: dict[str, dict[str, Any]] = {
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": {"functionName": f"archival_function_{SUFFIX}"}
}


@dataclass(frozen=True)
class Call:
    """A request of the provider for one resource: whether it reads, and what it is for."""

    request: Request
    reads: bool
    what: str
    # An administrator makes it.
    reserved: bool


@cache
def stack() -> list[dict[str, Any]]:
    """The resources of the stack, of those types that have calls."""
    graph = evaluated(STACK).graph()
    found = {resource["type"] for resource in graph}
    return graph + [
        {"type": kind, "name": kind, "properties": properties}
        for kind, properties in EXPECTED.items()
        if kind not in found
    ]


@cache
def physical_names() -> dict[str, str]:
    """What stands for a resource in the evaluation, and its name."""
    names: dict[str, str] = {}
    for resource in stack():
        properties = resource["properties"]
        name = properties.get("bucket") or properties.get("name")
        if name and resource["type"] in (
            "aws:s3/bucket:Bucket",
            "aws:lambda/function:Function",
            "aws:cloudwatch/logGroup:LogGroup",
        ):
            names |= {f"{resource['name']}-id": name, f"arn:preview:{resource['name']}": name}
    return names


def filled(template: str, properties: dict[str, Any]) -> str:
    """A template with what the resource is called."""

    def value(match: re.Match[str]) -> str:
        known: dict[str, str] = {
            "region": REGION,
            "account": ACCOUNT_ID,
            "suffix": SUFFIX,
            "id": ID,
            "boundary": ACCOUNT.boundary_arn,
        }
        name = match.group(1)
        if name in known:
            return known[name]
        if name == "function":
            function = str(properties["functionName"])
            return ACCOUNT.deployed.arn("lambda", f"function:{physical_names().get(function, function)}")
        found: Any = properties
        for part in name.split("."):
            found = found[part]
        return physical_names().get(str(found), str(found))

    return re.sub(r"\{([\w.]+)\}", value, template)


def of_action(table: dict[str, Any], action: str, default: Any) -> Any:
    """The entry of an action, or of its service."""
    return table.get(action, table.get(f"{action.partition(':')[0]}:*", default))


def calls_of(resource: dict[str, Any]) -> Iterator[Call]:
    """Every call for one resource, in each phase of its life."""
    known, properties = CALLS[resource["type"]], resource["properties"]
    tags = {f"aws:ResourceTag/{key}": value for key, value in ACCOUNT.deployed.tags.items()}
    asked = {f"aws:RequestTag/{key}": value for key, value in properties.get("tags", {}).items()}
    phases: list[tuple[str, str, dict[str, str]]] = [
        ("create", "create", asked),
        *((phase, phase, tags) for phase in ("then", "read", "update", "delete", "untag")),
        ("tag", "tag", tags | asked),
    ]
    if known.get("late_tags"):
        phases += [("then", "what a create goes on with", {}), ("read", "the first read", {})]
    for phase, what, context in phases:
        for action in known.get(phase, []):
            more = {
                key: filled(value, properties) for key, value in of_action(known.get("with", {}), action, {}).items()
            }
            for template in of_action(known.get("on", {}), action, [known["arn"]]):
                request = Request(action, filled(template, properties), context | more)
                reserved = action in known.get("administrator", [])
                yield Call(request, phase == "read", f"{resource['name']}: {what}", reserved)


def refused(statements: list[Statement], calls: Iterator[Call]) -> set[str]:
    """The calls that are not allowed, as text."""
    return {
        f"{call.what}: {call.request.action} on {call.request.resource} with {sorted(call.request.context)}"
        for call in calls
        if not allowed(statements, call.request)
    }


def of_role(role: str) -> list[Statement]:
    """What a role may do."""
    return role_statements(ACCOUNT)[role][1]


def test_the_calls_of_every_type_of_the_stack_are_listed() -> None:
    kinds = {resource["type"] for resource in stack()}
    assert kinds == set(CALLS), "say in bootstrap/provider_calls.json what the provider calls, and for nothing else"
    assert {kind for kind, known in CALLS.items() if not known["code"]} == {
        "random:index/randomPassword:RandomPassword"
    }


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_deploying_may_make_every_call(kind: str) -> None:
    of_kind = [resource for resource in stack() if resource["type"] == kind]
    assert of_kind
    calls = [call for resource in of_kind for call in calls_of(resource)]
    assert refused(of_role("deploy_role"), (call for call in calls if not call.reserved)) == set()


def test_what_is_an_administrators_is_refused_to_deploying() -> None:
    """A deployment that needs one of these ends with "access denied"; the bootstrap's README says
    what then.
    """
    reserved = [call for resource in stack() for call in calls_of(resource) if call.reserved]
    assert {call.request.action for call in reserved} == {
        "iam:DeleteRole", "iam:UpdateAssumeRolePolicy", "secretsmanager:DeleteSecret", "secretsmanager:UpdateSecret",
    }  # fmt: skip
    assert [call.what for call in reserved if allowed(of_role("deploy_role"), call.request)] == []
    # No first deployment makes one.
    assert [call.what for call in reserved if "create" in call.what or call.reads] == []
    readme = (Path(__file__).resolve().parents[1] / "bootstrap/README.md").read_text()
    assert "## What is an administrator's" in readme


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_looking_for_drift_may_make_every_reading_call(kind: str) -> None:
    reads = (call for resource in stack() if resource["type"] == kind for call in calls_of(resource) if call.reads)
    assert refused(of_role("drift_role"), reads) == set()


def test_looking_for_drift_may_make_no_other_call() -> None:
    changing = [call for resource in stack() for call in calls_of(resource) if not call.reads]
    # Deleting and making read, too: what is read is on no list of what changes.
    read = {call.request.action for resource in stack() for call in calls_of(resource) if call.reads}
    may = {call.request.action for call in changing if allowed(of_role("drift_role"), call.request)}
    assert may <= read | {
        "iam:ListInstanceProfilesForRole",
        "lambda:GetFunctionConfiguration",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    }


def needless(statements: list[Statement], calls: list[Call]) -> set[tuple[str, str]]:
    """The Sid and the action of each right that could be taken away without refusing a call."""
    found: set[tuple[str, str]] = set()
    for statement in (statement for statement in statements if statement["Effect"] == "Allow"):
        others = [other for other in statements if other is not statement]
        for action in statement["Action"]:
            asked = [call for call in calls if call.request.action == action and allowed([statement], call.request)]
            if all(allowed(others, call.request) for call in asked):
                found.add((statement["Sid"], action))
    return found


@pytest.mark.parametrize("role", ["deploy_role", "drift_role"])
def test_every_right_is_needed_by_a_call(role: str) -> None:
    calls = [call for resource in stack() for call in calls_of(resource)]
    # The CLI reads and writes the state, not the provider.
    state = {"ListState", "ReadState", "State"}
    assert {(sid, action) for sid, action in needless(of_role(role), calls) if sid not in state} == set()


@pytest.mark.parametrize("action", ["kms:TagResource", "lambda:TagResource", "cloudfront:TagResource"])
def test_a_missing_right_to_tag_what_is_being_made_is_seen(action: str) -> None:
    # As it was before: the right to tag only where the tags are already.
    before = [
        statement for statement in of_role("deploy_role")
        if not (action in statement["Action"] and "aws:RequestTag/Project" in json.dumps(statement))
    ]  # fmt: skip
    found = refused(before, (call for resource in stack() for call in calls_of(resource)))
    assert [text for text in found if f"create: {action}" in text]


def test_a_foreign_key_that_carries_the_tag_is_out_of_reach() -> None:
    key = ACCOUNT.deployed.arn("kms", f"key/{ID}")
    reading = {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"}
    every = {
        action
        for statement in of_role("deploy_role")
        for action in statement["Action"]
        if statement["Effect"] == "Allow" and action.startswith("kms:")
    }
    # That of the state, and of another environment's stack.
    for environment in (ACCOUNT.own.environment_suffix, "other"):
        tags = {"aws:ResourceTag/Project": "payhook", "aws:ResourceTag/Environment": environment}
        through = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
        asking = {f"aws:RequestTag/{key}": value for key, value in ACCOUNT.deployed.tags.items()}
        may = {
            action for action in every if allowed(of_role("deploy_role"), Request(action, key, tags | through | asking))
        }
        # These two are asked on no key, so their rights name none.
        assert may == reading | {"kms:CreateKey", "kms:ListAliases"}, environment


def test_a_new_key_is_used_through_services_alone() -> None:
    key = ACCOUNT.deployed.arn("kms", f"key/{ID}")
    through = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
    for action in ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"):
        assert allowed(of_role("deploy_role"), Request(action, key, through))
        assert not allowed(of_role("deploy_role"), Request(action, key))
        assert not allowed(
            of_role("deploy_role"), Request(action, key, {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"})
        )


def test_the_bound_is_not_smaller_than_the_rights_of_the_stacks_roles() -> None:
    bound = json.loads(boundary_document(ACCOUNT))["Statement"]
    policies = [r for r in stack() if r["type"] == "aws:iam/rolePolicy:RolePolicy"]
    assert len(policies) >= 5
    for policy in policies:
        for statement in json.loads(policy["properties"]["policy"])["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    context = {
                        key: str(value[0] if isinstance(value, list) else value)
                        for keys in statement.get("Condition", {}).values()
                        for key, value in keys.items()
                    }
                    if policy["name"] in FUNCTION_POLICIES:
                        context["lambda:SourceFunctionArn"] = ACCOUNT.deployed.function_arn("archival_function")
                    assert allowed(bound, Request(action, resource, context)), (policy["name"], action, resource)


def test_who_takes_a_functions_role_without_being_the_function_can_do_little() -> None:
    bound = json.loads(boundary_document(ACCOUNT))["Statement"]
    open_to_anybody = {
        action
        for policy in stack()
        if policy["name"] in FUNCTION_POLICIES
        for statement in json.loads(policy["properties"]["policy"])["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if allowed(bound, Request(action, resource))
        or allowed(bound, Request(action, resource, {"lambda:SourceFunctionArn": FOREIGN_FUNCTION}))
    }
    # What Lambda itself calls under the role, and what only writes.
    assert open_to_anybody == {
        *READ_STREAM, *RECEIVE, "lambda:InvokeFunction", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage",
    }  # fmt: skip
