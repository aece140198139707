"""Media that goes with a call: whether a method takes it, and how it becomes part of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import evolve, field, frozen

from cursorkit.errors import Problem, listed, quoted
from cursorkit.methods.encoding import Load
from cursorkit.schema.names import cli_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from cursorkit.methods.method import Method
    from cursorkit.wire.source import BodySource

OCTETS = "application/octet-stream"
"""The media type of bytes of which nothing is known (RFC 2046, 4.5.1)."""

_SAID = ("uploadType", "upload_protocol")
"""The parameters that say how media is sent; requests with media set them themselves."""


def _by_chance() -> str:
    from secrets import token_hex

    return token_hex(16)


@frozen
class Media:
    """What media a method takes, beside its body or without one.

    Attributes:
        paths: by the name of each protocol that it offers, `simple` or `resumable`, where it is sent: a
            template like `Method.path`.
        accept: the media types that are taken, such as `image/*`; all, if empty.
        most: bytes that it may have; None for any number.
    """

    paths: Mapping[str, str]
    accept: tuple[str, ...] = ()
    most: int | None = None


@frozen
class Upload:
    """Media that goes with a call.

    Attributes:
        source: its bytes. They do not show in `repr`.
        content_type: its media type.
        protocol: how it is sent. `simple` is one request, in which the body of the call goes along. With
            `resumable`, what the server has of it need not be sent again when a connection breaks.
        trusted_hosts: who it may be sent to if the server says so, beside the server itself and, if that is
            one of Google's, others of Google's.
        boundary: what separates it from the body of the call; by default 128 random bits, so that no file
            can hold it on purpose.
    """

    source: BodySource = field(repr=False)
    content_type: str = OCTETS
    protocol: Literal["simple", "resumable"] = "simple"
    trusted_hosts: tuple[str, ...] = ()
    boundary: str = field(factory=_by_chance, repr=False, eq=False)


def refusals(method: Method, upload: Upload, parameters: Container[str]) -> Iterator[Problem]:
    """Why `method` does not take `upload`.

    Args:
        method: what it goes with.
        upload: the media.
        parameters: the wire names of those that are set.

    Raises:
        SourceError: the media cannot be read.
    """
    yield from (
        _problem(f"the parameter '{cli_name(name)}' is set by the upload itself")
        for name in _SAID
        if name in parameters
    )
    media = method.media
    if media is None:
        yield _problem(f"{method.id} takes no media")
        return
    if upload.protocol not in media.paths:
        yield _problem(f"{method.id} takes no {upload.protocol} uploads, but {listed(media.paths)} ones")
    if not _is_accepted(media, upload.content_type):
        yield _problem(
            f"{method.id} takes no media of the type {quoted(upload.content_type)}, "
            f"but of these: {listed(media.accept)}"
        )
    if media.most is not None and upload.source.length > media.most:
        yield _problem(
            f"{method.id} takes media of {media.most} bytes at most, and this has {upload.source.length}"
        )


def joined(method: Method, upload: Upload, body: Load | None) -> tuple[Method, str, Load]:
    """`upload` and the body of the call in one request, or in the first one of several.

    Args:
        method: what is asked for; it takes the upload.
        upload: the media.
        body: the body of the call; None where nothing is set in it.

    Returns:
        The method as it is asked then, the value of its parameter `uploadType`, and what the request carries.
    """
    paths = {} if method.media is None else method.media.paths
    # Sent twice, media becomes two things, whatever the method does without it.
    asked = evolve(method, path=paths[upload.protocol], idempotent=False)
    if upload.protocol == "resumable":
        announced = (
            ("X-Upload-Content-Type", upload.content_type),
            ("X-Upload-Content-Length", str(upload.source.length)),
        )
        body = body or Load()
        return asked, "resumable", Load((*body.headers, *announced), body.source)
    kind = ("Content-Type", upload.content_type)
    if body is None:
        return asked, "media", Load((kind,), upload.source)
    from cursorkit.wire.message import Headers
    from cursorkit.wire.multipart import Part, encode

    parts = (Part(Headers(body.headers), body.source), Part(Headers([kind]), upload.source))
    related = f"multipart/related; boundary={upload.boundary}"
    return asked, "multipart", Load((("Content-Type", related),), encode(parts, upload.boundary))


def _is_accepted(media: Media, content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    patterns = [each.lower() for each in media.accept] or ["*/*"]
    return any(
        each in {"*/*", kind} or (each.endswith("/*") and kind.startswith(each[:-1])) for each in patterns
    )


def _problem(message: str) -> Problem:
    return Problem("usage", message, label="")
