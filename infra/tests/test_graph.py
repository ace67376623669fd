"""The graph: its form, that it is the same each time, and the reviewed snapshot."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import mocks

from infra.evaluation import Evaluation, evaluated, write_graph
from infra.graph import PreviewMocks, evaluate, main, plain, stack_settings

SNAPSHOT = Path(__file__).resolve().parents[1] / "snapshots/stack_dev.json"


def test_the_stack_is_the_reviewed_one(evaluation: Evaluation) -> None:
    text = write_graph(evaluation)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(text)
    reviewed = {resource["urn"]: resource for resource in json.loads(SNAPSHOT.read_text())}
    current = {resource["urn"]: resource for resource in json.loads(text)}
    changed = [urn for urn in reviewed.keys() | current.keys() if reviewed.get(urn) != current.get(urn)]
    assert changed == [], "changed: if wanted, `make snapshots`, and read the diff"


def test_each_entry_has_the_agreed_form(graph: list[dict[str, Any]]) -> None:
    assert graph
    for resource in graph:
        assert set(resource) == {"type", "name", "urn", "properties", "options", "provider"}
        assert set(resource["options"]) >= {"protect", "retainOnDelete"}
    urns = [resource["urn"] for resource in graph]
    assert urns == sorted(urns)
    assert len(set(urns)) == len(urns)


def test_components_are_left_out(evaluation: Evaluation) -> None:
    types = {resource["type"] for resource in evaluation.graph()}
    assert all(name.startswith(("aws:", "random:")) for name in types)
    assert any(resource["type"] == "payhook:index:TapStack" for resource in evaluation.resources)


def test_the_command_writes_the_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "graph.json"
    assert main(["--out", str(out), "--suffix", "prod"]) == 0
    names = [resource["properties"].get("name", "") for resource in json.loads(out.read_text())]
    assert "transactions_prod" in names
    assert str(out) in capsys.readouterr().out


def test_the_command_takes_the_settings_of_a_stack(tmp_path: Path) -> None:
    out = tmp_path / "graph.json"
    assert main(["--out", str(out), "--stack", "local"]) == 0
    graph = json.loads(out.read_text())
    assert "transactions_pulumi" in [resource["properties"].get("name") for resource in graph]
    assert "hooks.payhook.test" in out.read_text()
    with pytest.raises(FileNotFoundError):
        main(["--out", str(out), "--stack", "nobody"])


def test_settings_are_text_and_those_of_the_machine_stay_out(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.some.yaml"
    file.write_text(
        "config:\n  aws:region: us-east-2\n  aws:accessKey: test\n  payhook:edge: false\n"
        "  payhook:account_id: '1'\n  payhook:lambda_zip_dir: here\n"
    )
    assert stack_settings(file) == {"aws:region": "us-east-2", "payhook:edge": "false"}
    file.write_text("encryptionsalt: v1\n")
    assert stack_settings(file) == {}


class _RefusesQueues(PreviewMocks):
    """As a provider that fails in the middle."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "aws:sqs/queue:Queue":
            raise RuntimeError(f"{args.name} is refused")
        return super().new_resource(args)


def test_what_is_cached_is_what_an_evaluation_gives_also_after_one_that_failed(evaluation: Evaluation) -> None:
    with pytest.raises(RuntimeError, match="is refused"):
        evaluate(_RefusesQueues())
    fresh = evaluate()
    assert write_graph(fresh) == write_graph(evaluation)
    assert fresh.outputs == evaluation.outputs


def test_without_a_configured_account_it_is_asked_for() -> None:
    asked = evaluated({"payhook:account_id": ""}).outputs
    assert asked["audit_bucket_name"] == "payhook-audit-000000000000-dev"


def test_a_call_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="getAmi"):
        PreviewMocks().call(mocks.MockCallArgs(token="aws:ec2/getAmi:getAmi", args={}, provider=""))


@pytest.mark.parametrize(
    ("wire", "wanted"),
    [
        (3.0, 3),
        (3.5, 3.5),
        (True, True),
        ([1.0, {"a": 2.0}], [1, {"a": 2}]),
        ({"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": 2.0}, 2),
    ],
)
def test_plain(wire: Any, wanted: Any) -> None:
    assert plain(wire) == wanted
