"""Evaluates a Pulumi program without CLI, account or network, and writes its resource graph.

`python -m infra.graph --out FILE` writes a JSON list of `{type, name, urn, properties, options,
provider}`, sorted by URN: what the policy gate and the snapshot test read. `--stack NAME` takes the
settings of infra/Pulumi.NAME.yaml. `--program bootstrap` does so for what an account needs before
its first deployment (`infra/bootstrap/`). `evaluate` takes any mocks; `infra.evaluation.evaluated`
keeps the result.
"""

import argparse
import asyncio
import contextvars
import importlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc, settings
from pulumi.runtime.stack import run_in_stack

from infra.evaluation import Evaluation, evaluated, write_graph
from infra.symbols import COMPUTED, place, symbol

PREVIEW_ACCOUNT = "000000000000"
PREVIEW_CONFIG = {
    "aws:region": "us-east-2",
    "payhook:environment_suffix": "dev",
    "payhook:account_id": PREVIEW_ACCOUNT,
    # lib/zips.py: the graph is the same whether or not the functions are built.
    "payhook:lambda_zip_dir": "unbuilt",
    "payhook:edge_domain": "hooks.example.com",
    "payhook:edge_certificate_arn": f"arn:aws:acm:us-east-1:{PREVIEW_ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000",
}
PREVIEW_STACK = "preview"


@dataclass(frozen=True)
class Program:
    """One of the repository's Pulumi programs: its project, the module whose `run` it is, and what
    a preview is told.
    """

    project: str
    module: str
    config: dict[str, str]


PROGRAMS = {
    "stack": Program("payhook", "infra.program", PREVIEW_CONFIG),
    "bootstrap": Program(
        "payhook-bootstrap",
        "infra.bootstrap.program",
        {
            "aws:region": "us-east-2",
            "payhook-bootstrap:environment_suffix": "dev",
            "payhook-bootstrap:account_id": PREVIEW_ACCOUNT,
            "payhook-bootstrap:github_repository": "owner/payhook",
        },
    ),
}


class PreviewMocks(pulumi_mocks.Mocks):
    """As in a preview: a resource has what the program set, and what a provider would compute stays
    a placeholder.
    """

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Ids and ARNs are placeholders that name their resource."""
        placeholder = f"{args.name}-id"
        computed = {"arn": f"arn:preview:{args.name}", "url": f"https://preview/{args.name}", "keyId": placeholder}
        computed |= {"result": f"secret:{args.name}", "domainName": f"{args.name}.preview"}
        computed |= {"rootResourceId": f"{args.name}-root", "streamArn": f"arn:preview:{args.name}/stream"}
        return placeholder, {**computed, **args.inputs}

    def call(self, args: pulumi_mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """The one data source of the program is the account's identity."""
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": PREVIEW_ACCOUNT, "arn": "", "id": PREVIEW_ACCOUNT, "userId": ""}, []
        raise ValueError(f"the program calls {args.token}, which is not known here")


class SymbolMocks(PreviewMocks):
    """Every id and every computed property is a symbol."""

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Symbols name their resource (`infra.symbols`)."""
        where = place(args.typ, args.name)
        return symbol(where, "id"), {**{name: symbol(where, name) for name in COMPUTED}, **args.inputs}


class _RecordingMonitor(pulumi_mocks.MockMonitor):
    """Keeps what each registration says; the mocks alone never see options such as `protect`."""

    def __init__(self, mocks: pulumi_mocks.Mocks, evaluation: Evaluation) -> None:
        super().__init__(mocks)
        self._evaluation = evaluation

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the name is gRPC's)
        response = super().RegisterResource(request)
        self._evaluation.resources.append(
            {
                "type": request.type,
                "name": request.name,
                "urn": response.urn,
                "properties": plain(json_format.MessageToDict(request.object)),
                "options": {
                    "protect": request.protect,
                    "retainOnDelete": request.retainOnDelete,
                    "parent": request.parent,
                    "dependencies": sorted(request.dependencies),
                    "ignoreChanges": list(request.ignoreChanges),
                },
                "provider": request.provider,
            }
        )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        # The components' types begin with that of the stack, their parent.
        if "pulumi:pulumi:Stack::" in request.urn:
            self._evaluation.outputs = plain(json_format.MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)


def plain(value: Any) -> Any:
    """Pulumi's wire form as plain JSON: whole numbers as such, a file archive as its path."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if rpc._special_sig_key in entries:
            if entries[rpc._special_sig_key] == rpc._special_archive_sig:
                return {"path": entries.get("path", "")}
            return plain(entries.get("value"))
        return {key: plain(item) for key, item in entries.items()}
    if isinstance(value, list):
        return [plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def evaluate(
    mocks: pulumi_mocks.Mocks | None = None, config: dict[str, str] | None = None, program: str = "stack"
) -> Evaluation:
    """Runs the program with `mocks` and returns what it registered. Raises what the program or the
    mocks raise.
    """
    chosen_program = PROGRAMS[program]
    run = importlib.import_module(chosen_program.module).run
    evaluation = Evaluation()
    chosen = mocks or PreviewMocks()

    def in_its_own_context() -> None:
        configuration = pulumi_mocks.MockSettings(
            monitor=_RecordingMonitor(chosen, evaluation),
            engine=pulumi_mocks.MockEngine(None),
            project=chosen_program.project,
            stack=PREVIEW_STACK,
            dry_run=False,
            # Its own: what an evaluation that failed left unfinished would otherwise be waited for
            # by the next one.
            outputs=set(),
        )
        settings.configure(configuration)
        pulumi.runtime.set_all_config(chosen_program.config | (config or {}))
        asyncio.run(run_in_stack(run))

    # Pulumi keeps its root resource and settings in context variables: a context of its own keeps
    # evaluations apart.
    contextvars.Context().run(in_its_own_context)
    return evaluation


def stack_settings(file: Path) -> dict[str, str]:
    """The settings of a Pulumi stack that decide what its resources are; account and zips stay
    those of a preview.

    Raises FileNotFoundError where there is no such stack.
    """
    given = cast("dict[str, object]", (yaml.safe_load(file.read_text()) or {}).get("config", {}))
    kept = {key for key in given if key == "aws:region" or key.startswith("payhook:")} - {
        "payhook:account_id",
        "payhook:lambda_zip_dir",
    }
    return {key: text(given[key]) for key in sorted(kept)}


def text(setting: object) -> str:
    """A setting as Pulumi hands it to the program."""
    return setting if isinstance(setting, str) else json.dumps(setting)


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="infra.graph", description="Write the stack's resource graph as JSON.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--program", choices=sorted(PROGRAMS), default="stack")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--suffix", default=PREVIEW_CONFIG["payhook:environment_suffix"])
    told.add_argument("--stack", help="take the settings of infra/Pulumi.STACK.yaml")
    options = parser.parse_args(arguments)
    if options.stack:
        config = stack_settings(Path(__file__).parent / f"Pulumi.{options.stack}.yaml")
    else:
        config = {f"{PROGRAMS[options.program].project}:environment_suffix": options.suffix}
    evaluation = evaluated(config, options.program)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(write_graph(evaluation))
    print(f"{options.out}: {len(evaluation.graph())} resources")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
