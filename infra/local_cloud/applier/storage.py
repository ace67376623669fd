"""Tables and buckets."""

from typing import Any

from infra.local_cloud.applier.shapes import capitalised, present, whole
from infra.local_cloud.clients import REGION, Clients, tag_list

Made = tuple[str, dict[str, Any]]


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else schema


def table(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.dynamodb.Table."""
    name = inputs["name"]
    attributes = [{"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs["attributes"]]
    arguments: dict[str, Any] = {}
    if inputs.get("streamEnabled"):
        arguments["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}
    encryption = inputs["serverSideEncryption"]
    made = clients.dynamodb.create_table(
        TableName=name,
        KeySchema=_key_schema(inputs["hashKey"], inputs.get("rangeKey")),
        AttributeDefinitions=attributes,
        BillingMode=inputs["billingMode"],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": encryption["kmsKeyArn"]},
        Tags=tag_list(inputs.get("tags")),
        **arguments,
    )["TableDescription"]
    if inputs.get("pointInTimeRecovery", {}).get("enabled"):
        clients.dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    if inputs.get("ttl", {}).get("enabled"):
        clients.dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": inputs["ttl"]["attributeName"]},
        )
    return name, {"arn": made["TableArn"], "streamArn": made.get("LatestStreamArn", "")}


def bucket(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.Bucket."""
    name = inputs["bucket"]
    clients.s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=inputs.get("objectLockEnabled") or False,
    )
    clients.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs.get("tags"))})
    return name, {"arn": f"arn:aws:s3:::{name}"}


def ownership(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketOwnershipControls."""
    clients.s3.put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": [capitalised(inputs["rule"])]}
    )
    return inputs["bucket"], {}


def bucket_policy(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketPolicy. It refuses what comes without TLS, see `emulator.loopback_transport`."""
    clients.s3.put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
    return inputs["bucket"], {}


def public_access_block(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketPublicAccessBlock."""
    names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    clients.s3.put_public_access_block(
        Bucket=inputs["bucket"],
        PublicAccessBlockConfiguration=capitalised({name: inputs[name] for name in names}),
    )
    return inputs["bucket"], {}


def encryption(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketServerSideEncryptionConfiguration."""
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"],
                "KMSMasterKeyID": rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"],
            },
            "BucketKeyEnabled": rule["bucketKeyEnabled"],
        }
        for rule in inputs["rules"]
    ]
    clients.s3.put_bucket_encryption(Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules})
    return inputs["bucket"], {}


def versioning(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketVersioning."""
    clients.s3.put_bucket_versioning(
        Bucket=inputs["bucket"], VersioningConfiguration={"Status": inputs["versioningConfiguration"]["status"]}
    )
    return inputs["bucket"], {}


def object_lock(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketObjectLockConfiguration."""
    clients.s3.put_object_lock_configuration(
        Bucket=inputs["bucket"],
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": capitalised(inputs["rule"])},
    )
    return inputs["bucket"], {}


def lifecycle(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.s3.BucketLifecycleConfiguration."""
    rules = []
    for rule in inputs["rules"]:
        made: dict[str, Any] = {
            "ID": rule["id"],
            "Status": rule["status"],
            "Filter": {"Prefix": rule["filter"]["prefix"]},
        }
        if "transitions" in rule:
            made["Transitions"] = [
                {"Days": whole(t["days"]), "StorageClass": t["storageClass"]} for t in rule["transitions"]
            ]
        for ours, theirs in (
            ("expiration", "Expiration"),
            ("noncurrentVersionExpiration", "NoncurrentVersionExpiration"),
            ("abortIncompleteMultipartUpload", "AbortIncompleteMultipartUpload"),
        ):
            if ours in rule:
                made[theirs] = capitalised(rule[ours])
        rules.append(made)
    clients.s3.put_bucket_lifecycle_configuration(Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules})
    return inputs["bucket"], {}


def catalogue_database(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.glue.CatalogDatabase."""
    clients.glue.create_database(
        DatabaseInput=present(Name=inputs["name"], Description=inputs.get("description")), Tags=inputs.get("tags", {})
    )
    return inputs["name"], {}


def catalogue_table(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.glue.CatalogTable."""
    described = inputs["storageDescriptor"]
    clients.glue.create_table(
        DatabaseName=inputs["databaseName"],
        TableInput={
            "Name": inputs["name"],
            "TableType": inputs["tableType"],
            "Description": inputs["description"],
            "Parameters": inputs["parameters"],
            "PartitionKeys": capitalised(inputs["partitionKeys"]),
            "StorageDescriptor": {
                "Location": described["location"],
                "InputFormat": described["inputFormat"],
                "OutputFormat": described["outputFormat"],
                "Columns": capitalised(described["columns"]),
                "SerdeInfo": capitalised(described["serDeInfo"]),
            },
        },
    )
    return f"{inputs['databaseName']}:{inputs['name']}", {}


MAKERS = {
    "aws:glue/catalogDatabase:CatalogDatabase": catalogue_database,
    "aws:glue/catalogTable:CatalogTable": catalogue_table,
    "aws:dynamodb/table:Table": table,
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "aws:s3/bucketPolicy:BucketPolicy": bucket_policy,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": object_lock,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
}
