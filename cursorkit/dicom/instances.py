"""Which instances a body holds, read by pydicom."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.errors import CursorkitError, MissingExtraError
from cursorkit.wire.multipart import MultipartError, media_type, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cursorkit.wire.multipart import Readable
    from cursorkit.wire.source import BodySource

DICOM = "application/dicom"
RELATED = "multipart/related"

UID = re.compile(r"(?=[0-9.]{1,64}\Z)[0-9]+(\.[0-9]+)*")
"""PS3.5, 9.1; but components with leading zeros, which are wrong, do no harm, and occur."""

_HEADS = (64 * 1024, 4 * 1024 * 1024)
"""Bytes of a file, inflated if need be, within which its identifiers must stand: as a rule, and at most. A
data set is sorted by tag (PS3.5, 7.1), and they come before nearly everything in it."""

_PREFIX = slice(128, 132)
_MEDIA_CLASS = 0x00020002
_TRANSFER_SYNTAX = 0x00020010
_META_TAGS = (_MEDIA_CLASS, _TRANSFER_SYNTAX)
_LAST_META = 0x0002FFFF
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_DIRECTORY = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage (PS3.4, B.5): what a DICOMDIR is, which holds no instance."""

_TAGS = {
    0x0020000D: "Study Instance UID",
    0x0020000E: "Series Instance UID",
    0x00080018: "SOP Instance UID",
    0x00080016: "SOP Class UID",
}
_LAST = max(_TAGS)
_CHARACTER_SET = 0x00080005
_MODALITY = 0x00080060
_NO_TAG = 0xFFFFFFFF

_ITEM = (0xFFFE, 0xE000)
_END_OF_SEQUENCE = (0xFFFE, 0xE0DD)
_UNDEFINED = 0xFFFFFFFF
"""The length of what ends with a delimiter."""

_CODE = re.compile(r"[A-Z0-9 _]{0,16}")
"""A code string (PS3.5, 6.2). What is none is not shown to anybody: who knows what it is."""


class NotDicomError(CursorkitError):
    """Bytes that are no DICOM file, or one that does not say which instance it is.

    Attributes:
        understood: whether they are a DICOM file at all.
    """

    def __init__(self, message: str, *, understood: bool) -> None:
        super().__init__(message)
        self.understood = understood


@frozen(repr=False)
class Instance:
    """The identifiers of a DICOM instance, as its file has them. They do not show in `repr`.

    Attributes:
        study: its Study Instance UID (0020,000D).
        series: its Series Instance UID (0020,000E).
        sop_instance: its SOP Instance UID (0008,0018).
        sop_class: its SOP Class UID (0008,0016).
        modality: what made it (0008,0060), `CT` for example; empty where the file does not say.
        transfer_syntax: how it is encoded (0002,0010); empty where the file does not say.
    """

    study: str
    series: str
    sop_instance: str
    sop_class: str
    modality: str = ""
    transfer_syntax: str = ""


