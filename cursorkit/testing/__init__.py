"""For the tests of others: strategies of hypothesis to draw from, and contracts to inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.testing.strategies import KINDS, mistakes, moves, programs, schemas, values
else:
    _STRATEGIES = ("KINDS", "mistakes", "moves", "programs", "schemas", "values")

    def __getattr__(name: str) -> object:
        if name not in _STRATEGIES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from cursorkit.testing import strategies

        return getattr(strategies, name)


__all__ = ["KINDS", "mistakes", "moves", "programs", "schemas", "values"]
