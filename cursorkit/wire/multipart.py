"""Multipart bodies (RFC 2046, 5.1): parts to one streamed source, and a stream of bytes back to parts."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from cursorkit.errors import CursorkitError
from cursorkit.wire.message import Headers
from cursorkit.wire.source import BLOCK, Bytes, Concatenation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from cursorkit.wire.source import BodySource

_MOST_HEADERS = 64 * 1024
"""Bytes that the header fields of one part may take."""

_BOUNDARY = re.compile(r"[ -~]{0,69}[!-~]")
"""RFC 2046, 5.1.1, but for its choice of punctuation, which senders do not keep to."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


class MultipartError(CursorkitError):
    """A body that is not the multipart body it claims to be, or that cannot be made one."""


class Readable(Protocol):
    """The one thing that is asked of what a body is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, `size` at most; empty at the end."""
        ...


@frozen
class Part:
    """One part.

    Attributes:
        headers: its header fields.
        source: its bytes. They do not show in `repr`.
    """

    headers: Headers
    source: BodySource = field(repr=False)


def encode(parts: Iterable[Part], boundary: str) -> Concatenation:
    """The body of `parts`, streamed from their sources, of a length that is known beforehand.

    Args:
        parts: what it holds, in order.
        boundary: 1 to 70 printable ASCII characters that occur in none of the parts. Nothing looks for them
            there: whoever calls takes what nobody can foresee.

    Raises:
        MultipartError: the boundary, or a header field of a part, cannot be written.
    """
    delimiter = _delimiter(boundary)
    sources: list[BodySource] = []
    for part in parts:
        # The line break before a delimiter belongs to the delimiter; the very first one needs none.
        opening = delimiter if sources else delimiter[2:]
        sources += [Bytes(opening + b"\r\n" + _written(part.headers) + b"\r\n"), part.source]
    return Concatenation([*sources, Bytes(delimiter + b"--\r\n")])


def split(reader: Readable, boundary: str) -> Iterator[tuple[Headers, BinaryIO]]:
    """The parts of a multipart body, each as its header fields and a reader of its bytes.

    Takes linear time and constant memory. A part's reader is closed when the next part is asked for; what was
    not read of it by then is passed over. Text before the first delimiter and after the last is ignored, and
    so is white space behind a boundary.

    Raises:
        MultipartError: the boundary does not occur, the header fields of a part make no sense or take more
            than 64 KiB, or the body ends before its closing delimiter.
    """
    stream = _Stream(reader, _delimiter(boundary))
    while stream.advance():
        headers = stream.headers()
        with io.BufferedReader(_PartReader(stream), BLOCK) as part:
            yield headers, part


def media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """The media type of a Content-Type and its parameters, unquoted.

    Type and names are in lower case. What is no media type at all counts as text/plain (RFC 2045, 5.2).
    """
    from email.message import Message
    from email.utils import collapse_rfc2231_value

    message = Message()
    message["Content-Type"] = content_type
    parameters = message.get_params(failobj=[])[1:]
    return message.get_content_type(), {
        name.lower(): collapse_rfc2231_value(value) for name, value in parameters
    }


def _delimiter(boundary: str) -> bytes:
    if not _BOUNDARY.fullmatch(boundary):
        raise MultipartError("a boundary is 1 to 70 printable ASCII characters, the last of them no space")
    return b"\r\n--" + boundary.encode("ascii")


def _written(headers: Headers) -> bytes:
    for name, value in headers:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value) and value.isascii()):
            raise MultipartError("a header field of a part has characters that no header field may have")
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")


class _Stream:
    """A body, read block by block, in which the next delimiter is looked for."""

    def __init__(self, reader: Readable, delimiter: bytes) -> None:
        self._reader = reader
        self._delimiter = delimiter
        # The first delimiter may stand at the very start; the line break before it is then only imagined.
        self._block = b"\r\n"
        self._position = 0
        self._begun = False

    def content(self, size: int) -> bytes:
        """The next bytes before the delimiter, `size` at most; empty at the delimiter."""
        while True:
            end = self._block.find(self._delimiter, self._position)
            if end == self._position:
                return b""
            if end < 0:
                # What could be the beginning of a delimiter stays until it is known to be none.
                end = len(self._block) - len(self._delimiter) + 1
            if end > self._position:
                return self._take(min(end - self._position, size))
            self._more()

    def advance(self) -> bool:
        """Pass over the next delimiter, and all before it; False if it was the closing one."""
        while self.content(BLOCK):
            pass
        self._take(len(self._delimiter))
        self._begun = True
        while len(self._block) - self._position < 2:
            self._more()
        if self._block.startswith(b"--", self._position):
            return False
        if self._line(_MOST_HEADERS).strip(b" \t"):
            raise MultipartError("a delimiter of the multipart body is followed by other text")
        return True

    def headers(self) -> Headers:
        """The header fields of the part that begins here."""
        fields: list[tuple[str, str]] = []
        left = _MOST_HEADERS
        while line := self._line(left):
            left = max(0, left - len(line))
            text = line.decode("latin-1")
            if text[0] in " \t" and fields:
                # A line that begins with white space goes on with the field before it (RFC 5322, 2.2.3).
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {text.strip()}")
                continue
            name, colon, value = text.partition(":")
            if not (colon and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
                raise MultipartError("a part of the multipart body has header fields that make no sense")
            fields.append((name, value.strip()))
        return Headers(fields)

    def _line(self, most: int) -> bytes:
        """The next line of `most` bytes at most, without its line break."""
        while (end := self._block.find(b"\r\n", self._position, self._position + most + 2)) < 0:
            if len(self._block) - self._position >= most + 2:
                raise MultipartError("a part of the multipart body has more than 64 KiB of header fields")
            self._more()
        line = self._take(end - self._position)
        self._position += 2
        return line

    def _take(self, size: int) -> bytes:
        taken = self._block[self._position : self._position + size]
        self._position += size
        return taken

    def _more(self) -> None:
        block = self._reader.read(BLOCK)
        if not block:
            raise MultipartError(
                "the multipart body ends before its closing delimiter"
                if self._begun
                else "the boundary does not occur in the multipart body"
            )
        self._block = self._block[self._position :] + block
        self._position = 0


class _PartReader(io.RawIOBase):
    """Reads a stream up to its next delimiter."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        block = self._stream.content(len(view))
        view[: len(block)] = block
        return len(block)
