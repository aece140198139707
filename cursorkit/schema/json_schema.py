"""Schemas of JSON Schema documents (drafts 2020-12 and 7)."""

from __future__ import annotations

from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from cursorkit.schema import json_structures as structures
from cursorkit.schema.admit import DEEPEST
from cursorkit.schema.json_assertions import TYPES
from cursorkit.schema.json_document import Node
from cursorkit.schema.json_nodes import have, joined, remaining, types
from cursorkit.schema.json_rules import NEVER, check
from cursorkit.schema.json_scalars import boolean, integer, number, string
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.schema.json_nodes import Nodes
    from cursorkit.schema.types import Schema

    _Trail = tuple[Nodes, ...]


def schema_of(document: object) -> Schema:
    """The schema that a JSON Schema document describes.

    A value that fits is valid, by every keyword of both drafts but `$dynamicRef` and the `unevaluated…` ones,
    which are refused. Not everything valid fits, so that slips are told, and text has a meaning:

    - a structure with `properties` has no others, unless `additionalProperties`, `patternProperties`, or an
      alternative or a condition of the same schema tells them;
    - `properties` tell of structures and `items` of lists, even if no `type` does;
    - a list with `prefixItems` holds elements of those schemas, and of `items` if there is that too;
    - 1.0 is no integer;
    - the formats `date-time`, `date`, `byte`, `int32`, `uint32`, `int64` and `uint64` are checked.

    Args:
        document: plain JSON.

    Raises:
        SchemaError: it is no such document, or refers to another one; with where in it. What is wrong with a
            part shows when that part is first asked for.
    """
    root = Node.root(document)
    return _Reader().whole(joined(root), root.text("title") or "document")


_ANYTHING: Nodes = ()
_NOTHING = Any(rules=(NEVER,))
_NULL = Scalar("null")
_SCALARS = {"boolean": boolean, "integer": integer, "number": number, "string": string}
_TELLING = {"object": structures.KEYWORDS, "array": ("items", "prefixItems")}
"""By type, the keywords that tell what is inside."""


