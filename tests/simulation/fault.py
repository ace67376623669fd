"""A deliberate fault, as `bite.py` puts it into a copy of the sources."""

from dataclasses import dataclass

PIPELINE = "functions/pipeline/src"


@dataclass(frozen=True)
class Fault:
    """One deliberate fault: what goes wrong, and the edit that makes it so."""

    what: str
    file: str
    old: str
    new: str
