"""Paths: the many ways to write one move of the cursor."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.testing.strategies.chance import SELDOM
from cursorkit.testing.strategies.json_values import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

Step = str | int
"""A name, one level down; or how many levels up."""

Names = tuple[str, ...]

MARKS = (":", "@", "/")
"""What makes another sign of a `=` that follows it."""

_PASSED = st.sampled_from(["nosuch", "x", "0", "+", "a b"])
"""Names that are entered and left again, so that it does not matter whether they exist."""


def spelled(name: str) -> bool:
    """Whether `name` can be a component of a path in an argument."""
    return bool(name) and not set(name) & set(".=\0")


NAMES = st.sampled_from(["a", "b", "spec", "0", "+", "k:"]) | st.text(CHARACTERS, max_size=4).filter(spelled)
"""Names that a path can hold."""


def text(steps: Sequence[Step], *, absolute: bool = False) -> str:
    """The path that goes `steps`; from the root, if it is `absolute`, and then first down."""
    runs = (
        "." * (1 + sum(each for each in run if isinstance(each, int))) if up else ".".join(map(str, run))
        for up, run in groupby(steps, lambda step: isinstance(step, int))
    )
    return "." * absolute + "".join(runs)


@st.composite
def detours(draw: DrawFn, steps: Sequence[Step]) -> list[Step]:
    """`steps`, and now and then a place on the way that is entered and left again."""
    longer = list(steps)
    if draw(SELDOM):
        at = draw(st.integers(0, len(longer)))
        longer[at:at] = draw(round_trips())
    return longer


def round_trips() -> SearchStrategy[list[Step]]:
    """Steps that lead back to where they start."""
    return st.lists(_PASSED, min_size=1, max_size=2).map(lambda names: [*names, len(names)])


@st.composite
def moves(draw: DrawFn) -> tuple[Names, str, Names]:
    """Moves of the cursor: the names that it stands on, the path, and the names that it comes to."""
    start = draw(st.lists(NAMES, max_size=5).map(tuple))
    absolute = draw(st.booleans())
    names = [] if absolute else list(start)
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 6))):
        # Right behind the dot of the root, more dots would be a climb from the cursor.
        if names and (steps or not absolute) and draw(st.booleans()):
            levels = draw(st.integers(1, len(names)))
            del names[len(names) - levels :]
            steps.append(levels)
        else:
            names.append(draw(NAMES))
            steps.append(names[-1])
    path = text(draw(detours(steps)), absolute=absolute)
    return (start, path, tuple(names)) if path else (start, ".", ())
