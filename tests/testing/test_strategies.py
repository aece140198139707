"""The strategies: what they promise holds, they reach everything, and they find what is wrong."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, get_args

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from cursorkit import ArgumentErrors, Cursor, build, parse, testing
from cursorkit.body.fold import steps
from cursorkit.body.places import Extension
from cursorkit.errors import Kind
from cursorkit.schema.admit import fits
from cursorkit.schema.json_schema import schema_of
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar
from cursorkit.testing import KINDS, mistakes, moves, programs, schemas, values
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Json, Schema


@attrs.define
class Shelf:
    """Files, by a name made of their contents."""

    held: dict[str, bytes] = attrs.field(factory=dict)

    def save(self, contents: bytes) -> str:
        name = hashlib.sha256(contents).hexdigest()[:8]
        self.held[name] = contents
        return name

    def files(self, name: str) -> Bytes:
        return Bytes(self.held[name])


SHELF = Shelf()


def fields() -> Iterator[Field]:
    kinds: dict[str, Schema] = {
        "title": Scalar("string"),
        "state": Scalar("string", enum=("ON", "OFF")),
        "at": Scalar("string", "date-time"),
        "replicas": Scalar("integer", "int32"),
        "image": Scalar("bytes"),
        "data": Scalar("raw"),
        "tags": List(Scalar("string")),
        "labels": Map(Scalar("string")),
        "parts": List(JOB),
        "spec": JOB,
        "extra": Any(),
        "either": Any((Scalar("integer"), List(Scalar("string")))),
    }
    for name, schema in kinds.items():
        yield Field(name, name, name, schema)
    yield Field("out-put", "outPut", "out_put", Scalar("string"), refusal="only answers carry it")


JOB = Object("Job", fields)
"""A structure that has something of everything, and holds itself."""


def with_schema(strategy: Callable[[Schema], SearchStrategy[object]]) -> SearchStrategy[tuple[Schema, Any]]:
    return (st.just(JOB) | schemas()).flatmap(lambda schema: st.tuples(st.just(schema), strategy(schema)))


RULED = [
    {"type": "null"},
    {"enum": [1, "a", None, {"k": [2.5]}]},
    {"const": 7},
    {"type": "integer", "enum": [1, 2]},
    {"type": "number", "multipleOf": 0.5, "minimum": 3},
    {"type": "string", "minLength": 2},
    {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^a+$"}]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
    {"type": "array", "items": {"type": ["string", "null"]}, "maxItems": 2},
    {"additionalProperties": {"type": "integer"}, "type": "object", "minProperties": 1},
    {
        "properties": {"a": {"const": "x"}, "b": {"type": "integer"}},
        "additionalProperties": {"type": "boolean"},
    },
    {"properties": {"a": {"type": "string"}, "b": {"$ref": "#"}}, "required": ["a"]},
    {"properties": {"a": {"type": "array"}, "b": {"type": "object"}}, "dependentRequired": {"a": ["b"]}},
]
"""Documents that ask more of a value than a kind."""


@st.composite
def ruled(draw: DrawFn, strategy: Callable[[Schema], SearchStrategy[object]]) -> tuple[Schema, object]:
    schema = schema_of(draw(st.sampled_from(RULED)))
    return schema, draw(strategy(schema))


def text(value: Json) -> str:
    """JSON text tells 1, 1.0 and true apart."""
    return json.dumps(value, sort_keys=True)


@settings(max_examples=200)
@given(with_schema(values) | ruled(values))
def test_values_fit_their_schema(drawn: tuple[Schema, Json]) -> None:
    assert fits(*drawn)


@settings(max_examples=300)
@given(with_schema(partial(programs, save=SHELF.save)) | ruled(partial(programs, save=SHELF.save)))
def test_programs_give_their_body(drawn: tuple[Schema, tuple[list[str], Json]]) -> None:
    schema, (arguments, body) = drawn
    assert text(build(schema, arguments, files=SHELF.files).value) == text(body)


@settings(max_examples=60)
@given(with_schema(programs))
def test_programs_name_no_files_unless_there_is_where_to_put_them(
    drawn: tuple[Schema, tuple[list[str], Json]],
) -> None:
    schema, (arguments, body) = drawn
    assert text(build(schema, arguments).value) == text(body)


@settings(max_examples=150)
@given(with_schema(mistakes) | ruled(mistakes))
def test_mistakes_raise_one_problem_of_their_kind(drawn: tuple[Schema, tuple[list[str], str]]) -> None:
    schema, (arguments, kind) = drawn
    with pytest.raises(ArgumentErrors) as told:
        build(schema, arguments)
    assert [problem.kind for problem in told.value.problems] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_of_each_kind(kind: str) -> None:
    @settings(max_examples=25)
    @given(mistakes(Scalar("string") if kind == "nothing-set" else JOB, {kind}))
    def raised(mistake: tuple[list[str], str]) -> None:
        assert mistake[1] == kind
        with pytest.raises(ArgumentErrors) as told:
            build(Scalar("string") if kind == "nothing-set" else JOB, mistake[0])
        assert [problem.kind for problem in told.value.problems] == [kind]

    raised()


@pytest.mark.parametrize("kinds", [set(), {"nosuch"}, {"unknown-field"}])
def test_mistakes_that_cannot_be_made_are_told(kinds: set[str]) -> None:
    with pytest.raises(
        InvalidArgument, match="no such mistakes can be made; those that can are above-root, "
    ):
        mistakes(Scalar("integer"), kinds)


@pytest.mark.parametrize("strategy", [values, programs, mistakes])
def test_what_is_no_schema_is_told(strategy: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="a schema is expected"):
        strategy({"type": "string"})


@settings(max_examples=500)
@given(moves())
def test_moves_lead_where_they_say(move: tuple[tuple[str, ...], str, tuple[str, ...]]) -> None:
    start, path, end = move
    assert Cursor(start).move(path).names == end


NOT_BY_ARGUMENTS_ALONE = {
    "no-file": "where files are read",
    "changed-file": "while sending",
    "stdin-twice": "with a standard input",
    "missing-field": "for an attrs class, or a parameter",
    **dict.fromkeys(("usage", "unknown-command", "bad-endpoint", "no-body", "empty-body"), "by the program"),
    **dict.fromkeys(("not-a-media-type", "long-quota-user"), "no mistakes, but warnings"),
    **dict.fromkeys(("against-schema", "bad-schema"), "with a JSON Schema"),
    "field-violation": "in an answer",
}


def test_every_kind_that_an_argument_list_can_raise_has_mistakes(root: Path) -> None:
    assert not set(KINDS) & set(NOT_BY_ARGUMENTS_ALONE)
    assert {*KINDS, *NOT_BY_ARGUMENTS_ALONE} == set(get_args(Kind))
    assert len(KINDS) == 24
    manual = (root / "grammar" / "README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)*)` \|", manual, re.MULTILINE))
    assert documented <= {*KINDS, *NOT_BY_ARGUMENTS_ALONE}


def test_programs_use_every_extension_and_most_of_them_do_something() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=150, phases=[Phase.generate])
    @given(with_schema(lambda schema: programs(schema, SHELF.save)))
    def count(drawn: tuple[Schema, tuple[list[str], Json]]) -> None:
        schema, (arguments, _body) = drawn
        done = list(steps(schema, parse(arguments), SHELF.files))
        seen.update({extension for step in done for extension in step.extensions})
        seen["in several places"] += sum(step.effect is not None for step in done) > 1
        seen["moving"] += any(step.effect is None for step in done)
        seen["none"] += not arguments
        seen["all"] += 1

    count()
    for extension in get_args(Extension):
        assert seen[extension] >= 5, seen
    assert seen["in several places"] > seen["all"] / 4
    assert seen["moving"] > seen["all"] / 4
    assert seen["none"] < seen["all"] / 4


MUTANTS: dict[str, Callable[[list[str]], list[str]]] = {
    "words are trimmed": lambda words: [word.strip() for word in words],
    "empty values are left out": lambda words: [word for word in words if not word.endswith("=")],
    "three dots are taken for two": lambda words: [re.sub(r"^\.\.\.(?!\.)", "..", word) for word in words],
    "words are sorted": sorted,
    "a word that comes twice is left out": lambda words: list(dict.fromkeys(words)),
    "a mark is taken off": lambda words: [word.replace("@", "") for word in words],
    "a new element is the last one": lambda words: [word.replace(".+", ".0") for word in words],
    "escapes are read": lambda words: [word.replace("\\n", "\n") for word in words],
    "words are folded": lambda words: [word.casefold() for word in words],
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_programs_find_what_is_wrong_with_a_program(mutant: str) -> None:
    @settings(max_examples=1500, phases=[Phase.generate], report_multiple_bugs=False)
    @given(programs(JOB))
    def same(drawn: tuple[list[str], Json]) -> None:
        arguments, body = drawn
        assert text(build(JOB, MUTANTS[mutant](arguments)).value) == text(body)

    with pytest.raises((AssertionError, ArgumentErrors)):
        same()


def child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


def test_hypothesis_is_imported_when_it_is_used() -> None:
    run = child("import sys, cursorkit.testing; assert 'hypothesis' not in sys.modules")
    assert run.returncode == 0, run.stderr


def test_without_hypothesis_the_error_says_what_to_install() -> None:
    run = child("import sys; sys.modules['hypothesis'] = None\nfrom cursorkit.testing import programs")
    assert run.stderr.endswith("needs an optional dependency: pip install 'cursorkit[testing]'\n")
    assert "MissingExtraError" in run.stderr


def test_every_public_name_is_there_and_documented() -> None:
    for name in testing.__all__:
        assert getattr(testing, name).__doc__, name
    with pytest.raises(AttributeError, match="nosuch"):
        _ = testing.nosuch  # type: ignore[attr-defined]
