"""What stands behind a sign: the texts, documents and files that mean a given value."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.schema.types import Any, Scalar

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from cursorkit.schema.types import Json, Schema

_UNWRITABLE = "\0"
"""No argument of a program can hold it; JSON can."""


def texts(schema: Schema, value: Json) -> SearchStrategy[str] | None:
    """The texts behind `=` that mean `value`; None if there are none."""
    match schema:
        case Scalar(type="raw") if isinstance(value, str):
            plain = [os.fsdecode(b64decode(value))]
        case Scalar(type="string" | "bytes") if isinstance(value, str):
            plain = _strings(schema, value)
        case Scalar(type="boolean") if value is not None:
            plain = ["true" if value else "false"]
        case Scalar(type="integer") if isinstance(value, int | str):
            plain = _integers(value)
        case Scalar(type="number") if isinstance(value, float | str):
            plain = _numbers(value)
        case Any() if isinstance(value, str):
            plain = [value]
        case _:
            plain = []
    writable = [text for text in plain if _UNWRITABLE not in text]
    return st.sampled_from(writable) if writable else None


def _strings(scalar: Scalar, value: str) -> list[str]:
    meanings = dict(scalar.synonyms)
    found = [text for text, meaning in scalar.synonyms if meaning == value]
    if meanings.get(value, value) == value:
        found.append(value)
    return [*found, *(f" {text} " for text in found)] if scalar.format == "token" else found


def _integers(value: int | str) -> list[str]:
    number = int(value)
    if str(number) != str(value):
        return []
    sign, digits = ("-", str(-number)) if number < 0 else ("", str(number))
    return [sign + digits, f"{sign}00{digits}", *([] if sign else [f"+{digits}"])]


def _numbers(value: float | str) -> list[str]:
    return [value] if isinstance(value, str) else [repr(value), repr(value).upper()]


def documents(value: Json) -> SearchStrategy[str]:
    """The JSON documents that are `value`."""
    return st.sampled_from(
        [
            json.dumps(value),
            json.dumps(value, ensure_ascii=False, separators=(",", ":")),
            json.dumps(value, indent=1),
        ]
    )


def contents(schema: Schema, value: Json) -> SearchStrategy[bytes] | None:
    """The contents of the files behind `@=` that mean `value`; None if there are none."""
    match schema:
        case Scalar(type="raw" | "bytes"):
            standard = isinstance(value, str) and not set(value) & set("-_")
            return st.just(b64decode(str(value))) if standard else None
        case Scalar(type="string"):
            written = _strings(schema, value) if isinstance(value, str) else []
            return st.sampled_from(written).map(str.encode) if written else None
    return documents(value).map(str.encode)
