"""Schemas of API discovery documents: Google's description of an API as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING
from typing import Any as Raw

from attrs import define, field

from cursorkit.errors import SchemaError
from cursorkit.schema.names import cli_name
from cursorkit.schema.types import DEEPEST, Advice, Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Schema

Document = Mapping[str, Raw]
"""A discovery document, or a part of one, as JSON gives it."""


@define
class Schemas:
    """The schemas of one document. A reference is followed when its fields are asked for, never before.

    Attributes:
        document: the document's `schemas`.
    """

    document: Document
    _made: dict[str, Object] = field(factory=dict, init=False)

    def named(self, name: str) -> Schema:
        """The schema called `name`.

        Raises:
            SchemaError: there is none.
        """
        return self._named(name, 0)

    def read(self, node: Document, name: str) -> Schema:
        """The schema that `node` describes; `name` is what to call it if it is a structure.

        Raises:
            SchemaError: a type is unknown, or `node` goes on without a structure between for too long.
        """
        return self._read(node, name, 0)

    def _named(self, name: str, depth: int) -> Schema:
        if name not in self.document:
            raise SchemaError(f"the document has no schema '{name}'")
        made = self._made.get(name)
        if made is None:
            schema = self._read(self.document[name], name, depth)
            if not isinstance(schema, Object):
                return schema
            made = self._made[name] = schema
        return made

    def _read(self, node: Document, name: str, depth: int) -> Schema:
        if depth > DEEPEST:
            raise SchemaError(f"the schema '{name}' has more than {DEEPEST} levels, and no structure in them")
        if "$ref" in node:
            return self._named(node["$ref"], depth + 1)
        match node.get("type", "any"):
            case "array":
                return List(self._read(node.get("items", {}), name, depth + 1))
            case "object" if "additionalProperties" in node and "properties" not in node:
                return Map(self._read(node["additionalProperties"], name, depth + 1))
            case "object":
                return Object(name, partial(self._fields, node.get("properties", {}), name))
            case "any":
                return Any()
        return scalar(node)

    def _fields(self, properties: Document, name: str) -> Iterator[Field]:
        for wire, node in properties.items():
            yield described(wire, node, self.read(node, f"{name}.{cli_name(wire)}"))


def described(wire: str, node: Document, schema: Schema) -> Field:
    """The field that `node` describes.

    Raises:
        SchemaError: the wire name holds a character that the language takes for its own.
    """
    cli = cli_name(wire)
    if set(cli) & set(".=:@/+"):
        raise SchemaError(f"the name '{wire}' holds one of . = : @ / +")
    return Field(
        cli=cli,
        wire=wire,
        python=cli.replace("-", "_").replace("$", ""),
        schema=schema,
        description=node.get("description", ""),
        required=bool(node.get("required", False)),
        secret=bool(node.get("secret", False)),
        refusal=node.get("refusal", ""),
    )


def scalar(node: Document) -> Scalar:
    """The scalar that `node` describes.

    Raises:
        SchemaError: the type is unknown.
    """
    kind, form = node["type"], node.get("format", "")
    checks = {
        "enum": tuple(node.get("enum", ())),
        "pattern": node.get("pattern", ""),
        "synonyms": tuple(node.get("synonyms", {}).items()),
        "advice": tuple(Advice(**each) for each in node.get("advice", ())),
    }
    if kind == "string" and form in {"int64", "uint64"}:
        return Scalar("integer", form, quoted=True)
    if kind == "string":
        return Scalar("bytes" if form == "byte" else "string", form, **checks)
    if kind == "boolean":
        return Scalar("boolean")
    if kind == "integer":
        return Scalar(
            "integer", form or "int64", minimum=_bound(node, "minimum"), maximum=_bound(node, "maximum")
        )
    if kind == "number":
        return Scalar("number", form)
    raise SchemaError(f"the type '{kind}' is unknown")


def _bound(node: Document, name: str) -> int | None:
    return int(node[name]) if name in node else None
