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

    from cursorkit.errors import Kind
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
            return max((1 + _levels(each) for each in alternatives), default=0)
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


@frozen(eq=False)
class Rule:
    """What a value has to obey beside being of its kind.

    Attributes:
        kind: the stable name of the error, where it does not.
        message: what is wrong then, in words.
        holds: whether a value obeys. It is asked of complete values that are of their kind, and of no others.
        choices: the values that obey, as JSON, where there are only those; else none.
    """

    kind: Kind
    message: str
    holds: Callable[..., bool] = field(repr=False)
    choices: tuple[Json, ...] = field(default=(), repr=False)


@frozen
class Scalar:
    """One value without parts.

    Attributes:
        type: `bytes` is base64 text inside JSON; `raw` is the bytes themselves, as the body of a request;
            `null` is the value of that name, where no field or map that is `nullable` takes it.
        format: the discovery format (`int64`, `google-datetime`, …), or one of this project's: `header` (an
            HTTP header value), `token` (one whose surrounding blanks do not count), `path` (several URL
            segments), `segment` (one).
        quoted: whether an integer travels as a JSON string, as 64-bit ones do.
        minimum, maximum: the bounds of an integer, both allowed.
        enum: the values allowed; all, if empty.
        pattern: a regular expression that the value must match.
        synonyms: other spellings of values, as (what was written, what it means).
        advice: customs that values should follow.
        rules: what values have to obey beside all that.
        factory: makes the Python value.
    """

    type: Literal["string", "boolean", "integer", "number", "bytes", "raw", "null"]
    format: str = ""
    quoted: bool = False
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()
    pattern: str = ""
    synonyms: tuple[tuple[str, str], ...] = ()
    advice: tuple[Advice, ...] = ()
    rules: tuple[Rule, ...] = ()
    factory: Factory | None = None


@frozen
class List:
    """Values of one kind, in order.

    Attributes:
        items: the schema of each.
        rules: what the list has to obey beside that.
        factory: makes the Python value from a list of Python values.
    """

    items: Schema = field(validator=_within_limit)
    rules: tuple[Rule, ...] = ()
    factory: Factory | None = None


@frozen
class Map:
    """Values of one kind under keys of the caller's choice.

    Attributes:
        values: the schema of each.
        nullable: whether null may stand for a value.
        rules: what the map has to obey beside that.
        factory: makes the Python value from a dict of Python values.
    """

    values: Schema = field(validator=_within_limit)
    nullable: bool = True
    rules: tuple[Rule, ...] = ()
    factory: Factory | None = None


@frozen
class Any:
    """Any JSON value, or one of several kinds of it; then it is checked when it is complete.

    Attributes:
        alternatives: the kinds, of which a value has to fit one; all values are right if there are none.
        rules: what the value has to obey beside that.
    """

    alternatives: tuple[Schema, ...] = field(default=(), validator=deep_iterable(_within_limit))
    rules: tuple[Rule, ...] = ()


def _no_field(_wire: str) -> None:
    """No field."""


@frozen(eq=False)
class Object:
    """A structure of named fields.

    Its fields are made when they are first asked for, so that structures may hold themselves.

    Attributes:
        name: what it is called, for messages.
        load: gives the fields.
        member: what a field of it is called in messages.
        others: gives the field of a wire name that is none of these; None if there is none.
        rules: what the structure has to obey beside its fields.
        factory: makes the Python value from the fields' Python values, by Python name.
    """

    name: str
    load: Callable[[], Iterable[Field]] = field(repr=False)
    member: str = "field"
    others: Callable[[str], Field | None] = field(default=_no_field, repr=False)
    rules: tuple[Rule, ...] = ()
    factory: Factory | None = None

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields, in document order."""
        return tuple(self.load())

    @cached_property
    def by_wire(self) -> dict[str, Field]:
        """The fields by wire name."""
        return {each.wire: each for each in self.fields}

    def at(self, wire: str) -> Field | None:
        """The field of this wire name."""
        return self.by_wire.get(wire) or self.others(wire)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by every name: on the command line first, then on the wire, then in Python."""
        return {
            **{each.python: each for each in self.fields},
            **self.by_wire,
            **{each.cli: each for each in self.fields},
        }

    def find(self, name: str) -> Field | None:
        """The field that `name` spells, as in `by_name`."""
        return self.by_name.get(name)


Schema = Object | List | Map | Scalar | Any


def known(schema: Schema) -> Schema:
    """The schema itself.

    Raises:
        TypeError: it is none, but perhaps the class or the document from which one is to be made.
    """
    if not isinstance(schema, Schema):
        raise TypeError(
            f"a schema is expected, as the modules of cursorkit.schema make them of classes and documents, "
            f"not a value of type {type(schema).__name__}"
        )
    return schema


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
        read_only: whether the server sets it, and ignores what requests say of it.
        deprecated: whether it should no longer be set.
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
    read_only: bool = False
    deprecated: bool = False


def choices(schema: Schema) -> tuple[Json, ...]:
    """The values that the rules of the schema leave, where they leave only a few; else none."""
    return next((rule.choices for rule in schema.rules if rule.choices), ())


def part(schema: Schema, step: str | int) -> Schema:
    """The schema of a part of a value that fits: the field of that wire name, the entry, the element."""
    match schema:
        case Object(by_wire=fields):
            found = fields.get(str(step)) or schema.others(str(step))
            return Any() if found is None else found.schema
        case List(items=items):
            return items
        case Map(values=values):
            return values
    return Any()


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
