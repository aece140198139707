"""Explanations for people: a table of the arguments, and the body as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.body.field_paths import as_written, written
from cursorkit.errors import shortened, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.explain import Explanation, Node, Row

_GAP = "  "
_WIDEST_COLUMN = 48
"""Columns of the terminal that a column of the table may take."""
_WIDEST_LEAF = 80
"""Columns that a line of the tree may take before its notes; deep ones take more."""
_NARROWEST_LEAF = 32
"""Columns that are left for a leaf, however deep it is."""


def table(explanation: Explanation) -> str:
    """A line for each argument, and below them what is wrong or worth a word."""
    rows = [("", "argument", "cursor", "effect", "extensions"), *map(_cells, explanation.rows)]
    fitting = [[shortened(cell, _WIDEST_COLUMN) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*fitting, strict=True)]
    lines = [_GAP.join(_filled(*cell) for cell in zip(row, widths, strict=True)).rstrip() for row in fitting]
    errors = [f"error: {each}" for each in explanation.problems]
    warnings = [f"warning: {each}" for row in explanation.rows for each in row.advice]
    blank = [""] if errors or warnings else []
    return "\n".join([*lines, *blank, *errors, *warnings])


def tree(explanation: Explanation) -> str:
    """The body, a line for each part, with the argument that set it and the cursor beside it."""
    lines = [*_lines(explanation.body, f". ({explanation.title})", "")]
    margin = max((width(line) for line, notes in lines if notes), default=0)
    return "\n".join(
        f"{_filled(line, margin)}{_GAP}{_GAP.join(notes)}" if notes else line for line, notes in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    # A move from one new element to the next changes nothing in the names.
    again = row.effect is None and bool(row.extensions) and not row.problems
    moved = row.before != row.after or again
    return (
        str(row.index + 1),
        row.argument,
        f"{row.before} → {row.after}" if moved else str(row.before),
        _told(row),
        ", ".join(dict.fromkeys(row.extensions)),
    )


def _told(row: Row) -> str:
    if row.problems:
        return ", ".join(problem.kind for problem in row.problems)
    return "" if row.effect is None else f"{written(row.effect.place)} = {row.effect.content}"


def _lines(node: Node, head: str, indent: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of `node` and its parts, each with the notes beside it."""
    text = f"{head}: {node.content}" if node.content else head
    notes = [] if node.origin is None else [f"← {node.origin + 1}"]
    room = max(_WIDEST_LEAF, len(indent) + _NARROWEST_LEAF)
    yield shortened(text, room), notes + ["◀ cursor"] * node.cursor
    for part in node.parts:
        last = part is node.parts[-1]
        line = "─" if part.exists else "╌"
        corner = f"{indent}{'└' if last else '├'}{line} "
        yield from _lines(part, corner + _label(part), indent + ("   " if last else "│  "))


def _label(node: Node) -> str:
    match node.name:
        case None:
            return "[+]"
        case int():
            return f"[{node.name}]"
    return as_written(node.name)


def _filled(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
