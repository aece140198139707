"""The superset theorem as a property of any two implementations, and the argument lists to try it on.

"For every schema and argument list: if the reference accepts it, every move names an existing place, and
every value passes the field's own checks, then the body is the same." And in the language of the reference
alone, what it refuses is refused. The model of the reference tells what it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
from hypothesis import strategies as st
from reference_model import CONTAINERS, KINDS, Leaf, Reference, RefusalError, Shape

from cursorkit.testing.strategies import paths

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from reference_model import Names, Run

REFERENCE = Reference()


@attrs.frozen
class Outcome:
    """What an implementation makes of an argument list.

    Attributes:
        body: as JSON text, which tells 1, 1.0 and true apart; None if the list is refused.
        trail: where the cursor was behind each argument.
    """

    body: str | None
    trail: list[Names]


Implementation = Callable[[Shape, list[str]], Outcome]


def as_text(body: object) -> str:
    return json.dumps(body, sort_keys=True)


def outcome(run: Run) -> Outcome:
    return Outcome(None if run.issues else as_text(run.body), run.trail)


# --- the theorem -------------------------------------------------------------------------------------------


def accepts(shape: Shape, arguments: list[str]) -> bool:
    """The condition of the theorem."""
    run = REFERENCE.run(shape, arguments)
    moves = (names for names, word in zip(run.trail, arguments, strict=False) if "=" not in word)
    return not run.issues and not run.unchecked and all(is_place(shape, names) for names in moves)


def is_place(shape: Shape, names: Names) -> bool:
    """Whether there is an object, a list or a map."""
    _, below = REFERENCE.find(shape, names)
    return isinstance(below, dict) or (below is not None and below.container != "Pod")


def hold(shape: Shape, arguments: list[str], extended: Implementation, plain: Implementation) -> None:
    """Hold two implementations, with the extensions and without them, against the reference."""
    run = REFERENCE.run(shape, arguments)
    if accepts(shape, arguments):
        assert extended(shape, arguments) == plain(shape, arguments) == outcome(run)
    elif run.issues:
        assert plain(shape, arguments).body is None
    if run.issues != ["panic"]:
        # After a move that failed, the project leaves relative paths aside, and the reference goes on.
        known = len(arguments) if run.failed is None else run.failed + 1
        assert plain(shape, arguments).trail[:known] == run.trail[:known]


# --- argument lists that the reference mostly accepts ------------------------------------------------------

NAMES = ["name", "content-type", "spec", "labels", "tags", "0", "+", "Name", "a b", "k:x"]
LEAVES: list[Leaf] = [
    *(Leaf("String", container) for container in CONTAINERS for _ in range(2)),
    *(Leaf(kind, container) for kind in KINDS[1:] for container in CONTAINERS),
    Leaf("String", "Pod", ("ON", "OFF")),
]


@st.composite
def shapes(draw: DrawFn, depth: int = 2) -> Shape:
    """Structures of at most three levels. Their names in JSON are of another kind."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    leaves = st.sampled_from(LEAVES)
    below = st.one_of(leaves, shapes(depth - 1)) if depth else leaves
    return {name: (f"{name}Json", draw(below)) for name in names}


TEXTS = {
    "String": [
        "x",
        "ON",
        "=",
        "=x",
        "==",
        "@f",
        ":=1",
        ".",
        "..",
        "+",
        "0",
        "a=b",
        '{"a":1}',
        "null",
        " a ",
        "A",
    ],
    "Int": ["0", "-1", "+5", "007", "9007199254740993", "9223372036854775807", "-9223372036854775808"],
    "Uint": ["0", "+1", "9007199254740993", "18446744073709551615"],
    "Float": ["0", ".5", "5.", "-1e-7", "1E3", "123456.789"],
    "Boolean": ["true", "false"],
}
KEYS = st.sampled_from(["k", "a.b", "", "0", "+", "k k", "K"])
JUNK = st.sampled_from(["", "=x", "a.=1", "nosuch", "nosuch=1", "name", "name=", "labels=k=", "tags.0=x"])
STRAY = st.sampled_from(["a.", "a.b..c.", ".." * 6, "a" + ".." * 6, ".a.."])
WORDS = st.sampled_from(["set"] * 30 + ["move"] * 15 + ["again", "junk", "stray"])


def places(shape: Leaf | Shape, names: Names = ()) -> list[tuple[Names, Leaf | Shape]]:
    """Every place of a shape that a path can reach, from the root on."""
    found = [(names, shape)]
    if isinstance(shape, dict):
        found += [place for name, (_, below) in shape.items() for place in places(below, (*names, name))]
    return found


@st.composite
def cases(draw: DrawFn) -> tuple[Shape, list[str]]:
    """Shapes, and argument lists for them: most of what they hold is right."""
    shape = draw(shapes())
    leaves = [(names, leaf) for names, leaf in places(shape) if isinstance(leaf, Leaf)]
    stops = [names for names, _ in places(shape) if is_place(shape, names)]
    words: list[str] = []
    cursor: Names = ()
    for _ in range(draw(st.integers(3, 9))):
        word = draw(WORDS)
        if word in {"junk", "stray"}:
            words.append(draw(JUNK if word == "junk" else STRAY))
        elif word == "move" or not leaves:
            words.append(draw(spelled(cursor, draw(st.sampled_from(stops)))) or ".")
        else:
            at = draw(st.integers(0, len(leaves) - 1))
            once = word == "set" and leaves[at][1].container == "Pod"
            names, leaf = leaves.pop(at) if once else leaves[at]
            words.append(f"{draw(spelled(cursor, names)) or 'nosuch..'}={draw(texts(leaf))}")
        if "=" not in words[-1]:
            with suppress(RefusalError):
                cursor = REFERENCE.move(cursor, words[-1])
    return shape, words


@st.composite
def spelled(draw: DrawFn, cursor: Names, names: Names) -> str:
    """A path from the cursor to a place; empty if there is nowhere to go."""
    shared = next(
        (at for at, (a, b) in enumerate(zip(cursor, names, strict=False)) if a != b),
        min(len(cursor), len(names)),
    )
    kept = draw(st.integers(0, shared))
    if draw(st.booleans()):
        return paths.text(draw(paths.detours(names)), absolute=True)
    climb = [len(cursor) - kept] if kept < len(cursor) else []
    return paths.text(draw(paths.detours([*climb, *names[kept:]])))


def texts(leaf: Leaf) -> SearchStrategy[str]:
    values = st.sampled_from(list(leaf.enum) or TEXTS[leaf.kind])
    return st.builds("{}={}".format, KEYS, values) if leaf.container == "Map" else values
