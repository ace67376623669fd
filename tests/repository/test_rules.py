"""What ARCHITECTURE.md says of the repository, as tests: each sentence of its "What is absent" has one here."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 400
# Longer files and the lines that each may have. The head of the file says why it is long.
LONG_FILES = {
    "functions/card_masking/src/reading.rs": 440,
    "functions/card_masking/src/text_fields.rs": 440,
    "functions/card_masking/src/written.rs": 430,
    "functions/card_masking/tests/bodies.rs": 460,
    "functions/provider_webhooks/fixtures/paypal/tests.rs": 500,
    "functions/provider_webhooks/src/providers/adyen.rs": 440,
    "functions/provider_webhooks/src/providers/braintree.rs": 420,
    "functions/provider_webhooks/src/providers/paypal.rs": 470,
    "functions/provider_webhooks/src/providers/stripe/event_types.rs": 810,
}
WHY_LONG = "//! Long because: "
MAIN_LINES_MAX = 100
PURE_CRATES = ("payment_event", "provider_webhooks", "provider_listings", "card_masking")
CLOCK_AND_IO = re.compile(
    r"SystemTime|Instant::now|Timestamp::now|Zoned::now|std::(fs|net|env|process|io)\b|tokio::|println!|eprintln!|tracing::"
)


def tracked(*patterns: str) -> list[Path]:
    """The files of the repository that match, ignored ones left out."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def without_tests(rust: str) -> str:
    """Rust source up to its test module: a test may read a clock or a file."""
    return rust.split("#[cfg(test)]")[0]


RUST = tracked("*.rs")
PYTHON = tracked("*.py")


def test_there_is_something_to_check() -> None:
    assert len(RUST) > 20
    assert len(PYTHON) > 10


@pytest.mark.parametrize("path", RUST, ids=lambda p: str(p.relative_to(ROOT)))
def test_rust_files_open_with_their_purpose(path: Path) -> None:
    first_lines = [line for line in path.read_text().splitlines()[:5] if not line.startswith("#![")]
    assert first_lines[0].startswith("//! ")


