"""`make evidence`: writes the evidence folder and prints a table. 1 when a test or the gate says no, 2 when it cannot be made."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from infra.evaluation import evaluated, write_graph
from infra.evidence import inventory, render
from infra.evidence.gather import FAILED, NOT_RUN, EvidenceError, gather, read_results, read_rules, rule_sources
from infra.evidence.requirements import REQUIREMENTS

ROOT = Path(__file__).resolve().parents[2]
CANNOT_JUDGE = 2


def gate(binary: Path, *arguments: str) -> str:
    """What the gate prints. Raises EvidenceError when it cannot judge."""
    try:
        result = subprocess.run([str(binary), *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise EvidenceError(f"{binary} cannot be run ({error.strerror}): make policy builds it") from error
    if result.returncode >= CANNOT_JUDGE:
        raise EvidenceError(result.stderr.strip())
    return result.stdout


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="infra.evidence")
    parser.add_argument("--out", type=Path, default=ROOT / "build/evidence")
    parser.add_argument("--results", type=Path, default=ROOT / "build/results", help="what `make test` left")
    parser.add_argument("--gate", type=Path, default=ROOT / "target/debug/policy_gate")
    parser.add_argument("--pack", type=Path, default=ROOT / "policies")
    parser.add_argument("--strict", action="store_true", help="a test that was not run counts as failed")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    graph_file = options.out / "graph.json"
    evaluation = evaluated()
    graph_file.write_text(write_graph(evaluation))
    graph = evaluation.graph()
    try:
        rules = read_rules(gate(options.gate, "--pack", str(options.pack), "--rules", "--json"))
        judged = gate(options.gate, str(graph_file), "--pack", str(options.pack), "--json")
        results = read_results(options.results)
        rows = gather(REQUIREMENTS, rules, graph, results, rule_sources(options.pack))
    except EvidenceError as error:
        print(f"payhook: {error}", file=sys.stderr)
        return CANNOT_JUDGE
    findings = [json.loads(line) for line in judged.splitlines()]
    tables = inventory.tables(graph)
    for name, write in (
        ("evidence.md", render.as_markdown),
        ("evidence.json", render.as_json),
        ("evidence.html", render.as_html),
    ):
        (options.out / name).write_text(write(rows, tables, findings, results))
    print(render.for_terminal(rows))
    print(f"{options.out}: evidence.html, evidence.md, evidence.json")
    said = {row.result for row in rows}
    refused = FAILED in said or any(finding["level"] == "mandatory" for finding in findings)
    return 1 if refused or (options.strict and NOT_RUN in said) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
