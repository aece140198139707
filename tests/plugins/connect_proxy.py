"""A proxy on loopback that passes connections on (RFC 9110, 9.3.6), and remembers who asked for what."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Self

from attrs import frozen

if TYPE_CHECKING:
    import ssl

_PATIENCE = 30.0
_BLOCK = 65536


@frozen
class Asked:
    """What was asked of a proxy: the target of CONNECT, and the header fields by names in lower case."""

    line: str
    fields: dict[str, str]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


class ConnectProxy:
    """Passes connections on, to wherever they are to go.

    Args:
        proof: the value of Proxy-Authorization that it wants; empty for none.
        answer: what it says instead of passing on; empty to pass on.
        tls: what it proves itself with.
        host: the address to listen on.

    Attributes:
        asked: what it was asked for.
        passed: every byte of the clients that it passed on.
    """

    def __init__(
        self,
        *,
        proof: str = "",
        answer: bytes = b"",
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.asked: list[Asked] = []
        self.passed = bytearray()
        self._proof = proof
        self._answer = answer
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.url = f"http{'s' if tls else ''}://{self.address}"
        self._accepting = Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for each in self._open:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE)
        with suppress(OSError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                # Byte by byte, because what follows is not for the proxy.
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            line, *fields = head.decode("latin-1").split("\r\n")[:-2]
            named = {
                name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)
            }
            self.asked.append(Asked(line, named))
            client.sendall(self._pass_on(client, self.asked[-1]))
            client.close()

    def _pass_on(self, client: socket.socket, asked: Asked) -> bytes:
        """Pass the connection on until it ends, or give the refusal."""
        if self._proof and asked.fields.get("proxy-authorization") != self._proof:
            return b"HTTP/1.1 407 CANARY\r\nProxy-Authenticate: Basic realm=CANARY\r\n\r\nCANARY"
        if self._answer or not asked.line.startswith("CONNECT "):
            return self._answer or b"HTTP/1.1 405 CANARY\r\nContent-Length: 0\r\n\r\n"
        host, _, port = asked.target.rpartition(":")
        server = socket.create_connection((host.strip("[]"), int(port)), _PATIENCE)
        self._open.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n")
        back = Thread(target=_pump, args=[server, client, bytearray()], daemon=True)
        back.start()
        _pump(client, server, self.passed)
        back.join()
        return b""


def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while block := source.recv(_BLOCK):
            kept += block
            sink.sendall(block)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
