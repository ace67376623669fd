"""A provider plugin for `aws` or `random`: `python -m tests.engine.provider VERSION`.

It stands where the real provider stands and hands the engine the same shapes: checked inputs with
`__defaults`, previews with unknown values, outputs with what nobody set, secrets marked. Resources
are made in the local cloud by its applier, found and deleted by the calls of `tests.engine.calls`.
What it does not know, it refuses. It does not update a resource: no step of `make engine` changes
one.
"""

import json
import sys
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.local_cloud.applier import make
from infra.local_cloud.clients import Clients
from tests.engine import calls, shapes, wire
from tests.engine.serving import serve, server
from tests.engine.wire import Properties

# A value that is made and kept nowhere but in the state.
RANDOM = "random:index/randomPassword:RandomPassword"
IDENTITY = "aws:index/getCallerIdentity:getCallerIdentity"
# The provider keeps these texts in its normal form and compares the program's with them as they
# are, see infra/tests/test_normal_forms.py.
COMPARED_AS_KEPT = {"aws:sqs/queue:Queue": ("redriveAllowPolicy", "redrivePolicy")}


def type_of(urn: str) -> str:
    """The type in a URN, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """The name in a URN."""
    return urn.split("::", 3)[3]


def checked(kind: str, news: Properties) -> Properties:
    """Inputs as the provider hands them back from `Check`."""
    inputs = {key: _marked(with_defaults(value)) for key, value in news.items()}
    added = shapes.defaults(kind, inputs)
    return inputs | added | {wire.DEFAULTS: sorted(added)}


def with_defaults(value: Any) -> Any:
    """Each object that the provider has a schema of, with the list of what it filled in."""
    if wire.signature(value):
        return value
    filled = wire.mapped(value, with_defaults)
    return filled | {wire.DEFAULTS: []} if isinstance(filled, dict) else filled


def _marked(value: Any) -> Any:
    """A property that has a secret anywhere in it is a secret as a whole."""
    return wire.secret(wire.revealed(value)) if wire.has_secret(value) else value


def outputs(kind: str, inputs: Properties, computed: Properties) -> Properties:
    """The state of a resource: inputs, what the provider computes, and what nobody has set."""
    known = wire.without_defaults(inputs)
    for name in COMPARED_AS_KEPT.get(kind, ()):
        if isinstance(known.get(name), str) and not wire.is_unknown(known[name]):
            known[name] = json.dumps(json.loads(known[name]), separators=(",", ":"), sort_keys=True)
    secret = shapes.shape(kind).secret
    made = {key: wire.secret(value) if key in secret else value for key, value in computed.items()}
    return shapes.shape(kind).unset | known | made


def previewed(kind: str, inputs: Properties) -> Properties:
    """The state of a resource that a preview would make."""
    shape = shapes.shape(kind)
    missing = {*shape.unknown, *shape.secret, "id"} - inputs.keys()
    return outputs(kind, inputs, dict.fromkeys(missing, wire.UNKNOWN))


def changes(kind: str, olds: Properties, old_inputs: Properties, news: Properties) -> list[str]:
    """The names of the properties that differ from what is deployed."""
    before = wire.without_defaults(old_inputs) | {
        name: olds[name] for name in COMPARED_AS_KEPT.get(kind, ()) if name in old_inputs
    }
    after = wire.without_defaults(news)
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One package's provider."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._clients: Clients | None = None

    @property
    def clients(self) -> Clients:
        """Clients of the local cloud; a package without endpoints has none and asks for none."""
        return self._clients or Clients("")

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: N802 (gRPC's names)
        """Says which version it stands for."""
        return plugin_pb2.PluginInfo(version=self._version)

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Takes the provider's configuration as it is."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """The configuration of a provider replaces nothing here."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        """Reads where AWS answers: every service of the local cloud at one address."""
        endpoints = wire.revealed(wire.of_struct(request.args)).get("endpoints", "[]")
        by_service = [text for entry in json.loads(endpoints) for text in entry.values()]
        # S3 Control puts the account before the host, so its endpoint has a name of its own.
        addresses = {text for text in by_service if "127.0.0.1" in text}
        if len(addresses) > 1:
            raise ValueError(f"the local cloud has one address, and these are configured: {sorted(addresses)}")
        self._clients = Clients(addresses.pop()) if addresses else None
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: Any) -> provider_pb2.InvokeResponse:  # noqa: N802
        """The one data source of the program is the account's identity."""
        if request.tok != IDENTITY:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok} is not known here")
        found = self.clients.sts.get_caller_identity()
        answer = {"accountId": found["Account"], "arn": found["Arn"], "id": found["Account"], "userId": found["UserId"]}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.to_struct(answer))
        return response

    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        """Fills in defaults."""
        kind = type_of(request.urn)
        if kind != RANDOM:
            calls.life(kind)
        return provider_pb2.CheckResponse(inputs=wire.to_struct(checked(kind, wire.of_struct(request.news))))

    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        """Compares what is deployed with what the program says."""
        olds, old_inputs, news = map(wire.of_struct, (request.olds, request.old_inputs, request.news))
        different = changes(type_of(request.urn), olds, old_inputs, news)
        found = provider_pb2.DiffResponse.DIFF_SOME if different else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=found, diffs=different)

    def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        """Makes a resource, or says what a preview knows of it."""
        kind, inputs = type_of(request.urn), wire.of_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire.to_struct(previewed(kind, inputs)))
        plain = wire.revealed(wire.without_defaults(inputs))
        made_id, computed = make(self.clients, kind, name_of(request.urn), plain)
        state = outputs(kind, inputs, computed | {"id": made_id})
        return provider_pb2.CreateResponse(id=made_id, properties=wire.to_struct(state))

    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:  # noqa: N802
        """Says whether the resource is still there; its properties are those that were deployed."""
        kind, state = type_of(request.urn), wire.revealed(wire.of_struct(request.properties))
        if kind != RANDOM and not calls.exists(self.clients, kind, request.id, state):
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Deletes the resource."""
        kind, state = type_of(request.urn), wire.revealed(wire.of_struct(request.properties))
        if kind != RANDOM:
            calls.delete(self.clients, kind, request.id, state)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Every call ends by itself."""
        return empty_pb2.Empty()


def main(arguments: list[str]) -> None:
    """Serves until the engine ends the process."""
    made, port = server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(arguments[0]), made)
    serve(made, port)


if __name__ == "__main__":
    main(sys.argv[1:])
