"""Arguments as messages may show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.language.ast import Assignment, KeyMove

if TYPE_CHECKING:
    from cursorkit.errors import Span
    from cursorkit.language.ast import Statement

CUT = "…"
"""Stands for a value that may not be shown."""


@frozen
class Shown:
    """An argument as messages may show it: a value that must stay private is cut out.

    Attributes:
        head: the path and the sign, as they were written.
        value: what may be shown of what stands behind them.
        path: how many characters the path has.
        public: whether that is the value itself.
    """

    head: str
    value: str
    path: int
    public: bool

    @property
    def text(self) -> str:
        """What is shown."""
        return self.head + self.value

    @property
    def path_span(self) -> Span:
        """Where the path stands in `text`."""
        return 0, self.path

    def in_value(self, span: Span | None) -> Span:
        """Where a part of the value stands in `text`; of a value cut out all, of an empty one the path."""
        if not self.value:
            return self.path_span
        start = len(self.head)
        first, last = span if span is not None and self.public else (0, len(self.value))
        return start + first, start + last


def shown(statement: Statement, *, public: bool) -> Shown:
    """How `statement` may be shown, with a value that is public or not; names always are."""
    match statement:
        case Assignment(path, operator, value):
            public = public or operator == "@="
            return Shown(f"{path}{operator}", value if public or not value else CUT, len(str(path)), public)
        case KeyMove(path, key):
            return Shown(f"{path}/=", key, len(str(path)), public=True)
    return Shown(str(statement), "", len(str(statement)), public=True)
