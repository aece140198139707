"""Whole JSON values against a schema: to the letter, nothing is converted."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from cursorkit.errors import listed, quoted
from cursorkit.schema import scalars
from cursorkit.schema.expected import held
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.names import nearest
from cursorkit.schema.types import Any, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

DEEPEST = 64
"""Levels of a value, and of the names of a cursor: more than any API has, and far from Python's own limit."""

MOST_TOLD = 10
"""Mismatches of one value that are worth telling in full: a document of another kind has one everywhere."""

_Place = tuple[str | int, ...]

Unions = dict[tuple[int, int], tuple[Mismatch, ...]]
"""Why values are of no kind of a schema, by the identities of both, of all that were asked for.

Kinds may hold each other, so that every way from one to the next would lead to the same question.
"""


class _Found(list[Mismatch]):
    """What does not fit, and what is known of unions."""

    def __init__(self, unions: Unions) -> None:
        super().__init__()
        self.unions = unions


def admit(schema: Schema, value: object) -> tuple[Content, tuple[Mismatch, ...]]:
    """`value` itself, with sources where raw bytes go, and everything in it that does not fit `schema`.

    Args:
        schema: what is expected.
        value: plain JSON, by wire names; a source, or its base64, where a raw body goes.
    """
    return _admitted(schema, value, {})


def _admitted(schema: Schema, value: object, unions: Unions) -> tuple[Content, tuple[Mismatch, ...]]:
    found = _Found(unions)
    return _admit(schema, value, (), found), tuple(found)


def fits(schema: Schema, value: object) -> bool:
    """Whether nothing in `value` is at odds with `schema`, and nothing is missing."""
    return not admit(schema, value)[1] and not any(True for _ in absent(schema, value))


def absent(schema: Schema, value: object, path: str = "") -> Iterator[Mismatch]:
    """The required fields that `value`, which fits otherwise, lacks."""
    match schema, value:
        case Object(), Mapping():
            for each in schema.fields:
                inner = f"{path}.{each.cli}"
                if each.wire in value:
                    yield from absent(each.schema, value[each.wire], inner)
                elif each.required:
                    message = f"{schema.member} '{inner.removeprefix('.')}' is missing in {schema.name}"
                    yield Mismatch("missing-field", message, hint=each.description)
            for wire in value:
                other = None if wire in schema.by_wire else schema.others(wire)
                if other is not None:
                    yield from absent(other.schema, value[wire], f"{path}.{wire}")
        case List(items=items), list() | tuple():
            for index, item in enumerate(value):
                yield from absent(items, item, f"{path}.{index}")
        case Map(values=values), Mapping():
            for key, item in value.items():
                yield from absent(values, item, f"{path}.{key}")


def unfit(schema: Schema, value: object, unions: Unions) -> Iterator[Mismatch]:
    """What is wrong with the whole of `value`, a list or a structure whose parts all fit.

    Args:
        schema: what is expected.
        value: plain JSON.
        unions: what is known already, and will be known then.
    """
    strange = _of_no_kind(schema, value, unions) if isinstance(schema, Any) else ()
    broken = (Mismatch(rule.kind, rule.message) for rule in schema.rules if not rule.holds(value))
    yield from strange or broken


def _of_no_kind(schema: Any, value: object, unions: Unions) -> tuple[Mismatch, ...]:
    """Why `value` fits none of the alternatives."""
    question = id(schema), id(value)
    if question not in unions:
        unions[question] = _closest(schema, value, unions)
    return unions[question]


def _closest(schema: Any, value: object, unions: Unions) -> tuple[Mismatch, ...]:
    """The same, in the words of the only alternative that `value` comes close to."""
    close = []
    for each in schema.alternatives:
        found = (*_admitted(each, value, unions)[1], *absent(each, value))
        if not found:
            return ()
        if all(mismatch.place or mismatch.kind != "wrong-type" for mismatch in found):
            close.append(found)
    match close:
        case []:
            return (scalars.wrong_type(schema, value),) if schema.alternatives else ()
        case [found]:
            return found
    return (Mismatch("wrong-type", f"the value fits none of its kinds: {held(schema)}"),)


