"""Field paths of answers, `spec.items[2].name`: to the place of the body that they speak of."""

from __future__ import annotations

import json
import re
from itertools import islice, takewhile
from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.places import Place
from cursorkit.schema.types import List, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cursorkit.body.tree import Key
    from cursorkit.schema.types import Content, Field, Schema

_PART = re.compile(
    r"""\[(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<bare>[^\]]*))\]"""
    r"""|\.?(?:`(?P<tick>[^`]*)`|(?P<name>[^.\[`]+))"""
)

_PLAIN = re.compile(r"[\w$/-]+")

_MOST_PARTS = 256
_MOST_DOTS = 32
"""What paths may have: far more than any field, and little enough that a hostile one costs nothing."""


@frozen
class Part:
    """A part of a field path.

    Attributes:
        text: a name, a key, or an index in digits.
        dotted: whether it is a name between dots, which could also be the beginning of a key with dots.
    """

    text: str
    dotted: bool = True


@frozen
class Found:
    """Where a field path leads.

    Attributes:
        place: the last place on the way that exists.
        whole: whether that is the end of the path.
    """

    place: Place
    whole: bool

    @property
    def key(self) -> Key:
        """Where the place is in the value."""
        return cast("Key", self.place.way)

    @property
    def spelled(self) -> str:
        """How a path of the language calls it, in quotation marks."""
        return self.place.spelled(self.key)


def parts_of(path: str) -> Iterator[Part]:
    """The parts of `path`, as far as it can be read.

    Names stand between dots, indices and keys in brackets; a key may be quoted, or stand in backticks.
    """
    at = 0
    while found := _PART.match(path, at):
        at = found.end()
        kind = found.lastgroup or ""
        text = found[kind]
        yield Part(_unquoted(text) if kind == "double" else text, kind == "name")


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def written(key: Key) -> str:
    """The field path that speaks of `key`, as `parts_of` reads it; `.` for the root."""
    path = ""
    for step in key:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            path += f".{step}" if path else step
        else:
            path += f"[{as_written(step)}]"
    return path or "."


def as_written(name: str) -> str:
    """A name or key as it is, or in quotes if something in it could be mistaken."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def find(schema: Schema, content: Content, path: str) -> Found | None:
    """The place of a body with `schema` and `content` that `path` speaks of; None if it speaks of none.

    Names are taken in each spelling. Servers often begin with the name of the whole body (`body.name`,
    `policy.name`), so a first name that the body does not have is left out, where the rest leads somewhere.
    Elements count from 0, as in the answers of Google's front ends (the description of google.rpc.BadRequest
    counts from 1: where the list is too short for the one reading, the other is taken). What a map holds
    is called by its key, or `[2].value` for the third entry that was sent.
    """
    parts = tuple(islice(parts_of(path), _MOST_PARTS))
    found = _descend(schema, content, parts)
    if found.place.way or len(parts) < 2:
        return found if found.place.way else None
    below = _descend(schema, content, parts[1:])
    return below if below.whole else None


def _descend(schema: Schema, content: Content, parts: tuple[Part, ...]) -> Found:
    place = Place(schema)
    while parts:
        step, used = _step(place, content, parts)
        if step is None:
            return Found(place, whole=False)
        place, content, parts = place.part(step), _held(content, step), parts[used:]
    return Found(place, whole=True)


def _step(place: Place, content: Content, parts: tuple[Part, ...]) -> tuple[str | int | None, int]:
    """Where the first of `parts` leads from `place`, and how many parts that takes."""
    match place.schema:
        case Scalar():
            return None, 0
        case Object() as schema:
            field = _field(schema, parts[0].text)
            return (None if field is None else field.wire), 1
    if isinstance(content, list) or isinstance(place.schema, List):
        return _index(parts[0].text, len(content) if isinstance(content, list) else 0), 1
    return _key(content if isinstance(content, dict) else (), parts)


def _field(schema: Object, name: str) -> Field | None:
    """The field that `name` spells, in whatever way."""
    folded = _folded(name)
    return schema.find(name) or next((each for each in schema.fields if _folded(each.wire) == folded), None)


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _index(text: str, length: int) -> int | None:
    if not re.fullmatch("[0-9]{1,9}", text):
        return None
    index = int(text)
    return index - 1 if index == length > 0 else index


def _key(entries: Collection[str], parts: tuple[Part, ...]) -> tuple[str, int]:
    """Which of `entries` the first of `parts` names: by its key, a key with dots, or its position."""
    first = parts[0]
    if first.dotted:
        names = [part.text for part in takewhile(lambda part: part.dotted, parts[:_MOST_DOTS])]
        known = (count for count in range(len(names), 0, -1) if ".".join(names[:count]) in entries)
        used = next(known, 1)
        return ".".join(names[:used]), used
    position = _index(first.text, 0)
    if position is None or position >= len(entries):
        return first.text, 1
    sent = next(islice(entries, position, None))
    if len(parts) > 1 and parts[1].text in {"key", "value"}:
        return sent, 2
    return (first.text if first.text in entries else sent), 1


def _held(content: Content, step: str | int) -> Content:
    match content:
        case dict() if isinstance(step, str):
            return content.get(step)
        case list() if isinstance(step, int) and step < len(content):
            return content[step]
    return None
