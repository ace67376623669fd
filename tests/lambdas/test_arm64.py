"""The zips that are deployed (`make lambdas`): for arm64, able to start on Amazon Linux 2023, small, and each run once.

Needs Linux: on another machine than arm64 the functions run under an emulator of the processor (tests/tools/arm64_runner.sh).
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import infra.program  # noqa: F401 (puts `lib` on the path, as the Pulumi CLI does)
from lib.functions import environment
from lib.limits import FUNCTIONS, LIMITS
from lib.settings import Settings
from tests.lambdas.binary import read_binary, read_zip
from tests.lambdas.runtime_api import REQUEST_ID, runtime_api
from tests.lambdas.test_layout import EARLIEST, EXECUTABLE_FILE

ROOT = Path(__file__).resolve().parents[2]
ZIPS = Path(os.environ.get("PAYHOOK_ARM64_ZIPS", ROOT / "build/lambdas/arm64"))
# Amazon Linux 2023: https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html, read 2026-11-25.
GLIBC_MAX = (2, 34)
# Only ends a run that would never answer.
ANSWER_SECONDS = 300
EMPTY_BATCH = {"Records": []}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_zip_is_small_and_holds_one_executable_bootstrap(function: str) -> None:
    path = ZIPS / f"{function}.zip"
    assert path.exists(), "make lambdas"
    assert path.stat().st_size <= LIMITS["function"][function]["zip_bytes_most"]
    (entry,) = read_zip(path)
    assert (entry.name, entry.mode, entry.date_time) == ("bootstrap", EXECUTABLE_FILE, EARLIEST)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_binary_starts_on_the_functions_machine(function: str) -> None:
    (entry,) = read_zip(ZIPS / f"{function}.zip")
    binary = read_binary(entry.content)
    assert binary.machine == "aarch64"
    if binary.interpreter is None:
        assert binary.glibc is None
    else:
        assert binary.interpreter == "/lib/ld-linux-aarch64.so.1"
        assert binary.glibc is not None
        assert binary.glibc <= GLIBC_MAX


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_binary_names_no_folder_of_the_machine_that_built_it(function: str) -> None:
    (entry,) = read_zip(ZIPS / f"{function}.zip")
    for folder in (ROOT, Path.home() / ".cargo", Path.home() / ".rustup"):
        assert str(folder).encode() not in entry.content, folder


@pytest.fixture(scope="session")
def runner() -> list[str]:
    """The command that runs an arm64 program on this machine."""
    result = subprocess.run([ROOT / "tests/tools/arm64_runner.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return result.stdout.split()


def _run_once(function: str, event: Any, runner: list[str], folder: Path) -> tuple[str, Any]:
    (entry,) = read_zip(ZIPS / f"{function}.zip")
    bootstrap = folder / entry.name
    bootstrap.write_bytes(entry.content)
    bootstrap.chmod(0o755)
    with runtime_api(event) as api:
        variables = environment(Settings("dev", "000000000000", edge=False), function) | {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": f"{function}_dev",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_REGION": "us-east-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"http://{api.address}",
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*runner, bootstrap], env=variables, stdout=log, stderr=log)
        try:
            return api.answers.get(timeout=ANSWER_SECONDS)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("function", "event", "path", "answer"),
    [
        ("webhook_processor", EMPTY_BATCH, "response", {"batchItemFailures": []}),
        ("analytics_processor", EMPTY_BATCH, "response", {"batchItemFailures": []}),
        ("webhook_processor", {"no": "batch"}, "error", "SQS"),
        ("analytics_processor", {"no": "batch"}, "error", "stream"),
        ("archival_function", {"task": "no such task"}, "error", "no task"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_function_takes_an_event_and_answers(
    function: str, event: Any, path: str, answer: Any, runner: list[str], tmp_path: Path
) -> None:
    told, body = _run_once(function, event, runner, tmp_path)
    assert told == f"/invocation/{REQUEST_ID}/{path}", (tmp_path / "log").read_text()
    if path == "response":
        assert body == answer
    else:
        assert answer in body["errorMessage"]
