"""The one place where input files are opened: what `@=FILE` and a `Path` in a body become."""

from __future__ import annotations

import io
import os
import stat
import sys
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self
from weakref import finalize

from attrs import define, field, frozen

from cursorkit.errors import SourceError
from cursorkit.wire.source import BLOCK, Bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from cursorkit.errors import Kind
    from cursorkit.wire.source import BodySource

STANDARD_INPUT = "-"
"""The file name that means standard input."""

_Identity = tuple[int, int, int, int]


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _refusal(path: str, error: OSError) -> SourceError:
    kind: Kind = "no-file" if isinstance(error, FileNotFoundError) else "unreadable-file"
    return SourceError(kind, f"cannot read '{path}': {error.strerror or error}")


def file_source(path: str | os.PathLike[str]) -> File | Spool:
    """The contents of the file at `path`; what is no regular file (a pipe, a device) is read once and kept.

    Raises:
        SourceError: `no-file` or `unreadable-file`.
    """
    name = os.fspath(path)
    try:
        status = os.stat(name)  # noqa: PTH116 - a Path of a name with odd bytes gains nothing
    except (OSError, ValueError) as error:
        raise _refusal(name, error if isinstance(error, OSError) else OSError(str(error))) from None
    if stat.S_ISREG(status.st_mode) and not name.startswith("/proc/"):
        return File.at(name)
    if stat.S_ISDIR(status.st_mode):
        raise SourceError("unreadable-file", f"cannot read '{name}': it is a directory")
    return Spool(lambda: _opened(name), name)


def _opened(name: str) -> BinaryIO:
    try:
        return io.FileIO(name)
    except OSError as error:
        raise _refusal(name, error) from None


@frozen
class File:
    """A regular file, which must stay as it was when it was first looked at.

    Attributes:
        path: its name.
        identity: device, inode, size in bytes and time of modification in nanoseconds.
    """

    path: str
    identity: _Identity

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Self:
        """The file at `path`, as it is now.

        Raises:
            SourceError: `no-file` or `unreadable-file`.
        """
        name = os.fspath(path)
        with _opened(name) as reader:
            return cls(name, _identity(os.fstat(reader.fileno())))

    @property
    def length(self) -> int:
        """Its size in bytes."""
        return self.identity[2]

    def open(self) -> BinaryIO:
        """A fresh reader, which fails rather than give other bytes than the first one gave.

        Raises:
            SourceError: `no-file`, `unreadable-file` or `changed-file`, here or while reading.
        """
        return self.window(0, self.length)

    def window(self, start: int, end: int) -> BinaryIO:
        """As `open`, for the bytes from `start` to `end` alone."""
        return _FileReader(self, start, end)


class _FileReader(io.FileIO):
    """Checks the file's identity at the first byte, and again before it gives the last block or the end."""

    def __init__(self, file: File, start: int, end: int) -> None:
        try:
            super().__init__(file.path)
        except OSError as error:
            raise _refusal(file.path, error) from None
        self._file = file
        self._start = start
        self._length = end - start
        self._check()
        self.seek(0)

    def _check(self) -> None:
        if _identity(os.fstat(self.fileno())) != self._file.identity:
            self.close()
            raise SourceError("changed-file", f"'{self._file.path}' changed since it was first looked at")

    def tell(self) -> int:
        return super().tell() - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._length}
        return super().seek(self._start + max(0, origin[whence] + offset)) - self._start

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._length - self.tell())
        try:
            block = super().read(left if size is None or size < 0 else min(size, left))
        except OSError as error:
            raise _refusal(self._file.path, error) from None
        if len(block) in {0, left}:
            self._check()
        return block

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        block = self.read(len(view))
        view[: len(block)] = block
        return len(block)


def spooled(blocks: Iterator[bytes], in_memory: int) -> BodySource:
    """All that `blocks` give: in memory while that is at most `in_memory` bytes, else in a file.

    Raises:
        OSError: the file cannot be written.
    """
    head = bytearray()
    for block in blocks:
        head += block
        if len(head) > in_memory:
            return Kept.of(chain([head], blocks))
    return Bytes(bytes(head))


