"""The entry point of the Pulumi CLI."""

from program import run

run()
