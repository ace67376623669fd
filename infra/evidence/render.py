"""Evidence as Markdown, as JSON, and as a page that prints well. Pure: rows in, text out."""

import html
import json
from typing import Any

from infra.evidence.gather import Results, Row
from infra.evidence.inventory import Table
from infra.evidence.requirements import CUSTOMERS_OWN

STYLE = """
:root { color-scheme: light dark; --line: #c9ced6; --soft: #f3f5f8; --ok: #1a7f45; --bad: #b3261e; --open: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --line: #444b55; --soft: #1f242b; --ok: #5fd08d; --bad: #ff8a80; --open: #e2b34d; } }
body { font: 14px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } thead { display: table-header-group; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: var(--soft); } tr { break-inside: avoid; } code { font: 12px ui-monospace, monospace; }
ul { margin: 0; padding-left: 1rem; } .passed { color: var(--ok); } .failed { color: var(--bad); font-weight: 600; } .not { color: var(--open); }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { font-size: 10px; max-width: none; margin: 0; } code { font-size: 9px; } h2 { break-after: avoid; } }
"""
HEADINGS = ("requirement", "what it asks", "rules", "resources", "tests", "result", "customer's part")


def _cells(row: Row) -> tuple[str, str, list[str], list[str], list[str], str, str]:
    return (
        row.requirement.number,
        row.requirement.asks,
        [f"{rule.name}: {rule.title}" for rule in row.rules],
        row.resources,
        [f"{test}: {result}" for test, result in row.tests.items()],
        row.result,
        row.requirement.customer,
    )


def as_json(rows: list[Row], tables: list[Table], findings: list[dict[str, str]], results: Results) -> str:
    """Everything, for a program."""
    document: dict[str, Any] = {
        "standard": "PCI DSS v4.0.1",
        "requirements": [dict(zip(HEADINGS, _cells(row), strict=True)) for row in rows],
        "gate_findings": findings,
        "test_runs": sorted(set(results.when.values())),
        "customers_own": CUSTOMERS_OWN,
        "tables": [
            {"title": title, "rows": [dict(zip(headings, cells, strict=True)) for cells in body]}
            for title, headings, body in tables
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _gate(findings: list[dict[str, str]]) -> str:
    mandatory = sum(finding["level"] == "mandatory" for finding in findings)
    return f"The policy gate finds {mandatory} mandatory violations and {len(findings) - mandatory} advisories in this stack."


def _runs(results: Results) -> str:
    runs = sorted(set(results.when.values()))
    return f"Tests were run at {', '.join(runs)}." if runs else "No test results are here: `make test` leaves them."


def as_markdown(rows: list[Row], tables: list[Table], findings: list[dict[str, str]], results: Results) -> str:
    """For reading beside the code."""

    def table(headings: tuple[str, ...], body: list[tuple[Any, ...]]) -> list[str]:
        def cell(value: Any) -> str:
            text = "<br>".join(value) if isinstance(value, list) else str(value)
            return text.replace("|", "\\|") or "-"

        lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
        return lines + [f"| {' | '.join(cell(value) for value in cells)} |" for cells in body]

    lines = ["# PCI DSS v4.0.1: evidence", "", _gate(findings), _runs(results), ""]
    lines += table(HEADINGS, [_cells(row) for row in rows])
    lines += ["", "## The customer's own", ""] + [f"- {number}: {text}" for number, text in CUSTOMERS_OWN.items()]
    for title, headings, body in tables:
        lines += ["", f"## {title}", "", *table(headings, list(body))]
    return "\n".join(lines) + "\n"


def as_html(rows: list[Row], tables: list[Table], findings: list[dict[str, str]], results: Results) -> str:
    """For an assessor: one file, nothing loaded from elsewhere."""

    def cell(value: Any) -> str:
        if isinstance(value, list):
            items = "".join(f"<li><code>{html.escape(str(item))}</code></li>" for item in value)
            return f"<td><ul>{items}</ul></td>" if value else "<td>-</td>"
        text = html.escape(str(value)) or "-"
        kind = value.split()[0] if value in ("passed", "failed", "not run") else ""
        return f'<td class="{kind}">{text}</td>'

    def table(headings: tuple[str, ...], body: list[tuple[Any, ...]]) -> str:
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
        lines = "".join(f"<tr>{''.join(cell(value) for value in cells)}</tr>\n" for cells in body)
        return f"<table><thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table>"

    own = "".join(f"<li>{number}: {html.escape(text)}</li>" for number, text in CUSTOMERS_OWN.items())
    parts = [table(HEADINGS, [_cells(row) for row in rows]), f"<h2>The customer's own</h2><ul>{own}</ul>"]
    parts += [f"<h2>{html.escape(title)}</h2>{table(headings, list(body))}" for title, headings, body in tables]
    intro = f"<p>{html.escape(_gate(findings))} {html.escape(_runs(results))}</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>payhook: PCI DSS evidence</title>'
        f"<style>{STYLE}</style></head><body><h1>payhook: evidence for PCI DSS v4.0.1</h1>{intro}{''.join(parts)}</body></html>\n"
    )


def for_terminal(rows: list[Row]) -> str:
    """A line a requirement, and how many of each result."""
    lines = [f"{'requirement':<12}{'rules':>6}{'resources':>10}{'tests':>6}  {'result':<12} what it asks"]
    for row in rows:
        figures = f"{len(row.rules):>6}{len(row.resources):>10}{len(row.tests):>6}"
        lines.append(f"{row.requirement.number:<12}{figures}  {row.result:<12} {row.requirement.asks}")
    counts = {result: sum(row.result == result for row in rows) for result in ("passed", "not run", "failed")}
    lines.append(", ".join(f"{count} {result}" for result, count in counts.items()) + f": {len(rows)} requirements.")
    return "\n".join(lines)