def require_pydicom(what_for: str) -> None:
    """Make sure that DICOM can be read.

    Raises:
        MissingExtraError: pydicom is not installed.
    """
    from importlib.util import find_spec

    if find_spec("pydicom") is None:
        raise MissingExtraError("dicom", what_for)


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins with `head`, 132 bytes or more, claims to be DICOM (PS3.10, 7.1)."""
    return head[_PREFIX] == b"DICM"


def is_directory(head: bytes) -> bool:
    """Whether a file that begins with `head`, a few KiB of it, is a DICOMDIR (PS3.10, 8.6)."""
    if not is_dicom(head):
        return False
    with suppress(Exception):  # as in `read_instance`
        meta, _ = _elements(_behind_prefix(head), _META_TAGS, _LAST_META)
        return _text(meta, _MEDIA_CLASS) == _DIRECTORY
    return False


def read_instance(reader: Readable) -> Instance:
    """The identifiers of the DICOM file (PS3.10) in `reader`.

    As a rule, 64 KiB of it are read; 4 MiB at most, where they do not stand in these.

    Raises:
        NotDicomError: it is no DICOM file, or an identifier is missing or comes later than that.
        MissingExtraError: pydicom is not installed.
    """
    require_pydicom("reading DICOM")
    head = b""
    for most in _HEADS:
        head = _head(reader, head, most)
        if not is_dicom(head):
            raise NotDicomError(
                "this is not a DICOM file: its first 132 bytes do not end in DICM", understood=False
            )
        try:
            found, whole = _identifiers(head, most)
        except Exception:  # pydicom promises no exceptions of its own for bytes that make no sense
            found, whole = None, False
        if whole:
            break
    if found is None:
        raise NotDicomError("this is a DICOM file that cannot be read", understood=False)
    if found[_MEDIA_CLASS] == _DIRECTORY:
        raise NotDicomError("this is an index of files (DICOMDIR), no instance", understood=True)
    missing = [name for tag, name in _TAGS.items() if not found[tag]]
    if missing:
        raise NotDicomError(f"the DICOM file has no {' and no '.join(missing)}", understood=True)
    return Instance(*(found[tag] for tag in (*_TAGS, _MODALITY, _TRANSFER_SYNTAX)))


def sent_instances(content_type: str, source: BodySource) -> tuple[str | None, ...] | None:
    """The SOP Instance UID of every part of the body of a store transaction.

    Returns:
        One for each part, None for a part that cannot be read; None instead of all of them for a body that is
        neither a DICOM file nor made of such.

    Raises:
        MissingExtraError: pydicom is not installed.
        SourceError: the body cannot be read.
    """
    kind, parameters = media_type(content_type)
    related = kind == RELATED and parameters.get("type", "").lower() == DICOM
    if not related and kind != DICOM:
        return None
    with source.open() as reader:
        if not related:
            return (_sop_instance(reader),)
        try:
            return tuple(_sop_instance(part) for _, part in split(reader, parameters.get("boundary", "")))
        except MultipartError:
            return None


def _sop_instance(reader: Readable) -> str | None:
    try:
        return read_instance(reader).sop_instance
    except NotDicomError:
        return None


def _head(reader: Readable, head: bytes, most: int) -> bytes:
    """The first `most` bytes, of which `head` are read already; less only where there are no more."""
    blocks = [head]
    left = most - len(head)
    while left and (block := reader.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def _behind_prefix(head: bytes) -> io.BytesIO:
    stream = io.BytesIO(head)
    stream.seek(_PREFIX.stop)
    return stream


def _identifiers(head: bytes, most: int) -> tuple[dict[int, str], bool]:
    """What identifies an instance, by tag, and whether a longer head could not tell more."""
    stream = _behind_prefix(head)
    meta, _ = _elements(stream, _META_TAGS, _LAST_META)
    syntax = _text(meta, _TRANSFER_SYNTAX)
    whole = len(head) < most
    if syntax == _DEFLATED:
        # pydicom would inflate all of it, pixels and bombs included.
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(), most)
        whole = whole and len(inflated) < most
        stream = io.BytesIO(inflated)
    values, passed = _elements(stream, (*_TAGS, _MODALITY), _LAST, little=syntax != _BIG_ENDIAN)
    found = {tag: _text(meta | values, tag) for tag in (*_TAGS, _MODALITY, *_META_TAGS)}
    # Other than in a UID, a blank before a code means nothing (PS3.5, 6.2).
    found[_MODALITY] = found[_MODALITY].lstrip(" ")
    if not _CODE.fullmatch(found[_MODALITY]):
        found[_MODALITY] = ""
    return found, whole or passed


def _elements(
    stream: io.BytesIO, tags: Iterable[int], last: int, *, little: bool = True, implicit: bool = False
) -> tuple[dict[int, object], bool]:
    """The values of `tags`, and whether there is an element behind `last`: the stream stands before it, then.

    What pydicom thinks of a character set, or of what is in a sequence, it tells the whole process, and
    quotes it. So it is stopped there, and that is passed over.
    """
    from pydicom.filereader import data_element_generator

    implicit = implicit or _is_implicit(stream)
    found: dict[int, object] = {}
    stops: list[tuple[int, int, int]] = []

    def stop(tag: int, _vr: str | None, length: int) -> bool:
        if tag > last or tag == _CHARACTER_SET or length == _UNDEFINED:
            stops.append((tag, length, stream.tell()))
        return bool(stops)

    while True:
        for element in data_element_generator(stream, implicit, little, stop, specific_tags=[*tags]):
            found[element.tag] = element.value
        if not stops or stops[0][0] > last:
            return found, bool(stops)
        _, length, position = stops.pop()
        if length == _UNDEFINED:
            stream.seek(position)
            _pass_items(stream, little=little, implicit=implicit)
        else:
            stream.seek(position + length)


def _pass_items(stream: io.BytesIO, *, little: bool, implicit: bool) -> None:
    """Go on to the end of a sequence of undefined length (PS3.5, 7.5)."""
    header = Struct("<HHL" if little else ">HHL")
    while len(read := stream.read(header.size)) == header.size:
        group, number, length = header.unpack(read)
        if (group, number) == _END_OF_SEQUENCE:
            return
        if (group, number) != _ITEM:
            raise ValueError("a sequence holds something else than items")
        if length == _UNDEFINED:
            # pydicom ends where the item does.
            _elements(stream, (_NO_TAG,), _NO_TAG, little=little, implicit=implicit)
        else:
            stream.seek(length, io.SEEK_CUR)


def _is_implicit(stream: io.BytesIO) -> bool:
    """Whether what follows has no value representations, whatever a file says of itself: many are wrong."""
    start = stream.read(6)
    stream.seek(-len(start), io.SEEK_CUR)
    return not (start[4:].isalpha() and start[4:].isupper())


def _text(found: Mapping[int, object], tag: int) -> str:
    """A UID or a code as it stands there, without the padding (PS3.5, 6.2); empty where there is none."""
    value = found.get(tag)
    return value.decode("ascii", "replace").rstrip("\0 ") if isinstance(value, bytes) else ""
