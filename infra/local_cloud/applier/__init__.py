"""Makes each resource of the Pulumi program in the emulator as the program registers it: one small function per Pulumi type.

A type that is not known here is an error, never a skip: what is not made is not tested.
"""

from collections.abc import Callable
from typing import Any

from pulumi.runtime import mocks as pulumi_mocks

from infra.graph import COMPONENT_PREFIX
from infra.local_cloud.applier import compute, edge, firewall, gateway, identity, messaging, observation, storage
from infra.local_cloud.clients import ACCOUNT, Clients

Made = tuple[str, dict[str, Any]]
Make = Callable[[Clients, dict[str, Any]], Made]

MAKERS: dict[str, Make] = {
    **identity.MAKERS,
    **storage.MAKERS,
    **messaging.MAKERS,
    **compute.MAKERS,
    **gateway.MAKERS,
    **firewall.MAKERS,
    **edge.MAKERS,
    **observation.MAKERS,
}


class UnknownResourceTypeError(Exception):
    """The program has a resource that the local cloud cannot make."""


class Applier(pulumi_mocks.Mocks):
    """Mocks for `infra.graph.evaluate` that make real resources."""

    def __init__(self, clients: Clients, progress: Callable[[int], None] = lambda _: None) -> None:
        self._clients = clients
        self._progress = progress
        self.made = 0

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Makes the resource; its id and what the provider would compute."""
        if args.typ.startswith(("pulumi:", COMPONENT_PREFIX)):
            return f"{args.name}-id", dict(args.inputs)
        make = MAKERS.get(args.typ)
        if make is None:
            raise UnknownResourceTypeError(
                f"{args.name} is a {args.typ}, which the local cloud cannot make: add a function for it to infra/local_cloud/applier"
            )
        try:
            made_id, computed = make(self._clients, args.inputs)
        except Exception as error:
            raise RuntimeError(f"{args.typ} {args.name}: {error}") from error
        self.made += 1
        self._progress(self.made)
        return made_id, {**args.inputs, **computed}

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """The one data source of the program is the account's identity."""
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "id": ACCOUNT, "userId": ACCOUNT}, []
        raise ValueError(f"the program calls {args.token}, which is not known here")
