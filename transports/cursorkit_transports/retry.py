"""Any transport, with more than one attempt: where another may help, and can do no harm.

What to do after an attempt is decided by `Policy.decide`, which is pure: it sees a `Situation`, and says to
wait or to stop. `Retrying` carries that out.
"""

from __future__ import annotations

import random
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.errors import SourceError
from cursorkit.methods.answers import passing, status
from cursorkit.wire import (
    Attempt,
    ConnectError,
    History,
    PermanentError,
    Response,
    TransportError,
    Unchanged,
    UnknownHostError,
)
from cursorkit.wire.message import NOTHING_SENT
from cursorkit.wire.transport import RETRY_FOR, keep_quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.wire import Headers, Request, Transport

Result = Response | TransportError
"""What comes of an attempt."""

_EVER = 1e12
_DOUBLINGS = 64


@frozen
class Situation:
    """Where things stand after an attempt.

    Attributes:
        result: what came of it.
        idempotent: whether sending the request twice does no more than sending it once.
        attempts: how many there were, this one included.
        elapsed: seconds since the first began, by a clock that nobody sets.
        now: the time of day, in seconds since 1970.
        chance: a random number from 0 to 1.
    """

    result: Result
    idempotent: bool
    attempts: int
    elapsed: float
    now: float
    chance: float


@frozen
class Wait:
    """Try again.

    Attributes:
        seconds: after so long.
    """

    seconds: float


@frozen
class Stop:
    """Leave it at that.

    Attributes:
        why: though trying again may help, in words; empty where it does not.
    """

    why: str = ""


@frozen
class Policy:
    """When to try again, and for how long.

    The waits are drawn at random ("full jitter"), so that clients who were turned away together do not all
    come back together. A server that asks for a longer wait gets it.

    Attributes:
        budget: seconds since the first attempt began in which another may begin; 0 for a single one.
        first: seconds that the first wait lasts at most; each later one may last twice as long as that
            before it.
        longest: seconds that no wait exceeds unless a server asks for it.
    """

    budget: float = RETRY_FOR
    first: float = 1.0
    longest: float = 60.0

    def decide(self, situation: Situation) -> Wait | Stop:
        """What to do next.

        An attempt at which nobody answered the call is repeated for every request. Answers that tell of a
        passing condition, and answers that are lost, are repeated for an idempotent request only: any other
        may have been carried out.
        """
        result = situation.result
        if not _may_help(result, situation.attempts):
            return Stop()
        if not (situation.idempotent or isinstance(result, ConnectError)):
            return Stop("it is not tried again, because it might be done twice")
        asked = retry_after(result.headers, situation.now) if isinstance(result, Response) else 0
        left = max(0, self.budget - situation.elapsed)
        wait = max(asked, situation.chance * self._most(situation.attempts))
        if wait < left:
            return Wait(wait)
        if asked and asked >= left:
            return Stop(f"the server asks to wait {asked:.0f} s, and {left:.0f} s are left to try again")
        if situation.attempts == 1:
            return Stop()
        return Stop(f"given up after {situation.attempts} attempts in {situation.elapsed:.0f} s")

    def _most(self, attempts: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(attempts - 1, _DOUBLINGS))


def _may_help(result: Result, attempts: int) -> bool:
    match result:
        case Response():
            return passing(result)
        case UnknownHostError():
            return attempts == 1
    return not isinstance(result, PermanentError)


def retry_after(headers: Headers, now: float) -> float:
    """Seconds that an answer asks to wait (RFC 9110, 10.2.3); 0 where it does not, or makes no sense.

    A date is held against the clock of the server, where that tells the time.

    Args:
        headers: those of the answer.
        now: the time of day, in seconds since 1970.
    """
    value = headers.get("Retry-After").strip()
    if re.fullmatch("[0-9]+", value):
        return min(float(value), _EVER)
    until = _time(value)
    if until is None:
        return 0
    told = _time(headers.get("Date"))
    return max(0, until - (now if told is None else told))


def _time(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        # One of the three forms of a date does not say that it is meant to be UTC (RFC 9110, 5.6.7).
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


class Retrying:
    """Sends requests by another transport, more than once where the policy says so.

    Every attempt sends the same bytes, or fails before it has sent others; or it asks what became of the
    first, where the request has a `follow_up`. What came of the attempts before the last one stays with the
    result, as its `history`.

    Args:
        transport: what sends the requests.
        policy: when to try again.
        tell: is told, in a line for people, of each attempt that will be followed by another.
        clock: seconds, by a clock that nobody sets.
        now: the time of day, in seconds since 1970.
        sleep: lets seconds pass.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        transport: Transport,
        policy: Policy = Policy(),
        *,
        tell: Callable[[str], None] = keep_quiet,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._tell = tell
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._chance = chance

    def send(self, request: Request) -> Response:
        """Send until the policy says to stop, each time with a fresh reader of the body.

        Raises:
            TransportError: there is no whole answer.
            SourceError: the body cannot be read, or is no longer what it was at an earlier attempt.
        """
        began = self._clock()
        earlier: tuple[Attempt, ...] = ()
        alike = 0
        while True:
            result = self._attempt(request, earlier, alike)
            number = len(earlier) + 1
            situation = Situation(
                result, request.idempotent, number, self._clock() - began, self._now(), self._chance()
            )
            decision = self._policy.decide(situation)
            if isinstance(decision, Stop):
                return _settled(result, History(earlier, decision.why))
            earlier += (attempt(result),)
            if request.follow_up is None or isinstance(result, ConnectError):
                alike += 1
            else:
                request, alike = request.follow_up, 0
            self._tell(f"{earlier[-1].fault}; attempt {number + 1} in {decision.seconds:.1f} s")
            self._sleep(decision.seconds)

    def _attempt(self, request: Request, earlier: tuple[Attempt, ...], alike: int) -> Result:
        """Another attempt; the last `alike` of the earlier ones sent the same."""
        same = earlier[len(earlier) - alike :]
        known = max((each.sent for each in same), key=lambda sent: sent.octets, default=NOTHING_SENT)
        if known.octets:
            request = evolve(request, body=Unchanged(request.body, known))
        try:
            return self._transport.send(request)
        except TransportError as error:
            return error
        except SourceError as error:
            raise History(earlier).told_with(error) from None

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


def attempt(result: Result) -> Attempt:
    """What is kept of an attempt that another one follows."""
    if isinstance(result, Response):
        return Attempt(result.sent, result.status, f"the server answered {status(result)}")
    return Attempt(result.sent, None, str(result))


def _settled(result: Result, history: History) -> Response:
    if isinstance(result, Response):
        return evolve(result, history=history)
    result.history = history
    raise result
