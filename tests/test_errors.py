"""Problems as lines of a terminal: carets under what is wrong, and nothing wider than there is room for."""

from __future__ import annotations

import pickle
from typing import Literal
from unicodedata import east_asian_width

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cursorkit.errors import ArgumentErrors, Problem, listed, printable, quoted, shortened

MARKS = "\u0301\u1161\u11ab\u0947"
LETTERS = st.text(
    st.sampled_from("ab.= \t\n\x1b\x9b\u202e\udcffé\u0301日한ᄒ\u1161\u11ab\u0947👍…"), max_size=120
)


def width(text: str) -> int:
    """Columns of a terminal; for these letters, in other words than those of the product."""
    return sum(0 if char in MARKS else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text)


def columns(text: str, start: int, end: int) -> str:
    """What stands in the columns from `start` to `end`."""
    found, at = "", 0
    for char in text:
        if start <= at < end or (found and not width(char)):
            found += char
        at += width(char)
    return found


@given(LETTERS, LETTERS, LETTERS, LETTERS)
@example("", "", "a", "")
@example("k" * 90, "日" * 40, "本" * 40, "語" * 40)
@example("", "", "x" * 200, "y")
@example("", "e", "\u0301\u0302", "")
def test_carets_stand_under_what_is_wrong(context: str, before: str, marked: str, after: str) -> None:
    argument = before + marked + after
    span = (len(before), len(before) + len(marked))
    problem = Problem("wrong-type", "no", argument=argument, span=span, index=0, context=context)
    _, *drawn = str(problem).split("\n")
    if not argument:
        assert not drawn
        return
    line, carets = drawn
    start, end = carets.index("^"), len(carets)
    assert set(carets[:start]) <= {" "}
    assert set(carets[start:]) == {"^"}
    assert max(width(line), width(carets)) <= 104
    if not marked or marked[0] in MARKS:
        assert end - start == 1 or marked
        return
    assert end - start == width(columns(line, start, end))
    # Marks of what stands before or behind it may stand in its columns too.
    shown, whole = columns(line, start, end).strip(MARKS), printable(marked).rstrip(MARKS)
    assert shown == whole or (shown.endswith("…") and whole.startswith(shown[:-1]))


@given(LETTERS | st.text(max_size=30), st.integers(2, 40), st.sampled_from(["start", "end"]))
def test_shortened_text_is_a_part_of_the_text(text: str, room: int, keep: str) -> None:
    short = shortened(text, room, keep="start" if keep == "start" else "end")
    assert short.isprintable()
    assert width(short) <= room or not set(text) <= set("ab.= \t\n")
    if short != printable(text):
        assert short.startswith("…") if keep == "end" else short.endswith("…")
        kept = short[1:] if keep == "end" else short[:-1]
        whole = printable(text)
        assert whole.endswith(kept) if keep == "end" else whole.startswith(kept)


def test_text_of_any_size_is_shortened_at_once() -> None:
    class Counted(str):
        read = 0

        def __getitem__(self, key: object) -> str:
            part = super().__getitem__(key)  # type: ignore[index]
            Counted.read += len(part)
            return part

    ends: tuple[Literal["start", "end"], ...] = ("start", "end")
    for keep in ends:
        assert len(shortened(Counted("x" * 10_000_000), 20, keep=keep)) == 20
    assert Counted.read < 1_000


def test_marks_without_end_are_cut() -> None:
    assert len(shortened("a" + "\u0301" * 1_000_000, 10)) < 60


def test_names_in_sentences() -> None:
    assert quoted("a") == "'a'"
    assert quoted("a\x1b") == r"'a\x1b'"
    assert len(quoted("x" * 1000)) == 62


def test_lists_end_where_the_line_does() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == ""
    names = [f"name-{n}" for n in range(100)]
    assert listed(names) == ", ".join(names[:12]) + ", … (100 in all)"
    assert listed(["x" * 1000, "y"]) == "x" * 59 + "…, … (2 in all)"


def test_a_problem_draws_only_what_it_has() -> None:
    assert str(Problem("usage", "no", label="")) == "no"
    assert str(Problem("usage", "no", label="", hint="yes")) == "no\n    yes"
    assert str(Problem("usage", "no", index=1, beyond="yes")) == "argument 2: no\n    yes"
    assert (
        str(Problem("usage", "no", argument="ab", span=(1, 2), index=1)) == "argument 2: no\n    ab\n     ^"
    )


@pytest.mark.parametrize("where", ["message", "argument", "context", "cursor", "hint", "beyond"])
def test_no_part_of_a_problem_has_no_end(where: str) -> None:
    parts = {"message": "no", "argument": "a", where: "\x1b日" * 100_000}
    drawn = str(Problem("usage", **parts))  # type: ignore[arg-type]
    assert all(char.isprintable() or char == "\n" for char in drawn)
    assert max(map(width, drawn.split("\n"))) <= 404 + len("argument: ")


def test_a_problem_does_not_repeat_its_argument_in_its_repr() -> None:
    assert "CANARY" not in repr(Problem("usage", "no", argument="CANARY"))


def test_errors_survive_being_pickled() -> None:
    errors = ArgumentErrors((Problem("usage", "no", index=3), Problem("usage", "neither", index=4)))
    again = pickle.loads(pickle.dumps(errors))
    assert again.problems == errors.problems
    assert str(again) == str(errors) == "argument 4: no\nargument 5: neither"
