"""What an upload costs beside curl's, in one run: how fast, as a multiple of curl, and peak memory.

    scripts/benchmark uploads            1 GiB, plain and over TLS
    scripts/benchmark uploads MIB ...    other sizes

A client is a process of its own, and tells the seconds of the upload alone; rounds go in turn, medians are
given. All send the same file, which is in the cache, to sinks on this machine that throw everything away:
`sink.c` from beside the checkout and `tls_sink.c`, where there is a C compiler and OpenSSL; else ones in
Python, which take more of a processor away from the clients. Last comes one small POST, with a given token,
as a whole process.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
MIB = 1024 * 1024
SINK = Path(__file__).resolve().parents[3] / "shared" / "sink.c"
TLS_SINK = Path(__file__).with_name("tls_sink.c")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


# --- sinks ----------------------------------------------------------------------------------------------


def _drain(connection: socket.socket) -> None:
    """Read whole requests, and answer them, until the client leaves."""
    block = bytearray(MIB)
    with connection:
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                got = connection.recv(65_536)
                if not got:
                    return
                head += got
            head, _, begun = head.partition(b"\r\n\r\n")
            (length,) = (
                int(each[15:]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")
            )
            left = length - len(begun)
            while left > 0:
                got_now = connection.recv_into(block)
                if not got_now:
                    return
                left -= got_now
            connection.sendall(ANSWER)


def serve(certificate: str) -> None:
    """Be a sink, and print the port; over TLS if there is a certificate."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        context.load_cert_chain(certificate)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if certificate:
            connection = context.wrap_socket(connection, server_side=True)
        threading.Thread(target=_drain, args=(connection,), daemon=True).start()


@contextmanager
def _running(*command: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@contextmanager
def sink(folder: Path, certificate: str = "") -> Iterator[str]:
    """The URL of a sink."""
    scheme, source = ("https", TLS_SINK) if certificate else ("http", SINK)
    program = folder / source.stem
    if not compiled(source, program):
        print(
            f"# {source.name} cannot be compiled here: the sink for {scheme} is one in Python",
            file=sys.stderr,
        )
        with _running(sys.executable, __file__, "serve", certificate) as child:
            yield f"{scheme}://127.0.0.1:{_told(child)}/"
    elif certificate:
        with _running(str(program), certificate) as child:
            yield f"{scheme}://127.0.0.1:{_told(child)}/"
    else:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with _running(str(program), str(port)):
            sleep(0.2)
            yield f"{scheme}://127.0.0.1:{port}/"


def compiled(source: Path, program: Path) -> bool:
    """Whether there is a program of this C source now."""
    compiler = shutil.which("cc")
    if compiler is None or not source.exists():
        return False
    libraries = ("-lssl", "-lcrypto") if source == TLS_SINK else ()
    words = [compiler, "-O2", "-pthread", "-o", str(program), str(source), *libraries]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def _told(child: subprocess.Popen[str]) -> int:
    """The port that a sink prints."""
    assert child.stdout is not None
    return int(child.stdout.readline())


def certified(folder: Path) -> str:
    """A certificate of this machine, with its key, in one file."""
    path = folder / "certificate.pem"
    words = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        ["openssl", *words.split(), "-keyout", path, "-out", folder / "public.pem"],
        check=True,
        capture_output=True,
    )
    with path.open("a") as file:
        file.write((folder / "public.pem").read_text())
    return str(path)


# --- clients --------------------------------------------------------------------------------------------


def cursorkit(url: str, path: str, authority: str) -> None:
    """The transport of this project, with the digest that proves what was sent."""
    from cursorkit.files import file_source
    from cursorkit.wire import Headers, Request
    from cursorkit_transports import Https

    transport = Https(ca_bundle=authority or None)
    request = Request("POST", url, Headers([("Authorization", "Bearer t")]), file_source(path))
    start = perf_counter()
    response = transport.send(request)
    seconds = perf_counter() - start
    assert response.status == 200
    assert response.sent.whole
    print(seconds)


def without_digest(url: str, path: str, authority: str) -> None:
    """The same, with a digest that costs nothing, to tell what it costs."""
    from cursorkit.wire.digest import RunningDigest

    def forget(self: RunningDigest, block: bytes) -> None:
        pass

    RunningDigest.update = forget  # type: ignore[method-assign]
    cursorkit(url, path, authority)


