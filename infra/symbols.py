"""Symbols for what only a provider knows: `~Queue/webhook_queue.arn~` is the ARN of that queue.

A program evaluated with symbols gives a plan that is the same for every cloud and every suffix.
`Values` fills it in while the resources are made. A symbol is plain text, so it survives whatever
the program does with an ARN or an id: concatenation, JSON, a template. What is left of a symbol
that the program took apart is an error and never a value.
"""

import json
import re
from typing import Any, cast

SYMBOL = re.compile(r"~(\w+/[\w-]+)\.(\w+)~")
TORN = re.compile(r"~\w+/|suffix0|symbolx")
# Legal as a suffix, and in no name of the program.
SUFFIX = "xsuffix0symbolx"
# What the programs ask of a resource beyond its inputs and its id.
COMPUTED = ("arn", "url", "keyId", "result", "domainName", "rootResourceId", "streamArn")


class SymbolError(Exception):
    """A value cannot be filled in; the message says which."""


def place(kind: str, name: str) -> str:
    """What symbols call a resource: the last part of its type, and its name."""
    return f"{kind.rpartition(':')[2]}/{name}"


def symbol(where: str, name: str) -> str:
    """The symbol of one computed property."""
    return f"~{where}.{name}~"


class Values:
    """What is known of the resources that have been made."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix
        self._known: dict[str, dict[str, Any]] = {}

    def learn(self, where: str, made_id: str, properties: dict[str, Any]) -> None:
        """A resource has been made. Raises SymbolError for a second one of the same place."""
        if where in self._known:
            raise SymbolError(f"two resources are called {where}: give one of them another name")
        self._known[where] = {**properties, "id": made_id}

    def fill(self, value: Any) -> Any:
        """The value with every symbol replaced. Raises SymbolError for one that is not known, or
        not whole.
        """
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.fill(item) for item in cast("list[Any]", value)]
        if not isinstance(value, str):
            return value
        text = value.replace(SUFFIX, self._suffix)
        alone = SYMBOL.fullmatch(text)
        if alone:
            return self._value(alone)
        filled = SYMBOL.sub(lambda found: self._inside(found), text)
        if TORN.search(filled):
            raise SymbolError(f"the program took a symbol apart: {filled!r}")
        return filled

    def _value(self, found: re.Match[str]) -> Any:
        try:
            return self._known[found[1]][found[2]]
        except KeyError:
            raise SymbolError(f"{found[2]} of {found[1]} is not known when it is needed") from None

    def _inside(self, found: re.Match[str]) -> str:
        value = self._value(found)
        # The text around it may be JSON: what would have to be escaped there is refused.
        if not isinstance(value, str) or json.dumps(value)[1:-1] != value:
            raise SymbolError(f"{found[2]} of {found[1]} cannot stand inside another text")
        return value
