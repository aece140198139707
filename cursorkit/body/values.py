"""The values that an assignment can give: text, JSON, the contents of a file, a value of a program."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

from cursorkit.body.places import Place
from cursorkit.body.tree import New
from cursorkit.errors import SourceError
from cursorkit.schema import admit as whole
from cursorkit.schema import scalars
from cursorkit.schema.encode import encode
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import Any, List, Map, Object, Scalar, title
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from cursorkit.body.places import Extension
    from cursorkit.body.tree import Way
    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

Files = Callable[[str], BodySource]
"""Opens what `@=` names; raises `SourceError`."""


Taking = tuple["Content", "Way", "Extension | None"]
"""What a value gives to a place: the content; where below the place it goes, if it is a new element or an
entry; and what it takes of the language beyond the reference's."""

Reader = Callable[[_T, "Place"], Taking]
"""Takes a value for a place.

Raises:
    Mismatch: the value does not fit. A whole value may raise an `ExceptionGroup` of them.
    SourceError: its file cannot be read.
"""


def text(value: str, place: Place) -> Taking:
    """The text behind `=`, no character of which is special.

    It is a scalar; one more element of a list; one entry of a map; a string where any JSON value goes.
    """
    schema = place.schema
    match schema:
        case Scalar():
            return scalars.read(schema, value), (), None if value else "empty"
        case Any():
            return _string(schema, value), (), "any"
        case List(items=Scalar() as items):
            return scalars.read(items, value), (New(),), None if value else "empty"
        case List(items=Any() as items):
            return _string(items, value), (New(),), "any"
        case Map(values=Scalar() | Any()):
            return _entry(schema, value)
    hint = _instead_of_text(schema)
    raise Mismatch("no-text", f"text does not fit here, {title(schema)} is expected", hint=hint)


def _string(schema: Any, value: str) -> str:
    scalars.check_unicode(value)
    if schema.alternatives and not whole.fits(schema, value):
        hint = ":= takes JSON, such as :=null"
        raise Mismatch("no-text", f"{title(schema)} is expected, and no text", hint=hint)
    return value


def _entry(schema: Map, pair: str) -> Taking:
    key, sign, value = pair.partition("=")
    if not sign:
        raise Mismatch("missing-key", "an entry of a map is written as key=value")
    scalars.check_unicode(key)
    try:
        content, _, extension = text(value, Place(schema.values))
    except Mismatch as mismatch:
        raise mismatch.shifted(len(key) + 1, len(value)) from None
    return content, (key,), extension


def _instead_of_text(schema: Schema) -> str:
    match schema:
        case Object():
            return "set one of its fields, or move into it"
        case List():
            return "set a part of a new element, such as +.name=…, or all of it: :=JSON"
    return "set a part of an entry, such as key.name=…, or all of it: :=JSON"


def document(value: str, place: Place) -> Taking:
    """The JSON behind `:=`: the whole value of the place."""
    return _admitted(place, parsed(value)), (), "json"


def contents(files: Files, name: str, place: Place) -> Taking:
    """The contents of the file behind `@=`, or those of standard input, which is called `-`.

    They are bytes for raw bodies, base64 for byte fields, text for strings; JSON for everything else.
    """
    if not name:
        raise Mismatch("no-file", "the name of a file is missing")
    source = files(name)
    match place.schema:
        case Scalar(type="raw"):
            return source, (), "file"
        case Scalar(type="bytes"):
            return b64encode(_contents(source)).decode("ascii"), (), "file"
        case Scalar(type="string") as schema:
            return scalars.read(schema, _text(_contents(source))), (), "file"
    return _admitted(place, _parsed_contents(source)), (), "file"


def given(value: object, place: Place) -> Taking:
    """A value of a program: the whole value of the place."""
    return _admitted(place, encode(place.schema, value)), (), None


def element(value: object, place: Place) -> Taking:
    """A value of a program that becomes one more element of a list."""
    match place.schema:
        case List(items=items):
            return given(value, Place(items))[0], (New(),), None
        case Any():
            return given(value, Place(Any()))[0], (New(),), None
    raise Mismatch("not-a-structure", f"nothing can be appended to a {title(place.schema)}")


def entry(key: str, value: object, place: Place) -> Taking:
    """A value of a program that becomes the entry of a map."""
    match place.schema:
        case Map(values=values):
            return given(value, Place(values, above=place))[0], (key,), None
        case Any():
            return given(value, Place(Any()))[0], (key,), None
    raise Mismatch("not-keyed", f"a {title(place.schema)} has no entries")


def no_files(_name: str) -> BodySource:
    """The `Files` of a host that reads none for its callers."""
    raise SourceError("unreadable-file", "files are not read here")


def _admitted(place: Place, value: object) -> Content:
    if value is None and place.nullable:
        return None
    content, mismatches = whole.admit(place.schema, value)
    if mismatches:
        raise ExceptionGroup("the value does not fit", list(mismatches))
    return content


def _contents(source: BodySource) -> bytes:
    with source.open() as reader:
        return reader.read()


def _text(contents: bytes) -> str:
    try:
        return contents.decode()
    except UnicodeDecodeError:
        raise Mismatch("not-unicode", "the file is not UTF-8 text") from None


def _parsed_contents(source: BodySource) -> object:
    try:
        return parsed(_text(_contents(source)))
    except Mismatch as mismatch:
        # Its span is one in the file, and the argument holds no more than the file's name.
        raise mismatch.at(()) from None


def parsed(text: str) -> object:
    """The JSON document that `text` is.

    Raises:
        Mismatch: `not-json`, `duplicate-key`, `out-of-range` or `limit`.
    """
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_json)
    except RecursionError:
        raise Mismatch("limit", "the JSON document is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Mismatch(
            "not-json",
            f"this is not a JSON document (line {error.lineno}, column {error.colno})",
            span=(error.pos, min(error.pos + 1, len(text))),
            hint="strings stand in double quotes; = takes text as it is",
        ) from None
    except ValueError:
        raise Mismatch("out-of-range", "a number of the JSON document has too many digits") from None


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Mismatch("duplicate-key", "the JSON document holds one key twice")
    return members


def _no_json(constant: str) -> NoReturn:
    raise Mismatch("not-json", f"{constant} is no JSON")
