"""The source map: from a place in a body back to the argument that set it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.body.fold import Walk
from cursorkit.body.places import place_at
from cursorkit.body.shown import private_texts, shown
from cursorkit.body.values import Unread
from cursorkit.errors import Problem, discreet
from cursorkit.language.ast import Assignment
from cursorkit.language.parser import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cursorkit.body.build import Body
    from cursorkit.body.field_paths import Found
    from cursorkit.body.tree import Key
    from cursorkit.errors import Kind
    from cursorkit.language.ast import Program


def origin(origins: Mapping[Key, int], place: Key) -> int | None:
    """The argument that set `place`, or what it is a part of, or else the first part of it; None for none."""
    index = setter(origins, place)
    if index is not None:
        return index
    return min((each for key, each in origins.items() if key[: len(place)] == place), default=None)


def setter(origins: Mapping[Key, int], place: Key) -> int | None:
    """The argument that set `place`, or what it is a part of; None for none."""
    above = (origins.get(place[:depth]) for depth in range(len(place), -1, -1))
    return next((index for index in above if index is not None), None)


def _as_it_is(problem: Problem) -> Problem:
    return problem


@frozen
class Written:
    """A body, and the arguments that wrote it.

    Attributes:
        body: the body.
        arguments: the list that it was built from, as words or as their tree.
        told: makes what is told of the list out of a problem with it, such as one with another label.
    """

    body: Body
    arguments: Program = field(converter=parsed, repr=False)
    told: Callable[[Problem], Problem] = field(default=_as_it_is, repr=False)

    @cached_property
    def _done(self) -> list[tuple[str, Key | None]]:
        """Of each argument, where the cursor stood before it, and what it set."""
        walk = Walk(self.body.schema, start=self.body.start)
        return [(walk.standing, walk.take(each, Unread)) for each in self.arguments.statements]

    def find(self, path: str) -> Found | None:
        """Where the field path `path` leads; see `find`."""
        from cursorkit.body.field_paths import find

        return find(self.body.schema, self.body.content, path)

    def problem(self, found: Found, kind: Kind, message: str) -> Problem | None:
        """A problem with what was found, drawn at the argument that set it; None if no argument did."""
        key = found.key
        index = (origin if found.whole else setter)(self.body.origins, key)
        if index is None or index >= len(self._done):
            return None
        standing, done = self._done[index]
        place = key if done is None else done
        statement = self.arguments.statements[index]
        drawn = shown(statement, public=place_at(self.body.schema, place).public)
        moves = (each for each in self.arguments.statements[:index][::-1] if not isinstance(each, Assignment))
        problem = Problem(
            kind,
            message,
            argument=drawn.text,
            span=drawn.in_value(None) if key[: len(place)] == place else drawn.path_span,
            index=index,
            context=str(next(moves, "")),
            cursor=standing,
        )
        return self.told(problem)

    def discreet(self, text: str) -> str:
        """`text`, which somebody else wrote, without the private values of the body."""
        return discreet(text, self._private)

    @cached_property
    def _private(self) -> frozenset[str]:
        return frozenset(private_texts(self.body))
