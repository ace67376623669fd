"""Acts as a function would, with the credentials of its role; gives the role a right too many, or one too few."""

import concurrent.futures
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.lib.limits import function_limits
from infra.local_cloud import ledger
from infra.local_cloud.clients import ACCOUNT, REGION
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found_or_at_rest
from tests.e2e.door import post
from tests.e2e.faults import kill_once_it_holds, logged, runs

# Of functions/archival_function/src/main.rs and task.rs.
MARGIN_SECONDS, CONTINUATIONS_MAX = 90, 500
ARCHIVE = "archival_function"
STOPPED = "the deadline came first"
WENT_ON = "another invocation goes on"
QUIET_SECONDS = 4
SENDERS, SENT = 16, 160


def s3_as(cloud: LocalCloud, function: str) -> Any:
    """S3 with the credentials of a function's role. The emulator lets the root key take any role."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{function}_role_{cloud.suffix}"
    given = cloud.clients.sts.assume_role(RoleArn=role, RoleSessionName="acting")["Credentials"]
    session: Any = boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=REGION,
    )
    return session.client("s3", endpoint_url=cloud.aws_endpoint, config=Config(s3={"addressing_style": "path"}))


def goes_on_without_end(cloud: LocalCloud, times: int = 40) -> int:
    """How often the archive goes on in another invocation of itself, when it has no time to do anything; it gives up by itself after `times`."""
    function, day = f"archival_function_{cloud.suffix}", "2026-01-02"
    # What it keeps free at its end is all that it has.
    cloud.clients.lambda_.update_function_configuration(FunctionName=function, Timeout=MARGIN_SECONDS)
    task = {"task": "logs", "first": day, "last": day, "continued": CONTINUATIONS_MAX - times}
    cloud.clients.lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(task).encode())
    found, until, quiet_since = set[str](), time.monotonic() + 60, time.monotonic()
    while time.monotonic() < min(until, quiet_since + QUIET_SECONDS):
        lines = [line for line in ledger.log_messages(cloud, f"/aws/lambda/{function}") if WENT_ON in line]
        seen = {match[0] for line in lines if (match := re.search(r'\\?"continued\\?":\d+', line))}
        if seen != found:
            found, quiet_since = seen, time.monotonic()
        time.sleep(0.2)
    return len(found)


def a_loop_is_stopped(cloud: LocalCloud) -> bool:
    """Told to stop a function that invokes itself, Lambda stops the archive, which has no time to get anywhere."""
    clients, function = cloud.clients, f"{ARCHIVE}_{cloud.suffix}"
    clients.lambda_.put_function_recursion_config(FunctionName=function, RecursiveLoop="Terminate")
    went_on = goes_on_without_end(cloud)
    return 10 < went_on <= 16


def a_try_has_the_settings_of_its_time(cloud: LocalCloud) -> bool:
    """Whether an invocation that is killed because its function gets a longer time-out has that one when it is tried again."""
    function, day = f"{ARCHIVE}_{cloud.suffix}", "2026-01-02"
    clients = cloud.clients
    clients.lambda_.update_function_configuration(FunctionName=function, Timeout=MARGIN_SECONDS)
    # Starts the process that is then stopped.
    assert ledger.run_archive(cloud, {"task": "archive", "first": "2001-02-05", "last": "2001-02-03"}) is None
    before = logged(cloud, ARCHIVE, STOPPED)

    def ask() -> None:
        task = json.dumps({"task": "logs", "first": day, "last": day, "continued": CONTINUATIONS_MAX}).encode()
        clients.lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=task)

    def holds() -> bool:
        if not runs(cloud, ARCHIVE):
            return False
        # The emulator kills the process.
        clients.lambda_.update_function_configuration(
            FunctionName=function, Timeout=function_limits(ARCHIVE)["timeout_seconds"]
        )
        return True

    kill_once_it_holds(cloud, ARCHIVE, holds, 0, ask)
    return not until_found_or_at_rest(cloud, lambda: logged(cloud, ARCHIVE, STOPPED) > before, QUIET_SECONDS * 2)


@contextmanager
def given_by_mistake(cloud: LocalCloud, function: str, actions: list[str], resources: list[str]) -> Iterator[None]:
    """A right that the function's role does not have, for a while."""
    names = {"RoleName": f"{function}_role_{cloud.suffix}", "PolicyName": "mistake"}
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.clients.iam.put_role_policy(**names, PolicyDocument=document)
    try:
        yield
    finally:
        cloud.clients.iam.delete_role_policy(**names)


@contextmanager
def without_statement(cloud: LocalCloud, function: str, sid: str) -> Iterator[None]:
    """A function's role without one statement of its policy, for a while."""
    iam = cloud.clients.iam
    names = {"RoleName": f"{function}_role_{cloud.suffix}", "PolicyName": f"{function}_policy_{cloud.suffix}"}
    document = iam.get_role_policy(**names)["PolicyDocument"]
    document = json.loads(document) if isinstance(document, str) else document
    kept = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    assert len(kept) + 1 == len(document["Statement"]), f"{function} has no {sid}"
    iam.put_role_policy(**names, PolicyDocument=json.dumps(document | {"Statement": kept}))
    try:
        yield
    finally:
        iam.put_role_policy(**names, PolicyDocument=json.dumps(document))


def one_process_is_the_edge(cloud: LocalCloud) -> bool:
    """Whether one process of Node runs the edge's function for everybody, once many have sent at the
    same time.
    """
    with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
        answers = list(senders.map(lambda _: post(cloud, b'{"id":"burst"}'), range(SENT)))
    assert {answer.status for answer in answers} == {200}
    children = Path(f"/proc/{cloud.pid}/task").glob("*/children")
    pids = [pid for thread in children for pid in thread.read_text().split()]
    names = []
    for pid in pids:
        # One that ends meanwhile is not kept.
        with suppress(FileNotFoundError):
            names.append(Path(f"/proc/{pid}/comm").read_text())
    return names.count("node\n") == 1
