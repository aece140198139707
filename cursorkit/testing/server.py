"""A scripted HTTP server on this machine: it does what it is told, well or badly, and keeps what came in.

A script is data, the steps of one exchange:

    Server((ReadHead(), ReadBody(), Write(answer(503))), WELL)

answers the first request with 503, and every later one well. An exchange begins when a connection is opened,
and again when the next request arrives on it. Each is kept as one `Exchange`: counting those counts requests.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from threading import Event, Lock, Thread, current_thread
from typing import TYPE_CHECKING, Protocol, Self

from attrs import define, field, frozen

from cursorkit.testing.answers import answer
from cursorkit.wire import Headers

if TYPE_CHECKING:
    import ssl
    from io import BufferedReader

_BLOCK = 256 * 1024
_UNREAD = 64 * 1024
"""Bytes that the system may take for a server that does not read: few, so that an unread body is felt."""

_PATIENCE = 30.0
"""Seconds until a server gives up on a client that neither speaks nor leaves."""


# --- what came in -------------------------------------------------------------------------------------------


@define
class Exchange:
    """What came in during one run of a script.

    Attributes:
        head: the request line and the header fields as they stood on the wire, with the blank line.
        body: what was read of the body, without the framing of chunks. It does not show in `repr`.
    """

    head: bytes = b""
    body: bytearray = field(factory=bytearray, repr=False)

    @property
    def verb(self) -> str:
        """The HTTP method."""
        return self._line[0]

    @property
    def target(self) -> str:
        """Path and query, to the letter."""
        return self._line[1]

    @property
    def headers(self) -> Headers:
        """The header fields, in order."""
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return Headers((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))

    @property
    def _line(self) -> list[str]:
        return self.head.split(b"\r\n")[0].decode("latin-1").split(" ")


# --- what is done -------------------------------------------------------------------------------------------


class Gone(Exception):  # noqa: N818 - an end, and no error
    """The connection is over, whoever ended it."""


@define
class Peer:
    """A connection, while a script runs on it.

    Attributes:
        connection: the socket, with TLS where there is any.
        reader: what comes in on it.
        exchange: where that is kept.
        released: is set when nobody waits for anything any more.
    """

    connection: socket.socket
    reader: BufferedReader
    released: Event
    exchange: Exchange = field(factory=Exchange)

    def line(self) -> bytes:
        """The next line, with its end."""
        line = self.reader.readline()
        if not line:
            raise Gone
        return line


class Step(Protocol):
    """One thing that a script does."""

    def play(self, peer: Peer) -> None:
        """Do it.

        Raises:
            Gone: the connection is over.
        """
        ...


Script = tuple[Step, ...]


@frozen
class ReadHead:
    """Read the request line and the header fields."""

    def play(self, peer: Peer) -> None:
        """Do it."""
        while (line := peer.line()) != b"\r\n":
            peer.exchange.head += line
        peer.exchange.head += line


@frozen
class ReadBody:
    """Read the body.

    Attributes:
        octets: so many bytes of it; None for all that the head announces.
    """

    octets: int | None = None

    def play(self, peer: Peer) -> None:
        """Do it."""
        headers = peer.exchange.headers
        if self.octets is None and "Transfer-Encoding" in headers:
            while size := int(peer.line().partition(b";")[0], 16):
                self._take(peer, size)
                peer.line()
            peer.line()
        else:
            self._take(peer, int(headers.get("Content-Length", "0")) if self.octets is None else self.octets)

    def _take(self, peer: Peer, octets: int) -> None:
        while octets:
            block = peer.reader.read1(min(octets, _BLOCK))
            if not block:
                raise Gone
            peer.exchange.body += block
            octets -= len(block)


@frozen
class Write:
    """Put bytes on the wire.

    Attributes:
        data: the bytes.
        piece: how many at a time; 0 for all.
        pause: seconds before each piece.
    """

    data: bytes
    piece: int = 0
    pause: float = 0.0

    def play(self, peer: Peer) -> None:
        """Do it."""
        size = self.piece or len(self.data) or 1
        for start in range(0, len(self.data), size):
            peer.released.wait(self.pause)
            peer.connection.sendall(self.data[start : start + size])


@frozen
class WriteBeneath:
    """Put bytes on the wire beneath TLS, where they make no sense.

    Attributes:
        data: the bytes.
    """

    data: bytes

    def play(self, peer: Peer) -> None:
        """Do it."""
        os.write(peer.connection.fileno(), self.data)


@frozen
class Hang:
    """Neither read nor write any more, and let the connection stand."""

    def play(self, peer: Peer) -> None:
        """Do it."""
        peer.released.wait(_PATIENCE)
        raise Gone


@frozen
class Close:
    """Say that nothing more will come, and pass over what still comes in until the client leaves too."""

    def play(self, peer: Peer) -> None:
        """Do it."""
        _shut(peer.connection, socket.SHUT_WR)
        while peer.reader.read1(_BLOCK):
            pass
        raise Gone


@frozen
class Reset:
    """Break the connection off."""

    def play(self, peer: Peer) -> None:
        """Do it."""
        # With a linger time of zero, closing is a reset.
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


def replying(data: bytes, *after: Step) -> Script:
    """Read the whole request, and put `data` on the wire for an answer."""
    return (ReadHead(), ReadBody(), Write(data), *after)


WELL: Script = replying(answer())
"""Read the whole request, and answer 200 with `{}`."""


# --- who does it --------------------------------------------------------------------------------------------


class Server:
    """Listens on a loopback address of its own from the moment it is made.

    Args:
        scripts: the first is played for the first exchange, the second for the second, and the last one for
            all that follow.
        host: the address to listen on.
        tls: what the server proves itself with; None for plain HTTP.

    Attributes:
        address: its address and port.
        url: the root of its URLs, without a slash at the end.
        exchanges: what came in, in order. It is all there when first the transport and then the server is
            closed.
        connections: how many connections were opened, those that never got beyond TLS included.
    """

    def __init__(self, *scripts: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self._scripts = scripts or (WELL,)
        self._played = 0
        self._tls = tls
        self._lock = Lock()
        self._released = Event()
        self._open: dict[Thread, socket.socket] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD)
        self._host = host
        self._last: object = None
        port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.url = f"http{'s' if tls else ''}://{self.address}"
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def play(self, *scripts: Script) -> None:
        """Play `scripts` from the next exchange on."""
        with self._lock:
            self._scripts, self._played = scripts, 0

    def close(self) -> None:
        """Read what was sent until now, and leave."""
        if self._released.is_set():
            return
        self._released.set()
        with socket.socket(self._listener.family) as last:
            # Connections are accepted in order, so that behind this one there is none.
            last.bind((self._host, 0))
            self._last = last.getsockname()
            last.connect(self._listener.getsockname())
            self._accepting.join()
        # What has arrived is still read; only then a connection without its reading half comes to its end.
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            for thread, connection in list(self._open.items()):
                _shut(connection, how)
                thread.join(1)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            connection, address = self._listener.accept()
            if address == self._last:
                connection.close()
                return
            self.connections += 1
            thread = Thread(target=self._converse, args=[connection], daemon=True)
            self._open[thread] = connection
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        with suppress(Gone, OSError, ValueError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open[current_thread()] = connection
            with connection, connection.makefile("rb") as reader:
                self._exchange(Peer(connection, reader, self._released))
        del self._open[current_thread()]

    def _exchange(self, peer: Peer) -> None:
        """Play one script after the other on a connection."""
        while True:
            with self._lock:
                script = self._scripts[min(self._played, len(self._scripts) - 1)]
                self._played += 1
                peer.exchange = Exchange()
                self.exchanges.append(peer.exchange)
            for step in script:
                step.play(peer)
            if not peer.reader.peek(1):
                return


def _shut(connection: socket.socket, how: int) -> None:
    """Shut the connection beneath TLS, which would forget its keys otherwise."""
    with suppress(OSError):
        socket.socket.shutdown(connection, how)
