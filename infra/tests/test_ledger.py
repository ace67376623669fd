"""The ledger names tests, sources, steps of the doctor and patches that exist, and the page is made of it."""

import datetime
import os
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest

from infra.ledger import CHECKS, PAGE, ROOT, UNPROVED, Row, page, rows
from infra.local_cloud.emulator.__main__ import PATCHES

ROWS = rows()
BY_ID = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
DOCTOR = ROOT / "functions/payhook/src/doctor"
# How a name is defined, by the end of the file's name; the cases of a rule name it in quotes.
DEFINED = {".py": r"^\s*(?:async )?def {}\(", ".rs": r"^\s*(?:async )?fn {}\(", ".rego": r'"{}"'}


def steps() -> set[str]:
    """The steps of `payhook doctor`, as `after genuine_stored`: the macro `steps!` lists them by mode."""
    found: set[str] = set()
    for file in DOCTOR.rglob("*.rs"):
        for mode, block in re.findall(r"^    (Before|After) \{\n(.*?)^    \}", file.read_text(), re.M | re.S):
            found |= {f"{mode.lower()} {step}" for step in re.findall(r'^ +[A-Z0-9_]+ "([a-z0-9_]+)" "', block, re.M)}
    return found


def is_defined(test: str) -> bool:
    """Whether a file has a test of this name."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.is_file() and bool(re.search(DEFINED[file.suffix].format(re.escape(name)), file.read_text(), re.M))


def test_each_behaviour_has_one_row() -> None:
    assert len(ROWS) >= 40
    assert [name for name, times in Counter(row.id for row in ROWS).items() if times > 1] == []
    assert {row.check for row in ROWS} == set(CHECKS)


@BY_ID
def test_a_row_says_who_checks_it_and_what_a_deployment_shows(row: Row) -> None:
    # Who vouches for it where it is not we ourselves, and why no step shows it where none does.
    assert bool(row.by) is (row.check not in UNPROVED)
    assert row.doctor or row.not_shown
    assert row.tests


@BY_ID
def test_every_named_test_exists(row: Row) -> None:
    assert [test for test in row.tests if not is_defined(test)] == []


def test_a_test_that_does_not_exist_is_seen() -> None:
    here = "infra/tests/test_ledger.py"
    assert is_defined(f"{here}::test_a_test_that_does_not_exist_is_seen")
    assert not is_defined(f"{here}::test_a_test")
    assert not is_defined("infra/tests/test_no_ledger.py::test_a_test")


@BY_ID
def test_every_source_was_read(row: Row) -> None:
    assert row.sources
    for source in row.sources:
        address = urlsplit(source.url)
        assert (address.scheme, bool(address.netloc)) == ("https", True)
        assert datetime.date(2026, 11, 1) <= datetime.date.fromisoformat(source.read) <= datetime.date.today()


def test_every_step_of_the_doctor_exists() -> None:
    assert {step.partition(" ")[0] for step in steps()} == {"before", "after"}
    assert {step for row in ROWS for step in row.doctor} - steps() == set()


def test_every_patch_of_the_local_cloud_is_a_claim_with_a_row() -> None:
    assert {patch for row in ROWS for patch in row.patches} == set(PATCHES)


def test_the_page_is_what_the_rows_say() -> None:
    text = page(ROWS)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text
