"""Makes functions of a template that airspeed has parsed, because airspeed walks through its tree for
each request: that took a fifth of what a webhook cost the emulator.

Each function does what the method of its element does in airspeed 0.6.9 (`airspeed/operators.py`).
`program` knows the elements that mapping templates are made of; for a template with any other it has
none, and airspeed renders it. `tests/velocity` compares what comes out with the real engine.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import airspeed
from airspeed import operators as elements

# The variables. airspeed has a dictionary of its own for each turn of a `#foreach`; here there is one,
# and what a turn adds is taken out after it.
Names = dict[str, Any]
Value = Callable[[Names], Any]
Writer = Callable[[list[str], Names], None]
# A name or a call behind a dot: of an object, with the variables for the call's parameters.
Part = Callable[[Any, Names], Any]


GIVEN = ("input", "util", "context", "stageVariables")
LOOP = ("velocityCount", "velocityHasNext", "foreach")
LOOP_IS_READ = re.compile(r"\$!?\{?foreach\b")


class NotKnownError(Exception):
    """A template has an element that is left to airspeed."""


def program(template: airspeed.Template) -> Callable[[Names], str] | None:
    """A function that renders the template with the given variables as `template.merge` does, and may
    add to them; None where the template has an element that is not known here.

    Where the function raises an error, `template.merge` raises one too, and says where.
    """
    body = elements.TemplateBody(template.filename, template.content)
    try:
        write = _block(body.block)
    except NotKnownError:
        return None

    def render(names: Names) -> str:
        out: list[str] = []
        write(out, names)
        return "".join(out)

    return render


def _block(block: Any) -> Writer:
    writers = [_writer(child) for child in block.children if not isinstance(child, elements.Comment)]

    def write(out: list[str], names: Names) -> None:
        for writer in writers:
            writer(out, names)

    return writers[0] if len(writers) == 1 else write


def _writer(element: Any) -> Writer:
    make = WRITERS.get(type(element))
    if make is None:
        raise NotKnownError(type(element).__name__)
    return make(element)


def _text(element: Any) -> Writer:
    text = element.text
    return lambda out, _: out.append(text)


def _reference(element: Any) -> Writer:
    if element.expression is None or element.alternate is not None:
        raise NotKnownError("a reference that is no variable, or has another value")
    value_of = _variable(element.expression)

    def write(out: list[str], names: Names) -> None:
        value = value_of(names)
        if isinstance(value, str):
            out.append(element.my_text() if value == elements.REPLACE_FORMAL_TEXT else value)
        elif value is not None:
            out.append(elements.value_to_string(value))

    return write


def _if(element: Any) -> Writer:
    branches = [(_condition(each.condition), _block(each.block)) for each in (element, *element.elseifs)]
    # `ElseBlock.evaluate` is the method of its block.
    has_else = isinstance(element.else_block, elements.ElseBlock)
    otherwise = _block(element.else_block.block) if has_else else None

    def write(out: list[str], names: Names) -> None:
        for holds, write_branch in branches:
            if holds(names):
                return write_branch(out, names)
        return otherwise(out, names) if otherwise else None

    return write


def _condition(element: Any) -> Value:
    value_of = _value(element.expression)

    def holds(names: Names) -> bool:
        value = value_of(names)
        return value is None or bool(value)

    return holds


def _set(element: Any) -> Writer:
    assignment = element.assignment
    root, value_of = assignment.root_term, _expression(assignment.value)
    terms = [term.term for term in assignment.terms]
    if not all(isinstance(term, elements.DotDictAccessTerm) for term in terms):
        raise NotKnownError("a term in brackets")
    if not terms and root in GIVEN:
        # In a `#foreach` airspeed forgets it after the turn.
        raise NotKnownError("another value of what is given")
    path = [term.value for term in terms]

    def write(_: list[str], names: Names) -> None:
        value = value_of(names)
        if not path:
            names[root] = value
            return
        inner = names[root]
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value

    return write


def _foreach(element: Any) -> Writer:
    items_of, write_block, variable = _value(element.value), _block(element.block), element.loop_var_name
    text = element.my_text()
    counts, tells = "velocity" in text, LOOP_IS_READ.search(text) is not None

    def write(out: list[str], names: Names) -> None:
        items = items_of(names)
        if items is None:
            return
        if hasattr(items, "keys"):
            items = items.keys()
        length, before = len(items), dict(names)
        for index, item in enumerate(items):
            count, more = index + 1, index + 1 < length
            names[variable] = item
            # What the block does not read is not made.
            if counts:
                names["velocityCount"] = count
                names["velocityHasNext"] = more
            if tells:
                names["foreach"] = {
                    "count": count, "index": index, "hasNext": more, "first": index == 0, "last": not more
                }  # fmt: skip
            write_block(out, names)
            for name in names.keys() - before.keys():
                del names[name]
        for name in (*LOOP, variable):
            if name in before:
                names[name] = before[name]

    return write


def _value(element: Any) -> Value:
    make = VALUES.get(type(element))
    if make is None:
        raise NotKnownError(type(element).__name__)
    return make(element)


@dataclass(frozen=True)
class Constant:
    """A value that no variable changes."""

    value: Any

    def __call__(self, _: Names) -> Any:
        """The value."""
        return self.value


def _constant(element: Any) -> Value:
    return Constant(element.calculate(None, None))


def _interpolated(element: Any) -> Value:
    if all(isinstance(child, elements.Text) for child in element.block.children):
        return Constant("".join(child.text for child in element.block.children))
    write = _block(element.block)

    def value(names: Names) -> str:
        out: list[str] = []
        write(out, names)
        return "".join(out)

    return value


def _formal(element: Any) -> Value:
    if element.expression is None:
        raise NotKnownError("a reference that is no variable")
    return _variable(element.expression)


def _array(element: Any) -> Value:
    if not isinstance(element.values, elements.ValueList):
        raise NotKnownError("a range, or an empty list")
    return _list(element.values)


def _list(element: Any) -> Callable[[Names], list[Any]]:
    values = [_value(value) for value in element.values]
    constants = [value.value for value in values if isinstance(value, Constant)]
    if len(constants) == len(values):
        # A new one each time: a template may add to it.
        return lambda _: list(constants)
    return lambda names: [value(names) for value in values]


def _expression(element: Any) -> Value:
    """Values with operators between them, by the operators' precedence."""
    values, operators = [_value(element.expression[0])], []
    for operator, value in zip(element.expression[1::2], element.expression[2::2], strict=True):
        while operators and not operator.greater_precedence_than(operators[-1]):
            _join(values, operators.pop())
        operators.append(operator)
        values.append(_value(value))
    while operators:
        _join(values, operators.pop())
    return values[0]


