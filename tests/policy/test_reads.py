"""Tests of which types a rule reads: whatever is not understood counts as every type."""

from pathlib import Path

import pytest

from tests.policy.engines import PACK, ROOT, opa_binary, rules_by_scope
from tests.policy.reads import EVERYTHING, derive, syntax_trees, types_read

HEAD = 'package payhook\n\nimport rego.v1\n\ntopic_type := "aws:sns/topic:Topic"\n\n'
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
LIBRARY = """
of_type(type) := [resource | some resource in input.resources; resource.__type == type]

suffix := min({resource.__properties.tags.Environment | some resource in input.resources})

queues := of_type("aws:sqs/queue:Queue")

named(resource) := resource.__name
"""


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ('some queue in of_type("aws:sqs/queue:Queue")', {QUEUE}),
        ("some queue in queues; message := named(queue)", {QUEUE}),
        ("some topic in of_type(topic_type)", {TOPIC}),
        ("every queue in queues { some topic in of_type(topic_type); topic == queue }", {QUEUE, TOPIC}),
        ("count([1 | some queue in queues; not named(queue)]) > 1", {QUEUE}),
        ("data.config.x == suffix", set()),
        ("some queue in data.payhook.queues", {QUEUE}),
        # What is not understood.
        ("some type in {topic_type}; some topic in of_type(type)", {EVERYTHING}),
        ("topic_type := input.x; some topic in of_type(topic_type)", {EVERYTHING}),
        ("some topic_type in {`a`}; some topic in of_type(topic_type)", {EVERYTHING}),
        ("some resource in input.resources", {EVERYTHING}),
        ("some resource in data.payhook.of_type(`a`)", {EVERYTHING}),
        ("some name; data.payhook[name]", {EVERYTHING}),
        ("data.other", {EVERYTHING}),
        ("is_odd", {EVERYTHING}),
    ],
)
def test_types_are_derived(body: str, read: set[str], tmp_path: Path) -> None:
    rule = f"\nstack_deny_x contains message if {{\n\tmessage := `x`\n\t{body.replace('message := named', '_ := named')}\n}}\n"
    odd = "\nis_odd if is_odder(1)\n\nis_odder(number) if {\n\tnumber == 2\n} else if {\n\tcount(input.resources) == number\n}\n"
    (tmp_path / "pack.rego").write_text(HEAD + LIBRARY + rule + odd)
    assert derive(syntax_trees(opa_binary(), tmp_path))["stack_deny_x"] == read


def test_an_import_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.rego").write_text(
        "package payhook\n\nimport rego.v1\n\nimport data.payhook as other\n\nx := other.y\n"
    )
    with pytest.raises(ValueError, match=r"data\.payhook"):
        syntax_trees(opa_binary(), tmp_path)


def test_every_stack_rule_has_its_types_and_most_have_few() -> None:
    """A pack whose rules all read everything is judged as well, but slowly: this test says so."""
    read = types_read(opa_binary(), ROOT / PACK)
    stack = rules_by_scope()["stack"]
    assert set(stack) <= set(read)
    assert sum(EVERYTHING in read[rule] for rule in stack) < len(stack) / 3
    assert all(read[rule] for rule in stack)
