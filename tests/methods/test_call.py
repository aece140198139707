"""Calls over real sockets: what is said when there is no answer, and the program's exit codes for it."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import pytest
import trustme
from attrs import evolve, frozen

from cursorkit import ArgumentErrors, HttpBody, Outcome, Verdict, call, prepare
from cursorkit.cli.main import main
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Bytes, Endpoint
from cursorkit_transports import Https, Memory, open_transport
from google_servers import Server, proven_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cursorkit.wire import BodySource
PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom-web-path": "studies"}
COMMAND = ("projects", "locations-datasets-dicom-stores-studies-store-instances", *PLACE.values())
LARGE = b"DICM" * 4_000_000


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that behaves so to the one who calls."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def reads_all(connection: socket.socket) -> None:
    """Take the whole request, and say nothing."""
    with connection.makefile("rb") as reader:
        length = 0
        while (line := reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        reader.read(length)


def hangs_up(connection: socket.socket) -> None:
    """Take the beginning, and let the rest run into a wall."""
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def asked(url: str, body: BodySource, ca_bundle: str | None = None) -> Outcome:
    transport = open_transport(Endpoint(url, STORE_INSTANCES.scopes[:1], ca_bundle, retry_for=0))
    try:
        return call(STORE_INSTANCES.at(url), PLACE, HttpBody("application/dicom", body), transport)
    finally:
        transport.close()


def program(url: str, path: Path, *flags: str) -> int:
    return main(
        [
            *flags,
            "--retry-for",
            "0",
            "--endpoint",
            url,
            *COMMAND,
            "-r",
            "content-type=application/dicom",
            f"data@={path}",
        ]
    )


@pytest.fixture
def large(tmp_path: Path) -> Path:
    (tmp_path / "large").write_bytes(LARGE)
    return tmp_path / "large"


def test_nobody_listens(large: Path, capfd: pytest.CaptureFixture[str]) -> None:
    url = "http://127.0.0.1:1"
    outcome = asked(url, Bytes(LARGE))
    assert outcome.verdict is Verdict.LATER
    assert outcome.message == "cannot connect to 127.0.0.1:1: Connection refused"
    assert outcome.sent is not None
    assert (outcome.sent.octets, outcome.sent.whole) == (0, False)
    assert program(url, large) == 6
    assert capfd.readouterr() == ("", f"error: {outcome.message}\n")


def test_a_server_that_is_not_trusted(ca_bundle: str, large: Path, capfd: pytest.CaptureFixture[str]) -> None:
    token = {"access-token": "SECRET"}
    with Server(proven_by(trustme.CA())) as stranger:
        transport = Https(ca_bundle=ca_bundle)
        image = HttpBody("application/dicom", Bytes(LARGE))
        outcome = call(STORE_INSTANCES.at(stranger.url), {**PLACE, **token}, image, transport)
        transport.close()
        code = program(stranger.url, large, "--ca-bundle", ca_bundle, "-p", "access-token=SECRET")
        assert stranger.received == []
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message.startswith(
        f"the certificate of localhost:{stranger.server_port} is not trusted: unable to get local issuer"
    )
    assert outcome.sent is not None
    assert outcome.sent.octets == 0
    told = f"error: {outcome.message}\n    --ca-bundle FILE names the authorities to trust\n"
    assert (code, *capfd.readouterr()) == (1, "", told)


def test_a_server_that_takes_everything_and_says_nothing(
    large: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with listening(reads_all) as url:
        outcome = asked(url, Bytes(LARGE))
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.sent is not None
    assert (outcome.sent.octets, outcome.sent.whole) == (len(LARGE), True)
    assert outcome.sent.sha256 == sha256(LARGE).hexdigest()
    with listening(reads_all) as url:
        assert program(url, large) == 7
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        f"error: the answer of {url.partition('://')[2]} is incomplete\n"
        "all of it was sent, and may have been carried out; sending the same again is safe\n"
    )


def test_a_server_that_hangs_up_midway(large: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with listening(hangs_up) as url:
        outcome = asked(url, Bytes(LARGE))
    assert outcome.verdict is Verdict.LATER
    assert outcome.sent is not None
    assert not outcome.sent.whole
    assert outcome.sent.octets < len(LARGE)
    with listening(hangs_up) as url:
        assert program(url, large) == 6
    assert capfd.readouterr().out == ""


def test_nobody_is_asked_without_credentials(gcloud: Path, large: Path) -> None:
    url = "https://127.0.0.1:1"
    outcome = asked(url, Bytes(LARGE))
    assert outcome.verdict is Verdict.AUTH
    assert outcome.message.startswith("there are no credentials: ")
    assert program(url, large) == 4


@frozen
class Shrunk:
    """A body that is shorter than it was."""

    length = 8

    def open(self) -> BinaryIO:
        return BytesIO(b"DICM")


def test_a_body_that_is_no_longer_what_it_was() -> None:
    memory = Memory()
    outcome = call(STORE_INSTANCES, PLACE, HttpBody("application/dicom", Shrunk()), memory)
    assert outcome == Outcome(Verdict.LOCAL, message="the body ended 4 bytes before its stated length")
    assert memory.sent == []


def test_a_method_without_a_body() -> None:
    method = evolve(STORE_INSTANCES, request=None)
    request = prepare(method, {**PLACE, "fields": None})
    assert request.body == Bytes(b"")
    assert dict(request.headers) == {"Accept": "application/dicom+json", "Content-Length": "0"}
    with pytest.raises(ArgumentErrors, match="takes no body") as told:
        prepare(method, PLACE, {"data": "x"})
    assert [problem.kind for problem in told.value.problems] == ["no-body"]
    assert call(method, PLACE, None, Memory()).verdict is Verdict.UNKNOWN
