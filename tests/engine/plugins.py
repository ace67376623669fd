"""The plugins that the engine starts: the project's own, or those that Pulumi publishes.

Versions stand in `infra/requirements.txt`, and those of the CLI and the analyzer in
`tests/tools/pulumi.sh`, which installs the published ones.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "infra/requirements.txt"
TOOL = ROOT / "tests/tools/pulumi.sh"
PACKAGES = ("aws", "random")
ANALYZER = "policy-opa"


def versions() -> dict[str, str]:
    """The version of each provider plugin: that of its Python package."""
    pins = dict(re.findall(r"^pulumi-(\w+)==(\S+)", REQUIREMENTS.read_text(), re.M))
    return {package: pins[package] for package in PACKAGES}


def analyzer_version() -> str:
    """The version of the analyzer for packs in Rego."""
    (version,) = re.findall(r"^ANALYZER=(\S+)$", TOOL.read_text(), re.M)
    return version


def write(home: Path, kind: str, name: str, version: str, module: str) -> None:
    """Puts a plugin of the project where the CLI keeps those that it downloads."""
    folder = home / "plugins" / f"{kind}-{name}-v{version}"
    folder.mkdir(parents=True)
    program = folder / f"pulumi-{kind}-{name}"
    command = shlex.join([sys.executable, "-m", module, version])
    # The engine starts a plugin in a folder of its own choice.
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n')
    program.chmod(0o755)


def write_own(home: Path) -> None:
    """Puts the project's own plugins there."""
    for package, version in versions().items():
        write(home, "resource", package, version, "tests.engine.provider")
    write(home, "analyzer", ANALYZER, analyzer_version(), "tests.engine.analyzer")


def install_published(home: Path) -> None:
    """Has the CLI download the published plugins. Raises CalledProcessError where it cannot."""
    subprocess.run([str(TOOL), "plugins"], check=True, env=os.environ | {"PULUMI_HOME": str(home)})


def built_engine() -> Path:
    """The CLI, built from its Go module once."""
    built = subprocess.run([str(TOOL), "engine"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return Path(built)
