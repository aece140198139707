"""Connections that nobody can hold up: every wait has an end, however slowly the bytes trickle.

A timeout of a socket is for one call, so a server that gives or takes a byte now and then is never too slow.
Here each call gets what is left until a deadline. That needs no second thread, which would have to shut down
a connection behind the back of TLS, and no `select`, which does not see what TLS has in its buffers.
"""

from __future__ import annotations

import io
from time import monotonic
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import socket

    from _typeshed import ReadableBuffer, WriteableBuffer

_DAY = 86_400.0


@frozen
class Deadlines:
    """How long a conversation may last, in seconds.

    Attributes:
        stall: until some more of a request is taken, or some more comes of an answer whose head is there.
        answer: until an answer whose head is there is whole.
    """

    stall: float = 60.0
    answer: float = 300.0


USUAL = Deadlines()


class LateError(TimeoutError):
    """An answer, or more of it, does not come in time.

    Attributes:
        seconds: in which it should have.
        begun: whether its head was there.
    """

    def __init__(self, seconds: float, *, begun: bool) -> None:
        super().__init__()
        self.seconds = seconds
        self.begun = begun


class SilentError(LateError):
    """Nothing more comes."""


class OverdueError(LateError):
    """There is no silence, but it takes too long."""


def send(connection: socket.socket, data: ReadableBuffer, stall: float) -> None:
    """Send all of `data`, however long it takes, as long as some of it is taken every `stall` seconds.

    `sendall` would have to be done with all of it in that time.

    Raises:
        TimeoutError: nothing more is taken.
        OSError: the connection broke.
    """
    connection.settimeout(stall)
    left = memoryview(data)
    while left:
        left = left[connection.send(left) :]


class Incoming(io.RawIOBase):
    """What comes in on a connection: first the head of an answer, then its body.

    Args:
        stream: reads from the connection.
        connection: its own timeout is the time for the head, interim answers included.
        deadlines: for the body.
    """

    def __init__(self, stream: io.RawIOBase, connection: socket.socket, deadlines: Deadlines) -> None:
        self._stream = stream
        self._connection = connection
        self._deadlines = deadlines
        self._silent = True
        self._begun = False
        self._stall = self._whole = connection.gettimeout() or _DAY
        self._end = monotonic() + self._whole

    def expect_body(self) -> None:
        """The head is there: from now on the deadlines for the body count."""
        self._begun = True
        self._stall, self._whole = self._deadlines.stall, self._deadlines.answer
        self._end = monotonic() + self._whole

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """The next bytes.

        Raises:
            SilentError: none came in time.
            OverdueError: some came, but not all.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise self._overdue
        self._connection.settimeout(min(left, self._stall))
        try:
            count = self._stream.readinto(buffer)
        except TimeoutError:
            if left < self._stall and not self._silent:
                raise self._overdue from None
            raise SilentError(self._stall, begun=self._begun) from None
        self._silent = False
        return count

    @property
    def _overdue(self) -> OverdueError:
        return OverdueError(self._whole, begun=self._begun)

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()
        super().close()
