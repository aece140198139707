"""The keywords of JSON Schema that ask something of a value itself: the vocabulary for validation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Final, cast

from cursorkit.schema.patterns import compiled
from cursorkit.schema.types import Rule

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cursorkit.errors import Kind
    from cursorkit.schema.json_document import Node
    from cursorkit.schema.types import Json

Check = Callable[..., bool]
"""Whether a value obeys."""

Assertion = tuple[Check, Callable[["Node"], Rule]]
"""Which values a keyword speaks of, and what it asks of those."""

SCHEMA: Final = "against-schema"
"""The kind of the errors that only JSON Schema knows."""

_MOST_TOLD = 12


def is_anything(_value: object) -> bool:
    """Every value."""
    return True


def is_number(value: object) -> bool:
    """Numbers, of which true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: object) -> bool:
    """Strings."""
    return isinstance(value, str)


def is_list(value: object) -> bool:
    """Lists."""
    return isinstance(value, list | tuple)


def is_structure(value: object) -> bool:
    """Structures."""
    return isinstance(value, Mapping)


TYPES: dict[str, Check] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: is_number(value) and value % 1 == 0,
    "number": is_number,
    "string": is_text,
    "array": is_list,
    "object": is_structure,
}


def _type(node: Node) -> Rule:
    names = node.texts("type")
    if not names or not TYPES.keys() >= set(names):
        raise node.fault(f"a type is expected, one of {', '.join(TYPES)}", "type")
    types = [TYPES[name] for name in names]
    return Rule(
        "wrong-type", f"{' or '.join(names)} is expected", lambda value: any(each(value) for each in types)
    )


def _enum(node: Node) -> Rule:
    return _one_of(node, "enum", node.values("enum"))


def _const(node: Node) -> Rule:
    return _one_of(node, "const", [node.value("const")])


def _one_of(node: Node, keyword: str, values: Sequence[object]) -> Rule:
    try:
        known = frozenset(map(_canonical, values))
        told = ", ".join(json.dumps(value) for value in values[:_MOST_TOLD])
    except (RecursionError, TypeError, ValueError):
        raise node.fault("JSON values are expected", keyword) from None
    more = ", …" if len(values) > _MOST_TOLD else ""
    message = f"the value is none of {told}{more}"
    choices = tuple(cast("Sequence[Json]", values))
    return Rule("not-in-enum", message, lambda value: _canonical(value) in known, choices)


def _canonical(value: object) -> Hashable:
    """What is equal for equal JSON values, and for no others: 1 is 1.0, and neither is true."""
    match value:
        case bool():
            return ("boolean", value)
        case list() | tuple():
            return ("list", *map(_canonical, value))
        case Mapping():
            return frozenset((key, _canonical(item)) for key, item in value.items())
    return value


def _bound(keyword: str, words: str, holds: Callable[[float, float], bool]) -> Assertion:
    def make(node: Node) -> Rule:
        bound = node.number(keyword)
        return Rule("out-of-range", f"the number must be {words} {bound}", lambda value: holds(value, bound))

    return is_number, make


def _multiple(node: Node) -> Rule:
    factor = node.number("multipleOf")
    if factor <= 0:
        raise node.fault("a number above 0 is expected", "multipleOf")
    exact = _fraction(factor)
    return Rule(
        "out-of-range",
        f"the number must be a multiple of {factor}",
        lambda value: _fraction(value) % exact == 0,
    )


def _fraction(number: float) -> Fraction:
    # By the digits that JSON shows: 0.3 is three times 0.1, though it is not so of the floats.
    return Fraction(number) if isinstance(number, int) else Fraction(str(number))


def _pattern(node: Node) -> Rule:
    pattern = node.text("pattern")
    return Rule("bad-format", f"the value must match {pattern}", expression(node, pattern, "pattern"))


def expression(node: Node, pattern: str, *keys: str) -> Check:
    """Whether a text matches a regular expression of `node`, found at `keys`, anywhere in it.

    Raises:
        SchemaError: Python takes it for none.
    """
    try:
        found = compiled(pattern).search
    except (re.error, OverflowError, RecursionError) as error:
        raise node.fault(f"this is no regular expression that Python knows: {error}", *keys) from None
    return lambda text: found(text) is not None


def _sized(keyword: str, of: Check, unit: str, kind: Kind = SCHEMA) -> Assertion:
    least = keyword.startswith("min")

    def make(node: Node) -> Rule:
        bound = node.count(keyword)
        return Rule(
            kind,
            f"at {'least' if least else 'most'} {bound} {unit}{'' if bound == 1 else 's'} must be there",
            lambda value: len(value) >= bound if least else len(value) <= bound,
        )

    return of, make


def _unique(node: Node) -> Rule:
    wanted = node.flag("uniqueItems")
    return Rule(
        SCHEMA,
        "no two elements may be equal",
        lambda value: not wanted or len(set(map(_canonical, value))) == len(value),
    )


def _required(node: Node) -> Rule:
    names = node.texts("required")
    return Rule("missing-field", f"these fields are needed: {', '.join(names)}", having(names))


def having(names: Sequence[str]) -> Check:
    """Whether a structure has all these fields."""
    return lambda value: all(name in value for name in names)


ASSERTIONS: dict[str, Assertion] = {
    "type": (is_anything, _type),
    "enum": (is_anything, _enum),
    "const": (is_anything, _const),
    "minimum": _bound("minimum", "at least", ge),
    "maximum": _bound("maximum", "at most", le),
    "exclusiveMinimum": _bound("exclusiveMinimum", "more than", gt),
    "exclusiveMaximum": _bound("exclusiveMaximum", "less than", lt),
    "multipleOf": (is_number, _multiple),
    "pattern": (is_text, _pattern),
    "minLength": _sized("minLength", is_text, "character", "bad-format"),
    "maxLength": _sized("maxLength", is_text, "character", "bad-format"),
    "minItems": _sized("minItems", is_list, "element"),
    "maxItems": _sized("maxItems", is_list, "element"),
    "uniqueItems": (is_list, _unique),
    "required": (is_structure, _required),
    "minProperties": _sized("minProperties", is_structure, "field"),
    "maxProperties": _sized("maxProperties", is_structure, "field"),
}
