"""What goes wrong on purpose: a role that lacks one permission, a function that is killed."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import activity
from tests.e2e.door import eventually


@contextmanager
def without(cloud: LocalCloud, role: str, action: str) -> Iterator[None]:
    """The role of the stack without one action, for a while."""
    iam = cloud.clients.iam
    names = {"RoleName": f"{role}_role_{cloud.suffix}", "PolicyName": f"{role}_policy_{cloud.suffix}"}
    document = iam.get_role_policy(**names)["PolicyDocument"]
    document = json.loads(document) if isinstance(document, str) else document
    reduced: dict[str, Any] = json.loads(json.dumps(document))
    for statement in reduced["Statement"]:
        # A statement needs an action: one that nobody uses stands in for the last.
        statement["Action"] = [a for a in statement["Action"] if a != action] or ["sqs:ListQueueTags"]
    assert reduced != document, f"{role} has no {action}"
    iam.put_role_policy(**names, PolicyDocument=json.dumps(reduced))
    try:
        yield
    finally:
        iam.put_role_policy(**names, PolicyDocument=json.dumps(document))


def logged(cloud: LocalCloud, function: str, text: str) -> int:
    """Lines of a function's log with this text in them."""
    return sum(text in line for line in ledger.log_messages(cloud, f"/aws/lambda/{function}_{cloud.suffix}"))


def processes(cloud: LocalCloud, function: str | None = None) -> list[int]:
    """The processes of the functions, or of one function, that the emulator runs."""
    name = b"" if function is None else f"AWS_LAMBDA_FUNCTION_NAME={function}_{cloud.suffix}\0".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                session = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[3])
                command = (folder / "cmdline").read_bytes()
                if session == cloud.pid and b"bootstrap" in command and name in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except (OSError, IndexError):
                continue
    return found


def send_signal(pids: list[int], sign: signal.Signals) -> int:
    """Sends a signal to processes, some of which may have ended; how many got it."""
    reached = 0
    for pid in pids:
        try:
            os.kill(pid, sign)
            reached += 1
        except ProcessLookupError:
            continue
    return reached


def kill_functions(cloud: LocalCloud, function: str | None = None) -> int:
    """Kill -9 for every function that runs, or for one; how many processes there were."""
    return send_signal(processes(cloud, function), signal.SIGKILL)


def runs(cloud: LocalCloud, function: str) -> bool:
    """Whether an invocation of the function is under way."""
    return f"{function}_{cloud.suffix}" in activity(cloud).running


def kill_in_mid_run(cloud: LocalCloud, function: str, run: Callable[[], object], far_enough: Callable[[], bool]) -> int:
    """Kill -9 for a function in the midst of what `run` starts and waits for, once that has come far enough; how many processes there were.

    `run` gives what the function failed with.
    """
    killed = 0
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(run)
        while not running.done():
            # Until the run has ended: the process may be a moment from its start yet.
            if far_enough():
                killed += kill_functions(cloud, function)
            time.sleep(0.001)
        assert running.result(), "the run ended before it was killed"
    return killed


def kill_in_mid_batch(cloud: LocalCloud, function: str, batch: int, seconds_into_it: float) -> None:
    """Kill -9 for the function of the table's stream while it holds a batch. Needs webhooks that keep coming.

    It is stopped first, until more is stored than one batch takes: the stream has handed it one by then.
    """
    enough = len(ledger.records(cloud)) + batch
    kill_once_it_holds(cloud, function, lambda: len(ledger.records(cloud)) > enough, seconds_into_it)


def kill_once_it_runs(cloud: LocalCloud, function: str, work: Callable[[], None], seconds_into_it: float) -> int:
    """Kill -9 for a function in the midst of an invocation that `work` gives it; how many processes there were.

    It has nothing to do and is stopped before the work comes, so that the invocation cannot be over when it is killed.
    """
    eventually(cloud, lambda: not runs(cloud, function))
    return kill_once_it_holds(cloud, function, lambda: runs(cloud, function), seconds_into_it, work)


def kill_once_it_holds(
    cloud: LocalCloud,
    function: str,
    holds: Callable[[], bool],
    seconds_into_it: float,
    work: Callable[[], None] = lambda: None,
) -> int:
    """Kill -9 for a function that is stopped until it holds something, and then goes on for so long; how many processes there were.

    `work` is done while it is stopped.
    """
    stopped = eventually(cloud, lambda: processes(cloud, function))
    send_signal(stopped, signal.SIGSTOP)
    work()
    eventually(cloud, holds)
    send_signal(stopped, signal.SIGCONT)
    time.sleep(seconds_into_it)
    return send_signal(stopped, signal.SIGKILL)
