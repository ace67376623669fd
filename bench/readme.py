"""Writes the figures of `bench/results.json` into `bench/README.md`, between its two marks: nothing there is typed by hand."""

import json
import math
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def figure(value: float | None) -> str:
    """Three digits that count, thousands parted."""
    if value is None:
        return ""
    if value == 0:
        return "0.00"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def table(*rows: list[str]) -> list[str]:
    """A table whose first row is its head."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "|" + "---|" * len(rows[0]), *body, ""]


def budgets(results: dict[str, Any]) -> list[str]:
    """What was promised beside what was measured."""
    rows = [["budget", "", "goal", "measured", ""]]
    for b in results["budgets"]:
        measured = b["measured"]
        verdict = "not measured" if measured is None else "within" if b["within"] else "**over**"
        unit = b["unit"] if b["unit"].startswith("/") else f" {b['unit']}"
        rows.append([b["what"], f"{figure(b['budget'])}{unit}", figure(b["goal"]), figure(measured), verdict])
    return table(*rows)


def floor_us(results: dict[str, Any]) -> float | None:
    """Microseconds of the floor; None where a run had none."""
    return sum(results["floor"].values()) if "floor" in results else None


def floors(results: dict[str, Any], microseconds: float) -> str:
    """A time as a multiple of the floor; blank where there is none."""
    floor = floor_us(results)
    return figure(microseconds / floor) if floor else ""


def floor(results: dict[str, Any]) -> list[str]:
    """The floor, part by part."""
    if "floor" not in results:
        return []
    parts = results["floor"]
    rows = [["the floor of a webhook", "processor time"]]
    rows += [[name.removesuffix("_us"), f"{figure(us)} µs"] for name, us in parts.items()]
    rows.append(["all", f"**{figure(floor_us(results))} µs**"])
    return table(*rows)


def batches(results: dict[str, Any]) -> list[str]:
    """`webhook_processor` by batch size."""
    each = [
        "processor time each",
        "floors",
        "batch, 50 %",
        "batch, 99 %",
        "calls each",
        "sent to AWS each",
        "audit log each",
        "write units each",
    ]
    rows = [["webhooks in a batch", *each]]
    for b in results["batches"]:
        rows.append([
            f"{b['records']:,}", f"{figure(b['cpu_us_per_webhook'])} µs", floors(results, b["cpu_us_per_webhook"]), f"{figure(b['wall_ms_p50'])} ms", f"{figure(b['wall_ms_p99'])} ms",
            f"{b['calls_per_webhook']:.3f}", f"{b['call_bytes_per_webhook']:,.0f} B", f"{b['audit_bytes_per_webhook']:,.0f} B",
            f"{b['write_units_per_webhook']:.2f}",
        ])  # fmt: skip
    return table(*rows)


def table_units(units: dict[str, float]) -> float:
    """Write units of the table itself: events, movements, and what was refused."""
    return units["events"] + units["movements"] + units["refused"]


def write_units(results: dict[str, Any]) -> list[str]:
    """Write units of a webhook by what they are for: of whole lives, and of first tellings alone."""
    if "lives" not in results:
        return []
    mix = results["batches"][-1]
    rows = [["write units of a webhook", "event", "movement", "refused", "all"]]
    for of, units in (
        *((f"of whole lives, {lives['webhooks']} {lives['how']}", lives["units"]) for lives in results["lives"]),
        (f"of first tellings, {mix['records']:,} in a batch", mix["units"]),
    ):
        parts = [units["events"], units["movements"], units["refused"], table_units(units)]
        rows.append([of, *(f"{part:.3f}" for part in parts)])
    return table(*rows)


def baseline(results: dict[str, Any]) -> list[str]:
    """The usual function beside payhook, on the same webhooks."""
    if not results.get("baseline"):
        return []
    found = results["baseline"]
    ours = found["ours_cpu_us_per_webhook"]
    rows = [["processor time of a webhook", "", "floors", "times payhook's"]]
    rows.append(["payhook, 100 in a batch", f"{figure(ours)} µs", floors(results, ours), ""])
    for usual in found["usual"]:
        cpu = usual["cpu_us_per_webhook"]
        what = f"the usual function in Python, {usual['records']} in an invocation"
        rows.append([what, f"{figure(cpu)} µs", floors(results, cpu), figure(cpu / ours)])
    return table(*rows)


def analytics(results: dict[str, Any]) -> list[str]:
    """`analytics_processor` by batch size."""
    rows = [
        [
            "records in a batch of `analytics_processor`",
            "processor time",
            "floors",
            "batch, 50 %",
            "calls",
            "write units",
            "of an event",
            "with its money",
            "read units of an event",
        ]
    ]
    for a in results["analytics"]:
        cpu, wall = (f"{figure(a[name])} ms" for name in ("cpu_ms", "wall_ms_p50"))
        times = [cpu, floors(results, a["cpu_ms"] * 1e3), wall]
        of_event = [a["write_units"] - a["money_units"], a["write_units"], a["read_units"]]
        units = [f"{a['write_units']:.1f}", *(f"{units / a['events']:.2f}" for units in of_event)]
        rows.append([f"{a['records']:,}", *times, f"{a['calls']:.2f}", *units])
    return table(*rows)


def cold_starts(results: dict[str, Any]) -> list[str]:
    """From `exec` to the first question, by function."""
    rows = [
        [
            "cold start",
            "to the first poll, 50 %",
            "slowest of 30",
            "processor time of it",
            "floors",
            "first event",
            "binary",
            "zip",
        ]
    ]
    for c in results["cold_starts"]:
        times = [c[f"first_{of}"] for of in ("poll_ms_p50", "poll_ms_max", "poll_cpu_ms_p50", "invocation_ms_p50")]
        sizes = [f"{figure(c['binary_mib'])} MiB", f"{figure(c['zip_mb'])} MB"]
        shown = [f"{figure(ms)} ms" for ms in times]
        shown.insert(3, floors(results, c["first_poll_cpu_ms_p50"] * 1e3))
        rows.append([f"`{c['function']}`", *shown, *sizes])
    return table(*rows)


def sentences(results: dict[str, Any]) -> list[str]:
    """The sustained load and the archive."""
    s, archive = results["sustained"], results["archive"]
    most = max(point["backlog"] for point in s["curve"])
    lag = f"lag {figure(s['lag_ms_p50'])} ms (50 %) and {figure(s['lag_ms_p99'])} ms (99 %), at most {most:,} waiting"
    load = f"{s['per_second']:,.0f} webhooks a second for {s['seconds']:.0f} s"
    cpu = f"{figure(s['cpu_us_per_webhook'])} µs of processor time each"
    multiple = floors(results, s["cpu_us_per_webhook"])
    cpu += f", {multiple} floors" if multiple else ""
    lines = [f"One process on {s['share']} of a processor, {load}: {s['done']:,} taken in, {lag}; {cpu}.", ""]
    if archive:
        lines += [
            f"`archival_function`: {figure(archive['items_per_second'])} items a second of one core into Parquet.",
            "",
        ]
    return lines


def bill(title: str, lines: list[dict[str, Any]]) -> list[str]:
    """A bill, and what it comes to."""
    rows = [[title, "", "USD"]]
    rows += [[line["what"], line["quantity"], f"{line['usd']:.4f}"] for line in lines]
    rows.append(["all", "", f"**{sum(line['usd'] for line in lines):.2f}**"])
    return table(*rows)


def money(results: dict[str, Any]) -> list[str]:
    """The bills and the curve. A run of before the bill was complete has one bill and no providers."""
    lines = bill("a million webhooks, list prices", results["bill"])
    if "apart" in results:
        lines += [*bill("apart from it", results["apart"])[:-2], ""]
        lines += bill("the same in a function a request", results["usual"])
    curve = [
        ["webhooks a second, day and night", "providers", "USD per million", "in one process", "a function a request"]
    ]
    for v in results["volumes"]:
        figures = (v["usd_per_million"], v.get("usd_per_million_one_process"), v["usd_per_million_by_request"])
        shown = ["" if usd is None else f"{usd:.2f}" for usd in figures]
        curve.append([f"{v['per_second']:,.0f}", str(v.get("providers", "")), *shown])
    return [*lines, *table(*curve)]


def main() -> None:
    """Writes the figures."""
    results = json.loads((FOLDER / "results.json").read_text())
    machine = results["machine"]
    measured = f"Measured {results['measured_at'][:10]} on {machine['cores']} cores of an {machine['processor']}, {machine['compiler']}."
    parts = [budgets, floor, batches, baseline, write_units, analytics, cold_starts, sentences, money]
    lines = [BEGIN, measured, "", *(line for part in parts for line in part(results))]
    readme = FOLDER / "README.md"
    before, rest = readme.read_text().split(BEGIN, 1)
    readme.write_text(before + "\n".join(lines) + END + rest.split(END, 1)[1])


if __name__ == "__main__":
    main()
