"""Brings together what the stack has, what the rules demand and what the tests said. Nothing is judged here that was not judged elsewhere."""

import datetime
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from infra.evidence.requirements import Requirement

CARGO_LINE = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED)$")
CARGO_BINARY = re.compile(r"^\s*Running (?:unittests )?\S+ \(\S*/deps/(\w+)-[0-9a-f]+\)$")
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
# What shows that the rules of the pack refuse what they should.
PACK_TESTS = ("tests/policy/rego/test_pack.py", "tests/policy/test_mutations.py")


class EvidenceError(Exception):
    """The evidence cannot be made; the message says what to do."""


@dataclass(frozen=True)
class Rule:
    """A rule of the policy pack, as `policy_gate --rules --json` lists it."""

    name: str
    level: str
    title: str
    pci: tuple[str, ...]


@dataclass
class Results:
    """What the last test run left: the result by test, and when that was."""

    tests: dict[str, str] = field(default_factory=dict)
    when: dict[str, str] = field(default_factory=dict)

    def of(self, test: str) -> str:
        """The result of a test, a file or a crate's test target: failed when any of it failed."""
        found = [
            result for name, result in self.tests.items() if name == test or name.startswith((f"{test}::", f"{test}["))
        ]
        return NOT_RUN if not found else FAILED if FAILED in found else PASSED


@dataclass
class Row:
    """One requirement with what shows it."""

    requirement: Requirement
    rules: list[Rule]
    resources: list[str]
    tests: dict[str, str]

    @property
    def result(self) -> str:
        """The worst of its tests."""
        results = set(self.tests.values())
        return FAILED if FAILED in results else NOT_RUN if NOT_RUN in results else PASSED


def read_rules(lines: str) -> list[Rule]:
    """The rules, from JSON lines. Raises EvidenceError for none."""
    found = [json.loads(line) for line in lines.splitlines() if line.strip()]
    if not found:
        raise EvidenceError("policy_gate lists no rules: make policy shows why")
    return [Rule(rule["rule"], rule["level"], rule["title"], tuple(rule["pci"])) for rule in found]


def read_results(folder: Path) -> Results:
    """What `make test` left in a folder: JUnit files of pytest, and cargo's own output."""
    results = Results()

    def keep(name: str, result: str, file: Path) -> None:
        results.tests[name] = result
        when = datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC)
        results.when[name] = when.strftime("%Y-%m-%d %H:%M UTC")

    for file in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(file).iter("testcase"):  # noqa: S314 (what our own test run wrote)
            path = case.get("classname", "").replace(".", "/") + ".py"
            failed = case.find("failure") is not None or case.find("error") is not None
            keep(f"{path}::{case.get('name')}", FAILED if failed else PASSED, file)
    for file in sorted(folder.glob("*.txt")):
        target = ""
        for line in file.read_text(errors="replace").splitlines():
            if binary := CARGO_BINARY.match(line):
                target = binary.group(1)
            elif test := CARGO_LINE.match(line):
                keep(f"cargo::{target}::{test.group(1)}", PASSED if test.group(2) == "ok" else FAILED, file)
    return results


def result_of(results: Results, test: str) -> str:
    """`crate::target` names a test target or a module of that crate; anything else is pytest's."""
    if "/" in test:
        return results.of(test)
    crate, _, target = test.partition("::")
    own, within = results.of(f"cargo::{target}"), results.of(f"cargo::{crate}::tests::{target}")
    return own if own != NOT_RUN else within


def touched(rule: Rule, graph: list[dict[str, Any]], sources: dict[str, str]) -> list[str]:
    """The resources of the stack that a rule looks at: those of the types that its source names."""
    types = set(re.findall(r"aws:[\w/]+:\w+", sources.get(rule.name, "")))
    return sorted(resource["name"] for resource in graph if resource["type"] in types)


def rule_sources(pack: Path) -> dict[str, str]:
    """For each rule the text of its own file, with the values of the type names that it uses."""
    texts = {path: path.read_text() for path in sorted(pack.glob("*.rego"))}
    names = dict(re.findall(r'^(\w+) := "(aws:[\w/]+:\w+)"', "\n".join(texts.values()), re.M))
    found = {}
    for text in texts.values():
        for name in re.findall(r"^((?:stack_)?(?:deny|warn|violation)_\w+) contains", text, re.M):
            start = text.index(f"\n{name} contains")
            body = text[start : text.find("\n# METADATA", start)]
            found[name] = body + " ".join(kind for short, kind in names.items() if re.search(rf"\b{short}\b", body))
    return found


def gather(
    requirements: tuple[Requirement, ...],
    rules: list[Rule],
    graph: list[dict[str, Any]],
    results: Results,
    sources: dict[str, str],
) -> list[Row]:
    """A row a requirement. Raises EvidenceError when rules and requirements do not fit."""
    known = {requirement.number for requirement in requirements}
    for rule in rules:
        for number in rule.pci:
            if number not in known:
                raise EvidenceError(f"rule {rule.name} names {number}: add it to infra/evidence/requirements.py")
    rows = []
    for requirement in requirements:
        own = [rule for rule in rules if requirement.number in rule.pci]
        if not own and not requirement.tests:
            raise EvidenceError(f"{requirement.number} has neither a rule nor a test")
        resources = sorted({name for rule in own for name in touched(rule, graph, sources)})
        shown_by = requirement.tests + (PACK_TESTS if own else ())
        tests = {test: result_of(results, test) for test in shown_by}
        rows.append(Row(requirement, own, resources, tests))
    return rows
