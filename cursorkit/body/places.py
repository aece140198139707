"""Where names lead: the cursor's way through a schema, and through the lists that grow on it."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Literal

from attrs import define, frozen

from cursorkit.body.tree import New
from cursorkit.errors import quoted, shortened
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.scalars import check_unicode
from cursorkit.schema.types import Any, List, Map, Object, Scalar, part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.tree import Key, Tree, Way
    from cursorkit.schema.types import Field, Schema

Extension = Literal["element", "entry", "any", "union", "key", "json", "file", "empty"]
"""What goes beyond the reference's language: a component below a list, a map, any JSON value, or a value of
one of several kinds; `/=`, `:=`, `@=`; an empty value."""


# Not frozen: every argument makes some, and guarding five attributes would cost it a tenth of its time.
@define(eq=False)
class Place:
    """A place that exists; nothing changes it.

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
        several = (each.schema for each in self._upwards() if isinstance(each.schema, Any))
        return not self.secret and not has_bytes(self.schema) and not any(map(has_bytes, several))

    @property
    def secret(self) -> bool:
        """Whether it is a secret, or a part of one."""
        return any(place.field is not None and place.field.secret for place in self._upwards())

    @property
    def name(self) -> str:
        """The field that it is, or is a part of; empty if there is none."""
        return next((place.field.cli for place in self._upwards() if place.field is not None), "")

    def spelled(self, key: Key) -> str:
        """How a path calls the place `key`, which is this one or a part of it: by the names of fields."""
        names = [None if each.field is None else each.field.cli for each in self._upwards()][-2::-1]
        names += [None] * (len(key) - len(names))
        path = ".".join(str(step) if name is None else name for name, step in zip(names, key, strict=False))
        return f"'{shortened(f'.{path}', keep='end')}'"

    def part(self, step: str | int) -> Place:
        """The place of a part of what stands here: by wire name, key or index."""
        field = self.schema.at(str(step)) if isinstance(self.schema, Object) else None
        return Place(part(self.schema, step), (*self.way, step), self, field)

    def _upwards(self) -> Iterator[Place]:
        place: Place | None = self
        while place is not None:
            yield place
            place = place.above

    def __str__(self) -> str:
        if self.field is not None:
            return quoted(self.field.cli)
        if self.above is None:
            return "the root"
        last = self.way[-1]
        if not isinstance(last, str):
            return f"an element of {self.above}"
        return f"an entry of {self.above}" if isinstance(self.above.schema, Map) else quoted(last)


def has_bytes(schema: Schema) -> bool:
    """Whether values of the schema are bytes, or may hold some."""
    match schema:
        case Scalar(type=kind):
            return kind in {"bytes", "raw"}
        case List(items=items):
            return has_bytes(items)
        case Map(values=values):
            return has_bytes(values)
        case Any(alternatives=alternatives):
            return any(map(has_bytes, alternatives))
    return True


def place_at(schema: Schema, key: Key) -> Place:
    """The place at `key` of a body of `schema` that holds something there."""
    return reduce(Place.part, key, Place(schema))


Absence = Literal[
    "unknown-field",
    "response-only",
    "not-a-structure",
    "not-keyed",
    "not-an-index",
    "index-gap",
    "kind-clash",
    "not-unicode",
]


@frozen
class Nowhere:
    """A place that does not exist.

    Attributes:
        above: the last place on the way that does exist.
        kind: why the next name leads nowhere.
        way: how to get to what was probably meant.
    """

    above: Place
    kind: Absence
    way: Way


Spot = Place | Nowhere
NEW = "+"
"""The component that means one more element."""

_ANY = Any()
_INDEX = re.compile("0|[1-9][0-9]{0,8}")


def is_element(name: str) -> bool:
    """Whether `name`, below a list or any JSON value, is written as an element is."""
    return name == NEW or (name.isascii() and name.isdigit())


@frozen
class Places:
    """The places of a body.

    Attributes:
        tree: what is set so far; it decides which elements lists have, and what became of any JSON value.
    """

    tree: Tree

    def key(self, place: Place) -> Key:
        """Where `place` is in the value; a new element that is not begun comes behind all others."""
        return self.tree.key(place.way)

    def enter(self, above: Spot, name: str) -> Spot:
        """Where `name`, a component of a path, leads from `above`."""
        if isinstance(above, Nowhere):
            return above
        match above.schema:
            case Object() as schema:
                return _field(above, schema.by_name.get(name) or schema.others(name), ())
            case Any() as schema:
                return self._part(above, name, "union" if schema.alternatives else "any")
            case List(items=items):
                return self._element(above, items, name, "element")
            case Map(values=values):
                return _entry(above, name, values, "entry")
        return Nowhere(above, "not-a-structure", above.way)

    def enter_key(self, above: Spot, key: str) -> Spot:
        """Where the entry called exactly `key` is, or the field that has this name on the wire."""
        if isinstance(above, Nowhere):
            return above
        match above.schema:
            case Object() as schema:
                return _field(above, schema.at(key), ("key",))
            case Map(values=values):
                return _entry(above, key, values, "key")
            case Any(alternatives=()):
                return self._member(above, key, "key")
            case Any():
                return self._member(above, key, "key", "union")
        return Nowhere(above, "not-keyed", above.way)

    def _part(self, above: Place, name: str, extension: Extension) -> Spot:
        """Where spelling alone tells a list from a structure."""
        if not is_element(name):
            return self._member(above, name, extension)
        if self.tree.is_structure(above.way):
            return Nowhere(above, "kind-clash", above.way)
        return self._element(above, _ANY, name, extension)

    def _member(self, above: Place, name: str, *extensions: Extension) -> Spot:
        if self.tree.is_list(above.way):
            return Nowhere(above, "kind-clash", above.way)
        return _entry(above, name, _ANY, *extensions)

    def _element(self, above: Place, items: Schema, name: str, extension: Extension) -> Spot:
        if name == NEW:
            return _below(above, New(), items, extension)
        if not is_element(name) or (name[0] == "0" and name != "0"):
            return Nowhere(above, "not-an-index", (*above.way, New()))
        step = int(name) if _INDEX.fullmatch(name) else New()
        if isinstance(step, int) and step <= self.tree.length(above.way):
            return _below(above, step, items, extension)
        # In what is set as a whole nothing can be set, wherever it ends; and that is what has to be told.
        if self.tree.is_whole(above.way):
            return _below(above, step, items, extension)
        return Nowhere(above, "index-gap", (*above.way, step))


def _field(above: Place, found: Field | None, extensions: tuple[Extension, ...]) -> Spot:
    if found is None:
        return Nowhere(above, "unknown-field", above.way)
    if found.refusal:
        return Nowhere(above, "response-only", above.way)
    return Place(found.schema, (*above.way, found.wire), above, found, above.extensions + extensions)


def _entry(above: Place, key: str, schema: Schema, *extensions: Extension) -> Spot:
    try:
        check_unicode(key)
    except Mismatch:
        return Nowhere(above, "not-unicode", above.way)
    return _below(above, key, schema, *extensions)


def _below(above: Place, step: str | int | New, schema: Schema, *extensions: Extension) -> Place:
    return Place(schema, (*above.way, step), above, None, above.extensions + extensions)
