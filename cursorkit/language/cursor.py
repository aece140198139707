"""The cursor: a place in a structure, as the names that lead there. Pure; it knows no schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.errors import CursorError
from cursorkit.language.ast import Name, Up

if TYPE_CHECKING:
    from cursorkit.language.ast import Path


@frozen
class Cursor:
    """A position in a structure.

    Attributes:
        names: the names from the root to it; none at the root.
    """

    names: tuple[str, ...] = ()

    def move(self, path: Path | str) -> Cursor:
        """Where `path` leads from here.

        Raises:
            CursorError: `empty`, `above-root` or `trailing-separator`; the first mistake on the way counts,
                and an unfinished path is found last.
        """
        if isinstance(path, str):
            from cursorkit.language.parser import parse_path

            path = parse_path(path)
        if path.fault == "empty":
            raise CursorError("empty", "the path is empty", (0, 0))
        names = list(self.names)
        for step in path.steps:
            if isinstance(step, Name):
                names.append(step.text)
            elif isinstance(step, Up):
                if step.levels > len(names):
                    raise CursorError("above-root", _above(step.levels, len(names)), step.span)
                del names[len(names) - step.levels :]
            else:
                names.clear()
        if path.fault == "trailing-separator":
            end = len(str(path))
            raise CursorError("trailing-separator", "the path ends in a single dot", (end - 1, end))
        return Cursor(tuple(names))

    def __str__(self) -> str:
        return "." + ".".join(self.names)


def _above(levels: int, depth: int) -> str:
    here = f"{depth} level{'s' * (depth > 1)} below the root" if depth else "at the root"
    return f"'{'.' * (levels + 1)}' goes up {levels} level{'s' * (levels > 1)}, but the cursor is {here}"
