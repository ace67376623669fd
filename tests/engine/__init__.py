"""Pulumi's own engine drives the stack against the local cloud (`make engine`).

The engine is the CLI, built from its Go module. It starts plugins of the project: `provider` stands
for those of AWS and of random values, `analyzer` for the one that runs the policy pack.
"""
