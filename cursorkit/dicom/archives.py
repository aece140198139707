"""The files in an archive as sources: of zip, and of tar, which may be compressed by gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from attrs import define, field

from cursorkit.dicom.instances import is_dicom
from cursorkit.dicom.results import Result, State
from cursorkit.errors import SourceError
from cursorkit.files import Kept, Section
from cursorkit.wire.source import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, BinaryIO, Self

    from cursorkit.files import File
    from cursorkit.wire.source import BodySource

    Member = tuple[str, BodySource] | Result
    """A file in an archive and its name there, or what became of it."""

_VOLUME = 64 * 1024 * 1024
"""Bytes of copies that share a temporary file, and so what one copy that is still needed may hold on to."""

_SMALL = 4096
"""Bytes of a zip member to inflate at a time where `zipfile` sets no limit to what comes out of them."""

_LONGEST_DESCRIPTION = 1024 * 1024
"""Bytes that the description of a tar member may take: `tarfile` holds it in memory."""

_PADDING = 64 * 1024 * 1024
"""Bytes that may stand behind the end of a tar archive before the checksum of its compression."""

_FOR_MACS = "__MACOSX/"
"""The folder of a zip archive in which macOS keeps what it knows about the files in the others."""

_ZIP = (b"PK\3\4", b"PK\5\6")
_LOCAL_HEADER = struct.Struct("<26xHH")
_ENCRYPTED = 0x1
_LIMITED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

_DAMAGED = "the archive is damaged here, or ends early"


def members(name: str, whole: File | Kept) -> Iterator[Member] | None:
    """The files in an archive, in its order, called `NAME:MEMBER`; None if it is no archive.

    What counts is what the file holds, not what it is called. A DICOM file is never taken for an archive.

    A member that is not compressed is read at its place in the archive. A compressed one is copied to a
    private temporary file, which goes when nobody has a member in it any more. Nothing is extracted, so that
    what members are called harms nobody. Folders are passed over, and so is what macOS adds for itself.

    What cannot be read is a result that says so, and does not keep others from being read. An archive that is
    damaged gives what stands before that in a tar archive, and what is whole in a zip archive. Memory does
    not grow with it, but for the directory of a zip archive, which takes less than 1 KiB for each member.

    Args:
        name: what the archive is called.
        whole: its bytes.

    Raises:
        SourceError: it cannot be read, or changed.
    """
    with whole.open() as reader:
        head = reader.read(tarfile.BLOCKSIZE)
        if is_dicom(head):
            return None
        if head.startswith(_ZIP):
            return _zipped(name, whole)
        unpack = next((each for magic, each in _COMPRESSIONS.items() if head.startswith(magic)), None)
        reader.seek(0)
        # What is compressed need not be an archive, and what only looks as if it were compressed is none.
        with suppress(tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError):
            _Entry.frombuf((unpack or _plain)(reader).read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
            return _tarred(name, whole, unpack)
    return None


# --- zip ----------------------------------------------------------------------------------------------------


def _zipped(name: str, whole: File | Kept) -> Iterator[Member]:
    try:
        with whole.open() as reader, zipfile.ZipFile(reader) as archive:
            copies = _Copies()
            for info in archive.infolist():
                if not info.is_dir() and not info.filename.startswith(_FOR_MACS):
                    yield _told(f"{name}:{info.filename}", partial(_zip_member, archive, info, whole, copies))
    except SourceError as error:
        yield Result(name, State.UNREADABLE, str(error))
    except Exception:  # as those who read it, see `_told`
        yield Result(name, State.UNREADABLE, "the archive is damaged, or ends early: it has no directory")


def _zip_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, whole: File | Kept, copies: _Copies
) -> BodySource:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _Passed("it is a link, no file")
    if info.flag_bits & _ENCRYPTED:
        raise SourceError("unreadable-file", "it is encrypted")
    with archive.open(info) as reader:
        blocks = iter(partial(reader.read, BLOCK if info.compress_type in _LIMITED else _SMALL), b"")
        if info.compress_type != zipfile.ZIP_STORED:
            return copies.of(blocks, info.file_size)
        # Read once for its checksum, as nobody looks at that any more who reads it at its place.
        length = sum(map(len, blocks))
    start = info.header_offset
    with whole.window(start, start + _LOCAL_HEADER.size) as header:
        skipped = sum(_LOCAL_HEADER.unpack(header.read(_LOCAL_HEADER.size)))
    return Section(whole, start + _LOCAL_HEADER.size + skipped, length)


# --- tar ----------------------------------------------------------------------------------------------------


def _plain(reader: BinaryIO) -> IO[bytes]:
    return reader


def _gzip(reader: BinaryIO) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=reader))


_COMPRESSIONS: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


class _Entry(tarfile.TarInfo):
    """Takes for the end of an archive only what marks it, and no description that fills the memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            entry = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise
            raise tarfile.ReadError(_DAMAGED) from None
        if entry.size < 0 or (entry.type in _DESCRIPTIONS and entry.size > _LONGEST_DESCRIPTION):
            raise tarfile.ReadError(_DAMAGED)
        return entry


