"""What holds for the way back from every value."""

from __future__ import annotations

import json
import shlex
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, build, edit, parse, shell_line, to_arguments
from cursorkit.body.fold import steps
from cursorkit.errors import shortened
from cursorkit.language.ast import Assignment, KeyMove, Move, Name
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.names import cli_name
from cursorkit.schema.types import Any as Anything
from cursorkit.schema.types import Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Json, Schema

AWKWARD = [
    "",
    "a",
    "a.b",
    "a=b",
    "0",
    "+",
    "00",
    "k:",
    "k@",
    "k/",
    ":",
    "/",
    "a b",
    "a'b\\",
    "\0",
    "é",
    "-1",
    "x\ny",
]
TEXT = st.sampled_from([*AWKWARD, "null", "true", "{}"]) | st.text(st.characters(codec="utf-8"), max_size=6)
KEYS = st.sampled_from(AWKWARD) | st.text(st.characters(codec="utf-8"), max_size=3)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 100.0, 0.05, 5e-324])
ANYTHING: SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
INT32, INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
BASE64 = st.binary(max_size=5).map(lambda octets: b64encode(octets).decode())
Typed = tuple["Schema", "SearchStrategy[Any]"]
"""A schema, and its values."""

SCALARS: list[Typed] = [
    (Scalar("string"), TEXT),
    (Scalar("string", enum=("ON", "", "a=b")), st.sampled_from(["ON", "", "a=b"])),
    (Scalar("string", synonyms=(("a", "b"), ("longer", "a"))), st.sampled_from(["a", "b", "longer"])),
    (Scalar("string", "google-duration"), st.integers(0, 99).map("{}.5s".format)),
    (Scalar("boolean"), st.booleans()),
    (Scalar("integer", "int32"), INT32),
    (Scalar("integer", "int64", quoted=True), INT64.map(str) | INT64.map("{:+024d}".format)),
    (Scalar("number", "double"), FLOATS | st.integers() | st.sampled_from(["NaN", "Infinity"])),
    (Scalar("bytes"), BASE64),
    (Scalar("raw"), BASE64),
    (Anything(), ANYTHING),
    (Anything((Scalar("integer"), Scalar("string"), List(Scalar("boolean")))), st.integers() | TEXT),
]
WIRES = [
    "name",
    "contentType",
    "content-type",
    "fooBar",
    "foo-bar",
    "x:",
    "y@",
    "z/",
    "a.b",
    "c=d",
    "0",
    "+",
    "",
    "é",
]


@st.composite
def typed(draw: DrawFn, depth: int = 3) -> Typed:
    kind = draw(st.sampled_from(["scalar", "list", "map", "object", "object"] if depth else ["scalar"]))
    if kind == "scalar":
        return SCALARS[draw(st.integers(0, len(SCALARS) - 1))]
    if kind == "object":
        wires = draw(st.lists(st.sampled_from(WIRES), max_size=5, unique=True))
        return structure({wire: draw(typed(depth - 1)) for wire in wires})
    schema, values = draw(typed(depth - 1))
    if kind == "list":
        return List(schema), st.lists(values, max_size=4)
    return Map(schema), st.dictionaries(KEYS, values | st.none(), max_size=4)


def structure(parts: dict[str, Typed]) -> Typed:
    fields = [Field(cli_name(wire), wire, f"p{at}", parts[wire][0]) for at, wire in enumerate(parts)]
    values = {wire: values | st.none() for wire, (_, values) in parts.items()}
    return Object("Node", lambda: fields), st.fixed_dictionaries({}, optional=values)


@st.composite
def printable(draw: DrawFn) -> tuple[Schema, Json]:
    schema, values = draw(typed())
    return schema, draw(values)


@settings(max_examples=300)
@given(printable())
def test_the_arguments_build_the_value_to_the_letter(case: tuple[Schema, Json]) -> None:
    schema, value = case
    arguments = to_arguments(value, schema)
    assert json.dumps(build(schema, arguments).value) == json.dumps(value)
    assert to_arguments(value, schema) == arguments


@settings(max_examples=150)
@given(printable())
def test_the_arguments_are_in_normal_form(case: tuple[Schema, Json]) -> None:
    schema, value = case
    arguments = to_arguments(value, schema)
    program = parse(arguments)
    moved = False
    for argument, statement in zip(arguments, program.statements, strict=True):
        assert "\0" not in argument
        assert not (moved and argument.startswith("."))
        assert all(isinstance(step, Name) for step in statement.path.steps[1:])
        assert not isinstance(statement, Assignment) or statement.operator != "@="
        moved = isinstance(statement, Move | KeyMove)
    assert not moved
    origins = list(build(schema, arguments).origins.values())
    assert origins == sorted(origins)


