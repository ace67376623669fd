"""Says whether flake.nix, flake.lock and the packages pinned for Nix agree with each other and with what `make` pins. Needs no Nix.

Every input of flake.nix is locked to a commit and a content hash, every locked input is one of flake.nix, and every package of nix/pypi.json has the
version of infra's requirements. Prints what disagrees and exits 1.

Usage: flake_lock.py [REPOSITORY]
"""

import base64
import binascii
import json
import re
import sys
from pathlib import Path
from typing import Any

LOCK_VERSION = 7
COMMIT = re.compile(r"[0-9a-f]{40}")
HASH_PREFIX = "sha256-"
SHA256_BYTES = 32
URL = re.compile(r'^\s*(?:([\w-]+)\.)?url = "github:([\w.-]+)/([\w.-]+)(?:/([\w./-]+))?";', re.M)
FOLLOWS = re.compile(r'^\s*(?:([\w-]+)\.)?inputs\.([\w-]+)\.follows = "([\w-]+)";', re.M)
OPENED = re.compile(r"^\s*([\w-]+) = \{", re.M)
REQUIREMENTS = ("infra/requirements.txt", "infra/local_cloud/requirements.txt", "infra/requirements-dev.txt")
# Nix takes it from npm, `make` from the Python index.
FROM_NPM = {"pyright"}


def declared(flake: str) -> dict[str, dict[str, Any]]:
    """The inputs of flake.nix: owner, repo, ref and the inputs that follow another."""
    block = flake.partition("inputs = {")[2].partition("\n  };")[0]
    found: dict[str, dict[str, Any]] = {}
    for match in URL.finditer(block):
        name = match[1] or OPENED.findall(block[: match.start()])[-1]
        found[name] = {"owner": match[2], "repo": match[3], "ref": match[4], "follows": {}}
    for match in FOLLOWS.finditer(block):
        name = match[1] or OPENED.findall(block[: match.start()])[-1]
        found[name]["follows"][match[2]] = [match[3]]
    return found


def is_sha256(text: object) -> bool:
    """Whether it is `sha256-` and the base64 of 32 bytes."""
    if not isinstance(text, str) or not text.startswith(HASH_PREFIX):
        return False
    try:
        return len(base64.b64decode(text.removeprefix(HASH_PREFIX), validate=True)) == SHA256_BYTES
    except binascii.Error:
        return False


def lock_problems(flake: str, lock: dict[str, Any]) -> list[str]:
    """What in flake.lock does not fit flake.nix."""
    inputs = declared(flake)
    nodes = lock.get("nodes", {})
    root = nodes.get(lock.get("root"), {}).get("inputs", {})
    problems = [] if lock.get("version") == LOCK_VERSION else [f"flake.lock has not version {LOCK_VERSION}"]
    if not inputs:
        problems.append("flake.nix declares no input that can be read")
    if set(root) != set(inputs):
        problems.append(f"flake.nix declares {sorted(inputs)} and flake.lock has {sorted(root)}")
    unused = set(nodes) - set(root.values()) - {lock.get("root")}
    if unused:
        problems.append(f"flake.lock has {sorted(unused)}, which nothing takes")
    for name in sorted(set(root) & set(inputs)):
        node, wanted = nodes.get(root[name], {}), inputs[name]
        locked, original = node.get("locked", {}), node.get("original", {})
        if (original.get("owner"), original.get("repo"), original.get("ref")) != (
            wanted["owner"],
            wanted["repo"],
            wanted["ref"],
        ):
            problems.append(f"{name}: flake.lock was made for another address than flake.nix has")
        if any(locked.get(key) != original.get(key) for key in ("type", "owner", "repo")):
            problems.append(f"{name}: what is locked is another repository than what was asked for")
        if not COMMIT.fullmatch(str(locked.get("rev"))):
            problems.append(f"{name}: no commit is locked")
        if not is_sha256(locked.get("narHash")):
            problems.append(f"{name}: no content hash is locked")
        if not isinstance(locked.get("lastModified"), int):
            problems.append(f"{name}: no time is locked")
        if node.get("inputs", {}) != wanted["follows"]:
            problems.append(f"{name}: its own inputs do not follow what flake.nix says")
    return problems


def requirements(texts: list[str]) -> dict[str, tuple[str, set[str]]]:
    """Package (as in the name of a wheel) to exact version and the hashes of its files, in Nix's form."""
    found: dict[str, tuple[str, set[str]]] = {}
    for name, version, rest in re.findall(
        r"^([\w.-]+)==(\S+)([^\n]*(?:\n +--hash=\S+[^\n]*)*)", "\n".join(texts), re.M
    ):
        digests = [bytes.fromhex(digest) for digest in re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)]
        hashes = {HASH_PREFIX + base64.b64encode(digest).decode() for digest in digests}
        found[name.replace("-", "_").lower()] = (version, hashes)
    return found


def pin_problems(pinned: dict[str, Any], required: dict[str, tuple[str, set[str]]]) -> list[str]:
    """What in nix/pypi.json has another version or other hashes than the requirements, or no hash."""
    problems = []
    for name, package in sorted(pinned.items()):
        version, known = required.get(name, (None, set[str]()))
        if package.get("version") != version:
            problems.append(f"nix/pypi.json has {name} {package.get('version')}, the requirements have {version}")
        hashes = list(package["hashes"].values()) if "hashes" in package else [package.get("hash")]
        if not hashes or not all(is_sha256(text) for text in hashes):
            problems.append(f"nix/pypi.json has no content hash for {name}")
        elif name not in FROM_NPM and not set(hashes) <= known:
            problems.append(f"nix/pypi.json has another content hash for {name} than the requirements")
    return problems


def main(arguments: list[str]) -> int:
    """Reads the repository and prints what disagrees."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    lock = json.loads((root / "flake.lock").read_text())
    pinned = json.loads((root / "nix/pypi.json").read_text())
    problems = lock_problems((root / "flake.nix").read_text(), lock)
    problems += pin_problems(pinned, requirements([(root / name).read_text() for name in REQUIREMENTS]))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        commits = ", ".join(
            f"{name} {node['locked']['rev'][:8]}" for name, node in lock["nodes"].items() if "locked" in node
        )
        print(
            f"flake.lock agrees with flake.nix ({commits}); {len(pinned)} pinned packages agree with the requirements"
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
