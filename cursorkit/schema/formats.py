"""The formats of strings: what a text must look like beside being text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cursorkit.schema.mismatch import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable


def check(form: str, text: str) -> None:
    """Let `text` pass if it is of the format `form`; formats that nobody here knows are not checked.

    Raises:
        Mismatch: it is not.
    """
    known = _FORMATS.get(form)
    if known is not None:
        known(text)


def base64_bytes(text: str) -> bytes:
    """The bytes that `text` is the base64 of, in either alphabet, with its padding or without it.

    Raises:
        Mismatch: it is no base64.
    """
    from base64 import b64decode
    from binascii import Error

    standard = text.translate(_TO_STANDARD_BASE64)
    try:
        return b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (Error, ValueError):
        raise Mismatch(
            "bad-format", "base64 is expected, such as AAEC; @=FILE takes a file as it is"
        ) from None


_TO_STANDARD_BASE64 = str.maketrans("-_", "+/")


def _date_time(text: str) -> None:
    from datetime import datetime

    if _DATE_TIME.fullmatch(text):
        try:
            datetime.fromisoformat(text.upper())
        except ValueError:
            pass
        else:
            return
    raise Mismatch("bad-format", "a time is written as 2026-01-31T12:30:00Z")


_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _date(text: str) -> None:
    from datetime import date

    try:
        date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise Mismatch("bad-format", "a date is written as 2026-01-31") from None


def _matching(pattern: str, message: str) -> Callable[[str], None]:
    expression = re.compile(pattern)

    def check(text: str) -> None:
        if not expression.fullmatch(text):
            raise Mismatch("bad-format", message)

    return check


def _header(text: str) -> None:
    """RFC 9110, 5.5, without the bytes beyond ASCII and without obsolete folding."""
    if not text:
        raise Mismatch("bad-format", "the value is empty")
    odd = re.search(r"[^\t\x20-\x7e]|\A[\t ]|[\t ]\Z", text)
    if odd is not None:
        raise Mismatch(
            "bad-format",
            "an HTTP header takes printable ASCII only, and no blank at its ends",
            span=odd.span(),
        )


def _segment(text: str) -> None:
    if "/" in text:
        at = text.index("/")
        raise Mismatch("bad-format", "one path segment is expected, without '/'", span=(at, at + 1))
    _path(text)


def _path(text: str) -> None:
    """Segments that no server can take for anything but themselves: RFC 3986, 3.3 and 5.2.4."""
    start = 0
    for segment in text.split("/"):
        end = start + len(segment)
        if segment in {"", ".", ".."}:
            what = f"the segment '{segment}'" if segment else "an empty segment"
            raise Mismatch("bad-format", f"{what} is not allowed in a path", span=(start, end))
        odd = re.search(r"[?#%\\\x00-\x1f\x7f-\x9f]", segment)
        if odd is not None:
            span = (start + odd.start(), start + odd.end())
            raise Mismatch(
                "bad-format",
                "'?', '#', '%', '\\' and control characters are not allowed in a path",
                span=span,
            )
        start = end + 1


_FORMATS: dict[str, Callable[[str], None]] = {
    "date-time": _date_time,
    "google-datetime": _date_time,
    "date": _date,
    "google-duration": _matching(r"-?[0-9]+(\.[0-9]{1,9})?s", "a duration is written as 1.5s"),
    "google-fieldmask": _matching(r"[\w.*`/-]+(,[\w.*`/-]+)*", "a field mask is written as name,labels.env"),
    "header": _header,
    "path": _path,
    "segment": _segment,
    "token": _header,
}
