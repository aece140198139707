"""The one thing that a transport does, and what it raises when it could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from cursorkit.errors import CursorkitError
from cursorkit.wire.message import NOTHING_SENT

if TYPE_CHECKING:
    from cursorkit.wire.message import Request, Response, Sent


class Transport(Protocol):
    """Something that sends requests. Transports wrap each other: retries around credentials around HTTP."""

    def send(self, request: Request) -> Response:
        """Send once, with a fresh reader of the body, and give the whole answer, whatever its status.

        Raises:
            TransportError: there is no whole answer; `.sent` tells what left.
            SourceError: the body could not be read, or changed meanwhile.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files; the transport is not used again."""
        ...


class TransportError(CursorkitError):
    """A request without a whole answer.

    Attributes:
        sent: what of the body left before it failed.
    """

    def __init__(self, message: str, sent: Sent = NOTHING_SENT) -> None:
        super().__init__(message)
        self.sent = sent


class ConnectError(TransportError):
    """Nobody answered the call: refused, unknown host, or silence. Trying later may help."""


class TrustError(TransportError):
    """The server could not prove who it is. Trying again does not help."""


class AuthenticationError(TransportError):
    """There are no credentials, or they were refused."""


@frozen
class Endpoint:
    """What an opener is told: where to, and in whose name.

    Attributes:
        url: the API's root as the user wrote it; its scheme chose the opener.
        scopes: the OAuth scopes that the method needs.
        ca_bundle: a PEM file of certificate authorities to trust instead of the built-in ones.
    """

    url: str
    scopes: tuple[str, ...] = ()
    ca_bundle: str | None = None


Opener = Callable[[Endpoint], Transport]
"""What the entry-point group `cursorkit.transports` names for a URL scheme: it gives the ready stack."""
