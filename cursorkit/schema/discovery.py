"""Schemas of API discovery documents: Google's description of an API as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field

from cursorkit.errors import SchemaError, quoted
from cursorkit.schema.document import (
    fields,
    flag,
    form_of,
    is_required,
    needed,
    rows,
    table,
    text,
    texts,
    unsound,
)
from cursorkit.schema.names import checked_name, cli_name
from cursorkit.schema.patterns import compiled
from cursorkit.schema.types import DEEPEST, Advice, Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.schema.document import Document
    from cursorkit.schema.types import Schema


@define
class Schemas:
    """The schemas of one document. A reference is followed when its fields are asked for, never before.

    Attributes:
        document: the document's `schemas`.
        method: the id of the method whose requests they are for, which may require fields that others do not.
    """

    document: Document
    method: str = ""
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

    def names(self, node: Document) -> frozenset[str]:
        """The wire names in the structure that `node` describes, whatever they are; none, if it is none."""
        for _ in range(DEEPEST):
            if "$ref" not in node:
                break
            node = table(self.document, text(node, "$ref"))
        return frozenset(table(node, "properties"))

    def _named(self, name: str, depth: int) -> Schema:
        if name not in self.document:
            raise SchemaError(f"the document has no schema {quoted(name)}")
        made = self._made.get(name)
        if made is None:
            schema = self._read(table(self.document, name), name, depth)
            if not isinstance(schema, Object):
                return schema
            made = self._made[name] = schema
        return made

    def _read(self, node: Document, name: str, depth: int) -> Schema:
        if depth > DEEPEST:
            raise SchemaError(
                f"the schema {quoted(name)} has more than {DEEPEST} levels, and no structure in them"
            )
        if "$ref" in node:
            return self._named(text(node, "$ref"), depth + 1)
        match form_of(node):
            case "list":
                return List(self._read(table(node, "items"), name, depth + 1))
            case "map":
                return Map(self._read(table(node, "additionalProperties"), name, depth + 1))
            case "structure":
                return Object(name, lambda: told_apart(self._fields(node, name)))
            case "any":
                return Any()
        return _scalar(node)

    def _fields(self, node: Document, name: str) -> Iterator[Field]:
        for wire, each in fields(node):
            schema = self.read(each, f"{name}.{cli_name(wire)}")
            yield described(wire, each, schema, required=is_required(each, self.method))


def described(wire: str, node: Document, schema: Schema, *, required: bool) -> Field:
    """The field that `node` describes.

    Raises:
        SchemaError: the wire name holds a character that the language takes for its own, or that nobody sees.
    """
    cli = checked_name(wire)
    return Field(
        cli=cli,
        wire=wire,
        python=cli.replace("-", "_").replace("$", ""),
        schema=schema,
        description=text(node, "description"),
        required=required,
        secret=flag(node, "secret"),
        refusal=text(node, "refusal"),
        read_only=flag(node, "readOnly"),
        deprecated=flag(node, "deprecated"),
    )


def told_apart(fields: Iterable[Field]) -> Iterator[Field]:
    """The fields themselves.

    Raises:
        SchemaError: two have one name on the command line.
    """
    found: set[str] = set()
    for each in fields:
        if each.cli in found:
            raise SchemaError(f"two names of the document are both spelled {quoted(each.cli)}")
        found.add(each.cli)
        yield each


def _scalar(node: Document) -> Scalar:
    """The scalar that `node` describes.

    Raises:
        SchemaError: a pattern or bound is none.
    """
    kind, form = needed(node, "type"), text(node, "format")
    if kind == "string" and form in {"int64", "uint64"}:
        return Scalar("integer", form, quoted=True)
    if kind == "string":
        return Scalar(
            "bytes" if form == "byte" else "string",
            form,
            enum=texts(node, "enum"),
            pattern=_pattern(node, text(node, "pattern")),
            synonyms=tuple((each, text(table(node, "synonyms"), each)) for each in table(node, "synonyms")),
            advice=tuple(_advice(each) for each in rows(node, "advice")),
        )
    if kind == "boolean":
        return Scalar("boolean")
    if kind == "integer":
        return Scalar(
            "integer", form or "int64", minimum=_bound(node, "minimum"), maximum=_bound(node, "maximum")
        )
    return Scalar("number", form)


def _advice(node: Document) -> Advice:
    return Advice(needed(node, "kind"), _pattern(node, needed(node, "pattern")), needed(node, "message"))


def _pattern(node: Document, pattern: str) -> str:
    try:
        compiled(pattern)
    except (re.error, OverflowError, RecursionError):
        raise unsound(node, "'pattern' is no regular expression") from None
    return pattern


def _bound(node: Document, name: str) -> int | None:
    written = text(node, name)
    try:
        return int(written) if written else None
    except ValueError:
        raise unsound(node, f"'{name}' is no integer") from None
