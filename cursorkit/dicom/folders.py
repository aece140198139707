"""The files in a folder, all of them or those that match a glob."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from cursorkit.dicom.results import Result, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    _Rest = tuple[str, ...]
    """What is left of a pattern to be matched, a name for each level; where none is, all matches."""

_MAGIC = frozenset("*?[")
_ANY_DEPTH = "**"
_THE_FOLDER = ""
"""What a pattern ends in that is for folders alone: nothing, behind its last slash."""

_STRETCH = 10_000
"""Names of one folder that are held in memory."""

_FILE = ""
_FOLDER = "a folder"
_LINK = "it is a link to another folder, which is not followed"
_SPECIAL = "it is a pipe, a socket or a device, no file"
"""What an entry of a folder is; in other words, why it cannot be read."""


def is_glob(path: str) -> bool:
    """Whether `path` can be read as a glob."""
    return not _MAGIC.isdisjoint(path)


def in_folder(folder: str) -> Iterator[str | Result]:
    """The names of the files in a folder, and then those in the folders in it; sorted, 10,000 at a time.

    What else is there is a result: nothing but regular files and links to such will be opened. Links to
    folders are not followed.
    """
    return _or(
        _walk(folder, frozenset({()})), Result(folder, State.SKIPPED, "there is no file in this folder")
    )


def matching(pattern: str) -> Iterator[str | Result]:
    """The names of the files that match a glob, and of those in folders that do, none of them twice.

    It is read as shells read it: `*`, `?` and `[…]` stand for no slash and for no leading dot, `**` for any
    number of folders.
    """
    parts = pattern.split("/")
    fixed = next(index for index, part in enumerate(parts) if is_glob(part))
    folder = "/".join([*parts[:fixed], ""]) if fixed else ""
    rest = (*filter(None, parts[fixed:-1]), parts[-1])
    is_there = os.path.isdir(folder or ".")  # noqa: PTH112 - a Path of a name with odd bytes gains nothing
    found = _walk(folder, frozenset({rest})) if is_there else iter(())
    return _or(found, Result(pattern, State.UNREADABLE, "no file matches this pattern"))


def _or(found: Iterator[str | Result], otherwise: Result) -> Iterator[str | Result]:
    yield next(found, otherwise)
    yield from found


def _walk(top: str, rests: frozenset[_Rest]) -> Iterator[str | Result]:
    """What matches, by one look at each folder, so that nothing is found twice that matches in two ways."""
    places = [(top, rests)]
    while places:
        folder, rests = places.pop()
        below = []
        try:
            for name, kind in _entries(folder):
                left = frozenset(further for rest in rests for further in _further(rest, name))
                path = os.path.join(folder, name)  # noqa: PTH118 - as above
                if kind == _FOLDER and left:
                    below.append((path, left))
                elif () in left or (kind == _LINK and left):
                    yield _told(path, kind)
        except OSError as error:
            yield Result(folder, State.UNREADABLE, unreadable(error))
        places += reversed(below)


def _further(rest: _Rest, name: str) -> Iterator[_Rest]:
    """What can be left of a pattern behind `name`."""
    if not rest or rest[0] == _THE_FOLDER:
        yield ()
    elif rest[0] != _ANY_DEPTH:
        if fnmatchcase(name, rest[0]) and _shown(name, rest[0]):
            yield rest[1:]
    elif len(rest) == 1:
        if _shown(name, _ANY_DEPTH):
            yield ()
    else:
        yield from _further(rest[1:], name) if rest[1] != _THE_FOLDER else ()
        if _shown(name, _ANY_DEPTH):
            yield rest
            yield rest[1:]


def _shown(name: str, pattern: str) -> bool:
    return not name.startswith(".") or pattern.startswith(".")


def _entries(folder: str) -> Iterator[tuple[str, str]]:
    """The names in a folder, sorted, and what each of them is; a very large one in sorted stretches.

    Raises:
        OSError: it cannot be read.
    """
    with os.scandir(folder or ".") as entries:
        while stretch := sorted((each.name, _kind(each)) for each in islice(entries, _STRETCH)):
            yield from stretch


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_file():
            return _FILE
        if entry.is_dir():
            return _LINK if entry.is_symlink() else _FOLDER
        entry.stat()
    except OSError as error:
        return "it is a link to nothing" if isinstance(error, FileNotFoundError) else unreadable(error)
    return _SPECIAL


def _told(path: str, kind: str) -> str | Result:
    if kind == _FILE:
        return path
    return Result(path, State.SKIPPED if kind in {_LINK, _SPECIAL} else State.UNREADABLE, kind)


def unreadable(error: OSError) -> str:
    """Why a file or a folder cannot be read, in words."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "there is no such file or folder"
    return f"it cannot be read: {error.strerror or error}"
