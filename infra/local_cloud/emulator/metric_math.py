"""Gap: alarms drop `Metrics`, so an alarm over an expression never rings; GetMetricData knows no expressions.

AWS: an alarm may compare the result of metric math over several metrics.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, read 2026-11-24. Only what the stack's alarms
use is here: arithmetic, comparison, IF, FILL, and the sum of a metric over all its dimensions.

FILL has a value for every period of the window, also for those in which no metric has one. The
window of an alarm ends when the alarm is evaluated; "the boundaries of the window are not aligned to
the wall clock". An alarm over more than a day, which AWS evaluates at full hours, is no exception here.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html,
read 2026-11-27.
"""

import ast
import collections
import math
import operator
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, lambda_svc

TICK_SECONDS = 5.0
DEFAULT_PERIOD_SECONDS = 60
ANY = "any dimensions"

Series = dict[float, float]
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
# Metrics Insights: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html, read 2026-11-25.
SELECT_SUM = re.compile(r'SELECT SUM\((\w+)\) FROM "([^"]+)"')


class _MissingError(Exception):
    """An operand has no value in the period."""


def value_of(expression: str, operands: dict[str, float | None]) -> float | None:
    """An expression for one period; None when an operand has no value. Raises ValueError for what is not supported."""

    def walk(node: ast.AST) -> Any:
        if isinstance(node, ast.Expression):
            return walk(node.body)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            value = operands.get(node.id)
            if value is None:
                raise _MissingError
            return value
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.Compare):
            return OPERATORS[type(node.ops[0])](walk(node.left), walk(node.comparators[0]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return call(node.func.id.upper(), node.args)
        raise ValueError(f"metric math not known here: {ast.dump(node)}")

    def call(name: str, arguments: list[ast.expr]) -> Any:
        if name == "IF":
            return walk(arguments[1] if walk(arguments[0]) else arguments[2])
        if name == "FILL":
            try:
                return walk(arguments[0])
            except _MissingError:
                return walk(arguments[1])
        raise ValueError(f"metric math function not known here: {name}")

    try:
        return float(walk(ast.parse(expression, mode="eval")))
    except (_MissingError, ZeroDivisionError):
        return None


def series(stat: dict[str, Any], start: float, end: float) -> Series:
    """One metric's values by the start of each period, in seconds; the first begins at `start`."""
    metric = stat["Metric"]
    wanted = None
    if metric.get("Dimensions") != ANY:
        wanted = cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or []))
    period = int(stat.get("Period", DEFAULT_PERIOD_SECONDS))
    buckets: dict[float, list[Any]] = collections.defaultdict(list)
    for (namespace, name, dimensions), points in list(cloudwatch._metrics.items()):
        if namespace == metric["Namespace"] and name == metric["MetricName"] and wanted in (None, dimensions):
            for point in points:
                if start <= point["Timestamp"] < end:
                    buckets[start + (point["Timestamp"] - start) // period * period].append(point)
    chosen = stat.get("Stat", "Average")
    values = {
        at: cloudwatch._stat_value(cloudwatch._calc_stats(points), chosen, points) for at, points in buckets.items()
    }
    return {at: value for at, value in values.items() if value is not None}


def results(queries: list[dict[str, Any]], start: float, end: float) -> dict[str, Series]:
    """Every query's series: the metrics, then the expressions over them."""
    found = {q["Id"]: series(q["MetricStat"], start, end) for q in queries if q.get("MetricStat")}
    for query in queries:
        if not query.get("Expression"):
            continue
        selected = SELECT_SUM.fullmatch(query["Expression"])
        if selected:
            metric = {"MetricName": selected[1], "Namespace": selected[2], "Dimensions": ANY}
            period = query.get("Period", DEFAULT_PERIOD_SECONDS)
            found[query["Id"]] = series({"Metric": metric, "Period": period, "Stat": "Sum"}, start, end)
            continue
        names = set(re.findall(r"\b[a-z]\w*", query["Expression"])) & set(found)
        periods = [int(q["MetricStat"]["Period"]) for q in queries if q.get("MetricStat") and q["Id"] in names]
        period = max(periods, default=DEFAULT_PERIOD_SECONDS)
        times = [start + index * period for index in range(math.ceil((end - start) / period))]
        values = {at: value_of(query["Expression"], {name: found[name].get(at) for name in names}) for at in times}
        found[query["Id"]] = {at: value for at, value in values.items() if value is not None}
    return found


def _alarm_values(alarm: dict[str, Any], end: float) -> list[float]:
    queries = alarm.get("Metrics")
    periods = [(q.get("MetricStat") or q).get("Period") for q in queries or [alarm]]
    period = max((int(p) for p in periods if p), default=DEFAULT_PERIOD_SECONDS)
    start = end - period * int(alarm.get("EvaluationPeriods", 1))
    if queries:
        returned = next((q["Id"] for q in queries if q.get("ReturnData", True)), queries[-1]["Id"])
        return list(results(queries, start, end).get(returned, {}).values())
    metric = {"Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"], "Dimensions": alarm.get("Dimensions")}
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return list(series({"Metric": metric, "Period": period, "Stat": stat}, start, end).values())


