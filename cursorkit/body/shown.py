"""Arguments as messages may show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.schema.types import List, Map, Scalar

if TYPE_CHECKING:
    from cursorkit.errors import Span
    from cursorkit.schema.types import Field

CUT = "…"
"""Stands for a value that may not be shown."""


@frozen
class Shown:
    """An argument as messages may show it: a value that must stay private is cut out.

    Attributes:
        path: the path as it was written.
        operator: the operator; empty for a move.
        value: the value as it was written.
        public: whether the value may be shown.
    """

    path: str
    operator: str = ""
    value: str = ""
    public: bool = False

    @property
    def text(self) -> str:
        """What is shown."""
        return f"{self.path}{self.operator}{self.value if self.public or not self.value else CUT}"

    @property
    def path_span(self) -> Span:
        """Where the path stands in `text`."""
        return 0, len(self.path)

    @property
    def value_span(self) -> Span:
        """Where the value stands in `text`."""
        return len(self.path) + len(self.operator), len(self.text)

    def in_value(self, span: Span | None) -> Span:
        """Where a part of the value stands in `text`; all of the value, where it is cut out."""
        start, end = self.value_span
        return (start + span[0], start + span[1]) if span and self.public else (start, end)

    def for_field(self, field: Field | None) -> Shown:
        """As it may be shown when its value is meant for `field`."""
        return evolve(self, public=self.public or showable(field))

    def hidden(self) -> Shown:
        """With the value cut out, whatever the field."""
        return evolve(self, public=False)


def showable(field: Field | None) -> bool:
    """Whether a value meant for `field` may be shown: neither bytes nor a secret."""
    if field is None or field.secret:
        return False
    schema = field.schema
    while isinstance(schema, List | Map):
        schema = schema.items if isinstance(schema, List) else schema.values
    return isinstance(schema, Scalar) and schema.type not in {"bytes", "raw"}
