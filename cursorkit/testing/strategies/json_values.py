"""Values of schemas, as the JSON that a body holds."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.schema.admit import fits
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.scalars import admit
from cursorkit.schema.types import Any, List, Map, Scalar, choices, known
from cursorkit.testing.strategies.chance import RARELY

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from cursorkit.schema.types import Field, Json, Object, Schema

_DEEPEST = 4
"""Levels of a value below which no further ones are drawn, unless the schema has nothing else."""

CHARACTERS = st.characters(codec="utf-8")
"""All but halves of characters, which are no text."""

_TEMPTING = [
    "",
    " a",
    "a ",
    "a\n",
    "=",
    "a=b",
    "@a",
    ":=1",
    ".",
    "..",
    "+",
    "0",
    "null",
    "true",
    "1e3",
    "-",
    "--a",
]
_TEMPTING += ["'", '"a"', "$a", "a\\n", "{}", "[1]", "a,b", "é", "日本", "A"]
"""Texts that a program may be tempted to take for more than they are."""

TEXT = st.sampled_from(_TEMPTING) | st.text(CHARACTERS, max_size=6)

_KEYS = st.sampled_from(["a", "b", "0", "+", "a.b", "a=b", "k:", "", "name", "contentType"]) | TEXT

_ANYTHING: SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


def values(schema: Schema) -> SearchStrategy[Json]:
    """Values that `schema` takes, as JSON: by wire name, with base64 where raw bytes go.

    What its rules ask of a value beyond its kind is found by trying, and may be too much for hypothesis.
    """
    return _values(known(schema), 0)


def obeys(schema: Schema, value: Json) -> bool:
    """Whether `value`, which is of the kind that `schema` takes, keeps its rules."""
    return all(rule.holds(value) for rule in schema.rules)


def _values(schema: Schema, depth: int) -> SearchStrategy[Json]:
    if left := choices(schema):
        return st.sampled_from(left).filter(partial(fits, schema))
    drawn = _of_kind(schema, depth)
    return drawn.filter(partial(obeys, schema)) if schema.rules else drawn


def _of_kind(schema: Schema, depth: int) -> SearchStrategy[Json]:
    most = 3 if depth < _DEEPEST else 0
    match schema:
        case Scalar():
            return _scalars(schema)
        case Any(alternatives=()):
            return _ANYTHING
        case Any(alternatives=alternatives):
            return st.one_of([_values(each, depth) for each in alternatives])
        case List(items=items):
            return st.lists(st.deferred(lambda: _values(items, depth + 1)), max_size=most)
        case Map(values=inner, nullable=nullable):
            entries = st.deferred(lambda: _values(inner, depth + 1))
            return st.dictionaries(_KEYS, _nullable(entries, nullable=nullable), max_size=most)
    return _structures(schema, depth)


def _structures(schema: Object, depth: int) -> SearchStrategy[Json]:
    settable = [each for each in schema.fields if not each.refusal]
    return st.fixed_dictionaries(
        {each.wire: _of_field(each, depth) for each in settable if each.required},
        optional={
            each.wire: _of_field(each, depth) for each in settable if not each.required and depth < _DEEPEST
        },
    )


def _of_field(field: Field, depth: int) -> SearchStrategy[Json]:
    return _nullable(st.deferred(lambda: _values(field.schema, depth + 1)), nullable=field.nullable)


def _nullable(inner: SearchStrategy[Json], *, nullable: bool) -> SearchStrategy[Json]:
    return RARELY.flatmap(lambda null: st.none() if null else inner) if nullable else inner


# --- scalars ---------------------------------------------------------------------------------------------


def _scalars(scalar: Scalar) -> SearchStrategy[Json]:
    match scalar:
        case Scalar(type="null"):
            return st.none()
        case Scalar(type="boolean"):
            return st.booleans()
        case Scalar(type="integer"):
            integers = st.integers(*_bounds(scalar))
            return integers.map(str) if scalar.quoted else integers
        case Scalar(type="number"):
            return _numbers(scalar)
        case Scalar(type="raw"):
            return st.binary(max_size=6).map(lambda octets: b64encode(octets).decode())
        case Scalar(type="bytes"):
            alphabets = st.sampled_from([b64encode, urlsafe_b64encode])
            return st.builds(lambda encode, octets: encode(octets).decode(), alphabets, st.binary(max_size=6))
    return _strings(scalar)


BOUNDS: dict[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


def _bounds(scalar: Scalar) -> tuple[int | None, int | None]:
    return BOUNDS.get(scalar.format, (scalar.minimum, scalar.maximum))


def _numbers(scalar: Scalar) -> SearchStrategy[Json]:
    numbers: SearchStrategy[Json] = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
    if scalar.format in {"float", "double"}:
        return numbers | st.sampled_from(["NaN", "Infinity", "-Infinity"])
    return numbers


_FORMATS: dict[str, SearchStrategy[str]] = {
    "date-time": st.datetimes().map(lambda time: f"{time.isoformat()}Z"),
    "google-datetime": st.datetimes().map(lambda time: f"{time.isoformat()}+01:30"),
    "date": st.dates().map(str),
    "google-duration": st.from_regex(r"-?[0-9]{1,5}(\.[0-9]{1,9})?s", fullmatch=True),
    "google-fieldmask": st.from_regex("[a-z]{1,3}([.,][a-z]{1,3}){0,2}", fullmatch=True),
    "header": st.from_regex("[!-~]([ -~]{0,4}[!-~])?", fullmatch=True),
    "token": st.from_regex("[!-~]([ -~]{0,4}[!-~])?", fullmatch=True),
    "path": st.from_regex("[a-z=@:]{1,3}(/[a-z=@:]{1,3}){0,2}", fullmatch=True),
    "segment": st.from_regex("[a-z=@:]{1,5}", fullmatch=True),
}


def _strings(scalar: Scalar) -> SearchStrategy[Json]:
    if scalar.enum:
        return _checked(scalar, st.sampled_from(scalar.enum), scalar.pattern or scalar.format in _FORMATS)
    if scalar.pattern:
        # Documents mean the very end by their last "$"; Python lets a newline follow.
        pattern = re.sub(r"(?<!\\)\$\Z", r"\\Z", scalar.pattern)
        return _checked(scalar, st.from_regex(pattern, alphabet=CHARACTERS), scalar.format in _FORMATS)
    return _FORMATS.get(scalar.format, TEXT)


def _checked(scalar: Scalar, strings: SearchStrategy[str], twice: object) -> SearchStrategy[str]:
    """The strings of them that pass every check, where `scalar` has more than the one they are made for."""
    return strings.filter(_passing(scalar)) if twice else strings


def _passing(scalar: Scalar) -> Callable[[str], bool]:
    def passes(text: str) -> bool:
        try:
            admit(scalar, text)
        except Mismatch:
            return False
        return True

    return passes
