"""One deliberate fault in the stack's graph, and how to make it: resources put in place of others, resources removed."""

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

Resource = dict[str, Any]
Path = tuple[str | int, ...]
# Takes the value away.
DROP = object()


class MutationClass(NamedTuple):
    """What mutations have in common that differ only in the resource or list index they change."""

    kind: str
    type: str
    form: str
    by: tuple[str, ...]
    justified: str


@dataclass(frozen=True)
class Mutation:
    """A changed graph.

    One of the rules whose names start with an element of `by` must refuse it; where `by` is empty,
    any may. `form` is the property path and the new value, without the names and list indices that
    only tell one instance from another.
    """

    kind: str
    what: str
    form: str
    by: frozenset[str] = frozenset()
    put: tuple[Resource, ...] = ()
    remove: tuple[str, ...] = ()
    # Why nobody need refuse it, should nobody do so.
    justified: str = ""

    @property
    def id(self) -> str:
        """Unique in a run, and readable in the list of what nobody refuses."""
        return f"{self.kind}: {self.what}"

    @property
    def urn(self) -> str:
        """URN of the resource that it changes, adds or removes; blank where it changes nothing."""
        return next(iter((*(resource["urn"] for resource in self.put), *self.remove)), "")

    @property
    def mutation_class(self) -> MutationClass:
        """Mutations of one class ask the same rules about the same property."""
        # A URN ends in `::parent type$type::name`.
        type_token = self.urn.rpartition("::")[0].rpartition("::")[2].rpartition("$")[2]
        return MutationClass(self.kind, type_token, self.form, tuple(sorted(self.by)), self.justified)

    def refused_by(self, rules: Iterable[str]) -> frozenset[str]:
        """Those of the rules that should refuse it."""
        return frozenset(rule for rule in rules if not self.by or rule.startswith(tuple(self.by)))


def short(resource: Resource) -> str:
    """`name (module)`: what tells resources apart."""
    return f"{resource['name']} ({resource['type'].split(':')[1]})"


def rules(names: str) -> frozenset[str]:
    """Names with spaces between them."""
    return frozenset(names.split())


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of everything that is no filled list or object."""
    if isinstance(value, dict) and value:
        for key, item in cast("dict[str, Any]", value).items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(cast("list[Any]", value)):
            yield from leaves(item, (*path, index))
    else:
        yield path


def matches(value: Any, pattern: Path, path: Path = ()) -> Iterator[Path]:
    """The paths that exist of a pattern in which `*` is any key or index. The last part may be absent: it is to be set."""
    if not pattern:
        yield path
        return
    first, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        entries = cast("dict[str | int, Any]", value)
        wanted = list(entries) if first == "*" else [first]
        for key in (key for key in wanted if key in entries or not rest):
            yield from matches(entries.get(key), rest, (*path, key))
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        for index in range(len(items)) if first == "*" else [int(first)]:
            yield from matches(items[index], rest, (*path, index))


def at(value: Any, path: Path) -> Any:
    """What is there; DROP where nothing is."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return DROP
    return value


def changed(resource: Resource, path: Path, to: Any) -> Resource:
    """A copy with another value at a path of the resource, or with none (DROP)."""
    result = copy.deepcopy(resource)
    holder = at(result, path[:-1])
    if to is DROP:
        del holder[path[-1]]
    else:
        holder[path[-1]] = to
    return result


def with_json(resource: Resource, path: Path, document: Any) -> Resource:
    """A copy whose property at the path is this document as text."""
    return changed(resource, ("properties", *path), json.dumps(document))


def dotted(path: Path) -> str:
    """A path as text."""
    return ".".join(str(part) for part in path)


def generalised(path: Path) -> str:
    """A path as text, with `*` for every list index."""
    return dotted(tuple("*" if isinstance(part, int) else part for part in path))


