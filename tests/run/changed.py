"""`python -m tests.run.changed --base REV`: the unit and contract tests of what differs from a
commit, untracked files included.

Of a crate, its own tests; of a crate that providers are made of, the contract of the providers too.
Of the infrastructure, its unit tests, which need no local cloud. What is not known here is for
`make test`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Crates that the provider's contract is about, beside its own.
OF_A_PROVIDER = ("card_masking", "payment_event")
CONTRACT = "provider_webhooks"
# Folder of a change: the tests that ask about it, without a cloud.
PYTHON_TESTS = {
    "infra/": "infra/tests",
    "policies/": "tests/policy/rego",
    "tests/policy/": "tests/policy/rego",
    "tests/run/": "tests/run",
    "tests/demo/": "tests/demo",
    "tests/load/": "tests/load",
    "tests/lambdas/": "tests/lambdas/test_layout.py",
    "tests/workflows/": "tests/workflows",
    ".github/": "tests/workflows",
    "README.md": "tests/workflows",
    "nix/": "tests/flake/test_flake_lock.py",
    "flake": "tests/flake/test_flake_lock.py",
    "Makefile": "tests/run",
}
REPOSITORY_RULES = "tests/repository"


def changed(base: str) -> list[str]:
    """The paths that differ from `base`, as git names them."""

    def lines(*command: str) -> list[str]:
        return subprocess.run(["git", *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
            "\n"
        )

    tracked = lines("diff", "--name-only", base, "--")
    return sorted({path for path in (*tracked, *lines("ls-files", "--others", "--exclude-standard")) if path})


def crates(paths: list[str]) -> list[str]:
    """The crates with changes, and with one that providers are made of the providers' own."""
    found = {path.split("/")[1] for path in paths if path.startswith("functions/") and path.count("/") > 1}
    found |= {name for name in ("bench",) if any(path.startswith("bench/") and path.endswith(".rs") for path in paths)}
    return sorted(found | ({CONTRACT} if found & set(OF_A_PROVIDER) else set()))


def python_tests(paths: list[str]) -> list[str]:
    """The tests of the infrastructure and of the tools that the changes are about; the repository's
    rules always.
    """
    return sorted(
        {REPOSITORY_RULES, *(tests for start, tests in PYTHON_TESTS.items() if any(p.startswith(start) for p in paths))}
    )


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.run.changed", description="Run the tests of what changed.")
    parser.add_argument("--base", default="HEAD", help="the commit to compare with")
    paths = changed(parser.parse_args(arguments).base)
    print(f"{len(paths)} files differ")
    commands: list[list[str]] = []
    if crates(paths):
        packages = [word for crate in crates(paths) for word in ("-p", crate)]
        commands.append(["cargo", "test", "--locked", *packages])
    pytest = [sys.executable, "-m", "pytest", "-q", "-c", "infra/pyproject.toml", "--rootdir", "."]
    commands.append([*pytest, *python_tests(paths)])
    statuses: list[int] = []
    for command in commands:
        print(" ".join(command), flush=True)
        statuses.append(subprocess.run(command, cwd=ROOT, check=False).returncode)
    return 1 if any(statuses) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
