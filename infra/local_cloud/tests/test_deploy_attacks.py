"""What the deploy role cannot do, tried in a local cloud with the stack in it, which asks the
policies of the role and those of the resources. `infra/tests/test_deploy_attacks.py` asks the
documents.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import infra.program  # noqa: F401 (puts `lib` and `bootstrap` on the path, as the Pulumi CLI does)
from bootstrap.account import Account
from bootstrap.policies import documents
from bootstrap.roles import role_statements
from infra.local_cloud.clients import ACCOUNT, REGION
from infra.local_cloud.cloud import LocalCloud

Client = Callable[[str], Any]
REFUSED = {"AccessDenied", "AccessDeniedException", "AccessDeniedByPolicy"}


def refused(call: Callable[[], Any]) -> bool:
    """Whether a call is refused for want of a right, and not for anything else."""
    with pytest.raises(ClientError) as error:
        call()
    code = error.value.response.get("Error", {}).get("Code", "")
    assert code in REFUSED, error.value
    return True


@pytest.fixture(scope="module")
def deploy(cloud: LocalCloud) -> Iterator[Client]:
    """Clients with the credentials of the deploy role, as the bootstrap makes it; only that
    somebody else takes it. It goes when the tests are done.
    """
    account, iam = Account(cloud.suffix, ACCOUNT, "owner/payhook", REGION), cloud.clients.iam
    name = account.deployed.deploy_role_arn.rpartition("/")[2]
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    parts = documents(role_statements(account)["deploy_role"][1])
    for number, text in enumerate(parts):
        iam.put_role_policy(RoleName=name, PolicyName=f"part_{number}", PolicyDocument=text)
    given = cloud.clients.sts.assume_role(RoleArn=arn, RoleSessionName="attacker")["Credentials"]
    session: Any = boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=REGION,
    )

    def client(service: str) -> Any:
        path_style = Config(s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=cloud.aws_endpoint, config=path_style)

    yield client
    for number in range(len(parts)):
        iam.delete_role_policy(RoleName=name, PolicyName=f"part_{number}")
    iam.delete_role(RoleName=name)


def gift(*actions: str, resource: str) -> str:
    """A policy that gives the actions to everybody of the account."""
    to = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": to, "Action": [*actions], "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_it_becomes_no_role_of_the_stack(cloud: LocalCloud, deploy: Client) -> None:
    role = f"webhook_processor_role_{cloud.suffix}"
    arn, iam = f"arn:aws:iam::{ACCOUNT}:role/{role}", deploy("iam")
    assert iam.get_role(RoleName=role)["Role"]["Arn"] == arn
    opened = gift("sts:AssumeRole", resource="*").replace(', "Resource": "*"', "")
    assert refused(lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=opened))
    assert refused(lambda: iam.delete_role(RoleName=role))
    # Were the trust opened all the same:
    kept = cloud.clients.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    cloud.clients.iam.update_assume_role_policy(RoleName=role, PolicyDocument=opened)
    try:
        assert refused(lambda: deploy("sts").assume_role(RoleArn=arn, RoleSessionName="attacker"))
    finally:
        text = kept if isinstance(kept, str) else json.dumps(kept)
        cloud.clients.iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)


def test_it_reaches_no_other_teams_role(cloud: LocalCloud, deploy: Client) -> None:
    role = f"admin_{cloud.suffix}"
    trust = gift("sts:AssumeRole", resource="*").replace(', "Resource": "*"', "")
    cloud.clients.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
    try:
        assert refused(lambda: deploy("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trust))
        assert refused(lambda: deploy("iam").update_role(RoleName=role, MaxSessionDuration=3600))
        assert refused(lambda: deploy("iam").put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=trust))
        assert refused(lambda: deploy("iam").get_role(RoleName=role))
    finally:
        cloud.clients.iam.delete_role(RoleName=role)


def test_it_does_not_open_the_audit_log(cloud: LocalCloud, deploy: Client) -> None:
    s3, bucket, key = deploy("s3"), cloud.outputs["audit_bucket_name"], "audit/attacked"
    cloud.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"evidence", IfNoneMatch="*")
    opened = gift("s3:*", resource=f"arn:aws:s3:::{bucket}/*")
    end = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert refused(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=opened))
    assert refused(lambda: s3.delete_bucket_policy(Bucket=bucket))
    assert refused(
        lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [end]})
    )
    # Were the policy replaced all the same:
    kept = cloud.clients.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    cloud.clients.s3.put_bucket_policy(Bucket=bucket, Policy=opened)
    try:
        assert refused(lambda: s3.get_object(Bucket=bucket, Key=key))
        assert refused(lambda: s3.delete_object(Bucket=bucket, Key=key))
        assert refused(lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"forged"))
    finally:
        cloud.clients.s3.put_bucket_policy(Bucket=bucket, Policy=kept)


@pytest.mark.parametrize("queue", ["webhook_queue", "rejected_queue", "webhook_processor_dlq"])
def test_it_reads_no_raw_body(cloud: LocalCloud, deploy: Client, queue: str) -> None:
    sqs = deploy("sqs")
    url = sqs.get_queue_url(QueueName=f"{queue}_{cloud.suffix}")["QueueUrl"]
    opened = {"Policy": gift("sqs:*", resource=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}_{cloud.suffix}")}
    assert refused(lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=opened))
    assert refused(lambda: sqs.delete_queue(QueueUrl=url))
    # Were the policy replaced all the same:
    root = cloud.clients.sqs
    kept = root.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    root.set_queue_attributes(QueueUrl=url, Attributes=opened)
    try:
        assert refused(lambda: sqs.receive_message(QueueUrl=url))
        assert refused(lambda: sqs.send_message(QueueUrl=url, MessageBody="forged"))
    finally:
        root.set_queue_attributes(QueueUrl=url, Attributes=kept)


def test_it_replaces_no_secret_of_a_provider(cloud: LocalCloud, deploy: Client) -> None:
    secrets, name = deploy("secretsmanager"), f"webhook_secret_stripe_{cloud.suffix}"
    assert secrets.describe_secret(SecretId=name)["Name"] == name
    assert refused(lambda: secrets.update_secret(SecretId=name, SecretString="known"))
    assert refused(lambda: secrets.put_secret_value(SecretId=name, SecretString="known"))
    assert refused(lambda: secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True))
    assert refused(lambda: secrets.get_secret_value(SecretId=name))
