"""The cursor language of the generated Google API programs: parsed, typed, and sent.

    text -> tree -> body -> request -> answer

`parse` reads arguments, `build` and `construct` turn them into a body of a schema, `prepare`, `call` and
`read` carry it over a transport. Nothing is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.errors import ArgumentErrors, CursorError, CursorkitError, Problem, SourceError
else:
    _HOMES = {
        "ArgumentErrors": "cursorkit.errors",
        "CursorError": "cursorkit.errors",
        "CursorkitError": "cursorkit.errors",
        "Problem": "cursorkit.errors",
        "SourceError": "cursorkit.errors",
    }

    def __getattr__(name):
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)


__version__ = "0.1.0"

__all__ = ["ArgumentErrors", "CursorError", "CursorkitError", "Problem", "SourceError", "__version__"]
