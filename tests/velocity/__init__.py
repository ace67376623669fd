"""The gateway's mapping templates, rendered with Apache Velocity and with the emulator's engine."""

import sys
from pathlib import Path

# The stack's modules import each other as `lib.…`. Importing the whole program, which does the
# same, takes seconds.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra"))
