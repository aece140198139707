"""Where in a whole structure a name can be found."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.body.places import NEW, has_bytes
from cursorkit.errors import SchemaError
from cursorkit.schema.admit import DEEPEST
from cursorkit.schema.names import nearest
from cursorkit.schema.types import List, Map, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Field, Schema

_MOST_STRUCTURES = 5_000
"""Structures that are searched: documents hold hundreds, and go in circles."""

_MOST_SEARCHES = 200
"""Names that are compared with all others: no hand misspells so many."""

_MOST_NAMES = 5_000
"""Names that a misspelled one is compared with."""

KEY = "KEY"
"""Stands in a path for the key of an entry, which is the caller's to choose."""


@frozen
class Structure:
    """A structure somewhere in the whole.

    Attributes:
        path: the names that lead to it from the root.
        plain: whether the language of the reference gets there.
    """

    path: tuple[str, ...] = ()
    plain: bool = True

    def __str__(self) -> str:
        return "." + ".".join(self.path)

    def inner(self, name: str, *, plain: bool = True) -> Structure:
        """What is called `name` in it."""
        return Structure((*self.path, name), plain=self.plain and plain)


class Elsewhere:
    """All fields of a whole structure, each in the structure that is nearest to the root.

    Fields that no request can set do not count, nor does what a path cannot spell.
    """

    def __init__(self, whole: Schema) -> None:
        self._whole = whole
        self._left = _MOST_SEARCHES

    def find(self, name: str) -> tuple[str, Structure | None]:
        """The field of this name, or the one it was most likely meant to be, and where; None if none is."""
        if name not in self._by_name:
            self._left -= 1
            near = nearest(name, islice(self._by_name, _MOST_NAMES)) if self._left >= 0 else None
            return ("", None) if near is None else self._by_name[near]
        return name, self._by_name[name][1]

    def is_private(self, name: str) -> bool:
        """Whether a value that is meant for a field of about this name may be one that nobody should see."""
        return nearest(name, self._private) is not None

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, Structure]]:
        found: dict[str, tuple[str, Structure]] = {}
        for structure, field in self._fields:
            for name in (field.cli, field.wire, field.python):
                found.setdefault(name, (field.cli, structure))
        return found

    @cached_property
    def _private(self) -> tuple[str, ...]:
        private = (field for _, field in self._fields if field.secret or _holds_bytes(field.schema))
        return tuple(dict.fromkeys(name for field in private for name in (field.cli, field.wire)))

    @cached_property
    def _fields(self) -> tuple[tuple[Structure, Field], ...]:
        return tuple(_fields(self._whole))


def _fields(whole: Schema) -> Iterator[tuple[Structure, Field]]:
    waiting: deque[tuple[Structure, Schema]] = deque([(Structure(), whole)])
    seen: set[int] = set()
    while waiting and len(seen) < _MOST_STRUCTURES:
        at, schema = waiting.popleft()
        match schema:
            case List(items=inner):
                waiting.append((at.inner(NEW, plain=False), inner))
            case Map(values=inner):
                waiting.append((at.inner(KEY, plain=False), inner))
            case Object() if id(schema) not in seen and len(at.path) < DEEPEST:
                seen.add(id(schema))
                for field in _readable(schema):
                    if not field.refusal and not set(field.cli) & set(".="):
                        yield at, field
                        waiting.append((at.inner(field.cli), field.schema))


def _readable(schema: Object) -> tuple[Field, ...]:
    try:
        return schema.fields
    except SchemaError:
        # The caller never went there, and is not to hear of it.
        return ()


def _holds_bytes(schema: Schema) -> bool:
    return not isinstance(schema, Object) and has_bytes(schema)