def urllib3(url: str, path: str, authority: str) -> None:
    """urllib3 as it is without anybody's help, but with blocks of a size that suits it."""
    import urllib3 as library

    pool = library.PoolManager(blocksize=256 * 1024, ca_certs=authority or None)
    start = perf_counter()
    with open(path, "rb") as file:
        length = str(os.fstat(file.fileno()).st_size)
        answer = pool.request("POST", url, body=file, headers={"Content-Length": length})
    print(perf_counter() - start)
    assert answer.status == 200


def digested(url: str, path: str, authority: str) -> None:
    """curl, and beside it a process that digests the file: the same work by the quickest who do it."""
    start = perf_counter()
    digest = subprocess.Popen(["openssl", "dgst", "-sha256", path], stdout=subprocess.DEVNULL)
    run(command("curl -T", url, Path(path), authority))
    assert digest.wait() == 0
    print(perf_counter() - start)


CLIENTS = {
    "curl -T": None,
    "curl -T, openssl dgst beside": digested,
    "cursorkit": cursorkit,
    "cursorkit, no digest": without_digest,
    "urllib3": urllib3,
}


def command(name: str, url: str, path: Path, authority: str) -> list[str]:
    """How to run a client, which prints its seconds."""
    if CLIENTS[name] is not None:
        return [sys.executable, __file__, name, url, str(path), authority]
    trust = ["--cacert", authority] if authority else []
    return [
        "curl",
        "-sS",
        "-o",
        os.devnull,
        "-w",
        "%{time_total}",
        "-H",
        "Expect:",
        *trust,
        "-T",
        str(path),
        url,
    ]


def run(words: list[str], succeeding: tuple[int, ...] = (0,)) -> tuple[str, int]:
    """What a client tells, and KiB of memory at most."""
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    told = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in succeeding:
        sys.exit(f"{words[:3]} failed with {child.returncode}")
    return told, usage.ru_maxrss


def measure(title: str, url: str, path: Path, authority: str) -> None:
    """Let every client send the file, and print the table."""
    size = path.stat().st_size
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in CLIENTS}
    for round_ in range(ROUNDS + 1):
        for name in CLIENTS:
            told, memory = run(command(name, url, path, authority))
            if round_:
                taken[name].append((float(told), memory))
    print(f"\n| {title} | MiB/s | x curl | peak MiB |\n| --- | ---: | ---: | ---: |")
    curl = median(seconds for seconds, _ in taken["curl -T"])
    for name, runs in taken.items():
        seconds, memory = (median(each) for each in zip(*runs, strict=True))
        print(
            f"| {name} | {size / MIB / seconds:,.0f} | {curl / seconds:.2f} | {memory / 1024:.0f} |",
            flush=True,
        )


STORE = "projects locations-datasets-dicom-stores-studies-store-instances"
PLACE = "projects/p/locations/l/datasets/d/dicomStores/s studies"


def small(url: str, token: Path) -> None:
    """Send one small POST with whole processes, and print the table."""
    value = f"-p access-token@={token} -r content-type=a/b data=ut"
    programs = {
        "http": f"http --ignore-stdin POST {url} Authorization:Bearer-t a=b",
        "curl": f"curl -sS -H Authorization:Bearer-t -d ut {url}",
        "healthcare1-beta1": f"healthcare1-beta1 --endpoint {url[:-1]} {STORE} {PLACE} {value}",
    }
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(3 * ROUNDS):
        for name, words in programs.items():
            program, *arguments = words.split()
            beside = Path(sys.executable).with_name(program)
            start = perf_counter()
            # The sinks answer nothing that a store would: of that, ours says 7, that the outcome is unknown.
            run([str(beside) if beside.exists() else program, *arguments], (0, 7))
            taken[name].append(perf_counter() - start)
    print("\n| one small POST | ms | x HTTPie |\n| --- | ---: | ---: |")
    for name, seconds in taken.items():
        print(f"| {name} | {median(seconds) * 1e3:.0f} | {median(seconds) / median(taken['http']):.2f} |")


def main(sizes: list[int]) -> None:
    """Measure every size, plain and over TLS."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate = certified(folder)
        plain = stack.enter_context(sink(folder))
        secure = stack.enter_context(sink(folder, certificate))
        for size in sizes:
            path = folder / "body"
            block = os.urandom(MIB)
            with path.open("wb") as file:
                for _ in range(size):
                    file.write(block)
            measure(f"{size} MiB", plain, path, "")
            measure(f"{size} MiB, TLS", secure, path, str(folder / "public.pem"))
        token = folder / "token"
        token.write_text("t")
        small(plain, token)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", certificate]:
            serve(certificate)
        case [name, url, path, authority] if client := CLIENTS.get(name):
            client(url, path, authority)
        case sizes:
            main([int(size) for size in sizes] or [1024])
