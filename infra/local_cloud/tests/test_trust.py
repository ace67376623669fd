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
def trusted(cloud: LocalCloud, role: str, document: str) -> Iterator[None]:
    """A role with another trust policy, for a while."""
    iam, name = cloud.clients.iam, f"{role}_{cloud.suffix}"
    kept = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=kept if isinstance(kept, str) else json.dumps(kept))


def test_a_gateway_that_cannot_assume_its_role_queues_nothing(cloud: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    with trusted(cloud, "webhook_api_role", with_account(GATEWAY)):
        assert post_stripe(cloud, body).status >= 500
        assert post(cloud, b"", route="/braintree?bt_challenge=deadbeef", method="GET").status >= 500
    assert post_stripe(cloud, body).status == 200


def test_the_account_takes_no_logging_role_that_the_gateway_cannot_assume(cloud: LocalCloud) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/webhook_api_logging_role_{cloud.suffix}"
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    with (
        trusted(cloud, "webhook_api_logging_role", with_account(GATEWAY)),
        pytest.raises(ClientError, match="grant trust permission"),
    ):
        cloud.clients.apigateway.update_account(patchOperations=[operation])
    cloud.clients.apigateway.update_account(patchOperations=[operation])
