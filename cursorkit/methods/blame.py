"""What an answer finds wrong with single fields, shown at the arguments that caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.errors import Problem, quoted, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cursorkit.body.origins import Written
    from cursorkit.errors import Kind
    from cursorkit.methods.outcome import Outcome, Violation

_KIND: Kind = "field-violation"

_MOST = 100
"""Violations that are told one by one."""

_LINE = 300
"""Columns that a description may take, which may repeat whole values."""


def blame(
    outcome: Outcome, body: Written | None = None, parameters: Written | None = None
) -> tuple[Problem, ...]:
    """What the answer finds wrong with single fields of its request, each at the argument that caused it.

    What no argument set is told without one. Private values are cut out of the server's words.

    Args:
        outcome: what came of the request.
        body: its body, and the arguments that wrote it.
        parameters: the same of its parameters.
    """
    named = [parameters] if parameters is not None else []
    lists = [body, *named] if body is not None else named
    new = [each for each in outcome.violations if each.field or each.description not in outcome.message]
    told = [_told(each, lists, named if each.parameter else lists) for each in new[:_MOST]]
    rest = len(new) - _MOST
    return (*told, *([_bare(f"{rest} more fields are refused")] if rest > 0 else []))


def _told(violation: Violation, lists: Sequence[Written], meant: Sequence[Written]) -> Problem:
    described = violation.description
    for each in lists:
        described = each.discreet(described)
    told = shortened(described, _LINE)
    if not violation.field:
        return _bare(told)
    message = f"the server refuses {quoted(violation.field)}" + (f": {told}" if told else "")
    places = [(each, found) for each in meant if (found := each.find(violation.field)) is not None]
    best = [place for place in places if place[1].whole] or places
    for each, found in best:
        problem = each.problem(found, _KIND, message)
        if problem is not None:
            return problem
    hint = f"no argument sets {best[0][1].spelled}" if best and best[0][1].whole else ""
    return _bare(message, hint)


def _bare(message: str, hint: str = "") -> Problem:
    return Problem(_KIND, message, label="", hint=hint)
