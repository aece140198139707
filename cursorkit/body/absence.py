"""Why a name leads nowhere, in words, and where it was perhaps meant to lead."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.places import Place
from cursorkit.schema.types import List, Object

if TYPE_CHECKING:
    from cursorkit.body.places import Nowhere
    from cursorkit.schema.types import Field, Schema

_MOST_LISTED = 12
_MOST_SEARCHED = 1_000
"""Structures that are searched for a field of the name; documents hold hundreds, and go in circles."""


@frozen
class Absence:
    """What to say of a name that leads nowhere.

    Attributes:
        message: what is wrong.
        hint: what to do about it.
        meant: the place that was perhaps meant.
    """

    message: str
    hint: str = ""
    meant: Place | None = None


def explained(nowhere: Nowhere, name: str, whole: Schema) -> Absence:
    """Why `name` leads nowhere from the place above it, in a body of the schema `whole`."""
    above = nowhere.above
    match nowhere.kind:
        case "unknown-field":
            return _unknown_field(above, name, whole)
        case "response-only":
            return Absence(cast("Field", cast("Object", above.schema).find(name)).refusal)
        case "not-an-index":
            hint = "an element is its index, 0 or more, or + for a new one"
            return Absence(f"'{name}' is no element of {above}", hint)
        case "index-gap":
            return Absence(
                f"{above} has no element {name} yet", "lists grow one by one: + is the next element"
            )
        case "kind-clash":
            kind = "a list" if name != "+" and not name.isdigit() else "a structure"
            return Absence(f"'{name}' does not go with what was set in {above}: that made it {kind}")
        case "not-keyed":
            return Absence(
                f"{above} has no entries that a key could name", "/=KEY goes into maps and structures"
            )
    hint = f"set it: {above.name}=…" if above.name else ""
    return Absence(f"{above} has nothing in it to go to", hint)


def _unknown_field(above: Place, name: str, whole: Schema) -> Absence:
    schema = cast("Object", above.schema)
    near = _nearest(schema, name)
    hints = [f"did you mean '{near.cli}'?"] if near is not None else [*_elsewhere(whole, name)]
    if schema.fields:
        hints.append(f"{schema.member}s here: {_listed(schema)}")
    meant = None if near is None else Place(near.schema, above=above, field=near)
    return Absence(f"unknown {schema.member} '{name}' in {schema.name}", "   ".join(hints), meant)


def _nearest(schema: Object, name: str) -> Field | None:
    from difflib import get_close_matches

    spellings = [spelling for each in schema.fields for spelling in (each.cli, each.wire)]
    near = get_close_matches(name, spellings, 1, 0.6)
    return schema.find(near[0]) if near else None


def _elsewhere(whole: Schema, name: str) -> list[str]:
    """The nearest structure to the root that has a field of this name."""
    waiting: deque[tuple[str, Schema]] = deque([("", whole)])
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_SEARCHED:
        path, schema = waiting.popleft()
        if isinstance(schema, List):
            path, schema = f"{path}.+", schema.items
        if not isinstance(schema, Object) or id(schema) in seen:
            continue
        seen.add(id(schema))
        if schema.find(name) is not None:
            return [f"did you mean to be in '{path or '.'}'? move there with {path or '.'}"]
        waiting.extend((f"{path}.{each.cli}", each.schema) for each in schema.fields)
    return []


def _listed(schema: Object) -> str:
    names = [each.cli for each in schema.fields]
    return ", ".join(names[:_MOST_LISTED]) + (
        f", … ({len(names)} in all)" if len(names) > _MOST_LISTED else ""
    )
