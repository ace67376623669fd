"""The zips that every local cloud here runs."""

import os
from pathlib import Path

import pytest

from infra.local_cloud.cloud import ROOT


@pytest.fixture(scope="session")
def zips() -> Path:
    """The zips with the real binaries."""
    folder = Path(os.environ.get("PAYHOOK_ZIPS", ROOT / "build/lambdas/host"))
    assert (folder / "webhook_processor.zip").exists(), f"no zips in {folder}: make release"
    return folder
