"""Text to tree. The only importer of lark; the grammar is grammar/cursor.lark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias, cast, overload

from lark import Lark, Token, Transformer

from cursorkit.language._grammar import GRAMMAR
from cursorkit.language.ast import Assignment, KeyMove, Move, Name, Path, Program, Root, Up, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.errors import Span
    from cursorkit.language.ast import Statement, Step

_Head = tuple[Path, str]
"""The path, and the sign behind it; no sign for a move."""

LONGEST = 64 * 1024
"""Characters that a name may have."""

_EMPTY = Path(fault="empty")
_HERE = Path()


_Names: TypeAlias = "list[Step]"


def _span(token: Token) -> Span:
    # Every token that the lexer makes has both positions; only tokens made by hand have none.
    return cast("int", token.start_pos), cast("int", token.end_pos)


def _dots(token: Token) -> Root | Up:
    return Root(_span(token)) if token.type == "DOT" else Up(len(token) - 1, _span(token))


class _Build(Transformer[Token, _Head]):
    """Makes the nodes while lark reduces, so that no parse tree is ever built."""

    def names(self, parts: list[_Names | Token]) -> _Names:
        *before, last = parts
        steps = cast("_Names", before.pop(0)) if before and isinstance(before[0], list) else []
        name = Name(str(last), _span(cast("Token", last)))
        if not before and steps:
            begun = cast("Name", steps.pop())
            name = Name(begun.text + name.text, (begun.span[0], name.span[1]))
        for dots in cast("list[Token]", before):
            if dots.type == "UP" or not steps:
                steps.append(_dots(dots))
        steps.append(name)
        return steps

    def walk(self, parts: list[_Names | Token]) -> Path:
        first, *last = parts
        if isinstance(first, Token):
            return Path((_dots(first),))
        return Path((*first, *map(_dots, cast("list[Token]", last))))

    def unfinished(self, parts: list[_Names | Token]) -> Path:
        return Path(tuple(cast("_Names", parts[0])), "trailing-separator")

    def plain(self, parts: list[Path | Token]) -> _Head:
        return _head(parts, _EMPTY)

    def extended(self, parts: list[Path | Token]) -> _Head:
        return _head(parts, _HERE)


def _head(parts: list[Path | Token], missing: Path) -> _Head:
    path = parts.pop(0) if parts and isinstance(parts[0], Path) else missing
    return cast("Path", path), "".join(cast("list[Token]", parts))


_LARK = Lark(
    GRAMMAR, parser="lalr", lexer="basic", start="head", transformer=_Build(), maybe_placeholders=False
)
_WORD = re.compile(_LARK.get_terminal("WORD").pattern.to_regexp())
_PIECES = re.compile(f"{_WORD.pattern}|(?s:.)")


@lru_cache(maxsize=4096)
def _parse_shape(shape: str) -> _Head:
    return cast("_Head", _LARK.parse(shape))


@lru_cache(maxsize=4096)
def _parse_head(text: str) -> _Head:
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
