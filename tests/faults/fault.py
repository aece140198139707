"""A fault: what comes of an attempt, and what the program has to make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, ReadBody, ReadHead, Script, Write, replying

if TYPE_CHECKING:
    from collections.abc import Collection

    from cursorkit.testing.server import Step

ROWS = {
    1: "nobody listens",
    2: "no host of that name",
    3: "TLS that proves nothing, or breaks",
    4: "a reset before the body",
    5: "cut off in the body",
    6: "no answer",
    7: "cut off in the answer",
    8: "a body that is no longer taken",
    9: "an answer that does not come",
    10: "an answer that drips",
    11: "busy, or broken in passing",
    12: "Retry-After",
    13: "a token that is refused",
    14: "access that is denied",
    15: "requests that are refused",
    16: "conflicts",
    17: "some are stored",
    18: "a refusal before the body is there",
    19: "redirects",
    20: "interim answers",
    21: "answers whose framing breaks off",
    22: "answers that only seem to be whole",
    23: "a success that nobody can read",
    24: "lengths that lie",
    25: "answers that are too large",
    26: "answers that grow too large",
    27: "no HTTP",
    28: "proxies",
    29: "IPv6",
    30: "-o that cannot be written",
    31: "a disk that is full",
    32: "standard output that is gone",
    33: "signals",
    34: "input that cannot be read",
    35: "input that is removed",
    36: "input that changes",
    37: "input that can be read once",
    38: "input without a byte",
    39: "gigabytes",
    40: "clocks",
}
"""The fault matrix."""

TOKEN = "CANARY-token"
"""Begins every secret, which no message and no log may show."""

JSON = ("Content-Type", "application/dicom+json")
LEAVING = ("Connection", "close")
"""Says that the server leaves: one that does not say so may be spoken to in vain once more."""


class Again(Enum):
    """When another attempt follows."""

    NEVER = "never"
    LATER = "as long as there is time"
    ONCE = "once, and only if it was the first"
    AT_ONCE = "once, without a wait"


Place = Literal["server", "nobody", "no name", "stranger", "other host", "yesterday", "mute", "no TLS"]
"""Where an attempt goes."""


@frozen
class Attempted:
    """What a script may depend on.

    Attributes:
        length: the size of the body, in bytes.
        report: what a DICOM store answers when all is well.
        elsewhere: the URL of another server, which nothing may reach.
    """

    length: int
    report: bytes = field(repr=False)
    elsewhere: str

    @property
    def right(self) -> bytes:
        """The answer when all is well."""
        return answer(200, self.report, [JSON])

    @property
    def half(self) -> ReadBody:
        """Read half of the body."""
        return ReadBody(self.length // 2)


Scripts = Callable[[Attempted], tuple[Script, ...]]


def _codes(codes: Collection[int]) -> frozenset[int]:
    return frozenset(codes)


@frozen
class Fault:
    """What comes of an attempt.

    Attributes:
        row: the row of the fault matrix, by its number in `ROWS`.
        name: what happens.
        scripts: what the server does, exchange by exchange.
        codes: the exit codes that are right where nothing else happens.
        told: what the last words have to say then, as a pattern in which `{host}` is the server's address.
        again: when another attempt follows.
        asks: seconds that the server asks to wait.
        place: where the attempt goes.
        patience: seconds that it waits.
        lasts: seconds that pass meanwhile by the clock.
        answered: whether an answer comes that says that nothing was done.
        reported: whether the answer is for `-o`.
        tls: whether TLS is spoken.
        renewed: whether the token comes from credentials that can be renewed.
    """

    row: str
    name: str
    codes: frozenset[int] = field(converter=_codes)
    told: str
    scripts: Scripts
    again: Again = Again.LATER
    asks: float = 0
    place: Place = "server"
    patience: float = 20
    lasts: float = 0
    answered: bool = False
    reported: bool = False
    tls: bool = False
    renewed: bool = False

    def __str__(self) -> str:
        return f"{self.row} {self.name}"

    @property
    def exchanges(self) -> int:
        """How many the server sees of an attempt."""
        return len(self.scripts(Attempted(0, b"{}", ""))) if self.place == "server" else 0


# --- what a server does -----------------------------------------------------------------------------------


def always(*scripts: Script) -> Scripts:
    """The same for every body."""
    return lambda attempted: scripts


def saying(data: bytes, *then: Step) -> Scripts:
    """Read all, and put `data` on the wire."""
    return always(replying(data, *then))


def early(data: bytes) -> Scripts:
    """Put `data` on the wire before the body is read, and leave."""
    return always((ReadHead(), Write(data), Close()))


def in_the_body(*then: Step) -> Scripts:
    """Read half of the body."""
    return lambda attempted: ((ReadHead(), attempted.half, *then),)


def cut(at: int, *then: Step) -> Scripts:
    """Read all, and put the right answer on the wire up to a byte; from the end, where `at` is negative."""
    return lambda attempted: (replying(attempted.right[:at], *then),)


def reporting(write: Callable[[bytes], bytes]) -> Scripts:
    """Read all, put the right report on the wire as an answer that `write` makes of it, and leave."""
    return lambda attempted: (leaving(write(attempted.report)),)


def leaving(said: bytes) -> Script:
    """Read all, say `said` and that it was the last, and leave."""
    status, line, rest = said.partition(b"\r\n")
    return replying(status + line + b": ".join(map(str.encode, LEAVING)) + line + rest, Close())


def error(status: int, message: str = "", *headers: tuple[str, str], **more: object) -> bytes:
    """An answer in the format of Google's errors."""
    content = json.dumps({"error": {"code": status, "message": message, **more}}).encode()
    return answer(status, content, [("Content-Type", "application/json"), *headers])


def report(stored: Collection[str], failed: Collection[str] = ()) -> bytes:
    """The report of a DICOM store about the instances that it took, and those that it did not."""
    items = {"00081199": [{"00081155": _element("UI", uid)} for uid in stored]}
    items["00081198"] = [
        {"00081155": _element("UI", uid), "00081197": _element("US", 0x0111)} for uid in failed
    ]
    return json.dumps({tag: _element("SQ", *each) for tag, each in items.items() if each}).encode()


def _element(kind: str, *values: object) -> dict[str, object]:
    return {"vr": kind, "Value": values}
