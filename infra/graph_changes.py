"""Says what changes between two resource graphs, for people who review a change.

`python -m infra.graph_changes BEFORE AFTER` prints a line for each resource that is new (`+`), gone
(`-`) or changed (`~`), under a changed one a line for each value, and a line of figures at the end.
Both files are what `python -m infra.graph` writes. No account is asked: whether AWS replaces a
resource rather than changing it, and what somebody changed by hand, does not show here.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

ABSENT = "(absent)"
# Long texts, such as a template, are cut: the graph has them whole.
VALUE_CHARACTERS_MAX = 160
OPTIONS = ("ignoreChanges", "protect", "retainOnDelete")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value below, by its path, as JSON. A document that is kept as text is taken apart."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with contextlib.suppress(json.JSONDecodeError):
            value = json.loads(value)
    if isinstance(value, dict) and value:
        for key, item in sorted(cast("dict[str, Any]", value).items()):
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def values(resource: dict[str, Any]) -> dict[str, str]:
    """What a resource is told: its properties, and those options that decide what becomes of it."""
    options = {f"options.{name}": resource["options"].get(name) for name in OPTIONS}
    return dict(leaves(resource["properties"])) | dict(leaves(options))


def shown(text: str) -> str:
    """A value, cut where it is long."""
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"


def changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """The lines, by URN."""
    old, new = ({resource["urn"]: resource for resource in graph} for graph in (before, after))
    lines: list[str] = []
    made = removed = changed = 0
    for urn in sorted(old.keys() | new.keys()):
        resource = new.get(urn) or old[urn]
        title = f"{resource['type']} {resource['name']}"
        if urn not in old:
            made += 1
            lines.append(f"+ {title}")
        elif urn not in new:
            removed += 1
            lines.append(f"- {title}")
        elif (was := values(old[urn])) != (now := values(new[urn])):
            changed += 1
            lines.append(f"~ {title}")
            for path in sorted(was.keys() | now.keys()):
                if was.get(path) != now.get(path):
                    lines.append(f"    {path}: {shown(was.get(path, ABSENT))} → {shown(now.get(path, ABSENT))}")
    same = len(old.keys() & new.keys()) - changed
    lines.append(f"{made} to make, {changed} to change, {removed} to remove, {same} as they are")
    return lines


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="infra.graph_changes", description="Say what changes between two graphs.")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args(arguments)
    before, after = (json.loads(path.read_text()) for path in (options.before, options.after))
    print("\n".join(changes(before, after)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
