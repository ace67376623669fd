"""What the preview of a pull request says."""

import copy
import json
from pathlib import Path

import pytest

from infra.evaluation import evaluated, write_graph
from infra.graph_changes import VALUE_CHARACTERS_MAX, changes, main


def test_the_same_graph_has_no_changes() -> None:
    graph = evaluated().graph()
    assert changes(graph, graph) == [f"0 to make, 0 to change, 0 to remove, {len(graph)} as they are"]


def test_each_kind_of_change_has_its_line() -> None:
    before = evaluated().graph()
    after = copy.deepcopy(before)
    (table,) = (r for r in after if r["name"] == "transactions")
    table["properties"]["billingMode"] = "PROVISIONED"
    table["options"]["retainOnDelete"] = True
    (role,) = (r for r in after if r["name"] == "webhook_api_policy")
    document = json.loads(role["properties"]["policy"])
    document["Statement"][0]["Action"].append("sqs:DeleteQueue")
    role["properties"]["policy"] = json.dumps(document)
    (topic,) = (r for r in after if r["type"] == "aws:sns/topic:Topic")
    after.remove(topic)
    queue = copy.deepcopy(next(r for r in after if r["type"] == "aws:sqs/queue:Queue"))
    after.append(queue | {"urn": f"{queue['urn']}_more", "name": "more"})
    lines = changes(before, after)
    assert sorted(lines[:-1]) == sorted(
        [
            "+ aws:sqs/queue:Queue more",
            f"- aws:sns/topic:Topic {topic['name']}",
            "~ aws:dynamodb/table:Table transactions",
            '    billingMode: "PAY_PER_REQUEST" → "PROVISIONED"',
            "    options.retainOnDelete: false → true",
            "~ aws:iam/rolePolicy:RolePolicy webhook_api_policy",
            '    policy.Statement[0].Action[1]: (absent) → "sqs:DeleteQueue"',
        ]
    )
    assert lines[-1] == f"1 to make, 2 to change, 1 to remove, {len(before) - 3} as they are"


def test_a_long_value_is_cut() -> None:
    before = [{"type": "t", "name": "n", "urn": "u", "properties": {"text": "x"}, "options": {}}]
    after = [{**before[0], "properties": {"text": "y" * 1000}}]
    assert max(map(len, changes(before, after))) < 2 * VALUE_CHARACTERS_MAX


def test_the_command_reads_what_graph_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "graph.json"
    file.write_text(write_graph(evaluated()))
    assert main([str(file), str(file)]) == 0
    assert capsys.readouterr().out.startswith("0 to make, 0 to change")
