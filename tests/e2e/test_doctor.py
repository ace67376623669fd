"""`payhook doctor`: before a deploy it names what of the account is in the way, after it it walks a webhook's way; each fault has its line."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.lib.catalogue import CATALOGUE_FILE
from infra.lib.limits import CAPACITIES, LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.clients import ACCOUNT
from infra.local_cloud.cloud import PROVED_AS, LocalCloud, start_empty

# Long enough for this machine when it is busy: nothing waits for it unless something is missing.
WAIT_SECONDS = 90
# For what is known never to come.
FAULT_WAIT_SECONDS = 20
TEST_CURRENCY = "XTS"
SMS = "+15555550100"

Finding = dict[str, Any]


def doctor(cloud: LocalCloud, payhook: Path, *command: str) -> tuple[int, list[Finding], str]:
    """Exit status, findings, and everything that was printed."""
    environment = ledger.stack_environment(cloud)
    result = subprocess.run(
        [payhook, "doctor", *command, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert result.returncode in {0, 1}, result.stderr
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stdout + result.stderr


def after(
    cloud: LocalCloud, payhook: Path, *more: str, wait: int = FAULT_WAIT_SECONDS, keys: Path | None = None
) -> tuple[int, list[Finding], str]:
    """After a deploy, with the keys and secrets of files."""
    files = ("--api-keys-file", str(keys or cloud.api_keys_file), "--secrets-file", str(cloud.keys_file))
    where = ("--endpoint", cloud.endpoint, "--gateway", cloud.gateway)
    return doctor(cloud, payhook, "after", *where, *files, "--wait", str(wait), *more)


def of(findings: list[Finding], step: str, subject: str = "") -> Finding:
    """The finding of a step about a subject."""
    found = [f for f in findings if f["step"] == step and f["subject"] == subject]
    assert len(found) == 1, (step, subject, findings)
    return found[0]


def failing(findings: list[Finding]) -> set[tuple[str, str]]:
    """Steps and subjects that fail."""
    return {(f["step"], f["subject"]) for f in findings if f["outcome"] == "fail"}


def subscribe(cloud: LocalCloud) -> str:
    """Somebody gets what the alarms say; a number is told at once, without being asked. The subscription's ARN."""
    topic = cloud.outputs["alarm_topic_arn"]
    return cloud.clients.sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=SMS)["SubscriptionArn"]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """An account without anything in it."""
    running = start_empty(tmp_path_factory.mktemp("empty") / "state", "fresh")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def healthy(cloud: LocalCloud) -> LocalCloud:
    """A stack as an operator leaves it."""
    subscribe(cloud)
    return cloud


def test_nothing_is_in_the_way_in_an_empty_account(empty: LocalCloud, payhook: Path) -> None:
    status, findings, text = doctor(empty, payhook, "before")
    assert failing(findings) == set()
    assert status == 0, text
    assert of(findings, "names_free")["says"].endswith("names are free")
    assert of(findings, "clock")["outcome"] == of(findings, "lambda_concurrency")["outcome"] == "pass"
    # The emulator has no Service Quotas: why it cannot be told is said, and nothing breaks.
    quota = of(findings, "usage_plans_quota")
    assert quota["outcome"] == "could_not_tell"
    assert "servicequotas:GetServiceQuota" in quota["says"]


