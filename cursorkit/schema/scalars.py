"""Readers of scalars: the text of an argument, or a value of a program, to what goes on the wire."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, NoReturn

from cursorkit.errors import CursorkitError
from cursorkit.wire.source import BodySource, Bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.errors import Span
    from cursorkit.schema.types import Content, Scalar


class Mismatch(CursorkitError):  # noqa: N818 - not an error of the process but a finding about a value
    """A value that does not fit its schema.

    Attributes:
        kind: the stable name of the error.
        span: where in the text that was read; None for all of it.
        hint: what to do about it.
        place: where below the value that was checked, as wire names and indices.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        span: Span | None = None,
        hint: str = "",
        place: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.span = span
        self.hint = hint
        self.place = place


_BOUNDS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST_DIGITS = 400
"""Python converts longer integers only unwillingly, and no format reaches that far."""


def read(scalar: Scalar, text: str) -> Content:
    """What `text`, the value of an argument, means on the wire.

    Raises:
        Mismatch: the text is no value of the scalar.
    """
    return _READERS[scalar.type](scalar, text)


def admit(scalar: Scalar, value: object) -> Content:
    """What `value`, given by a program or a JSON document, means on the wire.

    Raises:
        Mismatch: the value is none of the scalar's.
    """
    return _ADMITTERS[scalar.type](scalar, value)


# --- text ------------------------------------------------------------------------------------------------


def _read_string(scalar: Scalar, text: str) -> str:
    _unicode(text)
    text = dict(scalar.synonyms).get(text, text)
    if scalar.format == "token":
        text = text.strip()
    if scalar.enum and text not in scalar.enum:
        _not_in_enum(scalar, text)
    check = _FORMATS.get(scalar.format)
    if check is not None:
        check(text)
    if scalar.pattern and not _compiled(scalar.pattern).search(text):
        raise Mismatch("bad-format", f"the value must match {scalar.pattern}")
    return text


def _read_boolean(_scalar: Scalar, text: str) -> bool:
    if text not in {"true", "false"}:
        raise Mismatch("wrong-type", "a boolean is true or false")
    return text == "true"


def _read_integer(scalar: Scalar, text: str) -> int | str:
    if not _INTEGER.fullmatch(text):
        raise Mismatch("wrong-type", "a whole number is expected, such as 42")
    if len(text) > _MOST_DIGITS:
        raise Mismatch("out-of-range", "the number has too many digits")
    return _within(scalar, int(text))


def _read_number(_scalar: Scalar, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Mismatch("wrong-type", "a number is expected, such as 2.5")
    return _finite(float(text))


def _read_bytes(_scalar: Scalar, text: str) -> str:
    _base64(text)
    return text


def _read_raw(_scalar: Scalar, text: str) -> BodySource:
    # The argument's own bytes, as `os.fsencode` gives them; this room does not import os.
    try:
        return Bytes(text.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()))
    except UnicodeEncodeError:
        raise Mismatch("not-unicode", "the value holds half a character, which stands for no bytes") from None


# --- values of programs and of JSON ------------------------------------------------------------------------


def _admit_string(scalar: Scalar, value: object) -> str:
    if not isinstance(value, str):
        _wrong_type("a string", value)
    return _read_string(scalar, value)


def _admit_boolean(_scalar: Scalar, value: object) -> bool:
    if not isinstance(value, bool):
        _wrong_type("true or false", value)
    return value


def _admit_integer(scalar: Scalar, value: object) -> int | str:
    if isinstance(value, str) and scalar.quoted:
        return _read_integer(scalar, value)
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong_type("a whole number", value)
    return _within(scalar, value)


def _admit_number(_scalar: Scalar, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong_type("a number", value)
    return _finite(value)


def _admit_bytes(scalar: Scalar, value: object) -> str:
    if isinstance(value, bytes):
        from base64 import b64encode

        return b64encode(value).decode("ascii")
    if not isinstance(value, str):
        _wrong_type("bytes, or a base64 string", value)
    return _read_bytes(scalar, value)


def _admit_raw(_scalar: Scalar, value: object) -> BodySource:
    if isinstance(value, bytes):
        return Bytes(value)
    if not isinstance(value, BodySource):
        _wrong_type("bytes, or a source of bytes", value)
    return value


# --- checks -------------------------------------------------------------------------------------------


def _wrong_type(expected: str, value: object) -> NoReturn:
    raise Mismatch("wrong-type", f"{expected} is expected, not {_json_type(value)}")


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", type(None): "null"}
    return names.get(type(value)) or f"a value of type {type(value).__name__}"


def _unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Mismatch("not-unicode", "the value is not UTF-8 text", span=(error.start, error.end)) from None


def _not_in_enum(scalar: Scalar, text: str) -> NoReturn:
    from difflib import get_close_matches

    near = get_close_matches(text, scalar.enum, 1)
    shown = ", ".join(scalar.enum[:12]) + (", …" if len(scalar.enum) > 12 else "")
    raise Mismatch(
        "not-in-enum",
        f"the value is none of {shown}",
        hint=f"did you mean '{near[0]}'?" if near else "",
    )


def _within(scalar: Scalar, number: int) -> int | str:
    low, high = _BOUNDS.get(scalar.format, (scalar.minimum, scalar.maximum))
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"{'' if low is None else low} to {'' if high is None else high}"
        raise Mismatch(
            "out-of-range", f"the number is outside {scalar.format or 'the range'} ({bounds.strip()})"
        )
    return str(number) if scalar.quoted else number


def _finite(number: float) -> float:
    if not isfinite(number):
        raise Mismatch("out-of-range", "JSON has no number as large as this")
    return number


def _base64(text: str) -> None:
    from base64 import b64decode
    from binascii import Error

    standard = text.translate(_TO_STANDARD_BASE64)
    try:
        b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (Error, ValueError):
        raise Mismatch("bad-format", "base64 is expected; @=FILE takes a file as it is") from None


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
        raise Mismatch("empty-value", "the value is empty")
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

_READERS: dict[str, Callable[[Scalar, str], Content]] = {
    "string": _read_string,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "number": _read_number,
    "bytes": _read_bytes,
    "raw": _read_raw,
}
_ADMITTERS: dict[str, Callable[[Scalar, object], Content]] = {
    "string": _admit_string,
    "boolean": _admit_boolean,
    "integer": _admit_integer,
    "number": _admit_number,
    "bytes": _admit_bytes,
    "raw": _admit_raw,
}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Documents mean the very end by their last "$"; Python would let a newline follow.
    return re.compile(re.sub(r"(?<!\\)\$\Z", r"\\Z", pattern))