@dataclass(frozen=True)
class Row:
    """Values that a property must not have: `to` one by one, at every match of `path` (dots, `*` for any) in resources of the module `of` whose
    names have `where` in them. `by` are starts of rules' names; `{alarm}` is the rule that watches over the alarm at hand.
    """

    of: str
    path: str
    to: tuple[Any, ...]
    by: str
    where: str = ""
    unless: str = ""
    # Of a property that holds JSON text: the path within it.
    inside: str = ""
    # Whether a value that is not there may be put there.
    new: bool = False

    @property
    def form(self) -> str:
        """The property and the resources that the row is about, with `*` for list indices."""
        within = f" {generalised(parts(self.inside))}" if self.inside else ""
        return f"{self.where}{self.unless and f'!{self.unless}'} {generalised(parts(self.path))}{within}".strip()

    def applies(self, resource: Resource) -> bool:
        """Whether the row speaks of this resource."""
        named = self.where in resource["name"] and not (self.unless and self.unless in resource["name"])
        return named and resource["type"].split(":", 1)[1].rsplit(":", 1)[0] == self.of


# Which rule misses an alarm, by a part of its name; the first that fits counts.
ALARM_RULES = (
    ("dlq_depth", "stack_deny_alarm_dead_letter"),
    ("error_rate", "stack_deny_alarm_error_rate"),
    ("card_data", "stack_deny_alarm_card_data"),
    ("firewall", "stack_deny_alarm_firewall"),
    ("throttle", "stack_deny_alarm_throttles"),
    ("silence", "stack_deny_alarm_provider_silence"),
    ("all_rejected", "stack_deny_alarm_provider_silence"),
    ("rejected", "stack_deny_alarm_rejected"),
    ("incomplete", "stack_deny_alarm_incomplete"),
    ("unknown_event_type", "stack_deny_alarm_unknown_type"),
    ("contradicted", "stack_deny_alarm_contradicted"),
    ("iterator", "stack_deny_alarm_iterator_age"),
    ("archive_behind", "stack_deny_alarm_behind"),
    ("expiry_stopped", "stack_deny_alarm_expiry"),
    ("archive", "stack_deny_alarm_archive"),
    ("4xx", "stack_deny_alarm_refused"),
    ("quiet", "stack_deny_alarm_quiet"),
    ("gateway", "stack_deny_alarm_gateway"),
    ("age", "stack_deny_alarm_queue_age"),
)


def by_alarm(resource: Resource) -> str:
    """The rule that watches over an alarm. Raises LookupError for an alarm that no rule asks for."""
    found = next((rule for part, rule in ALARM_RULES if part in resource["name"]), None)
    if found is None:
        raise LookupError(f"no rule asks for the alarm {resource['name']}: add one to the pack, and it to ALARM_RULES")
    return found


def extra(of: str, path: str, to: tuple[Any, ...], by: str, where: str = "") -> Row:
    """Values where the stack sets none: what a property must not become."""
    return Row(of, path, to, by, where, new=True)


def parts(path: str) -> Path:
    """A dotted path; numbers are indices."""
    return tuple(int(part) if part.isdigit() else part for part in path.split(".")) if path else ()


def of_rows(graph: list[Resource], table: tuple[Row, ...]) -> Iterator[Mutation]:
    """One mutation for each value of each row at each place it fits. A row that fits nowhere is an error: it would prove nothing."""
    for row in table:
        found = False
        for resource in graph:
            if row.applies(resource):
                for mutation in _of_row(resource, row):
                    found = True
                    yield mutation
        if not found:
            raise LookupError(f"no resource of the graph fits {row}")


def _of_row(resource: Resource, row: Row) -> Iterator[Mutation]:
    for path in matches(resource["properties"], parts(row.path)):
        before = at(resource["properties"], path)
        places: list[tuple[Path, Any, Any]] = [((), before, None)]
        if row.inside:
            if not isinstance(before, str):
                continue
            document = json.loads(before)
            places = [(inner, at(document, inner), document) for inner in matches(document, parts(row.inside))]
        for inner, old, document in places:
            for to in row.to:
                if (old is DROP and not row.new) or (to == old and type(to) is type(old)):
                    continue
                if row.inside:
                    put = with_json(resource, path, changed({"d": document}, ("d", *inner), to)["d"])
                else:
                    put = changed(resource, ("properties", *path), to)
                kind = "property dropped" if to is DROP else "property changed"
                value = "" if to is DROP else f" = {json.dumps(to)}"
                by = row.by.replace("{alarm}", by_alarm(resource)) if "{alarm}" in row.by else row.by
                what = f"{short(resource)} {dotted((*path, *inner))}{value}"
                yield Mutation(kind, what, f"{row.form}{value}", rules(by), (put,))
