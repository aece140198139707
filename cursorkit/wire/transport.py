"""The one thing that a transport does, and what it raises when it could not."""

from __future__ import annotations

import re
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


class EndpointError(CursorkitError):
    """A URL that no transport may be opened for."""


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
        url: the API's root as the user wrote it; its scheme chooses the opener.
        scopes: the OAuth scopes that the method needs.
        ca_bundle: a PEM file of certificate authorities to trust instead of those of the system.

    Raises:
        EndpointError: the URL has no scheme, or speaks plain HTTP to another machine, or is one of HTTP and
            more than a host, a port and a path.
    """

    url: str
    scopes: tuple[str, ...] = ()
    ca_bundle: str | None = None

    def __attrs_post_init__(self) -> None:
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", self.url):
            raise EndpointError("an endpoint begins with a scheme: https://HOST, or file:DIR")
        check_address(self.url)
        if re.match("https?:", self.url, re.IGNORECASE) and not _ROOT.fullmatch(self.url):
            raise EndpointError(_WRITTEN)


_WRITTEN = "an endpoint is written as https://HOST, https://HOST:PORT or https://HOST/PATH"
_ROOT = re.compile(
    r"\w+://[^/?#]*(?:/(?!(?:\.|%2e){1,2}(?:/|$))[a-z0-9._~!$&'()*+,;=:@%-]+)*/?", re.ASCII | re.IGNORECASE
)
"""Paths go behind it: it must neither end them, as a query would, nor lead them elsewhere, as `..` would."""
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?(?:[/?].*)?",
    re.IGNORECASE,
)
_LAST_PORT = 65535


def check_address(url: str) -> None:
    """Let an HTTP address pass only where nobody can listen in: HTTPS, or plain HTTP to this very machine.

    Raises:
        EndpointError: anybody on the way could read what is sent, or the URL is more than an address.
    """
    if not re.match("https?:", url, re.IGNORECASE):
        return
    address = _ADDRESS.fullmatch(url)
    if address is None or int(address["port"] or 0) > _LAST_PORT or not _is_ipv6(address["ipv6"] or "::"):
        raise EndpointError(_WRITTEN)
    if address["scheme"].lower() == "http" and not _is_this_machine(address["ipv6"] or address["name"]):
        raise EndpointError(
            "plain http:// is for this very machine only (127.0.0.0/8, ::1, localhost): use https://"
        )


def _is_ipv6(literal: str) -> bool:
    from ipaddress import IPv6Address

    try:
        IPv6Address(literal)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


Opener = Callable[[Endpoint], Transport]
"""What the entry-point group `cursorkit.transports` names for a URL scheme: it gives the ready stack."""