@pytest.mark.parametrize("path", PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_files_open_with_their_purpose(path: Path) -> None:
    text = path.read_text().strip()
    if path.name == "__init__.py" and not text:
        return
    assert re.match(r'(#!.*\n)?"""', text)


@pytest.mark.parametrize("path", RUST + PYTHON, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    lines_max = LONG_FILES.get(path.relative_to(ROOT).as_posix(), FILE_LINES_MAX)
    assert len(path.read_text().splitlines()) <= lines_max


def test_the_head_of_a_long_file_says_why_and_no_other_file_is_listed() -> None:
    silent = [path for path in LONG_FILES if WHY_LONG not in (ROOT / path).read_text().partition("\n\n")[0]]
    assert silent == []
    short = [path for path in LONG_FILES if len((ROOT / path).read_text().splitlines()) <= FILE_LINES_MAX]
    assert short == []


def test_only_aws_adapters_imports_aws_sdks() -> None:
    offenders = [
        path.relative_to(ROOT)
        for path in RUST
        if re.search(r"\baws_(sdk_\w+|config|smithy_\w+|types)::", path.read_text())
        and "functions/aws_adapters/" not in path.as_posix()
    ]
    assert offenders == []


@pytest.mark.parametrize("function", ["webhook_processor", "analytics_processor"])
def test_the_functions_of_every_webhook_are_built_without_an_sdk(function: str) -> None:
    def dependencies(crate: str) -> dict[str, dict[str, object]]:
        manifest = tomllib.loads((ROOT / "functions" / crate / "Cargo.toml").read_text())
        assert "default" not in manifest.get("features", {})
        return manifest["dependencies"]

    reached, waiting = set(), {function}
    while waiting:
        crate = waiting.pop()
        reached.add(crate)
        for name, how in dependencies(crate).items():
            if (ROOT / "functions" / name).is_dir():
                assert "features" not in how
                waiting |= {name} - reached
            elif re.match(r"aws-(sdk-|config$)", name):
                assert how.get("optional") is True, f"{crate}: {name}"
    assert {"aws_adapters", "aws_wire"} <= reached


@pytest.mark.parametrize("crate", PURE_CRATES)
def test_the_pure_core_has_no_clock_and_no_io(crate: str) -> None:
    offenders = {
        str(path.relative_to(ROOT)): match.group(0)
        for path in tracked(f"functions/{crate}/src/*.rs")
        if (match := CLOCK_AND_IO.search(without_tests(path.read_text())))
    }
    assert offenders == {}


def test_the_pipeline_has_no_clock() -> None:
    for path in tracked("functions/pipeline/src/*.rs"):
        assert not re.search(r"SystemTime|Instant::now|Timestamp::now|tokio::time", without_tests(path.read_text()))


def test_mains_are_thin() -> None:
    mains = [path for path in RUST if path.name == "main.rs"]
    assert len(mains) == 6
    for path in mains:
        assert len(path.read_text().splitlines()) < MAIN_LINES_MAX, path


def test_verified_webhooks_are_made_in_one_place() -> None:
    makers = [path.name for path in RUST if re.search(r"VerifiedWebhook\s*\{\s*(body|headers)", path.read_text())]
    assert makers in ([], ["signature.rs"])


def provider_names() -> set[str]:
    catalogue = json.loads((ROOT / "functions/provider_webhooks/catalogue.json").read_text())
    return {entry["name"] for entry in catalogue}


def test_providers_files_fixtures_and_list_agree() -> None:
    crate = ROOT / "functions/provider_webhooks"
    files = {path.stem for path in (crate / "src/providers").glob("*.rs")}
    listed = re.findall(r"^\s*&(\w+)::", (crate / "src/providers.rs").read_text(), re.M)
    fixtures = {path.name for path in (crate / "fixtures").iterdir() if path.is_dir()}
    assert listed == sorted(files)
    assert files == fixtures == provider_names()
    for name in fixtures:
        for needed in ("SOURCE.md", "sample.template", "meanings.json", "masked.json"):
            assert (crate / "fixtures" / name / needed).is_file(), f"{name}/{needed}"


# Tests of how messages travel, and of the gateway, need some provider to speak of: one of these serves as an example.
EXAMPLES = {"adyen", "square", "standardwebhooks", "stripe"}
# The official SDKs are judges of one provider each; this file names the examples.
JUDGES = ("tests/oracles/", "tests/repository/")


def test_a_provider_is_one_file_one_folder_and_one_line() -> None:
    own = re.compile(
        r"functions/provider_(?:webhooks|listings)/(src/providers/(\w+)(\.rs|/.*)|fixtures/(\w+)/.*)$"
        # What it exports for accountants is no webhook: its reader is a file of the command line.
        r"|functions/payhook/src/payments/report/(\w+)\.rs$"
    )
    offenders = []
    for path in tracked(
        "functions/*.rs", "functions/*.toml", "infra/*.py", "policies/*.rego", "tests/*.rs", "tests/*.py"
    ):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith(JUDGES):
            continue
        is_test = (
            "/tests/" in relative
            or "/examples/" in relative
            or relative.startswith("tests/")
            or relative.endswith("tests.rs")
        )
        text = path.read_text() if is_test else without_tests(path.read_text())
        text = re.sub(r"^\s*//.*$", "", text, flags=re.M)
        place = own.match(relative)
        for name in provider_names() - ({place[2] or place[4] or place[5]} if place else set()):
            # What is not a test names no provider at all; a test names examples only.
            if re.search(rf"""["']{name}["']""", text) and not (is_test and name in EXAMPLES):
                offenders.append((relative, name))
    assert offenders == []


def test_nothing_is_left_unfinished_or_switched_off() -> None:
    marks = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", r"#\[ign" + "ore", "unimpl" + "emented!", r"pytest\.mark\.sk" + "ip"])
    )
    offenders = [path.relative_to(ROOT) for path in RUST + PYTHON if marks.search(path.read_text())]
    assert offenders == []


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_documents_name_only_make_targets_that_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`(?:[A-Z]+=\S+ )*make ([a-z][a-z-]*)", (ROOT / document).read_text()))
    named |= set(re.findall(r"^make ([a-z][a-z-]*)", (ROOT / document).read_text(), re.M))
    assert targets
    assert named <= targets


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_documents_name_only_files_that_exist(document: str) -> None:
    named = set(re.findall(r"`((?:functions|infra|policies|tests)/[\w./-]+)`", (ROOT / document).read_text()))
    # NAME stands for the reader's own.
    missing = {name for name in named if "NAME" not in name and not (ROOT / name).exists()}
    assert missing == set()


def test_reject_reasons_are_documented() -> None:
    source = (ROOT / "functions/provider_webhooks/src/reject.rs").read_text()
    reasons = set(re.findall(r'=> "([a-z_]+)"', source))
    readme = (ROOT / "README.md").read_text()
    assert reasons
    assert {reason for reason in reasons if f"`{reason}`" not in readme} == set()