def state(alarm: dict[str, Any], end: float) -> tuple[str | None, str]:
    """The alarm's state by the window that ends at this time, in seconds, and the reason.

    None for a state that stays as it is: missing data is to be ignored, or the comparison is not
    known here.
    """
    compare = COMPARISONS.get(alarm.get("ComparisonOperator", ""))
    if compare is None:
        return None, ""
    periods = int(alarm.get("EvaluationPeriods", 1))
    values = _alarm_values(alarm, end)
    breaching = sum(compare(value, alarm["Threshold"]) for value in values)
    missing = alarm.get("TreatMissingData", "missing")
    if missing == "breaching":
        breaching += periods - len(values)
    reason = f"{breaching} of {periods} datapoints {values} {alarm['ComparisonOperator']} {alarm['Threshold']}"
    if breaching >= int(alarm.get("DatapointsToAlarm") or periods):
        return "ALARM", reason
    if not values and missing == "ignore":
        return None, reason
    return "INSUFFICIENT_DATA" if not values and missing == "missing" else "OK", reason


def evaluate(alarm: dict[str, Any]) -> None:
    """Sets the alarm's state by its values and runs its actions when it changes."""
    # A point that was recorded in this second counts, so that a local alarm rings within seconds.
    new, why = state(alarm, int(time.time()) + 1)
    old = alarm["StateValue"]
    if new is None or new == old:
        return
    reason = f"Threshold Crossed: {why}"
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _tick_for_ever() -> None:
    while True:
        time.sleep(TICK_SECONDS)
        for (account, region, *_), alarm in list(cloudwatch._alarms._data.items()):
            account_token = lambda_svc._request_account_id.set(account)
            region_token = lambda_svc._request_region.set(region)
            try:
                evaluate(alarm)
            except (KeyError, ValueError) as error:
                print(f"alarm {alarm.get('AlarmName')}: {error!r}", flush=True)
            finally:
                lambda_svc._request_account_id.reset(account_token)
                lambda_svc._request_region.reset(region_token)


def apply() -> None:
    """Puts the patch in place."""
    put, get = cloudwatch._put_metric_alarm, cloudwatch._get_metric_data

    def put_metric_alarm(params: Any, cbor: Any, is_cbor: bool, is_json: bool = False) -> Any:
        answer = put(params, cbor, is_cbor, is_json)
        data = cbor if (is_cbor or is_json) else {}
        alarm = cloudwatch._alarms.get((data or {}).get("AlarmName"))
        if answer[0] == 200 and alarm and data.get("Metrics"):
            alarm["Metrics"] = data["Metrics"]
            for key in ("MetricName", "Namespace", "Statistic", "Period"):
                alarm.pop(key, None)
        return answer

    def get_metric_data(params: Any, cbor: Any, is_cbor: bool, is_json: bool = False) -> Any:
        data: dict[str, Any] = (cbor if (is_cbor or is_json) else None) or {}
        queries = data.get("MetricDataQueries", [])
        if not any(query.get("Expression") for query in queries):
            return get(params, cbor, is_cbor, is_json)
        start, end = (cloudwatch._parse_ts(data.get(name)) or 0.0 for name in ("StartTime", "EndTime"))
        periods = [int((q.get("MetricStat") or q).get("Period") or DEFAULT_PERIOD_SECONDS) for q in queries]
        # Here the periods begin on the clock.
        start = start // max(periods) * max(periods)
        found = results(queries, start, end)
        answers = [
            {
                "Id": query["Id"],
                "Label": query.get("Label", query["Id"]),
                "StatusCode": "Complete",
                "Timestamps": [cloudwatch._ts_iso(at) for at in sorted(found[query["Id"]])],
                "Values": [found[query["Id"]][at] for at in sorted(found[query["Id"]])],
            }
            for query in queries
            if query.get("ReturnData", True)
        ]
        if is_cbor:
            return cloudwatch._cbor_ok(
                {"MetricDataResults": [cloudwatch._cbor_metric_data_result(answer) for answer in answers]}
            )
        return cloudwatch._json_ok({"MetricDataResults": answers})

    cloudwatch._put_metric_alarm = put_metric_alarm
    cloudwatch._evaluate_alarm = evaluate
    cloudwatch._get_metric_data = get_metric_data
    threading.Thread(target=_tick_for_ever, daemon=True).start()