@settings(max_examples=150)
@given(printable())
def test_a_posix_shell_splits_the_line_into_the_arguments(case: tuple[Schema, Json]) -> None:
    schema, value = case
    arguments = to_arguments(value, schema)
    assert shlex.split(shell_line(arguments)) == arguments


@settings(max_examples=150)
@given(printable())
def test_what_was_edited_can_be_written(case: tuple[Schema, Json]) -> None:
    schema, value = case
    editor = edit(schema).set(".", value)
    assert json.dumps(build(schema, editor.arguments).value) == json.dumps(editor.body.value)


# --- programs -------------------------------------------------------------------------------------------

ROOT = Schemas(
    {
        "Root": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "size": {"type": "string", "format": "int64"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "in": {"$ref": "Root"},
                "parts": {"type": "array", "items": {"$ref": "Root"}},
                "map": {"type": "object", "additionalProperties": {"$ref": "Root"}},
                "any": {"type": "any"},
            },
        }
    }
).named("Root")
STEPS = st.sampled_from(
    ["name", "size", "tags", "labels", "in", "parts", "map", "any", "+", "0", "1", "a", "k:"]
)
PATHS = st.builds(
    lambda dots, names, last: "." * dots + ".".join(names) + "." * last,
    st.integers(0, 3),
    st.lists(STEPS, max_size=3),
    st.sampled_from([0, 0, 0, 2, 3]),
)
ENDINGS = st.one_of(
    st.just(""),
    st.sampled_from(AWKWARD).map("={}".format),
    st.sampled_from(["=7", "=k=v", "=+7", "=a.b="]),
    st.sampled_from(["1", "[]", "{}", "null", '"a"', '{"a.b":{"0":[1,"x"]}}', '["a",null]', "1.0"]).map(
        ":={}".format
    ),
    KEYS.map("/={}".format),
)


@st.composite
def programs(draw: DrawFn) -> tuple[Schema, list[str]]:
    """A schema, and arguments without a mistake."""
    schema = draw(st.sampled_from([ROOT, Anything()]))
    accepted: list[str] = []
    for word in draw(st.lists(st.builds("{}{}".format, PATHS, ENDINGS), max_size=12)):
        try:
            build(schema, [*accepted, word])
        except ArgumentErrors:
            continue
        accepted.append(word)
    return schema, accepted


@settings(max_examples=300)
@given(programs())
def test_the_value_of_every_program_can_be_written(program: tuple[Schema, list[str]]) -> None:
    schema, arguments = program
    value = build(schema, arguments).value
    assert json.dumps(build(schema, to_arguments(value, schema)).value) == json.dumps(value)


@settings(max_examples=300)
@given(programs())
def test_an_editor_builds_what_arguments_build(program: tuple[Schema, list[str]]) -> None:
    schema, arguments = program
    # An editor has no call for a key move, nor for the place of the cursor.
    said = [each for each in arguments if "/=" not in each and not each.startswith(":=")]
    try:
        body = build(schema, said)
    except ArgumentErrors:
        return
    editor = edit(schema)
    tree = parse(said)
    for statement, step in zip(tree.statements, steps(schema, tree), strict=True):
        path = str(statement.path)
        if step.effect is None:
            editor.move(path)
            continue
        value, last = step.effect.content, step.effect.key[-1:]
        if len(step.effect.key) == len(step.before.move(statement.path).names):
            editor.set(path, value)
        elif isinstance(last[0], int):
            editor.append(path, value)
        else:
            editor.put(path, last[0], value)
    assert json.dumps(editor.body.value) == json.dumps(body.value)
    assert (editor.body.cursor, editor.body.origins) == (body.cursor, body.origins)


# --- what is no value -----------------------------------------------------------------------------------

FOREIGN: list[Any] = [float("nan"), float("-inf"), "\ud800", {"\udfff": 1}, {1: 2}, object(), b"a", 10**5000]


def with_one_part(value: Any, place: list[str | int], part: object) -> Any:
    """`value`, with `part` at the end of a way into it."""
    if not place:
        return part
    copy: Any = value.copy()
    copy[place[0]] = with_one_part(value[place[0]], place[1:], part)
    return copy


@settings(max_examples=300)
@given(ANYTHING, st.data(), st.integers(0, len(FOREIGN) - 1))
def test_what_is_no_json_is_refused_wherever_it_is(value: Any, data: st.DataObject, which: int) -> None:
    place: list[str | int] = []
    here = value
    while isinstance(here, dict | list) and here and data.draw(st.integers(0, 3)):
        parts = here.items() if isinstance(here, dict) else enumerate(here)
        step, here = data.draw(st.sampled_from([*parts]))
        place.append(step)
    with pytest.raises(ArgumentErrors) as told:
        to_arguments(with_one_part(value, place, FOREIGN[which]))
    (problem,) = told.value.problems
    assert problem.message.endswith(f"(at '{shortened('.' + '.'.join(map(str, place)), keep='end')}')")
