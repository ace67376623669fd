"""The documents that Pulumi's OPA runtime gives to a rule, written a second time and apart from the gate, for the real OPA.

Source: `buildOPAInput` and `buildStackOPAInput` in cmd/pulumi-analyzer-policy-opa/analyzer.go of
https://github.com/pulumi/pulumi-policy-opa at 8c5017b, read 2026-11-25. `retainOnDelete` is the gate's addition: the graph records it.
"""

from typing import Any

Document = dict[str, Any]


def options(given: Document) -> Document:
    """All of the runtime's options, with what Go's zero values become."""
    zero: Document = {
        "protect": False,
        "retainOnDelete": False,
        "ignoreChanges": [],
        "deleteBeforeReplace": False,
        "additionalSecretOutputs": [],
        "aliasURNs": [],
        "aliases": None,
        "customTimeouts": {"create": 0, "update": 0, "delete": 0},
        "parent": "",
    }
    return {key: given.get(key, value) for key, value in zero.items()}


def resource_input(resource: Document) -> Document:
    """`input` of the rules for one resource; what the engine handed over stays as it was."""
    if "__urn" in resource:
        return resource
    metadata = {
        "type": resource["type"],
        "urn": resource["urn"],
        "name": resource["name"],
        "options": options(resource["options"]),
        "provider": resource["provider"] or {},
        "properties": resource["properties"],
    }
    return metadata | resource["properties"] | {f"__{key}": value for key, value in metadata.items()}


def stack_addition(resource: Document) -> Document:
    """What an element of `input.resources` has besides."""
    shown = "dependencies" in resource["options"] and "__urn" not in resource
    return {"dependencies": resource["options"]["dependencies"]} if shown else {}


def stack_urn(resource: Document) -> str:
    """URN of the stack: where the runtime reports what a stack rule says."""
    stack, project = resource["urn"].removeprefix("urn:pulumi:").split("::")[:2]
    return f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"
