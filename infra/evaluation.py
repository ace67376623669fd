"""What a Pulumi program registers, and a cache of it: the programs are evaluated once per change
and not once per use.

Evaluating the stack's program takes some four seconds of processor time (the SDK is imported, and
330 registrations pass through it); a test run, the gate, the evidence and every local cloud need
the result. The cache's key is the SHA-256 of everything that a program reads, so nobody has to
empty it. `infra/tests/test_evaluation.py` watches which files an evaluation opens and compares with
what the key covers.
"""

import copy
import functools
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "build/evaluations"
COMPONENT_PREFIX = "payhook:index:"
# What the programs are made of. Tests and the local cloud use the result and do not change it.
SOURCES = ("infra/*.py", "infra/*.json", "infra/*.txt", "infra/lib/*.py", "infra/edge/*.js", "infra/bootstrap/*.py",
           "infra/snapshots/*.json", "functions/*/*.json")  # fmt: skip


@dataclass
class Evaluation:
    """The resources in the order they were registered, and the stack's outputs."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def graph(self) -> list[dict[str, Any]]:
        """Sorted, without the components and the stack itself: what a provider would be asked to
        make.
        """
        return sorted((r for r in self.resources if is_made(r["type"])), key=lambda resource: resource["urn"])


def is_made(kind: str) -> bool:
    """Returns true if resources of this type are made by a provider; components and the stack only
    group others.
    """
    return not kind.startswith(("pulumi:", COMPONENT_PREFIX))


def sources() -> list[Path]:
    """Every file that the cache's key covers."""
    return sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))


def key(config: dict[str, str], program: str, symbolic: bool) -> str:
    """The SHA-256, in hex, of the sources and of what the program is told."""
    digest = hashlib.sha256(json.dumps([sys.version, sorted(config.items()), program, symbolic]).encode())
    for path in sources():
        digest.update(f"\n{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def evaluated(config: dict[str, str] | None = None, program: str = "stack", symbolic: bool = False) -> Evaluation:
    """The same as `infra.graph.evaluate`, from the cache where it is there. With `symbolic`,
    computed values are symbols (`infra.symbols`).

    `config` names no folder of zips: what the program would read there is not in the cache's key.
    """
    chosen = config or {}
    if "payhook:lambda_zip_dir" in chosen:
        raise ValueError("an evaluation with built zips is not cached: use infra.graph.evaluate")
    return copy.deepcopy(_cached(key(chosen, program, symbolic), tuple(sorted(chosen.items())), program, symbolic))


@functools.lru_cache(maxsize=32)
def _cached(name: str, config: tuple[tuple[str, str], ...], program: str, symbolic: bool) -> Evaluation:
    path = CACHE / f"{name}.json"
    try:
        return Evaluation(**json.loads(path.read_text()))
    except FileNotFoundError:
        pass
    # Imported only now: the SDK takes longer to import than the cache to read.
    from infra.graph import SymbolMocks, evaluate

    evaluation = evaluate(SymbolMocks() if symbolic else None, dict(config), program)
    CACHE.mkdir(parents=True, exist_ok=True)
    # Several test processes may write the same file at once: each writes its own and renames it.
    own = path.with_suffix(f".{os.getpid()}")
    own.write_text(json.dumps(asdict(evaluation)))
    own.rename(path)
    return evaluation


def write_graph(evaluation: Evaluation) -> str:
    """The graph as text that differs only where the stack does."""
    return json.dumps(evaluation.graph(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
