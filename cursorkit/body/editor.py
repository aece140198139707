"""Bodies from the values of a program, without text: the same walk, the same checks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from cursorkit.body.build import finished
from cursorkit.body.fold import Walk
from cursorkit.body.printer import to_arguments
from cursorkit.body.values import element, entry, given
from cursorkit.language.ast import Move
from cursorkit.language.parser import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.body.build import Body
    from cursorkit.body.values import Reader
    from cursorkit.schema.types import Schema


def edit(schema: Schema) -> Editor:
    """An editor of an empty body of `schema`.

    `edit(schema).move(".spec").set("replicas", 3).append("tags", "red").body`
    """
    return Editor(schema)


class Editor:
    """A body under construction. Every call gives the editor back; `body` tells all mistakes at once.

    Paths are those of the language, and names are accepted in each spelling. They hold no `=`.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._calls: list[tuple[Move, Callable[[Walk], object]]] = []

    def move(self, path: str) -> Self:
        """Move the cursor along `path`."""
        move = Move(parse_path(path))
        self._calls.append((move, lambda walk: walk.move(move)))
        return self

    def set(self, path: str, value: object) -> Self:
        """Set the place that `path` reaches to `value`: JSON values, `bytes`, sources, attrs instances."""
        return self._assign(path, given, value)

    def append(self, path: str, value: object) -> Self:
        """Add `value` at the end of the list that `path` reaches."""
        return self._assign(path, element, value)

    def put(self, path: str, key: str, value: object) -> Self:
        """Put `value` under `key` of the map that `path` reaches."""
        return self._assign(path, partial(entry, key), value)

    def _assign(self, path: str, reader: Reader[object], value: object) -> Self:
        target = Move(parse_path(path))
        self._calls.append((target, lambda walk: walk.assign(target, reader, value)))
        return self

    @property
    def body(self) -> Body:
        """What was built so far.

        Raises:
            ArgumentErrors: with every problem of the calls so far; their index counts the calls from 0.
        """
        walk = Walk(self._schema, label="edit")
        for _, call in self._calls:
            call(walk)
        return finished(walk, [statement for statement, _ in self._calls])

    @property
    def arguments(self) -> list[str]:
        """The shortest arguments that write what was built so far; see `to_arguments`.

        Raises:
            ArgumentErrors: as `body`.
        """
        return to_arguments(self.body.value, self._schema)
