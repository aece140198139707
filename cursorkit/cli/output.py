"""Where the answer goes: standard output, or a file that is either the old one or the whole new one."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from contextlib import contextmanager, suppress
from io import FileIO
from typing import TYPE_CHECKING, Self
from weakref import finalize

from cursorkit.cli.streams import STANDARD_OUTPUT, put, ready
from cursorkit.errors import OutputError, ReaderGoneError
from cursorkit.files import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.schema.types import Json

_PRIVATE = 0o600
"""The mode of a file that nobody but its owner can read."""

_MOST_LINKS = 40
"""How many links Linux follows on the way to one file."""


def document(value: Json, *, pretty: bool) -> bytes:
    """A JSON document and a newline. ASCII only, so that no answer can speak to a terminal."""
    layout = {"indent": 2} if pretty else {"separators": (",", ":")}
    return json.dumps(value, **layout).encode("ascii") + b"\n"


class Output:
    """A place for one document, held ready before anything is sent.

    Links are followed, so that it is the file behind them that is replaced. A file of several names is
    replaced under the one that is given: the old one keeps the others.

    Args:
        path: the name of a file, a pipe or a device; `-` for standard output.
        inputs: the names of files that are read, which it must not replace; `-` is standard input.
        private: whether a new file is for its owner alone.

    Raises:
        OutputError: nothing can be written there.
        ReaderGoneError: nobody reads there any more.
    """

    def __init__(self, path: str, inputs: Iterable[str] = (), *, private: bool = False) -> None:
        self._name = "standard output" if path == "-" else f"'{path}'"
        with self._failures():
            if path == "-":
                self._place: _Stream | _Replacement = _Stream(os.dup(ready(STANDARD_OUTPUT)))
            else:
                self._place = _place(path, inputs, _PRIVATE if private else 0o666 & ~_umask())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def replaces(self) -> bool:
        """Whether it is a file that appears, or becomes another one, only when all is written."""
        return isinstance(self._place, _Replacement)

    def write(self, content: bytes) -> None:
        """Write the document; a file gets its name only when all of it is on the disk.

        Raises:
            OutputError: it cannot be written; an older file is as it was.
            ReaderGoneError: nobody reads there any more.
        """
        self.write_all([content])

    def write_all(self, blocks: Iterable[bytes]) -> None:
        """Write the document block by block; a file gets its name only when all of them are on the disk.

        What `blocks` raises goes through, but for an OSError; an older file is as it was then, too.

        Raises:
            OutputError: it cannot be written; an older file is as it was.
            ReaderGoneError: nobody reads there any more.
        """
        with self._failures():
            self._place.write(blocks)

    def close(self) -> None:
        """Let go of it; what was not written whole disappears."""
        self._place.close()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise ReaderGoneError(f"cannot write {self._name}: nobody reads it any more") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"cannot write {self._name}: {reason}") from None


def _place(path: str, inputs: Iterable[str], mode: int) -> _Stream | _Replacement:
    """What `path` leads to, link by link; `mode` is that of a new file."""
    for _ in range(_MOST_LINKS):
        if (descriptor := _own_descriptor(path)) is not None:
            return _Stream(os.dup(ready(descriptor)))
        status = _status(path)
        if status is None:
            return _Replacement(path, None, mode)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        _refuse_strangers(path, status)
        if stat.S_ISREG(status.st_mode):
            _refuse_inputs(inputs, status)
            return _Replacement(path, status, status.st_mode & 0o777)
        if not stat.S_ISLNK(status.st_mode):
            return _Stream(os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC))
        path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120 - see _status
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _status(path: str) -> os.stat_result | None:
    """The state of `path` itself. Names stay strings here: to a Path, `a/` and `a` are the same."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _own_descriptor(path: str) -> int | None:
    """Which descriptor of this process `path` is a name of: `/dev/stdout` leads to such a name.

    What it stands for may be a file that others write too, and is no file to be replaced.
    """
    folder, name = os.path.split(path)
    own = re.fullmatch(rf"/proc/{os.getpid()}(/task/\d+)?/fd", os.path.realpath(folder))
    return int(name) if own and name.isdecimal() else None


def _refuse_strangers(path: str, status: os.stat_result) -> None:
    """Trust nothing that somebody else may have laid out in a folder like /tmp (as Linux itself, proc(5))."""
    folder = os.stat(os.path.dirname(path) or ".")  # noqa: PTH116, PTH120 - see _status
    owners = {os.geteuid()} if stat.S_ISREG(status.st_mode) else {os.geteuid(), folder.st_uid}
    if folder.st_mode & stat.S_ISVTX and status.st_uid not in owners:
        raise PermissionError(errno.EACCES, "it belongs to somebody else, in a folder that many may write")


def _refuse_inputs(inputs: Iterable[str], status: os.stat_result) -> None:
    for name in inputs:
        with suppress(FileNotFoundError):
            if os.path.samestat(status, os.stat(0 if name == STANDARD_INPUT else name)):  # noqa: PTH116 - see _status
                raise OSError(errno.EBUSY, "it is read from")


class _Stream:
    """A pipe, a terminal, a device, an open file: the bytes go there as they come."""

    def __init__(self, descriptor: int) -> None:
        self._file = FileIO(descriptor, "w")

    def write(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            put(self._file.fileno(), block)
        # Over a network, some writes fail as late as this.
        self._file.close()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


class _Replacement:
    """A file beside the one to be: only its owner can read it, until it takes the other's place.

    Its name goes before the process does, unless that is killed.
    """

    def __init__(self, path: str, old: os.stat_result | None, mode: int) -> None:
        self._path = path
        self._old = old
        self._mode = mode
        self._folder, name = os.path.split(path)
        if not name:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if old is not None:
            # What may not be written is not to be replaced either.
            os.close(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
        # The exit functions of the process know the name from before there is such a file until it is gone.
        self._pending = os.path.join(self._folder, f".cursorkit-{os.urandom(8).hex()}")  # noqa: PTH118 - see _status
        self._known = finalize(self, _remove, self._pending)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = FileIO(os.open(self._pending, flags, _PRIVATE), "w")

    def write(self, blocks: Iterable[bytes]) -> None:
        for block in blocks:
            put(self._file.fileno(), block)
        self._dress(self._file.fileno())
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._pending, self._path)  # noqa: PTH105 - see _status
        self._sync_folder()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
        _remove(self._pending)
        self._known.detach()

    def _dress(self, descriptor: int) -> None:
        """Give it its mode, and the owner of the old file, as far as that is allowed."""
        if self._old is not None:
            with suppress(OSError):
                os.fchown(descriptor, self._old.st_uid, self._old.st_gid)
        with suppress(OSError):
            os.fchmod(descriptor, self._mode)

    def _sync_folder(self) -> None:
        # The file has its name by now: a folder that cannot be read, or a file system that cannot do this,
        # makes it no less written.
        with suppress(OSError):
            descriptor = os.open(self._folder or ".", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108 - see _status
