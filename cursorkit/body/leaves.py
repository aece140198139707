"""A value taken apart: its leaves in document order, and what leads to each of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from attrs import define, field

from cursorkit.body.places import NEW, Place, is_element
from cursorkit.errors import ArgumentErrors, Problem
from cursorkit.language.ast import MARKS
from cursorkit.language.parser import LONGEST
from cursorkit.schema.admit import admit
from cursorkit.schema.formats import base64_bytes
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.shortest import as_json, as_text
from cursorkit.schema.types import Any, List, Map, Object, Scalar, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.tree import Key
    from cursorkit.schema.types import Field, Json, Schema


@define(eq=False)
class Node:
    """A place of the value, with all that is in it.

    Attributes:
        schema: what may stand there.
        value: what stands there.
        place: where it is.
        above: the place that it is a part of; None for the root.
        name: the component of a path that leads there from above; None if no path can hold it.
        key: what `/=` calls it; None for elements, and for keys that no argument can hold.
        first: the position of its first leaf, which is its own if it has no parts.
        after: the position behind its last leaf.
        text: the text that says it; None if there is none, or if it has parts.
        texts: how many of its leaves have a text.
        size: characters of its JSON.
    """

    schema: Schema
    value: Json
    place: Key = ()
    above: Node | None = None
    name: str | None = ""
    key: str | None = None
    first: int = field(default=0, init=False)
    after: int = field(default=0, init=False)
    text: str | None = field(default=None, init=False)
    texts: int = field(default=0, init=False)
    size: int = field(default=0, init=False)

    @property
    def depth(self) -> int:
        """How many places are above it."""
        return len(self.place)

    @property
    def takes_text(self) -> bool:
        """Whether text adds an element or an entry to it."""
        match self.schema:
            case List(items=Scalar() | Any()) | Map(values=Scalar() | Any()):
                return True
        return False

    @property
    def text_above(self) -> str | None:
        """The text that says it to the place above: an element of a list, or an entry with its key."""
        if self.text is None or self.above is None or not self.above.takes_text:
            return None
        if isinstance(self.above.schema, List):
            return self.text
        return None if self.key is None or "=" in self.key else f"{self.key}={self.text}"

    def component(self, leaf: int) -> str | None:
        """The component that leads there on the way to `leaf`: an element is new before its first leaf is."""
        return NEW if self.first == leaf and self.place and isinstance(self.place[-1], int) else self.name


def leaves(schema: Schema, value: object) -> list[Node]:
    """The leaves of `value`, in order: scalars, null, and empty lists and structures.

    Raises:
        ArgumentErrors: with everything in `value` that is no JSON or does not fit `schema`, and where.
    """
    _refuse(schema, *admit(known(schema), value)[1])
    found: list[Node] = []
    _take_apart(Node(schema, cast("Json", value)), found)
    return found


def _refuse(schema: Schema, *mismatches: Mismatch) -> None:
    root = Place(schema)
    problems = tuple(
        Problem(
            each.kind,
            f"{each.message} (at {root.spelled(each.scene)})",
            label="value",
            hint=each.hint,
            beyond=each.beyond,
        )
        for each in mismatches
    )
    if problems:
        raise ArgumentErrors(problems)


def _take_apart(node: Node, found: list[Node]) -> None:
    node.first = len(found)
    parts = list(_parts(node))
    for part in parts:
        _take_apart(part, found)
    if parts:
        node.texts = sum(part.texts for part in parts)
        node.size = 1 + sum(map(_size_above, parts))
    else:
        found.append(node)
        _check_raw(node)
        node.text = as_text(node.schema, node.value)
        node.texts = int(node.text is not None)
        node.size = len(as_json(node.value))
    node.after = len(found)


def _size_above(part: Node) -> int:
    """The characters that it adds to the JSON of the place above: a comma, and its key."""
    step = part.place[-1]
    return part.size + 1 + (len(as_json(step)) + 1 if isinstance(step, str) else 0)


def _check_raw(leaf: Node) -> None:
    """Raw bytes come back in one of the ways to write them in base64; what is in another could not."""
    is_raw = isinstance(leaf.schema, Scalar) and leaf.schema.type == "raw" and leaf.value is not None
    if is_raw and b64encode(base64_bytes(str(leaf.value))).decode() != leaf.value:
        message = "base64 is expected, in the standard alphabet and padded"
        _refuse(leaf.schema, Mismatch("bad-format", message, place=leaf.place))


def _parts(node: Node) -> Iterator[Node]:
    match node.value, node.schema:
        case list() | tuple() as elements, schema:
            items = schema.items if isinstance(schema, List) else Any()
            for index, item in enumerate(elements):
                yield Node(items, item, (*node.place, index), node, str(index))
        case Mapping() as members, Object() as schema:
            for wire, item in members.items():
                found = cast("Field", schema.at(wire))
                yield _member(node, wire, item, found.schema, _spellings(schema, found))
        case Mapping() as members, Map(values=values):
            for key, item in members.items():
                yield _member(node, key, item, values, [key])
        case Mapping() as members, _:
            for key, item in members.items():
                yield _member(node, key, item, Any(), [] if is_element(key) else [key])


def _spellings(schema: Object, meant: Field) -> list[str]:
    """What the field may be called, that of the command line first."""
    names = (meant.cli, meant.wire, meant.python)
    return [each for each in names if (schema.find(each) or schema.others(each)) is meant]


def _member(above: Node, key: str, value: Json, schema: Schema, spellings: Iterable[str]) -> Node:
    """A field or an entry; of several names, one that can stand right before a `=`."""
    names = sorted(filter(_fits_path, spellings), key=lambda name: name.endswith(MARKS))
    name = names[0] if names else None
    return Node(schema, value, (*above.place, key), above, name, None if "\0" in key else key)


def _fits_path(name: str) -> bool:
    return 0 < len(name) <= LONGEST and not set(name) & set(".=\0")
