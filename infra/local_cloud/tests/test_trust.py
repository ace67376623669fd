"""The emulator asks a role's trust policy as AWS does: a condition on a key that the service does
not send is never met.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from infra.lib.policies import trust
from infra.local_cloud.clients import ACCOUNT
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import post, post_stripe, stripe_event

GATEWAY, SCHEDULER = "apigateway.amazonaws.com", "scheduler.amazonaws.com"


def with_account(service: str) -> str:
    """A trust policy that asks for aws:SourceAccount, whether or not the service sends it."""
    document = json.loads(trust(service, ACCOUNT))
    document["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return json.dumps(document)


@contextmanager
def trusted(cloud: LocalCloud, name: str, document: str) -> Iterator[None]:
    """A role with another trust policy, for a while."""
    iam = cloud.clients.iam
    kept = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=kept if isinstance(kept, str) else json.dumps(kept))


def test_a_gateway_that_cannot_assume_its_role_queues_nothing(cloud: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    with trusted(cloud, f"webhook_api_role_{cloud.suffix}", with_account(GATEWAY)):
        assert post_stripe(cloud, body).status >= 500
        assert post(cloud, b"", route="/braintree?bt_challenge=deadbeef", method="GET").status >= 500
    assert post_stripe(cloud, body).status == 200


def set_logging_role(cloud: LocalCloud, arn: str) -> None:
    """Changes the account's setting."""
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    cloud.clients.apigateway.update_account(patchOperations=[operation])


def test_the_account_takes_no_logging_role_that_the_gateway_cannot_assume(cloud: LocalCloud) -> None:
    arn = cloud.clients.apigateway.get_account()["cloudwatchRoleArn"]
    with (
        trusted(cloud, arn.rpartition("/")[2], with_account(GATEWAY)),
        pytest.raises(ClientError, match="grant trust permission"),
    ):
        set_logging_role(cloud, arn)
    set_logging_role(cloud, arn)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/*/*/logging/loglevel", "INFO"),
        ("/accessLogSettings/destinationArn", f"arn:aws:logs:us-east-2:{ACCOUNT}:log-group:any"),
    ],
)
def test_a_stage_has_no_logs_in_an_account_without_a_logging_role(cloud: LocalCloud, path: str, value: str) -> None:
    gateway = cloud.clients.apigateway
    arn = gateway.get_account()["cloudwatchRoleArn"]
    api = cloud.gateway.partition("/restapis/")[2].partition("/")[0]
    deployment = gateway.get_stage(restApiId=api, stageName="live")["deploymentId"]
    gateway.create_stage(restApiId=api, stageName="other", deploymentId=deployment)
    operations = [{"op": "replace", "path": path, "value": value}]
    set_logging_role(cloud, "")
    try:
        with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings"):
            gateway.update_stage(restApiId=api, stageName="other", patchOperations=operations)
        # What switches no log on is no matter of the account.
        off = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "OFF"}]
        gateway.update_stage(restApiId=api, stageName="other", patchOperations=off)
    finally:
        set_logging_role(cloud, arn)
        gateway.delete_stage(restApiId=api, stageName="other")
