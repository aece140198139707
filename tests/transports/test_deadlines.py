"""Servers that take their time: every wait has an end, and steady ones are waited for."""

from __future__ import annotations

import socket
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from cursorkit.testing.answers import answer, chunked
from cursorkit.testing.contracts import contents
from cursorkit.testing.server import Close, Gone, Hang, ReadBody, ReadHead, Reset, Server, Write, replying
from cursorkit.wire import Bytes, ConnectError, Headers, Remedy, Request, TransportError, TrustError
from cursorkit_transports import Https
from cursorkit_transports.deadlines import send

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    from cursorkit.testing.server import Peer, Script
    from cursorkit.wire import Response

    Serve = Callable[..., Server]

MiB = 2**20
BODY = Bytes(bytes(8 * MiB))
WHOLE = answer(200, b"whole")
BEGIN = WHOLE.index(b"\r\n\r\n") + 4
"""Where the body of the answer begins."""


@frozen
class ReadSlowly:
    """A step of a script: read the body as long as there is some, with a pause before each piece.

    Attributes:
        piece: bytes at a time.
        pause: seconds.
    """

    piece: int
    pause: float

    def play(self, peer: Peer) -> None:
        left = int(peer.exchange.headers.get("Content-Length"))
        while left:
            peer.released.wait(self.pause)
            block = peer.reader.read1(min(left, self.piece))
            if not block:
                raise Gone
            peer.exchange.body += block
            left -= len(block)


@pytest.fixture(params=["http", "https"])
def serve(request: pytest.FixtureRequest, proof: Callable[..., ssl.SSLContext]) -> Iterator[Serve]:
    """Makes servers, with TLS and without."""
    servers: list[Server] = []

    def make(*scripts: Script) -> Server:
        servers.append(Server(*scripts, tls=proof() if request.param == "https" else None))
        return servers[-1]

    yield make
    for each in servers:
        each.close()


def sent(server: Server, body: Bytes, bundle: str, **timeouts: float) -> Response:
    transport = Https(ca_bundle=bundle, **timeouts)  # type: ignore[arg-type]
    try:
        return transport.send(Request("POST", server.url, Headers(), body))
    finally:
        transport.close()


def failed(server: Server, body: Bytes, bundle: str, **timeouts: float) -> TransportError:
    with pytest.raises(TransportError) as told:
        sent(server, body, bundle, **timeouts)
    return told.value


# --- while the body is sent -------------------------------------------------------------------------------


def test_a_slow_but_steady_upload_is_not_too_slow(serve: Serve, bundle: str) -> None:
    """It takes several times as long as nothing may happen."""
    server = serve((ReadHead(), ReadSlowly(32 * 1024, 0.005), Write(WHOLE)))
    response = sent(server, BODY, bundle, stall_timeout=1)
    assert contents(response.body) == b"whole"
    assert response.sent.whole
    server.close()
    assert [len(exchange.body) for exchange in server.exchanges] == [BODY.length]


def test_a_block_is_sent_however_long_it_takes_as_long_as_some_of_it_is_taken() -> None:
    """The block is larger by far than what the connection holds, and is taken in many pieces."""
    block = bytes(range(256)) * 2_000
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    taken = bytearray()

    def take() -> None:
        pause = Event()
        while piece := theirs.recv(2_560):
            taken.extend(piece)
            pause.wait(0.01)

    thread = Thread(target=take)
    thread.start()
    with theirs:
        with ours:
            send(ours, block, 1)
        thread.join()
    assert taken == block


def test_a_server_that_takes_no_more(serve: Serve, bundle: str) -> None:
    server = serve((ReadHead(), ReadBody(100_000), Hang()))
    error = failed(server, BODY, bundle, stall_timeout=0.2)
    assert str(error) == f"{server.address} takes no more of the body"
    assert 0 < error.sent.octets < BODY.length
    assert not error.sent.whole


# --- while the answer comes -------------------------------------------------------------------------------


