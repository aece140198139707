"""Standard output and standard error, without buffers: what failed once does not fail again at the end."""

from __future__ import annotations

import errno
import os
import sys

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD_OUTPUT, STANDARD_ERROR = 1, 2

aside: list[Callable[[Callable[[], None]], None]] = []
"""Who draws on the last line of the terminal: lets words be written there, and draws anew below them."""


def hold_places() -> None:
    """Keep the descriptors of streams that are closed from becoming those of other files.

    They can be neither written nor confused with one of ours: what is said there fails.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def ready(descriptor: int) -> int:
    """`descriptor`, when it can be written and somebody may still read it.

    Raises:
        BrokenPipeError: nobody reads it any more.
        OSError: it is closed, or open for reading only.
    """
    import fcntl
    import select

    if descriptor == STANDARD_OUTPUT and sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "it is open for reading only")
    poll = select.poll()
    poll.register(descriptor, 0)
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
    return descriptor


def put(descriptor: int, content: bytes) -> None:
    """Write all of `content`, waiting where somebody else made the stream one that does not wait.

    Raises:
        OSError: not all of it could be written.
    """
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            import select

            select.select([], [descriptor], [])


def is_watched() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def say(text: str) -> None:
    """Write a line to standard error, if anybody listens there."""
    if sys.stderr is None:
        return
    line = f"{text}\n".encode(sys.stderr.encoding, "backslashreplace")
    if aside:
        aside[-1](lambda: _write(line))
    else:
        _write(line)


def _write(line: bytes) -> None:
    try:
        put(STANDARD_ERROR, line)
    except OSError:
        return
