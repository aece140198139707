"""What is wrong with an argument, as problems that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.shown import shown
from cursorkit.errors import Problem, SourceError, quoted, shortened
from cursorkit.language.ast import KeyMove, Name, Path, Root, Up
from cursorkit.schema.mismatch import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.absence import Absence
    from cursorkit.body.places import Place
    from cursorkit.body.shown import Shown
    from cursorkit.body.tree import ConflictError, Key
    from cursorkit.errors import CursorError, Kind, Span
    from cursorkit.language.ast import Statement
    from cursorkit.schema.types import Advice

Refusal = Mismatch | SourceError | ExceptionGroup[Mismatch]
"""Why a value is not taken."""


_UNFOLLOWED: dict[Kind, str] = {
    "empty": "perhaps a variable is not set; . is the root",
    "trailing-separator": "leave out the last dot, or write two to go up",
}
"""What to do about paths that cannot be followed."""


@frozen
class Scene:
    """An argument, and what all problems with it tell.

    Attributes:
        statement: the argument.
        index: its position.
        label: what an argument is called.
        context: the move before it.
        cursor: where the cursor stands.
        climb: how far dots went, which may be another place than was expected.
    """

    statement: Statement
    index: int
    label: str
    context: str
    cursor: str
    climb: str

    def unfollowed(self, error: CursorError) -> Problem:
        """That the path cannot be followed."""
        drawn = shown(self.statement, public=False)
        return self._problem(error.kind, str(error), drawn, error.span, _UNFOLLOWED.get(error.kind, ""))

    def too_deep(self, deepest: int) -> Problem:
        """That the path leads more than `deepest` levels down."""
        message = f"the path leads more than {deepest} levels down"
        return self._problem("limit", message, shown(self.statement, public=False))

    def misled(self, kind: Kind, absence: Absence, span: Span | None) -> Problem:
        """That a name of the path leads nowhere."""
        drawn = shown(self.statement, public=absence.public)
        hint = "   ".join(each.text for each in absence.hints if each.plain)
        beyond = "   ".join(each.text for each in absence.hints if not each.plain)
        return self._problem(kind, absence.message, drawn, span, hint, beyond)

    def conflicting(self, conflict: ConflictError, place: Place, key: Key) -> Problem:
        """That nothing can be set at `key`, which is `place` or a part of it."""
        at, written = place.spelled(conflict.key), str(self.statement.path)
        culprit = f"{self.label} {conflict.index + 1}"
        if conflict.kind == "kind-clash":
            wanted, made = "a list", "a structure"
            if not isinstance(key[len(conflict.key)], int):
                wanted, made = made, wanted
            message = f"{at} would have to be {wanted}, but {culprit} made it {made}"
        elif len(conflict.key) < len(key):
            message = f"{at} was already set as a whole by {culprit}"
        elif conflict.part:
            message = f"a part of {at} was already set by {culprit}"
        elif written and len(key) == len(place.way):
            message = f"{quoted(written)} was already set by {culprit}"
        else:
            message = f"{at} was already set by {culprit}"
        return self._problem(conflict.kind, message, shown(self.statement, public=place.public))

    def refused(self, error: Refusal, place: Place, key: Key) -> Iterator[Problem]:
        """What is wrong with the value that was meant for `key`, which is `place` or a part of it."""
        drawn = shown(self.statement, public=place.public)
        for mismatch in _mismatches(error):
            message = mismatch.message
            if mismatch.scene and not place.secret:
                message += f" (at {place.spelled((*key, *mismatch.scene))})"
            span = drawn.in_value(mismatch.span)
            yield self._problem(mismatch.kind, message, drawn, span, mismatch.hint, mismatch.beyond)

    def advised(self, advice: Advice) -> Problem:
        """That the value breaks a custom."""
        drawn = shown(self.statement, public=False)
        # The kinds of customs are data of the documents that tell them.
        return self._problem(cast("Kind", advice.kind), advice.message, drawn, drawn.in_value(None))

    def _problem(
        self,
        kind: Kind,
        message: str,
        drawn: Shown,
        span: Span | None = None,
        hint: str = "",
        beyond: str = "",
    ) -> Problem:
        return Problem(
            kind,
            message,
            argument=drawn.text,
            span=span or drawn.path_span,
            index=self.index,
            label=self.label,
            context=self.context,
            cursor=self.cursor,
            hint="   ".join(filter(None, (self.climb, hint))),
            beyond=beyond,
        )


def _mismatches(error: Refusal) -> Iterator[Mismatch]:
    match error:
        case Mismatch():
            yield error
        case SourceError(kind=kind):
            yield Mismatch(kind, str(error))
        case ExceptionGroup(exceptions=several):
            for each in several:
                yield from _mismatches(each)


def climbed(path: Path, names: tuple[str, ...]) -> str:
    """Where the last run of three or more dots in `path` led from the cursor `names`.

    Many expect it to climb one level more than it does.
    """
    climbs = [at for at, step in enumerate(path.steps) if isinstance(step, Up) and step.levels > 1]
    if not climbs:
        return ""
    dots = cast("Up", path.steps[climbs[-1]])
    way = Path(path.steps[: climbs[-1] + 1])
    climb, entered = way.reduced
    kept = () if way.absolute else names[: len(names) - climb]
    to = shortened(f".{'.'.join(kept + entered)}", keep="end")
    return f"{quoted(str(dots))} went up {dots.levels} levels, to '{to}'"


def spans(statement: Statement, depth: int) -> list[Span | None]:
    """Which part of the argument brought each name of the cursor; None for those it stood on before."""
    found: list[Span | None] = [None] * depth
    for step in statement.path.steps:
        match step:
            case Root():
                found.clear()
            case Up(levels=levels):
                del found[len(found) - levels :]
            case Name(span=span):
                found.append(span)
    if isinstance(statement, KeyMove):
        found.append(shown(statement, public=True).in_value(None))
    return found
