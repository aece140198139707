"""Request and answer as values: what a transport takes and gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.errors import MASK, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.wire.source import BodySource

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-goog-api-key", "cookie", "set-cookie"})
"""Headers whose values no message, log or `repr` may show, in lower case."""

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
    "content-range": r"bytes (?:\d{1,18}-\d{1,18}|\*)/\d{1,18}",
    "content-type": _MEDIA_TYPE,
    "date": _DATE,
    "range": r"bytes=0-\d{1,18}",
    "retry-after": rf"\d{{1,9}}|{_DATE}",
    "transfer-encoding": _CODING,
    "x-upload-content-length": r"\d{1,18}",
    "x-upload-content-type": _MEDIA_TYPE,
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
        return Headers((n, MASK if n.lower() in SECRET_HEADERS else v) for n, v in self.items)

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
        return MASK, MASK
    kind, semicolon, _ = value.partition(";")
    if not re.fullmatch(_HARMLESS.get(name.lower(), "(?!)"), kind, re.ASCII):
        return name, MASK
    return name, f"{kind}; {MASK}" if semicolon else kind


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
        follow_up: what to send in its place once it was tried: it asks what became of it. None where the
            request itself is sent again.
        large: whether its answer may have any size, and take any time as long as it goes on.
    """

    verb: str
    url: str = field(repr=False)
    headers: Headers
    body: BodySource = field(repr=False)
    idempotent: bool = False
    template: str = ""
    follow_up: Request | None = field(default=None, repr=False)
    large: bool = False


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
class Attempt:
    """An attempt that another one followed.

    Attributes:
        sent: what of the body left.
        status: that of its answer; None where there was no whole one.
        fault: what happened, in words.
    """

    sent: Sent
    status: int | None
    fault: str

    @property
    def unsettled(self) -> bool:
        """Whether it may have done what was asked, or some of it, though no answer of use says so."""
        answered = self.status is not None and self.status >= 300
        return not answered and (self.sent.whole or self.sent.octets > 0)


@frozen
class History:
    """What came before the last attempt, and why that was the last.

    Attributes:
        earlier: the attempts before it, in order.
        ended: why no other followed though it may have helped, in words; empty where that is not so.
    """

    earlier: tuple[Attempt, ...] = ()
    ended: str = ""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the earlier attempts leave open, in words."""
        last = {each.sent.whole: each for each in self.earlier if each.unsettled}
        return tuple(map(_doubt, last.values()))

    def then(self, later: History) -> History:
        """This one, and what followed."""
        return History((*self.earlier, *later.earlier), later.ended)

    def told_with(self, error: SourceError) -> SourceError:
        """`error`, which ended it all, and what the earlier attempts leave open."""
        return SourceError(error.kind, "\n".join([str(error), *self.doubts])) if self.doubts else error


def _doubt(attempt: Attempt) -> str:
    if attempt.sent.whole:
        return f"an earlier attempt sent everything, and may have been carried out: {attempt.fault}"
    return f"an earlier attempt was cut off after {attempt.sent.octets} bytes, which may have been kept"


@frozen
class Response:
    """A whole answer: its framing was checked, nothing of it is missing.

    Attributes:
        status: the HTTP status code.
        headers: the header fields.
        body: the answer's body; spooled to disk where it is large. Its bytes do not show in `repr`.
        sent: what left before it came.
        history: the attempts before this one.
        secrets: what the answer may repeat, and nobody may be quoted with. None of it shows in `repr`.
    """

    status: int
    headers: Headers
    body: BodySource = field(repr=False)
    sent: Sent
    history: History = History()
    secrets: tuple[str, ...] = field(default=(), repr=False)
