"""Values of programs as JSON: what `admit` then checks."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

import attrs

from cursorkit.schema.admit import DEEPEST
from cursorkit.schema.scalars import spelled
from cursorkit.schema.types import List, Map, Object, Scalar, part
from cursorkit.wire.source import Bytes

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema


def encode(schema: Schema, value: object, depth: int = 0) -> object:
    """What `value` is called in JSON, where `schema` tells.

    Instances of attrs classes become structures, by wire name and without the attributes that are None; bytes
    become base64, or the source of a raw body; 64-bit integers become strings, enumerations their values and
    times text; other spellings become those that the wire knows. Whatever is something else stays as it is.
    """
    if depth > DEEPEST:
        return value
    match schema, value:
        case Object(), Mapping():
            return {wire: encode(part(schema, wire), item, depth + 1) for wire, item in value.items()}
        case Object(), _ if attrs.has(type(value)):
            given = {each.wire: (each.schema, getattr(value, each.python, None)) for each in schema.fields}
            return {
                wire: encode(held, item, depth + 1)
                for wire, (held, item) in given.items()
                if item is not None
            }
        case Map(values=values), Mapping():
            return {key: encode(values, item, depth + 1) for key, item in value.items()}
        case List(items=items), list() | tuple():
            return [encode(items, item, depth + 1) for item in value]
        case Scalar(type="bytes"), bytes():
            return b64encode(value).decode("ascii")
        case Scalar(type="raw"), bytes():
            return Bytes(value)
        case Scalar(quoted=True), int() if not isinstance(value, bool):
            return str(value)
        case Scalar(type="string"), Enum():
            return value.value
        case Scalar(type="string"), datetime():
            return value.isoformat()
        case Scalar(type="string"), str():
            return spelled(schema, value)
    return value
