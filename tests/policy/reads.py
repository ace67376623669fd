"""Derives from the pack's syntax tree which types of resources each stack rule reads.

A change is then put only to the rules that can see it. The derivation rests on two facts about
policies/lib_stack.rego: `of_type(type)` reads the resources of that type alone, and `suffix` reads
tags alone. What the derivation does not understand counts as reading everything. The nightly run
judges every dropped leaf by every stack rule, and fails if a rule saw a change that this module
says it cannot see.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

# Stands for every type.
EVERYTHING = "*"
# The function that finds resources by their type, and the rule that depends on tags alone.
BY_TYPE = "of_type"
BY_TAGS = "suffix"
Node = dict[str, Any]


@dataclass
class Definition:
    """What the bodies of all rules of one name read themselves, and which other rules they use."""

    types: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)


def objects(tree: Any) -> Iterator[Node]:
    """Every object of a syntax tree."""
    if isinstance(tree, dict):
        yield cast("Node", tree)
        for value in cast("Node", tree).values():
            yield from objects(value)
    elif isinstance(tree, list):
        for item in cast("list[Any]", tree):
            yield from objects(item)


def name_of(rule: Node) -> str:
    """The name of a rule or function; of `positions[type]` it is `positions`."""
    return rule["head"]["ref"][0]["value"]


def variables(tree: Any) -> set[str]:
    """The names of all variables in a syntax tree."""
    return {node["value"] for node in objects(tree) if node.get("type") == "var"}


def calls(tree: Any) -> Iterator[tuple[str, list[Node]]]:
    """Every call of a function whose name is one word: the name and the arguments."""
    for node in objects(tree):
        # A call is a term within an expression, or an expression of its own.
        terms = node["value"] if node.get("type") == "call" else node.get("terms")
        if isinstance(terms, list):
            function, *arguments = cast("list[Node]", terms)
            if function.get("type") == "ref" and len(function["value"]) == 1:
                yield function["value"][0]["value"], arguments


def local_names(rule: Node) -> set[str]:
    """The variables that a rule declares itself: arguments, assignments, `some` and `every`.

    Some that it only uses may be among them.
    """
    found = variables([node["args"] for node in objects(rule) if "args" in node])
    found |= variables([arguments[0] for name, arguments in calls(rule) if name == "assign"])
    for node in objects(rule):
        for symbol in node.get("symbols", []):
            # `some a, b in list` is a call with the list at its end.
            found |= variables(symbol["value"][:-1] if symbol["type"] == "call" else symbol)
        if "domain" in node:
            found |= variables([node["key"], node["value"]])
    return found


def constants(rules: list[Node]) -> dict[str, str]:
    """The rules that are one text and nothing else, such as `topic_type := "aws:sns/topic:Topic"`."""
    found: dict[str, str] = {}
    names = [name_of(rule) for rule in rules]
    for rule in rules:
        head, value = rule["head"], rule["head"].get("value", {})
        is_fact = all(expression.get("generated") for expression in rule["body"])
        if (
            value.get("type") == "string"
            and is_fact
            and names.count(name_of(rule)) == 1
            and not head.keys() & {"args", "key"}
        ):
            found[name_of(rule)] = value["value"]
    return found


def read_into(definition: Definition, rule: Node, names: set[str], known: dict[str, str]) -> None:
    """Adds what one rule reads and uses."""
    local = local_names(rule)
    for function, arguments in calls(rule):
        if function == BY_TYPE:
            asked = arguments[0]
            if asked["type"] == "string":
                definition.types.add(asked["value"])
            elif asked["type"] == "var" and asked["value"] in known and asked["value"] not in local:
                definition.types.add(known[asked["value"]])
            else:
                definition.types.add(EVERYTHING)
    for node in objects(rule):
        if node.get("type") == "ref" and node["value"][0].get("value") == "data":
            start = [part["value"] for part in node["value"][:3]]
            if start[:2] == ["data", "payhook"] and start[-1] in names - {BY_TYPE}:
                definition.uses.add(start[-1])
            elif start[:2] != ["data", "config"]:
                definition.types.add(EVERYTHING)
    used = variables(rule)
    if "input" in used:
        definition.types.add(EVERYTHING)
    definition.uses |= used & names


def derive(rules: list[Node]) -> dict[str, frozenset[str]]:
    """The types that each rule reads, itself or through the rules that it uses."""
    known = constants(rules)
    names = {name_of(rule) for rule in rules}
    definitions: dict[str, Definition] = {BY_TYPE: Definition(), BY_TAGS: Definition()}
    for rule in rules:
        name = name_of(rule)
        if name not in (BY_TYPE, BY_TAGS):
            read_into(definitions.setdefault(name, Definition()), rule, names, known)

    def reached(name: str) -> frozenset[str]:
        seen, waiting = {name}, [name]
        while waiting:
            more = definitions[waiting.pop()].uses - seen
            seen |= more
            waiting.extend(more)
        return frozenset(of_type for each in seen for of_type in definitions[each].types)

    return {name: reached(name) for name in definitions}


def syntax_trees(opa: str, folder: Path) -> list[Node]:
    """All rules of the pack, as the real OPA parses them.

    Raises ValueError for an import, which would give names that `derive` does not follow.
    """
    files = {path.name: path.read_text() for path in sorted(folder.rglob("*.rego"))}
    query = "[rego.parse_module(name, text) | some name, text in input]"
    command = [opa, "eval", "--stdin-input", "--format", "raw", query]
    done = subprocess.run(command, input=json.dumps(files), check=True, capture_output=True, text=True)
    modules = json.loads(done.stdout)
    imported = {".".join(part["value"] for part in i["path"]["value"]) for module in modules for i in module["imports"]}
    if imported != {"rego.v1"}:
        raise ValueError(f"the pack imports {sorted(imported)}: teach tests/policy/reads.py to follow it")
    return [rule for module in modules for rule in module["rules"]]


@cache
def types_read(opa: str, folder: Path) -> dict[str, frozenset[str]]:
    """The types that each rule of the pack reads; EVERYTHING among them where that may be any."""
    return derive(syntax_trees(opa, folder))
