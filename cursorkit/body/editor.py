"""Bodies from the values of a program, without text: the same walk, the same checks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from attrs import evolve

from cursorkit.body.build import assemble
from cursorkit.body.fold import Walk
from cursorkit.body.values import element, entry, given
from cursorkit.language.ast import Move
from cursorkit.language.parser import parse_path

if TYPE_CHECKING:
    from cursorkit.body.build import Body
    from cursorkit.body.fold import Step
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
        self._walk = Walk(schema)
        self._steps: list[Step] = []

    def move(self, path: str) -> Self:
        """Move the cursor along `path`."""
        self._steps.append(self._walk.move(Move(parse_path(path))))
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
        self._steps.append(self._walk.assign(Move(parse_path(path)), reader, value))
        return self

    @property
    def body(self) -> Body:
        """What was built so far.

        Raises:
            ArgumentErrors: with every problem of the calls so far; their index counts the calls from 0.
        """
        return assemble(self._schema, map(_of_calls, self._steps))


def _of_calls(step: Step) -> Step:
    problems = tuple(evolve(each, label="edit") for each in step.problems)
    return evolve(step, problems=problems) if problems else step
