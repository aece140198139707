"""Programs with one mistake, which is put where it can mean one thing only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from cursorkit.schema.types import Any, List, Map, Object, Scalar, known
from cursorkit.testing.strategies.astray import VALUES, astray
from cursorkit.testing.strategies.json_values import obeys, values
from cursorkit.testing.strategies.misfits import Fault, misfits
from cursorkit.testing.strategies.paths import NAMES
from cursorkit.testing.strategies.spots import leaves, parts_of, root, spots
from cursorkit.testing.strategies.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Json, Schema
    from cursorkit.testing.strategies.spots import Leaf, Spot

_Mistaken = tuple[list[str], str]

_MOVES = ("", "/=")
"""The signs of arguments that move the cursor."""


def mistakes(schema: Schema, kinds: Collection[str] | None = None) -> SearchStrategy[_Mistaken]:
    """Argument lists for `schema` with one mistake each, and the kind of the one problem that it must raise.

    Args:
        schema: what the body may hold.
        kinds: the kinds wanted, which have to be possible; without them, all that such a schema allows.
            `unreadable-file` is what `build` tells when it is given no files.

    Raises:
        InvalidArgument: none of the kinds is possible.
    """
    possible = _kinds(known(schema))
    wanted = sorted(possible if kinds is None else possible.intersection(kinds))
    if not wanted:
        raise InvalidArgument(
            f"no such mistakes can be made; those that can are {', '.join(sorted(possible))}"
        )
    return st.sampled_from(wanted).flatmap(lambda kind: _OF_THEIR_OWN.get(kind, _misled)(schema, kind))


def _kinds(schema: Schema) -> set[str]:
    """The kinds of mistakes that there are for `schema`."""
    found = spots(schema, lambda _: 0)
    kinds = {fault.kind for spot in found for fault in _faults(spot, 0)} | {*_PATHS, "duplicate"}
    if any(isinstance(spot.schema, Any) for spot in found):
        kinds.add("kind-clash")
    return kinds | {"nothing-set"} if isinstance(schema, Scalar) else kinds


def _faults(spot: Spot, length: int, kind: str = "") -> list[Fault]:
    """The mistakes that can be made at `spot`; only those of a kind, if it is given."""
    return [fault for fault in (*misfits(spot), *astray(spot, length)) if kind in {"", fault.kind}]


# --- mistakes of one argument ----------------------------------------------------------------------------


@st.composite
def _misled(draw: DrawFn, schema: Schema, kind: str) -> _Mistaken:
    """A program, with one argument more that is wrong whatever stands before it."""
    found = spots(schema, lambda _: 0)
    possible = [at for at, spot in enumerate(found) if _faults(spot, 0, kind)]
    if kind in _PATHS and (not possible or draw(st.booleans())):
        return draw(_misspelled(schema, kind))
    at = draw(st.sampled_from(possible))
    # What is meant for a place counts as set there, even if it is refused: nothing else goes there.
    written = [leaf for leaf in draw(leaves(schema, draw(values(schema)))) if _apart(leaf[0], found[at])]
    writer = Writer()
    left = _write_some(draw, writer, written)
    spot = spots(schema, writer.length)[at]
    fault = draw(st.sampled_from(_faults(spot, writer.length(spot), kind)))
    _add(draw, writer, fault)
    if fault.sign not in _MOVES:
        # Nor does anything go into lists, of which perhaps one is longer now.
        left = [leaf for leaf in left if not any(isinstance(step, int) for step in leaf[0].way)]
    writer.set_all(draw, left)
    return writer.arguments, kind


@st.composite
def _misspelled(draw: DrawFn, schema: Schema, kind: str) -> _Mistaken:
    """A program, with one argument more whose path cannot be followed."""
    writer = Writer()
    left = _write_some(draw, writer, draw(leaves(schema, draw(values(schema)))))
    path, sign, value = draw(_PATHS[kind](writer.depth))
    writer.add(f"{path}{sign}{value}", lost=sign in _MOVES)
    writer.set_all(draw, left)
    return writer.arguments, kind


def _write_some(draw: DrawFn, writer: Writer, written: list[Leaf]) -> list[Leaf]:
    """Set some of the leaves, and tell those that are left."""
    left = list(written)
    for _ in range(draw(st.integers(0, len(written)))):
        writer.set(draw, writer.take(draw, left))
    return left


def _apart(spot: Spot, mistaken: Spot) -> bool:
    """Whether a place has no part in common with that of a mistake, which is a new element of its lists."""
    pairs = zip(spot.way, mistaken.way, strict=False)
    return any(step != other or isinstance(other, int) for step, other in pairs)


def _add(draw: DrawFn, writer: Writer, fault: Fault) -> None:
    path, _ = writer.address(draw, fault.spot, fault.sign, fault.beyond)
    value = draw(st.sampled_from(fault.values))
    writer.add(f"{path}{fault.sign}{value}", lost=fault.sign in _MOVES)


_Argument = tuple[str, str, str]
"""A path, a sign and a value."""

_ANY_SIGN = st.sampled_from([("", ""), ("=", "x"), (":=", "1"), ("@=", "f"), ("/=", "k")])
_SOME = st.lists(NAMES, min_size=1, max_size=3)


def _empty(_depth: int) -> SearchStrategy[_Argument]:
    return st.sampled_from([("", "", ""), ("", "=", ""), ("", "=", "x"), ("", "=", "=")])


def _above_root(depth: int) -> SearchStrategy[_Argument]:
    climbs = st.builds(lambda dots, name: "." * (depth + dots) + name, st.integers(2, 4), st.just("") | NAMES)
    absolute = st.builds(
        lambda names, dots: f".{'.'.join(names)}{'.' * (len(names) + dots)}", _SOME, st.just(2)
    )
    return _with_sign(climbs | absolute)


def _unfinished(_depth: int) -> SearchStrategy[_Argument]:
    return _with_sign(
        st.builds(lambda dot, names: f"{dot}{'.'.join(names)}.", st.sampled_from(["", "."]), _SOME)
    )


def _endless(_depth: int) -> SearchStrategy[_Argument]:
    return _with_sign(st.sampled_from([".".join("a" * 65), "n" * (64 * 1024 + 1)]))


def _with_sign(path: SearchStrategy[str]) -> SearchStrategy[_Argument]:
    return st.builds(lambda path, signed: (path, *signed), path, _ANY_SIGN)


_PATHS: dict[str, Callable[[int], SearchStrategy[_Argument]]] = {
    "empty": _empty,
    "above-root": _above_root,
    "trailing-separator": _unfinished,
    "limit": _endless,
}
"""Mistakes in the path itself, whatever the schema; from a cursor of so many names."""


# --- mistakes that take two arguments, or none -------------------------------------------------------------


@st.composite
def _set_twice(draw: DrawFn, schema: Schema, kind: str) -> _Mistaken:
    value = draw(values(schema))
    left = draw(leaves(schema, value)) or [(root(schema), value)]
    writer = Writer()
    done: list[Leaf] = []
    for _ in range(draw(st.integers(1, len(left)))):
        done.append(writer.take(draw, left))
        writer.set(draw, done[-1])
    writer.set(draw, draw(_overlapping(draw(st.sampled_from(done)), writer)))
    writer.set_all(draw, left)
    return writer.arguments, kind


def _overlapping(leaf: Leaf, writer: Writer) -> SearchStrategy[Leaf]:
    """A value for a place that is set, for what it is a part of, or for a part of it."""
    spot, value = leaf
    choices: list[SearchStrategy[Leaf]] = [st.just((spot, value))]
    for depth in range(len(spot.way)):
        above = spot.upto(depth)
        if isinstance(above.schema, Object | List | Map) or above.schema == Any():
            nothing: Json = [] if isinstance(above.schema, List) else {}
            if obeys(above.schema, nothing):
                choices.append(st.just((above, nothing)))
    choices += [st.tuples(st.just(part), values(part.schema)) for part in parts_of(spot, writer.length)]
    return st.one_of(choices)


@st.composite
def _clashing(draw: DrawFn, schema: Schema, kind: str) -> _Mistaken:
    anything = [spot for spot in spots(schema, lambda _: 0) if isinstance(spot.schema, Any)]
    container = draw(st.sampled_from(anything))
    steps: list[tuple[str | int, str]] = [(0, "a"), ("a", "+"), ("a", "0")]
    step, name = draw(st.sampled_from(steps))
    sign = draw(st.sampled_from(sorted(VALUES)))
    writer = Writer()
    writer.set(draw, (container.below(step, Any()), "x"))
    _add(draw, writer, Fault(kind, container, sign, VALUES[sign], (name,)))
    return writer.arguments, kind


def _silent(_schema: Schema, kind: str) -> SearchStrategy[_Mistaken]:
    return st.lists(st.sampled_from([".", "x..", ".x.y..."]), max_size=3).map(lambda words: (words, kind))


_OF_THEIR_OWN: dict[str, Callable[[Schema, str], SearchStrategy[_Mistaken]]] = {
    "duplicate": _set_twice,
    "kind-clash": _clashing,
    "nothing-set": _silent,
}

KINDS = (
    "above-root",
    "bad-format",
    "duplicate",
    "duplicate-key",
    "empty",
    "empty-value",
    "index-gap",
    "kind-clash",
    "limit",
    "missing-key",
    "no-text",
    "not-a-structure",
    "not-an-index",
    "not-in-enum",
    "not-json",
    "not-keyed",
    "not-unicode",
    "nothing-set",
    "out-of-range",
    "response-only",
    "trailing-separator",
    "unknown-field",
    "unreadable-file",
    "wrong-type",
)
"""The kinds of mistakes: all of grammar/README.md that an argument list can make by itself."""