DRIPPING = {
    "the head": (Write(WHOLE[:BEGIN], 1, 0.02), {"read_timeout": 0.5}),
    "interim answers": (Write(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000, 27, 0.02), {"read_timeout": 0.5}),
    "continuing": (Write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 25, 0.02), {"read_timeout": 0.5}),
    "a body": (Write(answer(200, bytes(1000)), 1, 0.002), {"answer_timeout": 0.5}),
    "chunks": (Write(chunked(200, *[b"x"] * 1000), 6, 0.002), {"answer_timeout": 0.5}),
    "an error": (Write(answer(503, bytes(1000)), 1, 0.002), {"answer_timeout": 0.5}),
}


@pytest.mark.parametrize("what", DRIPPING)
def test_an_answer_that_drips_comes_to_an_end(what: str, serve: Serve, bundle: str) -> None:
    """Each byte of it comes in time, but not all of them do."""
    write, timeouts = DRIPPING[what]
    server = serve((ReadHead(), ReadBody(), write))
    error = failed(server, Bytes(b"body"), bundle, **timeouts)
    assert str(error) == f"the answer of {server.address} takes too long"
    assert error.remedy == (Remedy("wait-longer") if "read_timeout" in timeouts else None)
    assert error.sent.whole


def test_an_answer_that_stops_in_the_middle(serve: Serve, bundle: str) -> None:
    server = serve((ReadHead(), ReadBody(), Write(WHOLE[: BEGIN + 1]), Hang()))
    error = failed(server, Bytes(b"body"), bundle, stall_timeout=0.2)
    assert str(error) == f"{server.address} fell silent for 0.2 s"
    assert error.remedy is None


def test_an_answer_that_does_not_begin(serve: Serve, bundle: str) -> None:
    server = serve((ReadHead(), ReadBody(), Hang()))
    error = failed(server, Bytes(b"body"), bundle, read_timeout=0.2)
    assert str(error) == f"{server.address} fell silent for 0.2 s"
    assert error.remedy == Remedy("wait-longer")
    assert error.sent.whole


def test_a_server_may_think_for_longer_than_it_may_be_silent_afterwards(serve: Serve, bundle: str) -> None:
    """Interim answers do not shorten the time that it has."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    server = serve((ReadHead(), ReadBody(), Write(interim), Write(WHOLE, pause=0.9)))
    response = sent(server, Bytes(b"body"), bundle, stall_timeout=0.6, answer_timeout=0.6)
    assert contents(response.body) == b"whole"


def test_a_connection_is_as_patient_with_the_next_answer(serve: Serve, bundle: str) -> None:
    server = serve(replying(WHOLE), (ReadHead(), ReadBody(), Write(WHOLE, pause=0.9)))
    transport = Https(ca_bundle=bundle, stall_timeout=0.6, answer_timeout=0.6)
    request = Request("POST", server.url, Headers(), Bytes(b"body"))
    assert [contents(transport.send(request).body) for _ in range(2)] == [b"whole"] * 2
    transport.close()
    assert server.connections == 1


# --- before there is a connection -------------------------------------------------------------------------


def test_somebody_who_answers_the_call_but_says_nothing(bundle: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transport = Https(ca_bundle=bundle, connect_timeout=0.2)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ConnectError) as told:
            transport.send(Request("POST", f"https://{address}/", Headers(), Bytes(b"body")))
        transport.close()
    assert str(told.value) == f"cannot connect to {address}: no answer"


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ((Reset(),), ConnectError, "cannot connect to {}: "),
        ((ReadBody(1), Reset()), ConnectError, "cannot connect to {}: "),
        ((ReadBody(1), Close()), ConnectError, "cannot connect to {}: it was closed at once"),
        ((Write(b"SSH-2.0-OpenSSH_9.2\r\n" * 10), Hang()), TrustError, "{} does not prove who it is: "),
    ],
    ids=["at once", "after a word", "politely", "another protocol"],
)
def test_somebody_who_hangs_up_or_speaks_no_tls(
    script: Script, kind: type[TransportError], words: str, bundle: str
) -> None:
    with Server(script) as server:
        transport = Https(ca_bundle=bundle)
        with pytest.raises(kind) as told:
            transport.send(Request("POST", f"https://{server.address}/", Headers(), Bytes(b"body")))
        transport.close()
    assert str(told.value).startswith(words.format(server.address))
    assert told.value.sent.octets == 0
