"""How much of a body was handed over: what the last line of a run that ends early has to tell."""

from __future__ import annotations

import io

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from cursorkit.wire.message import Request, Response
    from cursorkit.wire.source import BodySource
    from cursorkit.wire.transport import Transport

    Handed = Callable[[int, int], None]
    """Is told of how many bytes there are, how many were handed over by now: `handed(octets, length)`."""


class Progress:
    """The most that any attempt handed over.

    A byte counts from when the transport takes it, before it leaves: "in part" promises that no server has
    the whole body, and "nothing" that none has any of it. The evidence of an answer, `Sent`, counts the other
    way round: it promises what did leave.

    Attributes:
        idempotent: whether sending the same again does no more than sending it once.
    """

    def __init__(self) -> None:
        self.idempotent = False
        self._told: Callable[[], str] | None = None
        self._octets = 0
        self._whole = False

    def handed(self, octets: int, length: int) -> None:
        """An attempt handed over `octets` of `length` bytes by now."""
        self._octets = max(self._octets, octets)
        self._whole = self._whole or octets >= length

    def leaving(self, request: Request) -> AbstractContextManager[Handed]:
        """A request is about to be sent; gives what is to be told how much of it was handed over."""
        from contextlib import nullcontext

        self.idempotent = request.idempotent
        return nullcontext(self.handed)

    def follow(self, told: Callable[[], str]) -> None:
        """From now on, tell what `told` does: it is about more than one body."""
        self._told = told

    @property
    def sent(self) -> str:
        """Whether the body was sent not at all, in part or in full."""
        if self._whole:
            return "the body was sent in full"
        return "the body was sent in part" if self._octets else "nothing was sent"

    def __str__(self) -> str:
        if self._told is not None:
            return self._told()
        if not (self._whole or self._octets):
            return self.sent
        accepted = ", and may have been accepted" if self._whole else ""
        again = "is safe" if self.idempotent else "may do it twice"
        return f"{self.sent}{accepted}; sending the same again {again}"


class Watched:
    """A transport whose progress is watched.

    Args:
        transport: what sends the requests.
        leaving: gives, for as long as a request is being sent, what is told how much it takes of its body.
    """

    def __init__(
        self, transport: Transport, leaving: Callable[[Request], AbstractContextManager[Handed]]
    ) -> None:
        self._transport = transport
        self._leaving = leaving

    def send(self, request: Request) -> Response:
        """Send as the transport within does.

        Raises:
            TransportError, SourceError: as the transport within.
        """
        from attrs import evolve

        with self._leaving(request) as handed:
            return self._transport.send(evolve(request, body=counted(request.body, handed)))

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


def counted(source: BodySource, handed: Handed) -> BodySource:
    """`source`, of which `handed` is told how much was read, and of how much; see `Progress.handed`."""
    return _Counted(source, handed)


class _Counted:
    def __init__(self, source: BodySource, handed: Handed) -> None:
        self._source = source
        self._handed = handed

    @property
    def length(self) -> int:
        return self._source.length

    def open(self) -> BinaryIO:
        # Buffered for its interface alone: what is read ahead would count.
        return io.BufferedReader(_Counter(self._source.open(), self.length, self._handed), 1)


class _Counter(io.RawIOBase):
    def __init__(self, reader: BinaryIO, length: int, handed: Handed) -> None:
        self._reader = reader
        self._length = length
        self._handed = handed
        self._octets = 0
        # An empty body is sent as soon as anything is.
        handed(0, length)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        block = self._reader.read(len(view))
        view[: len(block)] = block
        self._octets += len(block)
        self._handed(self._octets, self._length)
        return len(block)

    def close(self) -> None:
        self._reader.close()
        super().close()
