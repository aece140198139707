"""What a body may hold, and the arguments that set all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cursorkit
from cursorkit.apis import HEALTHCARE, read
from cursorkit.apis.outline import arguments, body
from cursorkit.errors import SchemaError
from cursorkit.methods.discovery import Methods
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import List, Map, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.apis.outline import Part
    from cursorkit.schema.types import Schema

Node = dict[str, Any]

DOCUMENT = read(HEALTHCARE)
METHODS = Methods(DOCUMENT)


def nodes(document: Node) -> Iterator[Node]:
    yield from document.get("methods", {}).values()
    for resource in document.get("resources", {}).values():
        yield from nodes(resource)


WITH_BODY = {node["id"]: node for node in nodes(DOCUMENT) if "request" in node}


def unset(schema: Schema, value: object, within: tuple[str, ...] = ()) -> Iterator[str]:
    """The fields that `value` leaves out, but for what holds itself."""
    match schema:
        case Object(name=name) if name not in within:
            assert isinstance(value, dict)
            for field in schema.fields:
                if field.wire in value:
                    yield from unset(field.schema, value[field.wire], (*within, name))
                elif not field.refusal:
                    yield f"{name}.{field.wire}"
        case List(items=items):
            assert isinstance(value, list)
            for each in value:
                yield from unset(items, each, within)
        case Map(values=values):
            assert isinstance(value, dict)
            for each in value.values():
                yield from unset(values, each, within)


def test_pages_and_requests_require_the_same() -> None:
    text = {"type": "string"}
    fields = {
        "always": {**text, "required": True},
        "here": {**text, "annotations": {"required": ["a.make"]}},
        "elsewhere": {**text, "annotations": {"required": ["a.change"]}},
        "never": text,
    }
    schemas = {"A": {"type": "object", "properties": fields}}
    whole = body({"schemas": schemas}, {"id": "a.make", "request": {"$ref": "A"}})
    made = Schemas(schemas, "a.make").named("A")
    assert whole is not None
    assert isinstance(made, Object)
    assert [part.name for part in whole.parts if part.required] == ["always", "here"]
    assert [field.cli for field in made.fields if field.required] == ["always", "here"]


@pytest.mark.parametrize("method", WITH_BODY)
def test_the_arguments_set_every_body_of_healthcare_completely(method: str) -> None:
    whole = body(DOCUMENT, WITH_BODY[method])
    request = METHODS.named(method).request
    assert whole is not None
    assert request is not None
    assert isinstance(request.schema, Object)
    words = list(arguments(whole))
    built = cursorkit.build(request.schema, words)
    assert not built.advice
    assert not [*unset(request.schema, built.content)]
    assert len([word for word in words if "=" in word]) == len(set(leaves(whole)))
    required = {field.cli for field in request.schema.fields if field.required}
    assert {part.name for part in whole.parts if part.required} == required


def leaves(part: Part, way: str = "") -> Iterator[str]:
    """Where one argument sets all that there is."""
    parts = [*part.parts]
    if parts and (part.form == "structure" or parts[0].form != "scalar"):
        for each in parts:
            yield from leaves(each, f"{way}.{each.name}")
    elif way or part.form != "structure":
        yield way


SCHEMAS: Node = {
    "Tree": {
        "type": "object",
        "properties": {
            "label": {"type": "string"},
            "parent": {"$ref": "Tree"},
            "branches": {"type": "array", "items": {"$ref": "Tree"}},
            "byName": {"type": "object", "additionalProperties": {"$ref": "Tree"}},
        },
    },
    "Kinds": {
        "type": "object",
        "properties": {
            "names": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "maps": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": {"type": "boolean"}},
            },
            "sizes": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"w": {"type": "number"}, "h": {"type": "number"}},
                },
            },
            "lists": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
            "anything": {"type": "any"},
            "things": {"type": "array", "items": {"type": "any"}},
            "nothing": {"type": "object"},
            "inline": {
                "type": "object",
                "properties": {"deep": {"$ref": "Rows"}, "value": {"$ref": "Json"}},
            },
            "when": {"type": "string", "format": "google-datetime"},
            "howLong": {"type": "string", "format": "google-duration"},
            "mask": {"type": "string", "format": "google-fieldmask"},
            "octets": {"type": "string", "format": "byte"},
            "kind": {"type": "string", "default": "a#kinds"},
            "count": {"type": "string", "format": "int64"},
            "few": {"type": "integer", "format": "int32", "minimum": "3", "maximum": "5"},
            "state": {
                "type": "string",
                "enum": ["STATE_UNSPECIFIED", "OLD", "ON"],
                "enumDeprecated": [False, True, False],
            },
        },
    },
    "Patterns": {
        "type": "object",
        "properties": {
            name: {"type": "string", "pattern": pattern}
            for name, pattern in {
                "host": "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?",
                "tag": "tagValues/[0-9]+",
                "digest": "[a-f0-9]{40}",
                "address": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
                "net": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}",
                "word": "^[a-zA-Z0-9-_]{1,128}$",
                "few": "^[0-9]{0,20}?$",
            }.items()
        },
    },
    "Rows": {"type": "array", "items": {"$ref": "Row"}},
    "Row": {"type": "object", "properties": {"cells": {"type": "array", "items": {"type": "string"}}}},
    "Json": {"type": "any"},
    "Empty": {"type": "object", "properties": {}},
    "Names": {"type": "array", "items": {"type": "string"}},
    "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "Blob": {
        "type": "object",
        "properties": {
            "contentType": {"type": "string"},
            "data": {"type": "string", "format": "byte"},
            "extensions": {"type": "array", "items": {"type": "any"}},
        },
    },
    "Wrapped": {"type": "object", "properties": {"only": {"$ref": "Tree"}}},
    "Held": {"type": "object", "properties": {"blob": {"$ref": "Blob"}}},
}


def written(schemas: Node, request: Node) -> tuple[list[str], object]:
    """The arguments for a body, and what they build."""
    method = {"id": "a.b", "httpMethod": "POST", "path": "b", "request": request}
    document = {"rootUrl": "https://a.example/", "schemas": schemas, "methods": {"b": method}}
    whole = body(document, method)
    message = Methods(document).named("a.b").request
    assert whole is not None
    assert message is not None
    words = list(arguments(whole))
    return words, cursorkit.build(message.schema, words).value


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Tree", ". label=text branches.+:={} by-name.key:={} parent:={}"),
        ("Wrapped", ".only label=text branches.+:={} by-name.key:={} parent:={}"),
        ("Empty", ""),
        ("Json", ". :={}"),
        ("Names", ". .=text"),
        ("Labels", ". .=key=text"),
        ("Rows", ". +.cells=text"),
        ("Blob", ". content-type=text/plain data=text"),
        ("Held", ".blob content-type=text data=AAEC extensions.+:={}"),
    ],
)
def test_the_arguments_of_each_kind_of_body(name: str, words: str) -> None:
    found, value = written(SCHEMAS, {"$ref": name})
    assert sorted(found) == sorted(words.split())
    assert value or name in {"Empty", "Json"}


def test_every_kind_of_part() -> None:
    _, value = written(SCHEMAS, {"$ref": "Kinds"})
    assert value == {
        "names": ["text"],
        "rows": [[1]],
        "maps": [{"key": True}],
        "sizes": {"key": {"w": 1.5, "h": 1.5}},
        "lists": {"key": ["text"]},
        "anything": {},
        "things": [{}],
        "nothing": {},
        "inline": {"deep": [{"cells": ["text"]}], "value": {}},
        "when": "2026-01-31T12:30:00Z",
        "howLong": "1.5s",
        "mask": "name",
        "octets": "AAEC",
        "kind": "a#kinds",
        "count": "1",
        "few": 3,
        "state": "ON",
    }


def test_values_match_their_patterns() -> None:
    _, value = written(SCHEMAS, {"$ref": "Patterns"})
    assert isinstance(value, dict)
    assert value["tag"] == "tagValues/0"
    assert value["net"] == "10.0.0.0/8"


def test_a_body_may_stand_in_the_method_itself() -> None:
    request = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"$ref": "Empty"}}}
    assert written(SCHEMAS, request) == ([".", "a=text", "b:={}"], {"a": "text", "b": {}})


def test_the_words_of_kinds() -> None:
    whole = body({"schemas": SCHEMAS}, {"request": {"$ref": "Kinds"}})
    assert whole is not None
    assert whole.kind == "Kinds"
    assert {part.name: part.kind for part in whole.parts} == {
        "names": "list of strings",
        "rows": "list of list of integers",
        "maps": "list of map of booleans",
        "sizes": "map of structures",
        "lists": "map of list of strings",
        "anything": "any",
        "things": "list of any",
        "nothing": "structure",
        "inline": "structure",
        "when": "time",
        "how-long": "duration",
        "mask": "field mask",
        "octets": "base64",
        "kind": "string",
        "count": "integer",
        "few": "integer",
        "state": "enum",
    }


def test_a_move_never_counts_many_dots() -> None:
    deep: Node = {"type": "string"}
    for _ in range(6):
        deep = {"type": "object", "properties": {"a": {"type": "string"}, "z": deep}}
    request = {"type": "object", "properties": {"first": deep, "last": deep}}
    words, _ = written({}, request)
    assert ".last" in words
    assert not [word for word in words if word.startswith("....")]


@pytest.mark.parametrize("levels", [70, 5_000])
def test_deep_bodies_are_cut_where_no_body_goes_on(levels: int) -> None:
    schemas: Node = {
        f"L{level}": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "z": {"$ref": f"L{level + 1}"}},
        }
        for level in range(levels)
    }
    words, _ = written({**schemas, f"L{levels}": {"type": "string"}}, {"$ref": "L0"})
    assert words[-1] == "z:={}"


@pytest.mark.parametrize(
    ("schemas", "told"),
    [
        ({}, "the schema 'A' is missing"),
        ({"A": {"$ref": "A"}}, "the schema 'A' is nothing but itself"),
        ({"A": {"$ref": "B"}, "B": {"$ref": "A"}}, "the schema 'A' is nothing but itself"),
        ({"A": {"type": "strange"}}, "the type 'strange' is unknown"),
        ({"A": 1}, "'A' is not a structure"),
        ({"A": {"type": "object", "properties": {"a=b": {"type": "string"}}}}, "holds one of . = : @ / +"),
        ({"A": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}}, "no regular"),
        ({"A": {"type": "object", "properties": {"a": {"type": "integer", "minimum": "x"}}}}, "no integer"),
    ],
)
def test_what_no_body_can_be_made_of(schemas: Node, told: str) -> None:
    def all_of_it() -> None:
        whole = body({"schemas": schemas}, {"id": "m", "request": {"$ref": "A"}})
        assert whole is not None
        list(arguments(whole))

    with pytest.raises(SchemaError, match=told):
        all_of_it()


def test_a_method_without_a_body_has_none() -> None:
    assert body({}, {"id": "m"}) is None
