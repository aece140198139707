"""HTTP by urllib3."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import tracemalloc
from threading import Event
from typing import TYPE_CHECKING

import pytest
from attrs import field, frozen
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NameResolutionError

from cursorkit import SourceError
from cursorkit.files import file_source
from cursorkit.testing.answers import answer, chunked
from cursorkit.testing.contracts import CONTENT, HttpTransportContract, Watched, contents
from cursorkit.testing.server import (
    WELL,
    Close,
    Gone,
    Hang,
    ReadBody,
    ReadHead,
    Reset,
    Server,
    Write,
    WriteBeneath,
    replying,
)
from cursorkit.wire import (
    Bytes,
    ConnectError,
    Headers,
    PermanentError,
    Request,
    TransportError,
    UnknownHostError,
)
from cursorkit_transports import Https
from cursorkit_transports.https import failure

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit.testing.server import Peer, Script
    from cursorkit.wire import BodySource

    Proof = Callable[..., ssl.SSLContext]

MiB = 2**20
LARGE = Bytes(bytes(16 * MiB))
"""More than the system takes for a server that does not read."""


class TestPlain(HttpTransportContract):
    largest_answer = 2 * MiB

    def transport(self) -> Https:
        return Https(largest_answer=self.largest_answer, connect_timeout=10, read_timeout=10)


class TestTls(HttpTransportContract):
    largest_answer = 2 * MiB

    @pytest.fixture(autouse=True)
    def _trust(self, proof: Proof, bundle: str) -> None:
        self.bundle = bundle
        self.proof = proof()
        # When it could not write, OpenSSL reads no further than the next session ticket: the answer of a
        # server that breaks off behind it is lost. One that waits for the client is tested below.
        self.proof.num_tickets = 0
        self.server = self.serve()

    def setup_method(self) -> None:
        """The fixture starts the server, which needs its certificate first."""

    def serve(self, *scripts: Script, host: str = "127.0.0.1") -> Server:
        return Server(*scripts, host=host, tls=self.proof)

    def transport(self) -> Https:
        return Https(
            ca_bundle=self.bundle, largest_answer=self.largest_answer, connect_timeout=10, read_timeout=10
        )


def request(url: str, body: BodySource | None = None) -> Request:
    source = Bytes(b"body") if body is None else body
    return Request("POST", url, Headers([("Content-Length", str(source.length))]), source)


# --- what becomes of a connection ---------------------------------------------------------------------------


def test_one_connection_serves_many_requests(bundle: str, proof: Proof) -> None:
    with Server(tls=proof()) as server:
        transport = Https(ca_bundle=bundle)
        for _ in range(5):
            assert transport.send(request(server.url)).status == 200
        transport.close()
    assert (server.connections, len(server.exchanges)) == (1, 5)


@frozen
class CloseAndTell:
    """A step of a script: close the connection, and let it be known."""

    closed: Event = field(factory=Event)

    def play(self, peer: Peer) -> None:
        peer.connection.shutdown(socket.SHUT_WR)
        self.closed.set()
        raise Gone


def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    last = CloseAndTell()
    with Server(replying(answer(), last), WELL) as server:
        transport = Https()
        assert transport.send(request(server.url)).status == 200
        assert last.closed.wait(10)
        assert transport.send(request(server.url)).status == 200
        transport.close()
    assert server.connections == 2


def test_what_follows_an_answer_is_not_taken_for_the_next_one() -> None:
    surplus = answer(200, b"one") + answer(200, b"evil")
    with Server(replying(surplus), replying(answer(200, b"two"))) as server:
        transport = Https()
        first, second = (transport.send(request(server.url)) for _ in range(2))
        transport.close()
    assert (contents(first.body), contents(second.body)) == (b"one", b"two")


def test_an_early_answer_over_tls_with_session_tickets(bundle: str, proof: Proof) -> None:
    early = (ReadHead(), Write(answer(413, b"enough")), Close())
    with Server(early, tls=proof()) as server:
        transport = Https(ca_bundle=bundle)
        response = transport.send(request(server.url, LARGE))
        transport.close()
    assert (response.status, contents(response.body)) == (413, b"enough")


# --- what it says when nobody answers -----------------------------------------------------------------------


def fail(url: str, body: BodySource | None = None, **options: float) -> TransportError:
    transport = Https(**options)  # type: ignore[arg-type]
    try:
        with pytest.raises(TransportError) as told:
            transport.send(request(url, body))
    finally:
        transport.close()
    return told.value


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = fail(f"http://127.0.0.1:{port}/")
    assert isinstance(error, ConnectError)
    assert str(error) == f"cannot connect to 127.0.0.1:{port}: Connection refused"


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.invalid"])
def test_no_such_name(host: str) -> None:
    error = fail(f"https://{host}/")
    assert isinstance(error, UnknownHostError)
    assert str(error) == f"cannot find {host}: no such name"


def test_a_name_that_nobody_has() -> None:
    # Without anybody to ask for names, this machine cannot know that.
    error = fail("https://nobody.invalid/")
    assert isinstance(error, ConnectError)
    assert str(error).startswith("cannot find nobody.invalid: ")


def unresolved(code: int) -> TransportError:
    reason = socket.gaierror(code, "in other words")
    error = NameResolutionError("host", HTTPConnection("host"), reason)
    error.__cause__ = reason
    return failure(error, "https://host/")


def test_whether_a_name_is_denied_or_only_cannot_be_looked_up() -> None:
    for code in (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_FAIL):
        denied = unresolved(code)
        assert (type(denied), str(denied)) == (UnknownHostError, "cannot find host: no such name")
    later = unresolved(socket.EAI_AGAIN)
    assert (type(later), str(later)) == (ConnectError, "cannot find host: in other words")


def test_nobody_picks_up() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        # What waits to be accepted fills the queue, and the next ones are left hanging.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        error = fail(f"http://127.0.0.1:{address[1]}/", connect_timeout=0.2)
        for each in waiting:
            each.close()
    assert isinstance(error, ConnectError)
    assert str(error).endswith(": no answer")


def test_a_server_that_takes_no_more() -> None:
    with Server((ReadHead(), Hang())) as server:
        error = fail(server.url, LARGE, stall_timeout=0.2)
    assert str(error) == f"{server.address} takes no more of the body"
    assert 0 < error.sent.octets < LARGE.length
    assert not error.sent.whole


def test_a_server_that_does_not_answer() -> None:
    for script in ((Hang(),), (ReadHead(), ReadBody(), Write(answer(200, b"whole")[:-1]), Hang())):
        with Server(script) as server:
            error = fail(server.url, read_timeout=0.2, stall_timeout=0.2)
        assert str(error) == f"{server.address} fell silent for 0.2 s"
        assert error.sent.whole


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (replying(b"", Close()), "is incomplete"),
        (replying(answer()[:-1], Close()), "is incomplete"),
        (replying(b"HTTP/1.1 200 OK\r\n", Close()), "is incomplete"),
        (replying(b"SSH-2.0-OpenSSH_9.2\r\n", Close()), "makes no sense"),
        (replying(b"HTTP/1.1 200 OK\r\n\r\n", Close()), "does not tell its length, it may be cut"),
        (replying(chunked(200, b"x")[:-9], Close()), "is incomplete"),
        (replying(answer(200, bytes(2000))), "is larger than 1000 bytes"),
        ((ReadHead(), ReadBody(), Reset()), "Connection reset by peer"),
    ],
)
def test_the_words_for_what_is_no_answer(script: Script, words: str) -> None:
    with Server(script) as server:
        error = fail(server.url, largest_answer=1000)
    assert words in str(error)
    assert server.address in str(error)
    # Only what is too large will be so again.
    assert isinstance(error, PermanentError) is ("larger" in words)


def test_an_answer_to_an_error_may_end_with_its_connection() -> None:
    with Server(replying(b"HTTP/1.1 503 Busy\r\n\r\nbusy", Close())) as server:
        transport = Https()
        response = transport.send(request(server.url))
        transport.close()
    assert (response.status, contents(response.body)) == (503, b"busy")


def test_rubbish_beneath_tls(bundle: str, proof: Proof) -> None:
    for script in (
        (ReadHead(), ReadBody(1000), WriteBeneath(bytes(100)), Close()),
        (ReadHead(), ReadBody(), WriteBeneath(bytes(100)), Close()),
        (ReadHead(), ReadBody(), Write(answer()[:-1]), WriteBeneath(bytes(100)), Close()),
    ):
        with Server(script, WELL, tls=proof()) as server:
            transport = Https(ca_bundle=bundle)
            with pytest.raises(TransportError, match="TLS"):
                transport.send(request(server.url, Bytes(CONTENT)))
            transport.close()
        assert len(server.exchanges) == 1


# --- files, memory ------------------------------------------------------------------------------------------


def test_a_file_that_grew_or_shrank_is_never_sent_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "scan.dcm"
    for size in (len(CONTENT) + 1, len(CONTENT) - 1):
        path.write_bytes(CONTENT)
        with Server() as server:
            given = request(server.url, file_source(path))
            path.write_bytes(bytes(size))
            transport = Https()
            with pytest.raises(SourceError) as told:
                transport.send(given)
            transport.close()
        assert told.value.kind == "changed-file"
        assert not any(exchange.head for exchange in server.exchanges)


def test_a_large_answer_is_not_held_in_memory() -> None:
    large = answer(200, bytes(48 * MiB))
    bomb = answer(200, gzip.compress(bytes(48 * MiB)), [("Content-Encoding", "gzip")])
    for data in (large, bomb):
        with Server(replying(data)) as server:
            transport = Https()
            tracemalloc.start()
            try:
                response = transport.send(request(server.url))
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            transport.close()
        assert response.body.length == 48 * MiB
        assert peak < 8 * MiB


def test_a_large_body_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * MiB)
    with Server((ReadHead(), Write(answer(413)), Close())) as server:
        transport = Https()
        tracemalloc.start()
        try:
            transport.send(request(server.url, file_source(path)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        transport.close()
    assert peak < 8 * MiB


def test_an_answer_for_which_there_is_no_room(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from cursorkit.wire import Bytes, Headers, Request\n"
        "from cursorkit_transports import Https\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        "Https().send(Request('POST', sys.argv[1], Headers(), Bytes(b'body')))\n"
    )
    with Server(replying(answer(200, bytes(3_000_000)))) as server:
        child = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True)
    assert "PermanentError: the answer cannot be kept: File too large" in child.stderr


def test_what_a_request_lacks_is_added() -> None:
    with Server() as server:
        transport = Https()
        transport.send(Request("POST", server.url, Headers(), Bytes(b"body")))
        transport.close()
    (exchange,) = server.exchanges
    assert exchange.headers.get("Content-Length") == "4"
    assert exchange.headers.get("User-Agent").startswith("cursorkit/")
    assert exchange.headers.get("Accept-Encoding") == "identity"
    assert exchange.body == b"body"


def test_what_was_announced_is_what_is_sent() -> None:
    with Server() as server:
        for length in ("5", "3", "four"):
            transport = Https()
            with pytest.raises(SourceError):
                transport.send(
                    Request("POST", server.url, Headers([("content-length", length)]), Bytes(b"body"))
                )
            transport.close()
    assert server.connections == 0


def test_readers_are_closed_when_it_fails() -> None:
    source = Watched()
    with Server((ReadHead(), Reset())) as server:
        fail(server.url, source)
    (reader,) = source.readers
    assert reader.closed


# --- answers of any size -----------------------------------------------------------------------------------


def large(url: str) -> Request:
    return Request("GET", url, Headers(), Bytes(), idempotent=True, large=True)


def test_an_answer_that_is_meant_to_be_large_may_be() -> None:
    content = bytes(range(256)) * 40_000
    with Server(replying(answer(200, content))) as server:
        transport = Https(largest_answer=1000)
        with pytest.raises(PermanentError, match="is larger than 1000 bytes"):
            transport.send(Request("GET", server.url, Headers(), Bytes()))
        response = transport.send(large(server.url))
        transport.close()
    assert contents(response.body) == content


@pytest.mark.parametrize("status", [300, 404, 503])
def test_an_error_is_never_meant_to_be_large(status: int) -> None:
    with Server(replying(answer(status, bytes(1001)))) as server:
        transport = Https(largest_answer=1000)
        with pytest.raises(PermanentError, match="is larger than 1000 bytes"):
            transport.send(large(server.url))
        transport.close()


def test_an_answer_that_is_meant_to_be_large_may_take_its_time() -> None:
    slow = (ReadHead(), ReadBody(), Write(answer(200, bytes(300)), piece=10, pause=0.01))
    with Server(slow) as server:
        transport = Https(answer_timeout=0.1)
        assert transport.send(large(server.url)).body.length == 300
        with pytest.raises(TransportError, match="takes too long"):
            transport.send(Request("GET", server.url, Headers(), Bytes()))
        transport.close()


def test_an_answer_that_is_meant_to_be_large_may_not_stall() -> None:
    stalling = (ReadHead(), ReadBody(), Write(answer(200, bytes(20))[:-1]), Hang())
    with Server(stalling) as server:
        transport = Https(stall_timeout=0.2)
        with pytest.raises(TransportError, match="fell silent"):
            transport.send(large(server.url))
        server.close()
        transport.close()
