"""Text to tree, by grammar/cursor.lark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, overload

from cursorkit.language._grammar import GRAMMAR, HEADS, WORD
from cursorkit.language.ast import Assignment, KeyMove, Move, Name, Path, Program, Root, Up, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.language.ast import Head, Statement, Step
    from cursorkit.language.grammar import Grammar

LONGEST = 64 * 1024
"""Characters that a name may have."""

_WORD = re.compile(WORD)
_PIECES = re.compile(f"{WORD}|(?s:.)")


@cache
def _grammar() -> Grammar:
    from cursorkit.language.grammar import Grammar

    return Grammar(GRAMMAR)


@lru_cache(maxsize=4096)
def _parse_shape(shape: str) -> Head:
    """The head of that shape. Of the usual ones the grammar was asked once and for all."""
    return HEADS.get(shape) or _grammar().head(shape)


@lru_cache(maxsize=4096)
def _parse_head(text: str) -> Head:
    """The head that `text` writes.

    Which words it holds makes no difference to the grammar, and heads without their words have few shapes.
    So the grammar meets each shape once, with a word of one character in the place of every other.
    """
    path, sign = _parse_shape(_WORD.sub("w", text))
    at = [*accumulate(map(len, _PIECES.findall(text)), initial=0)]
    steps = tuple(_moved(step, text, at[step.span[0]], at[step.span[1]]) for step in path.steps)
    overlong = len(text) > LONGEST and any(len(str(step)) > LONGEST for step in steps)
    return Path(steps, path.fault or ("limit" if overlong else None)), sign


def _moved(step: Step, text: str, start: int, end: int) -> Step:
    """The same step where it stands in `text`."""
    match step:
        case Name():
            return Name(text[start:end], (start, end))
        case Up(levels):
            return Up(levels, (start, end))
    return Root((start, end))


def parse_path(text: str) -> Path:
    """The path that `text` writes; a mistaken one is a `Path` with a fault.

    Raises:
        ValueError: `text` holds a `=`, which no path can.
    """
    if "=" in text:
        raise ValueError("a path holds no '='")
    return _parse_head(text)[0]


def parse_argument(text: str) -> Statement:
    """The statement that one argument writes."""
    cut = text.find("=") + 1 or len(text)
    path, sign = _parse_head(text[:cut])
    match sign:
        case "=" | ":=" | "@=":
            return Assignment(path, sign, text[cut:])
        case "/=":
            return KeyMove(path, text[cut:])
    return Move(path)


class Statements(Sequence["Statement"]):
    """The statements of an argument list, each made when it is asked for: of many, few are alive at a time.

    Args:
        arguments: the words behind `-r`, in order.
    """

    def __init__(self, arguments: Iterable[str]) -> None:
        self._arguments = words(arguments)

    def __len__(self) -> int:
        return len(self._arguments)

    def __iter__(self) -> Iterator[Statement]:
        return map(parse_argument, self._arguments)

    @overload
    def __getitem__(self, index: int) -> Statement: ...
    @overload
    def __getitem__(self, index: slice) -> Statements: ...
    def __getitem__(self, index: int | slice) -> Statement | Statements:
        if isinstance(index, slice):
            return Statements(self._arguments[index])
        return parse_argument(self._arguments[index])


def parse(arguments: Iterable[str]) -> Program:
    """The tree of an argument list. Never fails: a mistaken path is a node, which `build` reports.

    Args:
        arguments: the words behind `-r`, in order.
    """
    return Program(tuple(map(parse_argument, words(arguments))))


def parsed(arguments: Iterable[str] | Program) -> Program:
    """The tree of an argument list, which may be one already."""
    return arguments if isinstance(arguments, Program) else parse(arguments)
