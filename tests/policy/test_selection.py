"""Tests of which mutations a run judges: one of each class and the day's sample, or all of them."""

import pytest

from tests.policy.mutation import Mutation
from tests.policy.selection import SAMPLE_SIZE, select

PREFIX = "urn:pulumi:dev::payhook::payhook:index:Part$aws:sqs/queue:Queue::"
DAY = {"POLICY_DAY": "2026-11-27"}


def mutations(count: int, form: str) -> list[Mutation]:
    """So many of one class, of which the last comes first by URN."""
    return [
        Mutation("property dropped", f"queue_{index:04} {form}", form, remove=(f"{PREFIX}queue_{9999 - index:04}",))
        for index in range(count)
    ]


MADE = [*mutations(1000, "name"), *mutations(1, "redrivePolicy")]


def test_the_first_by_urn_represents_its_class() -> None:
    assert select(MADE, DAY).representatives == {MADE[999].id, MADE[1000].id}


def test_a_class_is_a_type_too() -> None:
    (queue,) = mutations(1, "name")
    topic = Mutation(
        queue.kind, "topic name", queue.form, remove=(queue.urn.replace("sqs/queue:Queue", "sns/topic:Topic"),)
    )
    assert queue.mutation_class.type == "aws:sqs/queue:Queue"
    assert topic.mutation_class.type == "aws:sns/topic:Topic"
    assert select([queue, topic], DAY).classes == 2


def test_the_sample_is_of_the_others_and_of_its_size() -> None:
    selection = select(MADE, DAY)
    assert len(selection.sample) == SAMPLE_SIZE
    assert selection.sample & selection.representatives == set()
    assert len(selection.of(MADE)) == SAMPLE_SIZE + 2


def test_a_day_draws_the_same_sample_again_and_another_day_another() -> None:
    again = select(list(reversed(MADE)), DAY)
    assert again.sample == select(MADE, DAY).sample
    assert select(MADE, {"POLICY_DAY": "2026-11-28"}).sample != again.sample
    assert any("make test-policy DAY=2026-11-27 draws it again" in line for line in again.describe())


def test_days_together_draw_nearly_everything() -> None:
    drawn = {id for day in range(1, 31) for id in select(MADE, {"POLICY_DAY": f"2026-11-{day:02}"}).sample}
    assert len(drawn) > 950


def test_a_new_mutation_displaces_few_of_the_sample() -> None:
    before, after = select(MADE, DAY).sample, select([*MADE, *mutations(1001, "name")[1000:]], DAY).sample
    assert len(before - after) <= 2


def test_the_complete_run_leaves_nothing_out() -> None:
    selection = select(MADE, {"POLICY_FULL": "1", **DAY})
    assert selection.of(MADE) == MADE
    assert selection.describe() == ["All 1001 changes, of 2 classes."]


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        select(MADE, {"POLICY_DAY": "yesterday"})


def test_what_is_left_to_the_night_is_said() -> None:
    left = len(MADE) - 2 - SAMPLE_SIZE
    assert any(
        line.startswith(f"Left to the nightly run (make test-policy-full): {left} ")
        for line in select(MADE, DAY).describe()
    )
