"""What came of a call."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import field as attribute
from attrs import frozen

if TYPE_CHECKING:
    from cursorkit.schema.types import Json
    from cursorkit.wire.message import Sent
    from cursorkit.wire.source import BodySource
    from cursorkit.wire.transport import Remedy


class Verdict(Enum):
    """What became of what was asked; the values are the program's exit codes."""

    DONE = 0
    """All of it is done, and the answer says so."""
    REFUSED = 1
    """The API, or the server's certificate, ruled it out."""
    USAGE = 2
    """Nothing was sent: the arguments are wrong."""
    AUTH = 4
    """There were no credentials, or they did not do."""
    LOCAL = 5
    """A file of this machine could not be read, or changed, or could not be written."""
    LATER = 6
    """None of it, for reasons that may pass."""
    UNKNOWN = 7
    """It may have been done: an answer is lost, unreadable, or does not name what was sent."""
    PARTLY = 8
    """Some of it; the answer says what."""


@frozen
class Violation:
    """One thing that an answer finds wrong with its request.

    Attributes:
        field: the path of a field, such as `spec.items[2].name`; empty where the answer names none.
        description: what is wrong, in the server's words. They may repeat values of the request, and do not
            show in `repr`.
        parameter: whether the field is a parameter, and certainly no part of the body.
    """

    field: str = ""
    description: str = attribute(default="", repr=False)
    parameter: bool = False


@frozen
class Outcome:
    """What came of a call.

    Attributes:
        verdict: in one word.
        value: the answer as JSON; None where there is none to show. Does not show in `repr`.
        message: for people, in a line or a few.
        sent: what left, for the attempt that was answered; None where nothing was tried.
        violations: what the answer finds wrong with single fields; `blame` shows it at their arguments.
        remedy: what may be done about it, if that is known.
        media: the bytes that were asked for; None where the answer is JSON. They do not show in `repr`.
    """

    verdict: Verdict
    value: Json = attribute(default=None, repr=False)
    message: str = ""
    sent: Sent | None = None
    violations: tuple[Violation, ...] = ()
    remedy: Remedy | None = None
    media: BodySource | None = attribute(default=None, repr=False)
