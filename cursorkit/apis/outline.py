"""What a request body may hold: a tree of plain parts, and the arguments that set all of it.

Plain, because help has to come without attrs. A part is made when it is asked for, so that schemas may hold
themselves, and that no one pays for the parts of a wide body that nobody looks at.
"""

from __future__ import annotations

from itertools import takewhile
from operator import eq

from cursorkit.apis.samples import sample
from cursorkit.schema.document import HTTP_BODY, fields, form_of, is_required, table, tables, text
from cursorkit.schema.names import written_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.errors import SchemaError
    from cursorkit.schema.document import Document

    _Way = tuple[str, ...]

NEW = "+"
"""The name of a part that is an element of a list: each one that is written is another."""

KEY = "key"
"""The name of a part that is an entry of a map: any other would do."""

_DEEPEST = 62
"""Levels below which parts are left out; no body has more than 64, and an entry is one itself."""

_WITH_PARTS = ("structure", "list", "map")

_MOST_CLIMBED = 2
"""Levels that a reader counts in dots at a glance."""

_KINDS = {
    "byte": "base64",
    "date": "date",
    "date-time": "time",
    "google-datetime": "time",
    "google-duration": "duration",
    "google-fieldmask": "field mask",
    "int64": "integer",
    "uint64": "integer",
}
"""What strings of a format are called, where that tells more than that they are strings."""


class Part:
    """A part of a body. A plain class, as all that help is made of.

    Args:
        name: its name as arguments spell it, `content-type`; `NEW`, `KEY`, or nothing for the whole body.
        place: the part of the document that says what it means here: `description`, `readOnly`, `deprecated`.
        content: the one that says what it holds, which is another where that has a name: `enum`, `default`.
        within: the names of the schemas that it is a part of, and of its own.
        again: whether it holds what it is itself a part of, so that its own parts are left out.
        required: whether a request without it is refused.
        depth: how many names lead to it.
        origin: the document's `schemas`, and the id of the method.

    Attributes:
        form: how it is written.
    """

    __slots__ = ("again", "content", "depth", "form", "name", "origin", "place", "required", "within")

    def __init__(
        self,
        name: str,
        place: Document,
        content: Document,
        *,
        within: tuple[str, ...],
        again: bool,
        required: bool,
        depth: int,
        origin: tuple[Document, str],
    ) -> None:
        self.name = name
        self.place = place
        self.content = content
        self.within = within
        self.form = form_of(content)
        self.again = again and self.form in _WITH_PARTS
        self.required = required
        self.depth = depth
        self.origin = origin

    @property
    def kind(self) -> str:
        """What it holds, in words: `list of strings`, `HttpBody`."""
        return _kind(self.origin[0], self.place)

    @property
    def parts(self) -> Iterator[Part]:
        """The fields of a structure in document order, the element of a list, the entry of a map."""
        if self.again:
            return
        match self.form:
            case "structure" if not self.name and is_http_body(self):
                for wire, raw in _RAW.items():
                    node = table(table(self.content, "properties"), wire)
                    yield _below(self, written_name(wire), {**node, **raw}, required=True)
            case "structure":
                for wire, node in fields(self.content):
                    yield _below(self, written_name(wire), node)
            case "list":
                yield _below(self, NEW, table(self.content, "items"))
            case "map":
                yield _below(self, KEY, table(self.content, "additionalProperties"))


def body(document: Document, method: Document) -> Part | None:
    """The body of the requests of `method`, a method of `document`; None if they have none.

    Raises:
        SchemaError: the document is not sound; the parts may raise it too.
    """
    reference = table(method, "request")
    if not reference:
        return None
    origin = table(document, "schemas"), text(method, "id")
    content, names = _followed(origin[0], reference)
    return Part("", reference, content, within=names, again=False, required=True, depth=0, origin=origin)


def is_http_body(part: Part) -> bool:
    """Whether a structure is google.api.HttpBody, under whatever name."""
    held = {wire: _below(part, wire, node) for wire, node in tables(part.content, "properties")}
    return (
        held.keys() == HTTP_BODY
        and text(held["contentType"].content, "type") == "string"
        and text(held["data"].content, "type") == "string"
        and text(held["data"].content, "format") == "byte"
        and held["extensions"].form == "list"
        and all(each.form != "scalar" and each.form != "list" for each in held["extensions"].parts)
    )


_RAW: dict[str, Document] = {
    "contentType": {"type": "string", "example": "text/plain"},
    "data": {"type": "string", "format": ""},
}
"""What google.api.HttpBody holds as the body of a request: a header value and bytes, neither of it JSON."""


