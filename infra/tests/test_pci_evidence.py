"""The evidence: rules and requirements fit, named tests exist, results are read and never invented, and every form shows them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.evidence import inventory, render
from infra.evidence.__main__ import ROOT, main
from infra.evidence.gather import (
    FAILED,
    NOT_RUN,
    PACK_TESTS,
    PASSED,
    EvidenceError,
    Results,
    Rule,
    gather,
    read_results,
    read_rules,
    result_of,
    rule_sources,
)
from infra.evidence.requirements import REQUIREMENTS, Requirement

JUNIT = """<testsuites><testsuite name="pytest">
<testcase classname="tests.e2e.test_door" name="test_one[a]"/>
<testcase classname="tests.e2e.test_door" name="test_one[b]"><failure message="no"/></testcase>
<testcase classname="tests.e2e.test_seal" name="test_two"/></testsuite></testsuites>"""
CARGO = """     Running unittests src/lib.rs (target/debug/deps/pipeline-0a1b2c)
test tests::judging::a_forgery ... ok
     Running tests/chain.rs (target/debug/deps/chain-9f8e7d)
test added ... FAILED
"""
RULE_LINE = json.dumps({"rule": "deny_x", "level": "mandatory", "title": "X is so", "pci": ["9.9.9"]})


@pytest.fixture
def results(tmp_path: Path) -> Results:
    (tmp_path / "e2e.xml").write_text(JUNIT)
    (tmp_path / "rust.txt").write_text(CARGO)
    return read_results(tmp_path)


def test_a_result_is_the_worst_of_what_it_names(results: Results) -> None:
    assert result_of(results, "tests/e2e/test_door.py::test_one") == FAILED
    assert result_of(results, "tests/e2e/test_seal.py") == PASSED
    assert result_of(results, "tests/e2e/test_rights.py") == NOT_RUN
    assert result_of(results, "pipeline::judging") == PASSED
    assert result_of(results, "audit_seal::chain") == FAILED
    assert result_of(results, "audit_seal::nothing") == NOT_RUN


def test_every_named_test_exists() -> None:
    for requirement in REQUIREMENTS:
        for test in requirement.tests:
            if "/" in test:
                path, _, name = test.partition("::")
                assert re.search(rf"^def {name}" if name else "^def test_", (ROOT / path).read_text(), re.M), test
            else:
                crate, _, target = test.partition("::")
                places = [ROOT / f"functions/{crate}/{place}/{target}.rs" for place in ("tests", "src/tests")]
                assert any(place.is_file() for place in places), test


def test_every_requirement_once() -> None:
    numbers = [requirement.number for requirement in REQUIREMENTS]
    assert len(numbers) == len(set(numbers))
    assert numbers == sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])


def test_the_pack_names_only_what_is_here() -> None:
    lists = re.findall(
        r"^#\s+pci: \[(.*)\]$", "\n".join(path.read_text() for path in (ROOT / "policies").glob("*.rego")), re.M
    )
    named = {number for text in lists for number in re.findall(r'"([\d.]+)"', text)}
    assert len(named) > 50
    assert named <= {requirement.number for requirement in REQUIREMENTS}


def test_rules_and_requirements_have_to_fit(results: Results) -> None:
    rules = read_rules(RULE_LINE)
    with pytest.raises(EvidenceError, match=re.escape("deny_x names 9.9.9")):
        gather((Requirement("1.1.1", "x", tests=("a::b",)),), rules, [], results, {})
    with pytest.raises(EvidenceError, match="neither a rule nor a test"):
        gather((Requirement("9.9.9", "x"), Requirement("1.1.1", "y")), rules, [], results, {})
    with pytest.raises(EvidenceError, match="no rules"):
        read_rules("\n")


def test_a_rule_shows_the_resources_of_the_types_it_names(tmp_path: Path, results: Results) -> None:
    (tmp_path / "a.rego").write_text(
        'package payhook\nqueue_type := "aws:sqs/queue:Queue"\n\n# METADATA\ndeny_x contains m if {\n\tinput.__type == queue_type\n}\n'
        '\n# METADATA\ndeny_y contains m if {\n\tinput.__type == "aws:s3/bucket:Bucket"\n}\n'
    )
    graph = [{"type": "aws:sqs/queue:Queue", "name": "q"}, {"type": "aws:s3/bucket:Bucket", "name": "b"}]
    rules = [Rule("deny_x", "mandatory", "X", ("9.9.9",))]
    (row,) = gather((Requirement("9.9.9", "x"),), rules, graph, results, rule_sources(tmp_path))
    assert (row.resources, tuple(row.tests)) == (["q"], PACK_TESTS)


def test_every_form_shows_every_row(graph: list[dict[str, Any]], results: Results) -> None:
    requirement = Requirement("9.9.9", "asks | much", "yours", ("tests/e2e/test_door.py::test_one",))
    rows = gather((requirement,), read_rules(RULE_LINE), graph, results, {})
    tables = inventory.tables(graph)
    findings = [{"rule": "warn_x", "resource": "r", "level": "advisory", "message": "m"}]
    document = json.loads(render.as_json(rows, tables, findings, results))
    assert document["requirements"][0]["result"] == FAILED
    assert "0 mandatory violations and 1 advisories" in render.as_markdown(rows, tables, findings, results)
    assert "asks \\| much" in render.as_markdown(rows, tables, findings, results)
    page = render.as_html(rows, tables, findings, results)
    assert '<td class="failed">failed</td>' in page
    assert "http" not in page.replace("https://", "")
    assert "1 failed: 1 requirements." in render.for_terminal(rows)
    for title in ("Cryptographic inventory", "Roles and rights", "Alarms", "Retention"):
        assert title in page


def test_the_inventories_are_the_stacks_own(graph: list[dict[str, Any]]) -> None:
    (_, _, cryptography), (_, _, rights), (_, _, alarms), (_, _, retention), (_, _, egress) = inventory.tables(graph)
    assert len(cryptography) > 8
    assert any("ECDSA" in row[2] for row in cryptography)
    assert all(row[3] for row in rights + alarms)
    assert any("30 days" in row[2] for row in retention)
    assert any("400 days" in row[2] for row in retention)
    assert {row[2] for row in retention if row[1] == "items"} == {"104 days", "414 days"}
    assert [row[1] for row in egress] == ["none"]


def _gate(tmp_path: Path, rules: str, judged: str, status: int) -> Path:
    gate = tmp_path / "gate"
    gate.write_text(
        f"#!/bin/sh\ncase \"$*\" in *--rules*) printf '%s' '{rules}' ;; *) printf '%s' '{judged}'; exit {status} ;; esac\n"
    )
    gate.chmod(0o755)
    return gate


def test_the_folder_is_written_and_the_status_says_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = sorted({r.number for r in REQUIREMENTS if not r.tests})
    rules = json.dumps({"rule": "deny_x", "level": "mandatory", "title": "X", "pci": numbers})
    violation = json.dumps({"rule": "deny_x", "resource": "r", "level": "mandatory", "message": "m"})
    empty = tmp_path / "no_results"
    empty.mkdir()
    arguments = ["--out", str(tmp_path / "out"), "--results", str(empty)]
    good = _gate(tmp_path, rules, "", 0)
    assert main([*arguments, "--gate", str(good)]) == 0
    assert main([*arguments, "--gate", str(good), "--strict"]) == 1
    assert {f.name for f in (tmp_path / "out").iterdir()} == {
        "evidence.html",
        "evidence.md",
        "evidence.json",
        "graph.json",
    }
    assert main([*arguments, "--gate", str(_gate(tmp_path, rules, violation, 1))]) == 1
    assert main([*arguments, "--gate", str(_gate(tmp_path, rules, "", 2))]) == 2
    assert main([*arguments, "--gate", str(tmp_path / "none")]) == 2
    assert "make policy" in capsys.readouterr().err
