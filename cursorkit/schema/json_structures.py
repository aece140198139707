"""Structures of JSON Schema documents: which fields there may be, and what is told of each."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cursorkit.schema.json_assertions import expression
from cursorkit.schema.json_nodes import have, joined
from cursorkit.schema.json_rules import others
from cursorkit.schema.names import cli_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cursorkit.schema.json_document import Node
    from cursorkit.schema.json_nodes import Nodes
    from cursorkit.schema.types import Rule

KEYWORDS = ("properties", "patternProperties", "additionalProperties")
"""What tells of fields."""

_DEFINITION = re.compile(r"#/(?:\$defs|definitions)/([^/]+)")


def properties(nodes: Nodes) -> list[str]:
    """The names of fields that are told one by one, in the order of the document."""
    return [*dict.fromkeys(wire for node in nodes for wire in node.entries("properties"))]


def required(nodes: Nodes) -> list[str]:
    """The names of the fields that are needed."""
    return [*dict.fromkeys(wire for node in nodes for wire in node.texts("required"))]


def told(nodes: Nodes, wire: str) -> Nodes | None:
    """All that the field of a name has to fit; None if there is no such field.

    Fields that nobody tells of are there only where no fields are told at all.
    """
    found = [each for node in nodes for each in _told(node, wire)]
    return joined(*found) if found or not have(nodes, *KEYWORDS) else None


def _told(node: Node, wire: str) -> Iterator[Node]:
    found = [node.schema("properties", wire)] if wire in node.entries("properties") else []
    for pattern, each in node.members("patternProperties").items():
        if expression(node, pattern, "patternProperties", pattern)(wire):
            found.append(each)
    if not found and "additionalProperties" in node:
        found.append(node.schema("additionalProperties"))
    yield from found


def entries(nodes: Nodes) -> tuple[Nodes, tuple[Rule, ...]] | None:
    """What all fields have to fit, whatever their names, and what these have to obey; None if they differ."""
    patterns = [(node, each) for node in nodes for each in node.members("patternProperties").values()]
    additional = [each.schema("additionalProperties") for each in nodes if "additionalProperties" in each]
    if not patterns:
        closed = any(each.content is False for each in additional)
        return None if closed else (joined(*additional), ())
    (node, matching), *more = patterns
    if more or any(each.content is not False for each in additional):
        return None
    return joined(matching), (others(node, lambda _: False),)


def mentioned(nodes: Nodes) -> dict[str, list[Nodes]]:
    """What alternatives and conditions of the same value tell of fields, which are alternatives too."""
    found: dict[str, list[Nodes]] = {}
    waiting = [branch for node in nodes for branch in _branches(node)]
    seen = set(nodes)
    while waiting:
        branch = joined(waiting.pop(0))
        for wire in properties(branch):
            each = told(branch, wire)
            if each is not None and each not in found.setdefault(wire, []):
                found[wire].append(each)
        waiting += [inner for node in branch if node not in seen for inner in _branches(node)]
        seen |= set(branch)
    return found


def _branches(node: Node) -> list[Node]:
    conditions = [node.schema(each) for each in ("if", "then", "else") if each in node]
    dependencies = [
        node.schema("dependencies", name)
        for name in node.entries("dependencies")
        if not node.listed("dependencies", name)
    ]
    return [
        *node.schemas("anyOf"),
        *node.schemas("oneOf"),
        *conditions,
        *node.members("dependentSchemas").values(),
        *dependencies,
    ]


def definition(nodes: Nodes) -> str:
    """What the first of them is called that others refer to; empty if none is."""
    for node in nodes:
        found = _DEFINITION.fullmatch(node.pointer)
        if found is not None:
            return found[1].replace("~1", "/").replace("~0", "~")
    return ""


def cli_names(wires: Collection[str]) -> dict[str, str]:
    """The command-line names: those of their wire names that are no other field's."""
    counts = Counter(map(cli_name, wires))
    return {
        wire: wire if counts[cli] > 1 or (cli != wire and cli in wires) else cli
        for wire, cli in ((wire, cli_name(wire)) for wire in wires)
    }
