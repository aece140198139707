"""The one walk over arguments and schema, which everything that speaks of a body reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeGuard, TypeVar, cast

from attrs import frozen

from cursorkit.body.absence import explained
from cursorkit.body.places import Nowhere, Place, Places
from cursorkit.body.shown import shown
from cursorkit.body.taken import ConflictError, Taken
from cursorkit.body.values import contents, document, no_files, text
from cursorkit.errors import CursorError, Problem, SourceError
from cursorkit.language.ast import Assignment, KeyMove, Move, Name, Root, Up
from cursorkit.language.cursor import Cursor
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import Scalar, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.places import Extension, Spot
    from cursorkit.body.taken import Key
    from cursorkit.body.values import Files, Reader
    from cursorkit.errors import Span
    from cursorkit.language.ast import Path, Program, Statement
    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

DEEPEST = 64
"""Levels that a cursor may go down: more than any API has."""

MOST = 100_000
"""Arguments that a list may have: more than a command line can hold."""


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
    """What each argument of `program` does to a body of `schema`, in order.

    Of more than 100,000 arguments the rest is one problem.
    """
    walk = Walk(schema)
    readers: dict[str, Reader[str]] = {"=": text, ":=": document, "@=": partial(contents, files)}
    for statement in program.statements[:MOST]:
        if isinstance(statement, Assignment):
            yield walk.assign(statement, readers[statement.operator], statement.value)
        else:
            yield walk.move(statement)
    if len(program.statements) > MOST:
        problem = Problem("limit", f"there are more than {MOST} arguments", index=MOST)
        yield Step(MOST, walk.cursor, walk.cursor, problems=(problem,))


class Walk:
    """The state between two arguments: where the cursor stands, and what is set.

    Attributes:
        cursor: where it stands.
    """

    def __init__(self, schema: Schema) -> None:
        self.cursor = Cursor()
        self._schema = schema
        self._index = -1
        self._taken = Taken()
        self._places = Places(self._taken)
        self._trail: list[Spot] = [Place(schema)]
        """The places of the cursor's names, behind that of the root."""
        self._lost = False
        """A move failed, so nobody knows where relative paths were meant to start."""
        self._last_move = ""
        self._climb = ""

    def move(self, statement: Move | KeyMove) -> Step:
        """Move the cursor."""
        self._index += 1
        try:
            step = self._go(statement, self._start(statement))
        except _LostError as lost:
            self._lost = True
            step = self._stay(lost.problems)
        self._last_move = str(statement)
        self._climb = "" if self._lost else _told_climb(statement.path)
        return step

    def assign(self, statement: Statement, reader: Reader[_T], value: _T) -> Step:
        """Set the place that the path of `statement` reaches to what `reader` takes `value` for there."""
        self._index += 1
        try:
            start = self._start(statement)
        except _LostError as lost:
            return self._stay(lost.problems)
        place = base = self._trail[start]
        for name in statement.path.reduced[1]:
            place = self._places.enter(place, name)
        if isinstance(place, Nowhere):
            return self._stay(self._absent(statement, start, self._passed(statement, start)))
        try:
            content, below, extension = reader(value, place)
            key = self._taken.take(place.way + below, self._index)
        except (Mismatch, ExceptionGroup, SourceError, ConflictError) as error:
            return self._stay(self._refused(error, statement, place))
        extensions = _extensions(base, place) if extension is None else (*_extensions(base, place), extension)
        advice = self._advice(content, statement, place) if _is_advised(place.schema) else ()
        effect = Assigned(key, content)
        return Step(self._index, self.cursor, self.cursor, effect, extensions, (), advice)

    def _stay(self, problems: tuple[Problem, ...]) -> Step:
        return Step(self._index, self.cursor, self.cursor, problems=problems)

    # --- where a path leads ---------------------------------------------------------------------------

    def _start(self, statement: Statement) -> int:
        """How many names of the cursor the path of `statement` begins behind.

        Raises:
            _LostError: nobody knows; with the problem, if nobody told it yet.
        """
        path = statement.path
        adrift = self._lost and not path.absolute
        try:
            start = self.cursor.kept(path)
        except CursorError as error:
            if adrift and error.kind == "above-root":
                raise _LostError from None
            raise _LostError(self._problem(error.kind, str(error), statement, span=error.span)) from None
        if adrift:
            raise _LostError
        if start + len(path.reduced[1]) > DEEPEST:
            message = f"the path leads more than {DEEPEST} levels down"
            raise _LostError(self._problem("limit", message, statement))
        self._lost = False
        return start

    def _go(self, statement: Move | KeyMove, start: int) -> Step:
        trail = self._passed(statement, start)
        end = trail[-1]
        if isinstance(statement, Move) and len(trail) > 1 and _is_scalar(end):
            # Only `/=`, which has no other way to reach an odd key, leads into a scalar.
            trail[-1] = Nowhere(end, "not-a-structure")
        before, after = self.cursor, Cursor(self._names(statement, start))
        problems = self._absent(statement, start, trail)
        extensions = _extensions(trail[start], trail[-1])
        self.cursor, self._trail = after, trail
        return Step(self._index, before, after, None, extensions, problems)

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

    def _absent(self, statement: Statement, start: int, trail: list[Spot]) -> tuple[Problem, ...]:
        """What is wrong with the first name that leads nowhere, unless that was told before."""
        if not isinstance(trail[-1], Nowhere) or isinstance(self._trail[start], Nowhere):
            return ()
        depth, nowhere = next((at, each) for at, each in enumerate(trail) if isinstance(each, Nowhere))
        absence = explained(nowhere, self._names(statement, start)[depth - 1], self._schema)
        span = _spans(statement, len(self.cursor.names))[depth - 1]
        return (self._problem(nowhere.kind, absence.message, statement, absence.meant, span, absence.hint),)

    # --- what is wrong --------------------------------------------------------------------------------

    def _refused(self, error: Exception, statement: Statement, place: Place) -> tuple[Problem, ...]:
        """What is wrong with a value, or with the place that it is meant for."""
        match error:
            case ExceptionGroup(exceptions=several):
                return tuple(problem for each in several for problem in self._refused(each, statement, place))
            case Mismatch():
                return (self._mismatched(error, statement, place),)
            case SourceError(kind=kind):
                return (self._mismatched(Mismatch(kind, str(error)), statement, place),)
            case ConflictError():
                return (self._conflicting(error, statement, place),)
        raise error

    def _mismatched(self, mismatch: Mismatch, statement: Statement, place: Place) -> Problem:
        message = mismatch.message
        if mismatch.place:
            message = f"{message} (at .{'.'.join(map(str, mismatch.place))})"
        span = shown(statement, public=place.public).in_value(mismatch.span)
        return self._problem(mismatch.kind, message, statement, place, span, mismatch.hint)

    def _conflicting(self, conflict: ConflictError, statement: Statement, place: Place) -> Problem:
        earlier = f"argument {conflict.index + 1}"
        if conflict.kind == "duplicate":
            message = f"'{statement.path}' was already set by {earlier}"
        else:
            message = f"'{statement.path}' does not go with {earlier}: one makes a list, and one a structure"
        return self._problem(conflict.kind, message, statement, place)

    def _advice(self, content: Content, statement: Statement, place: Place) -> tuple[Problem, ...]:
        from re import fullmatch

        span = shown(statement, public=False).in_value(None)
        return tuple(
            self._problem(each.kind, each.message, statement, None, span)
            for each in cast("Scalar", place.schema).advice
            if not fullmatch(each.pattern, str(content))
        )

    def _problem(
        self,
        kind: str,
        message: str,
        statement: Statement,
        place: Place | None = None,
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


class _LostError(Exception):
    """A path that leads nobody knows where."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


def _is_scalar(spot: Spot) -> TypeGuard[Place]:
    return isinstance(spot, Place) and isinstance(spot.schema, Scalar)


def _is_advised(schema: Schema) -> bool:
    return isinstance(schema, Scalar) and bool(schema.advice)


def _extensions(base: Spot, end: Spot) -> tuple[Extension, ...]:
    """What the way from `base` to `end` took of the language beyond the reference's."""
    if isinstance(base, Nowhere) or isinstance(end, Nowhere):
        return ()
    return end.extensions[len(base.extensions) :]


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
