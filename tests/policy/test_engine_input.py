"""Judges what Pulumi's engine hands over: the pack accepts this project's stack and refuses each fault.

The stack is recorded from the real engine; the faults are those of the other tests, translated into the engine's shapes.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.evaluation import evaluated
from infra.symbols import SYMBOL
from tests.policy import properties_data, properties_edge, resources, statements
from tests.policy.engine_input import (
    UNKNOWN_TEXT,
    Recorded,
    checked,
    of_new_stack,
    outputs,
    recorded,
    with_unknown,
)
from tests.policy.engines import PACK, ROOT, Finding, by_gate, by_opa, is_mandatory, refusals, rules_by_scope
from tests.policy.mutation import Mutation, Resource, at, leaves, of_rows
from tests.policy.runtime_input import stack_urn

PROVIDERS = "stripe,paypal,gocardless"
# Changes a rule: more would prove the same again.
CHANGES = 2
CHANGES_OF_NEW_STACK = 8
# The changes that a rule is asked about, one round after the other until it refuses one.
ROUNDS = ((0, 4), (4, 40), (40, 5000))
# No change of the stack is meant for these; the stack that breaks every rule breaks them, too.
UNBROKEN = frozenset(
    {
        "deny_domain_tls",
        "deny_seal_principal",
        # This stack has neither a gap check nor a provider whose silence is heard.
        "stack_deny_alarm_gaps",
        "stack_deny_alarm_provider_silence",
        "stack_deny_dead_letter_source",
        "stack_deny_function_target",
        "stack_deny_media_types_differ",
        "stack_deny_waf_headers",
    }
)
ENGINES = ("gate", "opa")


def judging() -> list[str]:
    """All rules but the one that names what a preview does not know, which a recording shows."""
    return sorted({rule for rules in rules_by_scope().values() for rule in rules} - {"warn_preview_unknown"})


def mandatory() -> list[str]:
    """The rules that refuse."""
    return [rule for rule in judging() if is_mandatory(rule)]


def broken_rules(findings: frozenset[Finding]) -> set[str]:
    """The rules that speak, those that only warn among them."""
    return {rule for rule, _, _ in findings}


def judged(graph: list[Resource], mutations: list[Mutation], folder: Path) -> dict[str, dict[str, frozenset[Finding]]]:
    """What each engine finds in each changed graph, by engine and mutation."""
    folder.mkdir()
    return {"gate": by_gate(written(graph, folder), mutations).by_id, "opa": by_opa(graph, mutations, folder).by_id}


def written(graph: list[Resource], folder: Path) -> Path:
    """The file of a graph."""
    file = folder / "graph.json"
    file.write_text(json.dumps(graph))
    return file


def of_scope(findings: frozenset[Finding], *, stack: bool) -> frozenset[Finding]:
    """Only the findings of the rules about one resource, or only of those about the stack."""
    return frozenset(finding for finding in findings if finding[0].startswith("stack_") == stack)


def found_in(stack: Recorded, folder: Path) -> dict[str, frozenset[Finding]]:
    """What each engine finds in a recording."""
    everything = Mutation("untouched", "recording", "", frozenset({"stack_"}))
    nothing = Mutation("untouched", "recording", "", frozenset({"no rule"}))
    analyzed = judged(stack.analyze, [nothing], folder / "analyze")
    whole = judged(stack.stack, [everything], folder / "stack")
    return {
        engine: of_scope(analyzed[engine][nothing.id], stack=False) | of_scope(whole[engine][everything.id], stack=True)
        for engine in ENGINES
    }


@pytest.mark.parametrize("name", ["deployed_stack", "new_stack"])
def test_a_recorded_stack_is_not_refused(name: str, tmp_path: Path) -> None:
    stack = recorded(name)
    found = found_in(stack, tmp_path)
    assert found["gate"] == found["opa"]
    assert refusals(found["gate"]) == frozenset()
    # Of a deployed stack everything is known; of a new one each unknown property that a rule needs is named.
    warned = Counter(rule for rule, _, _ in found["gate"])
    assert warned == ({} if name == "deployed_stack" else {"warn_preview_unknown": UNKNOWN_OF_A_NEW_STACK})


# `computed_properties` of policies/lib_types.rego lists them by type.
UNKNOWN_OF_A_NEW_STACK = 195


@dataclass(frozen=True)
class Broken:
    """The graph, and changes of it that a rule refuses: the rule is all of `by`."""

    graph: list[Resource]
    changes: list[Mutation]
    # More of them: some do not show where less is known.
    of_new_stack: list[Mutation]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    graph = evaluated(config={"payhook:providers": PROVIDERS}).graph()
    known = [*resources.all_of(graph), *statements.all_of(graph)]
    known += [*of_rows(graph, properties_data.ROWS), *of_rows(graph, properties_edge.ROWS)]
    # The engine does not pass retainOnDelete on: that option only the evaluated graph shows.
    known = [mutation for mutation in known if "retainOnDelete" not in mutation.what]
    file = written(graph, tmp_path_factory.mktemp("broken"))
    proven: dict[str, list[Mutation]] = {rule: [] for rule in mandatory()}
    # Several rules may be right to refuse a change: a rule that refuses none of the first few is asked about more.
    for first, last in ROUNDS:
        candidates = [
            Mutation(rule, mutation.id, mutation.form, frozenset({rule}), mutation.put, mutation.remove)
            for rule in proven
            if not proven[rule]
            for mutation in [mutation for mutation in known if mutation.refused_by([rule])][first:last]
        ]
        found = by_gate(file, candidates).by_id
        for mutation in candidates:
            if mutation.kind in refusals(found[mutation.id]):
                proven[mutation.kind].append(mutation)
    assert {rule for rule, mutations in proven.items() if not mutations} == UNBROKEN
    return Broken(
        graph,
        [mutation for mutations in proven.values() for mutation in mutations[:CHANGES]],
        [mutation for mutations in proven.values() for mutation in mutations[:CHANGES_OF_NEW_STACK]],
    )


@pytest.mark.parametrize("stack", [False, True], ids=["resource", "stack"])
def test_what_is_refused_in_the_graph_is_refused_in_the_shape_of_the_engine(
    broken: Broken, stack: bool, tmp_path: Path
) -> None:
    shape = outputs if stack else checked
    graph = [shape(resource) for resource in broken.graph]
    changes = [
        Mutation(change.kind, change.what, change.form, change.by, tuple(map(shape, change.put)), change.remove)
        for change in broken.changes
        if change.kind.startswith("stack_") == stack
    ]
    untouched = Mutation("untouched", "the stack", "", frozenset({"stack_"}))
    found = judged(graph, [untouched, *changes], tmp_path / "shaped")
    for engine in ENGINES:
        assert of_scope(found[engine][untouched.id], stack=stack) == frozenset(), engine
        passed = [change.id for change in changes if change.kind not in refusals(found[engine][change.id])]
        assert passed == [], engine
    differ = [
        change.id
        for change in changes
        if of_scope(found["gate"][change.id], stack=stack) != of_scope(found["opa"][change.id], stack=stack)
    ]
    assert differ == []
    assert {urn for change in changes for _, urn, _ in of_scope(found["gate"][change.id], stack=True)} <= {
        stack_urn(broken.graph[0])
    }


@pytest.mark.parametrize("secret", [False, True], ids=["plain", "secret"])
@pytest.mark.parametrize("stack", [False, True], ids=["resource", "stack"])
def test_a_stack_that_breaks_every_rule_breaks_the_same_in_the_shape_of_the_engine(
    stack: bool, secret: bool, tmp_path: Path
) -> None:
    bad: list[Resource] = json.loads((ROOT / "tests/policy/rego/bad_stack.json").read_text())["bad_stack"]
    bad = [{"provider": None} | resource for resource in bad]
    untouched = Mutation("untouched", "the bad stack", "", frozenset({"stack_"}))
    graph = by_gate(written(bad, tmp_path), [untouched]).by_id[untouched.id]
    wanted = {(rule, urn) for rule, urn, _ in of_scope(graph, stack=stack)}
    shape = outputs if stack else checked
    found = judged([shape(resource, secret) for resource in bad], [untouched], tmp_path / "shaped")
    for engine in ENGINES:
        assert {(rule, urn) for rule, urn, _ in of_scope(found[engine][untouched.id], stack=stack)} == wanted, engine
    unbroken = {rule for rule in judging() if rule.startswith("stack_") == stack} - {rule for rule, _ in wanted}
    assert unbroken == set()


# Rules of the stack that ask which queue, stream, function or key is meant, by a value that only AWS
# can name. The preview of a new stack lets that value through by name (`warn_preview_unknown`);
# `make policy` judges these rules before a deployment, and the engine at its end.
ONLY_WHERE_IT_IS_KNOWN = frozenset(
    {
        "stack_deny_alarm_iterator_age",
        "stack_deny_alarm_queue_age",
        "stack_deny_alarm_throttles",
        "stack_deny_async_missing",
        "stack_deny_key_foreign",
        "stack_deny_queue_concurrency",
        "stack_deny_queue_redrive",
        "stack_deny_queue_visibility",
    }
)


def test_what_a_preview_does_not_know_hides_no_fault_from_any_other_rule(broken: Broken, tmp_path: Path) -> None:
    """Each rule refuses a fault also where everything that AWS makes is unknown, in each engine."""
    bad: list[Resource] = json.loads((ROOT / "tests/policy/rego/bad_stack.json").read_text())["bad_stack"]
    proven: dict[str, set[str]] = {engine: set() for engine in ENGINES}
    for stack in (False, True):
        shape = outputs if stack else checked
        graphs = {
            "bad": [shape(of_new_stack({"provider": None} | resource)) for resource in bad],
            "good": [shape(of_new_stack(resource)) for resource in broken.graph],
        }
        untouched = Mutation("untouched", "the stack", "", frozenset({"stack_"}))
        changes = [
            Mutation(
                change.kind,
                change.what,
                change.form,
                change.by,
                tuple(shape(of_new_stack(resource)) for resource in change.put),
                change.remove,
            )
            for change in broken.of_new_stack
            if change.kind.startswith("stack_") == stack
        ]
        of_bad = judged(graphs["bad"], [untouched], tmp_path / f"bad_{stack}")
        of_good = judged(graphs["good"], [untouched, *changes], tmp_path / f"good_{stack}")
        for engine in ENGINES:
            assert refusals(of_scope(of_good[engine][untouched.id], stack=stack)) == frozenset(), engine
            proven[engine] |= broken_rules(of_scope(of_bad[engine][untouched.id], stack=stack))
            proven[engine] |= {
                change.kind for change in changes if change.kind in broken_rules(of_good[engine][change.id])
            }
    for engine in ENGINES:
        assert sorted(set(judging()) - proven[engine]) == sorted(ONLY_WHERE_IT_IS_KNOWN), engine


def test_the_placeholders_of_the_graph_are_what_aws_makes() -> None:
    """The evaluation with symbols says which values those are."""
    config = {"payhook:providers": PROVIDERS}
    symbolic = {resource["urn"]: resource["properties"] for resource in evaluated(config, symbolic=True).graph()}
    for resource in evaluated(config).graph():
        found = {
            path
            for path in leaves(resource["properties"])
            if at(with_unknown(resource["properties"]), path) == UNKNOWN_TEXT
        }
        made = {
            path
            for path in leaves(symbolic[resource["urn"]])
            if isinstance(text := at(symbolic[resource["urn"]], path), str) and SYMBOL.search(text)
        }
        assert found == made, resource["name"]


def test_rules_read_properties_in_no_shape_but_the_plain_one() -> None:
    """Rules read `subject`, `of_type` or `resources` (policies/lib_engine.rego), never `input` itself."""
    raw = re.compile(r"(?<![$\]\w.])input(?=[,)]|\.__properties)|\binput\.resources\b")
    readers = {
        path.name
        for path in (ROOT / PACK).rglob("*.rego")
        for line in path.read_text().splitlines()
        if not line.startswith("#") and raw.search(line)
    }
    # lib_stack.rego counts types and makes them plain; region.rego looks for accounts in any text, whatever its shape.
    assert readers == {"lib_engine.rego", "lib_stack.rego", "region.rego"}