def levels(content: Content) -> int:
    """How many levels of lists and structures there are in `content`."""
    match content:
        case dict():
            return max((1 + levels(item) for item in content.values()), default=0)
        case list():
            return max((1 + levels(item) for item in content), default=0)
    return 0


def _admit(schema: Schema, value: object, place: _Place, found: _Found) -> Content:
    if len(place) > DEEPEST:
        found.append(Mismatch("limit", f"the value is nested more than {DEEPEST} levels deep", place=place))
        return None
    known = len(found)
    content = _parts(schema, value, place, found)
    if len(found) == known and not isinstance(schema, Scalar):
        found += (each.at((*place, *each.place)) for each in unfit(schema, value, found.unions))
    return content


def _parts(schema: Schema, value: object, place: _Place, found: _Found) -> Content:
    match schema:
        case Scalar():
            try:
                return scalars.admit(schema, value)
            except Mismatch as mismatch:
                found.append(mismatch.at(place))
                return None
        case List(items=items):
            if isinstance(value, list | tuple):
                return [_admit(items, item, (*place, i), found) for i, item in enumerate(value)]
        case Map(values=values, nullable=nullable):
            if isinstance(value, Mapping):
                return _entries(((key, values, nullable, value[key]) for key in value), place, found)
        case Object():
            if isinstance(value, Mapping):
                return _fields(schema, value, place, found)
        case Any():
            return _anything(schema, value, place, found)
    found.append(scalars.wrong_type(schema, value, place))
    return None


def _fields(schema: Object, members: Mapping[str, object], place: _Place, found: _Found) -> Content:
    known: list[tuple[object, Schema, bool, object]] = []
    for wire, item in members.items():
        field = schema.at(wire)
        if field is None:
            found.append(_unknown(schema, wire, place, explain=len(found) < MOST_TOLD))
        elif field.refusal:
            found.append(Mismatch("response-only", field.refusal, place=(*place, wire)))
        else:
            known.append((wire, field.schema, field.nullable, item))
    return _entries(known, place, found)


def _unknown(schema: Object, wire: object, place: _Place, *, explain: bool) -> Mismatch:
    name = str(wire)
    message = f"unknown {schema.member} {quoted(name)} in {schema.name}"
    hints = []
    if explain and (near := nearest(name, schema.by_wire)) is not None:
        hints.append(f"did you mean '{near}'?")
    if explain and schema.fields:
        hints.append(f"{schema.member}s here: {listed(schema.by_wire)}")
    return Mismatch("unknown-field", message, hint="   ".join(hints), place=(*place, name))


def _entries(items: Iterable[tuple[object, Schema, bool, object]], place: _Place, found: _Found) -> Content:
    content: dict[str, Content] = {}
    for key, schema, nullable, item in items:
        if not isinstance(key, str):
            found.append(Mismatch("wrong-type", "keys are strings", place=place))
            continue
        _checked(scalars.check_unicode, key, place, found)
        content[key] = None if item is None and nullable else _admit(schema, item, (*place, key), found)
    return content


def _anything(schema: Any, value: object, place: _Place, found: _Found) -> Content:
    if isinstance(value, str):
        return _checked(scalars.check_unicode, value, place, found)
    if isinstance(value, Mapping):
        return _entries(((key, _ANY, True, item) for key, item in value.items()), place, found)
    if isinstance(value, list | tuple):
        return [_admit(_ANY, item, (*place, i), found) for i, item in enumerate(value)]
    if isinstance(value, int):
        return _checked(scalars.check_digits, value, place, found)
    if value is None or (isinstance(value, float) and isfinite(value)):
        return value
    found.append(
        scalars.not_finite(value, place)
        if isinstance(value, float)
        else scalars.wrong_type(schema, value, place)
    )
    return None


def _checked(check: Callable[[_T], object], value: _T, place: _Place, found: _Found) -> _T:
    try:
        check(value)
    except Mismatch as mismatch:
        found.append(mismatch.at(place))
    return value


_ANY = Any()
