"""The archive as a table of the Glue catalogue, so that Athena reads what the archival function writes, without a crawler."""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws

from lib.settings import Settings

# Written from the Rust sources; a test there compares.
SCHEMA_FILE = Path(__file__).resolve().parents[2] / "functions/transaction_archive/schema.json"
FIRST_DAY = "2020-01-01"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def read_columns(path: Path = SCHEMA_FILE) -> list[tuple[str, str]]:
    """The columns of a part: names and Hive types, in order."""
    return [(column["name"], column["type"]) for column in json.loads(path.read_text())]


class ArchiveCatalogue(pulumi.ComponentResource):
    """One database, one external table. Its partitions, the days, are projected: no partition is ever added."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:ArchiveCatalogue", "archive_catalogue", None, opts)
        location = f"s3://{settings.audit_bucket}/archive/transactions/"
        self.database = aws.glue.CatalogDatabase(
            "archive_database",
            name=settings.name("payhook"),
            description="Archived transactions",
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.table = aws.glue.CatalogTable(
            "archive_table",
            name=settings.name("transactions_archive"),
            database_name=self.database.name,
            table_type="EXTERNAL_TABLE",
            description="One row an event, and one a version of a movement; dt is the UTC day of receipt",
            parameters={
                "classification": "parquet",
                "EXTERNAL": "TRUE",
                # Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html, read 2026-11-24.
                "projection.enabled": "true",
                "projection.dt.type": "date",
                "projection.dt.format": "yyyy-MM-dd",
                "projection.dt.range": f"{FIRST_DAY},NOW",
                "projection.dt.interval": "1",
                "projection.dt.interval.unit": "DAYS",
                "storage.location.template": f"{location}dt=${{dt}}/",
            },
            partition_keys=[aws.glue.CatalogTablePartitionKeyArgs(name="dt", type="string")],
            storage_descriptor=aws.glue.CatalogTableStorageDescriptorArgs(
                location=location,
                input_format=f"{PARQUET}.MapredParquetInputFormat",
                output_format=f"{PARQUET}.MapredParquetOutputFormat",
                columns=[
                    aws.glue.CatalogTableStorageDescriptorColumnArgs(name=name, type=kind)
                    for name, kind in read_columns()
                ],
                ser_de_info=aws.glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                    serialization_library=f"{PARQUET}.serde.ParquetHiveSerDe"
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
