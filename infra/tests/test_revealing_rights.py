"""What the roles of the bootstrap can read of secrets: of every action that reveals one, who has
it, on what, and why. A pull request has none of it, because its jobs take no role
(`tests/workflows/test_workflows.py`).
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from bootstrap.account import Account
from bootstrap.roles import role_statements
from infra.evaluation import evaluated
from infra.lib.settings import Settings
from infra.tests.iam import matches

ACCOUNT = Account("prod", "123456789012", "owner/payhook", "us-east-2")
STATE = "arn:aws:s3:::payhook-state-123456789012-prod-bootstrap/.pulumi/*"
GATEWAY = "arn:aws:apigateway:us-east-2::/"
# Actions whose answers hold secrets, payments or messages, or that hand out rights to them. Those
# that nobody here has are listed, too: that they stay so is the test.
REVEALING = {
    "apigateway:GET": "an API key with `includeValue=true`",
    "cloudformation:GetTemplate": "parameters of a stack",
    "cloudfront:GetDistribution": "the header by which the gateway knows the edge",
    "cloudfront:GetDistributionConfig": "the same",
    "dynamodb:BatchGetItem": "payments",
    "dynamodb:ExportTableToPointInTime": "payments",
    "dynamodb:GetItem": "payments",
    "dynamodb:GetRecords": "payments",
    "dynamodb:PartiQLSelect": "payments",
    "dynamodb:PartiQLUpdate": "payments: what stood there is answered with `RETURNING` or where a condition fails",
    "dynamodb:Query": "payments",
    "dynamodb:Scan": "payments",
    "iam:CreateAccessKey": "credentials",
    "kms:CreateGrant": "what a key encrypts",
    "kms:Decrypt": "what a key encrypts",
    "kms:ReEncryptFrom": "what a key encrypts",
    "lambda:GetFunction": "a function's variables and the address of its code",
    "lambda:GetFunctionConfiguration": "a function's variables",
    "lambda:InvokeFunction": "a provider's handshake, answered with its secret",
    "logs:FilterLogEvents": "logs",
    "logs:GetLogEvents": "logs",
    "logs:StartQuery": "logs",
    "logs:Unmask": "what is masked in logs",
    "s3:GetObject": "the audit log, or the state",
    "s3:GetObjectVersion": "the audit log, or the state",
    "secretsmanager:BatchGetSecretValue": "providers' secrets",
    "secretsmanager:GetSecretValue": "providers' secrets",
    "sns:Subscribe": "alarms from then on",
    "sqs:ReceiveMessage": "webhooks that wait",
    "ssm:GetParameter": "parameters",
    "ssm:GetParameters": "parameters",
    "ssm:GetParametersByPath": "parameters",
    "sts:AssumeRole": "another role's rights",
    "wafv2:GetWebACL": "the secret by which the firewall knows the edge",
}


@dataclass(frozen=True)
class Held:
    """The resources on which a role has an action, and why it needs to."""

    on: tuple[str, ...]
    why: str


REFRESH = "the provider reads the whole resource, and a refresh compares it with the state, which holds the same value"
# `lambda:GetFunction` reveals no secret: `test_a_function_keeps_no_secret_in_its_variables`.
FUNCTIONS = Held(
    (ACCOUNT.deployed.arn("lambda", "function:*_prod"),), "variables and code of the functions, which are no secrets"
)
DRIFT = {
    "apigateway:GET": Held(tuple(f"{GATEWAY}{root}" for root in
        ("apikeys", "apikeys/*", "restapis", "restapis/*", "tags/*", "usageplans", "usageplans/*")), REFRESH),
    "cloudfront:GetDistribution": Held(("arn:aws:cloudfront::123456789012:distribution/*",), REFRESH),
    "lambda:GetFunction": FUNCTIONS,
    "lambda:GetFunctionConfiguration": FUNCTIONS,
    "s3:GetObject": Held((STATE,), "a refresh starts from the state; its key is named in the key's policy"),
    "wafv2:GetWebACL": Held(
        ("arn:aws:wafv2:us-east-2:123456789012:regional/webacl/*_prod/*", "arn:aws:wafv2:us-east-2:123456789012:regional/managedruleset/*",
         f"{GATEWAY}restapis/*/stages/*"), REFRESH),
}  # fmt: skip
KEYS = Held((ACCOUNT.deployed.arn("kms", "key/*"),), "services use the stack's key for who makes the resource")
DEPLOY = DRIFT | {
    "kms:CreateGrant": KEYS,
    "kms:Decrypt": KEYS,
    "kms:ReEncryptFrom": KEYS,
    "sns:Subscribe": Held((ACCOUNT.deployed.arn("sns", "*_prod"),), "who gets the alarms is a setting of the stack"),
}
SMOKE = {
    "apigateway:GET": Held(
        tuple(f"{GATEWAY}{root}" for root in ("account", "apikeys", "restapis", "usageplans")),
        "it sends webhooks with one provider's API key, and looks whether the API can write its logs",
    ),
    "dynamodb:BatchGetItem": Held((ACCOUNT.deployed.table_arn("analytics"),), "it finds the webhook counted"),
    "dynamodb:Query": Held((ACCOUNT.deployed.table_arn("transactions"),), "it finds the record"),
    "lambda:GetFunctionConfiguration": FUNCTIONS,
    "kms:Decrypt": Held((ACCOUNT.deployed.arn("kms", "key/*"),), "it reads what the stack's key encrypts"),
    "s3:GetObject": Held((f"{ACCOUNT.deployed.bucket_arn}/audit/*",), "it finds the line of the audit log"),
    "secretsmanager:GetSecretValue": Held(
        (ACCOUNT.deployed.arn("secretsmanager", "secret:webhook_secret_standardwebhooks_prod-??????"),), "it signs as one provider"
    ),
}  # fmt: skip


def revealing(role: str) -> dict[str, set[str]]:
    """The revealing actions of a role, and the resources of each."""
    found: dict[str, set[str]] = {}
    for statement in role_statements(ACCOUNT)[role][1]:
        for action in statement["Action"] if statement["Effect"] == "Allow" else []:
            if action in REVEALING:
                found.setdefault(action, set()).update(statement["Resource"])
    return found


@pytest.mark.parametrize(("role", "held"), [("drift_role", DRIFT), ("deploy_role", DEPLOY), ("smoke_role", SMOKE)])
def test_a_role_reads_no_other_secret_than_it_must(role: str, held: dict[str, Held]) -> None:
    assert revealing(role) == {action: set(given.on) for action, given in held.items()}
    assert all(given.why for given in held.values())


def test_whoever_decrypts_with_the_stacks_key_does_so_through_a_service_or_by_its_tags() -> None:
    for role, (_, statements) in role_statements(ACCOUNT).items():
        for statement in statements:
            if {"kms:Decrypt", "kms:CreateGrant", "kms:ReEncryptFrom"} & set(statement["Action"]):
                condition = json.dumps(statement["Condition"])
                assert "kms:ViaService" in condition or "aws:ResourceTag/Environment" in condition, role


def test_no_object_but_those_of_the_state_is_read_by_who_deploys_or_looks() -> None:
    for role in ("deploy_role", "drift_role"):
        assert all(
            not matches(pattern, f"{ACCOUNT.deployed.bucket_arn}/audit/x")
            for pattern in revealing(role)["s3:GetObject"]
        )


def test_a_function_keeps_no_secret_in_its_variables() -> None:
    settings = Settings("dev", "000000000000", edge=False)
    for resource in evaluated().graph():
        if resource["type"] != "aws:lambda/function:Function":
            continue
        variables: dict[str, Any] = resource["properties"]["environment"]["variables"]
        # Names of resources and settings, as the source has them; nothing that AWS or Pulumi makes.
        for name, value in variables.items():
            assert not value.startswith(("secret:", "arn:preview:")), (resource["name"], name)
            assert "password" not in name.lower(), name
        assert settings.environment_suffix in variables.values()
