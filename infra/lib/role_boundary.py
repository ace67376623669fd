"""Bounds every role of the stack by one policy, which the bootstrap makes (`infra/bootstrap/`): who deploys can then give no role more than that."""

import pulumi

from lib.settings import Settings

ROLE = "aws:iam/role:Role"


def bounded_roles(settings: Settings, policy_name: str) -> pulumi.ResourceOptions:
    """Options for the stack: whatever role a component makes, now or later, carries the boundary."""
    arn = f"arn:aws:iam::{settings.account_id}:policy/{policy_name}"

    def bound(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != ROLE:
            return None
        return pulumi.ResourceTransformationResult({**args.props, "permissions_boundary": arn}, args.opts)

    return pulumi.ResourceOptions(transformations=[bound])
