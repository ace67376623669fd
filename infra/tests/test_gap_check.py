"""A stack that compares the providers' own records with what is stored, and what it needs for that."""

import json
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.evidence import inventory
from infra.lib.catalogue import read_catalogue
from infra.lib.limits import LIMITS
from infra.lib.listings import read_listings
from lib.settings import Settings

GOOD: dict[str, Any] = {"environment_suffix": "dev", "account_id": "123456789012", "edge": False}
CHECKED = "paddle,flutterwavev4,shopify"
Graph = list[dict[str, Any]]


@pytest.fixture(scope="module")
def checking() -> Graph:
    """The stack with a gap check."""
    return evaluated(config={"payhook:gap_check": CHECKED}).graph()


def _by_name(graph: Graph) -> dict[str, dict[str, Any]]:
    return {resource["urn"]: resource["properties"] for resource in graph}


def _of(graph: Graph, ending: str, name: str) -> dict[str, Any]:
    (found,) = [
        resource["properties"] for resource in graph if resource["type"].endswith(ending) and resource["name"] == name
    ]
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gap_check": ("nobody",)}, "gap_check: nobody lists nothing"),
        ({"gap_check": ("adyen",)}, "gap_check: adyen lists nothing"),
        ({"gap_check": ("stripe", "stripe")}, "names one provider twice"),
        ({"gap_check": ("stripe",), "providers": ("square",)}, "stripe is none of this stack's providers"),
    ],
)
def test_refused_with_what_to_do(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**(GOOD | change))


def test_every_listing_is_of_the_catalogue_and_may_be_checked() -> None:
    names = tuple(read_listings())
    assert set(names) < {provider.name for provider in read_catalogue()}
    assert Settings(**GOOD, gap_check=names).gap_check == names


def test_only_what_the_gap_check_needs_is_there_more(checking: Graph) -> None:
    without, with_it = _by_name(evaluated().graph()), _by_name(checking)
    new = {urn.rpartition("::")[2] for urn in set(with_it) - set(without)}
    secrets = {f"api_secret_{provider}" for provider in CHECKED.split(",")}
    assert new == secrets | {"gaps_missing", "gap_check_failed"}
    assert set(without) <= set(with_it)
    changed = {urn.rpartition("::")[2] for urn in without if without[urn] != with_it[urn]}
    assert changed == {"archival_function", "archival_function_policy", "audit_lifecycle"}


def test_the_function_reads_exactly_the_secrets_of_the_checked(checking: Graph) -> None:
    policy = json.loads(_of(checking, ":RolePolicy", "archival_function_policy")["policy"])
    (reading,) = [s for s in policy["Statement"] if s["Action"] == ["secretsmanager:GetSecretValue"]]
    prefix = "arn:aws:secretsmanager:us-east-2:000000000000:secret:"
    assert reading["Resource"] == [f"{prefix}api_secret_{name}_dev-??????" for name in CHECKED.split(",")]
    (recording,) = [s for s in policy["Statement"] if s["Sid"] == "RecordGaps"]
    assert recording["Action"] == ["s3:PutObject"]
    assert [arn.rpartition(":::")[2].partition("/")[2] for arn in recording["Resource"]] == ["gaps/*"]
    variables = _of(checking, ":Function", "archival_function")["environment"]["variables"]
    assert (variables["GAP_CHECK_PROVIDERS"], variables["API_SECRET_NAME_PREFIX"]) == (CHECKED, "api_secret_")
    others = _of(checking, ":RolePolicy", "webhook_processor_policy")["policy"]
    assert "api_secret" not in others


def test_an_api_secret_is_encrypted_tagged_and_empty(checking: Graph) -> None:
    for provider in CHECKED.split(","):
        secret = _of(checking, ":Secret", f"api_secret_{provider}")
        assert secret["name"] == f"api_secret_{provider}_dev"
        assert (secret["kmsKeyId"], secret["recoveryWindowInDays"]) == ("arn:preview:key", 0)
        assert secret["tags"]["Project"] == "payhook"
        assert read_listings()[provider].rights in secret["description"]
    assert not [resource for resource in checking if resource["type"].endswith(":SecretVersion")]


@pytest.mark.parametrize(("alarm", "metric"), [("gaps_missing", "GapsMissing"), ("gap_check_failed", "GapCheckFailed")])
def test_what_is_found_once_a_day_rings_until_a_day_finds_none(checking: Graph, alarm: str, metric: str) -> None:
    made = _of(checking, ":MetricAlarm", alarm)
    assert (made["metricName"], made["statistic"], made["threshold"]) == (metric, "Maximum", 1)
    assert made["dimensions"] == {"function_name": "archival_function_dev"}
    assert (made["datapointsToAlarm"], made["treatMissingData"]) == (1, "notBreaching")
    assert made["period"] * made["evaluationPeriods"] == LIMITS["alarms"]["archive_state_hours"] * 3600


def test_the_records_of_the_check_end_with_the_seals(checking: Graph) -> None:
    rules = {rule["id"]: rule for rule in _of(checking, "Configuration", "audit_lifecycle")["rules"]}
    assert rules["gaps"]["filter"] == {"prefix": "gaps/"}
    for same in ("expiration", "transitions", "noncurrentVersionExpiration"):
        assert rules["gaps"][same] == rules["seal"][same]


def test_the_evidence_names_every_host_that_is_asked(checking: Graph) -> None:
    _, _, rows = inventory.egress(checking)
    hosts = {provider: asked for _, provider, asked, _ in rows}
    assert list(hosts) == CHECKED.split(",")
    one, tokens_elsewhere, own_host = hosts.values()
    assert one == "api.paddle.com"
    # The API, and the host that gives out its tokens.
    assert tokens_elsewhere.startswith("f4bexperience.flutterwave.com, ")
    assert "api_url" in own_host
    assert {function for function, _, _, _ in rows} == {"archival_function_dev"}
