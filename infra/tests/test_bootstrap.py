"""What the bootstrap makes: who may take which role, what each may do at most, and how the state is kept."""

import json
import re
from typing import Any

import pytest

from bootstrap.account import Account
from bootstrap.boundary import boundary_document, every_secret, reviewed_rights
from bootstrap.gateway_account import LOGGING_POLICY
from bootstrap.policies import (
    MANAGED_POLICY_CHARACTERS_FILLED,
    MANAGED_POLICY_CHARACTERS_MAX,
    ROLE_MANAGED_POLICIES_MAX,
    characters,
    documents,
)
from bootstrap.rights import SERVICE_LINKED_ROLES, all_rights
from bootstrap.roles import PROTECTED_REF, github_trust, role_statements
from infra.evaluation import evaluated
from infra.tests.iam import matches

ACCOUNT = "123456789012"
GOOD: dict[str, Any] = {
    "environment_suffix": "prod",
    "account_id": ACCOUNT,
    "github_repository": "owner/payhook",
    "region": "us-east-2",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11-27.
TRUST_POLICY_CHARACTERS_MAX = 2048
# The longest that `Account` takes: a suffix of ten characters, a repository of 39 and 100.
LONGEST: dict[str, Any] = {**GOOD, "environment_suffix": "x" * 10, "github_repository": f"{'o' * 39}/{'r' * 100}"}


def _graph(**config: str) -> list[dict[str, Any]]:
    return evaluated(config={f"payhook-bootstrap:{k}": v for k, v in config.items()}, program="bootstrap").graph()


GRAPH = _graph(environment_suffix="prod", account_id=ACCOUNT)


def _of(suffix: str) -> dict[str, dict[str, Any]]:
    found = {r["name"]: r["properties"] for r in GRAPH if r["type"].endswith(suffix)}
    assert found, f"the bootstrap has no {suffix}"
    return found


def allowing(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the statements that allow."""
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def _statements(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["Statement"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"github_repository": "payhook"}, "OWNER/NAME"),
        ({"github_repository": "owner/*"}, "OWNER/NAME"),
        ({"environment_suffix": "x-bootstrap"}, "at most 10 characters"),
        ({"environment_suffix": "elevenchars"}, "at most 10 characters"),
        ({"environment_suffix": "Prod"}, "environment_suffix"),
        ({"account_id": "1234"}, "account_id"),
        ({"region": "eu-west-1"}, "us-east-2"),
    ],
)
def test_refused_with_what_to_do(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Account(**{**GOOD, **change})


def test_each_role_is_taken_by_one_environment_of_one_repository() -> None:
    subjects = {}
    for name, role in _of(":Role").items():
        if name == "gateway_logging_role":
            continue
        (statement,) = _statements(role["assumeRolePolicy"])
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Principal"] == {
            "Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
        }
        assert set(statement["Condition"]) == {"StringEquals"}
        asked = statement["Condition"]["StringEquals"]
        assert asked["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        assert asked["token.actions.githubusercontent.com:ref"] == PROTECTED_REF
        subjects[name] = asked["token.actions.githubusercontent.com:sub"]
    assert subjects == {
        "deploy_role": "repo:owner/payhook:environment:prod",
        "drift_role": "repo:owner/payhook:environment:prod-drift",
        "smoke_role": "repo:owner/payhook:environment:prod",
    }


def test_a_second_environment_of_an_account_uses_the_first_ones_provider() -> None:
    kinds = {resource["type"] for resource in _graph(oidc_provider="existing")}
    assert not [kind for kind in kinds if "openIdConnectProvider" in kind]
    assert any("openIdConnectProvider" in resource["type"] for resource in GRAPH)


def test_without_a_repository_nobody_deploys_from_github() -> None:
    made = evaluated({"payhook-bootstrap:github_repository": ""}, program="bootstrap")
    assert {resource["name"] for resource in made.graph()} == {
        "gateway_logging", "gateway_logging_policy", "gateway_logging_role", "role_boundary",
    }  # fmt: skip
    assert set(made.outputs) == {"account_id", "permissions_boundary"}


def test_the_gateways_logging_is_the_accounts_and_stays() -> None:
    parts = [resource for resource in GRAPH if resource["name"].startswith("gateway_logging")]
    assert {resource["type"] for resource in parts} == {
        "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:apigateway/account:Account",
    }  # fmt: skip
    # The provider's delete resets the setting, and every API of the account logs through the role.
    assert all(resource["options"]["retainOnDelete"] and not resource["options"]["protect"] for resource in parts)
    role = _of(":Role")["gateway_logging_role"]
    (statement,) = _statements(role["assumeRolePolicy"])
    assert statement == {
        "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole",
    }  # fmt: skip
    # API Gateway tries the role on a log group of its own, which no bound of payhook's covers.
    assert "permissionsBoundary" not in role
    (attached,) = (r["properties"] for r in parts if r["type"].endswith("RolePolicyAttachment"))
    assert (attached["role"], attached["policyArn"]) == (role["name"], LOGGING_POLICY)
    (setting,) = _of("account:Account").values()
    assert setting["cloudwatchRoleArn"] == "arn:preview:gateway_logging_role"


def test_a_second_environment_of_an_account_leaves_its_gateway_logging_alone() -> None:
    assert not [r["name"] for r in _graph(gateway_logging="existing") if r["name"].startswith("gateway_logging")]


def test_a_stack_and_its_roles_leave_the_accounts_setting_alone() -> None:
    assert not [r["name"] for r in evaluated().graph() if r["type"] == "aws:apigateway/account:Account"]
    setting = "arn:aws:apigateway:us-east-2::/account"
    for name, (_, statements) in role_statements(Account(**GOOD)).items():
        for statement in statements:
            # Reading it leaves it alone.
            if any(action.startswith("apigateway:") and action != "apigateway:GET" for action in statement["Action"]):
                assert not [pattern for pattern in statement["Resource"] if matches(pattern, setting)], name
    assert "apigateway:" not in boundary_document(Account(**GOOD))


def test_names_and_tags_are_the_bootstraps_own() -> None:
    for resource in GRAPH:
        properties = resource["properties"]
        name = properties.get("name") or (properties.get("bucket") if resource["type"].endswith(":Bucket") else None)
        assert name is None or name.endswith(("_prod-bootstrap", "-prod-bootstrap")), resource["name"]
        if "tags" in properties:
            wanted = {"Environment": "prod-bootstrap", "Project": "payhook", "CostCenter": "payments"}
            assert properties["tags"] == wanted


def test_no_action_has_a_wildcard_and_nothing_is_excepted() -> None:
    for name, (_, statements) in role_statements(Account(**GOOD)).items():
        for statement in statements:
            assert not {"NotAction", "NotResource"} & set(statement), name
            assert not [action for action in statement["Action"] if "*" in action], name
            assert len(set(statement["Action"])) == len(statement["Action"]), name


def test_nothing_of_the_bootstrap_is_within_reach_of_its_roles() -> None:
    own = [f"arn:aws:iam::{ACCOUNT}:role/{role['name']}" for role in _of(":Role").values()]
    own += [f"arn:aws:iam::{ACCOUNT}:policy/role_boundary_prod-bootstrap"]
    stack = evaluated(config={"payhook:environment_suffix": "prod", "payhook:account_id": ACCOUNT}).graph()
    names = {r["properties"]["name"] for r in stack if r["type"] == "aws:iam/role:Role"}
    stacks = {f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in names}
    assert len(stacks) == 5
    for _, statements in role_statements(Account(**GOOD)).values():
        for statement in allowing(statements):
            if "iam:CreateServiceLinkedRole" in statement["Action"]:
                assert statement["Condition"] == {"StringEquals": {"iam:AWSServiceName": [*SERVICE_LINKED_ROLES]}}
                for arn in statement["Resource"]:
                    service, role = arn.rpartition("aws-service-role/")[2].split("/")
                    assert SERVICE_LINKED_ROLES[service] == role
            elif any(action.startswith("iam:") for action in statement["Action"]):
                # By their names, so that no other role of the account whose name ends so is meant.
                assert set(statement["Resource"]) <= stacks
            for resource in statement["Resource"]:
                assert resource == "*" or not [arn for arn in own if matches(resource, arn)], resource
    # The state's key carries other tags than those by which keys are reached.
    assert _of(":Key")["state_key"]["tags"]["Environment"] != "prod"


def test_what_is_not_scoped_by_name_is_scoped_by_tag_or_cannot_be() -> None:
    unscoped = {
        action
        for _, statements in role_statements(Account(**GOOD)).values()
        for statement in allowing(statements)
        if "*" in statement["Resource"] and "Condition" not in statement
        for action in statement["Action"]
    }
    assert unscoped == {
        "cloudfront:CreateDistribution", "cloudfront:CreateFunction", "cloudtrail:DescribeTrails", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics", "kms:ListAliases", "kms:ListKeys", "lambda:GetAccountSettings", "lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteResourcePolicy", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota", "sns:GetSubscriptionAttributes", "sns:Unsubscribe",
    }  # fmt: skip


def test_a_role_can_only_be_made_or_given_rights_within_the_bound() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/role_boundary_prod-bootstrap"
    stack = evaluated(config={"payhook:environment_suffix": "prod", "payhook:account_id": ACCOUNT}).graph()
    roles = [r["properties"] for r in stack if r["type"] == "aws:iam/role:Role"]
    trusted = {r["name"]: _statements(r["assumeRolePolicy"])[0]["Principal"]["Service"] for r in roles}
    giving = {"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
    seen = set()
    for statement in allowing(role_statements(Account(**GOOD))["deploy_role"][1]):
        if found := giving & set(statement["Action"]):
            assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
            seen |= found
        if "iam:PassRole" in statement["Action"]:
            (service,) = statement["Condition"]["StringEquals"]["iam:PassedToService"]
            for role in statement["Resource"]:
                assert service == trusted[role.rpartition("/")[2]]
        # A managed policy would be judged by nobody: the stack's roles have none.
        assert not {"iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy"} & set(statement["Action"])
    assert seen == giving


def test_deploying_reads_no_payment_no_message_and_no_secret() -> None:
    data = {
        "secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage", "lambda:InvokeFunction",
        "s3:DeleteObjectVersion",
    }  # fmt: skip
    for name in ("deploy_role", "drift_role"):
        for statement in allowing(role_statements(Account(**GOOD))[name][1]):
            assert not data & set(statement["Action"]), name
            if {"s3:GetObject", "s3:DeleteObject", "s3:PutObject"} & set(statement["Action"]):
                (keys,) = statement["Resource"]
                assert keys.startswith(f"arn:aws:s3:::payhook-state-{ACCOUNT}-prod-bootstrap/.pulumi/")


def test_looking_changes_nothing_but_the_lock() -> None:
    reading = re.compile(r"\w+:(Get|Describe|List|GET)\w*")
    for statement in role_statements(Account(**GOOD))["drift_role"][1]:
        if [action for action in statement["Action"] if not reading.fullmatch(action)]:
            assert statement["Resource"] == [f"arn:aws:s3:::payhook-state-{ACCOUNT}-prod-bootstrap/.pulumi/locks/*"]


def test_the_names_of_the_stack_are_within_reach_of_deploying() -> None:
    account = Account(**GOOD)
    resources = {r for right in all_rights(account) for r in right.resources}
    deployed = account.deployed
    for arn in (
        deployed.table_arn("transactions"),
        deployed.queue_arn("webhook_processor_dlq"),
        deployed.function_arn("archival_function"),
        deployed.role_arn("webhook_api_role"),
        deployed.log_group_arn(deployed.log_group("webhook_processor")),
        deployed.bucket_arn,
        deployed.arn("kms", deployed.seal_key_alias),
        deployed.arn("secretsmanager", f"secret:{deployed.secret('stripe')}-AbCdEf"),
        deployed.arn("cloudwatch", f"alarm:{deployed.name('gateway_5xx')}"),
        deployed.arn("glue", f"table/{deployed.name('payhook')}/{deployed.name('transactions_archive')}"),
    ):
        assert any(matches(pattern, arn) for pattern in resources - {"*"}), arn


def test_the_bound_holds_every_right_of_the_stacks_roles_in_this_environment() -> None:
    stack = evaluated(config={"payhook:environment_suffix": "prod", "payhook:account_id": ACCOUNT}).graph()
    policies = [r["properties"]["policy"] for r in stack if r["type"] == "aws:iam/rolePolicy:RolePolicy"]
    needed = {(a, r) for text in policies for s in _statements(text) for a in s["Action"] for r in s["Resource"]}
    # All secrets of providers are one pattern there.
    secrets = {(a, r) for a, r in needed if a.startswith("secretsmanager:")}
    every = every_secret(Account(**GOOD))
    assert len(secrets) > 20
    assert all(matches(every, r.replace("?", "x")) for _, r in secrets)
    needed = (needed - secrets) | {(a, every) for a, _ in secrets}
    # A stack may have a gap check any day: its rights are in the bound from the start.
    needed |= {
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:us-east-2:{ACCOUNT}:secret:api_secret_*_prod-??????",
        ),
        ("s3:PutObject", f"arn:aws:s3:::payhook-audit-{ACCOUNT}-prod/gaps/*"),
    }
    # `test_deploy_rights.py` asks the document; that these are no more than is needed is asked here.
    bound = {(a, r) for s in reviewed_rights(Account(**GOOD)) for a in s["Action"] for r in s["Resource"]}
    assert needed == bound
    assert not [text for text in policies if "dev" in text]


def test_the_stack_within_its_bound() -> None:
    graph = evaluated(config={"payhook:permissions_boundary": "role_boundary_dev-bootstrap"}).graph()
    roles = [resource["properties"] for resource in graph if resource["type"].endswith(":Role")]
    assert {role["permissionsBoundary"] for role in roles} == {
        "arn:aws:iam::000000000000:policy/role_boundary_dev-bootstrap"
    }
    assert not [r["name"] for r in evaluated().graph() if "permissionsBoundary" in r["properties"]]


@pytest.mark.parametrize("given", [GOOD, LONGEST], ids=["usual", "longest"])
def test_policies_are_within_iams_sizes(given: dict[str, Any]) -> None:
    account = Account(**given)
    for name, (environment, statements) in role_statements(account).items():
        split = documents(statements)
        assert len(split) <= ROLE_MANAGED_POLICIES_MAX, name
        assert max(map(characters, split)) <= MANAGED_POLICY_CHARACTERS_FILLED < MANAGED_POLICY_CHARACTERS_MAX, name
        # Nothing is lost, and nothing is there twice.
        assert [statement for text in split for statement in _statements(text)] == statements, name
        assert characters(github_trust(account, environment)) <= TRUST_POLICY_CHARACTERS_MAX
    # One document, which cannot be split.
    assert characters(boundary_document(account)) <= MANAGED_POLICY_CHARACTERS_FILLED


def test_each_part_of_a_roles_rights_is_attached_to_it() -> None:
    written = {r["name"]: r["properties"] for r in GRAPH if r["type"] == "aws:iam/policy:Policy"}
    attached = {
        r["name"]: r["properties"]
        for r in GRAPH
        if r["type"].endswith("RolePolicyAttachment") and r["name"] != "gateway_logging_policy"
    }
    assert set(written) == {*attached, "role_boundary"}
    for name, (_, statements) in role_statements(Account(**GOOD)).items():
        parts = [part for part in attached if part.startswith(f"{name}_policy_")]
        assert len(parts) == len(documents(statements))
        for part in parts:
            assert attached[part]["role"] == f"{name}_prod-bootstrap"
            assert attached[part]["policyArn"] == f"arn:preview:{part}"
        texts = [written[f"{name}_policy_{number}"]["policy"] for number in range(1, len(parts) + 1)]
        assert [statement for text in texts for statement in _statements(text)] == statements


def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    long = {"Sid": "Long", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{'x' * 6000}"]}
    with pytest.raises(ValueError, match="Long is longer"):
        documents([long])
    with pytest.raises(ValueError, match="11 policies"):
        documents([{**long, "Resource": [f"arn:aws:s3:::{'x' * 4000}"]}] * 11)


def test_the_state_is_closed_encrypted_and_has_a_history() -> None:
    (versioning,) = _of(":BucketVersioning").values()
    assert versioning["versioningConfiguration"]["status"] == "Enabled"
    (block,) = _of(":BucketPublicAccessBlock").values()
    assert [
        block[f] for f in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ] == [True] * 4
    (rule,) = (bucket["rules"][0] for bucket in _of("ServerSideEncryptionConfiguration").values())
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": "arn:preview:state_key",
    }
    (policy,) = _of(":BucketPolicy").values()
    (statement,) = _statements(policy["policy"])
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (key,) = _of(":Key").values()
    assert key["enableKeyRotation"]
    (bucket,) = _of("bucket:Bucket").values()
    assert not bucket.get("forceDestroy")


def test_the_states_key_is_used_by_the_workflows_roles_alone() -> None:
    (key,) = _of(":Key").values()
    users = {}
    for statement in _statements(key["policy"]):
        principal = statement["Principal"]["AWS"]
        for role in principal if isinstance(principal, list) else []:
            users[role.rpartition("/")[2]] = "kms:Encrypt" in statement["Action"]
    assert users == {"deploy_role_prod-bootstrap": True, "drift_role_prod-bootstrap": False}


def test_outputs_say_what_the_next_steps_need() -> None:
    outputs = evaluated(program="bootstrap").outputs
    assert outputs["backend_url"] == "s3://payhook-state-000000000000-dev-bootstrap?region=us-east-2"
    assert outputs["secrets_provider"] == "awskms://alias/payhook_state_dev-bootstrap?region=us-east-2"
    assert outputs["permissions_boundary"] == "role_boundary_dev-bootstrap"
    assert outputs["deploy_role_arn"] == "arn:preview:deploy_role"
