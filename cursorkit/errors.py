"""What can go wrong, split by whose fault it is.

    CursorkitError
    ├── CursorError               a move that cannot be made                (the caller's path)
    ├── ArgumentErrors            every problem of an argument list at once (the caller's arguments)
    ├── SourceError               a file or stream that cannot be sent      (the caller's input)
    ├── MultipartError            a body that is not what it claims to be   (cursorkit.wire.multipart)
    ├── NotDicomError             bytes that are no DICOM instance          (cursorkit.dicom.instances)
    ├── SchemaError               a class or document that cannot be mapped (the embedding program)
    ├── OutputError               a place where an answer cannot be written (the caller's machine)
    ├── EndpointError             a URL that no transport may be opened for (cursorkit.wire.transport)
    ├── MissingExtraError         an optional dependency that is absent     (the installation)
    └── TransportError            no usable answer; `.sent` says what left  (cursorkit.wire.transport)
        ├── ConnectError          not a byte of the body was sent
        ├── TrustError            the server's certificate was refused; not a byte of the body was sent
        └── AuthenticationError   no credentials, or refused ones

A `Problem` is a value: one thing that is wrong with one argument. `str(problem)` draws it with its caret.
"""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from attrs import field, frozen

Span = tuple[int, int]
"""Start and end offset, in characters of one argument."""

_LINE = 100
"""Columns that a drawn argument may take."""


class CursorkitError(Exception):
    """The root of every exception that this project raises."""


class CursorError(CursorkitError):
    """A path that cannot be followed; the cursor stays where it was.

    Attributes:
        kind: `empty`, `above-root` or `trailing-separator`.
        span: where in the path.
    """

    def __init__(self, kind: str, message: str, span: Span) -> None:
        super().__init__(message)
        self.kind = kind
        self.span = span


class SchemaError(CursorkitError):
    """A class or a document from which no schema can be made."""


class SourceError(CursorkitError):
    """An input that cannot be read, or that is no longer what it was.

    Attributes:
        kind: `no-file`, `unreadable-file`, `stdin-twice` or `changed-file`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class OutputError(CursorkitError):
    """The answer cannot be written where it should go."""


class MissingExtraError(CursorkitError):
    """A part of the project that needs an optional dependency which is not installed.

    Attributes:
        extra: the name of the extra that brings it.
    """

    def __init__(self, extra: str, what_for: str) -> None:
        super().__init__(f"{what_for} needs an optional dependency: pip install 'cursorkit[{extra}]'")
        self.extra = extra


@frozen
class Problem:
    """One thing that is wrong with one argument.

    Attributes:
        kind: the stable name of the error, in kebab-case; grammar/README.md lists them all.
        message: what is wrong, in words.
        argument: the argument as it may be shown: a value that must stay private is already cut out.
        span: what is wrong in `argument`, in characters.
        index: the argument's position in its list, from 0; None where there is no such argument.
        label: what the list is called where it was written, such as `-r argument`.
        context: the arguments before it that explain where the cursor stands.
        cursor: where the cursor stood, such as `. (HttpBody)`; empty where no cursor is involved.
        hint: what to do about it.
    """

    kind: str
    message: str
    argument: str = ""
    span: Span = (0, 0)
    index: int | None = None
    label: str = "argument"
    context: str = field(default="", eq=False)
    cursor: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = self.label if self.index is None else f"{self.label} {self.index + 1}"
        lines = [f"{place}: {printable(self.message)}" if place else printable(self.message)]
        if self.argument or self.index is not None:
            lines += _pointed_at(self.context, self.argument, self.span)
        notes = [f"cursor: {printable(self.cursor)}"] if self.cursor else []
        notes += [printable(self.hint)] if self.hint else []
        if notes:
            lines.append("    " + "   ".join(notes))
        return "\n".join(lines)


class ArgumentErrors(CursorkitError):  # noqa: N818 - it is many errors, and is named for them
    """Every problem of an argument list.

    Attributes:
        problems: all of them, in the order of the arguments; never empty.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would act upon or not show."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _width(text: str) -> int:
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pointed_at(context: str, argument: str, span: Span) -> list[str]:
    """The argument in one line of bounded width, and a line of carets under the span."""
    start, end = span
    before = printable(f"{context} " if context else "") + printable(argument[:start])
    marked = printable(argument[start:end])
    after = printable(argument[end:])
    if _width(before) > _LINE // 3:
        before = "…" + before[-(_LINE // 3) :]
    if _width(marked) > _LINE // 3:
        marked = marked[: _LINE // 3] + "…"
    room = _LINE - _width(before) - _width(marked)
    if _width(after) > room:
        after = after[: room // 2] + "…"
    carets = " " * _width(before) + "^" * max(1, _width(marked))
    return [f"    {before}{marked}{after}", f"    {carets}"]
