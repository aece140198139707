"""Readers of scalars: the text of an argument, or a JSON value, to what goes on the wire."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from cursorkit.errors import listed
from cursorkit.schema import formats
from cursorkit.schema.expected import expected, expected_text
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.names import nearest
from cursorkit.schema.patterns import compiled
from cursorkit.wire.source import BodySource, Bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cursorkit.schema.types import Content, Scalar, Schema

_BOUNDS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEANS = ("true", "false")
_MOST_DIGITS = 400
"""Python converts longer integers only unwillingly, and no format reaches that far."""

_NAMED_NUMBERS = dict.fromkeys(("double", "float"), ("NaN", "Infinity", "-Infinity"))
"""By format: what the JSON mapping of protocol buffers calls the floats that JSON has no numbers for."""


def read(scalar: Scalar, text: str) -> Content:
    """What `text`, the value of an argument, means on the wire.

    Raises:
        Mismatch: the text is no value of the scalar.
    """
    if scalar.synonyms or scalar.format == "token":
        text = spelled(scalar, text)
    content = _READERS[scalar.type](scalar, text)
    if scalar.rules:
        _check_rules(scalar, content)
    return content


def admit(scalar: Scalar, value: object) -> Content:
    """`value` itself, which JSON gave, if it is one of the scalar's; of a raw body its base64 is taken too.

    Raises:
        Mismatch: the value is none of the scalar's.
    """
    content = _ADMITTERS[scalar.type](scalar, value)
    if scalar.rules:
        _check_rules(scalar, content)
    return content


def spelled(scalar: Scalar, text: str) -> str:
    """What `text` stands for: without the blanks around a token, and in the spelling that the wire knows."""
    text = text.strip() if scalar.format == "token" else text
    return dict(scalar.synonyms).get(text, text) if scalar.synonyms else text


def wrong_type(schema: Schema, value: object, place: tuple[str | int, ...] = ()) -> Mismatch:
    """That a value of `schema` is expected, and something else was given, whose value is not told."""
    return Mismatch("wrong-type", f"{expected(schema)}, not {_json_type(value)}", place=place)


def _wrong_text(scalar: Scalar, text: str = "", words: Iterable[str] = ()) -> Mismatch:
    return Mismatch("wrong-type", expected_text(scalar), hint=_meant(text, words))


def _meant(text: str, words: Iterable[str]) -> str:
    near = nearest(text, words)
    return "" if near is None else f"did you mean '{near}'?"


def check_unicode(text: str) -> None:
    """Let `text` pass if it can be written in UTF-8.

    Raises:
        Mismatch: it holds half a character.
    """
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Mismatch("not-unicode", "the value is not UTF-8 text", span=(error.start, error.end)) from None


def check_digits(number: int) -> None:
    """Let `number` pass if it can be written in decimal digits, as JSON needs.

    Raises:
        Mismatch: it has more digits than Python writes or reads.
    """
    try:
        str(number)
    except ValueError:
        raise Mismatch("out-of-range", "the number has too many digits") from None


# --- text ------------------------------------------------------------------------------------------------


def _read_boolean(scalar: Scalar, text: str) -> bool:
    if text not in _BOOLEANS:
        raise _wrong_text(scalar, text, _BOOLEANS)
    return text == "true"


def _read_integer(scalar: Scalar, text: str) -> int | str:
    number = _check_range(scalar, _integer(scalar, text))
    return str(number) if scalar.quoted else number


def _read_number(scalar: Scalar, text: str) -> float | str:
    names = _NAMED_NUMBERS.get(scalar.format, ())
    if text in names:
        return text
    if not _NUMBER.fullmatch(text):
        raise _wrong_text(scalar, text, names)
    return _check_finite(float(text))


def _read_bytes(_scalar: Scalar, text: str) -> str:
    formats.base64_bytes(text)
    return text


def _read_raw(_scalar: Scalar, text: str) -> BodySource:
    # The argument's own bytes, as `os.fsencode` gives them; this room does not import os.
    try:
        return Bytes(text.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()))
    except UnicodeEncodeError:
        raise Mismatch("not-unicode", "the value holds half a character, which stands for no bytes") from None


def _read_null(scalar: Scalar, _text: str) -> None:
    raise Mismatch("no-text", expected_text(scalar), beyond=":=null would set it")


def _integer(scalar: Scalar, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _wrong_text(scalar)
    if len(text) > _MOST_DIGITS:
        raise Mismatch("out-of-range", "the number has too many digits")
    return int(text)


# --- JSON values -------------------------------------------------------------------------------------------


def _admit_string(scalar: Scalar, value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(scalar, value)
    return _check_string(scalar, value)


def _admit_boolean(scalar: Scalar, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong_type(scalar, value)
    return value


def _admit_integer(scalar: Scalar, value: object) -> int | str:
    if scalar.quoted and isinstance(value, str):
        _check_range(scalar, _integer(scalar, value))
        return value
    if scalar.quoted or isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(scalar, value)
    return _check_range(scalar, value)


def _admit_number(scalar: Scalar, value: object) -> float | str:
    if isinstance(value, str) and value in _NAMED_NUMBERS.get(scalar.format, ()):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(scalar, value)
    return _check_finite(value)


def _admit_bytes(scalar: Scalar, value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(scalar, value)
    return _read_bytes(scalar, value)


def _admit_raw(scalar: Scalar, value: object) -> BodySource:
    if isinstance(value, BodySource):
        return value
    if not isinstance(value, str):
        raise wrong_type(scalar, value)
    return Bytes(formats.base64_bytes(value))


def _admit_null(scalar: Scalar, value: object) -> None:
    if value is not None:
        raise wrong_type(scalar, value)


# --- checks -------------------------------------------------------------------------------------------


def _check_rules(scalar: Scalar, content: Content) -> None:
    for rule in scalar.rules:
        if not rule.holds(content):
            raise Mismatch(rule.kind, rule.message)


_JSON_TYPES: dict[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a decimal number",
    str: "a string",
    dict: "a structure",
    list: "a list",
    type(None): "null",
}


def _json_type(value: object) -> str:
    return _JSON_TYPES.get(type(value)) or f"a value of type {type(value).__name__}"


def _check_string(scalar: Scalar, text: str) -> str:
    if not text.isascii():
        check_unicode(text)
    if scalar.enum and text not in scalar.enum:
        raise _no_choice(scalar, text)
    if scalar.format:
        formats.check(scalar.format, text)
    if scalar.pattern and not compiled(scalar.pattern).search(text):
        raise Mismatch("bad-format", f"the value must match {scalar.pattern}")
    return text


def _no_choice(scalar: Scalar, text: str) -> Mismatch:
    message = f"the value is none of {listed(scalar.enum)}"
    return Mismatch("not-in-enum", message, hint=_meant(text, scalar.enum))


def _check_range(scalar: Scalar, number: int) -> int:
    _check_bounds(number, scalar.format, *_BOUNDS.get(scalar.format, (None, None)))
    _check_bounds(number, "the range", scalar.minimum, scalar.maximum)
    check_digits(number)
    return number


def _check_bounds(number: int, name: str, low: int | None, high: int | None) -> None:
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = (
            f"{high} or less" if low is None else f"{low} or more" if high is None else f"{low} to {high}"
        )
        raise Mismatch("out-of-range", f"the number is outside {name} ({bounds})")


def _check_finite(number: float) -> float:
    # An integer of JSON may be larger than any float; NaN is not less than anything.
    if not abs(number) <= sys.float_info.max:
        raise not_finite(number)
    return number


def not_finite(number: float, place: tuple[str | int, ...] = ()) -> Mismatch:
    """That JSON has no figures for `number`."""
    what = "NaN is no number" if number != number else "the number is larger than any"
    return Mismatch("out-of-range", f"{what} that JSON can carry (up to about 1.8e308)", place=place)


_READERS: dict[str, Callable[[Scalar, str], Content]] = {
    "string": _check_string,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "number": _read_number,
    "bytes": _read_bytes,
    "raw": _read_raw,
    "null": _read_null,
}
_ADMITTERS: dict[str, Callable[[Scalar, object], Content]] = {
    "string": _admit_string,
    "boolean": _admit_boolean,
    "integer": _admit_integer,
    "number": _admit_number,
    "bytes": _admit_bytes,
    "raw": _admit_raw,
    "null": _admit_null,
}
