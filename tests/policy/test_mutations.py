"""Breaks the real stack's graph on purpose in every way that the generators know.

Each change must be refused by the rule that should refuse it, and both engines must find the same.
`make test-policy` judges one change of each class and a daily sample of the others,
`make test-policy-full` judges every change (tests/policy/selection.py).
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.evaluation import evaluated
from tests.policy import properties_data, properties_edge, resources, statements, sweep
from tests.policy.engines import Judgements, by_both, by_opa, can_see, is_mandatory, refusals, rules_by_scope
from tests.policy.mutation import Mutation, Resource, of_rows
from tests.policy.selection import Selection, by_class, select

# What the generators make of the stack is far more; fewer would mean that one of them finds nothing any more.
TARGETED_AT_LEAST = 3000
# Every provider has the same, so a stack with three is broken in every way that one with all can be, sooner. tests/policy/rego judges the stack with all.
PROVIDERS = "stripe,paypal,square"
# One habit of each form: the setting is empty by default.
SILENCE = '{"stripe": {"longest_gap_minutes": 120}, "square": {"band": 3}}'
NOTHING = Mutation("untouched", "the stack", "")


@dataclass(frozen=True)
class Run:
    """The mutations that this run judges, and what each engine found."""

    graph: list[Resource]
    made: list[Mutation]
    selection: Selection
    targeted: list[Mutation]
    swept: list[Mutation]
    gate: Judgements
    opa: Judgements

    @property
    def all(self) -> list[Mutation]:
        """Targeted ones and dropped leaves."""
        return self.targeted + self.swept

    def leaves(self) -> list[tuple[Mutation, Resource]]:
        """Each dropped leaf with the resource as it was."""
        by_urn = {resource["urn"]: resource for resource in self.graph}
        return [(mutation, by_urn[mutation.put[0]["urn"]]) for mutation in self.swept]

    def refused_by(self, mutation: Mutation) -> frozenset[str]:
        """The rules that refuse it and should."""
        return mutation.refused_by(refusals(self.gate.by_id[mutation.id]))

    def passed(self, mutations: list[Mutation]) -> list[Mutation]:
        """Those that no rule refuses that should."""
        return [mutation for mutation in mutations if not self.refused_by(mutation)]

    def unrefused(self, mutations: list[Mutation]) -> list[str]:
        """And that nobody justified."""
        return [mutation.id for mutation in self.passed(mutations) if not mutation.justified]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, summary: list[str]) -> Run:
    graph = evaluated(config={"payhook:providers": PROVIDERS, "payhook:silence": SILENCE}).graph()
    targeted = [*resources.all_of(graph), *statements.all_of(graph)]
    targeted += [*of_rows(graph, properties_data.ROWS), *of_rows(graph, properties_edge.ROWS)]
    swept = list(sweep.all_of(graph))
    made = targeted + swept
    selection = select(made)
    targeted, swept = selection.of(targeted), selection.of(swept)
    gate, opa = by_both(graph, [NOTHING, *targeted, *swept], tmp_path_factory.mktemp("mutations"))
    run = Run(graph, made, selection, targeted, swept, gate, opa)
    summary += table(run)
    return run


def table(run: Run) -> list[str]:
    """A line a kind."""
    heads = ("made", "classes", "judged", "refused", "justified", "unrefused")
    lines = ["", f"{'change of the stack':<22}" + "".join(f"{head:>11}" for head in heads)]
    classes = Counter(each.kind for each in by_class(run.made))
    total = [0] * len(heads)
    for kind, made in Counter(mutation.kind for mutation in run.made).items():
        judged = [mutation for mutation in run.all if mutation.kind == kind]
        unrefused = len(run.unrefused(judged))
        passed = len(run.passed(judged))
        row = [made, classes[kind], len(judged), len(judged) - passed, passed - unrefused, unrefused]
        total = [before + more for before, more in zip(total, row, strict=True)]
        lines.append(f"{kind:<22}" + "".join(f"{number:>11}" for number in row))
    lines.append(f"{'all':<22}" + "".join(f"{number:>11}" for number in total))
    rules = sum(map(len, rules_by_scope().values()))
    seconds = f"gate {run.gate.seconds:.0f} s, OPA {run.opa.seconds:.0f} s, added up over their processes"
    lines.append(f"{rules} rules, {len(run.graph)} resources; {seconds}.")
    return [*lines, *run.selection.describe(), "Refused by nothing: " + nothing(run)]


def nothing(run: Run) -> str:
    """The list of what nobody refuses and nobody justified."""
    return "; ".join(run.unrefused(run.all)) or "none."


def test_the_untouched_stack_passes(run: Run) -> None:
    assert run.gate.by_id[NOTHING.id] == frozenset()
    assert run.opa.by_id[NOTHING.id] == frozenset()


def test_there_are_enough(run: Run) -> None:
    targeted = [mutation for mutation in run.made if mutation.kind != sweep.KIND]
    assert len(targeted) >= TARGETED_AT_LEAST
    assert len({mutation.id for mutation in run.made}) == len(run.made)


def test_every_class_is_judged(run: Run) -> None:
    judged = {mutation.mutation_class for mutation in run.all}
    assert {mutation.mutation_class for mutation in run.made} == judged
    assert run.selection.day or len(run.all) == len(run.made)


def test_each_is_refused_by_a_rule_that_should(run: Run) -> None:
    assert run.unrefused(run.all) == []


def test_every_justification_is_needed(run: Run) -> None:
    """A reason that excuses nothing hides the next fault."""
    passed = {mutation.what: resource for mutation, resource in run.leaves() if not run.refused_by(mutation)}
    needed = [e for e in sweep.JUSTIFIED if any(e.covers(r, what.rpartition(" ")[2]) for what, r in passed.items())]
    assert [entry for entry in sweep.JUSTIFIED if entry not in needed] == []
    reasons = {mutation.justified for mutation in run.passed(run.targeted)}
    assert {mutation.justified for mutation in run.targeted if mutation.justified} <= reasons


def test_both_engines_find_the_same(run: Run) -> None:
    differ = [
        mutation.id for mutation in (NOTHING, *run.all) if run.gate.by_id[mutation.id] != run.opa.by_id[mutation.id]
    ]
    assert differ == []


def test_no_rule_sees_what_it_is_said_not_to_read(run: Run) -> None:
    """In the complete run every stack rule judges every dropped leaf.

    Those rules are among them that tests/policy/reads.py says cannot see it.
    """
    stack = set(rules_by_scope()["stack"])
    surprises = [
        (mutation.id, rule)
        for mutation in run.swept
        for rule in {rule for rule, _, _ in run.gate.by_id[mutation.id]} & stack
        if not can_see(rule, mutation)
    ]
    assert surprises == []


def test_every_mandatory_rule_refuses_something(run: Run) -> None:
    """Of the stack as it is. What it has nothing to be refused for is broken in tests/policy/rego/bad_stack.json."""
    bitten = {rule for findings in run.gate.by_id.values() for rule in refusals(findings)}
    mandatory = {rule for rules in rules_by_scope().values() for rule in rules if is_mandatory(rule)}
    assert mandatory - bitten <= NOT_IN_THIS_STACK


# Rules about what the stack does not have; each has its cases in tests/policy/rego.
NOT_IN_THIS_STACK = frozenset({"deny_domain_tls", "stack_deny_alarm_gaps"})


def test_the_driver_sees_what_opa_itself_sees(run: Run, tmp_path: Path) -> None:
    """The same change judged alone and among thousands."""
    some = [mutation for mutation in run.targeted if mutation.kind in ("resource removed", "tag removed")][:3]
    alone = by_opa(run.graph, some, tmp_path)
    assert alone.by_id == {mutation.id: run.opa.by_id[mutation.id] for mutation in some}
