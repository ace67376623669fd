"""Least privilege, proved both ways: every scenario works with the roles as they are, and is refused without any one of the rights that it is the proof of.

The list of rights is the stack's own. `infra/snapshots/rights.json` is what `payhook iam report` prints: a right without a scenario fails here, and so does one
that nothing misses.
"""

import json
import os
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.local_cloud.cloud import ROOT, LocalCloud
from tests.e2e import rights
from tests.e2e.faults import without
from tests.e2e.rights import ANALYTICS, ARCHIVE, PROCESSOR, Scenario

REPORT = ROOT / "infra/snapshots/rights.json"
PROVED = "refused without it"
LOGS = "the emulator writes a function's log without asking its role; on AWS a function without it has no log"

Right = tuple[str, str]  # role without `_role_{suffix}`, action

SCENARIOS: dict[Scenario, tuple[Right, ...]] = {
    Scenario("a webhook is stored", rights.a_webhook_is_stored): (
        (PROCESSOR, "s3:PutObject"),
        (PROCESSOR, "secretsmanager:GetSecretValue"),
    ),
    # What inserts events, whether their time is signed or not, and movements.
    Scenario("an event without a signed time is stored", rights.an_undated_event_is_stored): (
        (PROCESSOR, "dynamodb:PartiQLInsert"),
    ),
    Scenario("a movement is raised", rights.a_movement_is_raised): ((PROCESSOR, "dynamodb:PartiQLUpdate"),),
    Scenario("a forgery is handed to the rejected queue", rights.a_forgery_is_handed_on): (
        (PROCESSOR, "sqs:SendMessage"),
    ),
    Scenario("the webhook queue starts its function", rights.the_queue_starts_the_function): (
        (PROCESSOR, "sqs:ReceiveMessage"),
        (PROCESSOR, "sqs:DeleteMessage"),
        (PROCESSOR, "sqs:GetQueueAttributes"),
    ),
    Scenario("the table's stream starts its function", rights.the_stream_starts_the_function): (
        (ANALYTICS, "dynamodb:DescribeStream"),
        (ANALYTICS, "dynamodb:GetRecords"),
        (ANALYTICS, "dynamodb:GetShardIterator"),
        (ANALYTICS, "dynamodb:ListStreams"),
    ),
    Scenario("a stored event is counted", rights.a_stored_event_is_counted): (
        (ANALYTICS, "dynamodb:GetItem"),
        (ANALYTICS, "dynamodb:PutItem"),
        (ANALYTICS, "dynamodb:UpdateItem"),
    ),
    Scenario("an event of long ago is counted", rights.an_event_of_long_ago_is_counted): (
        (ANALYTICS, "dynamodb:BatchGetItem"),
        (ANALYTICS, "dynamodb:Query"),
    ),
    Scenario("an unreadable record is handed on alone", rights.an_unreadable_record_is_handed_on): (
        (ANALYTICS, "sqs:SendMessage"),
    ),
    Scenario("logs are copied", rights.logs_are_copied): ((ARCHIVE, "logs:FilterLogEvents"),),
    Scenario("records are archived", rights.records_are_archived): (
        (ARCHIVE, "dynamodb:BatchGetItem"),
        (ARCHIVE, "s3:PutObject"),
        (ARCHIVE, "s3:GetObject"),
        (ARCHIVE, "s3:ListBucket"),
    ),
    Scenario("a day that nears its expiry stops it", rights.expiry_is_stopped): (
        (ARCHIVE, "dynamodb:DescribeTimeToLive"),
        (ARCHIVE, "dynamodb:UpdateTimeToLive"),
    ),
    Scenario("payments are judged", rights.payments_are_judged): ((ARCHIVE, "dynamodb:Query"),),
    Scenario("minutes are added up", rights.minutes_are_added_up): ((ARCHIVE, "dynamodb:PutItem"),),
    Scenario("the audit log is sealed", rights.the_audit_log_is_sealed): (
        (ARCHIVE, "s3:GetObjectVersion"),
        (ARCHIVE, "s3:ListBucketVersions"),
    ),
    Scenario("a long task goes on in another invocation", rights.a_long_task_goes_on): (
        (ARCHIVE, "lambda:InvokeFunction"),
    ),
    Scenario("a task that fails is kept", rights.a_failed_task_is_kept): ((ARCHIVE, "sqs:SendMessage"),),
    Scenario("the schedule starts the archive", rights.the_schedule_starts_the_archive): (
        ("archive_schedule", "lambda:InvokeFunction"),
    ),
    Scenario("what the schedule cannot start is kept", rights.what_cannot_be_started_is_kept): (
        ("archive_schedule", "sqs:SendMessage"),
    ),
    Scenario("the door queues a webhook", rights.the_door_queues): (("webhook_api", "sqs:SendMessage"),),
    Scenario("the door has a handshake answered", rights.the_door_asks): (("webhook_api", "lambda:InvokeFunction"),),
}
UNPROVED: dict[Right, str] = {
    (function, action): LOGS
    for function in (PROCESSOR, ANALYTICS, ARCHIVE)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents")
}


def stack_rights() -> dict[Right, list[str]]:
    """Every right that a role's policy gives, with its resources."""
    found: dict[Right, list[str]] = {}
    for resource in evaluated().graph():
        if resource["type"] != "aws:iam/rolePolicy:RolePolicy":
            continue
        role = resource["properties"]["name"].rpartition("_policy_")[0]
        for statement in json.loads(resource["properties"]["policy"])["Statement"]:
            assert statement["Effect"] == "Allow", "a denied action is no right"
            for action in statement["Action"]:
                found.setdefault((role, action), []).extend(statement["Resource"])
    return found


def report() -> list[dict[str, Any]]:
    """A row a right: what it is for and how that is known."""
    scenario_of = {right: scenario.what for scenario, proved in SCENARIOS.items() for right in proved}
    return [
        {
            "role": f"{role}_role",
            "action": action,
            "resources": sorted(resources),
            "scenario": scenario_of.get((role, action), "-"),
            "proof": PROVED if (role, action) in scenario_of else f"not proved here: {UNPROVED[role, action]}",
        }
        for (role, action), resources in sorted(stack_rights().items())
    ]


def test_every_right_has_a_scenario_and_every_scenario_a_right() -> None:
    proved = [right for rights_of in SCENARIOS.values() for right in rights_of]
    assert len(proved) == len(set(proved))
    assert set(proved) | set(UNPROVED) == set(stack_rights())
    assert not set(proved) & set(UNPROVED)


def test_the_report_is_the_reviewed_one() -> None:
    text = json.dumps(report(), indent=1) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        REPORT.write_text(text)
    assert REPORT.read_text() == text, "make snapshots, then read the diff"


def works(scenario: Scenario, cloud: LocalCloud) -> bool:
    """Whether it works, sooner or later: on a busy machine a scenario can run out of its patience, and each time it begins anew."""
    return any(scenario.works(cloud) for _ in range(rights.TRIES))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.what)
def test_it_works_and_is_refused_without_each_of_its_rights(own_cloud: LocalCloud, scenario: Scenario) -> None:
    assert works(scenario, own_cloud), "with the roles as they are"
    for role, action in SCENARIOS[scenario]:
        with without(own_cloud, role, action):
            assert not scenario.works(own_cloud), f"nothing misses {action} of {role}"
    assert works(scenario, own_cloud), "with every right again"
