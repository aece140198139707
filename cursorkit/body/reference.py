"""The language of the reference and no more: a step that goes beyond it is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.body.shown import shown
from cursorkit.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.places import Extension
    from cursorkit.language.ast import Program

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


def beyond(used: Iterable[tuple[int, Extension]], program: Program) -> Iterator[Problem]:
    """What is wrong with arguments that used extensions, in the language of the reference."""
    for index, extension in dict(reversed([*used])).items():
        kind, message = _REFUSALS[extension]
        drawn = shown(program.statements[index], public=False)
        message = f"{message} (extensions of the language are off)"
        yield Problem(kind, message, argument=drawn.text, span=drawn.path_span, index=index)
