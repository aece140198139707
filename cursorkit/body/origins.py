"""The source map: from a place in a body back to the argument that set it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cursorkit.body.tree import Key


def origin(origins: Mapping[Key, int], place: Key) -> int | None:
    """The argument that set `place`, or what it is a part of, or else the first part of it; None for none."""
    for depth in range(len(place), -1, -1):
        if place[:depth] in origins:
            return origins[place[:depth]]
    return min((index for key, index in origins.items() if key[: len(place)] == place), default=None)
