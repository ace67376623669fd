"""Each provider has its own usage plan and two keys, whose switch is the operator's; and a stack can be made for some providers only."""

import json
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.lib.catalogue import read_catalogue
from infra.tests.conftest import Find
from lib.settings import Settings

ALL = [provider.name for provider in read_catalogue()]


def test_each_provider_has_a_plan_with_two_keys(graph: list[dict[str, Any]]) -> None:
    by_name = {resource["name"]: resource for resource in graph}
    for provider in ALL:
        plan = by_name[f"webhook_usage_plan_{provider}"]["properties"]
        handshakes = {"path": "/webhook/{provider}/GET", "rateLimit": 1, "burstLimit": 5}
        assert plan["apiStages"] == [{"apiId": "webhook_api-id", "stage": "live", "throttles": [handshakes]}]
        for slot, enabled in (("a", True), ("b", False)):
            name = f"webhook_api_key_{provider}_{slot}"
            assert by_name[name]["properties"]["enabled"] is enabled
            assert "value" not in by_name[name]["properties"]
            member = by_name[f"webhook_usage_plan_key_{provider}_{slot}"]["properties"]
            assert (member["keyId"], member["usagePlanId"]) == (f"{name}-id", f"webhook_usage_plan_{provider}-id")


def test_a_deploy_leaves_the_switch_of_a_key_alone_and_nothing_else(graph: list[dict[str, Any]]) -> None:
    ignored = {resource["name"]: resource["options"]["ignoreChanges"] for resource in graph}
    assert {name for name, properties in ignored.items() if properties} == {
        f"webhook_api_key_{provider}_{slot}" for provider in ALL for slot in ("a", "b")
    }
    assert {tuple(properties) for properties in ignored.values() if properties} == {("enabled", "description")}


def test_a_stack_for_some_providers_has_nothing_of_the_others() -> None:
    evaluation = evaluated(config={"payhook:providers": "stripe, adyen"})
    assert set(evaluation.outputs["api_key_ids"]) == {"adyen", "stripe"}
    names = {resource["name"] for resource in evaluation.graph()}
    alarms = {resource["name"] for resource in evaluation.graph() if resource["type"].endswith(":MetricAlarm")}
    assert {name for name in alarms if name.startswith("rejected_")} == {
        "rejected_adyen", "rejected_spike", "rejected_stripe",
    }  # fmt: skip
    for start in ("webhook_secret_", "webhook_usage_plan_"):
        found = {name.removeprefix(start) for name in names if name.startswith(start) and "_key_" not in name}
        assert found == {"adyen", "stripe"}, start
    rights = json.dumps([r["properties"] for r in evaluation.graph() if r["type"].endswith(":RolePolicy")])
    assert "webhook_secret_adyen" in rights
    assert "webhook_secret_klarna" not in rights


@pytest.mark.parametrize(("named", "says"), [(("stripe", "strip"), "there is no strip"), (("stripe",) * 2, "twice")])
def test_a_wrong_list_of_providers_is_refused(named: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Settings("dev", "0" * 12, edge=False, providers=named)


def test_no_output_is_a_key(of_type: Find) -> None:
    assert len(of_type(":ApiKey")) == 2 * len(ALL)
    outputs = evaluated().outputs["api_key_ids"]
    assert outputs["stripe"] == {"a": "webhook_api_key_stripe_a-id", "b": "webhook_api_key_stripe_b-id"}
