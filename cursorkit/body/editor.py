"""Bodies from the values of a program, without text: the same walk, the same checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from attrs import evolve

from cursorkit.body.build import assemble
from cursorkit.body.fold import Walk
from cursorkit.body.places import Places
from cursorkit.body.shown import Shown
from cursorkit.body.values import Element, Entry, Given
from cursorkit.language.parser import parse_path

if TYPE_CHECKING:
    from cursorkit.body.build import Body
    from cursorkit.body.fold import Step
    from cursorkit.body.values import Value
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
        self._walk = Walk(Places(schema))
        self._steps: list[Step] = []

    def move(self, path: str) -> Self:
        """Move the cursor along `path`."""
        self._steps.append(self._walk.move(parse_path(path)))
        return self

    def set(self, path: str, value: object) -> Self:
        """Set the place that `path` reaches to `value`: JSON values, `bytes`, sources, attrs instances."""
        return self._assign(path, Given(value))

    def append(self, path: str, value: object) -> Self:
        """Add `value` at the end of the list that `path` reaches."""
        return self._assign(path, Element(value))

    def put(self, path: str, key: str, value: object) -> Self:
        """Put `value` under `key` of the map that `path` reaches."""
        return self._assign(path, Entry(key, value))

    def _assign(self, path: str, value: Value) -> Self:
        self._steps.append(self._walk.assign(parse_path(path), value, Shown(path)))
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
