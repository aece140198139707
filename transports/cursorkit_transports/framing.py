"""Connections whose answers are whole or an error: http.client and urllib3 take many a cut one for whole."""

from __future__ import annotations

import io
import logging
import re
import ssl
import zlib
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from http import HTTPStatus
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util.response import assert_header_parsing
from urllib3.util.ssl_ import create_urllib3_context

from cursorkit.errors import SourceError
from cursorkit.wire import is_same_network
from cursorkit.wire.source import BLOCK
from cursorkit_transports.deadlines import USUAL, Incoming, send
from cursorkit_transports.proxies import Connections

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import ReadableBuffer, SupportsRead
    from urllib3 import BaseHTTPResponse

    from cursorkit_transports.deadlines import Deadlines
    from cursorkit_transports.proxies import Proxy

    _Data = SupportsRead[bytes] | Iterable[ReadableBuffer] | ReadableBuffer | str


class FramingError(HTTPError):
    """An answer that is not whole, or that nobody can tell it of; it says why, after 'the answer of …'."""


class HandshakeError(HTTPError):
    """Somebody is there, but nobody to speak TLS with."""


class StrangerError(HTTPError):
    """Somebody is there, to whom nothing may be said without TLS."""


_KEPT = 64
"""Connections to a host that may wait for the next request: as many as there are threads that send."""


def connections(
    context: ssl.SSLContext | None,
    deadlines: Deadlines = USUAL,
    near: Callable[[str], bool] = is_same_network,
) -> Connections:
    """Connections that verify every server, with TLS 1.2 at least.

    Args:
        context: whom to trust; None for the authorities of the system, which SSL_CERT_FILE and SSL_CERT_DIR
            name where they are set.
        deadlines: for each request and its answer.
        near: whether something may be said without TLS to whoever has this address.
    """
    options: dict[str, Any] = {
        "blocksize": BLOCK,
        "maxsize": _KEPT,
        "retries": False,
        "ssl_context": context,
    }

    def make(proxy: Proxy | None) -> PoolManager:
        manager = (
            PoolManager(**options)
            if proxy is None
            else ProxyManager(proxy.url, proxy_headers=proxy.headers, proxy_ssl_context=context, **options)
        )
        # What a pool does not know it hands on to its connections.
        manager.pool_classes_by_scheme = {
            "http": cast("type[HTTPConnectionPool]", partial(_ClearPool, deadlines=deadlines, near=near)),
            "https": cast("type[HTTPConnectionPool]", partial(_HttpsPool, deadlines=deadlines)),
        }
        return manager

    return Connections(make)


def trusting(ca_bundle: str | None) -> ssl.SSLContext | None:
    """What connections need to trust the authorities in a PEM file, which is read once; None for no file.

    Raises:
        SourceError: the file cannot be read.
    """
    if ca_bundle is None:
        return None
    context = create_urllib3_context()
    try:
        context.load_verify_locations(ca_bundle)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise SourceError("unreadable-file", f"cannot read the CA bundle '{ca_bundle}': {reason}") from None
    return context


class _Lines(io.BufferedReader):
    """What a server says. A line of it has an end, or the connection was cut."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise FramingError("is incomplete")
        return line


class _Answer(HTTPResponse):
    """The final answer on a connection, with one framing that everybody reads alike (RFC 9112, 6.3)."""

    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
        *,
        deadlines: Deadlines,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._incoming = Incoming(self.fp.detach(), sock, deadlines)
        self.fp = _Lines(self._incoming)

    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment]  # which is what makes it begin again
            super().begin()
        assert_header_parsing(self.headers)
        lengths = self.headers.get_all("Content-Length", [])
        coded = "Transfer-Encoding" in self.headers
        if self.status < HTTPStatus.OK or (coded and (lengths or not self.chunked)):
            raise FramingError("is framed in a way that nobody asked for")
        if len({*lengths}) > 1 or not all(re.fullmatch("[0-9]{1,18}", each) for each in lengths):
            raise FramingError("has a length that makes no sense")
        self._incoming.expect_body()


class _HttpConnection(HTTPConnection):
    # Where somebody sets it for all connections, http.client prints every header field, secrets included.
    debuglevel = 0

    def __init__(self, *args: Any, deadlines: Deadlines, **options: Any) -> None:  # noqa: ANN401 - urllib3's
        super().__init__(*args, **options)
        self._deadlines = deadlines
        self.response_class = partial(_Answer, deadlines=deadlines)  # type: ignore[assignment]  # only called

    def send(self, data: _Data) -> None:
        if self.sock is None:
            self.connect()
        # Of all that http.client may send, urllib3 hands on nothing but bytes.
        send(self.sock, cast("bytes", data), self._deadlines.stall)


class _ClearConnection(_HttpConnection):
    def __init__(self, *args: Any, near: Callable[[str], bool], **options: Any) -> None:  # noqa: ANN401 - urllib3's
        super().__init__(*args, **options)
        self._near = near

    def connect(self) -> None:
        super().connect()
        # What a name stands for is up to whoever is asked for it; who is there, this tells for certain.
        if not self._near(self.sock.getpeername()[0]):
            self.close()
            raise StrangerError


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError as error:
            raise ConnectTimeoutError from error
        except (ssl.SSLEOFError, ConnectionError) as error:
            raise NewConnectionError(self, "") from error
        except ssl.SSLError as error:
            raise HandshakeError from error

    def send(self, data: _Data) -> None:
        # Without TLS it is a broken pipe when a server takes no more, and urllib3 looks whether it answered.
        try:
            super().send(data)
        except ssl.SSLEOFError as error:
            raise BrokenPipeError from error


class _ClearPool(HTTPConnectionPool):
    ConnectionCls = _ClearConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


_UNLOGGED = ContextVar("_UNLOGGED", default=False)


@contextmanager
def unlogged() -> Iterator[None]:
    """Meanwhile, urllib3 logs nothing: it would tell whole URLs, and so the identifiers of studies."""
    token = _UNLOGGED.set(True)
    try:
        yield
    finally:
        _UNLOGGED.reset(token)


for _name in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(lambda _: not _UNLOGGED.get())


def content(answer: BaseHTTPResponse) -> Iterator[bytes]:
    """The body of an answer that was not decoded, in blocks of bounded size, decompressed if need be.

    Raises:
        HTTPError: it is cut, it may be cut unnoticed though it is a success, or it makes no sense.
    """
    # Where the end of the connection is the end of the answer, a cut answer looks like a whole one.
    if answer.status < HTTPStatus.MULTIPLE_CHOICES and not answer.chunked and answer.length_remaining is None:
        raise FramingError("does not tell its length, it may be cut")
    blocks = _blocks(answer)
    match answer.headers.get("Content-Encoding", "identity").lower():
        case "identity":
            return blocks
        case "gzip" | "x-gzip":
            return _inflated(blocks)
    raise FramingError("is compressed in a way that nobody asked for")


def _blocks(answer: BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(BLOCK, decode_content=False)
    except ValueError:
        raise FramingError("has a chunk of a size that makes no sense") from None


def _inflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What `blocks` are the gzip of (RFC 1952); nothing where they are none."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
    begun = False
    for block in blocks:
        begun = True
        waiting = block
        try:
            while piece := inflater.decompress(waiting, BLOCK):
                yield piece
                waiting = inflater.unconsumed_tail
        except zlib.error:
            raise FramingError("is compressed badly") from None
    if begun and (not inflater.eof or inflater.unused_data):
        raise FramingError("is incomplete")
