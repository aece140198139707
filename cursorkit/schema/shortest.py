"""The shortest spellings of values: as the text of an argument, and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from cursorkit.schema import scalars
from cursorkit.schema.formats import base64_bytes
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.types import Any, Scalar
from cursorkit.wire.source import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Content, Json, Schema


def as_text(schema: Schema, value: Json) -> str | None:
    """The shortest text that an argument can give `schema`, and that means `value` to the letter.

    None if there is none: where `schema` takes no text, for null, for whole numbers where text makes floats,
    for spellings that are read as others, and for what holds a NUL, which no argument can.
    """
    texts = [text for text in _texts(schema, value) if "\0" not in text and _means(schema, text, value)]
    return min(texts, key=len, default=None)


def as_json(value: Json) -> str:
    """The shortest JSON document that means `value`, with the keys in their order."""
    match value:
        case Mapping():
            return "{" + ",".join(f"{as_json(key)}:{as_json(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(as_json, value)) + "]"
        case float():
            return min(_numerals(value, "0.", ".0"), key=len)
    return json.dumps(value, ensure_ascii=False)


def _texts(schema: Schema, value: Json) -> Iterator[str]:
    match schema, value:
        case Any(), str():
            yield value
        case Scalar(type="raw"), str():
            octets = base64_bytes(value)
            yield octets.decode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
        case Scalar(synonyms=synonyms), str():
            yield value
            yield from (written for written, meant in synonyms if meant == value)
        case Scalar(), float():
            yield from _numerals(value, ".", "")
        case Scalar(), bool() | int():
            yield as_json(value)


def _means(schema: Schema, text: str, value: Json) -> bool:
    """Whether `schema` reads `text` as `value`, and as a value of the same type."""
    if not isinstance(schema, Scalar):
        return True
    try:
        read: Content = scalars.read(schema, text)
    except Mismatch:
        return False
    if schema.type == "raw":
        return read == Bytes(base64_bytes(str(value)))
    return repr(read) == repr(value)


def _numerals(number: float, point: str, whole: str) -> Iterator[str]:
    """The ways to write `number` with no more digits than it needs.

    Args:
        number: finite.
        point: how a fraction below 1 begins.
        whole: what ends a whole number that is written without an exponent.
    """
    negative, figures, exponent = Decimal(float.__repr__(number)).as_tuple()
    every = "".join(map(str, figures))
    digits = every.rstrip("0") or "0"
    power = int(exponent) + len(every) - len(digits) if digits != "0" else 0
    sign = "-" if negative else ""
    split = len(digits) + power
    if power >= 0:
        yield f"{sign}{digits}{'0' * power}{whole}"
    elif split > 0:
        yield f"{sign}{digits[:split]}.{digits[split:]}"
    else:
        yield f"{sign}{point}{'0' * -split}{digits}"
    yield f"{sign}{digits}e{power}"
