"""The types of Python that are one value: what each is in JSON, and the way back."""

from __future__ import annotations

import re
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, cast
from uuid import UUID

from cursorkit.errors import SchemaError
from cursorkit.schema.formats import base64_bytes
from cursorkit.schema.types import Any, Rule, Scalar
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cursorkit.schema.types import Json, Schema

_DIGITS = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _date_time(text: str) -> datetime:
    return datetime.fromisoformat(text.upper())


def _decimal(text: str) -> Decimal:
    if not _DIGITS.fullmatch(text):
        raise ValueError
    return Decimal(text)


def _duration(text: str) -> timedelta:
    microseconds = Decimal(text.removesuffix("s")) * 1_000_000
    if microseconds != int(microseconds):
        raise ValueError
    return timedelta(microseconds=int(microseconds))


def _seconds(duration: timedelta) -> str:
    microseconds = duration // timedelta(microseconds=1)
    whole, fraction = divmod(abs(microseconds), 1_000_000)
    text = f"{whole}.{fraction:06}".rstrip("0").removesuffix(".")
    return f"{'-' * (microseconds < 0)}{text}s"


def _text(read: Callable[[str], object], kind: str, form: str = "") -> Scalar:
    """A string from which `read` makes the value; a ValueError or ArithmeticError says that it is none."""

    def holds(text: str) -> bool:
        try:
            read(text)
        except (ValueError, ArithmeticError):
            return False
        return True

    return Scalar("string", form, rules=(Rule("bad-format", f"{kind} is expected", holds),), factory=read)


SCALARS: dict[object, Schema] = {
    str: Scalar("string"),
    bool: Scalar("boolean"),
    int: Scalar("integer"),
    float: Scalar("number"),
    bytes: Scalar("bytes", factory=base64_bytes),
    datetime: Scalar("string", "date-time", factory=_date_time),
    date: Scalar("string", "date", factory=date.fromisoformat),
    time: _text(time.fromisoformat, "a time of day, such as 12:30:00,"),
    timedelta: _text(_duration, "a duration in whole microseconds, such as 1.5s,", "google-duration"),
    Decimal: _text(_decimal, "a decimal number, such as 1.50,"),
    UUID: _text(UUID, "a UUID, such as 12345678-1234-5678-1234-567812345678,"),
    Path: Scalar("string", factory=Path),
    BodySource: Scalar("raw"),
    typing.Any: Any(),
    object: Any(),
}
"""The schemas of annotations that have no parts."""


def choice(values: Sequence[object]) -> Scalar:
    """One of `values`, which are strings, whole numbers, booleans, or members of an enumeration.

    Raises:
        SchemaError: they are something else, or of several kinds.
    """
    kinds = {type(value) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is not None and issubclass(kind, Enum):
        texts = {spoken(value): value for value in values}
        return Scalar("string", enum=tuple(map(str, texts)), factory=texts.__getitem__)
    if kind is str:
        return Scalar("string", enum=tuple(map(str, values)))
    if kind is bool or kind is int:
        told = ", ".join(str(value).lower() for value in values)
        choices = tuple(cast("Sequence[Json]", values))
        rule = Rule("not-in-enum", f"the value is none of {told}", choices.__contains__, choices)
        return Scalar("boolean" if kind is bool else "integer", rules=(rule,))
    raise SchemaError("the values of a Literal must all be strings, whole numbers, or of one enumeration")


def spoken(value: object) -> object:
    """What `value` is called in JSON: enumerations by their values if all those are strings, else by name."""
    match value:
        case Enum():
            by_value = all(isinstance(each.value, str) for each in type(value))
            return value.value if by_value else value.name
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return _seconds(value)
        case Decimal() | UUID() | PurePath():
            return str(value)
    return value
