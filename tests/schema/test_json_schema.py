"""Schemas of JSON Schema documents: what they become, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from cursorkit import ArgumentErrors, SchemaError, build, parse
from cursorkit.body.build import absent
from cursorkit.body.fold import steps
from cursorkit.schema import types
from cursorkit.schema.admit import admit, fits
from cursorkit.schema.json_schema import schema_of
from cursorkit.schema.types import List, Map, Object, Scalar

if TYPE_CHECKING:
    from pathlib import Path


def field(document: dict[str, Any], name: str = "x") -> types.Field:
    """The field of this name, of a structure with only that."""
    schema = schema_of({"type": "object", "properties": {name: document}})
    assert isinstance(schema, Object)
    (only,) = schema.fields
    return only


@pytest.mark.parametrize(
    ("document", "schema"),
    [
        ({"type": "string"}, Scalar("string")),
        ({"type": "string", "format": "date-time"}, Scalar("string", "date-time")),
        ({"type": "string", "format": "hostname"}, Scalar("string")),
        ({"type": "string", "format": "path"}, Scalar("string")),
        ({"type": "string", "pattern": "^a"}, Scalar("string", pattern="^a")),
        ({"type": "string", "enum": ["a", "b"]}, Scalar("string", enum=("a", "b"))),
        ({"enum": ["a", "b"]}, Scalar("string", enum=("a", "b"))),
        ({"const": "a"}, Scalar("string", enum=("a",))),
        ({"const": "a", "enum": ["b", "a"]}, Scalar("string", enum=("a",))),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, Scalar("string", enum=("b",))),
        ({"type": "string", "format": "byte"}, Scalar("bytes")),
        ({"type": "string", "contentEncoding": "base64"}, Scalar("bytes")),
        ({"type": "integer", "minimum": 0.5, "exclusiveMaximum": 3}, Scalar("integer", minimum=1, maximum=2)),
        ({"type": "integer", "exclusiveMinimum": 0, "maximum": 3.5}, Scalar("integer", minimum=1, maximum=3)),
        ({"type": "integer", "format": "int32"}, Scalar("integer", "int32")),
        ({"type": "number"}, Scalar("number")),
        ({"type": "boolean"}, Scalar("boolean")),
        ({"type": "null"}, Scalar("null")),
        ({"type": "array", "items": {"type": "string"}}, List(Scalar("string"))),
        ({"type": "array"}, List(types.Any())),
        (
            {"type": "array", "items": {"type": ["string", "null"]}},
            List(types.Any((Scalar("string"), Scalar("null")))),
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}},
            Map(Scalar("string"), nullable=False),
        ),
        ({"type": "object", "additionalProperties": {"type": ["string", "null"]}}, Map(Scalar("string"))),
        ({"type": "object"}, Map(types.Any(), nullable=False)),
        ({}, types.Any()),
        (True, types.Any()),
        ({"type": ["string", "integer"]}, types.Any((Scalar("integer"), Scalar("string")))),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            types.Any((Scalar("string"), Scalar("integer"))),
        ),
    ],
    ids=str,
)
def test_what_a_schema_becomes(document: dict[str, Any], schema: types.Schema) -> None:
    assert field(document).schema == schema


def test_an_enumeration_of_numbers_is_one_of_whole_numbers() -> None:
    schema = schema_of({"properties": {"x": {"enum": [1, 2]}, "y": {"const": 1.5}}})
    assert repr(build(schema, ["x=1", "y=1.5"]).value) == "{'x': 1, 'y': 1.5}"
    with pytest.raises(ArgumentErrors, match="the value is none of 1, 2"):
        build(schema, ["x=3"])


ONE = {"type": "integer"}
KEYWORDS: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "array", "uniqueItems": True}, [[], [1, 2], [1, 1], [1, True], [{"a": 1}, {"a": 1}], ["1", 1]]),
    ({"type": "array", "uniqueItems": False}, [[1, 1]]),
    ({"type": "array", "contains": ONE}, [[], [1], ["a"], ["a", 1]]),
    ({"type": "array", "contains": ONE, "minContains": 2, "maxContains": 3}, [[1] * n for n in range(5)]),
    ({"type": "array", "contains": ONE, "minContains": 0}, [[], ["a"]]),
    ({"type": "array", "minItems": 1, "maxItems": 2}, [[0] * n for n in range(4)]),
    (
        {"type": "array", "prefixItems": [ONE, {"type": "string"}], "items": False},
        [[1, "a"], ["a"], [1, "a", 1]],
    ),
    ({"type": "object", "required": ["a"]}, [{}, {"a": 1}, {"b": 1}]),
    ({"type": "object", "minProperties": 1, "maxProperties": 2}, [{}, {"a": 1}, {"a": 1, "b": 1, "c": 1}]),
    ({"type": "object", "propertyNames": {"maxLength": 1}}, [{}, {"a": 1}, {"ab": 1}]),
    ({"type": "object", "dependentRequired": {"a": ["b"]}}, [{}, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}]),
    ({"type": "object", "dependentSchemas": {"a": {"required": ["b"]}}}, [{"a": 1}, {"a": 1, "b": 1}]),
    (
        {
            "type": "object",
            "properties": {"a": ONE},
            "patternProperties": {"a": {"minimum": 1}, "b$": ONE},
            "additionalProperties": {"type": "string"},
        },
        [{"a": 0}, {"a": 1}, {"b": "x"}, {"b": 1}, {"c": "x"}, {"c": 1}, {"ab": 0}, {"ab": 1}],
    ),
    (
        {
            "type": "object",
            "properties": {"a": {"const": 1}},
            "additionalProperties": ONE,
            "if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
            "then": {"required": ["b"]},
            "else": {"maxProperties": 1},
        },
        [{"a": 1}, {"a": 1, "b": 1}, {"b": 1}, {"b": 1, "c": 1}],
    ),
    ({"type": "integer", "multipleOf": 3}, [0, 3, 4, -6]),
    ({"type": "number", "multipleOf": 0.5}, [0.5, 0.75, 3]),
    ({"type": "number", "minimum": 0.5, "exclusiveMaximum": 2}, [0.25, 0.5, 1.5, 2, 3]),
    ({"type": "number", "exclusiveMinimum": 0.5, "maximum": 2}, [0.25, 0.5, 1.5, 2, 3]),
    ({"type": "string", "minLength": 1, "maxLength": 2}, ["", "a", "ab", "abc", "\U0001f600\U0001f600"]),
    ({"enum": [1, "a", None, [1], {"a": 1}]}, [1, True, "a", None, [1], [True], {"a": 1}, {"a": 2}, {}, 2]),
    ({"const": {"a": [1]}}, [{"a": [1]}, {"a": [True]}, {"a": []}, 1]),
    ({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]}, [1, 2, 2.5, 0.5]),
    ({"anyOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]}, [1, 2, 2.5, 0.5]),
    ({"allOf": [{"type": "integer"}, {"minimum": 2}], "not": {"const": 3}}, [1, 2, 3, 4, "a"]),
]


@pytest.mark.parametrize(("document", "values"), KEYWORDS, ids=[json.dumps(each) for each, _ in KEYWORDS])
def test_each_keyword(document: dict[str, Any], values: list[Any]) -> None:
    """Of what arguments can follow, and of what only checks can reach, as within `not`."""
    for value in values:
        expected = Draft202012Validator(document).is_valid(value)
        assert fits(schema_of(document), value) == expected, value
        assert fits(schema_of({"not": {"not": document}}), value) == expected, value


@pytest.mark.parametrize(
    "document",
    [
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"enum": ["a", None]},
        {"$ref": "#/$defs/N"},
    ],
    ids=json.dumps,
)
def test_null_beside_one_kind_is_no_union(document: dict[str, Any]) -> None:
    schema = schema_of({"properties": {"x": document}, "$defs": {"N": {"type": ["string", "null"]}}})
    assert isinstance(schema, Object)
    (only,) = schema.fields
    assert isinstance(only.schema, Scalar)
    assert only.nullable
    assert build(schema, ["x=a"]).value == {"x": "a"}
    assert build(schema, ["x:=null"]).value == {"x": None}


def test_null_is_refused_where_another_keyword_excludes_it() -> None:
    assert not field({"type": ["string", "null"], "enum": ["a"]}).nullable
    assert not field({"type": ["string", "null"], "not": {"type": "null"}}).nullable
    assert not field({"type": "string"}).nullable


def test_what_people_read() -> None:
    document = {"$ref": "#/$defs/Spec", "description": "how it runs"}
    whole = {
        "title": "Job",
        "type": "object",
        "properties": {"spec": document, "list": {"type": "array", "items": {"$ref": "#/$defs/Spec"}}},
        "$defs": {
            "Spec": {"type": "object", "properties": {"in": {"properties": {"deep": {"type": "string"}}}}}
        },
    }
    schema = schema_of(whole)
    assert isinstance(schema, Object)
    assert schema.name == "Job"
    assert schema.fields[0].description == "how it runs"
    for words, title in (
        (["spec.nosuch=1"], "Spec"),
        (["spec.in.nosuch=1"], "Spec.in"),
        (["nosuch=1"], "Job"),
    ):
        with pytest.raises(ArgumentErrors, match=f"unknown field 'nosuch' in {title}"):
            build(schema, words)


def test_a_password_is_never_shown() -> None:
    for secret in ({"type": "string", "format": "password"}, {"type": "string", "writeOnly": True}):
        schema = schema_of({"properties": {"x": {**secret, "maxLength": 2}}})
        with pytest.raises(ArgumentErrors, match="at most 2 characters") as told:
            build(schema, ["x=CANARY"])
        assert "CANARY" not in str(told.value)


def test_a_field_without_any_value_is_refused() -> None:
    schema = schema_of({"properties": {"x": False, "y": {"type": "string", "enum": [1]}}})
    for word in ("x=1", "y=1", "x:=null", "x.z=1"):
        with pytest.raises(ArgumentErrors, match="the schema allows no value here") as told:
            build(schema, [word])
        assert [each.kind for each in told.value.problems] == ["against-schema"]


def test_names_with_characters_of_the_language_are_reached_by_their_key() -> None:
    names = ["a.b", "c=d", "e:", "/f", "+", "", "@"]
    schema = schema_of({"properties": {name: {"type": "integer"} for name in names}})
    words = [word for name in names for word in (f"./={name}", ":=1")]
    assert build(schema, words).value == dict.fromkeys(names, 1)


def test_two_names_with_one_spelling_keep_their_own() -> None:
    schema = schema_of(
        {"properties": {name: {"type": "integer"} for name in ("fooBar", "foo-bar", "fooBaz")}}
    )
    assert build(schema, ["fooBar=1", "foo-bar=2", "foo-baz=3"]).value == {
        "fooBar": 1,
        "foo-bar": 2,
        "fooBaz": 3,
    }


def test_other_names_beside_the_properties() -> None:
    document: dict[str, Any] = {"properties": {"a": {"type": "integer"}}}
    with pytest.raises(ArgumentErrors, match="unknown field 'b'"):
        build(schema_of(document), ["b=1"])
    for rest in (
        {"additionalProperties": {"type": "boolean"}},
        {"patternProperties": {"^b": {"type": "boolean"}}},
    ):
        schema = schema_of({**document, **rest})
        assert build(schema, ["a=1", "b=true"]).value == {"a": 1, "b": True}
        assert build(schema, ["./=b.c", ":=true"]).value == {"b.c": True}
        with pytest.raises(ArgumentErrors, match="a boolean is expected"):
            build(schema, ["b=1"])
    with pytest.raises(ArgumentErrors, match="unknown field 'c' in document"):
        build(schema_of({**document, "patternProperties": {"^b": True}}), ["c=1"])


def test_alternatives_bring_fields_of_their_own() -> None:
    schema = schema_of(
        {
            "type": "object",
            "properties": {"kind": {"enum": ["file", "url"]}},
            "required": ["kind"],
            "oneOf": [
                {"properties": {"kind": {"const": "file"}, "path": {"type": "string"}}, "required": ["path"]},
                {"properties": {"kind": {"const": "url"}, "port": {"type": "integer"}}, "required": ["port"]},
            ],
        }
    )
    assert build(schema, ["kind=url", "port=80"]).value == {"kind": "url", "port": 80}
    with pytest.raises(ArgumentErrors, match="exactly one of the alternatives"):
        build(schema, ["kind=file", "port=80"])


def test_all_of_is_one_structure() -> None:
    named = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    sized = {"properties": {"size": {"type": "integer"}, "name": {"minLength": 2}}}
    schema = schema_of({"allOf": [{"$ref": "#/definitions/Named"}, sized], "definitions": {"Named": named}})
    assert build(schema, ["size=1", "name=ab"]).value == {"size": 1, "name": "ab"}
    with pytest.raises(ArgumentErrors, match="at least 2 characters"):
        build(schema, ["name=a"])
    assert [each.kind for each in absent(schema, {})] == ["missing-field"]


def test_lists_that_hold_themselves() -> None:
    schema = schema_of(
        {"$ref": "#/$defs/T", "$defs": {"T": {"type": "array", "items": {"$ref": "#/$defs/T"}}}}
    )
    assert build(schema, [":=[[],[[]]]"]).value == [[], [[]]]
    assert build(schema, ["+.+:=[]", "+:=[]"]).value == [[[]], []]
    with pytest.raises(ArgumentErrors):
        build(schema, [":=[[[1]]]"])


def test_structures_that_hold_themselves() -> None:
    schema = schema_of({"properties": {"name": {"type": "string"}, "in": {"$ref": "#"}}})
    assert build(schema, ["in.in.in.name=x"]).value == {"in": {"in": {"in": {"name": "x"}}}}


# --- unions -------------------------------------------------------------------------------------------------

SHAPES = {
    "properties": {
        "shape": {"oneOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}, {"type": "string"}]},
        "number": {"type": ["integer", "boolean"]},
    },
    "$defs": {
        "Circle": {"type": "object", "properties": {"radius": {"type": "integer"}}, "required": ["radius"]},
        "Square": {"type": "object", "properties": {"side": {"type": "integer"}}, "required": ["side"]},
    },
}


def test_a_value_of_several_kinds_is_checked_when_it_is_complete() -> None:
    schema = schema_of(SHAPES)
    assert build(schema, ["shape.side:=2"]).value == {"shape": {"side": 2}}
    assert build(schema, ['shape:={"side":2}']).value == {"shape": {"side": 2}}
    assert build(schema, ["shape=round"]).value == {"shape": "round"}
    with pytest.raises(ArgumentErrors) as told:
        build(schema, [".shape", "side=2"])
    assert str(told.value) == (
        "argument 2: the value fits none of its kinds: "
        "a structure (Circle) or a structure (Square) or a string (at '.shape')\n"
        "    side=…\n"
        "    ^^^^^^"
    )


def test_the_only_kind_that_is_meant_tells_what_is_wrong() -> None:
    union = {
        "properties": {"x": {"anyOf": [{"$ref": "#/$defs/Circle"}, {"type": "string"}]}},
        "$defs": SHAPES["$defs"],
    }
    for words in (["x.radius=2"], ['x:={"radius":"2"}']):
        with pytest.raises(ArgumentErrors, match=r"a whole number is expected.*\(at '.x.radius'\)"):
            build(schema_of(union), words)
    with pytest.raises(ArgumentErrors, match="field 'radius' is missing in Circle"):
        build(schema_of(union), ["x:={}"])


def test_text_needs_a_kind_that_takes_it() -> None:
    with pytest.raises(ArgumentErrors) as told:
        build(schema_of(SHAPES), ["number=5"])
    assert [each.kind for each in told.value.problems] == ["no-text"]
    assert build(schema_of(SHAPES), ["number:=5"]).value == {"number": 5}


# --- documents that are refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "#: a schema is expected, a structure or a boolean"),
        ({"type": "strng"}, "#/type: a type is expected, one of null, boolean, integer"),
        ({"type": []}, "#/type: a type is expected"),
        ({"type": 5}, "#/type: a string or a list of strings is expected"),
        ({"type": "object", "properties": []}, "#/properties: a structure is expected"),
        (
            {"properties": {"a/b~": {"minLength": -1}}},
            "#/properties/a~1b~0/minLength: a whole number, 0 or more",
        ),
        ({"properties": {"a": 5}}, "#/properties/a: a schema is expected"),
        ({"required": "a"}, "#/required: a list of strings is expected"),
        ({"minimum": True}, "#/minimum: a number is expected"),
        ({"exclusiveMinimum": True, "minimum": 1}, "#/exclusiveMinimum: a number is expected"),
        ({"multipleOf": 0}, "#/multipleOf: a number above 0"),
        ({"uniqueItems": 1}, "#/uniqueItems: true or false"),
        ({"pattern": "("}, "#/pattern: this is no regular expression that Python knows"),
        ({"patternProperties": {"(": True}}, "#/patternProperties/(: this is no regular expression"),
        ({"anyOf": []}, "#/anyOf: at least one schema"),
        ({"enum": "a"}, "#/enum: a list is expected"),
        (
            {"$ref": "http://example.com/x"},
            "#/$ref: the reference 'http://example.com/x' leads out of the document",
        ),
        ({"$ref": "#anchor"}, "#/$ref: the reference '#anchor' leads out of the document, or to no pointer"),
        ({"$ref": "#/$defs/x"}, "#/$ref: the document has nothing at '#/$defs/x'"),
        ({"$ref": "#"}, "#: the schema refers to itself"),
        ({"anyOf": [{"$ref": "#"}]}, "#: the schema refers to itself"),
        ({"items": {"$id": "x"}, "type": "array"}, "#/items/$id: schemas with an $id of their own"),
        ({"unevaluatedProperties": False}, "#/unevaluatedProperties: this keyword is not understood"),
        ({"$dynamicRef": "#x"}, "#/$dynamicRef: this keyword is not understood"),
    ],
    ids=lambda each: each if isinstance(each, str) else json.dumps(each),
)
def test_a_document_that_is_refused(document: Any, told: str) -> None:
    with pytest.raises(SchemaError) as error:
        build(schema_of(document), ["a=1", "a/b~=1", ":=1"])
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_of_kinds_that_hold_each_other_each_part_is_judged_once(keyword: str) -> None:
    """If each way led to the same question once more, this would take for ever."""
    kinds = [
        {
            "type": "object",
            "properties": {"parts": {"type": "array", "items": {"$ref": "#"}}, "of": {"const": each}},
            "required": ["of"],
        }
        for each in ("and", "or", "not", "xor")
    ]
    value: dict[str, Any] = {"parts": [], "of": "not"}
    for _ in range(28):
        value = {"parts": [value], "of": "and"}
    schema = schema_of({keyword: kinds})
    assert build(schema, [f":={json.dumps(value)}"]).value == value
    assert not fits(schema, value | {"of": "nor"})


def test_deep_documents_are_refused_or_read() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"allOf": [deep]}
    with pytest.raises(SchemaError, match="more than 64 levels deep"):
        schema_of(deep)
    lists: dict[str, Any] = {"type": "array"}
    for _ in range(5_000):
        lists = {"type": "array", "items": lists}
    assert build(schema_of(lists), [":=[[[]]]"]).value == [[[]]]


def test_nothing_beside_a_reference_counts_in_draft_7() -> None:
    document = {"$ref": "#/definitions/T", "maxLength": 1, "definitions": {"T": {"type": "string"}}}
    assert not fits(schema_of(document), "ab")
    assert fits(schema_of({"$schema": "http://json-schema.org/draft-07/schema#", **document}), "ab")


@pytest.mark.parametrize("validator", [Draft7Validator, Draft202012Validator])
def test_tuples_of_both_drafts(validator: type[Draft7Validator]) -> None:
    first = [{"type": "string"}, {"type": "integer"}]
    document: dict[str, Any]
    if validator is Draft7Validator:
        document = {"type": "array", "items": first, "additionalItems": {"type": "boolean"}}
    else:
        document = {"type": "array", "prefixItems": first, "items": {"type": "boolean"}}
    for value in (["a", 1, True], ["a"], [], [1], ["a", "b"], ["a", 1, 1]):
        assert fits(schema_of(document), value) == validator(document).is_valid(value)


def test_dependencies_of_draft_7() -> None:
    document = {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "dependencies": {"a": ["b"], "c": {"maxProperties": 1}},
    }
    for value in ({"a": 1}, {"a": 1, "b": 1}, {"c": 1}, {"c": 1, "b": 1}, {}):
        assert fits(schema_of(document), value) == Draft7Validator(document).is_valid(value)


def test_the_meta_schema_of_draft_7() -> None:
    """A real document, with an $id, references to itself, and names that begin with a dollar sign."""
    meta = schema_of(Draft7Validator.META_SCHEMA)
    words = [
        "$schema=x",
        "type=object",
        ".properties.name.type=string",
        '.required:=["name"]',
        "min-length:=1",
    ]
    with pytest.raises(ArgumentErrors, match="argument 5: unknown field 'min-length'"):
        build(meta, words)
    value = build(meta, words[:-1]).value
    assert value == {
        "$schema": "x",
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
    }
    (mismatch,) = admit(meta, {"properties": {"name": {"minLength": -1}}})[1]
    assert mismatch.place == ("properties", "name", "minLength")


def test_the_schema_of_the_vectors(root: Path) -> None:
    folder = root / "grammar" / "vectors"
    schema = schema_of(json.loads((folder / "schema.json").read_text()))
    for name in ("moves.json", "bodies.json", "extensions.json"):
        vectors = json.loads((folder / name).read_text())
        # Some vectors are of text that is not UTF-8, or nested too deeply, and no body of this project is.
        assert {each.kind for each in admit(schema, vectors)[1]} <= {"not-unicode", "limit"}
        for vector in vectors["vectors"]:
            vector["cursor"] = vector["errors"] = []
        assert not fits(schema, vectors)


# --- bounds ------------------------------------------------------------------------------------------------


def test_a_format_and_bounds_both_count() -> None:
    schema = field({"type": "integer", "format": "int32", "minimum": 1}).schema
    assert fits(schema, 1)
    assert not fits(schema, 0)
    assert not fits(schema, 2**31)


def test_nothing_is_looked_up_before_it_is_used() -> None:
    schema = schema_of({"properties": {"good": {"type": "integer"}, "bad": {"$ref": "#/nowhere"}}})
    with pytest.raises(SchemaError, match="#/properties/bad/"):
        list(steps(schema, parse(["good=1"])))


def test_very_many_fields_take_time_in_proportion() -> None:
    # A quadratic pass over these would take longer than anybody waits.
    names = [f"field{number}" for number in range(20_000)]
    schema = schema_of({"properties": {name: {"type": "integer"} for name in names}, "required": names})
    assert isinstance(schema, Object)
    assert [each.wire for each in schema.fields if each.required] == names
