"""Schemas of JSON Schema documents, held against the `jsonschema` library at random."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cursorkit import ArgumentErrors, SchemaError, build, to_arguments
from cursorkit.body.build import absent
from cursorkit.schema.admit import fits
from cursorkit.schema.json_schema import schema_of

# --- documents and values, at random -----------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "x-a", "fooBar"])
TEXTS = st.sampled_from(["", "a", "b", "ab", "aa", "a1", "x-a", "fooBar"])
NUMBERS = st.integers(-3, 5) | st.sampled_from([0.5, -1.5, 2.25])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
PATTERNS = st.sampled_from(["^a", "b", "^x-", "^[a-z]+$", "1$"])
SIZES = st.integers(0, 3)


def keywords(**kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A few of these keywords."""
    names = st.lists(st.sampled_from([*kinds]), unique=True, max_size=4)
    return names.flatmap(lambda some: st.fixed_dictionaries({name: kinds[name] for name in some}))


def typed(kind: str, **kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return keywords(**kinds).map(lambda found: {"type": kind, **found})


STRINGS = {"pattern": PATTERNS, "minLength": SIZES, "maxLength": SIZES}
INTEGERS = {
    "minimum": NUMBERS,
    "maximum": NUMBERS,
    "exclusiveMinimum": NUMBERS,
    "exclusiveMaximum": NUMBERS,
    "multipleOf": st.sampled_from([1, 2, 0.5]),
}
ANY = {"enum": st.lists(VALUES, min_size=1, max_size=3), "const": VALUES}
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def of_lists(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "items": inner,
        "minItems": SIZES,
        "maxItems": SIZES,
        "uniqueItems": st.booleans(),
        "contains": inner,
    }


def of_structures(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "minProperties": SIZES,
        "maxProperties": SIZES,
        "propertyNames": st.builds(dict, pattern=PATTERNS),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
    }


def of_the_same(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    return {
        "allOf": some,
        "anyOf": some,
        "oneOf": some,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
    }


REFERENCES = st.sampled_from(["A", "B"]).map(lambda name: {"$ref": f"#/$defs/{name}"})


def loose(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas with any keywords, whether they tell a type or not."""
    return keywords(
        type=TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        properties=st.dictionaries(NAMES, inner, max_size=3),
        additionalProperties=inner,
        **{"$ref": REFERENCES.map(lambda each: each["$ref"])},
        **STRINGS,
        **INTEGERS,
        **ANY,
        **of_lists(inner),
        **of_structures(inner),
        **of_the_same(inner),
    )


def strict(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that tell all that this project would otherwise take for granted."""
    structure = keywords(
        properties=st.dictionaries(NAMES, inner, max_size=3),
        additionalProperties=inner,
        **of_structures(inner),
        **of_the_same(inner),
    ).map(lambda found: {"type": "object", "additionalProperties": False, **found})
    return (
        typed("array", **of_lists(inner), **of_the_same(inner))
        | structure
        | typed("string", **of_the_same(inner))
        | st.builds(lambda some: {"anyOf": some}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda some: {"oneOf": some}, st.lists(inner, min_size=1, max_size=3))
    )


LEAVES = (
    st.booleans()
    | typed("string", **STRINGS, **ANY)
    | typed("integer", **INTEGERS, **ANY)
    | typed("number", **INTEGERS, **ANY)
    | typed("boolean", **ANY)
    | st.just({"type": "null"})
    | st.lists(TYPES, min_size=1, max_size=3, unique=True).map(lambda types: {"type": types})
    | keywords(**ANY)
    | REFERENCES
)


def documents(schema: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda root, a, b: {"$defs": {"Root": root, "A": a, "B": b}, "$ref": "#/$defs/Root"},
        schema,
        schema,
        schema,
    )


LOOSE = documents(st.recursive(LEAVES, loose, max_leaves=6))
STRICT = documents(st.recursive(LEAVES, strict, max_leaves=6))


def valid(document: dict[str, Any], value: object) -> bool:
    """What the library says; nothing, where a schema leads to itself and it finds no end."""
    try:
        return Draft202012Validator(document).is_valid(value)
    except RecursionError:
        assume(False)
        raise


def fitting(document: object, value: object) -> bool:
    """What this project says; nothing, where it refuses the document."""
    try:
        return fits(schema_of(document), value)
    except SchemaError as error:
        assume("refers to itself" not in str(error))
        raise


# --- properties --------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(LOOSE, VALUES)
def test_every_keyword_means_what_the_specification_says(document: dict[str, Any], value: object) -> None:
    # What is within `not` is no shape that arguments could follow, so nothing is taken for granted of it.
    exact = {"$defs": document["$defs"], "not": {"not": {"$ref": "#/$defs/Root"}}}
    assert fitting(exact, value) == valid(document, value)


@settings(max_examples=200)
@given(LOOSE, VALUES)
def test_what_fits_is_valid(document: dict[str, Any], value: object) -> None:
    assert not fitting(document, value) or valid(document, value)


@settings(max_examples=200)
@given(STRICT, VALUES)
def test_what_is_valid_fits_where_all_is_told(document: dict[str, Any], value: object) -> None:
    assert fitting(document, value) == valid(document, value)


WORDS = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["a", "b", ".a.b", ".c.+", "x-a", "foo-bar", ".a", "a.0", "+", "."]),
        st.sampled_from(["=", ":=", "", "/="]),
        st.sampled_from(["1", "true", "a", "a=1", "[]", "{}", "null", '{"a":1}', "[1,1]"]),
    ),
    max_size=4,
)


