"""Chooses which mutations a run judges: one of each class and a sample drawn by the day, or all.

`make test-policy` judges the choice, `make test-policy-full` all mutations. The first is part of
`make test`, the second of the nightly workflow.
"""

import datetime
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.policy.mutation import Mutation, MutationClass

# How many mutations a run judges besides the representatives. In a month most are drawn once.
SAMPLE_SIZE = 300


@dataclass(frozen=True)
class Selection:
    """The mutations that a run judges, in the order in which they were made."""

    representatives: frozenset[str]
    sample: frozenset[str]
    # The date that drew the sample; blank where everything is judged.
    day: str
    classes: int
    made: int

    def takes(self, mutation: Mutation) -> bool:
        """Whether the run judges it."""
        return not self.day or mutation.id in self.representatives or mutation.id in self.sample

    def of(self, mutations: Iterable[Mutation]) -> list[Mutation]:
        """Those that the run judges."""
        return [mutation for mutation in mutations if self.takes(mutation)]

    def describe(self) -> list[str]:
        """What was chosen, how to choose it again, and what is left to the nightly run."""
        if not self.day:
            return [f"All {self.made} changes, of {self.classes} classes."]
        left = self.made - len(self.representatives) - len(self.sample)
        return [
            f"{self.made} changes of {self.classes} classes: one of each class, and a sample of {len(self.sample)} others.",
            f"Sample of {self.day}: make test-policy DAY={self.day} draws it again.",
            f"Left to the nightly run (make test-policy-full): {left} changes of classes that one change stands for here.",
        ]


def by_class(mutations: Iterable[Mutation]) -> dict[MutationClass, list[Mutation]]:
    """The classes with their members; the first by URN, which represents the class, comes first."""
    found: dict[MutationClass, list[Mutation]] = {}
    for mutation in sorted(mutations, key=lambda mutation: (mutation.urn, mutation.id)):
        found.setdefault(mutation.mutation_class, []).append(mutation)
    return found


def drawn(mutations: Iterable[Mutation], day: str, size: int) -> list[Mutation]:
    """The sample of a day.

    A mutation's place in the draw depends only on the day and itself, so new mutations displace few.
    """

    def place(mutation: Mutation) -> bytes:
        return hashlib.sha256(f"{day} {mutation.id}".encode()).digest()

    return sorted(mutations, key=place)[:size]


def select(mutations: Sequence[Mutation], environment: Mapping[str, str] = os.environ) -> Selection:
    """POLICY_FULL=1 selects all mutations; POLICY_DAY, today where it is not given, draws the sample.

    POLICY_DAY is a date such as 2026-11-27; anything else raises ValueError.
    """
    classes = by_class(mutations)
    if environment.get("POLICY_FULL"):
        day = ""
    else:
        day = environment.get("POLICY_DAY") or datetime.datetime.now(datetime.UTC).date().isoformat()
        datetime.date.fromisoformat(day)
    representatives = {members[0].id for members in classes.values()}
    others = [mutation for members in classes.values() for mutation in members[1:]]
    sample = {mutation.id for mutation in drawn(others, day, SAMPLE_SIZE)} if day else set[str]()
    return Selection(frozenset(representatives), frozenset(sample), day, len(classes), len(mutations))
