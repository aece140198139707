"""Request and answer as values: what a transport takes and gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.wire.source import BodySource

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-goog-api-key", "cookie", "set-cookie"})
"""Headers whose values no message, log or `repr` may show, in lower case."""

_HIDDEN = "***"
_DATE = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_MEDIA_TYPE = (
    r"application/(?:dicom(?:\+json|\+xml)?|json|octet-stream|x-www-form-urlencoded|xml)|image/(?:jpeg|png)"
    r"|multipart/(?:form-data|mixed|related)|text/(?:html|plain|xml)|\*/\*"
)
_CODING = "br|chunked|close|deflate|gzip|identity|keep-alive|x-gzip|zstd"
_HARMLESS = {
    "accept": _MEDIA_TYPE,
    "accept-encoding": _CODING,
    "connection": _CODING,
    "content-encoding": _CODING,
    "content-length": r"\d{1,18}",
    "content-type": _MEDIA_TYPE,
    "date": _DATE,
    "retry-after": rf"\d{{1,9}}|{_DATE}",
    "transfer-encoding": _CODING,
}
"""Fields that only say how a message is made up, in lower case, and what they hold then (RFC 9110)."""

_USUAL = SECRET_HEADERS.union(
    _HARMLESS,
    ("alt-svc", "cache-control", "content-disposition", "content-location", "etag", "expires"),
    ("last-modified", "location", "proxy-authenticate", "server", "strict-transport-security", "user-agent"),
    ("vary", "via", "warning", "www-authenticate", "x-goog-user-project", "x-xss-protection"),
    ("x-content-type-options", "x-frame-options"),
)
"""Fields that may be named, in lower case. A server can put what it likes into the name of one, too."""


def _pairs(items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in items)


@frozen(repr=False)
class Headers:
    """HTTP header fields, in order; names are compared without regard to case (RFC 9110, 5.1).

    Attributes:
        items: the fields as (name, value) pairs.
    """

    items: tuple[tuple[str, str], ...] = field(default=(), converter=_pairs)

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name`."""
        wanted = name.lower()
        return next((value for key, value in self.items if key.lower() == wanted), default)

    def adding(self, name: str, value: str) -> Headers:
        """These fields and one more."""
        return Headers((*self.items, (name, value)))

    def masked(self) -> Headers:
        """These fields with `***` for the value of each secret one."""
        return Headers((n, _HIDDEN if n.lower() in SECRET_HEADERS else v) for n, v in self.items)

    def discreet(self) -> Headers:
        """These fields with `***` for all but what may stand in a log.

        A value shows only where it is known to say nothing but how a message is made up: any other may be a
        secret, or tell of a patient, such as the address of a study. Of the names, the usual ones show.
        """
        return Headers(_discreet(name, value) for name, value in self.items)

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self.items)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"Headers({self.discreet().items!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[tuple[tuple[str, str], ...]]]:
        if any(name.lower() in SECRET_HEADERS for name, _ in self.items):
            raise TypeError("header fields that hold a secret cannot be pickled")
        return Headers, (self.items,)

    def __deepcopy__(self, _memo: object) -> Headers:
        return self


def _discreet(name: str, value: str) -> tuple[str, str]:
    if name.lower() not in _USUAL:
        return _HIDDEN, _HIDDEN
    kind, semicolon, _ = value.partition(";")
    if not re.fullmatch(_HARMLESS.get(name.lower(), "(?!)"), kind, re.ASCII):
        return name, _HIDDEN
    return name, f"{kind}; {_HIDDEN}" if semicolon else kind


@frozen
class Request:
    """One HTTP request; the same value may be sent any number of times.

    Attributes:
        verb: the HTTP method, in capitals.
        url: the whole URL, each segment of its path percent-encoded. It never holds a secret, but perhaps the
            identifier of a study, and does not show in `repr`.
        headers: the header fields, `Content-Length` among them.
        body: what to send; every attempt opens it afresh. Its bytes do not show in `repr`.
        idempotent: whether sending it twice does no more than sending it once.
        template: its path below the API's root, with the names of parameters for their values, as logs may
            show it.
    """

    verb: str
    url: str = field(repr=False)
    headers: Headers
    body: BodySource = field(repr=False)
    idempotent: bool = False
    template: str = ""


@frozen
class Sent:
    """Evidence of what left, for one attempt.

    Attributes:
        octets: how many bytes of the body were handed to the network (or store) for certain.
        whole: whether that was all of them.
        sha256: their SHA-256, in hexadecimal.
    """

    octets: int
    whole: bool
    sha256: str


NOTHING_SENT = Sent(0, whole=False, sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""Not a byte of the body left."""


@frozen
class Response:
    """A whole answer: its framing was checked, nothing of it is missing.

    Attributes:
        status: the HTTP status code.
        headers: the header fields.
        body: the answer's body; spooled to disk where it is large. Its bytes do not show in `repr`.
        sent: what left before it came.
    """

    status: int
    headers: Headers
    body: BodySource = field(repr=False)
    sent: Sent
