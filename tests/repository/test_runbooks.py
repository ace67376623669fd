"""Every alarm has a runbook, and every runbook is of an alarm.

tests/e2e/test_runbook_commands.py tries the commands in them.
"""

import os
import re
from pathlib import Path

import pytest

import infra.program  # noqa: F401 (puts `lib` on the path, as the Pulumi CLI does)
from infra.evaluation import evaluated
from infra.tests.conftest import SILENCE
from lib.alarm_texts import RUNBOOKS, TEXTS
from lib.limits import LIMITS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / RUNBOOKS
INDEX = FOLDER / "README.md"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
HEADINGS = ["What it means", "What to look at", "What to do", "When to wake somebody"]
LINES_MAX = 45
COLUMNS_MAX = 100
ALARMS = LIMITS["alarms"]
# The numbers that a runbook repeats, as it must say them.
NUMBERS = {
    "error_rate": [f"More than {ALARMS['error_rate_percent']} %"],
    "webhook_queue_age": [f"more than {ALARMS['queue_age_seconds'] // 60} minutes"],
    "stream_iterator_age": [f"more than {ALARMS['iterator_age_ms'] // 60_000} minutes"],
    "gateway_4xx_share": [
        f"More than {ALARMS['client_error_percent']} % of at least {ALARMS['client_error_requests_min']} requests "
        f"within {ALARMS['client_error_window_seconds'] // 60} minutes"
    ],
    "gateway_quiet": [f"{ALARMS['quiet_minutes'] // 60} hours"],
    "rejected_spike": [f"At least {ALARMS['rejected_per_five_minutes']} webhooks"],
    "rejected_provider": [
        f"at least {ALARMS['rejected_alone_per_hour']} webhooks",
        f"at least {ALARMS['rejected_per_hour']} were rejected",
        f"more than {LIMITS['archive']['too_old_days']} days ago",
    ],
    "silence": [f"for {ALARMS['silence_band_minutes']} minutes"],
    "all_rejected": [f"at least {ALARMS['rejected_alone_per_hour']} within {ALARMS['silence_band_minutes']} minutes"],
    "incomplete_share": [
        f"more than {ALARMS['incomplete_percent']} % of at least {ALARMS['incomplete_stored_min']} events"
    ],
    "archive_behind": [
        f"fewer than {LIMITS['archive']['days_left_alarm']} days left",
        f"At {LIMITS['archive']['days_left_stop']} days",
        f"no run of {ALARMS['archive_state_hours']} hours",
    ],
    "expiry_stopped": [
        f"had {LIMITS['archive']['days_left_stop']} days left or fewer",
        f"`ArchiveDaysLeft` is {LIMITS['archive']['days_left_alarm']} or more",
        f"no run of {ALARMS['archive_state_hours']} hours",
    ],
    "gaps_missing": [f"no check of {ALARMS['archive_state_hours']} hours"],
    "gap_check_failed": [f"no check of {ALARMS['archive_state_hours']} hours"],
    "archive_not_run": [f"not started for {ALARMS['archive_hours']} hours"],
    "firewall_blocked": [f"at least {ALARMS['blocked_per_five_minutes']:,} requests"],
}


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    # Some are in a stack with a setting alone.
    graph = evaluated(config={**SILENCE, "payhook:gap_check": "stripe"}).graph()
    alarms = [resource for resource in graph if resource["type"].endswith(":MetricAlarm")]
    named = {alarm["properties"]["alarmDescription"].rpartition(" Runbook: ")[2] for alarm in alarms}
    assert named == {path.relative_to(ROOT).as_posix() for path in PAGES}
    assert {path.stem for path in PAGES} == set(TEXTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_runbook_has_its_four_headings_on_one_screen(page: Path) -> None:
    text = page.read_text()
    lines = text.splitlines()
    assert lines[0] == f"# {page.stem}"
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.M))
    assert len(lines) <= LINES_MAX
    assert [line for line in lines if len(line) > COLUMNS_MAX] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_runbook_says_the_numbers_of_its_alarm(page: Path) -> None:
    prose = " ".join(page.read_text().split())
    assert [number for number in NUMBERS.get(page.stem, []) if number not in prose] == []


def test_runbooks_name_each_other_and_files_that_exist() -> None:
    for page in PAGES:
        text = page.read_text()
        assert all((ROOT / name).exists() for name in re.findall(r"`((?:infra|policies|bench)/[\w./]+)`", text))
        assert set(re.findall(r"see `(\w+)`", text)) <= set(TEXTS)


def test_the_index_is_the_list_of_the_alarms() -> None:
    head = INDEX.read_text().partition("|---|---|\n")[0] + "|---|---|\n"
    rows = [f"| [{kind}]({kind}.md) | {TEXTS[kind].meaning} |\n" for kind in sorted(TEXTS)]
    wanted = head + "".join(rows)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        INDEX.write_text(wanted)
    assert INDEX.read_text() == wanted, "if wanted: UPDATE_SNAPSHOTS=1, and read the diff"
    assert f"]({RUNBOOKS}/README.md)" in (ROOT / "README.md").read_text()
