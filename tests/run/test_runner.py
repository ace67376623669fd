"""The runner of the tests: order, failures, what it counts, and which tests a change asks for."""

import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.run import coverage
from tests.run.__main__ import Runner, main, table
from tests.run.changed import PYTHON_TESTS, crates, python_tests
from tests.run.parts import CHECK, ROOT, SETS, TEST, Part, Result, count_tests, what_was_reused
from tests.run.rust import Binary, listed
from tests.run.rust import main as run_rust
from tests.simulation.bite import COPIED, FAULTS, Fault, apply

MAKEFILE = (ROOT / "Makefile").read_text()


def run(tmp_path: Path, parts: tuple[Part, ...], script: str, beside: int = 2) -> tuple[dict[str, Result], str]:
    """Runs parts that are each `script` with the part's name as its argument."""
    out = io.StringIO()
    results = Runner(parts, beside, lambda part: [sys.executable, "-c", script, part.name], tmp_path, out).run()
    return results, out.getvalue()


def test_a_part_begins_when_what_it_needs_has_passed(tmp_path: Path) -> None:
    parts = (Part("last", ("middle",)), Part("middle", ("first",)), Part("first"))
    results, said = run(tmp_path, parts, "pass")
    assert [r.status for r in results.values()] == [0, 0, 0]
    assert re.findall(r"s  (\w+) begins", said) == ["first", "middle", "last"]


def test_what_needs_a_part_that_failed_is_not_run_and_the_rest_is(tmp_path: Path) -> None:
    parts = (Part("broken"), Part("needs", ("broken",)), Part("needs-that", ("needs",)), Part("other"))
    results, said = run(tmp_path, parts, "import sys; print('what went wrong'); sys.exit(sys.argv[1] == 'broken')")
    assert {name: r.status for name, r in results.items()} == {"broken": 1, "other": 0}
    assert "what went wrong" in said
    assert "needs not run" in said
    assert "needs-that not run" in said
    assert "FAILED" in table(results, parts, 1.0)


def test_parts_that_use_cargo_take_turns(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    script = (
        f"import pathlib, time; p = pathlib.Path({str(lock)!r}); p.touch(exist_ok=False); time.sleep(0.3); p.unlink()"
    )
    results, _ = run(tmp_path, (Part("one", cargo=True), Part("two", cargo=True)), script)
    assert [r.status for r in results.values()] == [0, 0]


def test_an_interrupted_run_leaves_nothing_running(tmp_path: Path) -> None:
    class Interrupted(io.StringIO):
        """As Ctrl-C, once the part has begun."""

        def write(self, text: str) -> int:
            if "begins" in text:
                raise KeyboardInterrupt
            return len(text)

    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    runner = Runner((Part("sleeps"),), 1, lambda _: sleeper, tmp_path, Interrupted())
    with pytest.raises(KeyboardInterrupt):
        runner.run()
    assert [running.process.poll() is not None for running in runner._running] == [True]  # pyright: ignore[reportPrivateUsage]


def test_tests_are_counted_by_their_runners_closing_lines() -> None:
    assert count_tests(
        "test result: ok. 3 passed; 0 failed; 0 ignored\n…\ntest result: FAILED. 1 passed; 2 failed;"
    ) == (4, 2)
    assert count_tests("153 passed in 297.12s (0:04:57)") == (153, 0)
    assert count_tests("===== 1 failed, 7 passed in 3.33s =====") == (7, 1)
    assert count_tests("2 failed, 1 passed, 3 warnings in 0.10s") == (1, 2)
    assert count_tests("nothing of the kind") == (0, 0)


def test_what_was_reused_is_said() -> None:
    assert what_was_reused("    Finished `dev` profile") == ["every crate"]
    assert what_was_reused("   Compiling a v1\n   Compiling b v1 (/x)\n    Finished `dev`") == ["all but 2 crates"]
    assert what_was_reused("reused: the full sweep of 2026-11-27\n") == ["the full sweep of 2026-11-27"]


def test_the_table_has_a_line_a_part() -> None:
    parts = (Part("one"), Part("two", ("one",)))
    lines = table({"one": Result(parts[0], 0, 61.4, "5 passed in 1.00s\nreused: all")}, parts, 62.0).splitlines()
    assert [line.split() for line in lines] == [
        ["part", "seconds", "tests", "reused"],
        ["one", "61", "5", "all"],
        ["two", "-", "-", "not", "run"],
        ["all", "62", "5"],
    ]


@pytest.mark.parametrize("name", SETS)
def test_every_part_is_a_target_and_needs_parts_of_its_set(name: str) -> None:
    names = [part.name for part in SETS[name]]
    for part in SETS[name]:
        assert re.search(rf"^{re.escape(part.name)}:", MAKEFILE, re.MULTILINE), (
            f"the Makefile has no target {part.name}"
        )
        assert set(part.needs) <= set(names)


def test_every_target_that_tests_is_a_part() -> None:
    """What the Makefile calls `test-…` is run by `make test`, or is one of those that take too long
    and are run at night.
    """
    nightly = (ROOT / ".github/workflows/nightly.yml").read_text()
    targets = re.findall(r"^((?:test|lint)-[a-z-]+):", MAKEFILE, re.MULTILINE)
    inside = {"lint-format"}
    for target in targets:
        run_at_night = re.search(rf"make (?:[a-z-]+ )*{target}\b", nightly)
        assert target in {part.name for part in (*TEST, *CHECK)} | inside or run_at_night, target


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["everything"])


