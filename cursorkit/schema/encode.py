"""Values of programs as JSON: what `admit` then checks."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import attrs

from cursorkit.schema.admit import DEEPEST
from cursorkit.schema.python_types import spoken
from cursorkit.schema.scalars import spelled
from cursorkit.schema.types import List, Map, Object, Scalar, part
from cursorkit.wire.source import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Field, Schema


def encode(schema: Schema, value: object, depth: int = 0) -> object:
    """What `value` is called in JSON, where `schema` tells.

    Instances of attrs classes become structures, by wire name and without the attributes that are None by
    default; bytes become base64, or the source of a raw body; 64-bit integers become strings; enumerations,
    times and the like become text, and sets lists; other spellings become those that the wire knows. Whatever
    is something else stays as it is.
    """
    if depth > DEEPEST:
        return value
    match schema, value:
        case Object(), Mapping():
            return {wire: encode(part(schema, wire), item, depth + 1) for wire, item in value.items()}
        case Object(), _ if attrs.has(type(value)):
            return {
                each.wire: encode(each.schema, item, depth + 1) for each, item in _attributes(schema, value)
            }
        case Map(values=values), Mapping():
            return {key: encode(values, item, depth + 1) for key, item in value.items()}
        case List(items=items), list() | tuple():
            return [encode(items, item, depth + 1) for item in value]
        case List(items=items, factory=factory), set() | frozenset() if factory in {set, frozenset}:
            return sorted((encode(items, item, depth + 1) for item in value), key=repr)
        case Scalar(type="bytes"), bytes():
            return b64encode(value).decode("ascii")
        case Scalar(type="raw"), bytes():
            return Bytes(value)
        case Scalar(quoted=True), int() if not isinstance(value, bool):
            return str(value)
        case Scalar(type="string"), _:
            text = spoken(value)
            return spelled(schema, text) if isinstance(text, str) else text
    return value


def _attributes(schema: Object, instance: object) -> Iterator[tuple[Field, object]]:
    """What an instance of a class holds for the fields of its schema; not None where that is the default."""
    attributes = {each.alias: each for each in attrs.fields(cast("type", type(instance)))}
    for each in schema.fields:
        attribute = attributes.get(each.python)
        item = None if attribute is None else getattr(instance, attribute.name, None)
        if item is not None or (attribute is not None and attribute.default is not None and each.nullable):
            yield each, item
