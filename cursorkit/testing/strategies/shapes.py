"""Schemas of every kind, at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.schema.names import cli_name
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar
from cursorkit.testing.strategies.chance import RARELY

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Schema

_DEEPEST = 3
"""Levels of structures, lists and maps within each other; structures may hold themselves beyond that."""

_NAMES = st.sampled_from(
    ["name", "contentType", "sizeBytes", "labels", "URLMap", "ipV4Address", "$.odd", "snake_case", "x"]
) | st.from_regex("[a-z][A-Za-z0-9]{0,6}", fullmatch=True)

_SCALARS: SearchStrategy[Scalar] = st.sampled_from(
    [
        *[Scalar("string")] * 6,
        Scalar("string", enum=("ON", "OFF", "")),
        Scalar("string", enum=("true", "false"), synonyms=(("yes", "true"), ("no", "false"))),
        Scalar("string", pattern="^[a-z]{2}$"),
        *(Scalar("string", form) for form in ("date-time", "date", "google-duration", "google-fieldmask")),
        *(Scalar("string", form) for form in ("header", "token", "path", "segment")),
        Scalar("boolean"),
        *(Scalar("integer", form) for form in ("", "int32", "uint32", "int64", "uint64")),
        Scalar("integer", minimum=-2, maximum=7),
        *(Scalar("integer", form, quoted=True) for form in ("int64", "uint64")),
        *(Scalar("number", form) for form in ("", "float", "double")),
        Scalar("bytes"),
        Scalar("raw"),
    ]
)

_UNIONS: SearchStrategy[Any] = st.sampled_from(
    [
        Any((Scalar("string"), Scalar("integer"))),
        Any((Scalar("integer"), List(Scalar("string")))),
        Any((Map(Scalar("boolean")), Scalar("string", enum=("all", "none")))),
    ]
)


@st.composite
def schemas(draw: DrawFn) -> Schema:
    """Schemas of every kind: scalars of all formats, lists, maps, any JSON value, unions, and structures.

    Structures may hold themselves, and fields that only answers carry. Within one, no spelling of a field is
    a spelling of another.
    """
    return draw(_schemas(_DEEPEST, ()))


@st.composite
def _schemas(draw: DrawFn, depth: int, above: tuple[Object, ...]) -> Schema:
    """Schemas of at most `depth` levels, or one of those above."""
    kinds: list[SearchStrategy[Schema]] = [_SCALARS, st.just(Any()), _UNIONS]
    if depth:
        deeper = _schemas(depth - 1, above)
        kinds += [st.builds(List, deeper), st.builds(Map, deeper, st.booleans())]
        kinds += [_objects(depth, above)] * 3
        kinds += [st.sampled_from(above)] if above else []
    return draw(draw(st.sampled_from(kinds)))


@st.composite
def _objects(draw: DrawFn, depth: int, above: tuple[Object, ...]) -> Object:
    fields: list[Field] = []
    made = Object(draw(st.sampled_from(["Job", "Spec", "Part"])), lambda: fields)
    names = draw(st.lists(_NAMES, max_size=4, unique_by=cli_name))
    for wire in names:
        schema = draw(_schemas(depth - 1, (*above, made)))
        fields.append(_field(wire, schema, nullable=draw(st.booleans()), refused=draw(RARELY)))
    return made


def _field(wire: str, schema: Schema, *, nullable: bool, refused: bool) -> Field:
    cli = cli_name(wire)
    return Field(
        cli,
        wire,
        cli.replace("-", "_").replace("$", ""),
        schema,
        nullable=nullable,
        refusal="only answers carry it" if refused else "",
    )
