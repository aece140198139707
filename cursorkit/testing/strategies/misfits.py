"""Values that do not fit the place that they are meant for, by the kind of the mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.schema.types import Any, List, Map, Object, Scalar
from cursorkit.testing.strategies.json_values import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cursorkit.schema.types import Schema
    from cursorkit.testing.strategies.spots import Spot


@frozen
class Fault:
    """An argument that is wrong.

    Attributes:
        kind: of what kind the mistake is.
        spot: the place that its path leads to.
        sign: what stands behind the path; nothing in a move.
        values: what may stand behind the sign.
        beyond: names behind that place, which lead nowhere.
    """

    kind: str
    spot: Spot
    sign: str
    values: Sequence[str]
    beyond: tuple[str, ...] = ()


def misfits(spot: Spot) -> Iterator[Fault]:
    """The values that do not fit `spot`: one mistake each."""
    for kind, sign, texts in (*_of_any(spot.schema), *_of_kind(spot.schema)):
        yield Fault(kind, spot, sign, texts)


_Misfit = tuple[str, str, list[str]]
"""The kind of the mistake, the sign, and what may stand behind it."""

_HALF_TEXT, _HALF_JSON = "a\udcff", r'"\ud800"'
"""Half a character: as the word of a command line holds it, and as JSON does."""


def _of_any(schema: Schema) -> Iterator[_Misfit]:
    yield "empty-value", "@=", [""]
    yield "unreadable-file", "@=", ["nosuch", "/"]
    yield "not-json", ":=", ["", "{", "nul", "[1,]", "'a'", "NaN", "1 2", '{"a"}']
    yield "duplicate-key", ":=", ['{"a":1,"a":1}', '[{"":{},"b":[],"":{}}]']
    if schema == Any():
        yield "limit", ":=", ["[" * 66 + "]" * 66, '{"a":' * 65 + "1" + "}" * 65]
        yield "not-unicode", "=", [_HALF_TEXT]
        yield "not-unicode", ":=", [_HALF_JSON, f"[{_HALF_JSON}]", f"{{{_HALF_JSON}:1}}"]


def _of_kind(schema: Schema) -> Iterator[_Misfit]:
    match schema:
        case Object():
            yield from _of_object(schema)
        case List(items=items):
            yield "wrong-type", ":=", ["{}", "1", '"x"', *([] if isinstance(items, Any) else ["[null]"])]
            if not isinstance(items, Scalar | Any):
                yield "no-text", "=", ["x", ""]
        case Map(values=inner):
            yield "wrong-type", ":=", ["[]", "true", '"k=v"']
            if isinstance(inner, Scalar | Any):
                yield "missing-key", "=", ["x", ""]
            else:
                yield "no-text", "=", ["x", "k=v"]
        case Any(alternatives=alternatives) if alternatives and not any(map(_takes_text, alternatives)):
            yield "no-text", "=", ["x", ""]
        case Scalar():
            yield from _of_scalar(schema)


def _takes_text(schema: Schema) -> bool:
    if isinstance(schema, Scalar):
        return schema.quoted or schema.type in {"string", "bytes", "raw"} or bool(schema.format)
    return isinstance(schema, Any)


def _of_object(schema: Object) -> Iterator[_Misfit]:
    yield "wrong-type", ":=", ["[]", "1", '"x"']
    yield "no-text", "=", ["x", "", "{}"]
    if schema.at("nosuch") is None:
        yield "unknown-field", ":=", ['{"nosuch":1}']
    refused = [each.wire for each in schema.fields if each.refusal]
    if refused:
        yield "response-only", ":=", [f'{{"{wire}":1}}' for wire in refused]


def _of_scalar(scalar: Scalar) -> Iterator[_Misfit]:
    match scalar.type:
        case "boolean":
            yield "wrong-type", "=", ["True", "1", "", "null"]
            yield "wrong-type", ":=", ['"true"', "1", "[]"]
        case "integer":
            yield "wrong-type", "=", ["x", "1.0", "", "1e3", "-", "0x1", "١"]
            yield "wrong-type", ":=", ["true", "1.0", "1" if scalar.quoted else '"1"', "{}"]
            yield from _out_of_range(scalar)
        case "number":
            yield "wrong-type", "=", ["x", "1,5", "", "nan", "1e", "."]
            yield "wrong-type", ":=", ["true", '"x"', "[]"]
            yield "out-of-range", "=", ["1e999", "-1e999"]
            yield "out-of-range", ":=", ["1e999"]
        case "bytes" | "raw":
            yield "wrong-type", ":=", ["1", "[]"]
            yield "bad-format", ":=", ['"?"', '"A"']
        case "string":
            yield "wrong-type", ":=", ["1", "false", "[]"]
            yield "not-unicode", "=", [_HALF_TEXT]
            yield "not-unicode", ":=", [_HALF_JSON]
            yield from _of_no_format(scalar)
    if scalar.type == "bytes":
        yield "bad-format", "=", ["?", "A"]


def _out_of_range(scalar: Scalar) -> Iterator[_Misfit]:
    low, high = BOUNDS.get(scalar.format, (scalar.minimum, scalar.maximum))
    outside = [*([] if low is None else [str(low - 1)]), *([] if high is None else [str(high + 1)])]
    if outside:
        yield "out-of-range", "=", outside
        yield "out-of-range", ":=", [f'"{number}"' if scalar.quoted else number for number in outside]


_NO_FORMAT = {
    **dict.fromkeys(("date-time", "google-datetime", "date", "google-duration", "google-fieldmask"), "?"),
    **dict.fromkeys(("path", "segment"), "a//b"),
    **dict.fromkeys(("header", "token"), "a\x07b"),
}


def _of_no_format(scalar: Scalar) -> Iterator[_Misfit]:
    if scalar.enum:
        if "nosuch" not in {*scalar.enum, *dict(scalar.synonyms)}:
            yield "not-in-enum", "=", ["nosuch"]
            yield "not-in-enum", ":=", ['"nosuch"']
    elif scalar.format in _NO_FORMAT:
        yield "bad-format", "=", [_NO_FORMAT[scalar.format]]
    elif scalar.pattern:
        others = [text for text in ("?", " ", "a//b", "~~~") if not re.search(scalar.pattern, text)]
        if others:
            yield "bad-format", "=", others