@settings(max_examples=200)
@given(LOOSE, WORDS)
def test_what_is_built_is_valid(document: dict[str, Any], words: list[str]) -> None:
    try:
        body = build(schema_of(document), words)
    except (ArgumentErrors, SchemaError):
        return
    assert absent(body.schema, body.content) or valid(document, body.value)


@settings(max_examples=150)
@given(LOOSE, VALUES)
def test_what_fits_has_arguments(document: dict[str, Any], value: Any) -> None:
    assume(fitting(document, value))
    schema = schema_of(document)
    body = build(schema, to_arguments(value, schema))
    assert repr(body.value) == repr(value)


KEYWORDS = st.sampled_from(
    [
        *(
            "type",
            "enum",
            "const",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "pattern",
            "minLength",
            "maxLength",
        ),
        *(
            "format",
            "contentEncoding",
            "minItems",
            "maxItems",
            "uniqueItems",
            "items",
            "prefixItems",
            "additionalItems",
            "contains",
            "minContains",
        ),
        *(
            "maxContains",
            "required",
            "properties",
            "patternProperties",
            "additionalProperties",
            "propertyNames",
            "minProperties",
        ),
        *(
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
            "dependencies",
            "$ref",
            "$defs",
            "$id",
            "$schema",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
        ),
        *("if", "then", "else", "title", "description", "writeOnly", "unevaluatedItems", "$dynamicRef", "a"),
    ]
)
ODD = st.sampled_from(
    [
        *("string", "number", "object", "array", "strng", "base64", "byte", "date"),
        *("#", "#/$defs/a", "#/a/0", "#/%zz", "#a", "http://x", "a/b#/c"),
        *("^(", "a{99999999999}", "(?P<a>", "[[a]", "\x00"),
        *(1e400, -1, 1.5, 10**400, 0),
    ]
)
MALFORMED = st.recursive(
    SCALARS | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=400)
@given(MALFORMED, VALUES, WORDS)
def test_a_malformed_document_is_told_and_nothing_worse(
    document: object, value: object, words: list[str]
) -> None:
    told = ""
    try:
        schema = schema_of(document)
        fits(schema, value)
        build(schema, words)
    except SchemaError as error:
        told = str(error)
    except ArgumentErrors as errors:
        told = f"#{errors}"
    assert not told or told.startswith("#")
