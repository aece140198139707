"""Strategies of hypothesis: schemas, their values, and what programs of the cursor language do to them.

    schemas() -> values(schema) -> programs(schema), mistakes(schema)          moves()

Nothing here asks the language what an argument list means. A value comes first, and then one of the many
programs that write it; a mistake is put into a program where it can mean one thing only.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    from cursorkit.errors import MissingExtraError

    raise MissingExtraError("testing", "drawing arguments")

from cursorkit.testing.strategies.faults import KINDS, mistakes
from cursorkit.testing.strategies.json_values import values
from cursorkit.testing.strategies.paths import moves
from cursorkit.testing.strategies.shapes import schemas
from cursorkit.testing.strategies.writing import programs

__all__ = ["KINDS", "mistakes", "moves", "programs", "schemas", "values"]
