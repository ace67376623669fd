"""The steps that the engine is driven through, and what each must end with."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pulumi

from infra.evaluation import evaluated
from infra.graph import stack_settings
from infra.local_cloud.clients import Clients
from infra.program import run
from tests.engine import calls
from tests.engine.driving import SETTINGS, Engine, Told
from tests.engine.inventory import inventory

# What a program that leaves out one property breaks, and what its property is.
BROKEN_TYPE, BROKEN_NAME, BROKEN_PROPERTY = "aws:sqs/queue:Queue", "webhook_queue", "kms_master_key_id"
BROKEN_RULES = {"deny_encryption_key"}
# What only a preview of a new stack has: the rules let what AWS makes through by name.
UNKNOWN = "warn_preview_unknown"
# The queue whose policy is taken away behind the engine's back.
LOST_TYPE, LOST_QUEUE = "aws:sqs/queuePolicy:QueuePolicy", "rejected_queue"


@dataclass
class Outcome:
    """One step: what was to be, what the engine said, and what differs."""

    step: str
    told: Told
    seconds: float
    differences: list[str] = field(default_factory=list)


def resources() -> list[dict[str, str]]:
    """Everything that the program registers with the stack's settings, components included."""
    return evaluated(stack_settings(SETTINGS)).resources


def broken() -> None:
    """The program with one queue that the stack's key does not encrypt."""

    def leave_out(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if (args.type_, args.name) != (BROKEN_TYPE, BROKEN_NAME):
            return None
        props = dict(args.props)
        del props[BROKEN_PROPERTY]
        return pulumi.ResourceTransformationResult(props, args.opts)

    pulumi.runtime.register_stack_transformation(leave_out)
    run()


def lose(clients: Clients) -> None:
    """Takes one resource away, as somebody would by hand."""
    suffix = stack_settings(SETTINGS)["payhook:environment_suffix"]
    url = clients.sqs.get_queue_url(QueueName=f"{LOST_QUEUE}_{suffix}")["QueueUrl"]
    calls.delete(clients, LOST_TYPE, url, {})


def differences(
    told: Told, changes: dict[str, int], refused: set[str], warned: set[str], judged: bool = True
) -> list[str]:
    """What the engine said, where it is not what is expected; `judged` says whether a pack was asked."""
    found = []
    if judged != bool(told.packs):
        found.append(f"policy packs: {told.packs}")
    if bool(refused) != told.failed:
        found += [f"it {'failed' if told.failed else 'did not fail'}", *told.errors]
    if not refused and told.changes != changes:
        found.append(f"changes: {told.changes}, expected {changes}")
    if set(told.refused) != refused:
        found.append(f"refused by {dict(told.refused)}, expected {sorted(refused)}")
    if set(told.warned) != warned:
        found.append(f"warned by {dict(told.warned)}, expected {sorted(warned)}")
    return found


def steps(engine: Engine, clients: Clients) -> Iterator[Outcome]:
    """Drives the stack from nothing to nothing."""
    every = len(resources())

    def step(
        name: str,
        do: Callable[[Callable[[], None]], Told],
        changes: dict[str, int],
        program: Callable[[], None] = run,
        refused: frozenset[str] = frozenset(),
        warned: frozenset[str] = frozenset(),
    ) -> Outcome:
        begun = time.monotonic()
        told = do(program)
        judged = do in (engine.preview, engine.up)
        found = differences(told, changes, set(refused), set(warned), judged)
        return Outcome(name, told, time.monotonic() - begun, found)

    before = inventory(clients)
    yield step("preview", engine.preview, {"create": every}, warned=frozenset({UNKNOWN}))
    yield step("preview of a fault", engine.preview, {}, broken, frozenset(BROKEN_RULES), frozenset({UNKNOWN}))
    yield step("up", engine.up, {"create": every})
    yield step("preview again", engine.preview, {"same": every})
    yield step("refresh", engine.refresh, {"same": every})
    lose(clients)
    yield step("refresh after a loss", engine.refresh, {"same": every - 1, "delete": 1})
    yield step("up again", engine.up, {"same": every - 1, "create": 1})
    yield step("destroy", engine.destroy, {"delete": every})
    begun = time.monotonic()
    left = inventory(clients) ^ before
    yield Outcome("nothing is left", Told(), time.monotonic() - begun, sorted(left))
