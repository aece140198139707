"""Paths and the cursor, against the reference's own results."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import Cursor, CursorError, parse

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"Empty": "empty", "PopOnEmpty": "above-root", "TrailingFieldSep": "trailing-separator"}

words = st.text(st.sampled_from(".ab@-é\n\0"), max_size=12)
names = st.lists(st.sampled_from(["a", "b", "content-type", "日本"]), max_size=5).map(tuple)


def moved(start: tuple[str, ...], path: str) -> tuple[str, ...] | str:
    """Where a move leads, or the kind of its error."""
    try:
        return Cursor(start).move(path).names
    except CursorError as error:
        return error.kind


def test_every_move_of_the_reference(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "moves.json").read_bytes())
    # An argument is cut at its first "=", so no path can hold one.
    writable = [vector for vector in vectors if "=" not in vector["move"]]
    assert len(vectors) - len(writable) == 8
    assert len(writable) > 5000
    for vector in writable:
        expected = KINDS[vector["error"]] if "error" in vector else tuple(vector["result"])
        assert moved(tuple(vector["start"]), vector["move"]) == expected, vector


@pytest.mark.parametrize(
    ("dots", "expected"),
    [("..", ("a", "b", "c", "d")), ("...", ("a", "b", "c")), ("....", ("a", "b")), ("......", ())],
)
def test_k_dots_climb_one_level_less(dots: str, expected: tuple[str, ...]) -> None:
    assert moved(("a", "b", "c", "d", "e"), dots) == expected


def test_going_above_the_root_wins_over_an_unfinished_path() -> None:
    assert moved((), "...a.") == "above-root"
    assert moved(("x", "y"), "...a.") == "trailing-separator"


def test_the_span_of_a_climb_is_the_run_of_dots() -> None:
    with pytest.raises(CursorError, match="goes up 2 levels, but the cursor is 1 level") as told:
        Cursor(("x",)).move("...b")
    assert told.value.span == (0, 3)


@given(names, words)
def test_a_move_is_all_or_nothing(start: tuple[str, ...], path: str) -> None:
    cursor = Cursor(start)
    moved(start, path)
    assert cursor == Cursor(start)


@given(names, words)
def test_an_absolute_path_leads_to_the_same_place_from_everywhere(start: tuple[str, ...], path: str) -> None:
    statement = parse([path]).statements[0]
    if statement.path.absolute:
        assert moved(start, path) == moved((), path)


def test_a_path_with_an_equals_sign_is_no_path() -> None:
    with pytest.raises(ValueError, match="'='"):
        Cursor().move("a=b")


def test_the_source_comes_back_for_every_short_argument() -> None:
    for length in range(7):
        for letters in itertools.product(".=@a\n", repeat=length):
            text = "".join(letters)
            assert parse([text]).arguments == (text,)
