"""Files that are nobody else's: written whole or not at all, and not believed where others can read them."""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from cursorkit.errors import OutputError
from cursorkit.wire import AuthenticationError
from cursorkit_transports import credential_files

_OTHERS_READ_OR_WRITE = 0o077
_OTHERS_WRITE = 0o022


def read(path: str) -> object:
    """The JSON document in the private file at `path`.

    Raises:
        AuthenticationError: others can read or write it, or its folder; or it cannot be read, or is no JSON.
    """
    check_folder(path)
    try:
        # A pipe that nobody writes to would be waited for.
        with io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise AuthenticationError(f"'{path}' is no file")
            _check(path, status, _OTHERS_READ_OR_WRITE, "600")
            return credential_files.parsed(path, file.read())
    except OSError as error:
        raise AuthenticationError(f"cannot read the credentials '{path}': {error.strerror}") from None


def check_folder(path: str) -> None:
    """Look whether nobody else can put files into the folder of `path`, if it is there.

    Raises:
        AuthenticationError: others can.
    """
    folder = Path(path).parent
    with suppress(FileNotFoundError):
        _check(str(folder), folder.stat(), _OTHERS_WRITE, "700")


def _check(path: str, status: os.stat_result, forbidden: int, mode: str) -> None:
    if status.st_uid != os.geteuid():
        raise AuthenticationError(f"'{path}' belongs to somebody else, and is not believed")
    if status.st_mode & forbidden:
        verb = "write to" if forbidden == _OTHERS_WRITE else "read or change"
        raise AuthenticationError(f"others can {verb} '{path}', so it is not used: chmod {mode} '{path}'")


def write(path: str, content: object) -> None:
    """Keep `content`, as JSON, in a file at `path` that nobody else can read, whole or not at all.

    Raises:
        AuthenticationError: others can write to the folder.
        OutputError: it cannot be written; what was there before is still there.
    """
    place = Path(path)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(path)
        # Made for this user alone, whatever the umask says.
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(descriptor)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise OutputError(f"cannot keep the login in '{path}': {error.strerror}") from None


def remove(path: str) -> None:
    """Remove the file at `path`.

    Raises:
        OutputError: it cannot be removed.
    """
    try:
        Path(path).unlink()
    except OSError as error:
        raise OutputError(f"cannot remove '{path}': {error.strerror}") from None
