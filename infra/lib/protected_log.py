"""A log group and the net under the functions' own masking: CloudWatch masks card numbers that should never have been logged.

The managed identifier CreditCardNumber finds a number only near a word such as `card`, `credit` or
`visa`, typically within thirty characters of it, and is therefore a second net, never the first:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protect-sensitive-log-data-types-financial.html
(the words) and https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
(the distance), stored copies of which were read 2026-11-28. Security codes
and expiry dates have identifiers of their own. What was logged before the policy exists stays as it is, hence the policy belongs to the group and whatever
writes waits for both.
"""

import pulumi
import pulumi_aws as aws

from lib.limits import LIMITS
from lib.policies import normalised
from lib.settings import Settings

IDENTIFIERS = [
    f"arn:aws:dataprotection::aws:data-identifier/{name}"
    for name in ("CreditCardNumber", "CreditCardExpiration", "CreditCardSecurityCode")
]


def protection_policy(settings: Settings) -> str:
    """Finds card data (the metric LogEventsWithFindings, which an alarm watches) and masks it for everybody without logs:Unmask."""
    find = {"Audit": {"FindingsDestination": {}}}
    mask = {"Deidentify": {"MaskConfig": {}}}
    return normalised(
        {
            "Name": settings.name("card_data"),
            "Description": "No card data in a log",
            "Version": "2021-06-01",
            "Statement": [
                {"Sid": sid, "DataIdentifier": IDENTIFIERS, "Operation": operation}
                for sid, operation in (("find", find), ("mask", mask))
            ],
        }
    )


class ProtectedLog(pulumi.ComponentResource):
    """One log group: thirty days, the stack's key, and its data protection policy."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        group_name: pulumi.Input[str],
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:ProtectedLog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.group = aws.cloudwatch.LogGroup(
            name,
            name=group_name,
            retention_in_days=LIMITS["logs"]["retention_days"],
            kms_key_id=key_arn,
            tags=settings.tags,
            opts=child,
        )
        self.policy = aws.cloudwatch.LogDataProtectionPolicy(
            f"{name}_protection",
            log_group_name=self.group.name,
            policy_document=protection_policy(settings),
            opts=child,
        )
        self.register_outputs({})
