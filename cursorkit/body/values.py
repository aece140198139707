"""The values that an assignment can give: text, JSON, the contents of a file, a value of a program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from attrs import frozen

from cursorkit.body.places import NEW, Place
from cursorkit.body.tree import New
from cursorkit.errors import SourceError, quoted
from cursorkit.schema import admit as whole
from cursorkit.schema import scalars
from cursorkit.schema.expected import example, expected, held, shown
from cursorkit.schema.json_text import decoded, parsed
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import Any, List, Map, Object, Scalar
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from typing import BinaryIO

    from cursorkit.body.places import Extension
    from cursorkit.body.tree import Way
    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

Files = Callable[[str], BodySource]
"""Opens what `@=` names; raises `SourceError`."""


Taking = tuple[Callable[[], "Content"], "Way", "Extension | None"]
"""What a value gives to a place: what reads it; where below the place it goes, if it is a new element or an
entry; and what it takes of the language beyond the reference's.

Reading raises `Mismatch` if the value does not fit, an `ExceptionGroup` of them for all that does not fit in
a whole value, and `SourceError` if its file cannot be read.
"""

Reader = Callable[[_T, Place], Taking]
"""Takes a value for a place, without reading it.

Raises:
    Mismatch: the place takes no value of this sort.
"""


def text(value: str, place: Place) -> Taking:
    """The text behind `=`, no character of which is special.

    It is a scalar; one more element of a list; one entry of a map; a string where any JSON value goes.
    """
    schema = place.schema
    match schema:
        case Scalar():
            return partial(scalars.read, schema, value), (), None if value else "empty"
        case Any():
            return partial(_string, schema, value), (), "any"
        case List(items=Scalar() as items):
            return partial(scalars.read, items, value), (New(),), None if value else "empty"
        case List(items=Any() as items):
            return partial(_string, items, value), (New(),), "any"
        case Map(values=Scalar() | Any() as values):
            return _entry(values, value)
    hint, beyond = _instead_of_text(place)
    raise Mismatch("no-text", f"{place} holds {held(schema)}, which takes no text", hint=hint, beyond=beyond)


def _string(schema: Any, value: str) -> str:
    scalars.check_unicode(value)
    if not (schema.alternatives or schema.rules):
        return value
    refusals = whole.admit(schema, value)[1]
    if not refusals:
        return value
    for mismatch in (
        *refusals,
        *(each for kind in schema.alternatives for each in whole.admit(kind, value)[1]),
    ):
        if mismatch.kind != "wrong-type":
            # It is one for text, so this is what was meant.
            raise mismatch
    raise Mismatch("no-text", f"{held(schema)} takes no text", beyond=_as_json(schema))


def _entry(values: Scalar | Any, pair: str) -> Taking:
    key, sign, value = pair.partition("=")
    if not sign:
        given = example(values) if isinstance(values, Scalar) else "text"
        such_as = "" if given is None else f", such as key={given}"
        raise Mismatch("missing-key", f"an entry of a map is written as KEY=VALUE{such_as}")
    read, _, extension = text(value, Place(values))
    return partial(_entry_content, read, key, len(value)), (key,), extension


def _entry_content(read: Callable[[], Content], key: str, length: int) -> Content:
    scalars.check_unicode(key)
    try:
        return read()
    except Mismatch as mismatch:
        raise mismatch.shifted(len(key) + 1, length) from None


def _instead_of_text(place: Place) -> tuple[str, str]:
    """What to do about a place that takes no text: in the reference's language, and beyond it."""
    name = f"{place.field.cli}." if place.field is not None else ""
    match place.schema:
        case Object() as schema:
            return f"set a field of it, {name}{_part(schema)}=VALUE, or move into it", _as_json(schema)
        case List(items=items) as schema:
            return "", f"set a part of a new element, {name}+.{_part(items)}=VALUE   {_as_json(schema)}"
    values = cast("Map", place.schema).values
    return "", f"set a part of an entry, {name}KEY.{_part(values)}=VALUE   {_as_json(place.schema)}"


def _part(schema: Schema) -> str:
    """What a part of the schema may be called that takes text."""
    if isinstance(schema, List):
        return NEW
    fields = schema.fields if isinstance(schema, Object) else ()
    taking = (each.cli for each in fields if isinstance(each.schema, Scalar | Any) and not each.refusal)
    return next(taking, "NAME")


def _as_json(schema: Schema) -> str:
    return f":={shown(schema) or 'JSON'} would set all of it"


