"""The processor time of a local cloud's processes, by what they do: Linux tells it in `/proc`."""

import contextlib
import os
from pathlib import Path

EMULATOR, EDGE, FUNCTIONS = "emulator", "edge function", "functions"
# The edge function runs in Node. Every other child of the emulator is a function's environment.
EDGE_PROCESS = "node"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of what follows the name in `/proc/PID/stat`: the session, the process's own ticks in user and
# kernel mode, and those of its children that have ended.
SESSION, OWN, ENDED = 3, slice(11, 13), slice(13, 15)


def seconds_of(stat: str, leader: int) -> dict[str, float]:
    """The processor seconds of one process, by what it does, from its `/proc/PID/stat`; nothing
    where it is not of the session that `leader` leads.
    """
    identity, _, rest = stat.rpartition(")")
    number, _, name = identity.partition(" (")
    fields = rest.split()
    if int(fields[SESSION]) != leader:
        return {}
    own, ended = (sum(map(int, fields[part])) / TICKS_PER_SECOND for part in (OWN, ENDED))
    if int(number) == leader:
        return {EMULATOR: own, FUNCTIONS: ended}
    return {EDGE if name == EDGE_PROCESS else FUNCTIONS: own + ended}


def processor_seconds(leader: int) -> dict[str, float]:
    """The processor seconds so far of every process of a session, by what it does."""
    found: dict[str, float] = dict.fromkeys((EMULATOR, EDGE, FUNCTIONS), 0.0)
    for process in Path("/proc").glob("[0-9]*"):
        # A process that ends meanwhile is counted with its parent the next time.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for name, seconds in seconds_of((process / "stat").read_text(), leader).items():
                found[name] += seconds
    return found
