"""A body that leaves in several requests, each of which goes on where the server is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.errors import SourceError
from cursorkit.wire.digest import sha256
from cursorkit.wire.message import NOTHING_SENT, Sent
from cursorkit.wire.source import BLOCK, Unchanged

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from cursorkit.wire.source import BodySource


class Pieces:
    """One body, of which any rest can be sent, and never bytes of two versions of it.

    A reader of a rest reads what stands before it, too, and holds all that was handed over before against
    what it reads now; it fails before it could hand over anything beyond that of another version.

    Args:
        source: the whole body.

    Attributes:
        length: how many bytes it has.
        handed: the longest beginning of it that was handed over. Other than the evidence of an answer, it
            counts a byte before it leaves: no server can have more.
    """

    def __init__(self, source: BodySource) -> None:
        self._source = source
        self.length = source.length
        self.handed = NOTHING_SENT

    def again(self) -> Pieces:
        """The same body, to be sent from its beginning to somebody who has nothing of it yet."""
        return Pieces(Unchanged(self._source, self.handed))

    def rest(self, offset: int) -> BodySource:
        """What is left of it behind the first `offset` bytes."""
        return _Rest(self, offset)

    def open(self) -> BinaryIO:
        """A fresh reader, which fails where it is no longer what was handed over of it before."""
        return Unchanged(self._source, self.handed).open()


@frozen
class _Rest:
    pieces: Pieces
    offset: int

    @property
    def length(self) -> int:
        return self.pieces.length - self.offset

    def open(self) -> BinaryIO:
        # Buffered for its interface alone: what is read ahead would count.
        reader = io.BufferedReader(_Following(self.pieces), 1)
        left = self.offset
        while left:
            block = reader.read(min(left, BLOCK))
            if not block:
                reader.close()
                raise SourceError("changed-file", f"the body ended {left} bytes before where it goes on")
            left -= len(block)
        return reader


class _Following(io.RawIOBase):
    """Reads pieces from the first byte on, and keeps account of what was handed over."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._reader = pieces.open()
        self._digest = sha256()
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        block = self._reader.read(len(view))
        view[: len(block)] = block
        self._digest.update(block)
        self._position += len(block)
        if self._position > self._pieces.handed.octets:
            whole = self._position == self._pieces.length
            self._pieces.handed = Sent(self._position, whole, self._digest.hexdigest())
        return len(block)

    def close(self) -> None:
        self._reader.close()
        super().close()
