"""Arguments and contents as messages may show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.body.places import Place
from cursorkit.body.values import Unread
from cursorkit.errors import SourceError
from cursorkit.language.ast import Assignment, KeyMove
from cursorkit.schema.formats import base64_bytes
from cursorkit.schema.types import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.build import Body
    from cursorkit.errors import Span
    from cursorkit.language.ast import Statement
    from cursorkit.schema.types import Content
    from cursorkit.wire.source import BodySource

CUT = "…"
"""Stands for a value that may not be shown."""

LONGEST = 200
"""Characters that are shown of a content."""


@frozen
class Shown:
    """An argument as messages may show it: a value that must stay private is cut out.

    Attributes:
        head: the path and the sign, as they were written.
        value: what may be shown of what stands behind them.
        path: how many characters the path has.
        public: whether that is the value itself.
    """

    head: str
    value: str
    path: int
    public: bool

    @property
    def text(self) -> str:
        """What is shown."""
        return self.head + self.value

    @property
    def path_span(self) -> Span:
        """Where the path stands in `text`."""
        return 0, self.path

    def in_value(self, span: Span | None) -> Span:
        """Where a part of the value stands in `text`; of a value cut out all, of an empty one the path."""
        if not self.value:
            return self.path_span
        start = len(self.head)
        first, last = span if span is not None and self.public else (0, len(self.value))
        return start + first, start + last


def shown(statement: Statement, *, public: bool) -> Shown:
    """How `statement` may be shown, with a value that is public or not; names always are."""
    match statement:
        case Assignment(path, operator, value):
            public = public or operator == "@="
            return Shown(f"{path}{operator}", value if public or not value else CUT, len(str(path)), public)
        case KeyMove(path, key):
            return Shown(f"{path}/=", key, len(str(path)), public=True)
    return Shown(str(statement), "", len(str(statement)), public=True)


def content_shown(place: Place, content: Content) -> str:
    """The content of `place` as JSON in a bounded line, in which private values are only described."""
    text = ""
    for piece in _pieces(place, content):
        text += piece
        if len(text) > LONGEST:
            return text[: LONGEST - 1] + CUT
    return text


def _pieces(place: Place, content: Content) -> Iterator[str]:
    match content:
        case dict() if content:
            opening = "{"
            for key, item in content.items():
                yield f"{opening}{_quoted(key)}: "
                yield from _pieces(place.part(key), item)
                opening = ", "
            yield "}"
        case list() if content:
            opening = "["
            for index, item in enumerate(content):
                yield opening
                yield from _pieces(place.part(index), item)
                opening = ", "
            yield "]"
        case str() | bool() | int() | float() if not place.public:
            yield _described(place, content)
        case str():
            yield _quoted(content)
        case bool() | int() | float() | None | dict() | list():
            yield json.dumps(content)
        case Unread(name=name):
            yield f"the contents of {_quoted(name)}"
        case _:
            yield _size(content)


def _quoted(text: str) -> str:
    return json.dumps(text[: LONGEST + 1], ensure_ascii=False)


def _described(place: Place, content: bool | float | str) -> str:
    """What may be said of a private value: how long bytes are, and of a secret nothing at all."""
    if isinstance(place.schema, Scalar) and place.schema.type == "bytes" and not place.secret:
        return _bytes(len(base64_bytes(str(content))))
    return CUT


def _size(source: BodySource) -> str:
    try:
        return _bytes(source.length)
    except SourceError as error:
        return str(error)


def _bytes(count: int) -> str:
    return f"{count:,} byte{'s' * (count != 1)}"


def private_texts(body: Body) -> Iterator[str]:
    """The texts in `body` that no message may repeat."""
    return _private(Place(body.schema), body.content)


def _private(place: Place, content: Content) -> Iterator[str]:
    match content:
        case dict():
            for key, item in content.items():
                yield from _private(place.part(key), item)
        case list():
            for index, item in enumerate(content):
                yield from _private(place.part(index), item)
        case str() if not place.public:
            yield content
