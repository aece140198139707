"""The values that an assignment can give: text, the contents of a file, a value of a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, Protocol

from attrs import frozen

from cursorkit.errors import SourceError
from cursorkit.schema import admit as whole
from cursorkit.schema import scalars
from cursorkit.schema.scalars import Mismatch
from cursorkit.schema.types import List, Map, Object, Scalar, title
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from cursorkit.body.places import Key
    from cursorkit.schema.types import Content, Schema

Files = Callable[[str], BodySource]
"""Opens what `@=` names; raises `SourceError`."""

NEXT = -1
"""Stands for the index of one more element of a list."""

Taken = tuple["Key", "Content"]
"""Where below the assigned place a value goes, and the value."""


class Value(Protocol):
    """What an assignment gives."""

    def take(self, schema: Schema) -> Taken:
        """What it gives to a place of `schema`.

        Raises:
            Mismatch: it does not fit. A whole value may raise an `ExceptionGroup` of them.
            SourceError: its file cannot be read.
        """
        ...


@frozen
class Text:
    """The text behind `=`. No character of it is special."""

    text: str

    def take(self, schema: Schema) -> Taken:
        """A scalar; one more element of a list; one entry of a map."""
        match schema:
            case Scalar():
                return (), _scalar(schema, self.text)
            case List(items=Scalar() as items):
                return (NEXT,), _scalar(items, self.text)
            case Map(values=Scalar() as values):
                return _entry(values, self.text)
        raise Mismatch(
            "no-text", f"text does not fit here, {title(schema)} is expected", hint=_instead_of_text(schema)
        )


def _scalar(scalar: Scalar, text: str) -> Content:
    if not text:
        raise Mismatch("empty-value", "the value is empty")
    return scalars.read(scalar, text)


def _entry(values: Scalar, pair: str) -> Taken:
    key, sign, text = pair.partition("=")
    if not sign:
        raise Mismatch("missing-key", "an entry of a map is written as key=value")
    try:
        return (key,), _scalar(values, text)
    except Mismatch as mismatch:
        shift = len(key) + 1
        start, end = mismatch.span or (0, len(text))
        span = (start + shift, end + shift)
        raise Mismatch(mismatch.kind, mismatch.message, span=span, hint=mismatch.hint) from None


def _instead_of_text(schema: Schema) -> str:
    if isinstance(schema, Object):
        return "set one of its fields, or move into it"
    return "@=FILE reads it from a file of JSON"


@frozen
class Contents:
    """The contents of the file behind `@=`.

    Attributes:
        name: the file's name, or `-` for standard input.
        files: opens it.
    """

    name: str
    files: Files

    def take(self, schema: Schema) -> Taken:
        """Bytes for raw bodies, base64 for byte fields, text for strings; JSON for everything else."""
        if not self.name:
            raise Mismatch("no-file", "the name of a file is missing")
        source = self.files(self.name)
        match schema:
            case Scalar(type="raw"):
                return (), source
            case Scalar(type="bytes"):
                return (), scalars.admit(schema, _contents(source))
            case Scalar(type="string"):
                return (), scalars.read(schema, _text(_contents(source)))
        return Given(_document(_text(_contents(source)))).take(schema)


@frozen
class Given:
    """A value of a program, or of a JSON document."""

    value: object

    def take(self, schema: Schema) -> Taken:
        """The whole value of the place."""
        content, mismatches = whole.admit(schema, self.value)
        if mismatches:
            raise ExceptionGroup("the value does not fit", list(mismatches))
        return (), content


@frozen
class Element:
    """A value of a program that becomes one more element of a list."""

    value: object

    def take(self, schema: Schema) -> Taken:
        """The new element."""
        if not isinstance(schema, List):
            raise Mismatch("not-a-structure", f"nothing can be appended to a {title(schema)}")
        return (NEXT,), Given(self.value).take(schema.items)[1]


@frozen
class Entry:
    """A value of a program that becomes the entry of a map."""

    key: str
    value: object

    def take(self, schema: Schema) -> Taken:
        """The entry."""
        if not isinstance(schema, Map):
            raise Mismatch("not-keyed", f"a {title(schema)} has no entries")
        return (self.key,), Given(self.value).take(schema.values)[1]


def no_files(_name: str) -> BodySource:
    """The `Files` of a host that reads none for its callers."""
    raise SourceError("unreadable-file", "files are not read here")


def _contents(source: BodySource) -> bytes:
    with source.open() as reader:
        return reader.read()


def _text(contents: bytes) -> str:
    try:
        return contents.decode()
    except UnicodeDecodeError:
        raise Mismatch("not-unicode", "the file is not UTF-8 text") from None


def _document(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_json)
    except RecursionError:
        raise Mismatch("limit", "the JSON document is nested too deeply") from None
    except ValueError as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise Mismatch("not-json", f"the file is not a JSON document{where}") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Mismatch("duplicate-key", "the JSON document holds one key twice")
    return members


def _no_json(constant: str) -> NoReturn:
    raise Mismatch("not-json", f"{constant} is no JSON")
