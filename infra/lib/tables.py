"""The two tables: transactions (with its stream) and analytics. Both forget what has expired."""

import pulumi
import pulumi_aws as aws

from lib.limits import CAPACITIES
from lib.settings import Settings


class Tables(pulumi.ComponentResource):
    """On demand, restorable to any second, encrypted with the stack's key."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:Tables", "tables", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        encryption = aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=key_arn)
        restorable = aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True)
        # DynamoDB deletes what has expired, within days and for nothing. Every item of the
        # transactions table expires, long after the archive has a verified copy of it; of the
        # analytics table markers and the counts of a minute do.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html, read 2026-11-28.
        expiry = aws.dynamodb.TableTtlArgs(attribute_name="expires_at", enabled=True)

        warm = CAPACITIES[settings.capacity]["warm_throughput"]

        def attribute(name: str) -> aws.dynamodb.TableAttributeArgs:
            return aws.dynamodb.TableAttributeArgs(name=name, type="S")

        self.transactions = aws.dynamodb.Table(
            "transactions",
            name=settings.name("transactions"),
            billing_mode="PAY_PER_REQUEST",
            hash_key="transaction_id",
            range_key="timestamp",
            attributes=[attribute("transaction_id"), attribute("timestamp")],
            stream_enabled=True,
            # What a movement adds is the difference of its two images.
            stream_view_type="NEW_AND_OLD_IMAGES",
            point_in_time_recovery=restorable,
            server_side_encryption=encryption,
            ttl=expiry,
            # A new on-demand table takes 4,000 write units a second, and doubles in half an hour at the soonest.
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html, read 2026-11-27.
            warm_throughput=aws.dynamodb.TableWarmThroughputArgs(
                read_units_per_second=warm["read_units"], write_units_per_second=warm["write_units"]
            )
            if warm
            else None,
            deletion_protection_enabled=False,
            tags=settings.tags,
            opts=child,
        )
        self.analytics = aws.dynamodb.Table(
            "analytics",
            name=settings.name("analytics"),
            billing_mode="PAY_PER_REQUEST",
            hash_key="aggregate",
            range_key="bucket",
            attributes=[attribute("aggregate"), attribute("bucket")],
            point_in_time_recovery=restorable,
            server_side_encryption=encryption,
            ttl=expiry,
            deletion_protection_enabled=False,
            tags=settings.tags,
            opts=child,
        )
        self.register_outputs({})
