"""Where names lead: the cursor's position looked up in a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from cursorkit.schema.types import Object, title

if TYPE_CHECKING:
    from cursorkit.schema.types import Field, Schema

Names = tuple[str, ...]
Key = tuple[str | int, ...]
"""A place in the value of a body: wire names, map keys and list indices, from the root."""


@frozen
class Place:
    """A place that exists.

    Attributes:
        schema: what may stand there.
        key: where it is in the value.
        field: the field that holds it; None at the root.
    """

    schema: Schema
    key: Key
    field: Field | None = None


@frozen
class Nowhere:
    """A place that does not exist.

    Attributes:
        above: the last place on the way that does exist.
        depth: the number of names that lead there; the next one leads nowhere.
    """

    above: Place
    depth: int


@define
class Places:
    """Every place that was asked for, by the names that lead to it.

    Attributes:
        root: the schema of the whole body.
    """

    root: Schema
    _known: dict[Names, Place | Nowhere] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._known[()] = Place(self.root, ())

    def at(self, names: Names) -> Place | Nowhere:
        """Where `names` lead."""
        place = self._known.get(names)
        if place is None:
            place = self._known[names] = _enter(self.at(names[:-1]), names[-1], len(names) - 1)
        return place

    def describe(self, names: Names) -> str:
        """The place in words, `.spec (Spec)`."""
        place = self.at(names)
        path = "." + ".".join(names)
        return path if isinstance(place, Nowhere) else f"{path} ({title(place.schema)})"


def _enter(above: Place | Nowhere, name: str, depth: int) -> Place | Nowhere:
    if isinstance(above, Nowhere):
        return above
    found = above.schema.find(name) if isinstance(above.schema, Object) else None
    if found is None:
        return Nowhere(above, depth)
    return Place(found.schema, (*above.key, found.wire), found)
