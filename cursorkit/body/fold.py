"""The one walk over arguments and schema, which everything that speaks of a body reads."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeGuard, TypeVar, cast

from attrs import frozen

from cursorkit.body.places import NEW, Nowhere, Place, Places, is_element
from cursorkit.body.tree import ConflictError, Tree, copied
from cursorkit.body.values import contents, document, no_files, text
from cursorkit.errors import CursorError, Problem, SourceError, shortened
from cursorkit.language.ast import Assignment, KeyMove, Move
from cursorkit.language.cursor import Cursor
from cursorkit.schema.admit import DEEPEST, levels
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import List, Scalar, known, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cursorkit.body.absence import Absence, Guide
    from cursorkit.body.mistakes import Refusal, Scene
    from cursorkit.body.places import Extension, Spot
    from cursorkit.body.tree import Key, Way
    from cursorkit.body.values import Files, Reader
    from cursorkit.language.ast import Path, Program, Statement
    from cursorkit.schema.types import Content, Schema

_T = TypeVar("_T")

_PARTED = (dict, list)

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
    """What each argument of `program` does to a body of `schema`, in order."""
    return Walk(schema).steps(program, files)


class Walk:
    """The one walk over arguments and schema: where the cursor stands, what is set, and what is wrong so far.

    Attributes:
        label: what an argument is called in problems.
        start: the value that the arguments change, and which fits; None for an empty one.
        cursor: where it stands.
        index: the position of the last argument that was carried out; -1 before the first.
        last_move: the last of them that was a move, as it was written.
        tree: what is set.
        places: where names lead, as far as it is set.
        problems: what is wrong, in the order of the arguments.
        advice: what is worth a word, though right.
        used: what the arguments used beyond the reference's language, each with the position of its argument.
    """

    def __init__(self, schema: Schema, label: str = "argument", start: Content = None) -> None:
        self.label = label
        self.cursor = Cursor()
        self.index = -1
        self.last_move: Move | KeyMove | None = None
        self.start = start
        self.tree = Tree(copied(start) if start is not None else [] if isinstance(schema, List) else {})
        self.problems: list[Problem] = []
        self.advice: list[Problem] = []
        self.used: list[tuple[int, Extension]] = []
        self.schema = known(schema)
        self.places = Places(self.tree)
        self._trail: list[Spot] = [Place(schema)]
        """The places of the cursor's names, behind that of the root."""
        self._lost = False
        """A move failed, so nobody knows where relative paths were meant to start."""
        self._passed_over: set[str] = set()
        """Names in assignments that nothing was told of, though nobody knows what they were meant to set."""
        self._origin: tuple[str, ...] | None = None
        """Where the last move began; None where nobody knows."""

    def within_limit(self, statements: Sequence[Statement]) -> Sequence[Statement]:
        """Those of `statements` that are carried out; of more than 100,000 the rest is a problem."""
        if len(statements) <= MOST:
            return statements
        self.problems.append(Problem("limit", f"there are more than {MOST:,} arguments", index=MOST))
        return statements[:MOST]

    def steps(self, program: Program, files: Files = no_files) -> Iterator[Step]:
        """Carry out the arguments of `program`, and tell what each does."""
        for index, statement in enumerate(self.within_limit(program.statements)):
            before, told, advised, used = self.cursor, len(self.problems), len(self.advice), len(self.used)
            key = self.take(statement, files)
            yield Step(
                index,
                before,
                self.cursor,
                None if key is None else Assigned(key, self.tree.at(key)),
                tuple(extension for _, extension in self.used[used:]),
                tuple(self.problems[told:]),
                tuple(self.advice[advised:]),
            )

    @property
    def here(self) -> Spot:
        """What is where the cursor stands."""
        return self._trail[-1]

    def look(self, path: Path) -> Spot | None:
        """What is where `path` leads from the cursor, which stays; None where nobody knows where it leads."""
        try:
            start = self.cursor.kept(path)
        except CursorError:
            return None
        if self._lost and not path.absolute:
            return None
        return self._passed(Move(path), start)[-1]

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
        self._lost = start is None
        self._origin = None if start is None else self.cursor.names
        if start is not None:
            self._go(statement, start)
        self.last_move = statement

    def assign(self, statement: Statement, reader: Reader[_T], value: _T) -> Key | None:
        """Set the place that the path of `statement` reaches to what `reader` takes `value` for there."""
        start = self._begin(statement)
        if start is None:
            self._passed_over |= {*statement.path.reduced[1]} or {NEW}
            return None
        place = base = self._trail[start]
        for name in statement.path.reduced[1]:
            place = self.places.enter(place, name)
        if isinstance(place, Nowhere):
            self._misplace(statement, start, reader, value)
            return None
        if place.extensions:
            self._use(base, place)
        try:
            read, below, extension = reader(value, place)
        except Mismatch as mismatch:
            self._refuse(mismatch, statement, place, place.way)
            return None
        way = place.way + below
        content: Content = None
        refused = False
        try:
            content = read()
            if below or isinstance(content, _PARTED):
                # `_begin` saw to the depth of the path.
                _check_depth(way, content)
        except (Mismatch, ExceptionGroup, SourceError) as error:
            self._refuse(error, statement, place, way)
            refused = True
        try:
            # A place counts as set even if its value is refused, so that another one for it is told as well.
            key = self.tree.put(way, content, self.index)
        except ConflictError as conflict:
            self._conflict(conflict, statement, start, place, way)
            return None
        if refused:
            return None
        if extension is not None:
            self.used.append((self.index, extension))
        if isinstance(place.schema, Scalar) and place.schema.advice:
            self._advise(place.schema, content, statement)
        return key

    # --- where a path leads ---------------------------------------------------------------------------

    def _begin(self, statement: Statement) -> int | None:
        """How many names of the cursor the path of `statement` begins behind; None if nobody knows."""
        self.index += 1
        path = statement.path
        adrift = self._lost and not path.absolute
        try:
            start = self.cursor.kept(path)
        except CursorError as error:
            if not adrift or error.kind != "above-root":
                self.problems.append(self._scene(statement, own=False).unfollowed(error))
            return None
        if adrift:
            return None
        if start + len(path.reduced[1]) + isinstance(statement, KeyMove) > DEEPEST:
            self.problems.append(self._scene(statement).too_deep(DEEPEST))
            return None
        return start

    def _go(self, statement: Move | KeyMove, start: int) -> None:
        trail = self._passed(statement, start)
        end = trail[-1]
        if isinstance(statement, Move) and len(trail) > 1 and _is_scalar(end):
            # Only `/=`, which has no other way to reach an odd key, leads into a scalar.
            trail[-1] = Nowhere(end, "not-a-structure", end.way)
        self._mislead(statement, start, trail)
        self._use(trail[start], trail[-1])
        self.cursor, self._trail = Cursor(self._names(statement, start)), trail

    def _names(self, statement: Statement, start: int) -> tuple[str, ...]:
        names = self.cursor.names[:start] + statement.path.reduced[1]
        return (*names, statement.key) if isinstance(statement, KeyMove) else names

    def _passed(self, statement: Statement, start: int) -> list[Spot]:
        """The places of those names, behind that of the root."""
        trail = self._trail[: start + 1]
        for name in statement.path.reduced[1]:
            trail.append(self.places.enter(trail[-1], name))
        if isinstance(statement, KeyMove):
            trail.append(self.places.enter_key(trail[-1], statement.key))
        return trail

    def _use(self, base: Spot, end: Spot) -> None:
        """Note what the way from `base` to `end` took of the language beyond the reference's."""
        if isinstance(end, Place) and isinstance(base, Place) and end.extensions is not base.extensions:
            self.used += ((self.index, each) for each in end.extensions[len(base.extensions) :])

    # --- what is wrong --------------------------------------------------------------------------------

    @cached_property
    def _guide(self) -> Guide:
        from cursorkit.body.absence import Guide

        return Guide(self.schema, self.places, self.label)

    def _mislead(self, statement: Statement, start: int, trail: list[Spot]) -> Absence | None:
        """Tell the first name that leads nowhere, unless there is none, or it was told before."""
        if not isinstance(trail[-1], Nowhere) or isinstance(self._trail[start], Nowhere):
            return None
        from cursorkit.body.absence import Lead
        from cursorkit.body.mistakes import spans

        depth, nowhere = next((at, each) for at, each in enumerate(trail) if isinstance(each, Nowhere))
        names = self._names(statement, start)
        absence = self._guide.explain(
            Lead(
                nowhere,
                names[: depth - 1],
                names[depth - 1 :],
                kept=start,
                depth=len(self.cursor.names),
                by_key=isinstance(statement, KeyMove),
            )
        )
        if nowhere.kind != "index-gap" or not self._may_be_longer(nowhere.above):
            span = spans(statement, len(self.cursor.names))[depth - 1]
            self.problems.append(self._scene(statement).misled(nowhere.kind, absence, span))
        return absence

    def _misplace(self, statement: Statement, start: int, reader: Reader[_T], value: _T) -> None:
        """Tell that the place of an assignment does not exist, and let lists grow as it was meant."""
        trail = self._passed(statement, start)
        absence = self._mislead(statement, start, trail)
        if absence is None:
            self._passed_over |= {*statement.path.reduced[1]} or {NEW}
            return
        way = cast("Nowhere", trail[-1]).way
        if absence.meant is not None:
            way = absence.meant.way
            with suppress(Mismatch):
                way += reader(value, absence.meant)[1]
        self.tree.reserve(way)

    def _may_be_longer(self, above: Place) -> bool:
        """Whether a list was perhaps meant to have more elements than it has."""
        return any(name == above.name or is_element(name) for name in self._passed_over)

    def _conflict(
        self, conflict: ConflictError, statement: Statement, start: int, place: Place, way: Way
    ) -> None:
        """Tell that something else is set; if the cursor cannot be where it is, that is told once."""
        key = self.tree.key(way)
        depth = len(conflict.key)
        if conflict.kind == "kind-clash" and depth < start:
            above = cast("Place", self._trail[depth])
            gone = Nowhere(above, "kind-clash", above.way)
            self._trail[depth + 1 :] = [gone for _ in self._trail[depth + 1 :]]
        self.problems.append(self._scene(statement).conflicting(conflict, place, key))

    def _refuse(self, refusal: Refusal, statement: Statement, place: Place, way: Way) -> None:
        self.problems += self._scene(statement).refused(refusal, place, self.tree.key(way))

    def _advise(self, schema: Scalar, content: Content, statement: Statement) -> None:
        from re import fullmatch

        broken = (each for each in schema.advice if not fullmatch(each.pattern, str(content)))
        self.advice += (self._scene(statement).advised(each) for each in broken)

    def _scene(self, statement: Statement, *, own: bool = True) -> Scene:
        """How problems with `statement` are told; where its own path goes up, if that can be followed."""
        from cursorkit.body.mistakes import Scene, climbed

        climb = climbed(statement.path, self.cursor.names) if own else ""
        if not climb and self.last_move is not None and self._origin is not None:
            climb = climbed(self.last_move.path, self._origin)
        return Scene(statement, self.index, self.label, str(self.last_move or ""), self.standing, climb)

    @property
    def standing(self) -> str:
        """Where the cursor is, for messages: `.spec (Spec)`."""
        cursor = shortened(str(self.cursor), keep="end")
        end = self.here
        return cursor if isinstance(end, Nowhere) else f"{cursor} ({title(end.schema)})"


def _check_depth(way: Way, content: Content) -> None:
    if len(way) + levels(content) > DEEPEST:
        raise Mismatch("limit", f"this leads more than {DEEPEST} levels down in the body")


def _is_scalar(spot: Spot) -> TypeGuard[Place]:
    return isinstance(spot, Place) and isinstance(spot.schema, Scalar)