_DESCRIPTIONS = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}


class _Tar(tarfile.TarFile):
    """Forgets its members, and goes only forward."""

    members: list[tarfile.TarInfo]

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        end = 0
        while (entry := self.next()) is not None:
            self.members.clear()
            if self.offset <= end:
                raise tarfile.ReadError(_DAMAGED)
            end = self.offset
            if not entry.isdir():
                yield entry


def _tarred(
    name: str, whole: File | Kept, unpack: Callable[[BinaryIO], IO[bytes]] | None
) -> Iterator[Member]:
    try:
        with (
            whole.open() as reader,
            (unpack or _plain)(reader) as stream,
            _Tar(fileobj=stream, tarinfo=_Entry, encoding="utf-8") as archive,
        ):
            copies = _Copies()
            for entry in archive:
                section = (
                    None if unpack or entry.issparse() else Section(whole, entry.offset_data, entry.size)
                )
                yield _told(f"{name}:{entry.name}", partial(_tar_member, archive, entry, section, copies))
            if unpack:
                _drain(stream)
    except SourceError as error:
        yield Result(name, State.UNREADABLE, str(error))
    except Exception:  # as those who read it, see `_told`
        yield Result(name, State.UNREADABLE, _DAMAGED)


def _tar_member(
    archive: tarfile.TarFile, entry: tarfile.TarInfo, section: Section | None, copies: _Copies
) -> BodySource:
    if not entry.isfile():
        link = entry.issym() or entry.islnk()
        raise _Passed("it is a link, no file" if link else "it is a device or a pipe, no file")
    if section is not None:
        if section.offset + section.length > section.whole.length:
            raise EOFError
        return section
    with cast("IO[bytes]", archive.extractfile(entry)) as reader:
        return copies.of(iter(partial(reader.read, BLOCK), b""), entry.size)


def _drain(stream: IO[bytes]) -> None:
    """Go on to where the checksum is."""
    left = _PADDING
    while left > 0 and (block := stream.read(BLOCK)):
        left -= len(block)


# --- what both have in common -------------------------------------------------------------------------------


class _Passed(Exception):  # noqa: N818 - nothing is wrong
    """A member is no file; why, in words."""


def _told(name: str, source: Callable[[], BodySource]) -> Member:
    """A member, or why there is none."""
    try:
        return name, source()
    except _Passed as passed:
        return Result(name, State.SKIPPED, str(passed))
    except SourceError as error:
        return Result(name, State.UNREADABLE, str(error))
    except NotImplementedError:
        return Result(name, State.UNREADABLE, "it is compressed in a way that is not supported")
    except Exception:  # the readers promise no exceptions of their own for bytes that make no sense
        return Result(name, State.UNREADABLE, _DAMAGED)


@define
class _Copies:
    """Copies of members, several to a temporary file, which goes with the last of those that are in it."""

    _volume: Kept | None = field(default=None, init=False)

    def of(self, blocks: Iterator[bytes], size: int) -> BodySource:
        """A copy of what `blocks` give, which is said to have `size` bytes."""
        try:
            volume = self._volume
            if volume is None or (volume.length and volume.length + size > _VOLUME):
                volume = self._volume = Kept.of(())
            _make_sure_of(size, volume)
            return volume.append(_read(blocks))
        except OSError as error:
            message = f"cannot keep a copy of it: {error.strerror}; TMPDIR says where it is kept"
            raise SourceError("unreadable-file", message) from None


def _make_sure_of(size: int, volume: Kept) -> None:
    """Do not fill a disk for a member that does not fit, or only says so."""
    status = os.fstatvfs(volume.file.fileno())
    if size > status.f_bavail * status.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Tell what fails in reading from what fails in writing."""
    try:
        yield from blocks
    except OSError:
        raise EOFError from None
