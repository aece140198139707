"""What does not fit, as a value that can be raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.errors import CursorkitError

if TYPE_CHECKING:
    from cursorkit.errors import Kind, Span


class Mismatch(CursorkitError):  # noqa: N818 - not an error of the process but a finding about a value
    """A value that does not fit its schema.

    Attributes:
        kind: the stable name of the error.
        span: where in the text that was read; None for all of it.
        hint: what to do about it.
        beyond: what else, where the language goes beyond that of the reference.
        place: where below the value that was checked, as wire names and indices.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        span: Span | None = None,
        hint: str = "",
        beyond: str = "",
        place: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
        self.span = span
        self.hint = hint
        self.beyond = beyond
        self.place = place

    @property
    def scene(self) -> tuple[str | int, ...]:
        """The place to tell people: of an unknown name, which the message tells, where it stands."""
        return self.place[:-1] if self.kind == "unknown-field" else self.place

    def at(self, place: tuple[str | int, ...]) -> Mismatch:
        """The same, found at `place`, of which no text is known."""
        return Mismatch(self.kind, self.message, hint=self.hint, place=place)

    def advised(self, hint: str) -> Mismatch:
        """The same, with other advice."""
        return Mismatch(self.kind, self.message, span=self.span, hint=hint, place=self.place)

    def shifted(self, start: int, length: int) -> Mismatch:
        """The same, found in a text of `length` characters that begins `start` characters into another."""
        first, last = self.span or (0, length)
        span = (first + start, last + start)
        return Mismatch(self.kind, self.message, span=span, hint=self.hint, beyond=self.beyond)
