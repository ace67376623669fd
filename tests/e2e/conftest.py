"""One local cloud for all end-to-end tests; each test uses ids of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local_cloud.cloud import ROOT, LocalCloud, start

# The real queue waits 95 s before it delivers again: tests of failures would only wait.
VISIBILITY_SECONDS = 3


@pytest.fixture(scope="session")
def zips() -> Path:
    """The zips with the real binaries."""
    folder = Path(os.environ.get("PAYHOOK_ZIPS", ROOT / "build/lambdas/host"))
    assert (folder / "webhook_processor.zip").exists(), f"no zips in {folder}: make build"
    return folder


@pytest.fixture(scope="session")
def payhook() -> Path:
    """The command line."""
    binary = Path(os.environ.get("PAYHOOK", ROOT / "target/debug/payhook"))
    assert binary.exists(), f"{binary} is missing: make build"
    return binary


@pytest.fixture(scope="session")
def cloud(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The running stack."""
    running = start(tmp_path_factory.mktemp("cloud") / "state", zips, "e2e")
    running.clients.sqs.set_queue_attributes(
        QueueUrl=running.outputs["webhook_queue_url"], Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def own_cloud(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A stack for the tests of one file: what they do to table or bucket would disturb the others."""
    running = start(tmp_path_factory.mktemp("own_cloud") / "state", zips, "own")
    yield running
    running.stop()
