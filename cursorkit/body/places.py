"""Where names lead: the cursor's way through a schema, and through the lists that grow on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from cursorkit.body.tree import New
from cursorkit.schema.types import Any, List, Map, Object, Scalar, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.tree import Tree, Way
    from cursorkit.schema.types import Field, Schema

Extension = Literal["element", "entry", "any", "union", "key", "json", "file", "empty"]
"""What goes beyond the reference's language: a component below a list, a map, any JSON value, or a value of
one of several kinds; `/=`, `:=`, `@=`; an empty value."""


@frozen(eq=False)
class Place:
    """A place that exists.

    Attributes:
        schema: what may stand there.
        way: how to get there from the root.
        above: the place that it is a part of; None for the root.
        field: the field that it is; None for an element, an entry, or the root.
        extensions: what the way took of the language beyond the reference's, from the root on.
    """

    schema: Schema
    way: Way = ()
    above: Place | None = None
    field: Field | None = None
    extensions: tuple[Extension, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether null may stand there instead."""
        if self.field is not None:
            return self.field.nullable
        return self.above is not None and isinstance(self.above.schema, Map) and self.above.schema.nullable

    @property
    def public(self) -> bool:
        """Whether a value that is meant for it may be shown: not bytes, no secret, nor what may have them."""
        leaf = self.schema
        while isinstance(leaf, List | Map):
            leaf = leaf.items if isinstance(leaf, List) else leaf.values
        if isinstance(leaf, Object) or (isinstance(leaf, Scalar) and leaf.type in {"bytes", "raw"}):
            return False
        return not any(place.field is not None and place.field.secret for place in self._upwards())

    @property
    def name(self) -> str:
        """The field that it is, or is a part of; empty if there is none."""
        return next((place.field.cli for place in self._upwards() if place.field is not None), "")

    def _upwards(self) -> Iterator[Place]:
        place: Place | None = self
        while place is not None:
            yield place
            place = place.above

    def __str__(self) -> str:
        name = self.name or (str(self.way[-1]) if self.way else "")
        return f"'{name}', {title(self.schema)}," if name else f"the root, {title(self.schema)},"


Absence = Literal[
    "unknown-field",
    "not-a-structure",
    "not-keyed",
    "not-an-index",
    "index-gap",
    "kind-clash",
    "response-only",
    "limit",
]


@frozen
class Nowhere:
    """A place that does not exist.

    Attributes:
        above: the last place on the way that does exist.
        kind: why the next name leads nowhere.
    """

    above: Place
    kind: Absence


Spot = Place | Nowhere
NEW = "+"
"""The component that means one more element."""

_ANY = Any()
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_ELEMENT = re.compile("[+]|[0-9]+")


@frozen
class Places:
    """The places of a body.

    Attributes:
        tree: what is set so far; it decides which elements lists have, and what became of any JSON value.
    """

    tree: Tree

    def enter(self, above: Spot, name: str) -> Spot:
        """Where `name`, a component of a path, leads from `above`."""
        if isinstance(above, Nowhere):
            return above
        match above.schema:
            case Object() as schema:
                return _field(above, schema.find(name))
            case Any() as schema:
                return self._part(above, name, "union" if schema.alternatives else "any")
            case List(items=items):
                return self._element(above, items, name, "element")
            case Map(values=values):
                return _below(above, name, values, "entry")
        return Nowhere(above, "not-a-structure")

    def enter_key(self, above: Spot, key: str) -> Spot:
        """Where the entry called exactly `key` is, or the field that has this name on the wire."""
        if isinstance(above, Nowhere):
            return above
        match above.schema:
            case Object(by_wire=fields):
                return _field(above, fields.get(key), "key")
            case Map(values=values):
                return _below(above, key, values, "key")
            case Any(alternatives=()):
                return self._member(above, key, "key")
            case Any():
                return self._member(above, key, "key", "union")
        return Nowhere(above, "not-keyed")

    def _part(self, above: Place, name: str, extension: Extension) -> Spot:
        """Where spelling alone tells a list from a structure."""
        if not _ELEMENT.fullmatch(name):
            return self._member(above, name, extension)
        if self.tree.is_structure(above.way):
            return Nowhere(above, "kind-clash")
        return self._element(above, _ANY, name, extension)

    def _member(self, above: Place, name: str, *extensions: Extension) -> Spot:
        if self.tree.is_list(above.way):
            return Nowhere(above, "kind-clash")
        return _below(above, name, _ANY, *extensions)

    def _element(self, above: Place, items: Schema, name: str, extension: Extension) -> Spot:
        if name == NEW:
            return _below(above, New(), items, extension)
        if not _ELEMENT.fullmatch(name) or (name[0] == "0" and name != "0"):
            return Nowhere(above, "not-an-index")
        if not _INDEX.fullmatch(name) or int(name) > self.tree.length(above.way):
            return Nowhere(above, "index-gap")
        return _below(above, int(name), items, extension)


def _field(above: Place, found: Field | None, *extensions: Extension) -> Spot:
    if found is None:
        return Nowhere(above, "unknown-field")
    if found.refusal:
        return Nowhere(above, "response-only")
    return Place(found.schema, (*above.way, found.wire), above, found, above.extensions + extensions)


def _below(above: Place, step: str | int | New, schema: Schema, *extensions: Extension) -> Place:
    return Place(schema, (*above.way, step), above, None, above.extensions + extensions)
