"""The record that programs pass as a raw body."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from cursorkit.files import file_source
from cursorkit.wire.source import BodySource  # noqa: TC001 - the class is a schema, whose annotations are read


def _source_of(data: bytes | Path | BodySource) -> bytes | BodySource:
    return file_source(data) if isinstance(data, Path) else data


@frozen
class HttpBody:
    """The raw body of an HTTP request: google.api.HttpBody, without its answer-only `extensions`.

    Attributes:
        content_type: the value of the Content-Type header.
        data: the bytes, or a source of them; a `Path` becomes the source of that file. Not in `repr`.

    Raises:
        SourceError: the path names no readable file.
    """

    content_type: str | None = None
    data: bytes | Path | BodySource = field(default=b"", converter=_source_of, repr=False)
