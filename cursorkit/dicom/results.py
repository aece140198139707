"""What became of each file of a run."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from time import time
from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.methods.outcome import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cursorkit.dicom.instances import Instance


class State(Enum):
    """What became of a file, in a word for people."""

    STORED = "stored"
    """The server's report names it as stored."""
    KNOWN = "stored before"
    """The journal says so: the same bytes, at the same place."""
    SKIPPED = "skipped"
    """There is nothing in it to store here."""
    REFUSED = "refused"
    """The server does not take it, or is none to give it to."""
    CONFLICT = "conflict"
    """Other bytes are stored as this instance, and only one of them can be."""
    UNREADABLE = "unreadable"
    """It cannot be read, or changed meanwhile."""
    UNAUTHORIZED = "unauthorized"
    """There were no credentials, or they did not do."""
    LATER = "not stored yet"
    """The server could not be reached, or was busy; or it was not tried any more for that reason."""
    UNKNOWN = "unknown"
    """It may be stored: an answer is lost, unreadable, or does not name it."""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do about it."""
        return self in _SETTLED


_SETTLED = frozenset({State.STORED, State.KNOWN, State.SKIPPED})

UNSETTLED = tuple(each for each in State if not each.settled)
"""Those about which something is left to do."""


@frozen
class Result:
    """What became of one file.

    Attributes:
        name: what the file is called; of a file in an archive, `ARCHIVE:MEMBER`.
        state: what became of it.
        reason: why, in words; of one that is stored, what the server changed. Empty for nothing to say.
        advice: what to do about it, in words; empty for nothing.
        code: the failure or warning reason, as DICOM numbers it; None where the server gave none.
        instance: which instance it is; None where that is not known.
        octets: how many bytes it has.
        sha256: that of the bytes that were sent, in hexadecimal; empty where not all of them were.
        at: when this was known, in seconds since 1970.
    """

    name: str
    state: State
    reason: str = ""
    advice: str = ""
    code: int | None = None
    instance: Instance | None = None
    octets: int = 0
    sha256: str = ""
    at: float = field(factory=time, eq=False)


_SOME_STORED = frozenset({State.STORED, State.KNOWN})
_GRAVEST = (
    (State.UNKNOWN, Verdict.UNKNOWN),
    (State.UNAUTHORIZED, Verdict.AUTH),
    (State.LATER, Verdict.LATER),
    (State.REFUSED, Verdict.REFUSED),
    (State.CONFLICT, Verdict.REFUSED),
    (State.UNREADABLE, Verdict.LOCAL),
)
"""What a run comes to in which nothing was stored, by the gravest thing that happened."""


def verdict(counts: Mapping[State, int]) -> Verdict:
    """What a run came to, by how many files each state was that of."""
    found = Counter(counts)
    failed = next((told for state, told in _GRAVEST if found[state]), None)
    if failed is None:
        return Verdict.DONE
    return Verdict.PARTLY if any(found[state] for state in _SOME_STORED) else failed
