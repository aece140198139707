"""The limits: names, arguments, levels; and nothing ends in a RecursionError, or takes all the memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cursorkit import ArgumentErrors, Cursor, CursorError, SchemaError, build, construct, edit, parse
from cursorkit.body.fold import steps
from cursorkit.schema import types
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Field, List, Map, Object, Scalar, title
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema

TEXT = Scalar("string")
NODES = Schemas(
    {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "next": {"$ref": "Node"},
                "parts": {"type": "array", "items": {"$ref": "Node"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "extra": {"type": "any"},
            },
        }
    }
).named("Node")


def kinds(schema: Schema, *arguments: str) -> list[str]:
    """The kinds of the problems of a list, each of which can be drawn."""
    with pytest.raises(ArgumentErrors) as told:
        build(schema, arguments)
    assert len(str(told.value)) < 2_000 * len(told.value.problems)
    return [problem.kind for problem in told.value.problems]


# --- names and arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["n" * 65_536, ":" * 65_536, "é" * 65_536])
def test_a_name_may_have_65536_characters(name: str) -> None:
    assert build(Map(TEXT), [f"{name}.x..=v"]).value == {name: "v"}
    assert kinds(Map(TEXT), f"{name}n.x..=v") == ["limit"]
    assert kinds(Map(TEXT), f".{name}n") == ["limit"]
    with pytest.raises(CursorError) as told:
        Cursor().move(f"a.{name}n.b")
    assert told.value.kind == "limit"


def test_a_list_may_have_100000_arguments() -> None:
    words = ["+=x"] * 100_000
    assert build(List(TEXT), words).value == ["x"] * 100_000
    assert kinds(List(TEXT), *words, "+=x", "+=x") == ["limit"]


def test_a_path_of_very_many_names_takes_no_more_than_linear_time() -> None:
    path = "a.." * 100_000
    assert Cursor().move(f".{path}b").names == ("b",)
    assert build(Map(TEXT), [f"{path}b=x"]).value == {"b": "x"}
    assert parse([path]).arguments == (path,)


def test_an_index_far_behind_the_end_takes_no_memory() -> None:
    program = parse(["999999999=x", "+=y", "1000000000=z"])
    tracemalloc.start()
    walked = list(steps(List(TEXT), program))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    assert [[each.kind for each in step.problems] for step in walked] == [["index-gap"], [], ["index-gap"]]
    assert walked[1].effect is not None
    assert walked[1].effect.content == "y"


# --- levels ------------------------------------------------------------------------------------------------


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + "1" * (opening != "[") + closing * levels


@pytest.mark.parametrize(("levels", "problems"), [(64, []), (65, ["limit"])])
def test_a_path_may_lead_64_levels_down(levels: int, problems: list[str]) -> None:
    deep = ".".join(["next"] * (levels - 1) + ["name"])
    for argument in (f"{deep}=x", f".{deep}=x", f"{deep}:=null"):
        assert (kinds(NODES, argument) if problems else [*build(NODES, [argument]).origins][64:]) == problems
    moves = ["next"] * (levels - 1)
    assert (kinds(NODES, *moves, "name=x") if problems else build(NODES, [*moves, "name=x"]).advice) in (
        problems,
        (),
    )
    keys = ["extra", *["/=k"] * (levels - 1)]
    assert (kinds(NODES, *keys) if problems else len(build(NODES, keys).cursor.names)) in (problems, 64)


def test_places_that_are_left_again_are_no_levels() -> None:
    path = ".".join(["x"] * 1_000) + "." * 1_001
    assert build(NODES, [f"{path}name=x"]).value == {"name": "x"}


@pytest.mark.parametrize("levels", [66, 700, 995, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"next":', "}"), ('{"k":', "}"), ('[{"k":', "}]")]
)
def test_a_document_may_be_nested_64_levels(levels: int, opening: str, closing: str) -> None:
    document = nested(levels, opening, closing)
    files = {"f": Bytes(document.encode())}
    assert kinds(types.Any(), f".:={document}") == ["limit"]
    with pytest.raises(ArgumentErrors) as told:
        build(types.Any(), [".@=f"], files=files.__getitem__)
    assert [problem.kind for problem in told.value.problems] == ["limit"]


def test_a_document_of_64_levels_is_taken() -> None:
    document = nested(64)
    assert json.dumps(build(types.Any(), [f":={document}"]).value) == document


def deep_value(levels: int, wrap: Any, value: Any = None) -> Any:
    for _ in range(levels):
        value = wrap(value)
    return value


@attrs.define(eq=False, repr=False)
class Chain:
    next: Chain | None = None
    chains: list[Chain] = attrs.field(factory=list)
    named: dict[str, Chain] = attrs.field(factory=dict)


@pytest.mark.parametrize(
    "value",
    [
        deep_value(5_000, Chain, Chain()),
        deep_value(5_000, lambda inner: Chain(None, [inner]), Chain()),
        deep_value(5_000, lambda inner: Chain(None, [], {"k": inner}), Chain()),
        deep_value(5_000, lambda inner: {"next": inner}),
    ],
    ids=["next", "lists", "maps", "dicts"],
)
def test_values_of_classes_may_be_nested_64_levels(value: object) -> None:
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(schema_of(Chain)).set(".", value).body
    assert {problem.kind for problem in told.value.problems} == {"limit"}


def test_an_instance_of_64_levels_is_made() -> None:
    path = ".".join(["next"] * 64)
    chain = construct(Chain, [f"{path}:={{}}"])
    for _ in range(64):
        assert chain.next is not None
        chain = chain.next
    assert chain.next is None


def test_a_value_that_holds_itself_is_refused() -> None:
    ring: list[object] = []
    ring.append(ring)
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(types.Any()).set(".", ring).body
    assert [problem.kind for problem in told.value.problems] == ["limit"]


# --- schemas without end -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"A": {"$ref": "A"}},
        {"A": {"$ref": "B"}, "B": {"$ref": "A"}},
        {"A": {"type": "array", "items": {"$ref": "A"}}},
        {"A": {"type": "object", "additionalProperties": {"$ref": "A"}}},
        {"A": {"type": "array", "items": {"$ref": "B"}}, "B": {"type": "array", "items": {"$ref": "A"}}},
    ],
    ids=["itself", "a ring", "a list of itself", "a map of itself", "a ring of lists"],
)
def test_a_schema_that_is_nothing_but_itself_cannot_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="more than 64 levels"):
        Schemas(document).named("A")


def test_a_document_that_is_nested_without_end_cannot_be_read() -> None:
    document = deep_value(5_000, lambda items: {"type": "array", "items": items}, {"type": "string"})
    with pytest.raises(SchemaError, match="'A' has more than 64 levels"):
        Schemas({"A": document}).named("A")


def test_schemas_that_hold_themselves_can_be_read_and_walked() -> None:
    document = {
        "A": {
            "type": "object",
            "properties": {
                "list": {"type": "array", "items": {"$ref": "A"}},
                "map": {"type": "object", "additionalProperties": {"$ref": "A"}},
                "self": {"$ref": "A"},
            },
        }
    }
    path = ".".join(["list.+", "map.k", "self"] * 12)
    assert len(build(Schemas(document).named("A"), [f"{path}:={{}}"]).origins) == 1


@pytest.mark.parametrize(
    "wrap", [List, Map, lambda inner: types.Any((inner,))], ids=["lists", "maps", "kinds"]
)
def test_schemas_may_be_nested_64_levels(wrap: Any) -> None:
    deep: Schema = deep_value(64, wrap, TEXT)
    assert title(deep)
    assert set(kinds(deep, ".:=1")) == {"wrong-type"}
    with pytest.raises(SchemaError, match="more than 64 levels"):
        wrap(deep)


def test_a_schema_of_64_levels_is_told_and_walked() -> None:
    deep: Schema = deep_value(64, List, TEXT)
    assert title(deep).startswith("list of list of")
    assert kinds(deep, ".=x", "x=1") == ["no-text", "not-an-index"]
    assert build(deep, [".".join(["+"] * 64) + "=x"]).value == deep_value(64, lambda inner: [inner], "x")


def test_values_of_several_kinds_may_be_nested_64_levels() -> None:
    def fields() -> list[Field]:
        return [Field(name, name, name, types.Any((TEXT, node))) for name in ("a", "b")]

    node = Object("Node", fields)
    deep = nested(300, '{"a":', "}")
    assert set(kinds(node, f".:={deep}")) <= {"limit", "wrong-type"}


def _annotated(levels: int) -> type:
    annotation: Any = str
    for _ in range(levels):
        annotation = list[annotation]
    return attrs.make_class("Deep", {"field": attrs.field(type=annotation)})


def test_an_annotation_without_end_is_a_clear_error() -> None:
    with pytest.raises(SchemaError, match="Deep"):
        _ = schema_of(_annotated(5_000)).fields
    assert construct(_annotated(10), ["field:=[[[[[[[[[[]]]]]]]]]]"])


# --- values ------------------------------------------------------------------------------------------------


def test_a_value_may_have_megabytes() -> None:
    text = 'é="\\.@' * 2**20
    assert build(NODES, [f"name={text}"]).value == {"name": text}
    assert build(NODES, [f"labels={text}={text}"]).value == {"labels": {text[:1]: text[2:] + f"={text}"}}
    assert build(NODES, [f"name:={json.dumps(text)}"]).value == {"name": text}
    assert build(NODES, ["name@=f"], files=lambda _: Bytes(text.encode())).value == {"name": text}
    numbers = list(range(100_000))
    assert build(NODES, [f"extra:={numbers}"]).value == {"extra": numbers}


def test_a_problem_with_a_value_of_megabytes_is_drawn_in_lines() -> None:
    text = "x" * 2**22
    for argument in (
        f"parts={text}",
        f"nosuch={text}",
        f"next:={text}",
        f"{text}=x",
        f"name.{text[:60_000]}=x",
    ):
        assert len(kinds(NODES, argument)) == 1