def _below(above: Part, name: str, node: Document, *, required: bool = False) -> Part:
    schemas, method = above.origin
    content, names = _followed(schemas, node)
    return Part(
        name,
        node,
        content,
        within=above.within + names,
        again=above.depth + 1 >= _DEEPEST or any(each in above.within for each in names),
        required=required or is_required(node, method),
        depth=above.depth + 1,
        origin=above.origin,
    )


def _followed(schemas: Document, node: Document) -> tuple[Document, tuple[str, ...]]:
    """What `node` describes or refers to, and the names on the way there."""
    names: tuple[str, ...] = ()
    while "$ref" in node:
        name = text(node, "$ref")
        if name not in schemas:
            raise _misled(name, "is missing")
        if name in names:
            raise _misled(name, "is nothing but itself")
        names = (*names, name)
        node = table(schemas, name)
    return node, names


def _misled(name: str, what: str) -> SchemaError:
    from cursorkit.errors import SchemaError, quoted

    return SchemaError(f"the document is not sound: the schema {quoted(name)} {what}")


def _kind(schemas: Document, node: Document) -> str:
    """What `node` describes, in words; of lists and maps that hold each other the outer ones."""
    around = ""
    for _ in range(_DEEPEST):
        content, names = _followed(schemas, node)
        match form_of(content):
            case "list":
                around, node = f"{around}list of ", table(content, "items")
            case "map":
                around, node = f"{around}map of ", table(content, "additionalProperties")
            case "structure":
                return around + (names[-1] if names else "structures" if around else "structure")
            case "any":
                return f"{around}any"
            case "scalar":
                return around + _scalar(content) + ("s" if around else "")
    return f"{around}…"


def _scalar(content: Document) -> str:
    if "enum" in content:
        return "enum"
    kind = text(content, "type")
    return _KINDS.get(text(content, "format"), kind) if kind == "string" else kind


# --- the arguments that set it ---------------------------------------------------------------------------


def arguments(whole: Part) -> Iterator[str]:
    """The arguments that set `whole` completely, in order: every leaf once, with a value that is right there.

    A structure sets first what takes one argument, then moves into each of its parts that takes more. Lists
    get one element, maps one entry; what holds itself is left empty. There are none for an empty message.

    Raises:
        SchemaError: the document is not sound.
    """
    first = _landing((), whole)
    if not first.parts:
        if whole.form != "structure" or first.way:
            yield "."
            yield _assignment(first.way, first.part)
        return
    todo = [first]
    cursor: _Way | None = None
    while todo:
        here = todo.pop()
        yield _move(cursor, here.way)
        cursor = here.way
        reached = [_landing((*here.way, each.name), each) for each in here.parts]
        for each in reached:
            if not each.parts:
                yield _assignment(each.way[len(here.way) :], each.part)
        todo += [each for each in reversed(reached) if each.parts]


class _Landing:
    """Where a way leads that goes on until it branches.

    Args:
        way: the names from the whole to it.
        part: what is there.
        parts: its parts, at least two; none, if one argument sets it.
    """

    __slots__ = ("part", "parts", "way")

    def __init__(self, way: _Way, part: Part, parts: tuple[Part, ...]) -> None:
        self.way = way
        self.part = part
        self.parts = parts


def _landing(way: _Way, part: Part) -> _Landing:
    while True:
        parts = tuple(part.parts)
        if not parts or (part.form != "structure" and parts[0].form == "scalar"):
            return _Landing(way, part, ())
        if len(parts) > 1:
            return _Landing(way, part, parts)
        part = parts[0]
        way = (*way, part.name)


def _move(cursor: _Way | None, way: _Way) -> str:
    """The argument that moves the cursor to `way`. It does not enter an element anew that it is in."""
    absolute = "." + ".".join(way)
    if cursor is None:
        return absolute
    common = sum(1 for _ in takewhile(bool, map(eq, cursor, way)))
    climb = len(cursor) - common
    if climb > _MOST_CLIMBED and NEW not in way[:common]:
        return absolute
    return "." * (climb + 1 if climb else 0) + ".".join(way[common:])


def _assignment(way: _Way, part: Part) -> str:
    name = ".".join(way)
    match part.form:
        case "scalar":
            return f"{name or '.'}={sample(part.content)}"
        case "list" if not part.again:
            return f"{name or '.'}={_of_part(part)}"
        case "map" if not part.again:
            return f"{name or '.'}={KEY}={_of_part(part)}"
        case "list":
            return f"{name}:=[]"
    return f"{name}:={{}}"


def _of_part(part: Part) -> str:
    return sample(next(part.parts).content)
