"""How google-auth talks to whoever gives tokens, and what it means when there are none."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from subprocess import SubprocessError
from typing import TYPE_CHECKING

from attrs import field, frozen
from google.auth.exceptions import GoogleAuthError
from google.auth.transport import Request as TokenRequest
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from cursorkit.wire import AuthenticationError, TransportError
from cursorkit_transports.framing import connections, trusting, unlogged
from cursorkit_transports.https import CONNECT_TIMEOUT, authority_of, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import urllib3

    from cursorkit.wire import Remedy
    from cursorkit_transports.hosts import Hosts
    from cursorkit_transports.proxies import Connections

_LOG = logging.getLogger(__name__)

TOKEN_TIMEOUT = 60.0
"""Seconds until whoever gives tokens begins to answer."""

_TOO_FAR = timedelta(minutes=2)
"""How wrong a clock has to be to be worth a word: Google refuses what one signed that is minutes off."""

_BUSY = "cannot fetch a token: the server that gives them is busy"

_STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What google-auth raises over fields that are not of the shape it expects."""

_REFUSALS = {
    "access_denied": "",
    "invalid_client": ": the OAuth client is unknown, or was deleted",
    "invalid_grant": ": they have expired or were revoked",
    "invalid_request": "",
    "invalid_scope": ": a scope that was asked for is unknown, or not granted",
    "invalid_target": ": the audience is unknown, or does not take them",
    "unauthorized_client": "",
    "unsupported_grant_type": "",
    "FAILED_PRECONDITION": "",
    "INVALID_ARGUMENT": ": what was asked for makes no sense to the server",
    "NOT_FOUND": ": there is no such service account",
    "PERMISSION_DENIED": ": whoever impersonates a service account needs the role Service Account Token "
    "Creator on it, and the API iamcredentials.googleapis.com has to be enabled",
    "UNAUTHENTICATED": "",
}
"""How servers refuse (RFC 6749, 4.1.2.1 and 5.2; RFC 8693, 2.2.2; google.rpc.Code), and what it means.
No other word of theirs is repeated."""


@frozen
class _Answer:
    """What is kept of an answer until it is clear whether there is a token."""

    status: int
    content: dict[str, object] | None = field(repr=False)
    date: str


class Tokens(TokenRequest):
    """Talks to those that may give tokens, every one of them verified, once, and not for ever.

    What proves who is asking goes by POST, and a JSON object answers it: anything else comes from some server
    or proxy in between, and says nothing of the credentials.

    Args:
        hosts: whom it may talk to.
        ca_bundle: the authorities to trust, instead of those of the system.
        timeout: seconds until an answer begins.
    """

    def __init__(self, hosts: Hosts, ca_bundle: str | None = None, timeout: float = TOKEN_TIMEOUT) -> None:
        self._hosts = hosts
        self._ca_bundle = ca_bundle
        self._timeout = Timeout(connect=CONNECT_TIMEOUT, read=timeout)
        self._last: _Answer | None = None

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | Timeout | None = None,
        **_: object,
    ) -> urllib3.BaseHTTPResponse:
        """Ask, and give the whole answer.

        Raises:
            AuthenticationError: nobody may be asked there.
            TransportError: nobody answers who gives tokens, or not now.
            SourceError: the CA bundle cannot be read.
        """
        self._last = None
        self._hosts.check(method, url)
        try:
            with unlogged():
                answer = self._pool.urlopen(
                    method,
                    url,
                    body=body,
                    headers=headers,
                    timeout=timeout or self._timeout,
                    redirect=False,
                )
        except HTTPError as error:
            told = failure(error, url)
            raise type(told)(f"cannot fetch a token: {told}", remedy=told.remedy) from None
        _LOG.debug("* %s answered %d when asked for a token", authority_of(url), answer.status)
        if method == "POST" and (answer.status >= 500 or _object(answer.data) is None):
            raise TransportError(f"{_BUSY}, or none")
        if method == "POST" and answer.status == 429:
            raise TransportError(_BUSY)
        self._last = _Answer(answer.status, _object(answer.data), answer.headers.get("Date", ""))
        return answer

    @contextmanager
    def explaining(self, renew: str = "", remedy: Remedy | None = None) -> Iterator[None]:
        """While google-auth is at work: why there is no token is told in our own words.

        Those of google-auth may repeat what a server, a file or a program said.

        Args:
            renew: what renews the credentials, in words; empty where nothing does.
            remedy: the same, where it is up to the program.

        Raises:
            AuthenticationError: the credentials, or the answer to them, are of no use.
            TransportError: it may help to try again.
        """
        self._last = None
        try:
            yield
        except GoogleAuthError as error:
            if error.retryable:
                raise TransportError(_BUSY) from None
            told = "; ".join(filter(None, (self._reason(), renew)))
            raise AuthenticationError(told, remedy=remedy) from None
        except (OSError, SubprocessError) as error:
            reason = getattr(error, "strerror", None) or "it takes too long"
            raise AuthenticationError(
                f"cannot fetch a token: the file or program that the credentials name is of no use: {reason}"
            ) from None
        except _STUMBLES:
            raise AuthenticationError(
                "cannot fetch a token: the credentials, or the answer to them, are malformed"
            ) from None

    def _reason(self) -> str:
        if self._last is None:
            return "the credentials give no new token: what they are made from is missing, or of no use"
        if self._last.status < 400:
            return "the answer to the credentials holds no token"
        return f"the credentials were refused{_meaning(self._last)}{_clock(self._last)}"

    @cached_property
    def _pool(self) -> Connections:
        return connections(trusting(self._ca_bundle))

    def close(self) -> None:
        """Close the connections."""
        if "_pool" in vars(self):
            self._pool.clear()


def _meaning(answer: _Answer) -> str:
    error = None if answer.content is None else answer.content.get("error")
    code = error.get("status") if isinstance(error, dict) else error
    return f" ({code}){_REFUSALS[code]}" if isinstance(code, str) and code in _REFUSALS else ""


def _clock(answer: _Answer) -> str:
    """That the clock of this machine is wrong, if it differs much from that of the server."""
    try:
        ahead = datetime.now(UTC) - parsedate_to_datetime(answer.date)
    except (TypeError, ValueError):  # no date, or one that names no zone
        return ""
    if abs(ahead) < _TOO_FAR:
        return ""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    told = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
    side = "ahead of" if ahead > timedelta() else "behind"
    return f"; the clock of this machine is {told} {side} that of the server"


def _object(content: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
