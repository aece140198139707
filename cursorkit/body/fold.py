"""The one walk over arguments and schema, which everything that speaks of a body reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from attrs import frozen

from cursorkit.body.absence import explained
from cursorkit.body.places import Nowhere, Place, Places
from cursorkit.body.shown import shown
from cursorkit.body.tree import ConflictError, Tree
from cursorkit.body.values import contents, document, no_files, text
from cursorkit.errors import CursorError, Problem, SourceError
from cursorkit.language.ast import Assignment, KeyMove, Move, Name, Root, Up
from cursorkit.language.cursor import Cursor
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import List, Scalar, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.places import Extension, Spot
    from cursorkit.body.tree import Key
    from cursorkit.body.values import Files, Reader
    from cursorkit.errors import Span
    from cursorkit.language.ast import Path, Program, Statement
    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

DEEPEST = 64
"""Levels that a cursor may go down: more than any API has."""


@frozen
class Assigned:
    """The effect of an assignment.

    Attributes:
        key: the place in the value.
        content: what stands there now.
    """

    key: Key
    content: Content


@frozen
class Step:
    """What one argument did.

    Attributes:
        index: its position in the list, from 0.
        before, after: the cursor; the same for an assignment, and for a move that failed.
        effect: what was set; None for a move, and where there are problems.
        extensions: what it used beyond the reference's language.
        problems: what is wrong with it.
        advice: what is worth a word, but right.
    """

    index: int
    before: Cursor
    after: Cursor
    effect: Assigned | None = None
    extensions: tuple[Extension, ...] = ()
    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()


def steps(schema: Schema, program: Program, files: Files = no_files) -> Iterator[Step]:
    """What each argument of `program` does to a body of `schema`, in order."""
    walk = Walk(schema)
    for index, statement in enumerate(program.statements):
        before, told, advised, used = walk.cursor, len(walk.problems), len(walk.advice), len(walk.used)
        key = walk.take(statement, files)
        yield Step(
            index,
            before,
            walk.cursor,
            None if key is None else Assigned(key, walk.tree.at(key)),
            tuple(extension for _, extension in walk.used[used:]),
            tuple(walk.problems[told:]),
            tuple(walk.advice[advised:]),
        )


class Walk:
    """The one walk over arguments and schema: where the cursor stands, what is set, and what is wrong so far.

    Attributes:
        cursor: where it stands.
        tree: what is set.
        problems: what is wrong, in the order of the arguments.
        advice: what is worth a word, though right.
        used: what the arguments used beyond the reference's language, each with the position of its argument.
    """

    def __init__(self, schema: Schema) -> None:
        self.cursor = Cursor()
        self.tree = Tree([] if isinstance(schema, List) else {})
        self.problems: list[Problem] = []
        self.advice: list[Problem] = []
        self.used: list[tuple[int, Extension]] = []
        self.schema = schema
        self._places = Places(self.tree)
        self._index = -1
        self._trail: list[Spot] = [Place(schema)]
        """The places of the cursor's names, behind that of the root."""
        self._lost = False
        """A move failed, so nobody knows where relative paths were meant to start."""
        self._last_move = ""
        self._climb = ""

    def take(self, statement: Statement, files: Files = no_files) -> Key | None:
        """Carry out an argument, and tell the place that it set; None for a move and for a mistake."""
        if not isinstance(statement, Assignment):
            self.move(statement)
            return None
        match statement.operator:
            case "=":
                return self.assign(statement, text, statement.value)
            case ":=":
                return self.assign(statement, document, statement.value)
        return self.assign(statement, partial(contents, files), statement.value)

    def move(self, statement: Move | KeyMove) -> None:
        """Move the cursor."""
        start = self._begin(statement)
        if start is None:
            self._lost = True
        else:
            self._go(statement, start)
        self._last_move = str(statement)
        self._climb = "" if self._lost else _told_climb(statement.path)

    def assign(self, statement: Statement, reader: Reader[_T], value: _T) -> Key | None:
        """Set the place that the path of `statement` reaches to what `reader` takes `value` for there."""
        start = self._begin(statement)
        if start is None:
            return None
        place = base = self._trail[start]
        for name in statement.path.reduced[1]:
            place = self._places.enter(place, name)
        if isinstance(place, Nowhere):
            self._tell_absent(statement, start, self._passed(statement, start))
            return None
        try:
            content, below, extension = reader(value, place)
            key = self.tree.put(place.way + below, content, self._index)
        except (Mismatch, ExceptionGroup, SourceError, ConflictError) as error:
            self._tell_refused(error, statement, place)
            return None
        self._use(base, place)
        if extension is not None:
            self.used.append((self._index, extension))
        if isinstance(place.schema, Scalar) and place.schema.advice:
            self._advise(place.schema, content, statement)
        return key

    # --- where a path leads ---------------------------------------------------------------------------

    def _begin(self, statement: Statement) -> int | None:
        """How many names of the cursor the path of `statement` begins behind; None if nobody knows."""
        self._index += 1
        path = statement.path
        adrift = self._lost and not path.absolute
        try:
            start = self.cursor.kept(path)
        except CursorError as error:
            if not adrift or error.kind != "above-root":
                self._tell(error.kind, str(error), statement, span=error.span)
            return None
        if adrift:
            return None
        if start + len(path.reduced[1]) > DEEPEST:
            self._tell("limit", f"the path leads more than {DEEPEST} levels down", statement)
            return None
        self._lost = False
        return start

    def _go(self, statement: Move | KeyMove, start: int) -> None:
        trail = self._passed(statement, start)
        end = trail[-1]
        if isinstance(statement, Move) and len(trail) > 1 and _is_scalar(end):
            # Only `/=`, which has no other way to reach an odd key, leads into a scalar.
            trail[-1] = Nowhere(end, "not-a-structure")
        self._tell_absent(statement, start, trail)
        self._use(trail[start], trail[-1])
        self.cursor, self._trail = Cursor(self._names(statement, start)), trail

    def _names(self, statement: Statement, start: int) -> tuple[str, ...]:
        names = self.cursor.names[:start] + statement.path.reduced[1]
        return (*names, statement.key) if isinstance(statement, KeyMove) else names

    def _passed(self, statement: Statement, start: int) -> list[Spot]:
        """The places of those names, behind that of the root."""
        trail = self._trail[: start + 1]
        for name in statement.path.reduced[1]:
            trail.append(self._places.enter(trail[-1], name))
        if isinstance(statement, KeyMove):
            trail.append(self._places.enter_key(trail[-1], statement.key))
        return trail

    def _use(self, base: Spot, end: Spot) -> None:
        """Note what the way from `base` to `end` took of the language beyond the reference's."""
        if isinstance(end, Place) and isinstance(base, Place) and end.extensions is not base.extensions:
            self.used += ((self._index, each) for each in end.extensions[len(base.extensions) :])

    # --- what is wrong --------------------------------------------------------------------------------

    def _tell_absent(self, statement: Statement, start: int, trail: list[Spot]) -> None:
        """What is wrong with the first name that leads nowhere, unless that was told before."""
        if not isinstance(trail[-1], Nowhere) or isinstance(self._trail[start], Nowhere):
            return
        depth, nowhere = next((at, each) for at, each in enumerate(trail) if isinstance(each, Nowhere))
        absence = explained(nowhere, self._names(statement, start)[depth - 1], self.schema)
        span = _spans(statement, len(self.cursor.names))[depth - 1]
        self._tell(nowhere.kind, absence.message, statement, absence.meant, span, absence.hint)

    def _tell_refused(self, error: Exception, statement: Statement, place: Place) -> None:
        """What is wrong with a value, or with the place that it is meant for."""
        match error:
            case ExceptionGroup(exceptions=several):
                for each in several:
                    self._tell_refused(each, statement, place)
            case Mismatch():
                self._tell_mismatched(error, statement, place)
            case SourceError(kind=kind):
                self._tell_mismatched(Mismatch(kind, str(error)), statement, place)
            case ConflictError():
                self._tell_conflicting(error, statement, place)

    def _tell_mismatched(self, mismatch: Mismatch, statement: Statement, place: Place) -> None:
        message = mismatch.message
        if mismatch.place:
            message = f"{message} (at .{'.'.join(map(str, mismatch.place))})"
        span = shown(statement, public=place.public).in_value(mismatch.span)
        self._tell(mismatch.kind, message, statement, place, span, mismatch.hint)

    def _tell_conflicting(self, conflict: ConflictError, statement: Statement, place: Place) -> None:
        earlier = f"argument {conflict.index + 1}"
        if conflict.kind == "duplicate":
            message = f"'{statement.path}' was already set by {earlier}"
        else:
            message = f"'{statement.path}' does not go with {earlier}: one makes a list, and one a structure"
        self._tell(conflict.kind, message, statement, place)

    def _advise(self, schema: Scalar, content: Content, statement: Statement) -> None:
        from re import fullmatch

        span = shown(statement, public=False).in_value(None)
        self.advice += (
            self._problem(each.kind, each.message, statement, None, span)
            for each in schema.advice
            if not fullmatch(each.pattern, str(content))
        )

    def _tell(
        self,
        kind: str,
        message: str,
        statement: Statement,
        place: Place | None = None,
        span: Span | None = None,
        hint: str = "",
    ) -> None:
        self.problems.append(self._problem(kind, message, statement, place, span, hint))

    def _problem(
        self,
        kind: str,
        message: str,
        statement: Statement,
        place: Place | None,
        span: Span | None = None,
        hint: str = "",
    ) -> Problem:
        """A problem with `statement`, whose value may be shown if it is meant for a place that allows it."""
        drawn = shown(statement, public=place is not None and place.public)
        return Problem(
            kind,
            message,
            argument=drawn.text,
            span=span or drawn.path_span,
            index=self._index,
            context=self._last_move,
            cursor=self._standing(),
            hint="   ".join(filter(None, (self._climb, hint))),
        )

    def _standing(self) -> str:
        """Where the cursor is, `.spec (Spec)`."""
        end = self._trail[-1]
        return str(self.cursor) if isinstance(end, Nowhere) else f"{self.cursor} ({title(end.schema)})"


def _is_scalar(spot: Spot) -> TypeGuard[Place]:
    return isinstance(spot, Place) and isinstance(spot.schema, Scalar)


def _told_climb(path: Path) -> str:
    """Where a run of three or more dots led: many expect one level more than it climbs."""
    climbs = [step for step in path.steps if isinstance(step, Up) and step.levels > 1]
    return f"'{climbs[-1]}' went up {climbs[-1].levels} levels" if climbs else ""


def _spans(statement: Statement, depth: int) -> list[Span | None]:
    """Which part of the argument brought each name of the cursor; None for those it stood on before."""
    spans: list[Span | None] = [None] * depth
    for step in statement.path.steps:
        match step:
            case Root():
                spans.clear()
            case Up(levels=levels):
                del spans[len(spans) - levels :]
            case Name(span=span):
                spans.append(span)
    if isinstance(statement, KeyMove):
        spans.append(shown(statement, public=True).in_value(None))
    return spans
