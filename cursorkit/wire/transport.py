"""The one thing that a transport does, and what it raises when it could not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from attrs import field, frozen

from cursorkit.errors import CursorkitError
from cursorkit.wire.message import NOTHING_SENT, History

if TYPE_CHECKING:
    from cursorkit.wire.message import Request, Response, Sent


class Transport(Protocol):
    """Something that sends requests. Transports wrap each other: retries around credentials around HTTP."""

    def send(self, request: Request) -> Response:
        """Send, with a fresh reader of the body each time, and give the whole answer, whatever its status.

        Raises:
            TransportError: there is no whole answer; `.sent` tells what left.
            SourceError: the body could not be read, or changed meanwhile.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files; the transport is not used again."""
        ...


@frozen
class Remedy:
    """What may be done about an error. What has to be typed for it, the program knows.

    Attributes:
        kind: `log-in`, for the first time or `log-in-again`; `trust-authorities`, other ones than the usual;
            `trust-host`, beside the usual ones; `wait-longer` until an answer begins; `allow-http`, to a host
            in the same network.
        names: the scopes to log in for, or the host to trust.
    """

    kind: Literal["log-in", "log-in-again", "trust-authorities", "trust-host", "wait-longer", "allow-http"]
    names: tuple[str, ...] = ()


class EndpointError(CursorkitError):
    """A URL that no transport may be opened for.

    Attributes:
        remedy: what may be done about it, if that is known.
    """

    def __init__(self, message: str, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class TransportError(CursorkitError):
    """A request without a whole answer.

    Attributes:
        sent: what of the body left before it failed.
        history: the attempts before this one.
        remedy: what may be done about it, if that is known.
    """

    def __init__(self, message: str, sent: Sent = NOTHING_SENT, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.history = History()
        self.remedy = remedy


class ConnectError(TransportError):
    """Nobody answered the call: refused, unknown host, or silence. Nothing was sent; later it may help."""


class UnknownHostError(ConnectError):
    """There is no host of that name. Asking once more is enough to be sure."""


class StorageError(TransportError):
    """A folder of this machine cannot hold what it was sent."""


class PermanentError(TransportError):
    """Trying again does not help."""


class TrustError(PermanentError):
    """The server could not prove who it is."""


class AuthenticationError(PermanentError):
    """There are no credentials, or they were refused."""


RETRY_FOR = 600.0
"""Seconds in which another attempt may begin: ten minutes."""

READ_TIMEOUT = 3600.0
"""Seconds until an answer begins: a store may work on a transaction for as long as an hour."""


def keep_quiet(_line: str) -> None:
    """Tell nobody. It is no lambda, because other processes may be told to."""


@frozen
class Endpoint:
    """What an opener is told: where to, in whose name, and with how much patience.

    Attributes:
        url: the API's root as the user wrote it; its scheme chooses the opener.
        scopes: the OAuth scopes that the method needs; without any, credentials are looked for only where
            the host is one of Google's.
        ca_bundle: a PEM file of certificate authorities to trust instead of those of the system.
        impersonate: the service account to act as, and behind it those through whom, in their order.
        quota_project: the project whose quota is used, and which is billed.
        login: the file in which the login of a user is kept.
        trusted_hosts: whom credentials may be fetched from and sent to, beside Google and this machine.
        retry_for: seconds from the first attempt in which another may begin; with 0, none does.
        timeout: seconds until an answer begins.
        allow_http: whether plain HTTP may go to another machine in the same network; credentials never do.
        tell: is told, in a line for people, of each attempt that will be followed by another.

    Raises:
        EndpointError: the URL has no scheme, or speaks plain HTTP to where it may not go, or is one of HTTP
            and more than a host, a port and a path.
    """

    url: str
    scopes: tuple[str, ...] = ()
    ca_bundle: str | None = None
    impersonate: tuple[str, ...] = ()
    quota_project: str | None = None
    login: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    retry_for: float = RETRY_FOR
    timeout: float = READ_TIMEOUT
    allow_http: bool = False
    tell: Callable[[str], None] = field(default=keep_quiet, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", self.url):
            raise EndpointError("an endpoint begins with a scheme: https://HOST, or file:DIR")
        check_address(self.url, allow_http=self.allow_http)
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


def check_address(url: str, *, allow_http: bool = False) -> None:
    """Let an HTTP address pass only where no stranger listens in: HTTPS, or plain HTTP to this very machine.

    Args:
        url: the address; one of another scheme passes.
        allow_http: whether plain HTTP may go to another machine, too. Of a name only the connection shows
            which one that is, and whether it is in the same network.

    Raises:
        EndpointError: others on the way could read what is sent, or the URL is more than an address.
    """
    if not re.match("https?:", url, re.IGNORECASE):
        return
    host = host_of(url)
    if url[:5].lower() != "http:" or is_this_machine(host):
        return
    near = not _is_literal(host) or is_same_network(host)
    if allow_http and near:
        return
    if allow_http:
        raise EndpointError("plain http:// never goes to a public address: use https://")
    raise EndpointError(
        "plain http:// is for this very machine only (127.0.0.0/8, ::1, localhost): use https://",
        Remedy("allow-http") if near else None,
    )


def host_of(url: str) -> str:
    """The host of an HTTP address, in lower case; an IPv6 one without its brackets.

    Raises:
        EndpointError: the URL is no HTTP address, or more than one.
    """
    address = _ADDRESS.fullmatch(url)
    if address is None or int(address["port"] or 0) > _LAST_PORT:
        raise EndpointError(_WRITTEN)
    if address["ipv6"] is not None and not _is_ipv6(address["ipv6"]):
        raise EndpointError(_WRITTEN)
    host: str = address["ipv6"] or address["name"]
    return host.lower()


def _is_ipv6(literal: str) -> bool:
    return ":" in literal and _is_literal(literal)


def _is_literal(host: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Whether nobody can listen in on the way to `host`: it is a literal loopback address, or `localhost`."""
    from ipaddress import ip_address

    return ip_address(host).is_loopback if _is_literal(host) else host.lower() == "localhost"


_SAME_NETWORK = (
    *("127.0.0.0/8", "::1/128"),  # loopback
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # private: RFC 1918
    "fc00::/7",  # private: RFC 4193
    *("169.254.0.0/16", "fe80::/10"),  # of the link: RFC 3927; RFC 4291, 2.5.6
)


def is_same_network(address: str) -> bool:
    """Whether no public network leads to a literal address: it is private, or of the link, or this machine's.

    `ipaddress.is_private` is wider: it also means what is reserved for documentation, or for nothing yet.
    """
    from ipaddress import ip_address, ip_network

    literal = ip_address(address)
    plain = getattr(literal, "ipv4_mapped", None) or literal
    return any(plain in ip_network(each) for each in _SAME_NETWORK)


def is_of_google(host: str) -> bool:
    """Whether `host`, in lower case, is one of those that Google's APIs are at."""
    return host.endswith(".googleapis.com")


Opener = Callable[[Endpoint], Transport]
"""What the entry-point group `cursorkit.transports` names for a URL scheme: it gives the ready stack."""
