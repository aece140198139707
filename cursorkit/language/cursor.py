"""The cursor: a place in a structure, as the names that lead there. Pure; it knows no schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.errors import CursorError, quoted
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
        return Cursor(self.names[: self.kept(path)] + path.reduced[1])

    def kept(self, path: Path) -> int:
        """How many of its names, from the root on, the cursor keeps when it moves along `path`.

        Raises:
            CursorError: as `move`.
        """
        depth = 0 if path.absolute else len(self.names)
        climb = path.reduced[0]
        if climb > depth or path.fault is not None:
            raise _mistake(path, depth)
        return depth - climb

    def __str__(self) -> str:
        return "." + ".".join(self.names)


def _mistake(path: Path, depth: int) -> CursorError:
    """The first mistake of a path that starts `depth` levels below the root."""
    if path.fault == "empty":
        return CursorError("empty", "the path is empty", (0, 0))
    for step in path.steps:
        if isinstance(step, Up) and step.levels > depth:
            return CursorError("above-root", _above(step.levels, depth), step.span)
        depth += 1 if isinstance(step, Name) else -step.levels if isinstance(step, Up) else 0
    end = len(str(path))
    if path.fault == "limit":
        return CursorError("limit", "a name of the path has more than 65,536 characters", (0, end))
    return CursorError("trailing-separator", "the path ends in a single dot", (end - 1, end))


def _above(levels: int, depth: int) -> str:
    here = f"{depth} level{'s' * (depth > 1)} below the root" if depth else "at the root"
    return (
        f"{quoted('.' * (levels + 1))} goes up {levels} level{'s' * (levels > 1)}, but the cursor is {here}"
    )
