"""Faults of IAM documents: every statement widened, every condition taken away, every refusal lifted."""

import json
import re
from collections.abc import Iterator
from typing import Any, Protocol

from tests.policy.mutation import DROP, Mutation, Resource, changed, rules, short, with_json

Statement = dict[str, Any]
Document = dict[str, Any]
# Where a type keeps its document.
DOCUMENTS = {
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}
IDENTITY = {"aws:iam/rolePolicy:RolePolicy"}
OTHER_ACCOUNT = "999999999999"
READABLE = "deny_document_unreadable"


def all_of(graph: list[Resource]) -> Iterator[Mutation]:
    """Every fault of every document."""
    for resource in graph:
        key = DOCUMENTS.get(resource["type"])
        if key:
            document = json.loads(resource["properties"][key])
            yield from of_document(resource, key, document)
            for index in range(len(document["Statement"])):
                yield from of_statement(resource, key, document, index)


def of_document(resource: Resource, key: str, document: Document) -> Iterator[Mutation]:
    """A document that is absent, unreadable, of another version, or empty."""
    yield Mutation(
        "document broken",
        f"{short(resource)} dropped",
        "dropped",
        rules(READABLE),
        (changed(resource, ("properties", key), DROP),),
    )
    for what, text in (
        ("blank", ""),
        ("no JSON", "{"),
        ("a list", "[]"),
        ("old version", json.dumps(document | {"Version": "2008-10-17"})),
        ("no version", json.dumps({"Statement": document["Statement"]})),
        ("no statement", json.dumps(document | {"Statement": []})),
    ):
        put = changed(resource, ("properties", key), text)
        yield Mutation("document broken", f"{short(resource)} {what}", what, rules(READABLE), (put,))


def of_statement(resource: Resource, key: str, document: Document, index: int) -> Iterator[Mutation]:
    """One statement, made worse in every way that it can be."""
    statement = document["Statement"][index]
    sid = statement.get("Sid", str(index))

    def mutation(
        kind: str, what: str, by: str, other: Statement | None, justified: str = "", form: str | None = None
    ) -> Mutation:
        replaced = [] if other is None else [other]
        statements = [*document["Statement"][:index], *replaced, *document["Statement"][index + 1 :]]
        put = with_json(resource, (key,), document | {"Statement": statements})
        # The rules ask for some statements by what they say, which only one document may have.
        # The Sid tells these statements apart.
        form = f"{statement.get('Sid', '*')} {what if form is None else form}".rstrip()
        return Mutation(kind, f"{short(resource)} {sid} {what}".rstrip(), form, rules(by), (put,), justified=justified)

    make = allowed if statement["Effect"] == "Allow" else denied
    yield from make(resource["type"], statement, mutation)


class Make(Protocol):
    """Makes the mutation of one statement; None takes the statement away."""

    def __call__(
        self, kind: str, what: str, by: str, other: Statement | None, justified: str = "", form: str | None = None
    ) -> Mutation:
        """The mutation, with the rules that should refuse it. Its form is `what`, if none is given."""
        ...


# Conditions that may go while another one stays, and why.
SOURCES = {"aws:SourceAccount", "aws:SourceArn"}
ONE_SOURCE = "the other condition on the source stays: either keeps other accounts out"
NO_ACLS = "the bucket takes no ACLs (deny_bucket_ownership): CloudTrail's own advice asks for this condition, and nothing depends on it"


