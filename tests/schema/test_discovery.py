"""From nodes of discovery documents to schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any as AnyType

import pytest

from cursorkit.body.build import absent, build
from cursorkit.errors import ArgumentErrors, SchemaError
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Advice, Any, List, Map, Object, Scalar
from documents import everything

if TYPE_CHECKING:
    from cursorkit.schema.types import Field, Schema

Node = dict[str, AnyType]

SCALARS: dict[str, tuple[Node, Scalar]] = {
    "text": ({"type": "string"}, Scalar("string")),
    "int64 as text": ({"type": "string", "format": "int64"}, Scalar("integer", "int64", quoted=True)),
    "uint64 as text": ({"type": "string", "format": "uint64"}, Scalar("integer", "uint64", quoted=True)),
    "bytes": ({"type": "string", "format": "byte"}, Scalar("bytes", "byte")),
    "time": ({"type": "string", "format": "google-datetime"}, Scalar("string", "google-datetime")),
    "date-time": ({"type": "string", "format": "date-time"}, Scalar("string", "date-time")),
    "date": ({"type": "string", "format": "date"}, Scalar("string", "date")),
    "duration": ({"type": "string", "format": "google-duration"}, Scalar("string", "google-duration")),
    "mask": ({"type": "string", "format": "google-fieldmask"}, Scalar("string", "google-fieldmask")),
    "a format that nobody knows": ({"type": "string", "format": "colour"}, Scalar("string", "colour")),
    "boolean": ({"type": "boolean"}, Scalar("boolean")),
    "integer": ({"type": "integer"}, Scalar("integer", "int64")),
    "int32": ({"type": "integer", "format": "int32"}, Scalar("integer", "int32")),
    "uint32": ({"type": "integer", "format": "uint32"}, Scalar("integer", "uint32")),
    "bounds": (
        {"type": "integer", "format": "int32", "minimum": "-1", "maximum": "50"},
        Scalar("integer", "int32", minimum=-1, maximum=50),
    ),
    "double": ({"type": "number", "format": "double"}, Scalar("number", "double")),
    "float": ({"type": "number", "format": "float"}, Scalar("number", "float")),
    "enum": ({"type": "string", "enum": ["A", "B"]}, Scalar("string", enum=("A", "B"))),
    "pattern": ({"type": "string", "pattern": "^a$"}, Scalar("string", pattern="^a$")),
    "synonyms": ({"type": "string", "synonyms": {"a": "b"}}, Scalar("string", synonyms=(("a", "b"),))),
    "advice": (
        {"type": "string", "advice": [{"kind": "k", "pattern": "p", "message": "m"}]},
        Scalar("string", advice=(Advice("k", "p", "m"),)),
    ),
    "a default": ({"type": "string", "default": "x"}, Scalar("string")),
}

TEXT = Scalar("string")
OTHERS: dict[str, tuple[Node, Schema]] = {
    "any": ({"type": "any"}, Any()),
    "no type": ({}, Any()),
    "a list": ({"type": "array", "items": {"type": "string"}}, List(TEXT)),
    "a list of lists": (
        {"type": "array", "items": {"type": "array", "items": {"type": "any"}}},
        List(List(Any())),
    ),
    "a list of what is not told": ({"type": "array"}, List(Any())),
    "a map": ({"type": "object", "additionalProperties": {"type": "string"}}, Map(TEXT)),
    "a map of lists": (
        {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        Map(List(TEXT)),
    ),
    "a reference to a scalar": ({"$ref": "Name"}, TEXT),
    "a reference to a list": ({"$ref": "Names"}, List(TEXT)),
}

NAMED: Node = {
    "Name": {"type": "string"},
    "Names": {"type": "array", "items": {"$ref": "Name"}},
}


@pytest.mark.parametrize("kind", [*SCALARS, *OTHERS])
def test_what_each_node_describes(kind: str) -> None:
    node, schema = {**SCALARS, **OTHERS}[kind]
    assert Schemas(NAMED).read(node, "x") == schema


def book(method: str = "") -> Object:
    schema = Schemas(everything()["schemas"], method).named("Book")
    assert isinstance(schema, Object)
    return schema


def named(schema: Object, wire: str) -> Field:
    found = schema.at(wire)
    assert found is not None
    return found


def test_a_structure_has_its_fields_in_document_order_under_three_names() -> None:
    inline = named(book(), "inline").schema
    assert isinstance(inline, Object)
    (field,) = inline.fields
    assert (field.cli, field.wire, field.python) == ("depth-count", "depthCount", "depth_count")
    assert inline.name == "Book.inline"
    assert [each.wire for each in book().fields] == [*everything()["schemas"]["Book"]["properties"]]


def test_what_documents_tell_of_fields() -> None:
    assert named(book(), "title").description == "Its title."
    assert named(book(), "etag").read_only
    assert named(book(), "old").deprecated
    assert not any(
        (named(book(), "title").read_only, named(book(), "title").deprecated, named(book(), "title").secret)
    )


def test_a_field_is_required_by_the_methods_that_say_so() -> None:
    assert named(book("shelves.books.create"), "title").required
    assert not named(book("shelves.books.patch"), "title").required
    assert not named(book(), "title").required
    (problem,) = absent(book("shelves.books.create"), build(book(), ["pages=3"]).content)
    assert problem.kind == "missing-field"


def test_a_structure_with_both_kinds_of_fields_has_those_that_are_named() -> None:
    node = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"type": "any"},
    }
    schema = Schemas({}).read(node, "Both")
    assert isinstance(schema, Object)
    assert [each.wire for each in schema.fields] == ["a"]


def test_a_structure_without_fields_takes_none() -> None:
    for node in ({"type": "object"}, {"type": "object", "properties": {}}):
        schema = Schemas({}).read(node, "Empty")
        assert build(schema, [".:={}"]).value == {}
        with pytest.raises(ArgumentErrors):
            build(schema, ["a=b"])


def test_a_structure_may_hold_itself_and_is_the_same_each_time() -> None:
    schema = Schemas(everything()["schemas"]).named("Chapter")
    assert isinstance(schema, Object)
    assert named(schema, "next").schema is schema
    parts = named(schema, "parts").schema
    assert isinstance(parts, List)
    assert parts.items is schema
    words = [".next.next.parts.+.next:={}", ".parts.+.parts.+:={}"]
    assert build(schema, words).value == {
        "next": {"next": {"parts": [{"next": {}}]}},
        "parts": [{"parts": [{}]}],
    }


def test_two_structures_may_hold_each_other() -> None:
    schemas = Schemas(
        {
            "A": {"type": "object", "properties": {"b": {"$ref": "B"}}},
            "B": {"type": "object", "additionalProperties": {"$ref": "A"}},
        }
    )
    assert build(schemas.named("A"), ["b.k.b.l:={}"]).value == {"b": {"k": {"b": {"l": {}}}}}


def test_references_are_followed_when_they_are_asked_for() -> None:
    schema = Schemas({"A": {"type": "object", "properties": {"b": {"$ref": "Nobody"}}}}).named("A")
    assert isinstance(schema, Object)
    with pytest.raises(SchemaError, match="the document has no schema 'Nobody'"):
        _ = schema.fields


CIRCLES: dict[str, Node] = {
    "itself": {"A": {"$ref": "A"}},
    "each other": {"A": {"$ref": "B"}, "B": {"$ref": "A"}},
    "a list": {"A": {"type": "array", "items": {"$ref": "A"}}},
    "a map": {"A": {"type": "object", "additionalProperties": {"$ref": "A"}}},
    "a list of maps": {
        "A": {"type": "array", "items": {"$ref": "B"}},
        "B": {"type": "object", "additionalProperties": {"$ref": "A"}},
    },
}


@pytest.mark.parametrize("kind", CIRCLES)
def test_what_is_nothing_but_itself(kind: str) -> None:
    with pytest.raises(SchemaError, match="has more than 64 levels, and no structure in them"):
        Schemas(CIRCLES[kind]).named("A")


@pytest.mark.parametrize("wire", ["a.", "=", "a:b", "@type", "a/b", "+", "", "a\nb", "\x1b"])
def test_names_that_no_argument_can_spell(wire: str) -> None:
    schema = Schemas({}).read({"type": "object", "properties": {wire: {"type": "string"}}}, "A")
    assert isinstance(schema, Object)
    with pytest.raises(SchemaError, match=r"the name '.*' (is empty, or|of a field) holds"):
        _ = schema.fields


def test_the_wire_names_of_what_nobody_has_to_spell() -> None:
    schemas = Schemas({"A": {"type": "object", "properties": {"@type": {}, "b": {}}}, "B": {"$ref": "A"}})
    assert schemas.names({"$ref": "B"}) == {"@type", "b"}
    assert schemas.names({"$ref": "Nobody"}) == schemas.names({"type": "string"}) == frozenset()
    assert Schemas({"A": {"$ref": "A"}}).names({"$ref": "A"}) == frozenset()