def test_what_is_left_over_is_named_unless_the_state_has_it(empty: LocalCloud, payhook: Path, tmp_path: Path) -> None:
    aws, suffix = empty.clients, empty.suffix
    key = {"AttributeName": "k", "KeyType": "HASH"}
    aws.dynamodb.create_table(
        TableName=f"analytics_{suffix}",
        KeySchema=[key],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.sqs.create_queue(QueueName=f"rejected_queue_{suffix}")
    aws.s3.create_bucket(
        Bucket=f"payhook-audit-{ACCOUNT}-{suffix}", CreateBucketConfiguration={"LocationConstraint": LIMITS["region"]}
    )
    aws.logs.create_log_group(logGroupName=f"/aws/lambda/webhook_processor_{suffix}")
    aws.kms.create_alias(AliasName=f"alias/payhook_{suffix}", TargetKeyId=aws.kms.create_key()["KeyMetadata"]["KeyId"])
    for provider in ("stripe", "adyen"):
        aws.secretsmanager.create_secret(Name=f"webhook_secret_{provider}_{suffix}", SecretString="{}")
    aws.secretsmanager.delete_secret(SecretId=f"webhook_secret_stripe_{suffix}", RecoveryWindowInDays=7)
    names = {
        f"analytics_{suffix}", f"rejected_queue_{suffix}", f"payhook-audit-{ACCOUNT}-{suffix}", f"/aws/lambda/webhook_processor_{suffix}",
        f"alias/payhook_{suffix}", f"webhook_secret_stripe_{suffix}", f"webhook_secret_adyen_{suffix}",
    }  # fmt: skip
    status, findings, _ = doctor(empty, payhook, "before")
    assert status == 1
    assert failing(findings) == {("names_free", name) for name in names}
    assert "--force-delete-without-recovery" in of(findings, "names_free", f"webhook_secret_stripe_{suffix}")["says"]
    # A deploy that broke off knows what it made; a secret on its way out is in its way all the same.
    state = tmp_path / "state.json"
    known = [{"urn": "u", "id": name, "outputs": {}} for name in sorted(names)]
    state.write_text(json.dumps({"version": 3, "deployment": {"resources": known}}))
    _, findings, _ = doctor(empty, payhook, "before", "--state", str(state))
    assert failing(findings) == {("names_free", f"webhook_secret_stripe_{suffix}")}


def test_what_the_account_lacks_is_said_with_what_to_ask_for(empty: LocalCloud, payhook: Path) -> None:
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000"
    options = ("--capacity", "10000", "--edge-domain", "hooks.example.com", "--edge-certificate", certificate)
    status, findings, _ = doctor(empty, payhook, "before", *options)
    assert status == 1
    reserved = sum(CAPACITIES["10000"]["reserved_concurrency"].values())
    assert f"beside the stack's {reserved}" in of(findings, "lambda_concurrency")["says"]
    assert "request-certificate" in of(findings, "edge_certificate")["says"]


def test_a_certificate_is_looked_at_where_cloudfront_takes_it(empty: LocalCloud, payhook: Path) -> None:
    acm = empty.clients.in_region("acm", "us-east-1")
    arn = acm.request_certificate(DomainName="*.example.com", ValidationMethod="DNS")["CertificateArn"]
    for domain, outcome in (("hooks.example.com", "pass"), ("hooks.example.org", "fail")):
        _, findings, _ = doctor(empty, payhook, "before", "--edge-domain", domain, "--edge-certificate", arn)
        assert of(findings, "edge_certificate")["outcome"] == outcome, findings


def test_a_deployed_stack_is_in_nobodys_way(cloud: LocalCloud, payhook: Path) -> None:
    status, findings, text = doctor(cloud, payhook, "before")
    assert status == 0, text
    assert "a stack with this suffix is deployed" in of(findings, "names_free")["says"]


@pytest.fixture(scope="module")
def walked(
    healthy: LocalCloud, payhook: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, list[Finding], str]:
    """The way through a healthy stack, with the addresses as Pulumi prints them."""
    outputs = tmp_path_factory.mktemp("outputs") / "outputs.json"
    # Here edge and gateway listen on the loopback address.
    addresses = {"webhook_url": healthy.endpoint, "api_endpoint_url": healthy.gateway}
    outputs.write_text(json.dumps(healthy.outputs | addresses))
    files = ("--api-keys-file", str(healthy.api_keys_file), "--secrets-file", str(healthy.keys_file))
    return doctor(healthy, payhook, "after", "--outputs", str(outputs), *files, "--wait", str(WAIT_SECONDS))


def test_every_provider_goes_the_whole_way(cloud: LocalCloud, walked: tuple[int, list[Finding], str]) -> None:
    status, findings, text = walked
    assert failing(findings) == set(), text
    assert status == 0, text
    for provider in cloud.api_keys:
        for step in ("genuine_accepted", "genuine_stored", "genuine_audited", "genuine_counted", "handshake_answered"):
            assert of(findings, step, provider)["outcome"] == "pass", (provider, step, findings)
    forged = {f["subject"] for f in findings if f["step"] == "forged_in_rejected_queue" and f["outcome"] == "pass"}
    # What nobody signs, nobody can forge.
    catalogue = json.loads(CATALOGUE_FILE.read_text())
    assert forged == {entry["name"] for entry in catalogue if entry["authenticity"] != "unsigned"}


def test_what_could_not_be_told_is_what_the_emulator_cannot_tell(walked: tuple[int, list[Finding], str]) -> None:
    _, findings, _ = walked
    unknown = {f["step"]: f["says"] for f in findings if f["outcome"] == "could_not_tell"}
    assert set(unknown) == {"tls_from_1_2", "logs_exported"}, unknown
    assert "day two" in unknown["logs_exported"]


def test_no_test_is_money_and_none_fills_the_rejected_queue(
    cloud: LocalCloud, walked: tuple[int, list[Finding], str]
) -> None:
    _, findings, _ = walked
    ids = {f["says"].removeprefix("message ") for f in findings if f["step"] == "genuine_stored"}
    records = [record for record in ledger.records(cloud) if record["message_id"] in ids]
    assert len(records) >= len(cloud.api_keys)
    assert {(r.get("currency", TEST_CURRENCY), r.get("amount_minor", "0")) for r in records} == {(TEST_CURRENCY, "0")}
    first = f"{PROVED_AS}:pay_"
    assert [record for record in records if record["transaction_id"].startswith(first)]
    rejected = [message["Body"] for message in ledger.rejected_messages(cloud)]
    assert not [body for body in rejected if TEST_CURRENCY in body]


def test_nothing_secret_is_printed(cloud: LocalCloud, walked: tuple[int, list[Finding], str]) -> None:
    secrets = json.loads(cloud.keys_file.read_text())
    keys = [key for value in secrets.values() for key in value["keys"]]
    for secret in (*cloud.api_keys.values(), *keys):
        assert secret not in walked[2]


def test_every_step_is_listed_by_its_id(
    cloud: LocalCloud, payhook: Path, walked: tuple[int, list[Finding], str]
) -> None:
    _, steps, _ = doctor(cloud, payhook, "steps")
    _, before, _ = doctor(cloud, payhook, "before")
    for mode, findings in (("before", before), ("after", walked[1])):
        assert {f["step"] for f in findings} == {s["step"] for s in steps if s["mode"] == mode}


def test_keys_and_secrets_are_read_from_the_stack(healthy: LocalCloud, payhook: Path) -> None:
    where = ("--endpoint", healthy.endpoint, "--gateway", healthy.gateway)
    status, findings, text = doctor(
        healthy, payhook, "after", *where, "--provider", PROVED_AS, "--wait", str(WAIT_SECONDS)
    )
    assert status == 0, text
    assert of(findings, "genuine_counted", PROVED_AS)["outcome"] == "pass"


def test_each_fault_has_its_line(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud, aws = own_cloud, own_cloud.clients
    secret = f"webhook_secret_stripe_{cloud.suffix}"
    aws.secretsmanager.put_secret_value(SecretId=secret, SecretString=json.dumps({"keys": ["whsec_another"]}))
    aws.cloudwatch.delete_alarms(AlarmNames=[f"gateway_5xx_{cloud.suffix}"])
    aws.cloudwatch.disable_alarm_actions(AlarmNames=[f"webhook_queue_age_{cloud.suffix}"])
    (stream,) = aws.lambda_.list_event_source_mappings(FunctionName=f"analytics_processor_{cloud.suffix}")[
        "EventSourceMappings"
    ]
    aws.lambda_.update_event_source_mapping(UUID=stream["UUID"], Enabled=False)
    aws.logs.put_retention_policy(logGroupName=f"/aws/lambda/webhook_processor_{cloud.suffix}", retentionInDays=7)
    providers = ("--provider", "stripe", "--provider", PROVED_AS)
    status, findings, text = after(cloud, payhook, *providers)
    assert status == 1
    assert failing(findings) == {
        ("genuine_stored", "stripe"),
        ("genuine_counted", PROVED_AS),
        ("alarms_present", ""),
        ("alarms_have_actions", ""),
        ("alarm_topic_confirmed", ""),
        ("event_sources_enabled", "analytics_processor"),
        ("log_groups_kept", f"/aws/lambda/webhook_processor_{cloud.suffix}"),
    }, text
    assert f"signature_mismatch: {secret}" in of(findings, "genuine_stored", "stripe")["says"]
    assert f"gateway_5xx_{cloud.suffix}" in of(findings, "alarms_present")["says"]
    assert "alarm_email" in of(findings, "alarm_topic_confirmed")["says"]
    assert "--enabled" in of(findings, "event_sources_enabled", "analytics_processor")["says"]


def test_without_its_key_nobody_is_sent_as(own_cloud: LocalCloud, payhook: Path, tmp_path: Path) -> None:
    """A wrong API key is a failure of the first step, and what follows from it is not blamed on anything else."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({PROVED_AS: "k" * 40}))
    providers = ("--provider", PROVED_AS, "--provider", "adyen")
    status, findings, _ = after(own_cloud, payhook, *providers, wait=1, keys=keys)
    assert status == 1
    assert of(findings, "genuine_accepted", PROVED_AS)["says"].startswith("403")
    assert of(findings, "genuine_stored", PROVED_AS)["outcome"] == "could_not_tell"
    assert "no live API key" in of(findings, "genuine_accepted", "adyen")["says"]
