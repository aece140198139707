"""What a schema expects, in words and with an example."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cursorkit.errors import listed
from cursorkit.schema.formats import FORMATS
from cursorkit.schema.types import Any, List, Map, Object, Scalar

if TYPE_CHECKING:
    from cursorkit.schema.types import Json, Schema

_KINDS = {
    "string": ("a string", "strings"),
    "boolean": ("a boolean", "booleans"),
    "integer": ("a whole number", "whole numbers"),
    "number": ("a number", "numbers"),
    "bytes": ("bytes", "bytes"),
    "raw": ("bytes", "bytes"),
    "null": ("null", "nulls"),
}
"""What one scalar of a type is called, and several."""

_EXAMPLES: dict[str, Json] = {
    "string": "text",
    "boolean": True,
    "integer": 42,
    "number": 2.5,
    "bytes": "AAEC",
    "raw": "AAEC",
    "null": None,
}
_MOST_SHOWN = 60
"""Characters of an example that a sentence can hold."""


def held(schema: Schema) -> str:
    """What a place of the schema holds: `a list of strings`."""
    match schema:
        case Object(name=name):
            return f"a structure ({name})"
        case List(items=items):
            return f"a list of {_several(items)}"
        case Map(values=values):
            return f"a map of {_several(values)}"
        case Scalar(type=kind):
            return _KINDS[kind][0]
        case Any(alternatives=alternatives) if alternatives:
            return " or ".join(dict.fromkeys(map(held, alternatives)))
    return "any JSON value"


def expected(schema: Schema) -> str:
    """That JSON of the schema is expected: `a list of strings is expected, such as ["text"]`."""
    if not isinstance(schema, Scalar):
        kind = held(schema)
    else:
        kind = "a whole number in a string" if schema.quoted else _kind(schema)
    return _sentence(schema, kind, shown(schema))


def expected_text(scalar: Scalar) -> str:
    """That text of the scalar is expected behind `=`: `a whole number is expected, such as 42`."""
    given = example(scalar)
    return _sentence(scalar, _kind(scalar), "" if given is None else str(given))


def shown(schema: Schema) -> str:
    """An example of the schema as JSON; empty where none is known, or none that a sentence can hold."""
    given = example(schema)
    text = "" if given is None else json.dumps(given, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else ""


def example(schema: Schema) -> Json:
    """A small value that fits the schema; None where none is known, such as where a pattern is asked for."""
    given = _example(schema)
    fits = given is not None and all(rule.holds(given) for rule in schema.rules)
    return given if fits else None


def _example(schema: Schema) -> Json:
    match schema:
        case Scalar():
            return _scalar_example(schema)
        case List(items=items):
            inner = _inner_example(items)
            return [] if inner is None else [inner]
        case Map(values=values):
            inner = _inner_example(values)
            return {} if inner is None else {"key": inner}
        case Object():
            return _structure_example(schema)
        case Any(alternatives=alternatives) if alternatives:
            return next((each for each in map(example, alternatives) if each is not None), None)
    return {"key": "text"}


def _scalar_example(scalar: Scalar) -> Json:
    if scalar.enum:
        return scalar.enum[0]
    if scalar.pattern:
        return None
    if scalar.type == "integer":
        number = _within(scalar, 42)
        return str(number) if scalar.quoted else number
    form = FORMATS.get(scalar.format) if scalar.type == "string" else None
    return form.example if form is not None else _EXAMPLES[scalar.type]


def _within(scalar: Scalar, number: int) -> int:
    """The integer nearest to `number` that the scalar takes."""
    if scalar.minimum is not None:
        number = max(number, scalar.minimum)
    return number if scalar.maximum is None else min(number, scalar.maximum)


def _inner_example(schema: Schema) -> Json:
    """An example of an element or an entry; None of lists and maps, so that no example grows."""
    return None if isinstance(schema, List | Map) else example(schema)


def _structure_example(schema: Object) -> Json:
    """The fields that have to be set, or else the first one that holds no more fields."""
    settable = [each for each in schema.fields if not each.refusal]
    required = [each for each in settable if each.required]
    given = {each.wire: _field_example(each.schema) for each in required or settable}
    if required:
        return None if None in given.values() else given
    return dict([(wire, value) for wire, value in given.items() if value is not None][:1])


def _field_example(schema: Schema) -> Json:
    return example(schema) if isinstance(schema, Scalar | Any) else None


def _kind(scalar: Scalar) -> str:
    if scalar.enum:
        return f"one of {listed(scalar.enum)}"
    if scalar.type in {"bytes", "raw"}:
        return "base64"
    if scalar.type == "string" and scalar.format in FORMATS:
        return FORMATS[scalar.format].kind
    return _KINDS[scalar.type][0]


def _sentence(schema: Schema, kind: str, given: str) -> str:
    match schema:
        case Scalar(enum=choices) if choices:
            return f"{kind} is expected"
        case Scalar(type="boolean"):
            return f"{kind} is expected, true or false"
    return f"{kind} is expected, such as {given}" if given else f"{kind} is expected"


def _several(schema: Schema) -> str:
    match schema:
        case Scalar(type=kind):
            return _KINDS[kind][1]
        case Object(name=name):
            return name
        case List(items=items):
            return f"lists of {_several(items)}"
        case Map(values=values):
            return f"maps of {_several(values)}"
        case Any(alternatives=alternatives) if alternatives:
            return " or ".join(dict.fromkeys(map(_several, alternatives)))
    return "JSON values"
