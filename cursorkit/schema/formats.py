"""The formats of strings: what a text must look like beside being text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.schema.mismatch import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Format:
    """What texts of a format are.

    Attributes:
        kind: what one is called, with its article.
        example: one.
        check: lets a text pass that is one; raises ValueError for any other, or a `Mismatch` that tells more.
    """

    kind: str
    example: str
    check: Callable[[str], object]


def check(form: str, text: str) -> None:
    """Let `text` pass if it is of the format `form`; formats that nobody here knows are not checked.

    Raises:
        Mismatch: it is not.
    """
    known = FORMATS.get(form)
    if known is None:
        return
    try:
        known.check(text)
    except ValueError:
        raise Mismatch("bad-format", f"{known.kind} is expected, such as {known.example}") from None


def base64_bytes(text: str) -> bytes:
    """The bytes that `text` is the base64 of, in either alphabet, with its padding or without it.

    Raises:
        Mismatch: it is no base64.
    """
    from base64 import b64decode
    from binascii import Error

    digits = text.rstrip("=")
    padding = "=" * (-len(digits) % 4)
    if text not in {digits, digits + padding}:
        raise _no_base64()
    try:
        return b64decode(digits.translate(_TO_STANDARD_BASE64) + padding, validate=True)
    except (Error, ValueError):
        raise _no_base64() from None


def _no_base64() -> Mismatch:
    hint = "@=FILE takes the bytes of a file"
    return Mismatch("bad-format", "base64 is expected, such as AAEC", beyond=hint)


_TO_STANDARD_BASE64 = str.maketrans("-_", "+/")


def _date_time(text: str) -> None:
    from datetime import datetime

    _time(text)
    datetime.fromisoformat(text.upper())


def _date(text: str) -> None:
    from datetime import date

    _day(text)
    date.fromisoformat(text)


def _matching(pattern: str) -> Callable[[str], None]:
    expression = re.compile(pattern)

    def check(text: str) -> None:
        if not expression.fullmatch(text):
            raise ValueError

    return check


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_day = _matching(_DAY)
_time = _matching(
    rf"{_DAY}[Tt]([01][0-9]|2[0-3]):[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"
)


def _header(text: str) -> None:
    """RFC 9110, 5.5, without the bytes beyond ASCII and without obsolete folding."""
    if not text:
        raise ValueError
    odd = re.search(r"[^\t\x20-\x7e]|\A[\t ]|[\t ]\Z", text)
    if odd is not None:
        raise Mismatch(
            "bad-format",
            "an HTTP header takes printable ASCII only, and no blank at its ends",
            span=odd.span(),
        )


def _path(text: str) -> None:
    """Segments that no server can take for anything but themselves: RFC 3986, 3.3 and 5.2.4."""
    start = 0
    for segment in text.split("/"):
        _check_segment(
            segment, start, r"[?#%\\\x00-\x1f\x7f-\x9f]", "'?', '#', '%', '\\' and control characters"
        )
        start += len(segment) + 1


def _segment(text: str) -> None:
    """One of them, which is percent-encoded as a whole: what has a meaning in a URL loses it."""
    _check_segment(text, 0, r"[\x00-\x1f\x7f-\x9f]", "control characters")


def _check_segment(segment: str, start: int, odd: str, called: str) -> None:
    if segment in {"", ".", ".."}:
        what = f"the segment '{segment}'" if segment else "an empty segment"
        raise Mismatch("bad-format", f"{what} is not allowed in a path", span=(start, start + len(segment)))
    found = re.search(odd, segment)
    if found is not None:
        span = (start + found.start(), start + found.end())
        raise Mismatch("bad-format", f"{called} are not allowed in a path", span=span)


FORMATS: dict[str, Format] = {
    "date-time": Format("a time", "2026-01-31T12:30:00Z", _date_time),
    "google-datetime": Format("a time", "2026-01-31T12:30:00Z", _date_time),
    "date": Format("a date", "2026-01-31", _date),
    "google-duration": Format("a duration in seconds", "1.5s", _matching(r"-?[0-9]+(\.[0-9]{1,9})?s")),
    "google-fieldmask": Format("a field mask", "name,labels.env", _matching(r"[\w.*`/-]+(,[\w.*`/-]+)*")),
    "header": Format("a header value", "text/plain", _header),
    "path": Format("a path", "a/b", _path),
    "segment": Format("one segment of a path", "a", _segment),
    "token": Format("a token", "abc", _header),
}
"""The formats that are checked, by their names in documents."""
