"""An analyzer plugin for which the gate judges: `python -m tests.engine.analyzer VERSION ENGINE PACK`.

It stands where `pulumi-analyzer-policy-opa` stands: it hands what the engine asks to the rules in
the shape in which that plugin does, and says what they find. Source: `buildOPAInput` and
`buildStackOPAInput` in cmd/pulumi-analyzer-policy-opa/analyzer.go of
https://github.com/pulumi/pulumi-policy-opa at 8c5017b, read 2026-11-27.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from tests.engine import wire
from tests.engine.serving import serve, server
from tests.engine.wire import Properties
from tests.policy.engines import gate_binary

LEVELS = {"mandatory": analyzer_pb2.MANDATORY, "advisory": analyzer_pb2.ADVISORY, "disabled": analyzer_pb2.DISABLED}
# The gate's graph may not be empty; what it says of this one is left out.
NOTHING = "payhook:index:Nothing"
PACK_NAME = "payhook"


def options(given: analyzer_pb2.AnalyzerResourceOptions) -> Properties:
    """The options of a resource; what Go keeps as a list without entries is null."""
    times = given.customTimeouts
    return {
        "protect": given.protect,
        "ignoreChanges": list(given.ignoreChanges) or None,
        "deleteBeforeReplace": given.deleteBeforeReplace if given.deleteBeforeReplaceDefined else None,
        "additionalSecretOutputs": list(given.additionalSecretOutputs) or None,
        "aliasURNs": None,
        "aliases": None,
        "customTimeouts": {"create": times.create, "update": times.update, "delete": times.delete},
        "parent": given.parent,
    }


def as_input(given: analyzer_pb2.AnalyzeRequest | analyzer_pb2.AnalyzerResource) -> Properties:
    """The document that a rule sees of one resource."""
    properties = wire.as_rules_see(wire.of_struct(given.properties))
    provider: Properties = {}
    if given.HasField("provider"):
        provider = {
            "type": given.provider.type,
            "name": given.provider.name,
            "urn": given.provider.urn,
            "properties": wire.as_rules_see(wire.of_struct(given.provider.properties)),
        }
    metadata: Properties = {
        "type": given.type,
        "urn": given.urn,
        "name": given.name,
        "options": options(given.options),
        "provider": provider,
        "properties": properties,
    }
    return metadata | properties | {f"__{key}": value for key, value in metadata.items()}


def in_stack(given: analyzer_pb2.AnalyzerResource) -> Properties:
    """The document that a rule for the stack sees of one resource."""
    seen = as_input(given)
    if given.parent:
        seen["__options"]["parent"] = given.parent
    if given.dependencies:
        seen["dependencies"] = list(given.dependencies)
    if given.propertyDependencies:
        seen["propertyDependencies"] = {key: list(value.urns) for key, value in given.propertyDependencies.items()}
    return seen


def of_stack(urn: str) -> str:
    """The stack and the project of a URN, as a URN begins."""
    return "::".join(urn.split("::")[:2])


class Gate:
    """The gate in a process of its own, which judges one question after the other."""

    def __init__(self, pack: Path, stack: str, config: Properties) -> None:
        self._nothing = f"{stack}::{NOTHING}::nothing"
        self._folder = tempfile.TemporaryDirectory()
        graph, configuration = Path(self._folder.name, "graph.json"), Path(self._folder.name, "config.json")
        graph.write_text(json.dumps([{"type": NOTHING, "urn": self._nothing, "properties": {}}]))
        configuration.write_text(json.dumps(config))
        command = [gate_binary(), str(graph), "--pack", str(pack), "--config", str(configuration), "--batch"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._one_at_a_time = threading.Lock()

    def judge(self, resources: list[Properties], stack: bool) -> list[Properties]:
        """What the rules for one resource say of each, or what the rules for the stack say of all.

        Raises RuntimeError where the gate cannot judge them.
        """
        question: Properties = {"id": "", "put": resources}
        question |= {"remove": [self._nothing]} if stack else {"stack": []}
        with self._one_at_a_time:
            asked, answers = self._process.stdin, self._process.stdout
            if asked is None or answers is None:
                raise RuntimeError("the gate has no pipes")
            asked.write(json.dumps(question) + "\n")
            asked.flush()
            answer = answers.readline()
        if not answer:
            raise RuntimeError("the gate ended; it said why")
        findings = [finding for finding in json.loads(answer)["findings"] if finding["resource"] != self._nothing]
        return [finding for finding in findings if finding["rule"].startswith("stack_") == stack]


def rules(pack: Path) -> list[Properties]:
    """The rules of a pack, as the gate lists them."""
    command = [gate_binary(), "--pack", str(pack), "--rules", "--json"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in listed.splitlines()]


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Serves one pack."""

    def __init__(self, version: str, pack: Path) -> None:
        self._version = version
        self._pack = pack
        self._config: dict[str, analyzer_pb2.PolicyConfig] = {}
        self._gate: Gate | None = None
        self._starting = threading.Lock()

    def GetAnalyzerInfo(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerInfo:  # noqa: N802 (gRPC's names)
        """The rules, with their levels and kinds."""
        policies = [
            analyzer_pb2.PolicyInfo(
                name=rule["rule"],
                displayName=rule["title"],
                enforcementLevel=LEVELS[rule["level"]],
                policy_type=analyzer_pb2.POLICY_TYPE_STACK
                if rule["rule"].startswith("stack_")
                else analyzer_pb2.POLICY_TYPE_RESOURCE,
            )
            for rule in rules(self._pack)
        ]
        return analyzer_pb2.AnalyzerInfo(name=PACK_NAME, version=self._version, supportsConfig=True, policies=policies)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Says which version it stands for."""
        return plugin_pb2.PluginInfo(version=self._version)

    def Handshake(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerHandshakeResponse:  # noqa: N802
        """There is nothing to agree on."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def ConfigureStack(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerStackConfigureResponse:  # noqa: N802
        """The stack is known from the URNs."""
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Levels and settings of the rules (`--policy-pack-config`)."""
        self._config = dict(request.policyConfig)
        return empty_pb2.Empty()

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, context: Any) -> analyzer_pb2.AnalyzeResponse:  # noqa: N802
        """What the rules for one resource say of it."""
        return self._answer(self._gate_of(request.urn).judge([as_input(request)], stack=False))

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, context: Any) -> analyzer_pb2.AnalyzeResponse:  # noqa: N802
        """What the rules for the stack say of it."""
        resources = [in_stack(resource) for resource in request.resources]
        if not resources:
            return analyzer_pb2.AnalyzeResponse()
        return self._answer(self._gate_of(resources[0]["__urn"]).judge(resources, stack=True))

    def Remediate(self, request: Any, context: Any) -> analyzer_pb2.RemediateResponse:  # noqa: N802
        """Rules in Rego mend nothing."""
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Every call ends by itself."""
        return empty_pb2.Empty()

    def _gate_of(self, urn: str) -> Gate:
        with self._starting:
            if self._gate is None:
                settings = {rule: wire.of_struct(given.properties) for rule, given in self._config.items()}
                self._gate = Gate(self._pack, of_stack(urn), {rule: found for rule, found in settings.items() if found})
            return self._gate

    def _answer(self, findings: list[Properties]) -> analyzer_pb2.AnalyzeResponse:
        diagnostics = [
            analyzer_pb2.AnalyzeDiagnostic(
                policyName=finding["rule"],
                policyPackName=PACK_NAME,
                policyPackVersion=self._version,
                message=finding["message"],
                enforcementLevel=self._level(finding),
                urn=finding["resource"],
            )
            for finding in findings
        ]
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[found for found in diagnostics if found.enforcementLevel != analyzer_pb2.DISABLED]
        )

    def _level(self, finding: Properties) -> analyzer_pb2.EnforcementLevel.ValueType:
        given = self._config.get(finding["rule"])
        return given.enforcementLevel if given is not None else LEVELS[finding["level"]]


def main(arguments: list[str]) -> None:
    """Serves until the engine ends the process."""
    version, pack = arguments[0], Path(arguments[-1]).resolve()
    made, port = server()
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(version, pack), made)
    serve(made, port)


if __name__ == "__main__":
    main(sys.argv[1:])