def document(value: str, place: Place) -> Taking:
    """The JSON behind `:=`: the whole value of the place."""
    return partial(_from_json, value, place), (), "json"


def contents(files: Files, name: str, place: Place) -> Taking:
    """The contents of the file behind `@=`, or those of standard input, which is called `-`.

    They are bytes for raw bodies, base64 for byte fields, text for strings; JSON for everything else.
    """
    return partial(_from_file, files, name, place), (), "file"


def given(value: object, place: Place) -> Taking:
    """A value of a program: the whole value of the place."""
    return partial(_from_program, value, place), (), None


def element(value: object, place: Place) -> Taking:
    """A value of a program that becomes one more element of a list."""
    match place.schema:
        case List(items=items):
            return given(value, Place(items))[0], (New(),), None
        case Any():
            return given(value, Place(Any()))[0], (New(),), None
    raise Mismatch("not-a-structure", f"nothing can be appended to {held(place.schema)}")


def entry(key: str, value: object, place: Place) -> Taking:
    """A value of a program that becomes the entry of a map."""
    scalars.check_unicode(key)
    match place.schema:
        case Map(values=values):
            return given(value, Place(values, above=place))[0], (key,), None
        case Any():
            return given(value, Place(Any()))[0], (key,), None
    raise Mismatch("not-keyed", f"no entry can be put into {held(place.schema)}")


def no_files(_name: str) -> BodySource:
    """The `Files` of a host that reads none for its callers."""
    raise SourceError("unreadable-file", "files are not read here")


@frozen
class Unread:
    """A file that is spoken of, but stays closed: the whole content of its place, whatever that takes.

    Attributes:
        name: what `@=` called it.
    """

    name: str

    @property
    def length(self) -> int:
        """Nobody knows.

        Raises:
            SourceError: always.
        """
        raise _unread(self.name)

    def open(self) -> BinaryIO:
        """There is no reader.

        Raises:
            SourceError: always.
        """
        raise _unread(self.name)


def _unread(name: str) -> SourceError:
    return SourceError("unreadable-file", f"{quoted(name)} is not read here")


def _from_json(value: str, place: Place) -> Content:
    try:
        return _admitted(place, parsed(value))
    except Mismatch as mismatch:
        if mismatch.kind != "not-json":
            raise
        hint = f"{expected(place.schema)}; quotes have to survive the shell"
        raise mismatch.advised(hint) from None


def _from_file(files: Files, name: str, place: Place) -> Content:
    if not name:
        raise Mismatch("empty-value", "the name of a file is missing", hint="- is standard input")
    source = files(name)
    if isinstance(source, Unread) or (isinstance(place.schema, Scalar) and place.schema.type == "raw"):
        return source
    with source.open() as reader:
        octets = reader.read()
    try:
        return _from_octets(octets, place)
    except Mismatch as mismatch:
        # Its span is one in the file, and the argument holds no more than the file's name.
        raise mismatch.at(mismatch.place) from None


def _from_octets(octets: bytes, place: Place) -> Content:
    schema = place.schema
    if isinstance(schema, Scalar) and schema.type == "bytes":
        from base64 import b64encode

        return b64encode(octets).decode("ascii")
    content = decoded(octets)
    if isinstance(schema, Scalar) and schema.type == "string":
        return _from_text(content, schema)
    try:
        value = parsed(content)
    except Mismatch as mismatch:
        if mismatch.kind != "not-json":
            raise
        raise mismatch.advised(expected(schema)) from None
    return _admitted(place, value)


def _from_text(content: str, schema: Scalar) -> Content:
    try:
        return scalars.read(schema, content)
    except Mismatch as mismatch:
        raise mismatch.advised("its last line break counts" if content.endswith("\n") else "") from None


def _from_program(value: object, place: Place) -> Content:
    from cursorkit.schema.encode import encode

    return _admitted(place, encode(place.schema, value))


def _admitted(place: Place, value: object) -> Content:
    if value is None and place.nullable:
        return None
    content, mismatches = whole.admit(place.schema, value)
    if len(mismatches) > whole.MOST_TOLD:
        more = f"and {len(mismatches) - whole.MOST_TOLD} more in this value"
        mismatches = (*mismatches[: whole.MOST_TOLD - 1], mismatches[whole.MOST_TOLD - 1].advised(more))
    if mismatches:
        raise ExceptionGroup("the value does not fit", list(mismatches))
    return content
