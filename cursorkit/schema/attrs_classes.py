"""Schemas of attrs classes: `construct` makes instances of them."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, MutableMapping, MutableSequence, MutableSet, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from enum import Enum
from functools import cache, partial
from typing import TYPE_CHECKING

import attrs

from cursorkit.errors import SchemaError
from cursorkit.schema.names import cli_name, wire_name
from cursorkit.schema.python_types import SCALARS, choice
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

    Names on the wire are those of `__init__` in camelCase, unless an attribute's metadata holds `wire`. An
    attribute that `repr` leaves out, or does not show as it is, is a secret.

    Annotations may be `str`, `bool`, `int`, `float`, `bytes` (base64 in JSON), `BodySource` (raw bytes);
    `datetime`, `date`, `time`, `timedelta` (in seconds, `1.5s`), `Decimal`, `UUID` and `Path`, all as text;
    Enum classes, by their values if all those are strings, else by the names of their members; `Literal`;
    attrs classes; lists, sets of scalars, tuples of one type, dicts of string keys; `Any`; each of them or
    None; and new types, aliases and `Annotated` forms of them.

    Raises:
        SchemaError: `cls` is no attrs class; or, when its fields are first asked for, an annotation is none
            of these, or cannot be resolved, or two attributes have one name on the wire.
    """
    if typing.get_args(cls) or not attrs.has(cls):
        raise SchemaError(f"{_called(cls)} is not an attrs class, and only those are structures")
    return Object(cls.__name__, partial(_fields, cls), factory=cls)


def _fields(cls: type) -> Iterator[Field]:
    annotations = _annotations(cls)
    taken: dict[str, str] = {}
    for attribute in attrs.fields(cls):
        if not attribute.init:
            continue
        try:
            made = _field(attribute, annotations.get(attribute.name, attribute.type))
        except SchemaError as error:
            raise SchemaError(f"{cls.__name__}.{attribute.name}: {error}") from None
        except RecursionError:
            raise SchemaError(f"{cls.__name__}.{attribute.name}: it is nested too deeply") from None
        other = taken.setdefault(made.cli, attribute.name)
        if other != attribute.name:
            raise SchemaError(
                f"{cls.__name__}.{attribute.name} is called '{made.cli}', and so is {cls.__name__}.{other}"
            )
        yield made


def _annotations(cls: type) -> dict[str, object]:
    """What the attributes of `cls` are, as far as its module tells; local classes know of themselves."""
    try:
        try:
            return typing.get_type_hints(cls)
        except NameError:
            own = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
            return typing.get_type_hints(cls, localns={**own, cls.__name__: cls})
    except NameError as error:
        resolved = {each.name: each.type for each in attrs.fields(cls)}
        if not any(isinstance(each, str) for each in resolved.values()):
            return dict(resolved)
        raise SchemaError(
            f"an annotation of {cls.__name__} names {error.name!r}, which is not defined in its module; "
            f"attrs.resolve_types can tell what it is"
        ) from None
    except RecursionError:
        raise SchemaError(f"an annotation of {cls.__name__} is nested too deeply") from None


def _field(attribute: attrs.Attribute[object], annotation: object) -> Field:
    if annotation is None:
        raise SchemaError("it has no annotation")
    python = attribute.alias or attribute.name
    wire = attribute.metadata.get(WIRE) or wire_name(python)
    if set(wire) & set(".=:@/+") or not wire:
        raise SchemaError("its wire name is empty, or holds one of . = : @ / +")
    schema, nullable = _read(annotation)
    return Field(
        cli=cli_name(wire),
        wire=wire,
        python=python,
        schema=schema,
        required=attribute.default is attrs.NOTHING,
        nullable=nullable,
        secret=attribute.repr is not True,
    )


def _read(annotation: object) -> tuple[Schema, bool]:
    """What an annotation stands for, and whether None is a value of it too."""
    kinds = list(dict.fromkeys(_alternatives(annotation)))
    several = [each for each in kinds if each is not types.NoneType]
    nullable = len(several) < len(kinds)
    if BodySource in several:
        return SCALARS[BodySource], nullable
    if len(several) > 1:
        raise SchemaError("a union of several types cannot be written as arguments")
    if not several:
        raise SchemaError("None alone cannot be written as arguments")
    if typing.get_origin(several[0]) is typing.Literal:
        values = typing.get_args(several[0])
        return choice([each for each in values if each is not None]), nullable or None in values
    return _schema(several[0]), nullable


def _alternatives(annotation: object) -> Iterator[object]:
    """The members of a union; what is none is its only one. Other names of a type are that type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        for each in arguments:
            yield from _alternatives(each)
    elif origin in {typing.Annotated, typing.Final}:
        yield from _alternatives(arguments[0])
    elif isinstance(annotation, typing.NewType):
        yield from _alternatives(annotation.__supertype__)
    elif type(annotation).__name__ == "TypeAliasType":  # Python 3.11 has none
        yield from _alternatives(getattr(annotation, "__value__", None))
    else:
        yield annotation


_LISTS: dict[object, type | None] = {
    list: None,
    Sequence: None,
    MutableSequence: None,
    tuple: tuple,
    set: set,
    MutableSet: set,
    AbstractSet: frozenset,
    frozenset: frozenset,
}
"""What elements are put into; a list is one already."""

_MAPS = {dict, Mapping, MutableMapping}


def _schema(annotation: object) -> Schema:
    plain = SCALARS.get(annotation)
    if plain is not None:
        return plain
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if origin in _LISTS:
        return _list(origin, arguments)
    if origin in _MAPS:
        return _map(*arguments or (str, typing.Any))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        if not list(annotation):
            raise SchemaError(f"{annotation.__name__} has no members")
        return choice(list(annotation))
    if isinstance(annotation, type) and attrs.has(annotation):
        return schema_of(annotation)
    raise SchemaError(_refusal(annotation, origin))


def _list(origin: object, arguments: tuple[object, ...]) -> List:
    if origin is tuple and arguments and (len(arguments) != 2 or arguments[1] is not Ellipsis):
        raise SchemaError("a tuple of a fixed length cannot be written as arguments; tuple[X, ...] can")
    items, nullable = _read(arguments[0]) if arguments else (Any(), False)
    if nullable:
        raise SchemaError("an element that may be None cannot be written as an argument")
    factory = _LISTS[origin]
    if factory in {set, frozenset} and not isinstance(items, Scalar):
        raise SchemaError("a set of anything but scalars cannot be written as arguments; a list can")
    return List(items, factory=factory)


def _map(keys: object, values: object) -> Map:
    if [*_alternatives(keys)] != [str]:
        raise SchemaError(f"the keys of a dict must be str, not {_called(keys)}")
    schema, nullable = _read(values)
    return Map(schema, nullable=nullable)


def _refusal(annotation: object, origin: object) -> str:
    called = _called(annotation)
    if is_dataclass(annotation):
        return f"{called} is a dataclass, and only attrs classes are structures"
    if isinstance(origin, type) and attrs.has(origin):
        return f"{called} is a generic class, and only plain ones are structures"
    if isinstance(annotation, typing.TypeVar):
        return f"{called} is a type variable, which stands for no type"
    if isinstance(annotation, type):
        return f"{called} is neither an attrs class nor a type that can be written as an argument"
    return f"{called} cannot be written as arguments"


def _called(annotation: object) -> str:
    named = isinstance(annotation, type) and not typing.get_args(annotation)
    return str(getattr(annotation, "__name__", "")) if named else str(annotation).removeprefix("typing.")
