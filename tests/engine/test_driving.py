"""What the driver tells the engine, and when it says that a step differs."""

from collections import Counter
from pathlib import Path

import pytest
import yaml
from pulumi import automation as auto

from infra.graph import stack_settings
from tests.engine.__main__ import described
from tests.engine.driving import SETTINGS, Told, settings
from tests.engine.plugins import analyzer_version, versions, write_own
from tests.engine.steps import Outcome, differences, resources

PACKS = {"payhook": "1.0.0"}
REFUSED = Told(refused=Counter({"deny_x": 1}), failed=True, errors=["no"], packs=PACKS)


def test_the_settings_are_those_of_the_stack_for_another_port_and_other_zips(tmp_path: Path) -> None:
    told = yaml.safe_load(settings(4711, tmp_path))["config"]
    given = yaml.safe_load(SETTINGS.read_text())["config"]
    assert {text.rpartition(":")[2] for text in told["aws:endpoints"][0].values()} == {"4711"}
    assert told["payhook:lambda_zip_dir"] == str(tmp_path)
    # The engine asks the provider for the account.
    assert given.keys() - told.keys() == {"payhook:account_id"}
    others = told.keys() - {"aws:endpoints", "payhook:lambda_zip_dir"}
    assert {key: told[key] for key in others} == {key: given[key] for key in others}


def test_what_is_expected_is_what_the_program_registers() -> None:
    types = [resource["type"] for resource in resources()]
    assert types.count("pulumi:pulumi:Stack") == 1
    assert len(types) > 300
    assert stack_settings(SETTINGS)["payhook:environment_suffix"] != "local"


@pytest.mark.parametrize(
    ("told", "changes", "refused", "warned", "found"),
    [
        (Told(packs=PACKS, changes={"same": 3}), {"same": 3}, set(), set(), []),
        (Told(packs=PACKS, changes={"same": 2, "update": 1}), {"same": 3}, set(), set(), ["changes"]),
        (
            Told(packs=PACKS, changes={"same": 3}, warned=Counter({"warn_x": 2})),
            {"same": 3},
            set(),
            set(),
            ["warned by"],
        ),
        (Told(packs=PACKS, changes={"same": 3}), {"same": 3}, set(), {"warn_x"}, ["warned by"]),
        (REFUSED, {}, {"deny_x"}, set(), []),
        (REFUSED, {}, {"deny_y"}, set(), ["refused by"]),
        (REFUSED, {"same": 3}, set(), set(), ["it failed", "no", "changes", "refused by"]),
        (Told(packs=PACKS, changes={"create": 3}), {}, {"deny_x"}, set(), ["it did not fail", "refused by"]),
        (Told(packs=PACKS, changes={"create": 3}, failed=True), {"create": 3}, set(), set(), ["it failed"]),
        (Told(changes={"same": 3}), {"same": 3}, set(), set(), ["policy packs"]),
    ],
)
def test_a_step_differs(
    told: Told, changes: dict[str, int], refused: set[str], warned: set[str], found: list[str]
) -> None:
    said = differences(told, changes, refused, warned)
    assert [any(text.startswith(start) for text in said) for start in found] == [True] * len(found)
    assert len(said) == len(found)


def test_a_pack_is_asked_in_previews_and_deployments_alone() -> None:
    same = {"same": 3}
    assert differences(Told(same), same, set(), set(), judged=False) == []
    assert differences(Told(same, packs=PACKS), same, set(), set(), judged=False) == [f"policy packs: {PACKS}"]


def test_events_are_kept() -> None:
    told = Told()
    for event in (
        {"policyEvent": {"policyName": "deny_x", "enforcementLevel": "mandatory"}},
        {"policyEvent": {"policyName": "warn_x", "enforcementLevel": "advisory"}},
        {"diagnosticEvent": {"message": " wrong\n", "severity": "error"}},
        {"diagnosticEvent": {"message": "so so", "severity": "warning"}},
        {"summaryEvent": {"resourceChanges": {"create": 2}, "PolicyPacks": {"payhook": "1"}}},
    ):
        told.hear(auto.EngineEvent.from_json({"sequence": 1, "timestamp": 1} | event))
    assert (dict(told.refused), dict(told.warned)) == ({"deny_x": 1}, {"warn_x": 1})
    assert (told.errors, told.changes, told.packs) == (["wrong"], {"create": 2}, {"payhook": "1"})


def test_a_step_is_a_line_and_its_differences_follow() -> None:
    told = Told(changes={"same": 330, "create": 1})
    lines = described(Outcome("preview", told, 1.25, ["changes: so"])).splitlines()
    assert lines[0].split() == ["preview", "1", "create,", "330", "same", "0", "0", "1.2"]
    assert lines[1].strip() == "differs: changes: so"


def test_each_plugin_lies_where_the_engine_looks(tmp_path: Path) -> None:
    write_own(tmp_path)
    programs = {path.parent.name: path for path in tmp_path.glob("plugins/*/pulumi-*")}
    assert set(programs) == {
        *(f"resource-{name}-v{version}" for name, version in versions().items()),
        f"analyzer-policy-opa-v{analyzer_version()}",
    }
    assert all(path.stat().st_mode & 0o100 for path in programs.values())
    assert programs[f"resource-aws-v{versions()['aws']}"].name == "pulumi-resource-aws"
