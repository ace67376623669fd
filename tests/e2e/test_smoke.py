"""The proof that a deployment works, proved on the local cloud: it finds what it sent, and says so when it does not arrive."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import ROOT, LocalCloud
from tests.smoke.__main__ import PROVIDER, find, transaction_id


def _smoke(cloud: LocalCloud, payhook: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    outputs = folder / "outputs.json"
    # Here the gateway listens on the loopback address.
    outputs.write_text(json.dumps(cloud.outputs | {"webhook_url": cloud.endpoint}))
    environment = ledger.stack_environment(cloud)
    stack = ["--suffix", environment["PAYHOOK_SUFFIX"], "--account", environment["PAYHOOK_ACCOUNT"]]
    command = [sys.executable, "-m", "tests.smoke", "--payhook", str(payhook), "--outputs", str(outputs), *stack]
    region = {"AWS_DEFAULT_REGION": environment["AWS_REGION"]}
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment | region, capture_output=True, text=True, check=False
    )


def test_the_webhook_is_sent_and_found(cloud: LocalCloud, payhook: Path, tmp_path: Path) -> None:
    result = _smoke(cloud, payhook, tmp_path)
    assert result.returncode == 0, result.stderr
    sent, found = result.stdout.splitlines()
    assert sent.startswith(f"sent 1, accepted 1: {PROVIDER}:pay_")
    assert found.startswith("found: stored, message ")
    wanted = sent.rpartition(" ")[2]
    (record,) = (item for item in ledger.records(cloud) if item["transaction_id"] == wanted)
    assert record["amount_minor"] == "0"


def test_nothing_secret_is_printed(cloud: LocalCloud, payhook: Path, tmp_path: Path) -> None:
    result = _smoke(cloud, payhook, tmp_path)
    keys = json.loads(cloud.keys_file.read_text())[PROVIDER]["keys"]
    for secret in (cloud.api_key, *keys):
        assert secret not in result.stdout + result.stderr


def test_what_did_not_arrive_is_not_found(
    cloud: LocalCloud, payhook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = ledger.stack_environment(cloud)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    never_sent = transaction_id(1)
    assert find(payhook, never_sent, environment["PAYHOOK_SUFFIX"], environment["PAYHOOK_ACCOUNT"], seconds=0) is None
    assert capsys.readouterr().err
