"""When the alarms ring: their expressions over tables of values, the stack's alarms over days."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch

from infra.evaluation import evaluated
from infra.local_cloud.applier import observation
from infra.local_cloud.emulator import metric_math
from infra.tests.conftest import SILENCE
from lib.alarm_math import (
    NOT_RUN_EXPRESSION,
    QUIET_EXPRESSION,
    quiet_window,
    rejected_expression,
    share_expression,
)
from lib.alarm_texts import DESCRIPTION_CHARACTERS_MAX, TEXTS, description
from lib.limits import FUNCTIONS, LIMITS

Find = Callable[[str], list[dict[str, Any]]]
MINUTE, HOUR, DAY = 60, 3600, 86_400
# A midnight in UTC.
MIDNIGHT = 1_798_761_600
RUN_AT = 20 * MINUTE


@pytest.mark.parametrize(
    ("rejected", "stored", "duplicates", "wanted"),
    [
        (None, None, None, 0),
        (2, None, None, 0),
        (3, None, None, 1),
        (3, 0, 0, 1),
        (3, 1, None, 0),
        (3, None, 1, 0),
        (49, 1, 0, 0),
        (49, None, None, 1),
        (50, 1000, 10, 1),
        (None, 1000, None, 0),
    ],
)
def test_rejected(rejected: float | None, stored: float | None, duplicates: float | None, wanted: int) -> None:
    operands = {"rejected": rejected, "stored": stored, "duplicates": duplicates}
    assert metric_math.value_of(rejected_expression(50, 3), operands) == wanted


@pytest.mark.parametrize(
    ("requests", "refused", "wanted"),
    [(None, None, 0), (19, 19, 0), (20, None, 0), (20, 4, 20), (20, 5, 25), (20, 20, 100), (1000, 1, 0.1)],
)
def test_a_share(requests: float | None, refused: float | None, wanted: float) -> None:
    expression = share_expression("refused", "requests", 20)
    assert metric_math.value_of(expression, {"requests": requests, "refused": refused}) == wanted


@pytest.mark.parametrize(("requests", "wanted"), [(None, 0), (0, 0), (1, 1), (500, 500)])
def test_quiet(requests: float | None, wanted: float) -> None:
    assert metric_math.value_of(QUIET_EXPRESSION, {"requests": requests}) == wanted


@pytest.mark.parametrize(
    ("alive", "invocations", "wanted"),
    [(None, None, 1), (None, 0, 1), (60, None, 0), (60, 0, 0), (60, 1, 1), (1, 3, 3)],
)
def test_not_run(alive: float | None, invocations: float | None, wanted: float) -> None:
    assert metric_math.value_of(NOT_RUN_EXPRESSION, {"alive": alive, "invocations": invocations}) == wanted


@pytest.mark.parametrize(
    ("minutes", "window"),
    [(15, (900, 1)), (60, (HOUR, 1)), (120, (HOUR, 2)), (1440, (HOUR, 24)), (10_080, (HOUR, 168))],
)
def test_a_quiet_window_is_as_long_as_it_is_told(minutes: int, window: tuple[int, int]) -> None:
    assert quiet_window(minutes) == window
    assert window[0] * window[1] == minutes * MINUTE


class Metrics:
    """CloudWatch with the metrics that a test puts in, and the alarms of the stack."""

    def __init__(self, alarms: list[dict[str, Any]]) -> None:
        self._alarms = {alarm["name"].removesuffix("_dev"): alarm for alarm in alarms}

    def put(self, namespace: str, name: str, dimensions: dict[str, str], at: float, value: float = 1) -> None:
        """One point."""
        point = {"Timestamp": at, "Value": value, "Unit": "Count", "Dimensions": dimensions}
        cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dimensions))).append(point)

    def archive_runs(self, at: float) -> None:
        """The archival function starts."""
        self.put("AWS/Lambda", "Invocations", {"FunctionName": "archival_function_dev"}, at)

    def lives(self, first: int, last: int) -> None:
        """The stack is there: SQS publishes the metrics of a queue that is polled."""
        for at in range(first, last, 5 * MINUTE):
            self.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "webhook_queue_dev"}, at, 0)

    def request(self, at: float, status: int = 200) -> None:
        """The gateway answers a request."""
        where = {"ApiName": "webhook_api_dev", "Stage": "live"}
        self.put("AWS/ApiGateway", "Count", where, at)
        self.put("AWS/ApiGateway", "4XXError", where, at, int(status // 100 == 4))

    def state(self, alarm: str, at: float) -> str | None:
        """The state of an alarm of the stack when it is evaluated at this time."""
        made: dict[str, Any] = self._alarms[alarm]
        keys = ("comparisonOperator", "datapointsToAlarm", "threshold", "evaluationPeriods", "treatMissingData",
                "namespace", "metricName", "statistic", "period")  # fmt: skip
        asked = {key[0].upper() + key[1:]: made[key] for key in keys if key in made}
        if "metricQueries" in made:
            asked["Metrics"] = [observation._metric_query(query) for query in made["metricQueries"]]
        else:
            asked["Dimensions"] = observation._dimensions(made["dimensions"])
        return metric_math.state(asked, at)[0]

    def put_outcomes(self, outcomes: dict[str, int], function: str = "webhook_processor", **dimensions: str) -> None:
        """The function takes in webhooks, one a second from midnight, and counts what became of them."""
        where = {"function_name": f"{function}_dev", **dimensions}
        for name, count in outcomes.items():
            for index in range(count):
                self.put("payhook", name, where, MIDNIGHT + index)


@pytest.fixture
def metrics(of_type: Find, monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.setattr(cloudwatch, "_metrics", AccountRegionScopedDict())
    return Metrics(of_type(":MetricAlarm"))


def test_an_archive_that_runs_each_day_is_silent(metrics: Metrics) -> None:
    metrics.lives(MIDNIGHT, MIDNIGHT + 5 * DAY)
    for day in range(5):
        # One run is an hour late.
        metrics.archive_runs(MIDNIGHT + day * DAY + RUN_AT + (HOUR if day == 2 else 0))
    states = {metrics.state("archive_not_run", MIDNIGHT + hour * HOUR) for hour in range(24, 5 * 24)}
    assert states == {"OK"}


def test_an_archive_that_stops_rings_within_26_hours(metrics: Metrics) -> None:
    metrics.lives(MIDNIGHT, MIDNIGHT + 5 * DAY)
    metrics.archive_runs(MIDNIGHT + RUN_AT)
    metrics.archive_runs(last := MIDNIGHT + DAY + RUN_AT)
    # CloudWatch evaluates a window of more than a day at full hours.
    rings = [at for at in range(MIDNIGHT + DAY, MIDNIGHT + 5 * DAY, HOUR)
             if metrics.state("archive_not_run", at) == "ALARM"]  # fmt: skip
    assert 25 * HOUR < rings[0] - last <= 26 * HOUR
    assert rings == list(range(rings[0], MIDNIGHT + 5 * DAY, HOUR))


def test_a_first_deploy_does_not_ring_and_an_archive_that_never_ran_does(metrics: Metrics) -> None:
    deployed = MIDNIGHT + 10 * HOUR
    metrics.lives(deployed, deployed + 2 * DAY)
    rings = [at for at in range(deployed, deployed + 2 * DAY, HOUR)
             if metrics.state("archive_not_run", at) == "ALARM"]  # fmt: skip
    assert rings[0] - deployed == 25 * HOUR


def test_nobody_at_the_gateway_rings_after_a_day(metrics: Metrics) -> None:
    metrics.request(MIDNIGHT)
    assert metrics.state("gateway_quiet", MIDNIGHT + DAY) == "OK"
    assert metrics.state("gateway_quiet", MIDNIGHT + DAY + MINUTE) == "ALARM"
    metrics.request(MIDNIGHT + DAY + HOUR, status=403)
    assert metrics.state("gateway_quiet", MIDNIGHT + DAY + HOUR + MINUTE) == "OK"


@pytest.mark.parametrize(
    ("good", "refused", "wanted"), [(0, 19, "OK"), (80, 20, "OK"), (79, 21, "ALARM"), (0, 20, "ALARM")]
)
def test_a_share_of_refusals_rings(metrics: Metrics, good: int, refused: int, wanted: str) -> None:
    for index in range(good + refused):
        metrics.request(MIDNIGHT + index, status=200 if index < good else 403)
    assert metrics.state("gateway_4xx_share", MIDNIGHT + 15 * MINUTE) == wanted
    assert metrics.state("gateway_4xx_share", MIDNIGHT + 30 * MINUTE) == "OK"


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ({"Rejected": 2}, "OK"),
        ({"Rejected": 3}, "ALARM"),
        ({"Rejected": 3, "Stored": 1}, "OK"),
        ({"Rejected": 3, "Duplicates": 1}, "OK"),
        ({"Rejected": 50, "Stored": 1000}, "ALARM"),
        ({"Stored": 1000}, "OK"),
    ],
)
def test_rejected_webhooks_of_one_provider_ring(metrics: Metrics, outcomes: dict[str, int], wanted: str) -> None:
    metrics.put_outcomes(outcomes, provider="stripe")
    assert metrics.state("rejected_stripe", MIDNIGHT + HOUR) == wanted
    assert metrics.state("rejected_adyen", MIDNIGHT + HOUR) == "OK"


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ({"Stored": 1000}, "OK"),
        ({"Stored": 19, "Incomplete": 19}, "OK"),
        ({"Stored": 20, "Incomplete": 1}, "OK"),
        ({"Stored": 20, "Incomplete": 2}, "ALARM"),
        ({"Stored": 1000, "Incomplete": 50}, "OK"),
        ({"Stored": 1000, "Incomplete": 51}, "ALARM"),
        # What was stored before counts in neither number.
        ({"Duplicates": 1000}, "OK"),
    ],
)
def test_a_share_of_incomplete_events_rings(metrics: Metrics, outcomes: dict[str, int], wanted: str) -> None:
    metrics.put_outcomes(outcomes)
    assert metrics.state("incomplete_share", MIDNIGHT + HOUR) == wanted
    assert metrics.state("incomplete_share", MIDNIGHT + 2 * HOUR) == "OK"


@pytest.mark.parametrize(
    ("stored", "judged", "wanted"), [(0, 0, "OK"), (1, 0, "ALARM"), (0, 1, "ALARM"), (30, 2, "ALARM")]
)
def test_the_first_contradiction_about_money_rings(metrics: Metrics, stored: int, judged: int, wanted: str) -> None:
    metrics.put_outcomes({"Stored": 1000, "Contradicted": stored})
    metrics.put_outcomes({"Contradicted": judged}, function="archival_function")
    assert metrics.state("money_contradicted", MIDNIGHT + HOUR) == wanted
    assert metrics.state("money_contradicted", MIDNIGHT + 2 * HOUR) == "OK"


ARCHIVE = {"function_name": "archival_function_dev"}


@pytest.mark.parametrize(
    ("alarm", "metric", "quiet", "loud"),
    [
        ("archive_behind", "ArchiveDaysLeft", 45, 44),
        ("archive_behind", "ArchiveDaysLeft", 52, -3),
        ("expiry_stopped", "ExpiryStopped", 0, 1),
    ],
)
def test_what_the_archive_states_rings_until_a_whole_window_is_quiet(
    metrics: Metrics, alarm: str, metric: str, quiet: int, loud: int
) -> None:
    # A new stack has stated nothing.
    assert metrics.state(alarm, MIDNIGHT) == "OK"
    stated = [quiet, quiet, loud, loud, quiet, quiet]
    for day, value in enumerate(stated):
        # One run is an hour late, and goes on in another invocation, which states the same.
        for at in (RUN_AT, RUN_AT + HOUR) if day == 3 else (RUN_AT,):
            metrics.put("payhook", metric, ARCHIVE, MIDNIGHT + day * DAY + at, value)
    rings = [at for at in range(MIDNIGHT, MIDNIGHT + 6 * DAY, HOUR) if metrics.state(alarm, at) == "ALARM"]
    window = LIMITS["alarms"]["archive_state_hours"] * HOUR
    first, last = MIDNIGHT + 2 * DAY + RUN_AT, MIDNIGHT + 3 * DAY + RUN_AT + HOUR
    assert first < rings[0] <= first + HOUR
    assert last + window - HOUR < rings[-1] <= last + window
    # Without a pause between: it is one alarm and not one a day.
    assert rings == list(range(rings[0], rings[-1] + HOUR, HOUR))


def test_the_worst_day_rings_whatever_else_is_stated(metrics: Metrics) -> None:
    for value in (52, 44, 52):
        metrics.put("payhook", "ArchiveDaysLeft", ARCHIVE, MIDNIGHT, value)
    assert metrics.state("archive_behind", MIDNIGHT + HOUR) == "ALARM"


def test_the_first_event_of_an_unlisted_type_rings(of_type: Find) -> None:
    """CloudWatch evaluates an alarm on one metric by itself: what is asked here is what it is told."""
    (alarm,) = (found for found in of_type(":MetricAlarm") if found["name"] == "unknown_event_type_dev")
    assert (alarm["namespace"], alarm["metricName"], alarm["statistic"]) == ("payhook", "UnknownType", "Sum")
    # Over all providers.
    assert alarm["dimensions"] == {"function_name": "webhook_processor_dev"}
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["period"], alarm["evaluationPeriods"], alarm["treatMissingData"]) == (HOUR, 1, "notBreaching")


def test_a_throttled_stream_or_archive_does_not_ring(of_type: Find) -> None:
    throttled = [alarm["name"] for alarm in of_type(":MetricAlarm") if alarm.get("metricName") == "Throttles"]
    assert throttled == ["webhook_processor_throttles_dev"]


def test_every_alarm_has_the_text_of_its_kind() -> None:
    used: set[str] = set()
    for alarm in _all_alarms():
        text = alarm["alarmDescription"]
        (kind,) = re.findall(r" Runbook: docs/runbooks/(\w+)\.md$", text)
        about = text.removesuffix(description(kind)).removesuffix(": ")
        assert alarm["name"] == f"{_name(kind, about)}_dev"
        used.add(kind)
    assert used == set(TEXTS)


def _name(kind: str, about: str) -> str:
    """The name of the alarm of a kind; `about` is a function, a provider, or blank."""
    if about in FUNCTIONS:
        return f"{about}_{kind}"
    if kind in ("silence", "all_rejected"):
        return f"{kind}_{about}"
    return {"rejected_provider": f"rejected_{about}", "throttles": "webhook_processor_throttles"}.get(kind, kind)


def _all_alarms() -> list[dict[str, Any]]:
    """Those of a stack that has every kind of alarm."""
    graph = evaluated(config={**SILENCE, "payhook:gap_check": "stripe"}).graph()
    return [resource["properties"] for resource in graph if resource["type"].endswith(":MetricAlarm")]


def test_a_description_that_cloudwatch_would_refuse_is_an_error() -> None:
    room = DESCRIPTION_CHARACTERS_MAX - len(description("dlq_depth", "x")) + 1
    assert len(description("dlq_depth", "x" * room)) == DESCRIPTION_CHARACTERS_MAX
    with pytest.raises(ValueError, match="longer than 1024"):
        description("dlq_depth", "x" * (room + 1))


def test_an_alarm_has_at_most_ten_metrics_of_one_period() -> None:
    """CloudWatch refuses others: see `lib.alarm_math`."""
    for alarm in _all_alarms():
        periods = [query["metric"]["period"] for query in alarm.get("metricQueries", []) if "metric" in query]
        assert len(periods) <= 10
        assert len(set(periods)) <= 1
        for period in periods:
            assert period * alarm["evaluationPeriods"] <= (7 * DAY if period >= HOUR else DAY)


def test_the_smallest_number_rings_below_the_spike() -> None:
    limits = LIMITS["alarms"]
    assert limits["rejected_alone_per_hour"] < limits["rejected_per_hour"] <= limits["rejected_per_five_minutes"]
