"""The role by which API Gateway writes logs, and the setting of the account that names it.

The setting is one per account and region, so it belongs to no environment: two stacks that both set
it would overwrite each other's role, and the destruction of one would silence the other. Source, a
stored copy of which was read 2026-11-27:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html.

Nothing here is removed by `pulumi destroy`: every API of the account and region logs through it,
and the provider's delete would reset the setting. So it is retained on delete, not protected: a
protected resource would make the destruction of the rest fail. Sources, read 2026-11-27: version 6
of the Terraform provider always resets the settings and has no `reset_on_delete` any more,
https://github.com/hashicorp/terraform-provider-aws/pull/42226, and Pulumi's version 7 carries that
one, https://github.com/pulumi/pulumi-aws/pull/5665.

The role has no boundary. API Gateway tries it when the setting is made, by writing to a log group
of its own (`/aws/apigateway/welcome`), and every API of the account logs through it afterwards:
https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2312 and
https://github.com/aws-cloudformation/rain/issues/163, read 2026-11-27.
"""

import pulumi
import pulumi_aws as aws

from bootstrap.account import Account
from lib.policies import trust

# AWS's own policy for this role, which has all that API Gateway needs. Source, a stored copy of
# which was read 2026-11-27:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html.
LOGGING_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class GatewayAccount(pulumi.ComponentResource):
    """The role, its policy and the setting, which stay when the bootstrap is destroyed."""

    def __init__(self, account: Account, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:GatewayAccount", "gateway_account", None, opts)
        own = account.own
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        role = aws.iam.Role(
            "gateway_logging_role",
            name=own.name("gateway_logging_role"),
            description="Taken by API Gateway to write the logs of every API of this account and region",
            assume_role_policy=trust("apigateway.amazonaws.com", account.account_id),
            tags=own.tags,
            opts=kept,
        )
        policy = aws.iam.RolePolicyAttachment(
            "gateway_logging_policy", role=role.name, policy_arn=LOGGING_POLICY, opts=kept
        )
        aws.apigateway.Account(
            "gateway_logging",
            cloudwatch_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, depends_on=[policy]),
        )
        self.register_outputs({})