def allowed(of: str, statement: Statement, mutation: Make) -> Iterator[Mutation]:
    """A right, widened."""
    action = as_list(statement["Action"])[0]
    service = action.split(":")[0]
    unlisted = "deny_right_unlisted deny_trust_service deny_key_service deny_seal_principal deny_statement_unlisted deny_use_unlisted"
    yield mutation("action widened", f"{service}:*", "deny_action_wildcard", statement | {"Action": f"{service}:*"})
    yield mutation("action widened", "*", "deny_action_wildcard", statement | {"Action": "*"})
    more = [*as_list(statement["Action"]), f"{action[:-3]}*"]
    yield mutation("action widened", f"also {more[-1]}", "deny_action_wildcard", statement | {"Action": more})
    for foreign in ("iam:PassRole", "kms:ReplicateKey" if service == "kms" else "s3:DeleteBucket"):
        more = [*as_list(statement["Action"]), foreign]
        yield mutation("action added", foreign, unlisted, statement | {"Action": more})
    if any(":table/transactions_" in str(target) for target in as_list(statement.get("Resource", []))):
        for takes_away in ("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PutItem"):
            more = [*as_list(statement["Action"]), f"dynamodb:{takes_away}"]
            yield mutation("action added", takes_away, "deny_record_deleted", statement | {"Action": more})
    if "Resource" in statement:
        if statement["Resource"] != "*":
            yield mutation("resource widened", "*", "deny_resource_wildcard", statement | {"Resource": "*"})
            first = as_list(statement["Resource"])[0]
            wide = re.sub(r"[^:/]+$", "*", first)
            if wide != first:
                by = f"deny_resource_wildcard {unlisted}"
                yield mutation("resource widened", wide, by, statement | {"Resource": wide}, form="last part *")
            abroad = json.loads(json.dumps(statement["Resource"]).replace("us-east-2", "eu-west-1"))
            if abroad != statement["Resource"]:
                yield mutation("resource abroad", "", "deny_region_foreign", statement | {"Resource": abroad})
            foreign = json.loads(re.sub(r"\b\d{12}\b", OTHER_ACCOUNT, json.dumps(statement["Resource"])))
            if foreign != statement["Resource"]:
                yield mutation(
                    "resource foreign",
                    "",
                    "stack_deny_account_foreign stack_deny_bucket_foreign",
                    statement | {"Resource": foreign},
                )
        yield mutation("not instead", "NotResource", "deny_not_elements", renamed(statement, "Resource", "NotResource"))
    yield mutation("not instead", "NotAction", "deny_not_elements", renamed(statement, "Action", "NotAction"))
    yield from principals(of, statement, mutation)
    yield from conditions(of, statement, mutation)
    yield mutation("statement broken", "Effect", READABLE, statement | {"Effect": "allow"})
    yield mutation("statement broken", "unknown element", READABLE, statement | {"Conditions": {}})


def principals(of: str, statement: Statement, mutation: Make) -> Iterator[Mutation]:
    """Who may: everybody, another account, another service."""
    public = "deny_principal_public" + (f" {READABLE}" if of in IDENTITY else "")
    yield mutation("principal widened", "*", public, statement | {"Principal": "*"})
    yield mutation("principal widened", "AWS *", public, statement | {"Principal": {"AWS": "*"}})
    if of in IDENTITY:
        return
    root = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    foreign = "deny_principal_public deny_trust_service deny_key_service stack_deny_account_foreign"
    yield mutation("principal foreign", "another account", foreign, statement | {"Principal": {"AWS": root}})
    other = {"Service": "ec2.amazonaws.com"}
    service = "deny_trust_service deny_key_service deny_service_unconditioned deny_use_unlisted"
    yield mutation("principal foreign", "another service", service, statement | {"Principal": other})
    yield mutation("not instead", "NotPrincipal", "deny_not_elements", renamed(statement, "Principal", "NotPrincipal"))


def dropped_why(statement: Statement, of: str, key: str) -> str:
    """Why a condition may go by itself; blank where it may not."""
    if key == "s3:x-amz-acl":
        return NO_ACLS
    keys = {name for tests in statement["Condition"].values() for name in tests}
    return ONE_SOURCE if of != "aws:iam/role:Role" and key in SOURCES and keys >= SOURCES else ""


