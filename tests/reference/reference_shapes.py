"""Shapes of the reference's vectors, and the project's schemas of shapes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from reference_model import Leaf

from cursorkit.schema.types import Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reference_model import Shape

    from cursorkit.schema.types import Schema


TEXT = Leaf("String")


def of_rows(rows: list[dict[str, Any]]) -> Shape:
    """The shape of rows, each of which is one leaf with its whole path."""
    shape: Shape = {}
    for row in rows:
        *above, last = zip(row["path"].split("."), row["json"].split("."), strict=True)
        at = shape
        for name, wire in above:
            at = cast("Shape", at.setdefault(name, (wire, {}))[1])
        at[last[0]] = (last[1], Leaf(row["jtype"], row["ctype"]))
    return shape


def of_page(structure: dict[str, Any]) -> Shape:
    """The shape that a documentation page draws."""
    return {name: (name, _of_node(node)) for name, node in structure.items()}


def _of_node(node: Any) -> Leaf | Shape:
    if isinstance(node, dict):
        return of_page(node)
    kinds: dict[str, Any] = {
        "string": "String",
        "boolean": "Boolean",
        "integer": "Int",
        "int64": "Int",
        "number": "Float",
    }
    if node.startswith("["):
        return Leaf(kinds[node[1:-1]], "Vec")
    if node.startswith("{"):
        return Leaf(kinds[node[1:-1].partition(":")[2].strip()], "Map")
    return Leaf(kinds[node])


def schema_of(shape: Leaf | Shape, name: str = "Root") -> Schema:
    """The schema of a shape."""
    if isinstance(shape, dict):
        return Object(name, partial(list, _fields(shape)))
    scalar = _SCALARS[shape.kind] if not shape.enum else Scalar("string", enum=shape.enum)
    containers: dict[str, Schema] = {"Pod": scalar, "Vec": List(scalar), "Map": Map(scalar)}
    return containers[shape.container]


def _fields(shape: Shape) -> Iterator[Field]:
    for cli, (wire, below) in shape.items():
        # The reference knows no third spelling.
        yield Field(cli, wire, cli, schema_of(below, cli))


_SCALARS = {
    "String": Scalar("string"),
    "Int": Scalar("integer", "int64"),
    "Uint": Scalar("integer", "uint64"),
    "Float": Scalar("number"),
    "Boolean": Scalar("boolean"),
}
