"""The closed union of schemas: Object, List, Map, Scalar, Any."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field, frozen
from attrs.validators import deep_iterable

from cursorkit.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.wire.source import BodySource

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Content: TypeAlias = "Json | BodySource | list[Content] | dict[str, Content]"
"""A JSON value in which a body source stands where raw bytes go."""

Factory = Callable[..., object]
"""Makes the Python value of a class's field from the content that was built for it."""


DEEPEST = 64
"""Levels of lists, maps and kinds within each other, with no structure between them."""


def _within_limit(_container: object, _attribute: object, inner: Schema) -> None:
    """Let `inner` be a part of another schema, unless it has too many levels already."""
    if _levels(inner) >= DEEPEST:
        raise SchemaError(f"a schema has more than {DEEPEST} levels of lists and maps within each other")


def _levels(schema: Schema) -> int:
    match schema:
        case List(items=inner) | Map(values=inner):
            return 1 + _levels(inner)
        case Any(alternatives=alternatives):
            return 1 + max(map(_levels, alternatives), default=0)
    return 0


@frozen
class Advice:
    """A custom that a value should follow; breaking it is worth a word, but no refusal.

    Attributes:
        kind: the stable name of the warning, in kebab-case.
        pattern: a regular expression that the whole value should match.
        message: what to say when it does not.
    """

    kind: str
    pattern: str
    message: str


@frozen
class Scalar:
    """One value without parts.

    Attributes:
        type: `bytes` is base64 text inside JSON; `raw` is the bytes themselves, as the body of a request.
        format: the discovery format (`int64`, `google-datetime`, …), or one of this project's: `header` (an
            HTTP header value), `token` (one whose surrounding blanks do not count), `path` (several URL
            segments), `segment` (one).
        quoted: whether an integer travels as a JSON string, as 64-bit ones do.
        minimum, maximum: the bounds of an integer, both allowed.
        enum: the values allowed; all, if empty.
        pattern: a regular expression that the value must match.
        synonyms: other spellings of values, as (what was written, what it means).
        advice: customs that values should follow.
        factory: makes the Python value.
    """

    type: Literal["string", "boolean", "integer", "number", "bytes", "raw"]
    format: str = ""
    quoted: bool = False
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    pattern: str = ""
    synonyms: tuple[tuple[str, str], ...] = ()
    advice: tuple[Advice, ...] = ()
    factory: Factory | None = None


@frozen
class List:
    """Values of one kind, in order.

    Attributes:
        items: the schema of each.
        factory: makes the Python value from a list of Python values.
    """

    items: Schema = field(validator=_within_limit)
    factory: Factory | None = None


@frozen
class Map:
    """Values of one kind under keys of the caller's choice.

    Attributes:
        values: the schema of each.
        nullable: whether null may stand for a value.
        factory: makes the Python value from a dict of Python values.
    """

    values: Schema = field(validator=_within_limit)
    nullable: bool = True
    factory: Factory | None = None


@frozen
class Any:
    """Any JSON value, or one of several kinds of it; then it is checked when it is complete.

    Attributes:
        alternatives: the kinds, of which a value has to fit one; all values are right if there are none.
    """

    alternatives: tuple[Schema, ...] = field(default=(), validator=deep_iterable(_within_limit))


@frozen(eq=False)
class Object:
    """A structure of named fields.

    Its fields are made when they are first asked for, so that structures may hold themselves.

    Attributes:
        name: what it is called, for messages.
        load: gives the fields.
        member: what a field of it is called in messages.
        factory: makes the Python value from the fields' Python values, by Python name.
    """

    name: str
    load: Callable[[], Iterable[Field]] = field(repr=False)
    member: str = "field"
    factory: Factory | None = None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in document order."""
        return tuple(self.load())

    @cached_property
    def by_wire(self) -> dict[str, Field]:
        """The fields by wire name."""
        return {each.wire: each for each in self.fields}

    @cached_property
    def _by_any_name(self) -> dict[str, Field]:
        return {
            **{each.python: each for each in self.fields},
            **self.by_wire,
            **{each.cli: each for each in self.fields},
        }

    def find(self, name: str) -> Field | None:
        """The field that `name` spells: on the command line first, then on the wire, then in Python."""
        return self._by_any_name.get(name)


Schema = Object | List | Map | Scalar | Any


@frozen
class Field:
    """A named part of a structure.

    Attributes:
        cli: its name on the command line, `content-type`.
        wire: its name in JSON, `contentType`.
        python: its name in Python, `content_type`.
        schema: what it holds.
        description: a sentence for people.
        required: whether a request without it is refused.
        nullable: whether null may stand for it in JSON.
        secret: whether its value may never be shown.
        refusal: why no request may set it; empty where it may.
    """

    cli: str
    wire: str
    python: str
    schema: Schema
    description: str = ""
    required: bool = False
    nullable: bool = True
    secret: bool = False
    refusal: str = ""


def title(schema: Schema) -> str:
    """What a schema is called in messages: `HttpBody`, `list of strings`."""
    match schema:
        case Object(name=name):
            return name
        case List(items=items):
            return f"list of {_plural(items)}"
        case Map(values=values):
            return f"map of {_plural(values)}"
        case Scalar(type=kind):
            return kind
        case Any(alternatives=alternatives) if alternatives:
            return " or ".join(dict.fromkeys(map(title, alternatives)))
    return "any JSON value"


def _plural(schema: Schema) -> str:
    return f"{title(schema)}s" if isinstance(schema, Scalar) else title(schema)
