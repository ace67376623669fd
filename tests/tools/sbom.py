"""Writes a bill of materials (CycloneDX 1.6, JSON) of each function: every crate that is linked into it, with licence, checksum and what needs what.

The bytes depend on Cargo.lock and the manifests alone: no time, no random serial number, no folder. (`cargo cyclonedx` names the folder in every reference and
takes the features of the whole workspace; here they are those of the one function, as `cargo tree` resolves them.) Where the function's zip lies in the
same folder, its SHA-256 is part of the document.

Usage: sbom.py DIR FUNCTION...
Source of the form: https://cyclonedx.org/docs/1.6/json/, read 2026-11-25.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Of the two that `make lambdas` builds for, both have the same crates.
TARGET = "aarch64-unknown-linux-musl"
SPEC_VERSION = "1.6"

Package = tuple[str, str]


def cargo(*arguments: str) -> str:
    """What a cargo command prints."""
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked(function: str) -> set[Package]:
    """Name and version of every crate that is linked into the function: no build scripts, no macros, no tests."""
    tree = cargo(
        "tree", "--locked", "-p", function, "--target", TARGET, "-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}",
        "--no-dedupe",
    )  # fmt: skip
    found = (line.split() for line in tree.splitlines() if line)
    return {(words[0], words[1].removeprefix("v")) for words in found}


def reference(package: Package) -> str:
    """A package URL: https://github.com/package-url/purl-spec."""
    return f"pkg:cargo/{package[0]}@{package[1]}"


def licence(text: str | None) -> list[dict[str, Any]]:
    """An SPDX expression; crates of old separate alternatives by a slash."""
    return [{"expression": " OR ".join(part.strip() for part in text.split("/"))}] if text else []


def component(package: dict[str, Any], checksum: str | None) -> dict[str, Any]:
    """One crate. Without a checksum it is one of ours, and came from no registry."""
    key = (package["name"], package["version"])
    described: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference(key),
        "name": key[0],
        "version": key[1],
        "licenses": licence(package["license"]),
    }
    if checksum:
        described |= {"purl": reference(key), "hashes": [{"alg": "SHA-256", "content": checksum}]}
    if package.get("description"):
        described["description"] = " ".join(package["description"].split())
    return described


def bill(function: str, metadata: dict[str, Any], checksums: dict[Package, str], zip_file: Path) -> dict[str, Any]:
    """The document of one function."""
    packages = {(p["name"], p["version"]): p for p in metadata["packages"]}
    keys = {p["id"]: (p["name"], p["version"]) for p in metadata["packages"]}
    within = linked(function)
    root = next(key for key in within if key[0] == function)
    needs = {
        keys[node["id"]]: sorted(reference(keys[d["pkg"]]) for d in node["deps"] if keys[d["pkg"]] in within)
        for node in metadata["resolve"]["nodes"]
    }
    itself = component(packages[root], None) | {"type": "application"}
    if zip_file.is_file():
        itself["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(zip_file.read_bytes()).hexdigest()}]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {"component": itself},
        "components": [component(packages[key], checksums.get(key)) for key in sorted(within - {root})],
        "dependencies": [{"ref": reference(key), "dependsOn": needs[key]} for key in sorted(within)],
    }


def main(arguments: list[str]) -> int:
    """Writes `{function}.cdx.json` for each function."""
    folder, functions = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    for function in functions:
        document = bill(function, metadata, checksums, folder / f"{function}.zip")
        target = folder / f"{function}.cdx.json"
        target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        print(f"{target}: {len(document['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
