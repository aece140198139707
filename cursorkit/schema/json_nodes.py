"""Schemas of JSON Schema documents that one value has to fit all of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.schema.json_assertions import TYPES
from cursorkit.schema.json_document import Node
from cursorkit.schema.json_rules import check, rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.schema.types import Rule

Nodes = tuple[Node, ...]
"""Schemas of one value, which has to fit them all; none allow everything."""


def joined(*nodes: Node) -> Nodes:
    """The schemas, and all that they refer to, or join by `allOf`.

    Raises:
        SchemaError: a keyword of theirs is not understood, or they refer to themselves.
    """
    found: dict[Node, None] = {}
    waiting = [*reversed(nodes)]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            check(node)
            more = [*([node.target()] if "$ref" in node else []), *node.schemas("allOf")]
            waiting.extend(reversed(more))
    return tuple(found)


def have(nodes: Nodes, *keywords: str) -> bool:
    """Whether one of `nodes` has one of the keywords."""
    return any(keyword in node for node in nodes for keyword in keywords)


def remaining(nodes: Nodes, judged: Iterable[str] = ()) -> tuple[Rule, ...]:
    """What `nodes`, which are joined, ask beside what is `judged` otherwise."""
    return tuple(rule for node in nodes for rule in rules(node, {*judged, "$ref", "allOf"}))


def types(nodes: Nodes) -> set[str] | None:
    """The types that a value may have, where numbers need not be whole; None if nobody tells."""
    told: list[set[str]] = []
    for node in nodes:
        if node.content is False:
            told.append(set())
        if "type" in node:
            names = node.texts("type")
            told.append({*names, *(["integer"] if "number" in names else [])})
    told += ({name for value in values for name in _types_of(value)} for values in enumerated(nodes))
    if not told:
        return None
    found = set.intersection(*told)
    return found - {"integer"} if "number" in found else found


def _types_of(value: object) -> set[str]:
    found = {name for name, is_one in TYPES.items() if is_one(value)}
    return found - {"number"} if isinstance(value, int) else found


def enumerated(nodes: Nodes) -> Iterator[tuple[object, ...]]:
    """The lists of values that are told; only a value that is in all of them fits."""
    for node in nodes:
        if "enum" in node:
            yield node.values("enum")
        if "const" in node:
            yield (node.value("const"),)
