"""Schemas of attrs classes: `construct` makes instances of them."""

from __future__ import annotations

import types
import typing
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING

import attrs

from cursorkit.errors import SchemaError
from cursorkit.schema.names import cli_name, wire_name
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Schema

WIRE = "wire"
"""The key of an attribute's metadata that holds its wire name, where camelCase is not right."""


@cache
def schema_of(cls: type) -> Object:
    """The schema of an attrs class: a field for each attribute that `__init__` takes.

    Names on the wire are the Python names in camelCase, unless an attribute's metadata holds `wire`.
    Annotations may be `str`, `bool`, `int`, `float`, `bytes` (base64 in JSON), `BodySource` (raw bytes),
    `datetime`, Enum classes of strings, `Literal` strings, attrs classes, lists, tuples of one type, dicts
    of string keys, `Any`, and each of them or None.

    Raises:
        SchemaError: `cls` is no attrs class; or, when its fields are first asked for, an annotation is none
            of these.
    """
    if not attrs.has(cls):
        raise SchemaError(f"{cls.__name__} is not an attrs class")
    return Object(cls.__name__, partial(_fields, cls), factory=cls)


def _fields(cls: type) -> Iterator[Field]:
    try:
        annotations = typing.get_type_hints(cls)
    except NameError as error:
        raise SchemaError(
            f"an annotation of {cls.__name__} names {error.name!r}, which is not defined"
        ) from None
    except RecursionError:
        raise SchemaError(f"an annotation of {cls.__name__} is nested too deeply") from None
    for attribute in attrs.fields(cls):
        if attribute.init:
            yield _field(cls, attribute, annotations.get(attribute.name))


def _field(cls: type, attribute: attrs.Attribute[object], annotation: object) -> Field:
    wire = attribute.metadata.get(WIRE) or wire_name(attribute.name)
    if set(wire) & set(".=:@/+"):
        raise SchemaError(f"the wire name of {cls.__name__}.{attribute.name} holds one of . = : @ / +")
    try:
        schema = _schema(annotation)
    except SchemaError as error:
        raise SchemaError(f"{cls.__name__}.{attribute.name}: {error}") from None
    return Field(
        cli=cli_name(wire),
        wire=wire,
        python=attribute.alias or attribute.name,
        schema=schema,
        required=attribute.default is attrs.NOTHING,
        nullable=_is_optional(annotation),
    )


_SCALARS: dict[object, Schema] = {
    str: Scalar("string"),
    bool: Scalar("boolean"),
    int: Scalar("integer"),
    float: Scalar("number"),
    bytes: Scalar("bytes", factory=b64decode),
    datetime: Scalar("string", "date-time", factory=datetime.fromisoformat),
    BodySource: Scalar("raw"),
    typing.Any: Any(),
    object: Any(),
}


def _schema(annotation: object) -> Schema:
    plain = _SCALARS.get(annotation)
    if plain is not None:
        return plain
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([member.value for member in annotation], annotation)
    if isinstance(annotation, type) and attrs.has(annotation):
        return schema_of(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return _union([each for each in arguments if each is not types.NoneType])
    if origin is typing.Literal:
        return _choice(list(arguments), None)
    if origin in {list, Sequence}:
        return List(_schema(arguments[0]))
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return List(_schema(arguments[0]), factory=tuple)
    if origin in {dict, Mapping} and arguments[0] is str:
        return Map(_schema(arguments[1]), nullable=_is_optional(arguments[1]))
    raise SchemaError(f"{getattr(annotation, '__name__', annotation)} cannot be written as arguments")


def _is_optional(annotation: object) -> bool:
    """Whether None may stand for a value of the annotation."""
    return types.NoneType in typing.get_args(annotation)


def _union(alternatives: list[object]) -> Schema:
    if BodySource in alternatives:
        return _SCALARS[BodySource]
    if len(alternatives) == 1:
        return _schema(alternatives[0])
    raise SchemaError("a union of several types cannot be written as arguments")


def _choice(values: list[object], enum: type[Enum] | None) -> Schema:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise SchemaError("the values of an enumeration must be strings")
    return Scalar("string", enum=tuple(texts), factory=enum)
