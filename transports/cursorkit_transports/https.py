"""HTTP/1.1 over urllib3: one request out, one whole answer in, and nothing behind anybody's back."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, NoReturn

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Timeout
from urllib3.util.ssl_ import create_urllib3_context

from cursorkit import __version__
from cursorkit.errors import SourceError
from cursorkit.files import Kept, temporary_file
from cursorkit.wire import (
    Bytes,
    ConnectError,
    Headers,
    Response,
    Sending,
    TransportError,
    TrustError,
    check_address,
)
from cursorkit.wire.source import BLOCK

if TYPE_CHECKING:
    from cursorkit.wire import (
        BodySource,
        Endpoint,
        Request,
        Sent,
        Transport,
    )

CONNECT_TIMEOUT = 30.0
"""Seconds for a connection, and for each block of a body to be taken."""

READ_TIMEOUT = 3600.0
"""Seconds until an answer begins: a store may work on a transaction for as long as an hour."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, decoded, beyond which it is not one that an API gives."""

_IN_MEMORY = 1024 * 1024
_WITHOUT_BODY = frozenset({204, 304})


def open_endpoint(endpoint: Endpoint) -> Transport:
    """The opener of the schemes `https` and `http`: credentials around HTTP."""
    from cursorkit_transports.google_auth import Authorized

    return Authorized(
        Https(ca_bundle=endpoint.ca_bundle), scopes=endpoint.scopes, ca_bundle=endpoint.ca_bundle
    )


def connections(ca_bundle: str | None = None) -> urllib3.PoolManager:
    """A pool of connections that verifies every server, with TLS 1.2 at least.

    Args:
        ca_bundle: a PEM file of the authorities to trust, instead of those of the system.

    Raises:
        SourceError: the bundle cannot be read.
    """
    context: ssl.SSLContext | None = None
    if ca_bundle is not None:
        context = create_urllib3_context()
        try:
            context.load_verify_locations(ca_bundle)
        except OSError as error:
            reason = error.strerror or "it holds no certificate"
            raise SourceError(
                "unreadable-file", f"cannot read the CA bundle '{ca_bundle}': {reason}"
            ) from None
    return urllib3.PoolManager(blocksize=BLOCK, retries=False, ssl_context=context)


class Https:
    """Sends requests over HTTP/1.1. Follows no redirect, repeats nothing, asks for no compression.

    Args:
        ca_bundle: a PEM file of the authorities to trust, instead of those of the system.
        connect_timeout: seconds for a connection, and for each block of a body to be taken.
        read_timeout: seconds until an answer begins, and between its pieces.
        largest_answer: bytes of an answer, decoded.

    Raises:
        SourceError: the bundle cannot be read.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        self._pool = connections(ca_bundle)
        self._timeout = Timeout(connect=connect_timeout, read=read_timeout)
        self._largest_answer = largest_answer

    def send(self, request: Request) -> Response:
        """Send once, and give the whole answer.

        Raises:
            EndpointError: the URL is plain HTTP to another machine.
            ConnectError, TrustError, TransportError: there is no whole answer.
            SourceError: the body cannot be read, or changed.
        """
        check_address(request.url)
        with Sending(request.body) as sending:
            try:
                return self._exchange(request, sending)
            except (HTTPError, OSError) as error:
                _give_up(error, request, sending.sent)

    def _exchange(self, request: Request, sending: Sending) -> Response:
        fields = urllib3.HTTPHeaderDict({"User-Agent": f"cursorkit/{__version__}"})
        for name, value in request.headers:
            fields[name] = value
        answer = self._pool.urlopen(
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
        connection = answer.connection
        try:
            body = self._whole(answer, sending)
        finally:
            # What is left of a body that was answered early would be taken for the next request.
            if connection is not None and not sending.sent.whole:
                connection.close()
            answer.close()
        return Response(answer.status, Headers(answer.headers.items()), body, sending.sent)

    def _whole(self, answer: urllib3.BaseHTTPResponse, sending: Sending) -> BodySource:
        """The answer's body, of which nothing is missing."""
        if answer.status < 200:
            raise TransportError("the server gave an interim answer and no other", sending.sent)
        framed = (
            "Content-Length" in answer.headers
            or answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
        )
        if 200 <= answer.status < 300 and not framed and answer.status not in _WITHOUT_BODY:
            # Where the end of the connection is the end of the answer, a cut answer looks like a whole one.
            raise TransportError("the server's answer does not tell its length, it may be cut", sending.sent)
        blocks: list[bytes] = []
        length = 0
        kept = None
        for block in answer.stream(BLOCK, decode_content=True):
            length += len(block)
            if length > self._largest_answer:
                raise TransportError(
                    f"the server's answer is larger than {self._largest_answer} bytes", sending.sent
                )
            blocks.append(block)
            if length > _IN_MEMORY:
                kept = kept or Kept(temporary_file())
                kept.file.write(b"".join(blocks))
                blocks.clear()
        if kept is None:
            return Bytes(b"".join(blocks))
        kept.file.write(b"".join(blocks))
        return kept

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _give_up(error: HTTPError | OSError, request: Request, sent: Sent) -> NoReturn:
    """Tell what happened in our own words: those of the libraries may repeat headers and addresses."""
    host = urllib3.util.parse_url(request.url).netloc or "the server"
    match error:
        case NameResolutionError():
            raise ConnectError(f"cannot find {host}: no such name", sent) from None
        case NewConnectionError():
            raise ConnectError(f"cannot connect to {host}: {_reason(error)}", sent) from None
        case ConnectTimeoutError():
            raise ConnectError(f"cannot connect to {host}: no answer", sent) from None
        case SSLError() if isinstance(error.args[0], ssl.SSLCertVerificationError):
            message = error.args[0].verify_message
            hint = "--ca-bundle FILE names the authorities to trust"
            raise TrustError(f"the certificate of {host} is not trusted: {message}; {hint}", sent) from None
        case ReadTimeoutError():
            raise TransportError(f"{host} fell silent", sent) from None
        case SSLError():
            raise TransportError(f"the TLS connection to {host} broke", sent) from None
    raise TransportError(f"the connection to {host} broke: {_reason(error)}", sent) from None


def _reason(error: BaseException) -> str:
    """What the operating system says, if it was that; else what sort of mistake it was."""
    cause: BaseException | None = error
    while cause is not None:
        inner = next((each for each in cause.args if isinstance(each, BaseException)), None)
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = inner or cause.__cause__ or cause.__context__
    return "the answer is incomplete"
