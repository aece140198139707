"""What can go wrong, split by whose fault it is.

    CursorkitError
    ├── CursorError               a move that cannot be made                (the caller's path)
    ├── ArgumentErrors            every problem of an argument list at once (the caller's arguments)
    ├── SourceError               a file or stream that cannot be sent      (the caller's input)
    ├── MultipartError            a body that is not what it claims to be   (cursorkit.wire.multipart)
    ├── NotDicomError             bytes that are no DICOM instance          (cursorkit.dicom.instances)
    ├── JournalError              a journal of stores that cannot be used   (cursorkit.dicom.journal)
    ├── SharingError              work that others cannot be given          (cursorkit.dicom.shared)
    ├── SchemaError               a class or document that cannot be mapped (the embedding program)
    ├── OutputError               a place where an answer cannot be written (the caller's machine)
    │   └── ReaderGoneError       one that nobody reads any more
    ├── EndpointError             a URL that no transport may be opened for (cursorkit.wire.transport)
    ├── MissingExtraError         an optional dependency that is absent     (the installation)
    └── TransportError            no usable answer; `.sent` says what left  (cursorkit.wire.transport)
        ├── ConnectError          nothing was sent
        │   └── UnknownHostError  there is no host of that name
        ├── StorageError          a folder that cannot hold what it was sent
        └── PermanentError        trying again does not help
            ├── TrustError        the server's certificate was refused; nothing was sent
            └── AuthenticationError   no credentials, or refused ones

A `Problem` is a value: one thing that is wrong with one argument. `str(problem)` draws it with its caret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from unicodedata import category, east_asian_width

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal[
    # Paths.
    "empty",
    "above-root",
    "trailing-separator",
    "limit",
    # Places.
    "unknown-field",
    "response-only",
    "not-a-structure",
    "not-an-index",
    "index-gap",
    "not-keyed",
    "kind-clash",
    "duplicate",
    # Values.
    "no-text",
    "empty-value",
    "missing-key",
    "wrong-type",
    "out-of-range",
    "bad-format",
    "not-in-enum",
    "against-schema",
    "not-unicode",
    "not-json",
    "duplicate-key",
    # Files.
    "no-file",
    "unreadable-file",
    "changed-file",
    "stdin-twice",
    # Whole bodies.
    "nothing-set",
    "missing-field",
    # Answers.
    "field-violation",
    # The program.
    "usage",
    "unknown-command",
    "bad-endpoint",
    "bad-schema",
    "no-body",
    "empty-body",
    # Warnings.
    "not-a-media-type",
    "long-quota-user",
]
"""The stable names of all that can be wrong; grammar/README.md tells what each means, with an example."""

Span = tuple[int, int]
"""Start and end offset, in characters of one argument."""

_LINE = 100
"""Columns that a drawn argument may take."""

_NOTE = 4 * _LINE
"""Columns that a message, a cursor or a hint may take; only strange schemas have so much to say."""

_NAME = 60
"""Columns that a name may take in a sentence."""


class CursorkitError(Exception):
    """The root of every exception that this project raises."""


class CursorError(CursorkitError):
    """A path that cannot be followed; the cursor stays where it was.

    Attributes:
        kind: `empty`, `above-root` or `trailing-separator`.
        span: where in the path.
    """

    def __init__(self, kind: Kind, message: str, span: Span) -> None:
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

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class OutputError(CursorkitError):
    """The answer cannot be written where it should go."""


class ReaderGoneError(OutputError):
    """Nobody reads any more where the answer should go."""


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
        kind: the stable name of the error.
        message: what is wrong, in words.
        argument: the argument as it may be shown: a value that must stay private is already cut out.
        span: what is wrong in `argument`, in characters.
        index: the argument's position in its list, from 0; None where there is no such argument.
        label: what the list is called where it was written, such as `-r argument`.
        context: the arguments before it that explain where the cursor stands.
        cursor: where the cursor stood, such as `. (HttpBody)`; empty where no cursor is involved.
        hint: what to do about it.
        beyond: what else to do about it where the language goes beyond that of the reference.
    """

    kind: Kind
    message: str
    argument: str = field(default="", repr=False)
    span: Span = (0, 0)
    index: int | None = None
    label: str = "argument"
    context: str = field(default="", eq=False)
    cursor: str = ""
    hint: str = ""
    beyond: str = ""

    def __str__(self) -> str:
        place = self.label if self.index is None else f"{self.label} {self.index + 1}"
        message = shortened(self.message, _NOTE)
        lines = [f"{place}: {message}" if place else message]
        if self.argument:
            lines += _pointed_at(self.context, self.argument, self.span)
        notes = [f"cursor: {self.cursor}" if self.cursor else "", self.hint, self.beyond]
        if any(notes):
            lines.append("    " + "   ".join(shortened(note, _NOTE) for note in notes if note))
        return "\n".join(lines)


