"""Whole values against a schema: everything that does not fit, each at its place."""

from __future__ import annotations

import math
from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from cursorkit.schema.admit import DEEPEST, MOST_TOLD, admit, fits
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema

STRING = Scalar("string")
SPEC: Object = Object(
    "Spec",
    lambda: [
        Field("content-type", "contentType", "content_type", STRING),
        Field("size", "size", "size", Scalar("integer"), nullable=False),
        Field("owner", "owner", "owner", STRING, refusal="'owner' is set by the server"),
        Field("next", "next", "next", SPEC),
        Field("tags", "tags", "tags", List(STRING)),
        Field("labels", "labels", "labels", Map(STRING)),
        Field("counts", "counts", "counts", Map(Scalar("integer"), nullable=False)),
        Field("data", "data", "data", Scalar("raw")),
        Field("extra", "extra", "extra", Any()),
        Field("limit", "limit", "limit", Any((Scalar("integer"), List(STRING)))),
    ],
)


def told(schema: Schema, value: object) -> list[str]:
    """The kind of each mismatch, and its place."""
    return [" ".join((each.kind, *map(str, each.place))) for each in admit(schema, value)[1]]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"contentType": "a", "size": 1, "tags": [], "labels": {}, "extra": None},
        {"next": {"next": {"tags": ["a"]}}},
        {"next": None, "tags": None, "labels": {"a": None, "": "b"}},
        {"extra": [{"a": [1, 1.5, "x", True, None, {}]}]},
        {"limit": 1},
        {"limit": ["a"]},
    ],
)
def test_what_fits_stays_what_it_is(value: object) -> None:
    content, mismatches = admit(SPEC, value)
    assert not mismatches
    assert content == value
    assert fits(SPEC, value)


@pytest.mark.parametrize(
    ("value", "mismatches"),
    [
        ([], ["wrong-type"]),
        ({"content-type": "a"}, ["unknown-field content-type"]),
        ({"owner": "a"}, ["response-only owner"]),
        ({"size": None}, ["wrong-type size"]),
        ({"tags": "a", "labels": [], "next": 1}, ["wrong-type tags", "wrong-type labels", "wrong-type next"]),
        ({"tags": ["a", 1, None]}, ["wrong-type tags 1", "wrong-type tags 2"]),
        ({"counts": {"a": None, "b": "1"}}, ["wrong-type counts a", "wrong-type counts b"]),
        ({"next": {"next": {"size": "1"}, "x": 1}}, ["unknown-field next x", "wrong-type next next size"]),
        ({1: "a"}, ["unknown-field 1"]),
        ({"labels": {1: "a"}}, ["wrong-type labels"]),
        ({"labels": {"\ud800": "a"}}, ["not-unicode labels"]),
        ({"extra": "\ud800"}, ["not-unicode extra"]),
        ({"extra": [math.nan, math.inf]}, ["out-of-range extra 0", "out-of-range extra 1"]),
        ({"extra": {"a": object()}}, ["wrong-type extra a"]),
        ({"extra": {"a": b"bytes"}}, ["wrong-type extra a"]),
        ({"data": "*"}, ["bad-format data"]),
        ({"limit": "x"}, ["wrong-type limit"]),
    ],
)
def test_what_does_not_fit(value: object, mismatches: list[str]) -> None:
    assert told(SPEC, value) == mismatches
    assert not fits(SPEC, value)


def test_what_is_said_of_an_unknown_name() -> None:
    (mismatch,) = admit(SPEC, {"content_type": "CANARY"})[1]
    assert mismatch.message == "unknown field 'content_type' in Spec"
    assert mismatch.hint.startswith(
        "did you mean 'contentType'?   fields here: contentType, size, owner, next"
    )
    (mismatch,) = admit(Object("Empty", list), {"a": 1})[1]
    assert (mismatch.message, mismatch.hint) == ("unknown field 'a' in Empty", "")


def test_what_is_said_of_a_value_of_several_kinds() -> None:
    (mismatch,) = admit(SPEC, {"limit": "many"})[1]
    assert mismatch.message.startswith("a whole number or a list of strings is expected, such as 42")
    assert "many" not in mismatch.message


def test_only_the_first_unknown_names_are_looked_for() -> None:
    mismatches = admit(SPEC, {f"contentType{n}": 1 for n in range(1000)})[1]
    assert len(mismatches) == 1000
    assert [bool(each.hint) for each in mismatches] == [n < MOST_TOLD for n in range(1000)]


def test_raw_bytes_become_a_source() -> None:
    source = Bytes(b"a")
    assert admit(SPEC, {"data": source})[0] == {"data": source}
    content, _ = admit(SPEC, {"data": "AAEC"})
    assert isinstance(content, dict)
    assert isinstance(content["data"], Bytes)
    assert content["data"].content == b"\0\1\2"


def test_other_mappings_and_tuples_are_json_too() -> None:
    value = OrderedDict(tags=("a", "b"), labels=MappingProxyType({"a": "b"}), extra=OrderedDict(a=(1,)))
    content, mismatches = admit(SPEC, value)
    assert not mismatches
    assert content == {"tags": ["a", "b"], "labels": {"a": "b"}, "extra": {"a": [1]}}


@pytest.mark.parametrize("key", ["next", "extra"])
def test_a_value_that_is_nested_too_deeply(key: str) -> None:
    deep: dict[str, object] = {}
    for _ in range(DEEPEST):
        deep = {key: deep}
    assert not told(SPEC, deep)
    assert told(SPEC, {key: deep}) == [" ".join(["limit", *[key] * (DEEPEST + 1)])]
    for _ in range(50_000):
        deep = {key: deep}
    assert told(SPEC, deep) == [" ".join(["limit", *[key] * (DEEPEST + 1)])]
