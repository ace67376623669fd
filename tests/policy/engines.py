"""Runs the pack on many changed graphs, by the gate and by the real OPA, each in one process, and gives what both say in one form."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.policy.mutation import Mutation, Resource
from tests.policy.reads import EVERYTHING, types_read
from tests.policy.runtime_input import resource_input, stack_addition, stack_urn

ROOT = Path(__file__).resolve().parents[2]
PACK = "policies"
# Into how many processes each engine's work is divided.
SHARES = 2
DRIVER = "tests/policy/driver.rego"
POLICY = re.compile(r"^((stack_)?(?:deny|violation|warn)(?:_[a-zA-Z]+)*) contains", re.M)

# (rule, URN of the resource or the stack, message)
Finding = tuple[str, str, str]


@dataclass(frozen=True)
class Judgements:
    """What one engine found, by mutation, and how long it took."""

    by_id: dict[str, frozenset[Finding]]
    seconds: float


def gate_binary() -> str:
    """The built gate: PAYHOOK_GATE names it, or it is where `make build` puts it."""
    return os.environ.get("PAYHOOK_GATE", str(ROOT / "target/debug/policy_gate"))


@cache
def opa_binary() -> str:
    """The real OPA: OPA names it, or it is built once from its Go module."""
    given = os.environ.get("OPA")
    return (
        given
        or subprocess.run(["tests/tools/opa.sh"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    )


@cache
def rules_by_scope() -> dict[str, list[str]]:
    """The pack's policies by name, read from the files and not asked of the gate."""
    found = [match for path in sorted((ROOT / PACK).rglob("*.rego")) for match in POLICY.findall(path.read_text())]
    return {
        "resource": sorted({name for name, stack in found if not stack}),
        "stack": sorted({name for name, stack in found if stack}),
    }


def is_mandatory(rule: str) -> bool:
    """Whether a violation of the rule refuses the stack."""
    return not rule.removeprefix("stack_").startswith("warn")


def refusals(findings: Iterable[Finding]) -> frozenset[str]:
    """The rules that refuse."""
    return frozenset(rule for rule, _, _ in findings if is_mandatory(rule))


def run(command: Sequence[str], text: str = "") -> tuple[str, float]:
    """Standard output and seconds of a command that must succeed."""
    begun = time.monotonic()
    # OPA makes a lot of garbage that it need not collect so soon; this is a fifth of its time.
    settings = {"GOGC": "400"} | os.environ
    done = subprocess.run(command, cwd=ROOT, env=settings, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout, time.monotonic() - begun


def judges_everything() -> bool:
    """Whether this is the complete run (`make test-policy-full`)."""
    return bool(os.environ.get("POLICY_FULL"))


def can_see(rule: str, mutation: Mutation) -> bool:
    """Whether a stack rule reads anything that the mutation changes.

    Every rule may read tags, because the suffix of all names is read from them.
    """
    of = mutation.mutation_class.type
    read = types_read(opa_binary(), ROOT / PACK)[rule]
    return not of or mutation.form.startswith("tags") or EVERYTHING in read or of in read


def asked(mutation: Mutation) -> dict[str, Any]:
    """Which stack rules a mutation is put to: they cost the most.

    A targeted mutation is put to those that should refuse it. A dropped leaf is put to those that
    can see it, unless a rule about its resource refuses it already; in the complete run it is put
    to all. POLICY_EVERY_RULE=1 puts every mutation to all.
    """
    stack = rules_by_scope()["stack"]
    everything = os.environ.get("POLICY_EVERY_RULE") or (judges_everything() and not mutation.by)
    if everything:
        return {"stack": stack, "until_refused": False}
    wanted = mutation.refused_by(stack)
    if not mutation.by:
        wanted = {rule for rule in wanted if can_see(rule, mutation)}
    return {"stack": sorted(wanted), "until_refused": not mutation.by}


def by_gate(graph: Path, mutations: Sequence[Mutation]) -> Judgements:
    """What the gate finds in each changed graph."""
    lines = [json.dumps({"id": m.id, "put": m.put, "remove": m.remove, **asked(m)}) for m in mutations]
    output, seconds = run([gate_binary(), str(graph), "--pack", PACK, "--batch"], "\n".join(lines))
    judged = [json.loads(line) for line in output.splitlines()]
    return Judgements(
        {line["id"]: frozenset((f["rule"], f["resource"], f["message"]) for f in line["findings"]) for line in judged},
        seconds,
    )


def by_opa(graph: list[Resource], mutations: Sequence[Mutation], folder: Path) -> Judgements:
    """What the real OPA finds in each changed graph. `folder` takes its input."""

    def entry(resource: Resource) -> dict[str, Any]:
        return {"urn": resource["urn"], "input": resource_input(resource), "addition": stack_addition(resource)}

    folder.mkdir(exist_ok=True)
    (folder / "names.json").write_text(json.dumps({"names": rules_by_scope()}))
    changes = {m.id: {"put": [entry(r) for r in m.put], "remove": m.remove, **asked(m)} for m in mutations}
    (folder / "input.json").write_text(json.dumps({"base": [entry(r) for r in graph], "changes": changes}))
    query = '{"base": data.judge_all.base_findings, "changes": data.judge_all.changes}'
    files = ["-d", PACK, "-d", DRIVER, "-d", str(folder / "names.json"), "-i", str(folder / "input.json")]
    output, seconds = run([opa_binary(), "eval", *files, "--format", "raw", query])
    answer = json.loads(output)
    stack = stack_urn(graph[0])
    by_id: dict[str, frozenset[Finding]] = {}
    for mutation in mutations:
        elsewhere = {r["urn"] for r in mutation.put} | set(mutation.remove)
        untouched = [finding for finding in answer["base"] if finding[1] not in elsewhere]
        found = answer["changes"][mutation.id] + untouched
        by_id[mutation.id] = frozenset((rule, urn or stack, message) for rule, urn, message in found)
    return Judgements(by_id, seconds)


def by_both(graph: list[Resource], mutations: Sequence[Mutation], folder: Path) -> tuple[Judgements, Judgements]:
    """What the gate and the real OPA find, in as many processes at once as there are processors."""
    file = folder / "graph.json"
    file.write_text(json.dumps(graph))
    shares = [mutations[start::SHARES] for start in range(SHARES)]
    # These threads only wait for the processes.
    with ThreadPoolExecutor(os.cpu_count() or 1) as processes:
        gate = [processes.submit(by_gate, file, share) for share in shares]
        opa = [processes.submit(by_opa, graph, share, folder / f"opa_{index}") for index, share in enumerate(shares)]
        return joined(job.result() for job in gate), joined(job.result() for job in opa)


def joined(shares: Iterable[Judgements]) -> Judgements:
    """What several processes found, as if one had."""
    every = list(shares)
    by_id = {id: findings for share in every for id, findings in share.by_id.items()}
    return Judgements(by_id, sum(share.seconds for share in every))
