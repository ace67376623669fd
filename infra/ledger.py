"""What payhook relies on AWS to do, and who says that it does, as the page `docs/ledger.md`.

The rows are in `docs/ledger.json`. `UPDATE_SNAPSHOTS=1` makes `infra/tests/test_ledger.py` write the
page anew; the same test holds each row to what it names.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "docs/ledger.json"
PAGE = ROOT / "docs/ledger.md"

ENGINE, EXAMPLE = "engine", "documented example"
EMULATOR, DOCUMENT = "emulator only", "document only"
# How a behaviour is checked here, the strongest first, and what that means.
CHECKS = {
    ENGINE: "AWS's own code, or the engine that AWS uses, runs in the tests",
    EXAMPLE: "what AWS or the provider's authors publish is compared, mostly with a copy of it",
    EMULATOR: "nothing but the local cloud says so: another's emulator, and patches of ours where they are named",
    DOCUMENT: "the stack or the code is checked to rely on it, and nothing here behaves so",
}
# Who wrote the stack wrote these, too, and may have misread AWS the same way twice.
UNPROVED = (EMULATOR, DOCUMENT)
MARK = "⚠"


@dataclass(frozen=True)
class Source:
    """A page or a thread, and the day on which it was read (YYYY-MM-DD)."""

    url: str
    read: str


@dataclass(frozen=True)
class Row:
    """One behaviour.

    `tests` are `file::name`. `doctor` are steps of `payhook doctor` that show it on a real stack
    (`after genuine_stored`); `not_shown` says why none does, or what of it they leave open. `patches`
    are those of the local cloud that make it behave so.
    """

    id: str
    area: str
    behaviour: str
    check: str
    tests: tuple[str, ...]
    sources: tuple[Source, ...]
    by: str = ""
    doctor: tuple[str, ...] = ()
    not_shown: str = ""
    patches: tuple[str, ...] = ()

    @property
    def unproved(self) -> bool:
        """Returns true if nobody but us says here that AWS behaves so."""
        return self.check in UNPROVED


def rows() -> list[Row]:
    """The rows of the ledger, in their order.

    Raises TypeError for a row with a field that is not known, or without one that is needed.
    """
    return [_row(entry) for entry in json.loads(DATA.read_text())]


def _row(entry: dict[str, Any]) -> Row:
    unknown = set(entry) - {field.name for field in fields(Row)}
    if unknown:
        raise TypeError(f"{entry.get('id')} has fields that a row has not: {sorted(unknown)}")
    sources = tuple(Source(**source) for source in entry["sources"])
    lists = {name: tuple(entry[name]) for name in ("tests", "doctor", "patches") if name in entry}
    return Row(**{**entry, **lists, "sources": sources})


def page(ledger: Sequence[Row]) -> str:
    """The page of these rows."""
    areas = dict.fromkeys(row.area for row in ledger)
    tables = [_table(area, [row for row in ledger if row.area == area]) for area in areas]
    return "\n".join([_head(ledger), *tables])


def _head(ledger: Sequence[Row]) -> str:
    unproved = [row for row in ledger if row.unproved]
    open_rows = [row for row in unproved if not row.doctor]
    emulated = sum(row.check == EMULATOR for row in ledger)
    counts = ""
    for check, meaning in CHECKS.items():
        of_check = [row for row in ledger if row.check == check]
        shown = sum(bool(row.doctor) for row in of_check)
        counts += f"| {MARK if check in UNPROVED else ''} | {check} | {meaning} | {len(of_check)} | {shown} |\n"
    return f"""# What payhook relies on AWS to do

No test of `make test` talks to AWS. This page lists {len(ledger)} behaviours of AWS that payhook relies on,
and who says that AWS behaves so: a source with the day on which it was read, a test, and the step of
`payhook doctor` that shows it on the first real deployment. It is made of `docs/ledger.json`
(`infra/ledger.py`).

**{len(unproved)} of {len(ledger)} have nobody but the local cloud or a document behind them** ({MARK}): {emulated} of them only
the local cloud shows, and for {len(unproved) - emulated} nothing here behaves so at all. Of the {len(unproved)},
{len(unproved) - len(open_rows)} are shown by `payhook doctor`; **{len(open_rows)} are not**, and each of these rows says why.

| | checked by | that is | behaviours | of them shown by `payhook doctor` |
|---|---|---|---|---|
{counts}"""


def _table(area: str, of_area: Sequence[Row]) -> str:
    head = "| | behaviour | checked by | test | first deployment | source |\n|---|---|---|---|---|---|\n"
    return f"## {area}\n\n{head}" + "".join(_line(row) for row in of_area)


def _line(row: Row) -> str:
    check = f"**{row.check}**" if row.unproved else row.check
    by = f": {row.by}" if row.by else ""
    patches = f" ({', '.join(f'`{patch}`' for patch in row.patches)})" if row.patches else ""
    shown = ", ".join(f"`{step}`" for step in row.doctor) or "none"
    cells = (
        MARK if row.unproved else "",
        row.behaviour,
        check + by + patches,
        "<br>".join(f"`{test}`" for test in row.tests),
        f"{shown}: {row.not_shown}" if row.not_shown else shown,
        "<br>".join(f"[{_label(source.url)}]({source.url}), {source.read}" for source in row.sources),
    )
    return "| " + " | ".join(cells) + " |\n"


def _label(url: str) -> str:
    """The end of a URL, which says what it is about."""
    return url.rstrip("/").rpartition("/")[2].partition("#")[0].removesuffix(".html").removesuffix(".md")
