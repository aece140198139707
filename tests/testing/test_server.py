"""The scripted server, met by a client that hides nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPConnection

import pytest

from cursorkit.testing.answers import answer
from cursorkit.testing.server import WELL, Close, Hang, ReadBody, ReadHead, Reset, Server, Write, replying

HEAD = b"POST /a?b=c HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nX-One:  2 \r\n"


def talk(server: Server, data: bytes) -> bytes:
    """All that the server says to `data`, until it leaves."""
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port))) as client:
        client.sendall(data)
        with suppress(OSError):
            # It may have reset the connection already, which is told by what is read.
            client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(1000), b""))


def test_what_comes_in_is_kept_to_the_letter() -> None:
    with Server() as server:
        assert talk(server, HEAD + b"Content-Length: 4\r\n\r\nbody") == answer()
    (exchange,) = server.exchanges
    assert exchange.head == HEAD + b"Content-Length: 4\r\n\r\n"
    assert (exchange.verb, exchange.target) == ("POST", "/a?b=c")
    assert exchange.headers.items[1:3] == (("X-One", "1"), ("X-One", "2"))
    assert exchange.body == b"body"


def test_a_body_in_chunks() -> None:
    chunks = b"2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n"
    with Server() as server:
        assert talk(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks) == answer()
    assert [exchange.body for exchange in server.exchanges] == [b"body"]


def test_a_byte_too_much_is_another_exchange() -> None:
    with Server() as server:
        talk(server, HEAD + b"Content-Length: 4\r\n\r\nbody!")
    assert [bytes(exchange.head[:4]) for exchange in server.exchanges] == [b"POST", b"!"]


def test_scripts_come_in_turn_and_the_last_one_stays() -> None:
    with Server(replying(answer(503)), replying(answer(429)), WELL) as server:
        with closing(HTTPConnection(server.address)) as client:
            statuses = []
            for _ in range(4):
                client.request("POST", "/", b"body")
                response = client.getresponse()
                response.read()
                statuses.append(response.status)
        server.play(replying(answer(404)))
        assert b"404" in talk(server, HEAD + b"\r\n")
    assert statuses == [503, 429, 200, 200]
    assert (server.connections, len(server.exchanges)) == (2, 5)


def test_what_is_read_in_part_is_kept_in_part() -> None:
    with Server((ReadHead(), ReadBody(2), Write(answer(413), piece=7, pause=0.001), Close())) as server:
        assert talk(server, HEAD + b"Content-Length: 4\r\n\r\nbody") == answer(413)
    assert [exchange.body for exchange in server.exchanges] == [b"bo"]


def test_a_reset_is_one() -> None:
    with Server((ReadHead(), Reset())) as server, pytest.raises(ConnectionResetError):
        talk(server, HEAD + b"\r\n")


def test_nobody_waits_for_a_server_that_is_closed() -> None:
    started = time.monotonic()
    for script in ((Hang(),), (Write(b"slow", piece=1, pause=10),), (ReadHead(),)):
        with Server(script) as server:
            client = socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])))
        client.close()
        assert server.connections == 1
    # Less than any of them would take; how much less is nobody's promise.
    assert time.monotonic() - started < 30


def test_it_needs_no_pytest() -> None:
    code = "import sys, cursorkit.testing.contracts; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
