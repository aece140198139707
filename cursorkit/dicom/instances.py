"""Which instances a body holds, read by pydicom."""

from __future__ import annotations

import io
import logging
import warnings
import zlib
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.errors import CursorkitError, MissingExtraError
from cursorkit.wire.multipart import MultipartError, media_type, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from cursorkit.wire.multipart import Readable
    from cursorkit.wire.source import BodySource

DICOM = "application/dicom"
RELATED = "multipart/related"

_HEAD = 4 * 1024 * 1024
"""Bytes of a file, inflated if need be, within which its identifiers must stand. A data set is sorted by tag
(PS3.5, 7.1), and they come before nearly everything in it, so a few KiB are what it takes as a rule."""

_PREFIX = slice(128, 132)
_META_GROUP = 0x0002
_TRANSFER_SYNTAX = 0x00020010
_IMPLICIT = "1.2.840.10008.1.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_TAGS = {
    0x0020000D: "Study Instance UID",
    0x0020000E: "Series Instance UID",
    0x00080018: "SOP Instance UID",
    0x00080016: "SOP Class UID",
}
_LAST = max(_TAGS)


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
    """

    study: str
    series: str
    sop_instance: str
    sop_class: str


def require_pydicom(what_for: str) -> None:
    """Make sure that DICOM can be read.

    Raises:
        MissingExtraError: pydicom is not installed.
    """
    from importlib.util import find_spec

    if find_spec("pydicom") is None:
        raise MissingExtraError("dicom", what_for)


def read_instance(reader: Readable) -> Instance:
    """The identifiers of the DICOM file (PS3.10) in `reader`, of which the first 4 MiB are read at most.

    Raises:
        NotDicomError: it is no DICOM file, or an identifier is missing or comes later than that.
        MissingExtraError: pydicom is not installed.
    """
    require_pydicom("reading DICOM")
    stream = io.BytesIO(_head(reader))
    if stream.read(_PREFIX.stop)[_PREFIX] != b"DICM":
        raise NotDicomError(
            "this is not a DICOM file: its first 132 bytes do not end in DICM", understood=False
        )
    try:
        with _quiet():
            dataset = _dataset(stream)
            found = {tag: _uid(dataset, tag) for tag in _TAGS}
    except Exception:  # pydicom promises no exceptions of its own for bytes that make no sense
        raise NotDicomError("this is a DICOM file that cannot be read", understood=False) from None
    missing = [name for tag, name in _TAGS.items() if not found[tag]]
    if missing:
        raise NotDicomError(f"the DICOM file has no {' and no '.join(missing)}", understood=True)
    return Instance(*found.values())


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


def _head(reader: Readable) -> bytes:
    blocks: list[bytes] = []
    left = _HEAD
    while left and (block := reader.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def _dataset(stream: io.BytesIO) -> Dataset:
    """The identifiers among the elements of a file whose preamble is already read."""
    from pydicom.filereader import read_dataset

    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag >> 16 != _META_GROUP,
    )
    syntax = _uid(meta, _TRANSFER_SYNTAX)
    if syntax == _DEFLATED:
        # pydicom would inflate all of it, pixels and bombs included.
        stream = io.BytesIO(zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(), _HEAD))
    return read_dataset(
        stream,
        is_implicit_VR=syntax in {_IMPLICIT, ""},
        is_little_endian=syntax != _BIG_ENDIAN,
        stop_when=lambda tag, _vr, _length: tag > _LAST,
        specific_tags=list(_TAGS),
    )


def _uid(dataset: Dataset, tag: int) -> str:
    """A UID as it stands in the data set, without the padding (PS3.5, 9.1); empty where there is none."""
    value = dataset.get_item(tag).value if tag in dataset else None
    return value.decode("ascii", "replace").rstrip("\0 ") if isinstance(value, bytes) else ""


_ONE_AT_A_TIME = Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what pydicom says of odd files: it quotes their values, which belong to a patient.

    The filters of warnings are those of the whole process, so only one thread at a time may exchange them.
    """
    reading = get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != reading

    logger = logging.getLogger("pydicom")
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.addFilter(of_others)
        try:
            yield
        finally:
            logger.removeFilter(of_others)
