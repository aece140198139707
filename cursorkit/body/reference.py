"""The language of the reference and no more: an argument that goes beyond it is a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.body.shown import shown
from cursorkit.errors import Problem
from cursorkit.language.ast import Assignment, KeyMove

if TYPE_CHECKING:
    from cursorkit.body.fold import Walk
    from cursorkit.body.places import Extension
    from cursorkit.errors import Kind
    from cursorkit.language.ast import Statement

_REFUSALS: dict[Extension, tuple[Kind, str]] = {
    "element": ("unknown-field", "a name below a list"),
    "entry": ("unknown-field", "a name below a map"),
    "any": ("no-text", "setting any JSON value"),
    "union": ("no-text", "setting a value of several kinds"),
    "key": ("unknown-field", "'/='"),
    "json": ("unknown-field", "':='"),
    "file": ("unknown-field", "'@='"),
    "empty": ("empty-value", "an empty value"),
}
_HINTS: dict[Extension, str] = {
    "element": "FIELD=VALUE adds an element that has no parts",
    "entry": "FIELD=KEY=VALUE sets an entry that has no parts",
}
_SIGNS: dict[str, Extension] = {":=": "json", "@=": "file"}
_BY_KIND: dict[Kind, Extension] = {
    "not-an-index": "element",
    "index-gap": "element",
    "kind-clash": "any",
}
"""The mistakes that can only be made in an extension."""


def take(walk: Walk, statement: Statement) -> None:
    """Carry out an argument, in which nothing may go beyond the reference's language. Opens no file."""
    told, used = len(walk.problems), len(walk.used)
    cursor, context = walk.standing, str(walk.last_move or "")
    walk.take(statement)
    problems = walk.problems[told:]
    extension = _extension(statement, problems, [extension for _, extension in walk.used[used:]])
    if extension is None:
        walk.problems[told:] = [evolve(each, beyond="") for each in problems]
        return
    kind, what = _REFUSALS[extension]
    drawn = shown(statement, public=False)
    walk.problems[told:] = [
        Problem(
            kind,
            f"{what} is an extension of the language, and extensions are off",
            argument=drawn.text,
            span=drawn.path_span,
            index=walk.index,
            context=context,
            cursor=cursor,
            hint=_HINTS.get(extension, ""),
        )
    ]


def _extension(statement: Statement, problems: list[Problem], used: list[Extension]) -> Extension | None:
    """What the argument takes beyond the reference's language; None if nothing, or nothing to tell of."""
    if not used and not problems:
        return None
    if isinstance(statement, KeyMove):
        return "key"
    if isinstance(statement, Assignment) and statement.operator in _SIGNS:
        return _SIGNS[statement.operator]
    return next(iter(used), None) or next(
        (_BY_KIND[each.kind] for each in problems if each.kind in _BY_KIND), None
    )
