"""What is expected, in words, and an example that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.schema.admit import fits
from cursorkit.schema.expected import example, expected, expected_text, held, shown
from cursorkit.schema.formats import FORMATS
from cursorkit.schema.scalars import read
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema


def structure(*fields: Field) -> Object:
    return Object("Spec", lambda: fields)


def field(name: str, schema: Schema, *, required: bool = False, refusal: str = "") -> Field:
    return Field(name, name, name, schema, required=required, refusal=refusal)


def needed(name: str, schema: Schema) -> Field:
    return field(name, schema, required=True)


STRING = Scalar("string")
INTEGER = Scalar("integer")
LONG = Scalar("string", enum=tuple(f"VALUE_{n}" for n in range(99)))
SPEC = structure(field("next", List(STRING)), field("name", STRING), field("size", INTEGER))
OWNED = structure(field("owner", STRING, refusal="no"), field("size", INTEGER))
NEEDED = structure(field("next", STRING), needed("size", INTEGER), needed("name", STRING))
BY_PATTERN = Scalar("string", pattern="^[a-z]+$")


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (STRING, 'a string is expected, such as "text"'),
        (Scalar("boolean"), "a boolean is expected, true or false"),
        (Scalar("integer", minimum=100), "a whole number is expected, such as 100"),
        (Scalar("integer", maximum=-1), "a whole number is expected, such as -1"),
        (Scalar("integer", "int64", quoted=True), 'a whole number in a string is expected, such as "42"'),
        (Scalar("number"), "a number is expected, such as 2.5"),
        (Scalar("bytes"), 'base64 is expected, such as "AAEC"'),
        (Scalar("string", "google-duration"), 'a duration in seconds is expected, such as "1.5s"'),
        (Scalar("string", "unheard-of"), 'a string is expected, such as "text"'),
        (Scalar("string", enum=("ON", "OFF")), "one of ON, OFF is expected"),
        (BY_PATTERN, "a string is expected"),
        (List(STRING), 'a list of strings is expected, such as ["text"]'),
        (List(BY_PATTERN), "a list of strings is expected, such as []"),
        (List(List(INTEGER)), "a list of lists of whole numbers is expected, such as []"),
        (List(SPEC), 'a list of Spec is expected, such as [{"name": "text"}]'),
        (List(Map(INTEGER)), "a list of maps of whole numbers is expected, such as []"),
        (List(Any((STRING, INTEGER))), 'a list of strings or whole numbers is expected, such as ["text"]'),
        (Map(Scalar("boolean")), 'a map of booleans is expected, such as {"key": true}'),
        (Map(Any()), 'a map of JSON values is expected, such as {"key": {"key": "text"}}'),
        (SPEC, 'a structure (Spec) is expected, such as {"name": "text"}'),
        (structure(), "a structure (Spec) is expected, such as {}"),
        (OWNED, 'a structure (Spec) is expected, such as {"size": 42}'),
        (NEEDED, 'a structure (Spec) is expected, such as {"size": 42, "name": "text"}'),
        (structure(needed("a", BY_PATTERN)), "a structure (Spec) is expected"),
        (structure(*(needed(f"field{n}", STRING) for n in range(9))), "a structure (Spec) is expected"),
        (Any(), 'any JSON value is expected, such as {"key": "text"}'),
        (Any((INTEGER, List(INTEGER))), "a whole number or a list of whole numbers is expected, such as 42"),
        (Any((BY_PATTERN, INTEGER)), "a string or a whole number is expected, such as 42"),
        (Any((BY_PATTERN,)), "a string is expected"),
    ],
)  # fmt: skip
def test_json(schema: Schema, told: str) -> None:
    assert expected(schema) == told


@pytest.mark.parametrize(
    ("scalar", "told"),
    [
        (Scalar("string", "date"), "a date is expected, such as 2026-01-31"),
        (Scalar("integer", "int64", quoted=True), "a whole number is expected, such as 42"),
        (Scalar("raw"), "base64 is expected, such as AAEC"),
        (Scalar("boolean"), "a boolean is expected, true or false"),
        (BY_PATTERN, "a string is expected"),
    ],
)
def test_text(scalar: Scalar, told: str) -> None:
    assert expected_text(scalar) == told


def test_a_choice_of_very_many_is_cut() -> None:
    assert expected(LONG).startswith("one of VALUE_0, VALUE_1, ")
    assert expected(LONG).endswith(", … (99 in all) is expected")
    assert len(expected(LONG)) < 140


def test_what_places_hold() -> None:
    assert held(Scalar("raw")) == "bytes"
    assert held(Map(List(STRING))) == "a map of lists of strings"
    assert held(Any((STRING, STRING))) == "a string"


SCALARS = st.builds(
    Scalar,
    st.sampled_from(["boolean", "number", "bytes", "raw"]),
) | st.one_of(
    st.builds(
        Scalar, st.just("string"), st.sampled_from(["", *FORMATS]), pattern=st.sampled_from(["", "^a$"])
    ),
    st.builds(Scalar, st.just("string"), enum=st.sampled_from([(), ("A", "B")])),
    st.builds(
        Scalar,
        st.just("integer"),
        st.sampled_from(["int32", "uint32", "int64", "uint64", ""]),
        quoted=st.booleans(),
        minimum=st.none() | st.integers(0, 50),
        maximum=st.none() | st.integers(50, 99),
    ),
)
SCHEMAS = st.recursive(
    SCALARS | st.just(Any()),
    lambda inner: (
        st.builds(List, inner)
        | st.builds(Map, inner)
        | st.builds(lambda alternatives: Any(tuple(alternatives)), st.lists(inner, min_size=1, max_size=3))
        | st.lists(st.tuples(inner, st.booleans()), max_size=3).map(
            lambda fields: structure(*(field(f"f{n}", s, required=r) for n, (s, r) in enumerate(fields)))
        )
    ),
    max_leaves=5,
)


@given(SCHEMAS)
def test_every_example_is_right(schema: Schema) -> None:
    given = example(schema)
    assert given is None or fits(schema, given)
    assert len(shown(schema)) <= 60
    assert "is expected" in expected(schema)


@given(SCALARS)
def test_every_example_is_right_as_text(scalar: Scalar) -> None:
    given = example(scalar)
    if given is not None and scalar.type != "boolean":
        read(scalar, str(given))