@define
class _Reader:
    """Reads schemas, each once. The fields of structures are read when they are first asked for."""

    _made: dict[Nodes, tuple[Schema, bool]] = field(factory=dict)

    def whole(self, nodes: Nodes, name: str, trail: _Trail = ()) -> Schema:
        """The schema of a value that has to fit all `nodes`.

        Args:
            nodes: the schemas.
            name: what to call it if it is a structure.
            trail: what is being read, and has this within.
        """
        schema, nullable = self.read(nodes, name, trail)
        return _one_of([schema, _NULL] if nullable else [schema])

    def read(self, nodes: Nodes, name: str, trail: _Trail = ()) -> tuple[Schema, bool]:
        """The same without null, and whether null may stand for it."""
        if nodes in trail or len(trail) >= DEEPEST:
            # A list of such lists, say: without a structure in between, a schema cannot hold itself.
            return Any(rules=remaining(nodes)), False
        if nodes not in self._made:
            self._made[nodes] = self._read(nodes, name, (*trail, nodes))
        return self._made[nodes]

    def _read(self, nodes: Nodes, name: str, trail: _Trail) -> tuple[Schema, bool]:
        allowed = types(nodes)
        telling = {kind for kind, keywords in _TELLING.items() if have(nodes, *keywords)}
        either = telling if allowed is None else allowed - {"null"}
        kinds = [kind for kind in TYPES if kind in either]
        scalar = bool(kinds) and _SCALARS.keys() >= set(kinds)
        several = not telling and not scalar and have(nodes, "anyOf", "oneOf")
        if allowed is None and not telling and not several:
            return Any(rules=remaining(nodes)), False
        if several:
            schema = self._union(nodes, name, trail)
        else:
            schema = _one_of([self._kind(kind, nodes, name, trail) for kind in kinds])
        nullable = (several or "null" in (allowed or ())) and all(check(node)(None) for node in nodes)
        return _NULL if nullable and schema == _NOTHING else schema, nullable

    def _union(self, nodes: Nodes, name: str, trail: _Trail) -> Schema:
        """The alternatives of the first schema that has some."""
        first, keyword = next((n, k) for n in nodes for k in ("anyOf", "oneOf") if k in n)
        read = [self.read(joined(each), name, trail)[0] for each in first.schemas(keyword)]
        schema = _one_of([each for each in read if each != _NULL])
        # One alternative that fits is all that anyOf asks; oneOf asks that no other does.
        rules = remaining((first,), {"anyOf"} if keyword == "anyOf" else ())
        rules += remaining(tuple(each for each in nodes if each != first))
        return evolve(schema, rules=schema.rules + rules) if rules else schema

    def _kind(self, kind: str, nodes: Nodes, name: str, trail: _Trail) -> Schema:
        match kind:
            case "object":
                return self._structure(nodes, name, trail)
            case "array":
                return self._list(nodes, name, trail)
        return _SCALARS[kind](nodes)

    def _list(self, nodes: Nodes, name: str, trail: _Trail) -> List:
        for node in nodes:
            if "prefixItems" in node or node.listed("items"):
                told = [self.whole(joined(each), name, trail) for each in _elements(node)]
                return List(_one_of(told), remaining(nodes, {"type"}))
        items = self.whole(joined(*(each.schema("items") for each in nodes if "items" in each)), name, trail)
        return List(items, remaining(nodes, {"type", "items"}))

    def _structure(self, nodes: Nodes, name: str, trail: _Trail) -> Object | Map:
        rules = remaining(nodes, {"type", "required", *structures.KEYWORDS})
        named = structures.properties(nodes) or structures.required(nodes)
        entries = None if named else structures.entries(nodes)
        if entries is not None:
            values, of_names = entries
            return Map(*self.read(values, name, trail), (*rules, *of_names))
        name = structures.definition(nodes) or name
        fields, other = partial(self._fields, nodes, name), partial(self._other, nodes, name)
        return Object(name, fields, others=cache(other), rules=rules)

    def _fields(self, nodes: Nodes, name: str) -> Iterator[Field]:
        """The fields that are told by name, in the order of the document."""
        required = dict.fromkeys(structures.required(nodes))
        known = [*structures.properties(nodes), *required]
        mentioned = structures.mentioned(nodes).items()
        found = {
            **{wire: [structures.told(nodes, wire) or _ANYTHING] for wire in known},
            **{wire: several for wire, several in mentioned if structures.told(nodes, wire) is None},
        }
        clis = structures.cli_names(found)
        for wire, several in found.items():
            yield self._field(wire, clis[wire], several, name, required=wire in required)

    def _other(self, nodes: Nodes, name: str, wire: str) -> Field | None:
        """The field of a name that nobody told; None if there can be none."""
        told = structures.told(nodes, wire)
        found = None if told is None else self._field(wire, wire, [told], name, required=False)
        return None if found is None or found.schema == _NOTHING else found

    def _field(self, wire: str, cli: str, several: list[Nodes], name: str, *, required: bool) -> Field:
        """A field; what is told of it are alternatives."""
        read = [self.read(nodes, f"{name}.{cli}") for nodes in several]
        every = [*chain(*several)]
        return Field(
            cli=cli,
            wire=wire,
            python=wire,
            schema=_one_of([schema for schema, _ in read]),
            description=next(filter(None, (node.text("description") for node in every)), ""),
            required=required,
            nullable=any(nullable for _, nullable in read),
            secret=any(node.text("format") == "password" or node.flag("writeOnly") for node in every),
        )


def _one_of(schemas: Iterable[Schema]) -> Schema:
    """The schema of values that fit one of several."""
    found: list[Schema] = []
    for schema in schemas:
        parts = schema.alternatives if isinstance(schema, Any) and not schema.rules else [schema]
        found += [each for each in parts or [schema] if each not in found and each != _NOTHING]
    if len(found) < 2 or Any() in found:
        return found[0] if len(found) == 1 else Any() if found else _NOTHING
    return Any(tuple(found))


def _elements(node: Node) -> list[Node]:
    """The schemas of the elements of a list that tells them one by one."""
    listed = node.listed("items")
    first, other = ("items", "additionalItems") if listed else ("prefixItems", "items")
    return [*node.schemas(first), *([node.schema(other)] if other in node else [])]
