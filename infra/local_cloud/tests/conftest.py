"""The zips that every local cloud here runs, and one cloud for the tests that only look or clean up after themselves."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local_cloud.cloud import ROOT, LocalCloud, start


@pytest.fixture(scope="session")
def zips() -> Path:
    """The zips with the real binaries."""
    folder = Path(os.environ.get("PAYHOOK_ZIPS", ROOT / "build/lambdas/host"))
    assert (folder / "webhook_processor.zip").exists(), f"no zips in {folder}: make build"
    return folder


@pytest.fixture(scope="session")
def cloud(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud with the stack in it."""
    running = start(tmp_path_factory.mktemp("applied") / "state", zips, "applied")
    yield running
    running.stop()
