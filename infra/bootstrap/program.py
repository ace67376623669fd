"""What an administrator runs once for each environment, before its first deployment, and again when the stack's roles get new rights."""

import sys
from pathlib import Path

import pulumi
import pulumi_aws as aws

# `lib` and `bootstrap` are imported as the Pulumi CLI's entry point does it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap.account import Account
from bootstrap.roles import GithubRoles
from bootstrap.state import State


def run() -> None:
    """Reads the configuration, makes the roles and the state's bucket, exports what the next steps need."""
    config = pulumi.Config()
    account = Account(
        environment_suffix=config.require("environment_suffix"),
        account_id=config.get("account_id") or aws.get_caller_identity().account_id,
        github_repository=config.require("github_repository"),
        region=pulumi.Config("aws").require("region"),
        cost_center=config.get("cost_center") or "payments",
        makes_oidc_provider=config.get("oidc_provider") != "existing",
    )
    github = GithubRoles(account)
    State(account, [*github.roles.values()])
    pulumi.export("account_id", account.account_id)
    pulumi.export("backend_url", f"s3://{account.state_bucket}?region={account.region}")
    pulumi.export("secrets_provider", f"awskms://{account.state_key_alias}?region={account.region}")
    pulumi.export("permissions_boundary", account.boundary)
    for name, role in github.roles.items():
        pulumi.export(f"{name}_arn", role.arn)
