"""checkov finds nothing in the stack but what is decided otherwise here, each with its reason; and it does find what is taken away."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.evaluation import evaluated
from tests.second_opinion.plan import address, as_plan, spelled, terraform_type

ROOT = Path(__file__).resolve().parents[2]
# Most of the stack must really have been looked at: a plan that checkov cannot read has no findings either.
PASSED_AT_LEAST = 200

NO_NETWORK = "the functions have no network of their own: they reach AWS's APIs only, and a VPC would need an endpoint for each and give them the rights to make interfaces"
NO_CACHE = "a POST that must be taken each time is never answered from a cache"
THIRTY_DAYS = "thirty days is the contract for operating logs; what must be kept for years is the sealed audit log"
TRACED = "a webhook is followed by its message id through audit log and table; X-Ray would keep samples of requests outside the masking"
ONE_BUCKET = (
    "the trail records the calls on one bucket, which is in one region; the account's own trail is the customer's"
)
FIREWALL_BEHIND = "the firewall stands behind the edge, before the stage, where nobody comes past it (policies: stack_deny_waf_missing, stack_deny_edge_open)"
READ_LATER = "the trail is the record that an investigation reads; what must ring at once has alarms of its own"
DECIDED = {
    "CKV_AWS_18": "who used the bucket is recorded by CloudTrail, completely and encrypted with the stack's key (infra/lib/access_record.py says why)",
    "CKV_AWS_50": TRACED,
    "CKV_AWS_67": ONE_BUCKET,
    "CKV_AWS_68": FIREWALL_BEHIND,
    "CKV_AWS_73": TRACED,
    "CKV_AWS_86": "the older kind of log has the path in it, and so the key; the newer kind is a delivery with fields of our own (policies: deny_edge_log_fields, stack_deny_edge_target)",
    "CKV_AWS_116": "queue and stream deliver again and have dead-letter queues of their own, the schedule's failures have one, too: the function's own is for asynchronous calls, which have an on-failure destination",
    "CKV_AWS_117": NO_NETWORK,
    "CKV_AWS_120": NO_CACHE,
    "CKV_AWS_144": "one region is the contract (PCI scope); a copy elsewhere is the customer's to switch on",
    "CKV_AWS_225": NO_CACHE,
    "CKV_AWS_252": READ_LATER,
    "CKV_AWS_272": "the deploy takes zips by hash from a build with a provenance attestation; a signing profile cannot be destroyed with its stack",
    "CKV_AWS_300": "every lifecycle rule aborts an unfinished upload after a day, prefix by prefix; checkov counts only a rule without a prefix",
    "CKV_AWS_305": "there is no page to show at the root: the function refuses it",
    "CKV_AWS_310": "one region is the contract, and a webhook sent to two origins would be counted as a repetition; who gets no answer sends again",
    "CKV_AWS_338": THIRTY_DAYS,
    "CKV_AWS_374": "providers send from all over the world",
    "CKV2_AWS_4": "the stage's method settings log at INFO or ERROR: they name it by name, which checkov does not follow (policies: deny_method_logging, stack_deny_stage_part)",
    "CKV2_AWS_10": READ_LATER,
    "CKV2_AWS_29": "the firewall is associated by the stage's ARN, which checkov does not follow (policies: stack_deny_waf_missing)",
    "CKV2_AWS_32": "no browser reads an answer: security headers have nobody to tell",
    "CKV2_AWS_47": FIREWALL_BEHIND,
    "CKV2_AWS_51": "providers hold no client certificates; they prove themselves by signatures",
    "CKV2_AWS_53": "the raw body must stay as it was signed: the door checks size, type and encoding, the function the rest",
    "CKV2_AWS_57": "the providers make these secrets: a rotation starts in their console and ends with a new value here",
    "CKV2_AWS_62": "nothing waits for objects to be written: each is found by its manifest, its pointer or its seal",
}  # fmt: skip


def checkov(graph: list[dict[str, Any]], folder: Path) -> tuple[set[tuple[str, str]], int]:
    """What checkov finds: (check, address); and how many checks passed."""
    (folder / "tfplan.json").write_text(json.dumps(as_plan(graph)))
    command = [os.environ.get("CHECKOV", str(ROOT / ".venv/scanners/bin/checkov"))]
    command += ["-f", "tfplan.json", "--framework", "terraform_plan", "--skip-download", "--compact", "-o", "json"]
    done = subprocess.run([*command, "--soft-fail"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert results["parsing_errors"] == []
    return {(found["check_id"], found["resource"]) for found in results["failed_checks"]}, len(results["passed_checks"])


@pytest.fixture(scope="module")
def graph() -> list[dict[str, Any]]:
    return evaluated().graph()


@pytest.fixture(scope="module")
def untouched(
    graph: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[set[tuple[str, str]], int]:
    return checkov(graph, tmp_path_factory.mktemp("untouched"))


def test_it_finds_nothing_that_was_not_decided(untouched: tuple[set[tuple[str, str]], int]) -> None:
    found, passed = untouched
    assert {(check, place) for check, place in found if check not in DECIDED} == set()
    assert passed >= PASSED_AT_LEAST


def test_every_decision_is_about_something_that_it_finds(untouched: tuple[set[tuple[str, str]], int]) -> None:
    assert {check for check, _ in untouched[0]} == set(DECIDED)


# What is taken away or set, and the check that must miss it. One run of the scanner sees all of them.
WORSE: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("aws:dynamodb/table:Table", {"serverSideEncryption": None}, "CKV_AWS_119"),
    ("aws:dynamodb/table:Table", {"pointInTimeRecovery": None}, "CKV_AWS_28"),
    ("aws:sqs/queue:Queue", {"kmsMasterKeyId": None}, "CKV_AWS_27"),
    ("aws:sns/topic:Topic", {"kmsMasterKeyId": None}, "CKV_AWS_26"),
    ("aws:cloudwatch/logGroup:LogGroup", {"kmsKeyId": None}, "CKV_AWS_158"),
    ("aws:secretsmanager/secret:Secret", {"kmsKeyId": None}, "CKV_AWS_149"),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"blockPublicAcls": False}, "CKV_AWS_53"),
    ("aws:lambda/function:Function", {"reservedConcurrentExecutions": None}, "CKV_AWS_115"),
    ("aws:kms/key:Key", {"enableKeyRotation": False}, "CKV_AWS_7"),
    ("aws:cloudtrail/trail:Trail", {"enableLogFileValidation": False}, "CKV_AWS_36"),
    ("aws:apigateway/stage:Stage", {"accessLogSettings": None}, "CKV_AWS_76"),
)


def test_it_does_find_what_is_taken_away(graph: list[dict[str, Any]], tmp_path: Path) -> None:
    worse = copy.deepcopy(graph)
    missed: set[tuple[str, str]] = set()
    for of, change, check in WORSE:
        resource = next(resource for resource in worse if resource["type"] == of)
        properties = resource["properties"]
        assert set(change) <= set(properties), of
        resource["properties"] = {
            name: change.get(name, value)
            for name, value in properties.items()
            if name not in change or change[name] is not None
        }
        missed.add((check, address(resource)))
    assert missed <= checkov(worse, tmp_path)[0]


def test_names_are_spelled_as_terraform_spells_them() -> None:
    assert terraform_type("aws:apigateway/restApi:RestApi") == "aws_api_gateway_rest_api"
    assert terraform_type("aws:apigateway/response:Response") == "aws_api_gateway_gateway_response"
    assert spelled(
        {"kmsMasterKeyId": "k", "tags": {"CostCenter": "x"}, "serverSideEncryption": {"kmsKeyArn": "k"}}
    ) == {
        "kms_master_key_id": "k",
        "tags": {"CostCenter": "x"},
        "server_side_encryption": [{"kms_key_arn": "k"}],
    }
