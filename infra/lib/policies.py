"""IAM documents as plain data: every statement names its actions and its resources."""

import json
from typing import Any

Statement = dict[str, Any]
VERSION = "2012-10-17"


def allow(actions: list[str], resources: list[str], sid: str, conditions: dict[str, Any] | None = None) -> Statement:
    """A statement of a role's policy."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    if conditions:
        statement["Condition"] = conditions
    return statement


def deny(actions: list[str], resources: list[str], sid: str) -> Statement:
    """A statement of a role's policy that refuses, whatever allows."""
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resources}


def normalised(value: Any) -> str:
    """JSON in the form in which AWS's provider keeps it: no spaces, names sorted.

    The provider compares some texts as they are (a queue's redrive policies), and a text in another
    form differs in every preview. `infra/tests/test_normal_forms.py` knows which texts it normalises.
    """
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def document(*statements: Statement) -> str:
    """A policy document."""
    return normalised({"Statement": list(statements), "Version": VERSION})


def role_document(*statements: Statement) -> str:
    """The document of a role's inline policy, which the provider keeps with the version first."""
    return f'{{"Version":"{VERSION}","Statement":{normalised(list(statements))}}}'


# The condition keys that each service puts into the request when it assumes a role. A trust policy
# that asks for a key that is not sent never matches, and then nobody can assume the role.
# `policies/iam_roles.rego` has the same table, and a test compares the two.
#
# - Lambda sends neither key when it assumes an execution role, and the confused deputy is prevented
#   by iam:PassRole:
#   https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html, read 2026-11-23.
# - API Gateway does not send `aws:SourceAccount` when it assumes the role of an integration
#   ("Execution failed due to configuration error: API Gateway does not have permission to assume the
#   provided role"): AWS's own people on a live stack, in
#   https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/pull/479,
#   read 2026-11-28. That it does not send `aws:SourceArn` either is not confirmed: none is asked for.
# - The scheduler and CloudTrail send both:
#   https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
#   and https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html, read 2026-11-27.
KEYS_SENT: dict[str, frozenset[str]] = {
    "lambda.amazonaws.com": frozenset(),
    "apigateway.amazonaws.com": frozenset(),
    "cloudtrail.amazonaws.com": frozenset({"aws:SourceAccount", "aws:SourceArn"}),
    "scheduler.amazonaws.com": frozenset({"aws:SourceAccount", "aws:SourceArn"}),
}


def trust(service: str, account_id: str, source_arn: str | None = None) -> str:
    """Lets one service assume a role, for this account and one resource where the service says for
    which (confused deputy).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html, read 2026-11-23.
    """
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    conditions: dict[str, dict[str, str]] = {}
    if "aws:SourceAccount" in KEYS_SENT[service]:
        conditions["StringEquals"] = {"aws:SourceAccount": account_id}
    if source_arn and "aws:SourceArn" in KEYS_SENT[service]:
        conditions["ArnLike"] = {"aws:SourceArn": source_arn}
    return document(statement | ({"Condition": conditions} if conditions else {}))


def deny_roles(role_arns: list[str], actions: list[str], resources: list[str], sid: str) -> Statement:
    """Refuses some actions to some roles, whatever their own policies say.

    By a condition and not by naming the roles as principals: a principal must exist when the policy
    is written, and IAM keeps its unique id, so that a role that is made again under its name would
    no longer be refused. The key holds the role's ARN, not the session's. Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn,
    read 2026-11-25.
    """
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": role_arns}},
    }


def deny_without_tls(service: str, resources: list[str]) -> Statement:
    """Refuses every call that is not made over TLS (PCI DSS v4.0.1, 4.2.1)."""
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
