"""When the alarms on a provider's silence ring, and what the setting `silence` may be."""

from collections.abc import Callable
from typing import Any

import pytest
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch

from infra.evaluation import evaluated
from infra.local_cloud.emulator import metric_math
from infra.tests.conftest import SILENCE
from infra.tests.test_alarms import HOUR, MIDNIGHT, MINUTE, Metrics
from lib.alarm_math import all_rejected_expression, band_expression
from lib.limits import LIMITS
from lib.settings import Settings
from lib.silence import Silence, read_silence

GAP = 120
GOOD: dict[str, Any] = {"environment_suffix": "dev", "account_id": "123456789012", "edge": False}
Put = Callable[[str, str, float], None]


@pytest.fixture(scope="module")
def alarms() -> dict[str, dict[str, Any]]:
    """The alarms of a stack with the setting, without the suffix."""
    graph = evaluated(config=SILENCE).graph()
    found = [resource["properties"] for resource in graph if resource["type"].endswith(":MetricAlarm")]
    return {alarm["name"].removesuffix("_dev"): alarm for alarm in found}


@pytest.fixture
def metrics(alarms: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.setattr(cloudwatch, "_metrics", AccountRegionScopedDict())
    return Metrics(list(alarms.values()))


@pytest.fixture
def put(metrics: Metrics) -> Put:
    """Counts one webhook of a provider at a time."""

    def put(name: str, provider: str, at: float) -> None:
        metrics.put("payhook", name, {"function_name": "webhook_processor_dev", "provider": provider}, at)

    return put


@pytest.mark.parametrize("genuine", ["Stored", "Duplicates"])
def test_a_gap_longer_than_the_longest_rings_and_the_next_genuine_webhook_ends_it(
    metrics: Metrics, put: Put, genuine: str
) -> None:
    put(genuine, "stripe", MIDNIGHT)
    rings = {minute: metrics.state("silence_stripe", MIDNIGHT + minute * MINUTE) for minute in range(1, GAP + 60)}
    assert {minute for minute, state in rings.items() if state == "ALARM"} == set(range(GAP + 1, GAP + 60))
    put(genuine, "stripe", MIDNIGHT + (GAP + 60) * MINUTE)
    assert metrics.state("silence_stripe", MIDNIGHT + (GAP + 61) * MINUTE) == "OK"


def test_a_provider_that_never_sent_is_silent(metrics: Metrics) -> None:
    assert metrics.state("silence_stripe", MIDNIGHT) == "ALARM"
    assert metrics.state("all_rejected_stripe", MIDNIGHT) == "OK"


@pytest.mark.parametrize(
    ("outcomes", "silence", "all_rejected"),
    [
        ((), "ALARM", "OK"),
        # One is enough, whether at the start of the window or at its end.
        ([("Rejected", 1)], "ALARM", "ALARM"),
        ([("Rejected", GAP - 1)], "ALARM", "ALARM"),
        ([("Rejected", minute) for minute in range(GAP)], "ALARM", "ALARM"),
        # A genuine one between them proves the secret.
        ([("Rejected", 1), ("Stored", 60), ("Rejected", GAP - 1)], "OK", "OK"),
        ([("Rejected", 1), ("Duplicates", 60)], "OK", "OK"),
        ([("Stored", 1)], "OK", "OK"),
        # What is no webhook's outcome is no sign of life.
        ([("Incomplete", 1), ("UnknownType", 1)], "ALARM", "OK"),
    ],
)
def test_nothing_that_came_is_told_from_all_that_was_rejected(
    metrics: Metrics, put: Put, outcomes: list[tuple[str, int]], silence: str, all_rejected: str
) -> None:
    for name, minute in outcomes:
        put(name, "stripe", MIDNIGHT + minute * MINUTE)
        # What another provider does changes nothing.
        put("Stored", "square", MIDNIGHT + minute * MINUTE)
    end = MIDNIGHT + GAP * MINUTE
    assert metrics.state("silence_stripe", end) == silence
    assert metrics.state("all_rejected_stripe", end) == all_rejected


def test_all_rejected_of_a_gap_never_rings_without_silence(metrics: Metrics, put: Put) -> None:
    for hour, name in enumerate(["Stored", "Rejected", "Rejected", "Rejected", "Duplicates", "Rejected"]):
        put(name, "stripe", MIDNIGHT + hour * HOUR)
    for minute in range(0, 12 * 60, 5):
        at = MIDNIGHT + minute * MINUTE
        assert metrics.state("all_rejected_stripe", at) != "ALARM" or metrics.state("silence_stripe", at) == "ALARM"


@pytest.mark.parametrize("count", range(5))
def test_all_rejected_of_a_band_takes_as_many_as_the_alarm_on_rejections(
    metrics: Metrics, put: Put, count: int
) -> None:
    for minute in range(count):
        put("Rejected", "adyen", MIDNIGHT + minute * MINUTE)
    end = MIDNIGHT + LIMITS["alarms"]["silence_band_minutes"] * MINUTE
    loud = count >= LIMITS["alarms"]["rejected_alone_per_hour"]
    assert metrics.state("all_rejected_adyen", end) == ("ALARM" if loud else "OK")


def test_the_alarm_on_a_band_compares_genuine_webhooks_with_it(alarms: dict[str, dict[str, Any]]) -> None:
    """The emulator has no model: what is asked here is what CloudWatch is told."""
    alarm = alarms["silence_adyen"]
    assert (alarm["comparisonOperator"], alarm["thresholdMetricId"]) == ("LessThanLowerThreshold", "band")
    assert "threshold" not in alarm
    assert "datapointsToAlarm" not in alarm
    queries = {query["id"]: query for query in alarm["metricQueries"]}
    assert {name for name, query in queries.items() if query["returnData"]} == {"genuine", "band"}
    assert queries["genuine"]["expression"] == "FILL(stored, 0) + FILL(duplicates, 0)"
    assert queries["band"]["expression"] == band_expression("genuine", 3) == "ANOMALY_DETECTION_BAND(genuine, 3)"
    for name, metric in (("stored", "Stored"), ("duplicates", "Duplicates")):
        told = queries[name]["metric"]
        assert (told["metricName"], told["stat"], told["period"]) == (metric, "Sum", 5 * MINUTE)
        assert told["dimensions"] == {"function_name": "webhook_processor_dev", "provider": "adyen"}
    assert alarm["evaluationPeriods"] * 5 == LIMITS["alarms"]["silence_band_minutes"]


@pytest.mark.parametrize("alarm", ["silence_stripe", "silence_adyen", "all_rejected_stripe", "all_rejected_adyen"])
def test_an_alarm_on_silence_is_as_the_others(alarms: dict[str, dict[str, Any]], alarm: str) -> None:
    made = alarms[alarm]
    assert made["alarmActions"] == made["okActions"] == ["arn:aws:sns:us-east-2:000000000000:alarms_dev"]
    assert made["tags"] == {"Environment": "dev", "Project": "payhook", "CostCenter": "payments"}
    assert made["treatMissingData"] == ("breaching" if alarm.startswith("silence") else "notBreaching")


def test_the_setting_adds_its_alarms_and_nothing_else(graph: list[dict[str, Any]]) -> None:
    by_urn = {resource["urn"]: resource for resource in graph}
    with_it = {resource["urn"]: resource for resource in evaluated(config=SILENCE).graph()}
    added = {resource["name"] for urn, resource in with_it.items() if urn not in by_urn}
    assert added == {"silence_stripe", "silence_adyen", "all_rejected_stripe", "all_rejected_adyen"}
    assert {urn: with_it.get(urn) for urn in by_urn} == by_urn


@pytest.mark.parametrize(
    ("rejected", "stored", "duplicates", "wanted"),
    [(None, None, None, 0), (1, None, None, 0), (2, None, None, 1), (2, 1, None, 0), (2, None, 1, 0), (9, 0, 0, 1)],
)
def test_all_rejected_counts(
    rejected: float | None, stored: float | None, duplicates: float | None, wanted: int
) -> None:
    operands = {"rejected": rejected, "stored": stored, "duplicates": duplicates}
    assert metric_math.value_of(all_rejected_expression(2), operands) == wanted


@pytest.mark.parametrize("minutes", [5, 120, 1440])
def test_a_longest_gap(minutes: int) -> None:
    assert read_silence({"stripe": {"longest_gap_minutes": minutes}}) == {"stripe": Silence(minutes)}


@pytest.mark.parametrize("width", [1, 10])
def test_a_band(width: int) -> None:
    assert read_silence({"adyen": {"band": width}}) == {"adyen": Silence(band=width)}


@pytest.mark.parametrize("given", [None, {}])
def test_no_provider_has_an_alarm_on_silence_unless_it_is_named(given: object) -> None:
    assert read_silence(given) == {} == Settings(**GOOD).silence


@pytest.mark.parametrize(
    ("given", "message"),
    [
        *[(given, "silence must be an object") for given in ("stripe", 120, ["stripe"])],
        *[
            ({"stripe": told}, "silence of stripe needs exactly one")
            for told in (None, 120, {}, {"gap": 120}, {"band": 3, "gap": 1}, ["band"])
        ],
        ({"stripe": {"longest_gap_minutes": 120, "band": 3}}, "silence of stripe: needs exactly one"),
        *[
            (
                {"stripe": {"longest_gap_minutes": minutes}},
                "silence of stripe: longest_gap_minutes must be a multiple of 5",
            )
            for minutes in (0, -5, 4, 7, 1445, 7.5, 60.0, "60", True)
        ],
        *[({"adyen": {"band": width}}, "silence of adyen: band must be") for width in (0, 11, 2.5, "3", True)],
    ],
)
def test_what_silence_cannot_be_is_refused_with_what_to_do(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        read_silence(given)
    assert "pulumi config set silence" in str(raised.value)


@pytest.mark.parametrize("providers", [(), ("stripe", "square")])
def test_silence_is_for_providers_of_the_stack(providers: tuple[str, ...]) -> None:
    name = "nobody" if not providers else "adyen"
    with pytest.raises(ValueError, match=f"this stack has no {name}"):
        Settings(**GOOD, providers=providers, silence={name: Silence(120)})
    assert Settings(**GOOD, providers=providers, silence={"stripe": Silence(120)}).silence
