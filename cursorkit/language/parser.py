"""Text to tree. The only importer of lark; the grammar is grammar/cursor.lark."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from lark import Lark, Token, Transformer, v_args

from cursorkit.language._grammar import GRAMMAR
from cursorkit.language.ast import Assignment, KeyMove, Move, Name, Path, Program, Root, Up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.errors import Span
    from cursorkit.language.ast import Operator, Statement, Step

_Head = tuple[Path, str]
"""The path, and the sign behind it; no sign for a move."""

LONGEST = 64 * 1024
"""Characters that a name may have."""

_EMPTY = Path(fault="empty")
_HERE = Path()


def _span(token: Token) -> Span:
    # Every token that the lexer makes has both positions; only tokens made by hand have none.
    return cast("int", token.start_pos), cast("int", token.end_pos)


def _dots(token: Token) -> Root | Up:
    return Root(_span(token)) if token.type == "DOT" else Up(len(token) - 1, _span(token))


@v_args(inline=True)
class _Build(Transformer[Token, _Head]):
    """Makes the nodes while lark reduces, so that no parse tree is ever built."""

    def names(self, *parts: list[Step] | Token | None) -> list[Step]:
        *before, dots, last = parts
        steps = cast("list[Step]", before[0]) if before else []
        name = Name(str(last), _span(cast("Token", last)))
        if dots is None and steps:
            begun = cast("Name", steps.pop())
            name = Name(begun.text + name.text, (begun.span[0], name.span[1]))
        elif isinstance(dots, Token) and (dots.type == "UP" or not steps):
            steps.append(_dots(dots))
        steps.append(name)
        return steps

    def walk(self, steps: Token | list[Step], last: Token | None = None) -> Path:
        if isinstance(steps, Token):
            return Path((_dots(steps),))
        overlong = any(isinstance(step, Name) and len(step.text) > LONGEST for step in steps)
        return Path((*steps, *([] if last is None else [_dots(last)])), "limit" if overlong else None)

    def unfinished(self, steps: list[Step], _dot: Token) -> Path:
        return Path(tuple(steps), "trailing-separator")

    def plain(self, path: Path | None, sign: Token | None) -> _Head:
        return path or _EMPTY, str(sign or "")

    def extended(self, path: Path | None, sign: Token) -> _Head:
        return path or _HERE, str(sign)


_LARK = Lark(GRAMMAR, parser="lalr", lexer="basic", start="head", transformer=_Build())


@lru_cache(maxsize=4096)
def _parse_head(text: str) -> _Head:
    return cast("_Head", _LARK.parse(text))


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
        case "":
            return Move(path)
        case "/=":
            return KeyMove(path, text[cut:])
    return Assignment(path, cast("Operator", sign), text[cut:])


def parse(arguments: Iterable[str]) -> Program:
    """The tree of an argument list. Never fails: a mistaken path is a node, which `build` reports.

    Args:
        arguments: the words behind `-r`, in order.
    """
    return Program(tuple(map(parse_argument, arguments)))
