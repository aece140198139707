"""The tree of an argument list; `str(node)` is its source, and positions take no part in equality."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.errors import Span

Operator = Literal["=", ":=", "@="]
"""`=` takes the value as it stands, `:=` as JSON, `@=` the contents of the file that it names."""

MARKS = (":", "@", "/")
"""What makes another sign of the `=` behind it: names that end so cannot stand right before one."""


@frozen
class Root:
    """A leading single dot: to the top-level structure."""

    span: Span = field(default=(0, 1), eq=False, repr=False)

    def __str__(self) -> str:
        return "."


@frozen
class Up:
    """A run of two or more dots.

    Attributes:
        levels: how many levels up: one less than there are dots.
    """

    levels: int
    span: Span = field(default=(0, 0), eq=False, repr=False)

    def __str__(self) -> str:
        return "." * (self.levels + 1)


@frozen
class Name:
    """One level down.

    Attributes:
        text: the name, verbatim; not empty, and without dots.
    """

    text: str
    span: Span = field(default=(0, 0), eq=False, repr=False)

    def __str__(self) -> str:
        return self.text


Step = Root | Up | Name
Fault = Literal["empty", "trailing-separator", "limit"]


@frozen
class Path:
    """Where to go from the cursor, step by step.

    Attributes:
        steps: the steps, in order; single dots between names are no steps. None at all: stay.
        fault: what is wrong with the path in itself, whatever the cursor.
    """

    steps: tuple[Step, ...] = ()
    fault: Fault | None = None

    @cached_property
    def absolute(self) -> bool:
        """Whether it leads to the same place from everywhere."""
        return bool(self.steps) and isinstance(self.steps[0], Root)

    @cached_property
    def reduced(self) -> tuple[int, tuple[str, ...]]:
        """What it comes down to: how many names above its start it leaves, and the names that it adds."""
        climb = 0
        names: list[str] = []
        for step in self.steps:
            if isinstance(step, Name):
                names.append(step.text)
            elif isinstance(step, Up):
                climb += max(0, step.levels - len(names))
                del names[max(0, len(names) - step.levels) :]
        return climb, tuple(names)

    def __str__(self) -> str:
        text = ""
        above: Step | None = None
        for step in self.steps:
            text += f".{step}" if isinstance(above, Name) and isinstance(step, Name) else str(step)
            above = step
        return f"{text}." if self.fault == "trailing-separator" else text


Head = tuple[Path, str]
"""What stands before the value: the path, and the sign behind it; no sign for a move."""


@frozen
class Move:
    """An argument without `=`: the cursor goes along the path."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@frozen
class KeyMove:
    """An argument with `/=`: the cursor goes along the path, and from there into one entry.

    Attributes:
        path: from the cursor to the place that has the entry.
        key: what the entry is called, verbatim: everything behind the first `=`.
    """

    path: Path
    key: str

    def __str__(self) -> str:
        return f"{self.path}/={self.key}"


@frozen
class Assignment:
    """An argument with `=`, `:=` or `@=`: the place that the path reaches is set, and the cursor stays.

    Attributes:
        path: from the cursor to the place.
        operator: how to take the value.
        value: everything behind the first `=`, verbatim. It may be a secret, and does not show in `repr`.
    """

    path: Path
    operator: Operator
    value: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.path}{self.operator}{self.value}"


Statement = Move | KeyMove | Assignment


def words(arguments: Iterable[str]) -> tuple[str, ...]:
    """The arguments of a list.

    Raises:
        TypeError: one string alone, whose characters nobody means.
    """
    if isinstance(arguments, str):
        raise TypeError("a list of arguments is expected, not a string")
    return tuple(arguments)


@frozen
class Program:
    """A parsed argument list.

    Attributes:
        statements: one for each argument, in order.
    """

    statements: tuple[Statement, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The source: the arguments to the letter."""
        return tuple(map(str, self.statements))
