"""How a store transaction ended, for all instances in it that its answer does not name."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.dicom.answers import ASK_ITS_LOG
from cursorkit.dicom.results import State
from cursorkit.methods.answers import passing, readable, refused, status
from cursorkit.methods.call import failed, remembering
from cursorkit.methods.outcome import Verdict
from cursorkit.wire.transport import AuthenticationError, ConnectError, StorageError, TrustError

if TYPE_CHECKING:
    from cursorkit.errors import SourceError
    from cursorkit.methods.outcome import Outcome
    from cursorkit.wire.message import Response
    from cursorkit.wire.transport import TransportError


class About(Enum):
    """What an end tells of."""

    SENT = "what was sent: the server is there, and has looked at it"
    SERVER = "the server, whatever it is sent"
    EITHER = "one of both, and nobody can tell which"
    FILES = "the files, of which not all could be read"


@frozen
class Ending:
    """How it ended.

    Attributes:
        state: what the instances are of which nothing else is known.
        reason: why, in words.
        advice: what to do about it, in words; empty for nothing.
        about: what it tells of.
    """

    state: State
    reason: str
    advice: str = ""
    about: About = About.EITHER


_STATES = {
    Verdict.AUTH: State.UNAUTHORIZED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.UNKNOWN: State.UNKNOWN,
}
"""By what came of the request; else it may help to wait."""

_OF_SERVERS = (ConnectError, TrustError, AuthenticationError, StorageError)
_OF_CLIENTS = frozenset({403, 429})
"""Statuses that, where they may pass, say that a client asks too often."""

_OF_CONTENT = frozenset({400, 409, 413, 415, 422})
"""Statuses that a server gives for what it was sent, and for nothing else."""

AGAIN = "run this again: the same bytes once more do no harm"
_ADVICE = {
    State.LATER: "run this again later: what is stored meanwhile stays as it is",
    State.UNKNOWN: AGAIN,
    State.REFUSED: ASK_ITS_LOG,
    State.UNAUTHORIZED: "see that the credentials are right and allow to store, and run this again",
}
_ADVICE_OF_ERRORS: dict[type[TransportError], str] = {
    TrustError: "name the authorities that vouch for the server",
    StorageError: "make room in its folder, or see that it may be written, and run this again",
}
_ELSEWHERE = "see whether the address is that of a store"
_ADVICE_OF_STATUSES = {
    404: _ELSEWHERE,
    405: _ELSEWHERE,
    410: _ELSEWHERE,
    413: "ask who runs the server to take requests of this size",
    415: "ask who runs the server whether it takes multipart/related requests with DICOM files",
    507: "make room on the server, and run this again",
}


def unanswered(error: TransportError) -> Ending:
    """The end of a request that has no answer."""
    about = About.SERVER if isinstance(error, _OF_SERVERS) else About.EITHER
    return _ending(failed(error, idempotent=True), about, _ADVICE_OF_ERRORS.get(type(error), ""))


BESIDE_UNREAD = Ending(
    State.LATER, "another file of the same request cannot be read", _ADVICE[State.LATER], About.FILES
)
"""The end of a request of several files, one of which cannot be read, and nobody knows which."""


def unread(error: SourceError) -> Ending:
    """The end of a file that cannot be read."""
    advice = "run this again once nobody writes it any more" if error.kind == "changed-file" else ""
    return Ending(State.UNREADABLE, _line(str(error)), advice, About.FILES)


def unnamed(response: Response) -> Ending:
    """The end of a request whose answer does not say more."""
    if 200 <= response.status < 300:
        told = "does not name this instance" if readable(response) else "cannot be read"
        reason = f"the server answered {status(response)}, but its report {told}"
        return Ending(State.UNKNOWN, reason, AGAIN, About.SENT)
    outcome = remembering(response.history, refused(response))
    advice = _ADVICE_OF_STATUSES.get(response.status, _ELSEWHERE if response.status < 400 else "")
    return _ending(outcome, _about(response), advice)


def _about(response: Response) -> About:
    # Whoever asks for patience speaks of itself; others who are busy may be so with this very request.
    asks = response.status in _OF_CLIENTS or "Retry-After" in response.headers
    if response.status == HTTPStatus.UNAUTHORIZED or (asks and passing(response)):
        return About.SERVER
    return About.SENT if response.status in _OF_CONTENT else About.EITHER


def _ending(outcome: Outcome, about: About, advice: str) -> Ending:
    state = _STATES.get(outcome.verdict, State.LATER)
    return Ending(state, _line(outcome.message), advice or _ADVICE.get(state, ""), about)


def _line(message: str) -> str:
    return "; ".join(message.split("\n"))
