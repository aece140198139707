"""Bodies that can be sent again: a length known beforehand and a fresh reader for every attempt."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from attrs import field, frozen

from cursorkit.errors import SourceError
from cursorkit.wire.digest import RunningDigest, sha256
from cursorkit.wire.message import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

BLOCK = 256 * 1024
"""Bytes moved at a time: the size at which urllib3 outruns curl, and small enough to notice a stall."""


@runtime_checkable
class BodySource(Protocol):
    """A body of known length, which can be read any number of times.

    `open()` gives a new reader at the first byte. Readers of one source are independent of each other, and
    all give the same `length` bytes: a source that cannot keep this promise raises `SourceError`.
    """

    @property
    def length(self) -> int:
        """How many bytes there are."""
        ...

    def open(self) -> BinaryIO:
        """A fresh reader; the caller closes it."""
        ...


def blocks(source: BodySource) -> Iterator[bytes]:
    """The bytes of `source`, in blocks.

    Raises:
        SourceError: they cannot be read.
    """
    with source.open() as reader:
        yield from iter(partial(reader.read, BLOCK), b"")


def digest_of(source: BodySource) -> str:
    """The SHA-256 of all bytes of `source`, in hexadecimal.

    Raises:
        SourceError: they cannot be read.
    """
    digest = sha256()
    for block in blocks(source):
        digest.update(block)
    return digest.hexdigest()


@frozen
class Bytes:
    """A body in memory.

    Attributes:
        content: the bytes.
    """

    content: bytes = field(default=b"", repr=False)

    @property
    def length(self) -> int:
        """How many bytes there are."""
        return len(self.content)

    def open(self) -> BinaryIO:
        """A fresh reader."""
        return io.BytesIO(self.content)


def _flat(parts: Iterable[BodySource]) -> tuple[BodySource, ...]:
    return tuple(parts)


@frozen
class Concatenation:
    """Sources one after the other; only the one being read is open.

    Attributes:
        parts: the sources, in order.
    """

    parts: tuple[BodySource, ...] = field(converter=_flat)

    @property
    def length(self) -> int:
        """The sum of the lengths."""
        return sum(part.length for part in self.parts)

    def open(self) -> BinaryIO:
        """A fresh reader over all parts."""
        return io.BufferedReader(_Chain(self.parts), BLOCK)


class _Chain(io.RawIOBase):
    def __init__(self, parts: tuple[BodySource, ...]) -> None:
        self._waiting = iter(parts)
        self._reader: BinaryIO = io.BytesIO()
        self._left = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        while not self._left:
            self._reader.close()
            part = next(self._waiting, None)
            if part is None:
                return 0
            self._left = part.length
            self._reader = part.open()
        block = self._reader.read(min(len(view), self._left))
        if not block:
            raise SourceError("changed-file", f"a part of the body ended {self._left} bytes early")
        view[: len(block)] = block
        self._left -= len(block)
        return len(block)

    def close(self) -> None:
        self._reader.close()
        super().close()


@frozen
class Unchanged:
    """A source that begins with what left of it before, or fails before all of that leaves once more.

    So a request that is sent again is the same request, whatever became of a file meanwhile.

    Attributes:
        source: the source.
        sent: what left of it.
    """

    source: BodySource
    sent: Sent

    @property
    def length(self) -> int:
        """How many bytes there are."""
        return self.source.length

    def open(self) -> BinaryIO:
        """A fresh reader, which raises `SourceError` (`changed-file`) where the bytes are others."""
        return io.BufferedReader(_Comparing(self.source.open(), self.sent), BLOCK)


class _Comparing(io.RawIOBase):
    def __init__(self, reader: BinaryIO, sent: Sent) -> None:
        self._reader = reader
        self._sent = sent
        self._left = sent.octets
        self._digest = sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        block = self._reader.read(len(view))
        if self._left:
            known = block[: self._left]
            self._digest.update(known)
            self._left -= len(known)
            if not self._left and self._digest.hexdigest() != self._sent.sha256:
                raise SourceError("changed-file", "the body is no longer what was sent of it before")
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._reader.close()
        super().close()


class Digesting:
    """A source that tells the digest of its bytes once a reader has given all of them.

    Args:
        source: the source.

    Attributes:
        sha256: of all bytes, in hexadecimal; empty until then.
    """

    def __init__(self, source: BodySource) -> None:
        self._source = source
        self.sha256 = ""

    @property
    def length(self) -> int:
        """How many bytes there are."""
        return self._source.length

    def open(self) -> BinaryIO:
        """A fresh reader."""
        return cast("BinaryIO", _Digested(self, self._source.open()))


class _Reading(io.RawIOBase):
    """Hands on, without a copy, blocks that somebody else reads."""

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """As `read`, into a buffer."""
        view = memoryview(buffer)
        block = self.read(len(view)) or b""
        view[: len(block)] = block
        return len(block)


class _Digested(_Reading):
    def __init__(self, source: Digesting, reader: BinaryIO) -> None:
        self._source = source
        self._reader = reader
        self._left = source.length
        self._digest = sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        block = self._reader.read(-1 if size is None else size)
        self._digest.update(block)
        self._left -= len(block)
        if not self._left:
            self._source.sha256 = self._digest.hexdigest()
        return block

    def close(self) -> None:
        self._reader.close()
        super().close()


class Sending(_Reading):
    """One attempt to send a source: a reader for the network, and the evidence of what left.

    It gives exactly `source.length` bytes, so that a body can neither run over its Content-Length into the
    connection nor fall short of it unnoticed. A block counts as sent when the next one is asked for: only
    then has the network taken it.

    Attributes:
        length: how many bytes that is.
    """

    def __init__(self, source: BodySource) -> None:
        self.length = self._left = source.length
        self._reader = source.open()
        self._digest = RunningDigest()
        self._octets = 0
        self._pending = b""
        self._whole = False

    @property
    def sent(self) -> Sent:
        """What left so far."""
        return Sent(self._octets, self._whole, self._digest.hexdigest())

    def read(self, size: int | None = -1, /) -> bytes:
        """The next block of at most `size` bytes; empty at the end.

        Raises:
            SourceError: `changed-file` or `unreadable-file`.
        """
        if self._pending:
            self._digest.update(self._pending)
            self._octets += len(self._pending)
            self._pending = b""
        if not self._left:
            self._whole = True
            return b""
        wanted = BLOCK if size is None or size < 0 else size
        try:
            self._pending = self._reader.read(min(wanted, self._left))
        except OSError as error:
            # Left as it is, it would be taken for a fault of the network.
            reason = error.strerror or type(error).__name__
            raise SourceError("unreadable-file", f"cannot read the body: {reason}") from None
        if not self._pending:
            raise SourceError("changed-file", f"the body ended {self._left} bytes before its stated length")
        self._left -= len(self._pending)
        return self._pending

    def close(self) -> None:
        """Close the source's reader."""
        self._digest.close()
        self._reader.close()
        super().close()
