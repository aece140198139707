"""The cursor language of the generated Google API programs: parsed, typed, and sent.

    text -> tree -> body -> request -> answer

`parse` reads arguments, `build` and `construct` turn them into a body of a schema, `prepare`, `call` and
`read` carry it over a transport. Nothing is imported before it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of `typing` would have to be imported before the program heeds signals
if TYPE_CHECKING:
    from cursorkit.body.build import Body, build
    from cursorkit.body.complete import complete
    from cursorkit.body.construct import construct
    from cursorkit.body.editor import Editor, edit
    from cursorkit.body.explain import Explanation, explain
    from cursorkit.body.openings import Candidate
    from cursorkit.body.origins import Written
    from cursorkit.body.printer import to_arguments
    from cursorkit.errors import (
        ArgumentErrors,
        CursorError,
        CursorkitError,
        Problem,
        SchemaError,
        SourceError,
    )
    from cursorkit.http_body import HttpBody
    from cursorkit.language.ast import Program
    from cursorkit.language.cursor import Cursor
    from cursorkit.language.parser import parse
    from cursorkit.language.shell import shell_line
    from cursorkit.methods.blame import blame
    from cursorkit.methods.call import call, prepare, read
    from cursorkit.methods.media import Upload
    from cursorkit.methods.outcome import Outcome, Verdict, Violation
    from cursorkit.methods.paging import Page, pages
else:
    _HOMES = {
        "cursorkit.body.build": ("Body", "build"),
        "cursorkit.body.complete": ("complete",),
        "cursorkit.body.construct": ("construct",),
        "cursorkit.body.editor": ("Editor", "edit"),
        "cursorkit.body.explain": ("Explanation", "explain"),
        "cursorkit.body.openings": ("Candidate",),
        "cursorkit.body.origins": ("Written",),
        "cursorkit.body.printer": ("to_arguments",),
        "cursorkit.errors": (
            "ArgumentErrors",
            "CursorError",
            "CursorkitError",
            "Problem",
            "SchemaError",
            "SourceError",
        ),
        "cursorkit.http_body": ("HttpBody",),
        "cursorkit.language.ast": ("Program",),
        "cursorkit.language.cursor": ("Cursor",),
        "cursorkit.language.parser": ("parse",),
        "cursorkit.language.shell": ("shell_line",),
        "cursorkit.methods.blame": ("blame",),
        "cursorkit.methods.call": ("call", "prepare", "read"),
        "cursorkit.methods.media": ("Upload",),
        "cursorkit.methods.outcome": ("Outcome", "Verdict", "Violation"),
        "cursorkit.methods.paging": ("Page", "pages"),
    }

    def __getattr__(name: str) -> object:
        home = next((module for module, names in _HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)


__version__ = "0.1.0"

__all__ = [
    "ArgumentErrors",
    "Body",
    "Candidate",
    "Cursor",
    "CursorError",
    "CursorkitError",
    "Editor",
    "Explanation",
    "HttpBody",
    "Outcome",
    "Page",
    "Problem",
    "Program",
    "SchemaError",
    "SourceError",
    "Upload",
    "Verdict",
    "Violation",
    "Written",
    "__version__",
    "blame",
    "build",
    "call",
    "complete",
    "construct",
    "edit",
    "explain",
    "pages",
    "parse",
    "prepare",
    "read",
    "shell_line",
    "to_arguments",
]
