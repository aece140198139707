"""The one walk over arguments and schema, which everything that speaks of a body reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from cursorkit.body.places import Nowhere, Place, Places
from cursorkit.body.shown import Shown
from cursorkit.body.values import NEXT, Contents, Files, Text, Value, no_files
from cursorkit.errors import CursorError, Problem, SourceError
from cursorkit.language.ast import Assignment, Move, Name, Root, Up
from cursorkit.language.cursor import Cursor
from cursorkit.schema.scalars import Mismatch
from cursorkit.schema.types import Object, Scalar, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.places import Key
    from cursorkit.body.values import Files, Value
    from cursorkit.errors import Span
    from cursorkit.language.ast import Path, Program, Statement
    from cursorkit.schema.types import Content, Field, Schema

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
        problems: what is wrong with it.
        advice: what is worth a word, but right.
    """

    index: int
    before: Cursor
    after: Cursor
    effect: Assigned | None = None
    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()


def steps(schema: Schema, program: Program, files: Files = no_files) -> Iterator[Step]:
    """What each argument of `program` does to a body of `schema`, in order."""
    walk = Walk(Places(schema))
    for statement in program.statements:
        yield walk.take(statement, files)


@define
class Walk:
    """The state between two arguments.

    Attributes:
        places: the schema, looked up by the names of the cursor.
        cursor: where it stands.
    """

    places: Places
    cursor: Cursor = field(factory=Cursor)
    _index: int = field(default=-1, init=False)
    _lost: bool = field(default=False, init=False)
    """A move failed, so nobody knows where relative paths were meant to start."""
    _last_move: str = field(default="", init=False)
    _climb: str = field(default="", init=False)
    _set_by: dict[Key, int] = field(factory=dict, init=False)
    _set_below: dict[Key, int] = field(factory=dict, init=False)
    _held: dict[Key, int] = field(factory=dict, init=False)

    def take(self, statement: Statement, files: Files) -> Step:
        """The step that a statement makes."""
        match statement:
            case Move(path):
                return self.move(path)
            case Assignment(path, "@=", name):
                return self.assign(path, Contents(name, files), Shown(str(path), "@=", name, public=True))
            case Assignment(path, _, text):
                return self.assign(path, Text(text), Shown(str(path), "=", text))

    def move(self, path: Path) -> Step:
        """Move the cursor."""
        self._index += 1
        before = self.cursor
        shown = Shown(str(path))
        found = self._reach(path, shown)
        if isinstance(found, _Reached):
            self.cursor = found.cursor
            place = found.place
            if isinstance(place, Place) and isinstance(place.schema, Scalar):
                found = _Missed((self._scalar_entered(place, found.cursor, path, shown, before),))
        elif found.problems:
            self._lost = True
        self._last_move = str(path)
        self._climb = self._told_climb(path)
        return Step(self._index, before, self.cursor, problems=found.problems)

    def assign(self, path: Path, value: Value, shown: Shown) -> Step:
        """Set the field that `path` reaches; the cursor stays."""
        self._index += 1
        found = self._reach(path, shown)
        if not isinstance(found, _Reached) or isinstance(found.place, Nowhere):
            return self._step(problems=found.problems)
        place = found.place
        shown = shown.for_field(place.field)
        if place.field is not None and place.field.refusal:
            return self._step(
                problems=(self._problem("response-only", place.field.refusal, shown, shown.path_span),)
            )
        try:
            below, content = value.take(place.schema)
        except Mismatch as mismatch:
            return self._step(problems=(self._mismatched(mismatch, shown),))
        except ExceptionGroup as group:
            mismatches = [each for each in group.exceptions if isinstance(each, Mismatch)]
            return self._step(problems=tuple(self._mismatched(each, shown) for each in mismatches))
        except SourceError as error:
            return self._step(problems=(self._problem(error.kind, str(error), shown, shown.value_span),))
        if below == (NEXT,):
            below = (self._held.setdefault(place.key, 0),)
            self._held[place.key] += 1
        key = (*place.key, *below)
        earlier = self._taken(key)
        if earlier is not None:
            message = f"'{path}' was already set by argument {earlier + 1}"
            return self._step(problems=(self._problem("duplicate", message, shown, shown.path_span),))
        return self._step(Assigned(key, content), advice=self._advice(place.schema, content, shown))

    def _step(
        self,
        effect: Assigned | None = None,
        problems: tuple[Problem, ...] = (),
        advice: tuple[Problem, ...] = (),
    ) -> Step:
        return Step(self._index, self.cursor, self.cursor, effect, problems, advice)

    # --- where a path leads ---------------------------------------------------------------------------

    def _reach(self, path: Path, shown: Shown) -> _Reached | _Missed:
        """The place that `path` leads to, with the problem on the way, if it is one that nobody told yet."""
        adrift = self._lost and not path.absolute
        try:
            cursor = self.cursor.move(path)
        except CursorError as error:
            told = adrift and error.kind == "above-root"
            return _Missed(() if told else (self._problem(error.kind, str(error), shown, error.span),))
        if adrift:
            return _Missed()
        self._lost = False
        if len(cursor.names) > DEEPEST:
            message = f"the path leads more than {DEEPEST} levels down"
            return _Missed((self._problem("limit", message, shown, shown.path_span),))
        place = self.places.at(cursor.names)
        if isinstance(place, Place):
            return _Reached(cursor, place)
        spans = _spans(path, len(self.cursor.names))
        span = spans[place.depth]
        stuck = isinstance(place.above.schema, Scalar) and place.depth > 0 and spans[place.depth - 1] is None
        if span is None or stuck:
            return _Reached(cursor, place)
        return _Reached(cursor, place, (self._unknown(place, cursor.names[place.depth], span, shown),))

    def _unknown(self, nowhere: Nowhere, name: str, span: Span, shown: Shown) -> Problem:
        schema = nowhere.above.schema
        if not isinstance(schema, Object):
            return self._no_structure(nowhere.above, span, shown)
        near = _nearest(schema, name)
        hints = [f"did you mean '{near.cli}'?"] if near is not None else []
        if schema.fields:
            hints.append(f"{schema.member}s here: {_listed(schema)}")
        message = f"unknown {schema.member} '{name}' in {schema.name}"
        return self._problem("unknown-field", message, shown.for_field(near), span, "   ".join(hints))

    def _scalar_entered(
        self, place: Place, cursor: Cursor, path: Path, shown: Shown, before: Cursor
    ) -> Problem:
        span = _spans(path, len(before.names))[-1] or shown.path_span
        return self._no_structure(place, span, shown, f"set it: {cursor.names[-1]}=…", before)

    def _no_structure(
        self, place: Place, span: Span, shown: Shown, hint: str = "", cursor: Cursor | None = None
    ) -> Problem:
        name = f"'{place.field.cli}'" if place.field is not None else "the root"
        message = f"{name} is a {title(place.schema)}, in which there is nothing to go to"
        return self._problem("not-a-structure", message, shown, span, hint, cursor)

    # --- what may be set ------------------------------------------------------------------------------

    def _taken(self, key: Key) -> int | None:
        """Take the place, or tell the argument that set it, a part of it, or what it is a part of.

        The places that are set are prefix-free, so that the order of the arguments never matters.
        """
        prefixes = [key[:depth] for depth in range(len(key))]
        earlier = next((self._set_by[each] for each in (*prefixes, key) if each in self._set_by), None)
        if earlier is None:
            earlier = self._set_below.get(key)
        if earlier is None:
            self._set_by[key] = self._index
            for each in prefixes:
                self._set_below.setdefault(each, self._index)
        return earlier

    def _advice(self, schema: Schema, content: Content, shown: Shown) -> tuple[Problem, ...]:
        if not isinstance(schema, Scalar) or not schema.advice or not isinstance(content, str):
            return ()
        from re import fullmatch

        return tuple(
            self._problem(each.kind, each.message, shown.hidden(), shown.hidden().value_span)
            for each in schema.advice
            if not fullmatch(each.pattern, content)
        )

    # --- what is wrong --------------------------------------------------------------------------------

    def _mismatched(self, mismatch: Mismatch, shown: Shown) -> Problem:
        message = mismatch.message
        if mismatch.place:
            message = f"{message} (at .{'.'.join(map(str, mismatch.place))})"
        span = shown.in_value(mismatch.span) if shown.value else shown.path_span
        return self._problem(mismatch.kind, message, shown, span, mismatch.hint)

    def _problem(
        self,
        kind: str,
        message: str,
        shown: Shown,
        span: Span,
        hint: str = "",
        cursor: Cursor | None = None,
    ) -> Problem:
        return Problem(
            kind,
            message,
            argument=shown.text,
            span=span,
            index=self._index,
            context=self._last_move,
            cursor=self.places.describe((cursor or self.cursor).names),
            hint="   ".join(filter(None, (self._climb, hint))),
        )

    def _told_climb(self, path: Path) -> str:
        """Where a run of three or more dots led: many expect one level more than it climbs."""
        climbs = [step for step in path.steps if isinstance(step, Up) and step.levels > 1]
        if not climbs or self._lost:
            return ""
        return f"'{climbs[-1]}' went up {climbs[-1].levels} levels"


@frozen
class _Reached:
    cursor: Cursor
    place: Place | Nowhere
    problems: tuple[Problem, ...] = ()


@frozen
class _Missed:
    problems: tuple[Problem, ...] = ()


def _spans(path: Path, depth: int) -> list[Span | None]:
    """Which step of `path` brought each name of the cursor; None for those it stood on before."""
    spans: list[Span | None] = [None] * depth
    for step in path.steps:
        match step:
            case Root():
                spans.clear()
            case Up(levels=levels):
                del spans[len(spans) - levels :]
            case Name(span=span):
                spans.append(span)
    return spans


_MOST_LISTED = 12


def _listed(schema: Object) -> str:
    names = [each.cli for each in schema.fields]
    return ", ".join(names[:_MOST_LISTED]) + (
        f", … ({len(names)} in all)" if len(names) > _MOST_LISTED else ""
    )


def _nearest(schema: Object, name: str) -> Field | None:
    from difflib import get_close_matches

    spellings = [spelling for each in schema.fields for spelling in (each.cli, each.wire)]
    near = get_close_matches(name, spellings, 1, 0.6)
    return schema.find(near[0]) if near else None
