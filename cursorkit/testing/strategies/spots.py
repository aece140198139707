"""Places of values, and the places that a value is made up of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from hypothesis import strategies as st

from cursorkit.schema.types import Any, List, Map, Object, Scalar
from cursorkit.testing.strategies.chance import RARELY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import DrawFn

    from cursorkit.schema.types import Json, Schema

Way = tuple[str | int, ...]
"""Wire names, keys and indices from the root."""


@frozen
class Spot:
    """A place of a value.

    Attributes:
        way: how to get there from the root.
        schemas: those of the places on the way, from the root to it: one more than there are steps.
    """

    way: Way
    schemas: tuple[Schema, ...]

    @property
    def schema(self) -> Schema:
        """What may stand there."""
        return self.schemas[-1]

    def below(self, step: str | int, schema: Schema) -> Spot:
        """A part of it."""
        return Spot((*self.way, step), (*self.schemas, schema))

    def upto(self, depth: int) -> Spot:
        """What it is a part of, `depth` levels below the root."""
        return Spot(self.way[:depth], self.schemas[: depth + 1])


def root(schema: Schema) -> Spot:
    """The place of a whole value of `schema`."""
    return Spot((), (schema,))


Leaf = tuple[Spot, "Json"]
"""A place that one argument sets, and to what."""


@st.composite
def leaves(draw: DrawFn, schema: Schema, value: Json) -> list[Leaf]:
    """The places of which `value` is made up: itself, or its parts, or the parts of those."""
    nothing: Json = [] if isinstance(schema, List) else {}
    if value == nothing and not isinstance(schema, Scalar) and draw(st.booleans()):
        return []
    return draw(_split(root(schema), value))


@st.composite
def _split(draw: DrawFn, spot: Spot, value: Json) -> list[Leaf]:
    parts = list(_parts(spot, value))
    if not parts or not all(map(_writable, parts)) or draw(RARELY):
        return [(spot, value)]
    return [leaf for part in parts for leaf in draw(_split(*part))]


def _parts(spot: Spot, value: Json) -> Iterator[Leaf]:
    """What `value` consists of, if it has parts."""
    schema = spot.schema
    if isinstance(value, list):
        items = schema.items if isinstance(schema, List) else Any()
        yield from ((spot.below(index, items), item) for index, item in enumerate(value))
    if isinstance(value, dict):
        for key, item in value.items():
            match schema:
                case Object(by_wire=fields):
                    yield spot.below(key, fields[key].schema), item
                case Map(values=inner):
                    yield spot.below(key, inner), item
                case _:
                    yield spot.below(key, Any()), item


def _writable(leaf: Leaf) -> bool:
    """Whether an argument can name the place: all keys but those that no word of a command line can hold."""
    return "\0" not in str(leaf[0].way[-1])


# --- where else there are places --------------------------------------------------------------------------

_FARTHEST = 4
"""Levels down to which places are looked for; structures may hold themselves without end."""

_MOST = 200
"""Places that are looked at: documents have hundreds of fields."""


def spots(schema: Schema, length: Callable[[Spot], int]) -> list[Spot]:
    """Places that a value of `schema` may have: of lists the next element, of maps one entry.

    Args:
        schema: what the value may hold.
        length: tells how many elements the list at a place has.
    """
    found = [root(schema)]
    for spot in found:
        if len(spot.way) < _FARTHEST and len(found) < _MOST:
            found.extend(parts_of(spot, length))
    return found


def parts_of(spot: Spot, length: Callable[[Spot], int]) -> Iterator[Spot]:
    """Places below `spot`, as `spots` finds them."""
    match spot.schema:
        case Object(fields=fields):
            yield from (spot.below(each.wire, each.schema) for each in fields if not each.refusal)
        case List(items=items):
            yield spot.below(length(spot), items)
        case Map(values=inner):
            yield spot.below("k", inner)
