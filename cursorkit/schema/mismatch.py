"""What does not fit, as a value that can be raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.errors import CursorkitError

if TYPE_CHECKING:
    from cursorkit.errors import Span


class Mismatch(CursorkitError):  # noqa: N818 - not an error of the process but a finding about a value
    """A value that does not fit its schema.

    Attributes:
        kind: the stable name of the error.
        span: where in the text that was read; None for all of it.
        hint: what to do about it.
        place: where below the value that was checked, as wire names and indices.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        span: Span | None = None,
        hint: str = "",
        place: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.span = span
        self.hint = hint
        self.place = place

    def at(self, place: tuple[str | int, ...]) -> Mismatch:
        """The same, found at `place`."""
        return Mismatch(self.kind, self.message, hint=self.hint, place=place)

    def shifted(self, start: int, length: int) -> Mismatch:
        """The same, found in a text of `length` characters that begins `start` characters into another."""
        first, last = self.span or (0, length)
        return Mismatch(self.kind, self.message, span=(first + start, last + start), hint=self.hint)
