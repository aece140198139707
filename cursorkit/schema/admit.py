"""Whole values against a schema: what a JSON document or a program gives at once."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING

import attrs

from cursorkit.schema import scalars
from cursorkit.schema.scalars import Mismatch
from cursorkit.schema.types import Any, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.schema.types import Content, Schema

DEEPEST = 64
"""Levels that a value may be nested: more than any API has, and far from Python's own limit."""

_Place = tuple[str | int, ...]


def admit(schema: Schema, value: object) -> tuple[Content, tuple[Mismatch, ...]]:
    """The content that `value` stands for, and everything in it that does not fit `schema`.

    Args:
        schema: what is expected.
        value: plain JSON values (by wire name), or instances of attrs classes (by Python name).
    """
    mismatches: list[Mismatch] = []
    return _admit(schema, value, (), mismatches), tuple(mismatches)


def _admit(schema: Schema, value: object, place: _Place, found: list[Mismatch]) -> Content:
    if len(place) > DEEPEST:
        found.append(Mismatch("limit", f"the value is nested more than {DEEPEST} levels deep", place=place))
        return None
    match schema:
        case Scalar():
            try:
                return scalars.admit(schema, value)
            except Mismatch as mismatch:
                found.append(Mismatch(mismatch.kind, mismatch.message, hint=mismatch.hint, place=place))
                return None
        case List(items=items):
            if isinstance(value, list | tuple):
                return [_admit(items, item, (*place, i), found) for i, item in enumerate(value)]
        case Map(values=values):
            if isinstance(value, Mapping):
                return _entries(((key, values, item) for key, item in value.items()), place, found)
        case Object():
            members = _members(schema, value)
            if members is not None:
                return _fields(schema, members, place, found)
        case Any():
            return _anything(value, place, found)
    expected = {List: "a list", Map: "a map", Object: "a structure"}[type(schema)]
    found.append(Mismatch("wrong-type", f"{expected} is expected", place=place))
    return None


def _members(schema: Object, value: object) -> Mapping[str, object] | None:
    """The fields that `value` has, by wire name; an attribute that is None was not set."""
    if isinstance(value, Mapping):
        return value
    if not attrs.has(type(value)):
        return None
    given = {each.wire: getattr(value, each.python, None) for each in schema.fields}
    return {wire: item for wire, item in given.items() if item is not None}


def _fields(schema: Object, members: Mapping[str, object], place: _Place, found: list[Mismatch]) -> Content:
    known = []
    for wire, item in members.items():
        field = schema.by_wire.get(wire)
        if field is None:
            found.append(
                Mismatch("unknown-field", f"unknown {schema.member} in {schema.name}", place=(*place, wire))
            )
        elif field.refusal:
            found.append(Mismatch("response-only", field.refusal, place=(*place, wire)))
        else:
            known.append((wire, field.schema, item))
    return _entries(known, place, found)


def _entries(items: Iterable[tuple[object, Schema, object]], place: _Place, found: list[Mismatch]) -> Content:
    content: dict[str, Content] = {}
    for key, schema, item in items:
        if isinstance(key, str):
            content[key] = _admit(schema, item, (*place, key), found)
        else:
            found.append(Mismatch("wrong-type", "keys are strings", place=place))
    return content


def _anything(value: object, place: _Place, found: list[Mismatch]) -> Content:
    if isinstance(value, Mapping):
        return _entries(((key, _ANY, item) for key, item in value.items()), place, found)
    if isinstance(value, list | tuple):
        return [_admit(_ANY, item, (*place, i), found) for i, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    found.append(Mismatch("wrong-type", "a JSON value is expected", place=place))
    return None


_ANY = Any()
