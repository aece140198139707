"""JSON text, to the letter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.schema.json_text import parsed
from cursorkit.schema.mismatch import Mismatch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refused(text: str) -> Mismatch:
    with pytest.raises(Mismatch) as told:
        parsed(text)
    return told.value


@given(JSON)
def test_documents(value: object) -> None:
    # As text, for 1 and 1.0 and true are equal.
    assert json.dumps(parsed(json.dumps(value))) == json.dumps(value)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("", ""),
        ("[1, 2", ""),
        ("{a: 1}", "a"),
        ("[1,]", "]"),
        ("'a'", "'"),
        ('{"a":1} x', "x"),
        ('"a\nb"', "\n"),
    ],
)
def test_no_document(text: str, marked: str) -> None:
    mismatch = refused(text)
    assert mismatch.kind == "not-json"
    assert mismatch.span is not None
    assert text[slice(*mismatch.span)] == marked
    assert "(line 1, column " in mismatch.message


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_what_only_python_takes_for_json(text: str) -> None:
    assert refused(text).kind == "not-json"
    assert "is no JSON" in refused(text).message


def test_a_byte_order_mark_is_named() -> None:
    assert "byte order mark" in refused("\ufeff{}").message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1, "b": 2, "a": 3}', ("a",)),
        ('{"a": [0, {"b": {"": 1, "": 1}}]}', ("a", 1, "b", "")),
        # Of several the one that is least deep, and of those the first.
        ('[{"x": {"y": 1, "y": 2}}, {"z": 1, "z": 2}]', (1, "z")),
        # The first `a` is gone, and all that was in it.
        ('{"a": {"b": 1, "b": 2}, "a": 3}', ("a",)),
    ],
)
def test_a_key_twice(text: str, place: tuple[str | int, ...]) -> None:
    mismatch = refused(text)
    assert (mismatch.kind, mismatch.place) == ("duplicate-key", place)


def test_limits() -> None:
    assert refused("[" * 100_000).kind == "limit"
    assert refused("1" * 5_000).kind == "out-of-range"
