"""What the bootstrap makes: who may take which role, what each may do at most, and how the state is kept."""

import json
import re
from typing import Any

import pytest

from bootstrap.account import Account
from bootstrap.boundary import MANAGED_POLICY_CHARACTERS_MAX, reviewed_rights
from bootstrap.rights import all_rights
from bootstrap.roles import role_statements
from infra.evaluation import evaluated

ACCOUNT = "123456789012"
GOOD: dict[str, Any] = {
    "environment_suffix": "prod",
    "account_id": ACCOUNT,
    "github_repository": "owner/payhook",
    "region": "us-east-2",
}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11-25: all policies in one role, without white space.
ROLE_POLICIES_CHARACTERS_MAX = 10_240


def _graph(**config: str) -> list[dict[str, Any]]:
    return evaluated(config={f"payhook-bootstrap:{k}": v for k, v in config.items()}, program="bootstrap").graph()


GRAPH = _graph(environment_suffix="prod", account_id=ACCOUNT)


def _of(suffix: str) -> dict[str, dict[str, Any]]:
    found = {r["name"]: r["properties"] for r in GRAPH if r["type"].endswith(suffix)}
    assert found, f"the bootstrap has no {suffix}"
    return found


def _statements(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["Statement"]


def _size(text: str) -> int:
    return len(json.dumps(json.loads(text), separators=(",", ":")))


def _covers(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


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
        (statement,) = _statements(role["assumeRolePolicy"])
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Principal"] == {
            "Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
        }
        assert set(statement["Condition"]) == {"StringEquals"}
        asked = statement["Condition"]["StringEquals"]
        assert asked["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        subjects[name] = asked["token.actions.githubusercontent.com:sub"]
    assert subjects == {
        "deploy_role": "repo:owner/payhook:environment:prod",
        "inspect_role": "repo:owner/payhook:environment:prod-preview",
        "smoke_role": "repo:owner/payhook:environment:prod",
    }


def test_a_second_environment_of_an_account_uses_the_first_ones_provider() -> None:
    kinds = {resource["type"] for resource in _graph(oidc_provider="existing")}
    assert not [kind for kind in kinds if "openIdConnectProvider" in kind]
    assert any("openIdConnectProvider" in resource["type"] for resource in GRAPH)


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
    for _, statements in role_statements(Account(**GOOD)).values():
        for statement in statements:
            if any(action.startswith("iam:") for action in statement["Action"]):
                assert statement["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/*_prod"]
            for resource in statement["Resource"]:
                assert resource == "*" or not [arn for arn in own if _covers(resource, arn)], resource
    # The state's key carries other tags than those by which keys are reached.
    assert _of(":Key")["state_key"]["tags"]["Environment"] != "prod"


def test_what_is_not_scoped_by_name_is_scoped_by_tag_or_cannot_be() -> None:
    unscoped = {
        action
        for _, statements in role_statements(Account(**GOOD)).values()
        for statement in statements
        if "*" in statement["Resource"] and "Condition" not in statement
        for action in statement["Action"]
    }
    assert unscoped == {
        "cloudtrail:DescribeTrails", "cloudwatch:DescribeAlarms", "kms:ListAliases", "lambda:GetEventSourceMapping", "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery", "logs:DeleteResourcePolicy", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy",
    }  # fmt: skip


def test_a_role_can_only_be_made_or_given_rights_within_the_bound() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/role_boundary_prod-bootstrap"
    giving = {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
    seen = set()
    for statement in role_statements(Account(**GOOD))["deploy_role"][1]:
        if found := giving & set(statement["Action"]):
            assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
            seen |= found
        if "iam:PassRole" in statement["Action"]:
            assert "iam:PassedToService" in statement["Condition"]["StringEquals"]
        assert "iam:DeleteRolePermissionsBoundary" not in statement["Action"]
    assert seen == giving


def test_deploying_reads_no_payment_no_message_and_no_secret() -> None:
    data = {
        "secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage", "lambda:InvokeFunction",
        "s3:DeleteObjectVersion",
    }  # fmt: skip
    for name in ("deploy_role", "inspect_role"):
        for statement in role_statements(Account(**GOOD))[name][1]:
            assert not data & set(statement["Action"]), name
            if {"s3:GetObject", "s3:DeleteObject", "s3:PutObject"} & set(statement["Action"]):
                (keys,) = statement["Resource"]
                assert keys.startswith(f"arn:aws:s3:::payhook-state-{ACCOUNT}-prod-bootstrap/.pulumi/")


def test_looking_changes_nothing_but_the_lock() -> None:
    reading = re.compile(r"\w+:(Get|Describe|List|GET)\w*")
    for statement in role_statements(Account(**GOOD))["inspect_role"][1]:
        if [action for action in statement["Action"] if not reading.fullmatch(action)]:
            assert statement["Resource"] == [f"arn:aws:s3:::payhook-state-{ACCOUNT}-prod-bootstrap/.pulumi/locks/*"]


def test_every_kind_of_resource_of_the_stack_has_rights() -> None:
    modules = {module for right in all_rights(Account(**GOOD)) for module in right.modules}
    kinds = {
        resource["type"].removeprefix("aws:") for resource in evaluated().graph() if resource["type"].startswith("aws:")
    }
    assert {kind for kind in kinds if not kind.startswith(tuple(modules))} == set(), "add them to bootstrap/rights.py"


def test_the_names_of_the_stack_are_within_reach_of_deploying() -> None:
    account = Account(**GOOD)
    resources = {r for right in all_rights(account) for r in right.resources}
    deployed = account.deployed
    for arn in (
        deployed.table_arn("transactions"),
        deployed.queue_arn("webhook_processor_dlq"),
        deployed.function_arn("archival_function"),
        deployed.role_arn("webhook_api_logging_role"),
        deployed.log_group_arn(deployed.log_group("webhook_processor")),
        deployed.bucket_arn,
        deployed.arn("kms", deployed.seal_key_alias),
        deployed.arn("secretsmanager", f"secret:{deployed.secret('stripe')}-AbCdEf"),
        deployed.arn("cloudwatch", f"alarm:{deployed.name('gateway_5xx')}"),
        deployed.arn("glue", f"table/{deployed.name('payhook')}/{deployed.name('transactions_archive')}"),
    ):
        assert any(_covers(pattern, arn) for pattern in resources - {"*"}), arn


def test_the_bound_holds_every_right_of_the_stacks_roles_in_this_environment() -> None:
    stack = evaluated(config={"payhook:environment_suffix": "prod", "payhook:account_id": ACCOUNT}).graph()
    policies = [r["properties"]["policy"] for r in stack if r["type"] == "aws:iam/rolePolicy:RolePolicy"]
    needed = {(a, r) for text in policies for s in _statements(text) for a in s["Action"] for r in s["Resource"]}
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


@pytest.mark.parametrize("suffix", ["prod", "x" * 10])
def test_policies_are_within_iams_sizes(suffix: str) -> None:
    graph = _graph(environment_suffix=suffix, account_id=ACCOUNT)
    for resource in graph:
        policy = resource["properties"].get("policy", "{}")
        if resource["type"].endswith(":RolePolicy"):
            assert _size(policy) <= ROLE_POLICIES_CHARACTERS_MAX, resource["name"]
        if resource["type"].endswith("policy:Policy"):
            assert _size(policy) <= MANAGED_POLICY_CHARACTERS_MAX, resource["name"]


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
    assert users == {"deploy_role_prod-bootstrap": True, "inspect_role_prod-bootstrap": False}


def test_outputs_say_what_the_next_steps_need() -> None:
    outputs = evaluated(program="bootstrap").outputs
    assert outputs["backend_url"] == "s3://payhook-state-000000000000-dev-bootstrap?region=us-east-2"
    assert outputs["secrets_provider"] == "awskms://alias/payhook_state_dev-bootstrap?region=us-east-2"
    assert outputs["permissions_boundary"] == "role_boundary_dev-bootstrap"
    assert outputs["deploy_role_arn"] == "arn:preview:deploy_role"
