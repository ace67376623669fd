"""The project's own plugins have the recorded shapes of the real ones, and know every type of the stack."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi.runtime.proto import analyzer_pb2, provider_pb2

from infra.evaluation import evaluated
from infra.local_cloud.applier import MAKERS
from tests.engine import calls, provider, shapes, wire
from tests.engine.analyzer import as_input
from tests.engine.plugins import ROOT, TOOL, analyzer_version, versions
from tests.engine.wire import Properties

RECORDINGS = ("new_stack", "deployed_stack")
# One table has a stream and another has none.
MORE_UNKNOWN = {"aws:dynamodb/table:Table"}
URN = "urn:pulumi:local::payhook::payhook:index:TapStack$payhook:index:Queues$aws:sqs/queue:Queue::webhook_queue"
QUEUE = "aws:sqs/queue:Queue"


def sent(seen: Any) -> Any:
    """What a rule sees, as the engine had sent it: the other way round than `wire.as_rules_see`."""
    if isinstance(seen, dict):
        entries = cast("Properties", seen)
        if entries.keys() == {"Element"}:
            return (
                wire.UNKNOWN if entries == shapes.UNKNOWN_SEEN else wire.secret(sent_below_secret(entries["Element"]))
            )
    return wire.mapped(seen, sent)


def sent_below_secret(seen: Properties) -> Any:
    """The same for a value inside a secret."""
    value = seen["V"]
    return wire.UNKNOWN if value == shapes.UNKNOWN_SEEN else wire.mapped(value, sent_below_secret)


def recorded() -> list[Properties]:
    """Everything that was recorded."""
    return [resource for name in RECORDINGS for half in shapes.read(name) for resource in half]


def test_what_the_rules_see_is_what_was_recorded() -> None:
    resources = recorded()
    secrets = 0
    for resource in resources:
        properties = resource["__properties"]
        struct = wire.to_struct(sent(properties))
        assert wire.as_rules_see(wire.of_struct(struct)) == properties, resource["__urn"]
        secrets += wire.has_secret(sent(properties))
    assert len(resources) > 1000
    assert secrets > 50


def test_the_document_of_a_rule_is_the_one_that_was_recorded() -> None:
    for resource in recorded():
        given, of = resource["__options"], resource["__provider"]
        request = analyzer_pb2.AnalyzeRequest(
            type=resource["__type"],
            urn=resource["__urn"],
            name=resource["__name"],
            properties=wire.to_struct(sent(resource["__properties"])),
            options=analyzer_pb2.AnalyzerResourceOptions(
                protect=given["protect"], ignoreChanges=given["ignoreChanges"], parent=given["parent"]
            ),
        )
        if of:
            request.provider.CopyFrom(
                analyzer_pb2.AnalyzerProviderResource(
                    type=of["type"], name=of["name"], urn=of["urn"], properties=wire.to_struct(of["properties"])
                )
            )
        document = as_input(request)
        # The recording has not every option, and none that this has not.
        for options in ("options", "__options"):
            if options not in resource["__properties"]:
                assert document[options].items() >= resource[options].items()
        others = {key: value for key, value in document.items() if not key.endswith("options")}
        assert others == {key: value for key, value in resource.items() if not key.endswith("options")}


def test_what_a_preview_does_not_know_is_what_was_recorded() -> None:
    checked, outputs = shapes.read("new_stack")
    inputs = {resource["__urn"]: sent(resource["__properties"]) for resource in checked}
    asked = 0
    for resource in outputs:
        kind, properties = resource["__type"], resource["__properties"]
        if kind.startswith(("aws:", "random:")):
            state = wire.as_rules_see(provider.previewed(kind, inputs[resource["__urn"]]))
            hidden = {key for key, value in state.items() if value in (shapes.UNKNOWN_SEEN, shapes.SECRET_UNKNOWN_SEEN)}
            assert {key for key, value in properties.items() if is_hidden(value)} <= hidden, resource["__urn"]
            # What another resource of the type leaves to AWS may be known of this one.
            more = {key for key in hidden if key in properties and not is_hidden(properties[key])}
            assert more == set() or kind in MORE_UNKNOWN, resource["__urn"]
            asked += 1
    assert asked > 250


def is_hidden(value: Any) -> bool:
    """Whether a recorded value was not known."""
    return value in (shapes.UNKNOWN_SEEN, shapes.SECRET_UNKNOWN_SEEN)


@pytest.mark.parametrize("options", [{}, {"payhook:object_lock_days": "30"}])
def test_every_type_of_the_stack_can_be_looked_up(options: dict[str, str]) -> None:
    types = {resource["type"] for resource in evaluated(options).graph()}
    assert types - calls.LIVES.keys() - {provider.RANDOM} == set()


def test_no_type_is_known_that_the_local_cloud_cannot_make() -> None:
    assert calls.LIVES.keys() <= MAKERS.keys()


def test_check_fills_in_what_the_provider_fills_in() -> None:
    news = {"name": "q", "tags": {"a": "b"}, "kmsMasterKeyId": wire.UNKNOWN}
    inputs = provider.checked(QUEUE, news)
    assert inputs["fifoQueue"] is False
    assert inputs["tags"] == {"a": "b", wire.DEFAULTS: []}
    assert set(inputs[wire.DEFAULTS]) == inputs.keys() - news.keys() - {wire.DEFAULTS}


def test_what_the_program_writes_is_filled_in_for_nobody() -> None:
    """The recording has the key of that stack in every queue."""
    assert "kmsMasterKeyId" not in provider.checked(QUEUE, {"name": "q"})


def test_a_property_with_a_secret_in_it_is_a_secret_as_a_whole() -> None:
    news = {"origins": [{"customHeaders": [{"name": "x", "value": wire.secret("hidden")}]}]}
    inputs = provider.checked("aws:cloudfront/distribution:Distribution", news)
    assert wire.is_secret(inputs["origins"])
    (origin,) = wire.revealed(inputs["origins"])
    assert origin["customHeaders"] == [{"name": "x", "value": "hidden", wire.DEFAULTS: []}]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [('{"redrivePermission": "denyAll"}', ["redriveAllowPolicy"]), ('{"redrivePermission":"denyAll"}', [])],
)
def test_a_text_in_another_form_than_the_provider_keeps_differs_in_the_next_preview(
    text: str, wanted: list[str]
) -> None:
    inputs = provider.checked(QUEUE, {"name": "q", "redriveAllowPolicy": text})
    state = provider.outputs(QUEUE, inputs, {"id": "q"})
    request = provider_pb2.DiffRequest(
        urn=URN, olds=wire.to_struct(state), old_inputs=wire.to_struct(inputs), news=wire.to_struct(inputs)
    )
    answer = provider.Provider("1.2.3").Diff(request, None)
    assert list(answer.diffs) == wanted


def test_a_changed_input_is_a_difference() -> None:
    olds = provider.checked(QUEUE, {"name": "q", "maxMessageSize": 1})
    news = provider.checked(QUEUE, {"name": "q", "maxMessageSize": 2, "tags": {}})
    assert provider.changes(QUEUE, provider.outputs(QUEUE, olds, {}), olds, news) == ["maxMessageSize", "tags"]


def test_the_versions_of_the_plugins_are_those_of_the_packages() -> None:
    requirements = (ROOT / "infra/requirements.in").read_text()
    assert {f"pulumi-{name}=={version}" for name, version in versions().items()} <= set(requirements.splitlines())
    assert re.fullmatch(r"\d+\.\d+\.\d+", analyzer_version())
    # The recordings, whose shapes the plugins have, are of the same major version: the package was raised since, for an argument of a REST API.
    (made_by,) = {
        resource["__provider"]["properties"]["version"]
        for resource in recorded()
        if resource["__type"].startswith("aws:")
    }
    assert made_by.split(".")[0] == versions()["aws"].split(".")[0]


def test_the_pack_has_nothing_that_the_published_analyzer_cannot_take() -> None:
    """It ends with a panic where a pack has a schema of its settings, see `tests/tools/pulumi.sh`."""
    assert not (ROOT / "policies/config-schema.json").exists()


def test_each_package_of_nix_has_the_version_of_its_plugin() -> None:
    pinned = json.loads((ROOT / "nix/pypi.json").read_text())
    assert {name: pinned[f"pulumi_{name}"]["version"] for name in versions()} == versions()


@pytest.fixture
def with_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs `pulumi.sh plugins` with a CLI of some version that only writes down what it is asked."""

    def installed(version: str) -> subprocess.CompletedProcess[str]:
        cli = tmp_path / "pulumi"
        cli.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v{version} || echo "$@"\n')
        cli.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        return subprocess.run([str(TOOL), "plugins"], capture_output=True, text=True)

    return installed


def test_the_published_plugins_are_installed_in_the_versions_that_belong_together(
    with_cli: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (ROOT / "infra/requirements.txt").read_text(), re.M)
    done = with_cli(sdk)
    wanted = [f"plugin install resource {name} {version} --exact" for name, version in versions().items()]
    assert done.stdout.splitlines() == [*wanted, f"plugin install analyzer policy-opa {analyzer_version()} --exact"]
    assert done.returncode == 0


def test_another_version_of_the_cli_is_refused(
    with_cli: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    done = with_cli("3.1.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the CLI on the PATH is v3.1.0" in done.stderr
