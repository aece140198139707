"""Programs that write a given value: in any order, along any way, in any spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.testing.strategies.json_values import values
from cursorkit.testing.strategies.spots import leaves
from cursorkit.testing.strategies.writer import Writer

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Json, Schema
    from cursorkit.testing.strategies.writer import Save


def programs(schema: Schema, save: Save | None = None) -> SearchStrategy[tuple[list[str], Json]]:
    """Argument lists for `schema`, each with the body that it must give.

    Args:
        schema: what the body may hold.
        save: keeps the contents of files; without it no argument names one.
    """
    return values(schema).flatmap(lambda value: written(schema, value, save))


@st.composite
def written(draw: DrawFn, schema: Schema, value: Json, save: Save | None = None) -> tuple[list[str], Json]:
    """Argument lists for `schema` that give `value`, each with it."""
    writer = Writer()
    writer.set_all(draw, draw(leaves(schema, value)), save)
    return writer.arguments, value
