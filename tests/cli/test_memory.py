"""How much memory the program takes for a body that is larger than it may ever hold."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from hashlib import file_digest, sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import pytest
import trustme
from attrs import frozen

from cursorkit import dicom
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadHead, Server, Write
from programs import CALL, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.testing.server import Peer

CURSORKIT = PROGRAM.with_name("cursorkit")
MiB = 2**20
MOST = 60 * MiB

# A child's peak is never told below that of whoever started it, so somebody small has to.
LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""


def peak(*argv: object) -> int:
    """The most memory that a process of its own had at a time, in bytes, shared libraries included."""
    child = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, *map(str, argv)],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    code, octets = map(int, child.stdout.split())
    assert code == 0, child.stderr
    return octets


def test_the_measure() -> None:
    """It sees what the process itself takes, and nothing of what this one has."""
    assert peak(sys.executable, "-I", "-S", "-c", "b'x' * (100 << 20)") > 100 * MiB
    assert b"x" * 100 * MiB
    assert peak(sys.executable, "-I", "-S", "-c", "pass") < 30 * MiB


class Scan(NamedTuple):
    path: Path
    sha256: str


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder on a disk: in one in memory, files would be memory too."""
    with TemporaryDirectory(dir="/var/tmp") as name:
        kind = subprocess.run(["stat", "-f", "-c", "%T", name], check=True, capture_output=True, text=True)
        assert kind.stdout.strip() not in {"tmpfs", "ramfs"}
        yield Path(name)


@pytest.fixture(scope="module")
def scan(folder: Path, samples: Path) -> Scan:
    """A valid image of 32,768 times 16,384 pixels, a GiB, nearly all of which is a hole in the file."""
    from pydicom import dcmread

    dataset = dcmread(samples / "CT_small.dcm")
    dataset.Rows, dataset.Columns = 32_768, 16_384
    del dataset[0x7FE00010:]
    path = folder / "scan.dcm"
    dataset.save_as(path)
    with path.open("ab") as file:
        file.write(pack("<HH2s2xL", 0x7FE0, 0x0010, b"OW", 1024 * MiB))
        file.truncate(file.tell() + 1024 * MiB)
    with path.open("rb") as file:
        return Scan(path, file_digest(file, "sha256").hexdigest())


def test_a_gib_into_a_folder(scan: Scan, folder: Path) -> None:
    """The peak memory of the whole program, while it stores a GiB in a folder on the same disk, sees it onto
    the disk, and reports it."""
    words = ("-r", "content-type=application/dicom", f"data@={scan.path}", "--quiet", "-o", folder / "out")
    with TemporaryDirectory(dir=folder) as store:
        assert peak(PROGRAM, "--endpoint", f"file:{store}", *CALL, *words) < MOST
        (kept,) = Path(store).rglob("*.dcm")
        with kept.open("rb") as file:
            assert file_digest(file, "sha256").hexdigest() == scan.sha256


def test_a_gib_over_https(scan: Scan, folder: Path) -> None:
    """The peak memory of the whole program, while it sends a GiB over TLS, and holds the report against it.

    The server is in this process: it reads, hashes, discards, and answers as a DICOM store.
    """
    with scan.path.open("rb") as file:
        uid = dicom.read_instance(file).sop_instance
    report = json.dumps({"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}}]}})
    received: list[str] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            digest = sha256()
            left = int(self.headers["Content-Length"])
            while left and (block := self.rfile.read(min(left, MiB))):
                digest.update(block)
                left -= len(block)
            received.append(digest.hexdigest())
            self.send_response(200)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(report)))
            self.end_headers()
            self.wfile.write(report.encode())

        def log_message(self, *_: object) -> None: ...

    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "token").write_text("token")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    words = ("-r", "content-type=application/dicom", f"data@={scan.path}", "--quiet", "-o", folder / "out")
    with HTTPServer(("127.0.0.1", 0), Sink) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            endpoint = (
                "--endpoint",
                f"https://localhost:{server.server_port}",
                "--ca-bundle",
                folder / "ca.pem",
            )
            token = ("-p", f"access-token@={folder / 'token'}")
            assert peak(PROGRAM, *endpoint, *CALL, *words, *token) < MOST
        finally:
            server.shutdown()
            thread.join()
    assert received == [scan.sha256]
    assert json.loads((folder / "out").read_bytes()) == json.loads(report)


@frozen
class Take:
    """Read a whole request, remember what its body was, and answer.

    Attributes:
        received: the SHA-256 of each body.
        data: the answer.
    """

    received: list[str]
    data: bytes

    def play(self, peer: Peer) -> None:
        ReadHead().play(peer)
        digest, left = sha256(), int(peer.exchange.headers.get("Content-Length"))
        while left and (block := peer.reader.read1(min(left, MiB))):
            digest.update(block)
            left -= len(block)
        self.received.append(digest.hexdigest())
        Write(self.data).play(peer)


@frozen
class Give:
    """Answer with a file."""

    path: Path

    def play(self, peer: Peer) -> None:
        length = self.path.stat().st_size
        Write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length).play(peer)
        with self.path.open("rb") as file:
            while block := file.read(MiB):
                Write(block).play(peer)


def test_a_gib_of_resumable_media(scan: Scan, things_api: str, folder: Path) -> None:
    """The peak memory of the whole program, while it announces and sends a GiB."""
    received: list[str] = []
    session = answer(200, b"", [("Location", "/session")])
    with Server((Take(received, session),), (Take(received, answer()),)) as server:
        words = ("api", things_api, "--endpoint", server.url, "objects", "insert", "b", "--quiet")
        assert peak(CURSORKIT, *words, "-u", "resumable", scan.path, "-o", folder / "out") < MOST
    assert received[1:] == [scan.sha256]


def test_a_gib_that_comes(scan: Scan, things_api: str, folder: Path) -> None:
    """The peak memory of the whole program, while it asks for a GiB and puts it into a file."""
    with (
        TemporaryDirectory(dir=folder) as kept,
        Server((ReadHead(), Give(scan.path))) as server,
    ):
        words = ("api", things_api, "--endpoint", server.url, "objects", "get", "b", "o", "-p", "alt=media")
        out = Path(kept) / "out"
        assert peak("/usr/bin/env", f"TMPDIR={kept}", CURSORKIT, *words, "-o", out) < MOST
        with out.open("rb") as file:
            assert file_digest(file, "sha256").hexdigest() == scan.sha256