def conditions(of: str, statement: Statement, mutation: Make) -> Iterator[Mutation]:
    """Each condition taken away or opened, alone and together."""
    given: dict[str, dict[str, Any]] = statement.get("Condition", {})
    if of == "aws:iam/role:Role":
        # No service sends it when it assumes a role.
        more = {"Condition": {**given, "StringLike": {"aws:SourceOrgID": "o-1"}}}
        yield mutation("condition never met", "aws:SourceOrgID", "deny_trust_key_unsent", statement | more)
    if not given:
        return
    needed = "deny_service_unconditioned deny_trust_source deny_condition_open deny_key_service deny_seal_principal deny_key_state"
    yield mutation("condition dropped", "all", needed, {k: v for k, v in statement.items() if k != "Condition"})
    for operator, tests in given.items():
        for key in tests:
            left = {k: v for k, v in tests.items() if k != key}
            without = {**given, operator: left} if left else {k: v for k, v in given.items() if k != operator}
            why = dropped_why(statement, of, key)
            yield mutation("condition dropped", f"{operator} {key}", needed, statement | {"Condition": without}, why)
            opened = {**given, operator: tests | {key: "*"}}
            yield mutation("condition opened", f"{operator} {key} = *", needed, statement | {"Condition": opened})


# Refusals that no rule of the pack asks for, and what notices that one is gone.
HELD_BY_TESTS = {
    "DeploysLoosenNothing": "infra/tests/test_deploy_attacks.py deploys against it, by IAM's own evaluation",
    "AuditLogIsWrittenOnce": "infra/local_cloud/tests/test_evidence.py overwrites the audit log against it",
}


def denied(_of: str, statement: Statement, make: Make) -> Iterator[Mutation]:
    """A refusal, lifted or narrowed."""
    held = HELD_BY_TESTS.get(statement.get("Sid", ""), "")

    def mutation(kind: str, what: str, by: str, other: Statement | None, form: str | None = None) -> Mutation:
        return make(kind, what, by, other, held, form)

    lifted = "deny_tls_optional stack_deny_tls_missing stack_deny_audit_delete stack_deny_audit_loosen deny_document_unreadable"
    yield mutation("refusal lifted", "statement", lifted, None)
    yield mutation(
        "refusal lifted",
        "Allow",
        f"{lifted} deny_principal_public deny_action_wildcard",
        statement | {"Effect": "Allow"},
    )
    yield mutation("refusal lifted", "action", lifted, statement | {"Action": "s3:GetBucketLocation"})
    yield mutation("refusal lifted", "resource", lifted, statement | {"Resource": "arn:aws:s3:::elsewhere"})
    yield mutation(
        "refusal lifted",
        "principal",
        lifted,
        statement | {"Principal": {"AWS": "arn:aws:iam::000000000000:role/nobody_dev"}},
    )
    for listed in ("Action", "Resource"):
        if len(as_list(statement[listed])) > 1:
            for gone in as_list(statement[listed]):
                kept = [item for item in statement[listed] if item != gone]
                form = f"without {gone if listed == 'Action' else 'one resource'}"
                yield mutation("refusal narrowed", f"without {gone}", lifted, statement | {listed: kept}, form=form)
    more = {**statement.get("Condition", {}), "StringEquals": {"aws:PrincipalTag/team": "nobody"}}
    yield mutation("refusal narrowed", "another condition", lifted, statement | {"Condition": more})
    for operator, tests in statement.get("Condition", {}).items():
        for key, value in tests.items():
            turned = {operator: {key: "true" if value == "false" else "other"}}
            yield mutation("refusal narrowed", f"{operator} {key}", lifted, statement | {"Condition": turned})


def renamed(statement: Statement, key: str, to: str) -> Statement:
    """The same with another name for one element."""
    return {to if name == key else name: value for name, value in statement.items()}


def as_list(value: Any) -> list[Any]:
    """A list, or the one value as a list."""
    return value if isinstance(value, list) else [value]
