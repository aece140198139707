"""Where the answer goes: standard output, or a file that is either the old one or the whole new one."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self

from cursorkit.errors import OutputError

if TYPE_CHECKING:
    from cursorkit.schema.types import Json

STANDARD_OUTPUT = "-"


def document(value: Json, *, pretty: bool) -> bytes:
    """A JSON document and a newline. ASCII only, so that no answer can speak to a terminal."""
    layout = {"indent": 2} if pretty else {"separators": (",", ":")}
    return json.dumps(value, **layout).encode("ascii") + b"\n"


class Output:
    """A place for one document, held ready before anything is sent.

    Raises:
        OutputError: nothing can be written there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pending: str | None = None
        try:
            self._file = self._opened()
        except OSError as error:
            raise OutputError(f"cannot write '{path}': {error.strerror or error}") from None

    def _opened(self) -> BinaryIO:
        if self._path == STANDARD_OUTPUT:
            if sys.stdout is None:
                raise OutputError("cannot write: standard output is closed")
            return sys.stdout.buffer
        with suppress(FileNotFoundError):
            mode = os.stat(self._path).st_mode  # noqa: PTH116 - names with odd bytes gain nothing from a Path
            if stat.S_ISDIR(mode):
                raise OutputError(f"cannot write '{self._path}': it is a directory")
            if not stat.S_ISREG(mode):
                return open(self._path, "wb", buffering=0)  # noqa: PTH123 - closed by `write`
        folder, name = os.path.split(self._path)
        descriptor, self._pending = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
        return os.fdopen(descriptor, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, content: bytes) -> None:
        """Write the document; a file gets its name only when all of it is on the disk.

        Raises:
            BrokenPipeError: nobody reads standard output any more.
            OutputError: it cannot be written; an older file is as it was.
        """
        try:
            self._file.write(content)
            self._file.flush()
            if self._pending is not None:
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._pending, self._path)  # noqa: PTH105
                self._pending = None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write '{self._path}': {error.strerror or error}") from None

    def close(self) -> None:
        """Let go of it; what was not written whole disappears."""
        if self._path != STANDARD_OUTPUT:
            with suppress(OSError):
                self._file.close()
        if self._pending is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._pending)  # noqa: PTH108
            self._pending = None
