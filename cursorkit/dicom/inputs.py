"""From what somebody names to the files in it that may be instances, one by one."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.dicom.archives import members
from cursorkit.dicom.directory import is_named_directory, listed_files
from cursorkit.dicom.folders import in_folder, is_glob, matching, unreadable
from cursorkit.dicom.results import Result, State
from cursorkit.errors import SourceError
from cursorkit.files import STANDARD_INPUT, Spool, file_source
from cursorkit.wire.source import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.wire.source import BodySource


@frozen
class Found:
    """A file that may be an instance.

    Attributes:
        name: what it is called; in an archive, `ARCHIVE:MEMBER`.
        source: its bytes. They do not show in `repr`.
    """

    name: str
    source: BodySource = field(repr=False)


def names(
    paths: Iterable[str | os.PathLike[str]], listed: BodySource | None = None
) -> Iterator[str | Result]:
    """The names of the files at `paths`, in their order; what is not there as a result that says so.

    Folders are gone through, sorted, and globs expanded; what is in them but no file is a result, and so are
    links to other folders, which are not followed. Of a DICOMDIR that is named itself come the files that it
    lists. An archive stays one file. No more than 10,000 names are held in memory; so those of larger folders
    come in stretches, each of which is sorted.

    Args:
        paths: files, folders, globs (`*`, `?`, `[…]`, and `**` for folders at any depth; a file that is
            called like one is meant itself), archives, DICOMDIR files; `-` for the paths in `listed`.
        listed: paths, one a line; or each ended by a NUL byte, if there is one.

    Raises:
        MissingExtraError: there is a DICOMDIR, and pydicom is not installed.
    """
    for path in (os.fspath(each) for each in paths):
        if path != STANDARD_INPUT or listed is None:
            yield from _named(path)
            continue
        try:
            for each in _records(listed):
                yield from _named(each)
        except SourceError as error:
            yield Result(path, State.UNREADABLE, str(error))


def find(files: Iterable[str | Result]) -> Iterator[Found | Result]:
    """What is in the files of these names: themselves, or the members of those that are archives.

    What cannot be read is a result that says so.
    """
    for each in files:
        if isinstance(each, Result):
            yield each
            continue
        try:
            source = file_source(each)
            archived = members(each, source.kept if isinstance(source, Spool) else source)
        except SourceError as error:
            yield Result(each, State.UNREADABLE, str(error))
            continue
        if archived is None:
            yield Found(each, source)
            continue
        nothing = True
        for member in archived:
            nothing = False
            yield member if isinstance(member, Result) else Found(*member)
        if nothing:
            yield Result(each, State.SKIPPED, "there is no file in this archive")


def _records(listed: BodySource) -> Iterator[str]:
    """The paths in a list. It is read twice, for the NUL byte may come late."""
    end = b"\0" if any(b"\0" in block for block in blocks(listed)) else b"\n"
    rest = b""
    for block in blocks(listed):
        *whole, rest = (rest + block).split(end)
        yield from map(os.fsdecode, filter(None, whole))
    if rest:
        yield os.fsdecode(rest)


def _named(path: str) -> Iterator[str | Result]:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a Path of a name with odd bytes gains nothing
    except (OSError, ValueError) as error:
        if is_glob(path) and not os.path.lexists(path):
            yield from matching(path)
        else:
            # A name with a NUL byte in it is a ValueError, and that of nothing.
            missing = FileNotFoundError() if isinstance(error, ValueError) else error
            yield Result(path, State.UNREADABLE, unreadable(missing))
        return
    if stat.S_ISDIR(mode):
        yield from in_folder(path)
    elif stat.S_ISREG(mode) and is_named_directory(path):
        yield from listed_files(path)
    else:
        yield path
