"""Several DICOM files as the body of one store transaction (PS3.18, 8.6.1.2.1 and 10.5)."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

from cursorkit.files import file_source
from cursorkit.wire.message import Headers
from cursorkit.wire.multipart import Part, encode

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from cursorkit.wire.source import BodySource

_DICOM = Headers([("Content-Type", "application/dicom")])


class Multipart(NamedTuple):
    """A body of several parts, such as `HttpBody(*multipart(paths))` takes.

    Attributes:
        content_type: for the Content-Type header.
        source: the bytes, streamed from the files on every attempt.
    """

    content_type: str
    source: BodySource


def multipart(paths: Iterable[str | os.PathLike[str]], *, boundary: str | None = None) -> Multipart:
    """The files at `paths` as one multipart/related body, byte for byte and in their order.

    Args:
        paths: DICOM files (PS3.10). They are looked at now, and read one by one when the body is sent.
        boundary: what separates them; by default 128 random bits, so that no file can hold it on purpose.

    Raises:
        SourceError: a file cannot be read.
        MultipartError: the boundary is none.
    """
    return of_sources(map(file_source, paths), boundary=boundary)


def of_sources(sources: Iterable[BodySource], *, boundary: str | None = None) -> Multipart:
    """The same for DICOM files (PS3.10) wherever they are.

    Raises:
        MultipartError: the boundary is none.
    """
    separator = token_hex(16) if boundary is None else boundary
    source = encode([Part(_DICOM, each) for each in sources], separator)
    return Multipart(f'multipart/related; type="application/dicom"; boundary="{separator}"', source)
