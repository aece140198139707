"""HTTP/1.1 over urllib3: one request out, one whole answer in, and nothing behind anybody's back."""

from __future__ import annotations

import math
import re
import socket
import ssl
from http import HTTPStatus
from http.client import IncompleteRead
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Timeout

from cursorkit import __version__
from cursorkit.errors import SourceError
from cursorkit.files import spooled
from cursorkit.wire import (
    AuthenticationError,
    ConnectError,
    Headers,
    PermanentError,
    Remedy,
    Response,
    Sending,
    TransportError,
    TrustError,
    UnknownHostError,
    check_address,
    is_same_network,
    is_this_machine,
)
from cursorkit.wire.message import NOTHING_SENT, SECRET_HEADERS
from cursorkit.wire.transport import READ_TIMEOUT, host_of, is_of_google
from cursorkit_transports.deadlines import USUAL, Deadlines, LateError, OverdueError, SilentError
from cursorkit_transports.framing import (
    FramingError,
    HandshakeError,
    StrangerError,
    connections,
    content,
    trusting,
    unlogged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.wire import Endpoint, Request, Sent, Transport

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to one address of a host."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, decoded, beyond which it is not one that an API gives."""

_IN_MEMORY = 1024 * 1024
"""Bytes of an answer that are kept in memory; a larger one goes to disk."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110, 5.5. http.client would let through a line break that white space follows."""

_PROXY_REFUSAL = re.compile(r"Tunnel connection failed: (\d{3})")
"""What http.client raises when a proxy answers anything but 200 to CONNECT."""


def open_endpoint(endpoint: Endpoint) -> Transport:
    """The opener of the schemes `https` and `http`: attempts around credentials around HTTP.

    After a wait a token may be stale, and renewing it is no attempt; so credentials are within. A server that
    is none of Google's gets none unless scopes are asked for: it is nobody whom Google gives tokens for.
    """
    from cursorkit_transports.logged import Logged
    from cursorkit_transports.retry import Policy, Retrying

    https = Https(ca_bundle=endpoint.ca_bundle, read_timeout=endpoint.timeout, allow_http=endpoint.allow_http)
    return Retrying(
        _authorized(Logged(https), endpoint), Policy(budget=endpoint.retry_for), tell=endpoint.tell
    )


def _authorized(transport: Transport, endpoint: Endpoint) -> Transport:
    """Credentials around `transport`, if there is anything that they would be for."""
    if not (endpoint.scopes or is_of_google(host_of(endpoint.url))):
        return transport
    from cursorkit_transports.google_auth import Authorized

    return Authorized(
        transport,
        scopes=endpoint.scopes,
        impersonate=endpoint.impersonate,
        quota_project=endpoint.quota_project,
        login=endpoint.login,
        trusted_hosts=endpoint.trusted_hosts,
        ca_bundle=endpoint.ca_bundle,
    )


class Https:
    """Sends requests over HTTP/1.1. Follows no redirect, repeats nothing, asks for no compression.

    Any number of threads may send at the same time; the connection of one serves the next one, too.

    HTTPS goes through the proxy that HTTPS_PROXY or ALL_PROXY names, unless NO_PROXY lists the host.

    Args:
        ca_bundle: a PEM file of the authorities to trust, instead of those of the system.
        connect_timeout: seconds for a connection to one address of a host, and for its proof of who it is.
        stall_timeout: seconds without a byte, while a body is sent or that of an answer comes.
        read_timeout: seconds until the head of an answer is there.
        answer_timeout: seconds from there until it is whole.
        largest_answer: bytes of an answer, decoded.
        allow_http: whether plain HTTP may go to another machine in the same network. It is on the connection
            that this is found out, and before anything is sent; credentials do not go there.

    Of a request that is `large`, a success may have any size and take any time, as long as it does not stall.

    Raises:
        SourceError: the bundle cannot be read.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        stall_timeout: float = USUAL.stall,
        read_timeout: float = READ_TIMEOUT,
        answer_timeout: float = USUAL.answer,
        largest_answer: int = LARGEST_ANSWER,
        allow_http: bool = False,
    ) -> None:
        trusted = trusting(ca_bundle)
        near = is_same_network if allow_http else is_this_machine
        self._pool = connections(trusted, Deadlines(stall_timeout, answer_timeout), near)
        self._patient = connections(trusted, Deadlines(stall_timeout, math.inf), near)
        self._allow_http = allow_http
        self._timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._largest_answer = largest_answer

    def send(self, request: Request) -> Response:
        """Send once, and give the whole answer.

        Raises:
            EndpointError: the URL is plain HTTP to where it may not go, or the environment names a proxy that
                is none.
            PermanentError: credentials would go to another machine in the clear.
            ConnectError, TrustError, TransportError: there is no whole answer.
            SourceError: the body cannot be read, or changed.
        """
        check_address(request.url, allow_http=self._allow_http)
        _keep_secrets(request)
        with Sending(request.body) as sending:
            fields = _fields(request, sending.length)
            try:
                return self._exchange(request, fields, sending)
            except HTTPError as error:
                told = failure(error, request.url, sending.sent)
                if isinstance(error.__cause__, LateError) and not error.__cause__.begun:
                    told.remedy = Remedy("wait-longer")
                raise told from None
            except OSError as error:
                # Those of the network are HTTPErrors by now.
                message = f"the answer cannot be kept: {error.strerror}"
                raise PermanentError(message, sending.sent) from None

    def _exchange(self, request: Request, fields: urllib3.HTTPHeaderDict, sending: Sending) -> Response:
        pool = self._patient if request.large else self._pool
        with unlogged():
            answer = pool.urlopen(
                request.verb,
                request.url,
                body=sending,
                headers=fields,
                redirect=False,
                retries=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )
        try:
            wanted = request.large and answer.status < HTTPStatus.MULTIPLE_CHOICES
            blocks = content(answer)
            body = spooled(blocks if wanted else self._limited(blocks), _IN_MEMORY)
        finally:
            answer.close()
        return Response(answer.status, Headers(answer.headers.items()), body, sending.sent)

    def _limited(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        length = 0
        for block in blocks:
            length += len(block)
            if length > self._largest_answer:
                raise _TooLargeError(f"is larger than {self._largest_answer} bytes")
            yield block

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
        self._patient.clear()


class _TooLargeError(FramingError):
    pass


class _Fields(urllib3.HTTPHeaderDict):
    """Header fields that tell no secret where somebody shows what a program was at when it failed."""

    def __repr__(self) -> str:
        return repr(Headers(self.items()))


def _keep_secrets(request: Request) -> None:
    """Let nothing pass that proves who is asking, where others could read it."""
    clear = request.url[:5].lower() == "http:" and not is_this_machine(host_of(request.url))
    if clear and any(name.lower() in SECRET_HEADERS for name, _ in request.headers):
        raise PermanentError("credentials do not go to another machine over plain http://: use https://")


def _fields(request: Request, length: int) -> urllib3.HTTPHeaderDict:
    """The header fields of a request whose body has `length` bytes."""
    fields = _Fields()
    for name, value in request.headers:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise PermanentError("a header field has characters that no header field may have")
        fields.add(name, value)
    if fields.setdefault("Content-Length", str(length)) != str(length):
        raise SourceError("changed-file", "the body has another length than was announced for it")
    fields.setdefault("User-Agent", f"cursorkit/{__version__}")
    return fields


def failure(error: HTTPError, url: str, sent: Sent = NOTHING_SENT) -> TransportError:
    """What happened, in our own words: those of the libraries may repeat headers and addresses."""
    return _failed(error, authority_of(url), sent)


def authority_of(url: str) -> str:
    """The host and port of `url`, without the password that may stand before them."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _failed(error: HTTPError, host: str, sent: Sent) -> TransportError:
    match error:
        case _TooLargeError():
            return PermanentError(f"the answer of {host} {error}", sent)
        case ProxyError():
            cause = error.original_error
            if refusal := _PROXY_REFUSAL.match(str(cause)):
                return _kept_out(int(refusal[1]), host, sent)
            cause = cause if isinstance(cause, HTTPError) else ProtocolError("", cause)
            return _failed(cause, f"the proxy before {host}", sent)
        case StrangerError():
            told = f"{host} is not in the same network, and got nothing over plain http://: use https://"
            return PermanentError(told, sent)
        case FramingError():
            return TransportError(f"the answer of {host} {error}", sent)
        case NameResolutionError() if _may_pass(error.__cause__):
            return ConnectError(f"cannot find {host}: {_reason(error.__cause__)}", sent)
        case NameResolutionError() | LocationParseError():
            return UnknownHostError(f"cannot find {host}: no such name", sent)
        case NewConnectionError():
            return ConnectError(f"cannot connect to {host}: {_reason(error.__cause__)}", sent)
        case ConnectTimeoutError():
            return ConnectError(f"cannot connect to {host}: no answer", sent)
        case HandshakeError():
            return TrustError(f"{host} does not prove who it is: no TLS connection comes about", sent)
        case SSLError() if isinstance(error.args[0], ssl.SSLCertVerificationError):
            message = error.args[0].verify_message
            remedy = Remedy("trust-authorities")
            return TrustError(f"the certificate of {host} is not trusted: {message}", sent, remedy)
        case SSLError():
            return TransportError(f"the TLS connection to {host} broke", sent)
        case ReadTimeoutError() if isinstance(error.__cause__, OverdueError):
            return TransportError(f"the answer of {host} takes too long", sent)
        case ReadTimeoutError() if isinstance(error.__cause__, SilentError):
            return TransportError(f"{host} fell silent for {error.__cause__.seconds:g} s", sent)
        case ReadTimeoutError():
            return TransportError(f"{host} fell silent", sent)
    # Behind words of its own urllib3 has what it wraps.
    match error.args[-1]:
        case TimeoutError():
            return TransportError(f"{host} takes no more of the body", sent)
        case IncompleteRead():
            return TransportError(f"the answer of {host} is incomplete", sent)
        case OSError() as cause:
            return TransportError(f"the connection to {host} broke: {_reason(cause)}", sent)
    return TransportError(f"the answer of {host} makes no sense", sent)


def _may_pass(error: BaseException | None) -> bool:
    """Whether a name is not denied, but cannot be looked up just now."""
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN


def _kept_out(status: int, host: str, sent: Sent) -> TransportError:
    """A proxy that does not let through; what else it says is anybody's guess."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        hint = "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT says it"
        return AuthenticationError(f"the proxy before {host} wants to know who asks; {hint}", sent)
    kind = ConnectError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else PermanentError
    return kind(f"the proxy before {host} does not let through: {status}", sent)


def _reason(error: BaseException | None) -> str:
    """What the operating system says."""
    if isinstance(error, ssl.SSLEOFError):
        return "it was closed at once"
    return getattr(error, "strerror", None) or "for reasons unknown"
