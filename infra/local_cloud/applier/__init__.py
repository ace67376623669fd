"""Makes each resource of the Pulumi program in the emulator: one small function per Pulumi type.

The program is evaluated once, with symbols for what only a cloud knows (`infra.evaluation`); here
the symbols are filled in as the resources are made, each as soon as those that it depends on are
there, as Pulumi's engine does it. A type that is not known here is an error, never a skip: what is
not made is not tested.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from infra.evaluation import Evaluation, is_made
from infra.local_cloud.applier import compute, edge, firewall, gateway, identity, messaging, observation, storage
from infra.local_cloud.clients import Clients
from infra.symbols import Values, place

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
# The emulator is one process: more callers only wait for it.
CALLERS = 4


class UnknownResourceTypeError(Exception):
    """The program has a resource that the local cloud cannot make."""


def make(clients: Clients, kind: str, name: str, inputs: dict[str, Any]) -> Made:
    """Makes one resource: its id and what the provider would compute."""
    maker = MAKERS.get(kind)
    if maker is None:
        raise UnknownResourceTypeError(
            f"{name} is a {kind}, which the local cloud cannot make: add a function for it to infra/local_cloud/applier"
        )
    try:
        return maker(clients, inputs)
    except Exception as error:
        raise RuntimeError(f"{kind} {name}: {error}") from error


class Applier:
    """Applies an evaluation to one cloud, under one suffix, with the zips of one folder."""

    def __init__(
        self, clients: Clients, suffix: str, zips: Path, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._clients = clients
        self._zips = zips
        self._progress = progress
        self._values = Values(suffix)
        self.made = 0

    def apply(self, evaluation: Evaluation) -> dict[str, Any]:
        """Makes every resource; the stack's outputs. Raises what the first failure raised, once the
        calls under way have ended.
        """
        waiting = {resource["urn"]: resource for resource in evaluation.resources if is_made(resource["type"])}
        needs = {urn: set(_needed(resource)) & waiting.keys() for urn, resource in waiting.items()}
        with ThreadPoolExecutor(CALLERS) as callers:
            running: dict[Future[None], str] = {}
            while waiting or running:
                for urn in [urn for urn in waiting if not needs[urn]]:
                    running[callers.submit(self._make, waiting.pop(urn))] = urn
                if not running:
                    raise ValueError(f"these resources wait for each other: {', '.join(sorted(waiting))}")
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    future.result()
                    urn = running.pop(future)
                    self.made += 1
                    self._progress(self.made)
                    for others in needs.values():
                        others.discard(urn)
        return self._values.fill(evaluation.outputs)

    def _make(self, resource: dict[str, Any]) -> None:
        inputs = self._values.fill(resource["properties"])
        if resource["type"] == compute.FUNCTION:
            inputs["code"] = {"path": str(self._zips / Path(inputs["code"]["path"]).name)}
        made_id, computed = make(self._clients, resource["type"], resource["name"], inputs)
        self._values.learn(place(resource["type"], resource["name"]), made_id, inputs | computed)


def _needed(resource: dict[str, Any]) -> list[str]:
    """What must be there first. A provider is not made; a parent is, where it is no component."""
    return [*resource["options"]["dependencies"], resource["options"]["parent"]]