class ArgumentErrors(CursorkitError):  # noqa: N818 - it is many errors, and is named for them
    """Every problem of an argument list.

    Attributes:
        problems: all of them, in the order of the arguments; never empty.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


# --- how problems are drawn ------------------------------------------------------------------------------


MASK = "***"
"""Stands for what may not be shown, where others wrote it."""


def discreet(text: str, private: Iterable[str]) -> str:
    """`text`, which somebody else wrote, without the private values that it repeats."""
    for each in sorted(filter(None, private), key=len, reverse=True):
        text = text.replace(each, MASK)
    return text


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would act upon or not show."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def shortened(text: str, columns: int = _NAME, *, keep: Literal["start", "end"] = "start") -> str:
    """`text`, printable and in no more than `columns`; an ellipsis stands for what had no room.

    Args:
        text: any text.
        columns: columns of a terminal.
        keep: which part of a longer text stays.
    """
    if len(text) <= columns and text.isascii() and text.isprintable():
        return text
    forward = keep == "start"
    # No text is read further than it can be shown, so that one of any size costs nothing.
    excerpt = text[: columns * _MARKS] if forward else text[-columns * _MARKS :]
    cells = list(_cells(excerpt))
    if len(excerpt) == len(text) and sum(width for _, width in cells) <= columns:
        return "".join(cell for cell, _ in cells)
    kept: list[str] = []
    room = columns - 1
    for cell, width in cells if forward else reversed(cells):
        room -= width
        if room < 0:
            break
        kept.append(cell)
    return "".join([*kept, "…"] if forward else ["…", *reversed(kept)])


def quoted(name: str) -> str:
    """`name` as a sentence may hold it: in quotation marks, printable, and not too long."""
    return f"'{shortened(name)}'"


def listed(names: Iterable[str]) -> str:
    """As many of `names` as fit into a line, and how many there are if that is not all of them."""
    every = list(names)
    shown: list[str] = []
    room = _LINE
    for name in every:
        room -= len(name) + 2
        if room < 0 and shown:
            return f"{', '.join(shown)}, … ({len(every)} in all)"
        shown.append(shortened(name))
    return ", ".join(shown)


_MARKS = 4
"""Characters that one column may have: a letter, and accents on it."""

_JAMO = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Vowels and finals of Hangul, which a terminal writes into the column of the initial before them."""


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """What stands together in a terminal, a letter and all marks on it, and how many columns it takes."""
    cell, width = "", 0
    for char in text:
        drawn = char if char.isprintable() else _escaped(char)
        columns = sum(map(_columns, drawn))
        if columns and cell:
            yield cell, width
            cell, width = "", 0
        cell, width = cell + drawn, width + columns
    if cell:
        yield cell, width


def _columns(char: str) -> int:
    if char.isascii():
        return 1
    if category(char) in {"Mn", "Me"} or any(ord(char) in jamo for jamo in _JAMO):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """How many columns of a terminal `text` takes, which has to be printable."""
    return sum(map(_columns, text))


def _pointed_at(context: str, argument: str, span: Span) -> list[str]:
    """The argument in one line of bounded width, and a line of carets under the span."""
    start, end = span
    rest = argument[end:]
    before = shortened(f"{context} " * bool(context) + argument[:start], _LINE // 3, keep="end")
    room = _LINE - width(before)
    marked = shortened(argument[start:end], room - _LINE // 6 * bool(rest))
    after = shortened(rest, room - width(marked))
    carets = " " * width(before) + "^" * max(1, width(marked))
    return [f"    {before}{marked}{after}", f"    {carets}"]
