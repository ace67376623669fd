"""The local cloud answers what the AWS provider asks in ways of its own."""

import http.client
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import cbor2
import pytest
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.evaluation import evaluated
from infra.local_cloud.clients import ACCOUNT, REGION, ROOT_KEY
from infra.local_cloud.cloud import LOOPBACK, ROOT, LocalCloud, start_empty

CBOR = "application/cbor"
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "infra/Pulumi.local.yaml").read_text())["config"]
ENDPOINTS: dict[str, str] = SETTINGS["aws:endpoints"][0]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud without the stack."""
    running = start_empty(tmp_path_factory.mktemp("empty") / "state")
    yield running
    running.stop()


def asked_in_cbor(cloud: LocalCloud, operation: str, arguments: dict[str, Any]) -> tuple[int, Any]:
    """Status and answer of CloudWatch, asked as the AWS SDK for Go does.

    Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html, read 2026-11-27;
    CloudWatch's model lists the protocol first.
    """
    path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": CBOR, "accept": CBOR}
    request = AWSRequest("POST", cloud.aws_endpoint + path, headers=headers, data=cbor2.dumps(arguments))
    SigV4Auth(Credentials(ROOT_KEY, ROOT_KEY), "monitoring", REGION).add_auth(request)
    connection = http.client.HTTPConnection(LOOPBACK, cloud.port, timeout=10)
    connection.request("POST", path, request.body, dict(request.headers.items()))
    answer = connection.getresponse()
    return answer.status, cbor2.loads(answer.read() or b"\xf6")


def test_cloudwatch_speaks_cbor(empty: LocalCloud) -> None:
    alarm = {
        "AlarmName": "asked_in_cbor",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 2,
        "MetricName": "Rejected",
        "Namespace": "payhook",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": 1.5,
    }
    assert asked_in_cbor(empty, "PutMetricAlarm", alarm)[0] == 200
    status, found = asked_in_cbor(empty, "DescribeAlarms", {"AlarmNames": ["asked_in_cbor"]})
    assert status == 200
    (described,) = found["MetricAlarms"]
    assert {key: described[key] for key in alarm} == alarm
    assert asked_in_cbor(empty, "PutDashboard", {"DashboardName": "one", "DashboardBody": '{"widgets":[]}'})[0] == 200


def test_tags_of_a_bucket_are_read_through_s3_control(empty: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 Control puts the account before the host: names under `localhost` must lead here."""
    resolve = socket.getaddrinfo

    def as_systemd_resolved_does(host: Any, *arguments: Any, **options: Any) -> Any:
        return resolve(LOOPBACK if str(host).endswith("localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", as_systemd_resolved_does)
    s3 = empty.clients.s3
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket="tagged", Tagging={"TagSet": [{"Key": "Project", "Value": "payhook"}]})
    endpoint = f"http://{urlsplit(ENDPOINTS['s3control']).hostname}:{empty.port}"
    control = boto3.client(
        "s3control",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
    )
    tags = control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn="arn:aws:s3:::tagged")["Tags"]
    assert tags == [{"Key": "Project", "Value": "payhook"}]


# The services of the provider by the modules of the stack's types, where there are others than the
# module's own. STS it asks besides.
SERVICES = {"cloudwatch": ("cloudwatch", "cloudwatchlogs"), "s3": ("s3", "s3control")}


def test_each_service_of_the_stack_has_an_endpoint_here() -> None:
    types = {resource["type"] for resource in evaluated().graph()}
    modules = {kind.split(":")[1].split("/")[0] for kind in types if kind.startswith("aws:")}
    wanted = {service for module in modules for service in SERVICES.get(module, (module,))} | {"sts"}
    assert wanted == set(ENDPOINTS)
    assert {urlsplit(text).port for text in ENDPOINTS.values()} == {4566}
    # The local cloud has STS: the account is asked for, and is the one of the settings.
    assert SETTINGS["aws:skipRequestingAccountId"] == "false"
    assert SETTINGS["payhook:account_id"] == ACCOUNT
