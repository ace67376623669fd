"""The entry point of the Pulumi CLI."""

import sys
from pathlib import Path

# This program shares names, tags and documents with the stack, which imports them as `lib.…`.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bootstrap.program import run

run()
