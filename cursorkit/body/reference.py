"""The language of the reference and no more: a step that goes beyond it is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.body.shown import shown
from cursorkit.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.fold import Step
    from cursorkit.body.places import Extension
    from cursorkit.language.ast import Program, Statement

_REFUSALS: dict[Extension, tuple[str, str]] = {
    "element": ("unknown-field", "elements of lists have no names"),
    "entry": ("unknown-field", "entries of maps have no names; FIELD=KEY=VALUE sets one"),
    "any": ("no-text", "any JSON value cannot be written as text"),
    "union": ("no-text", "a value of several kinds cannot be written as text"),
    "key": ("unknown-field", "'/=' is no sign, but the end of a name and '='"),
    "json": ("unknown-field", "':=' is no sign, but the end of a name and '='"),
    "file": ("unknown-field", "'@=' is no sign, but the end of a name and '='"),
    "empty": ("empty-value", "the value is empty"),
}


def without_extensions(walked: Iterable[Step], program: Program) -> Iterator[Step]:
    """The steps that `program` makes in the language of the reference, where every extension is an error."""
    for step, statement in zip(walked, program.statements, strict=False):
        if step.extensions and not step.problems:
            yield evolve(step, effect=None, problems=(_problem(step, statement),))
        else:
            yield step


def _problem(step: Step, statement: Statement) -> Problem:
    kind, message = _REFUSALS[step.extensions[0]]
    drawn = shown(statement, public=False)
    return Problem(
        kind,
        f"{message} (extensions of the language are off)",
        argument=drawn.text,
        span=drawn.path_span,
        index=step.index,
        cursor=str(step.before),
    )