@frozen(eq=False)
class Kept:
    """Bytes in a private temporary file without a name.

    Attributes:
        file: the file, which goes with this source.
    """

    file: BinaryIO

    def __attrs_post_init__(self) -> None:
        finalize(self, self.file.close)

    @classmethod
    def of(cls, blocks: Iterable[bytes | bytearray]) -> Self:
        """All that `blocks` give.

        Raises:
            OSError: the file cannot be written.
        """
        import tempfile

        kept = cls(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115 - it goes with the source
        kept.append(blocks)
        return kept

    def append(self, blocks: Iterable[bytes | bytearray]) -> Section:
        """All that `blocks` give, behind what is kept already; nothing of it where that fails.

        Raises:
            OSError: the file cannot be written.
        """
        start = self.length
        try:
            for block in blocks:
                left = memoryview(block)
                while left:
                    # A disk that is nearly full takes a part, and says so only then.
                    left = left[self.file.write(left) :]
        except BaseException:
            self.file.truncate(start)
            self.file.seek(start)
            raise
        return Section(self, start, self.length - start)

    @property
    def length(self) -> int:
        """Its size in bytes."""
        return os.fstat(self.file.fileno()).st_size

    def open(self) -> BinaryIO:
        """A fresh reader."""
        return self.window(0, self.length)

    def window(self, start: int, end: int) -> BinaryIO:
        """A fresh reader of the bytes from `start` to `end`."""
        return io.BufferedReader(_Window(self, start, end), BLOCK)


class Section(NamedTuple):
    """A part of a file, read at its place there. No attrs class: every program would have to make one.

    Attributes:
        whole: the file.
        offset: where in it the part begins.
        length: how many bytes it has.
    """

    whole: File | Kept
    offset: int
    length: int

    def __repr__(self) -> str:
        return f"Section(offset={self.offset}, length={self.length})"

    def open(self) -> BinaryIO:
        """A fresh reader.

        Raises:
            SourceError: as a reader of the whole file.
        """
        return self.whole.window(self.offset, self.offset + self.length)


@define(eq=False)
class Spool:
    """A stream that gives its bytes only once, copied to a private, nameless temporary file on first use.

    Attributes:
        stream: opens the stream.
        name: what to call it in messages.
    """

    stream: Callable[[], BinaryIO] = field(repr=False)
    name: str

    @cached_property
    def kept(self) -> Kept:
        """The copy.

        Raises:
            SourceError: `unreadable-file`.
        """
        try:
            return Kept.of(self._blocks())
        except OSError as error:
            reason = error.strerror or error
            message = f"cannot keep a copy of '{self.name}': {reason}; TMPDIR says where it is kept"
            raise SourceError("unreadable-file", message) from None

    def _blocks(self) -> Iterator[bytes]:
        try:
            with self.stream() as reader:
                yield from iter(partial(reader.read, BLOCK), b"")
        except OSError as error:
            raise _refusal(self.name, error) from None

    @property
    def length(self) -> int:
        """How many bytes the stream held."""
        return self.kept.length

    def open(self) -> BinaryIO:
        """A fresh reader of the copy."""
        return self.kept.open()


class _Window(io.RawIOBase):
    """Reads a file by position, so that readers of one descriptor do not disturb each other."""

    def __init__(self, kept: Kept, start: int, end: int) -> None:
        self._kept = kept
        self._start = start
        self._length = end - start
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}
        self._position = max(0, origin[whence] + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)[: max(0, self._length - self._position)]
        count = os.preadv(self._kept.file.fileno(), [view], self._start + self._position)
        self._position += count
        return count


@define
class Files:
    """What `@=` names, opened for one argument list: any file, and standard input once.

    Attributes:
        announce: is told, in words, when standard input is a terminal and somebody has to type.
        names: what was opened so far.
    """

    announce: Callable[[str], None]
    names: list[str] = field(factory=list, init=False)

    def __call__(self, name: str) -> BodySource:
        """The source called `name`.

        Raises:
            SourceError: `no-file`, `unreadable-file` or `stdin-twice`.
        """
        if name == STANDARD_INPUT and name in self.names:
            raise SourceError("stdin-twice", "standard input can be read only once")
        self.names.append(name)
        return file_source(name) if name != STANDARD_INPUT else Spool(self._standard_input, "standard input")

    def _standard_input(self) -> BinaryIO:
        if sys.stdin is None:
            raise SourceError("unreadable-file", "standard input is closed")
        if sys.stdin.isatty():
            self.announce("reading standard input; end it with Ctrl-D on a line of its own")
        # Unbuffered: a buffer would ask a terminal for the end of the input twice.
        return io.FileIO(sys.stdin.fileno(), closefd=False)