def test_the_tests_of_what_changed() -> None:
    assert crates(["functions/card_masking/src/rules.rs", "README.md"]) == ["card_masking", "provider_webhooks"]
    assert crates(["functions/policy_gate/src/main.rs", "functions/README.md"]) == ["policy_gate"]
    assert crates(["bench/README.md"]) == []
    assert crates(["bench/src/cost.rs"]) == ["bench"]
    assert python_tests([]) == ["tests/repository"]
    assert python_tests(["infra/lib/queues.py"]) == ["infra/tests", "tests/repository"]


@pytest.mark.parametrize("tests", sorted(set(PYTHON_TESTS.values())))
def test_the_tests_that_a_change_asks_for_exist(tests: str) -> None:
    assert (ROOT / tests).exists()


def artifact(name: str, executable: str | None, test: bool) -> str:
    """A message of cargo's about something that it has compiled."""
    message = {
        "reason": "compiler-artifact",
        "manifest_path": f"{ROOT}/Cargo.toml",
        "target": {"name": name},
        "profile": {"test": test},
        "executable": executable,
    }
    return json.dumps(message)


def test_the_test_binaries_are_those_that_cargo_lists() -> None:
    messages = [
        artifact("b", "/b", True),
        artifact("simulate", "/s", True),
        artifact("bin", "/bin", False),
        artifact("l", None, True),
    ]
    text = "\n".join(["   Compiling x", *messages, '{"reason":"build-finished","success":true}'])
    assert listed(text) == [Binary("simulate", "/s", ROOT), Binary("b", "/b", ROOT)]


def test_a_binary_that_fails_fails_the_run_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, status in (("good", 0), ("bad", 101)):
        (tmp_path / name).write_text(f"#!/bin/sh\necho test {name}\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    listing = tmp_path / "list.jsonl"
    listing.write_text("\n".join(artifact(name, str(tmp_path / name), True) for name in ("good", "bad")))
    assert run_rust([str(listing)]) == 1
    said = capsys.readouterr().out
    assert "test good" in said
    assert said.rstrip().endswith("/bad")
    listing.write_text("")
    assert run_rust([str(listing)]) == 1


# Of all lines 90 of 100 are reached, of those that need no cloud 30 of 40.
@pytest.mark.parametrize(("least", "low"), [(75, []), (76, ["75.00"]), (91, ["90.00", "75.00"])])
def test_coverage_is_of_the_listed_binaries_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], least: int, low: list[str]
) -> None:
    counts = {"a.rs": (40, 30), "cloud/b.rs": (60, 60)}
    files = [
        {
            "filename": str(ROOT / name),
            "summary": {"lines": {"count": count, "covered": covered, "percent": 100 * covered / count}},
        }
        for name, (count, covered) in counts.items()
    ]
    answer = {"data": [{"files": files, "totals": {"lines": {"count": 100, "covered": 90, "percent": 90.0}}}]}
    (tmp_path / "llvm-cov").write_text(f"#!/bin/sh\necho \"$@\" >{tmp_path}/asked\necho '{json.dumps(answer)}'\n")
    (tmp_path / "llvm-profdata").write_text("#!/bin/sh\nexit 0\n")
    for variable, tool in (("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")):
        (tmp_path / tool).chmod(0o755)
        monkeypatch.setenv(variable, str(tmp_path / tool))
    monkeypatch.setattr(coverage, "PROFILES", tmp_path)
    listing = tmp_path / "list.jsonl"
    listing.write_text(
        "\n".join([artifact("test", "/t", True), artifact("program", "/p", False), artifact("library", None, False)])
    )
    assert coverage.main([str(listing), "--least", str(least), "--needs-a-cloud", "/cloud/"]) == (1 if low else 0)
    assert (tmp_path / "asked").read_text().rstrip().endswith("/p -object /t")
    said = capsys.readouterr()
    assert "10 of   100 lines not reached  all" in said.out
    assert re.findall(r"is (\S+) %, below", said.err) == low


def test_it_runs_as_the_makefile_calls_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.run", "--help"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "check" in done.stdout


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_the_place_of_each_deliberate_fault_is_there_once(fault: Fault) -> None:
    text = (ROOT / fault.file).read_text()
    assert apply(fault, text) != text


def test_the_copy_that_deliberate_faults_are_put_into_has_every_member_of_the_workspace() -> None:
    members = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
    for member in members:
        assert any(f"{member}/".startswith(f"{copied}/") for copied in COPIED), member
