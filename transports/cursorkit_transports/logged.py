"""Exchanges for the log: everything of them but secrets, and what may tell of a patient."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cursorkit.errors import SourceError
from cursorkit.wire import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.wire import Headers, Request, Response, Sent, Transport

_LOG = logging.getLogger(__name__)


class Logged:
    """Tells the log `cursorkit_transports.logged` of every exchange, at the level DEBUG.

    A body shows as its size and SHA-256, a URL as its host and the template of its path: what stands in
    the place of a parameter may be the identifier of a patient's study. Header fields are those of
    `Headers.discreet`.

    Args:
        transport: what sends the requests.
        clock: gives the time in seconds.

    Attributes:
        transport: what sends the requests.
    """

    def __init__(self, transport: Transport, clock: Callable[[], float] = monotonic) -> None:
        self.transport = transport
        self._clock = clock

    def send(self, request: Request) -> Response:
        """Send as the transport within does.

        Raises:
            TransportError, SourceError: as the transport within.
        """
        if not _LOG.isEnabledFor(logging.DEBUG):
            return self.transport.send(request)
        _LOG.debug("%s", "\n".join(_asked(request)))
        start = self._clock()
        try:
            response = self.transport.send(request)
        except TransportError as error:
            taken = self._clock() - start
            _LOG.debug("%s\n* no answer after %.3f s: %s", _left(request, error.sent), taken, error)
            raise
        except SourceError as error:
            # Its own words name the file, which may be named for a patient.
            _LOG.debug("* the body cannot be sent: %s", error.kind)
            raise
        taken = self._clock() - start
        _LOG.debug("%s\n%s", _left(request, response.sent), "\n".join(_answered(response, taken)))
        return response

    def close(self) -> None:
        """Close the transport within."""
        self.transport.close()


def _asked(request: Request) -> Iterator[str]:
    yield f"> {request.verb} {_shown(request)}"
    yield from _fields(">", request.headers)


def _shown(request: Request) -> str:
    """Where a request goes, without anybody's data, and without the password that a URL may hold."""
    address = urlsplit(request.url)
    if address.scheme not in {"http", "https"}:
        return f"{address.scheme}:…/{request.template}"
    host = address.netloc.rpartition("@")[2]
    fixed = request.template.partition("{")[0]
    below = "/" if fixed and address.path.startswith(f"/{fixed}") else "/…/"
    return f"{address.scheme}://{host}{below}{request.template}"


def _left(request: Request, sent: Sent) -> str:
    return f"* sent {sent.octets} of {request.body.length} bytes, sha256 {sent.sha256}"


def _answered(response: Response, taken: float) -> Iterator[str]:
    yield f"< {response.status}"
    yield from _fields("<", response.headers)
    yield f"* answered after {taken:.3f} s, with {response.body.length} bytes"


def _fields(mark: str, headers: Headers) -> Iterator[str]:
    return (f"{mark} {name}: {value}" for name, value in headers.discreet())
