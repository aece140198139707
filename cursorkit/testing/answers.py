"""Answers of HTTP servers as they stand on the wire: whole ones, and some that are none."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def answer(status: int = 200, body: bytes = b"{}", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole answer that tells its length."""
    return _answer(status, [*headers, ("Content-Length", str(len(body)))], body)


def chunked(status: int = 200, *chunks: bytes, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole answer in chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return _answer(status, [*headers, ("Transfer-Encoding", "chunked")], body)


def _answer(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode("latin-1") + body


WHOLE = {
    "a length": answer(200, b"whole", [("Content-Type", "text/plain")]),
    "chunks": chunked(200, b"wh", b"ole", headers=[("Content-Type", "text/plain")]),
    "no body": answer(204, b""),
    "an error": answer(409, b"whole"),
    "compression": answer(200, gzip.compress(b"whole", mtime=0), [("Content-Encoding", "gzip")]),
}
"""Whole answers, each of another kind; the body of each but the one without is `whole`."""

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"

FLAWED = {
    "no framing": _OK + b"\r\nwhole?",
    "a negative length": _OK + b"Content-Length: -1\r\n\r\nwhole?",
    "a length in words": _OK + b"Content-Length: five\r\n\r\nwhole?",
    "a length with a sign": _OK + b"Content-Length: +5\r\n\r\nwhole",
    "two lengths": _OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nwhole?",
    "a length and chunks": chunked(200, b"whole", headers=[("Content-Length", "5")]),
    "an unknown coding": _OK + b"Transfer-Encoding: x\r\nContent-Length: 5\r\n\r\nwhole",
    "a chunk of no size": _CHUNKED + b"whole\r\n0\r\n\r\n",
    "a chunk of a negative size": _CHUNKED + b"-5\r\nwhole\r\n0\r\n\r\n",
    "a longer chunk": _CHUNKED + b"4\r\nwhole\r\n0\r\n\r\n",
    "half compressed": answer(200, gzip.compress(b"whole")[:-9], [("Content-Encoding", "gzip")]),
    "badly compressed": answer(200, b"whole", [("Content-Encoding", "gzip")]),
    "compressed oddly": answer(200, b"whole", [("Content-Encoding", "x-odd")]),
    "only an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "another version": b"HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nwhole",
    "no number": b"HTTP/1.1 yes OK\r\nContent-Length: 5\r\n\r\nwhole",
    "a number too small": b"HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nwhole",
    "a field without a name": _OK + b"what is this\r\nContent-Length: 5\r\n\r\nwhole",
    "an error with a field without a name": b"HTTP/1.1 503 Busy\r\nwhat is this\r\nX: y\r\n\r\nwhole",
    "a field without an end": _OK + b"X: " + 70_000 * b"x",
    "a thousand fields": _OK + 1_000 * b"X: x\r\n" + b"Content-Length: 5\r\n\r\nwhole",
    "zeros": bytes(1_000),
    "silence": b"",
}
"""Answers that are none, sent to their end."""
