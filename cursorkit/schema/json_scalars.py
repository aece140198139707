"""Scalars of JSON Schema documents: what keywords say of strings, numbers and booleans."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from cursorkit.schema.json_nodes import enumerated, remaining
from cursorkit.schema.types import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from cursorkit.schema.json_nodes import Nodes

_DATES = ("date-time", "date")
_INTEGERS = ("int32", "uint32", "int64", "uint64")


def string(nodes: Nodes) -> Scalar:
    """A string; bytes in base64, if `format` or `contentEncoding` says so."""
    if any(node.text("format") == "byte" or node.text("contentEncoding") == "base64" for node in nodes):
        return Scalar("bytes", rules=remaining(nodes, {"type"}))
    choices = [[value for value in values if isinstance(value, str)] for values in enumerated(nodes)]
    enum = tuple(value for value in choices[0] if all(value in each for each in choices)) if choices else ()
    patterns = [node.text("pattern") for node in nodes if "pattern" in node]
    judged = {"type", *(("enum", "const") if enum else ()), *(["pattern"] if len(patterns) == 1 else [])}
    return Scalar(
        "string",
        _format(nodes, _DATES),
        enum=enum,
        pattern=patterns[0] if len(patterns) == 1 else "",
        rules=remaining(nodes, judged),
    )


def integer(nodes: Nodes) -> Scalar:
    """A whole number."""
    least = [
        *_bounds(nodes, "minimum", ceil),
        *_bounds(nodes, "exclusiveMinimum", lambda bound: floor(bound) + 1),
    ]
    most = [
        *_bounds(nodes, "maximum", floor),
        *_bounds(nodes, "exclusiveMaximum", lambda bound: ceil(bound) - 1),
    ]
    judged = {"type", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}
    return Scalar(
        "integer",
        _format(nodes, _INTEGERS),
        minimum=max(least, default=None),
        maximum=min(most, default=None),
        rules=remaining(nodes, judged),
    )


def number(nodes: Nodes) -> Scalar:
    """A number."""
    return Scalar("number", rules=remaining(nodes, {"type"}))


def boolean(nodes: Nodes) -> Scalar:
    """True or false."""
    return Scalar("boolean", rules=remaining(nodes, {"type"}))


def _bounds(nodes: Nodes, keyword: str, whole: Callable[[float], int]) -> list[int]:
    return [whole(node.number(keyword)) for node in nodes if keyword in node]


def _format(nodes: Nodes, known: Container[str]) -> str:
    return next((node.text("format") for node in nodes if node.text("format") in known), "")
