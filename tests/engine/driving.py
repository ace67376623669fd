"""One stack that Pulumi's engine drives: an inline program, a file as its backend, all in one folder."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from infra.evaluation import ROOT
from infra.graph import PROGRAMS

STACK = "local"
SETTINGS = ROOT / f"infra/Pulumi.{STACK}.yaml"
PACK = ROOT / "policies"
PORT = re.compile(r"(?<=:)4566\b")
# Left out of the settings: the program then asks the provider for the account.
ASKED = re.compile(r"^ *payhook:account_id:.*\n", re.M)
ZIPS = re.compile(r"(?<=payhook:lambda_zip_dir: ).*")
PARALLEL = 8


@dataclass
class Told:
    """What the engine said while it worked."""

    changes: dict[str, int] = field(default_factory=dict)
    # How often each rule was broken.
    refused: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    packs: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    failed: bool = False

    def hear(self, event: auto.EngineEvent) -> None:
        """Keeps what one event says."""
        if event.policy_event:
            of = self.refused if event.policy_event.enforcement_level == "mandatory" else self.warned
            of[event.policy_event.policy_name] += 1
        elif event.summary_event:
            self.changes = {str(getattr(op, "value", op)): n for op, n in event.summary_event.resource_changes.items()}
            self.packs = dict(event.summary_event.policy_packs)
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self.errors.append(event.diagnostic_event.message.strip())


def settings(port: int, zips: Path) -> str:
    """The settings of the stack, for a local cloud on this port."""
    text = PORT.sub(str(port), ASKED.sub("", SETTINGS.read_text()))
    return ZIPS.sub(str(zips.resolve()), text)


class Engine:
    """Drives the stack with one CLI and what it finds in one home."""

    def __init__(self, folder: Path, cli: Path | None, port: int, zips: Path) -> None:
        (folder / "state").mkdir()
        (folder / "work").mkdir()
        (folder / f"work/Pulumi.{STACK}.yaml").write_text(settings(port, zips))
        variables = {
            "PULUMI_CONFIG_PASSPHRASE": "not a secret: the stack ends with this run",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # No plugin but those that were put into the home.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        }
        workspace = auto.LocalWorkspace(
            work_dir=str(folder / "work"),
            pulumi_home=str(folder / "home"),
            env_vars=variables,
            secrets_provider="passphrase",
            project_settings=auto.ProjectSettings(
                name=PROGRAMS["stack"].project,
                runtime="python",
                backend=auto.ProjectBackend(url=(folder / "state").as_uri()),
            ),
            pulumi_command=auto.PulumiCommand(root=str(cli.parent.parent) if cli else None),
        )
        self._stack = auto.Stack.create(STACK, workspace)

    def preview(self, program: Callable[[], None]) -> Told:
        """`pulumi preview --policy-pack policies`."""
        return self._do(self._stack.preview, program=program, policy_packs=[str(PACK)])

    def up(self, program: Callable[[], None]) -> Told:
        """`pulumi up --policy-pack policies`."""
        return self._do(self._stack.up, program=program, policy_packs=[str(PACK)])

    def refresh(self, program: Callable[[], None]) -> Told:
        """`pulumi refresh`."""
        return self._do(self._stack.refresh, program=program)

    def destroy(self, program: Callable[[], None]) -> Told:
        """`pulumi destroy`."""
        return self._do(self._stack.destroy, program=program)

    def _do(self, operation: Callable[..., Any], program: Callable[[], None], **arguments: Any) -> Told:
        told = Told()
        try:
            operation(on_event=told.hear, parallel=PARALLEL, program=program, **arguments)
        except auto.CommandError as error:
            told.failed = True
            told.errors.append(str(error).strip())
        return told