def _join(values: list[Value], operator: Any) -> None:
    """Puts one value in place of the last two."""
    right, left, apply_to = values.pop(), values.pop(), operator.apply_to

    def value(names: Names) -> Any:
        # As there: the right side first, and both in any case.
        found = right(names)
        return apply_to(left(names), found)

    values.append(value)


def _variable(element: Any) -> Value:
    """The value of a variable, and of what is behind its dots."""
    part = element.part
    if part.parameters is not None or part.index is not None:
        raise NotKnownError("a call of a variable, or an index")
    name, behind = part.name, _behind(element.subexpression)

    def value(names: Names) -> Any:
        found = names.get(name)
        return found if behind is None else behind(found, names)

    return value


def _behind(element: Any) -> Part | None:
    if element is None:
        return None
    if not isinstance(element.expression, elements.VariableExpression):
        raise NotKnownError("an index")
    part, behind = _part(element.expression.part), _behind(element.expression.subexpression)
    if behind is None:
        return part
    return lambda found, names: behind(part(found, names), names)


def _part(element: Any) -> Part:
    if element.index is not None:
        raise NotKnownError("an index")
    name, call = element.name, element.parameters is not None
    has_parameters = call and isinstance(element.parameters.values, elements.ValueList)
    parameters = _list(element.parameters.values) if has_parameters else None

    def value(of: Any, names: Names) -> Any:
        found = _member(of, name)
        if call and found is not None:
            return found(*parameters(names)) if parameters else found()
        return found

    return value


def _member(of: Any, name: str) -> Any:
    """What stands under a name: an entry, else an attribute, else one of Java's methods."""
    found = None
    # A text has no entry with a name, nor has what has no entries.
    if not isinstance(of, str) and hasattr(of, "__getitem__"):
        try:
            found = of[name]
        except (KeyError, TypeError, AttributeError):
            found = None
    if found is None:
        found = getattr(of, name, None)
    if found is None:
        method = elements.__additional_methods__.get(type(of), {}).get(name)
        if method is not None:
            return lambda *arguments: method(of, *arguments)
    return found


WRITERS: dict[type, Callable[[Any], Writer]] = {
    elements.Text: _text,
    elements.FallthroughHashText: _text,
    elements.FormalReference: _reference,
    elements.IfDirective: _if,
    elements.SetDirective: _set,
    elements.ForeachDirective: _foreach,
}
VALUES: dict[type, Callable[[Any], Value]] = {
    elements.Value: lambda element: _value(element.expression),
    elements.FormalReference: _formal,
    elements.NullLiteral: _constant,
    elements.IntegerLiteral: _constant,
    elements.FloatingPointLiteral: _constant,
    elements.BooleanLiteral: _constant,
    elements.StringLiteral: _constant,
    elements.InterpolatedStringLiteral: _interpolated,
    elements.ArrayLiteral: _array,
    # Its method is the one of the expression in it, which it does not keep otherwise.
    elements.ParenthesizedExpression: lambda element: _expression(element.calculate.__self__),
}
