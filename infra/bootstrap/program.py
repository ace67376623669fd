"""What an administrator runs once for each environment, before its first deployment, and again when the stack's roles get new rights."""

import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# `lib` and `bootstrap` are imported as the Pulumi CLI's entry point does it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap.account import Account
from bootstrap.boundary import boundary_document
from bootstrap.gateway_account import GatewayAccount
from bootstrap.roles import GithubRoles
from bootstrap.state import State

EXISTING = "existing"


def run() -> None:
    """Reads the configuration, makes the boundary, what the account has once, and, for deployments
    from GitHub, the roles and the state's bucket; exports what the next steps need.
    """
    config = pulumi.Config()
    account = Account(
        environment_suffix=config.require("environment_suffix"),
        account_id=config.get("account_id") or aws.get_caller_identity().account_id,
        github_repository=config.get("github_repository") or "",
        region=pulumi.Config("aws").require("region"),
        cost_center=config.get("cost_center") or "payments",
        makes_oidc_provider=config.get("oidc_provider") != EXISTING,
        makes_gateway_logging=config.get("gateway_logging") != EXISTING,
    )
    if account.makes_gateway_logging:
        GatewayAccount(account)
    aws.iam.Policy(
        "role_boundary",
        name=account.boundary,
        description="The most that a role of the deployed stack may do",
        policy=boundary_document(account),
        tags=account.own.tags,
    )
    pulumi.export("account_id", account.account_id)
    pulumi.export("permissions_boundary", account.boundary)
    if not account.github_repository:
        return
    github = GithubRoles(account)
    State(account, [*github.roles.values()])
    pulumi.export("backend_url", f"s3://{account.state_bucket}?region={account.region}")
    pulumi.export("secrets_provider", f"awskms://{account.state_key_alias}?region={account.region}")
    for name, role in github.roles.items():
        pulumi.export(f"{name}_arn", role.arn)
