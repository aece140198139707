"""What the grammar makes of a head. The only importer of lark."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from lark import Lark, Token, Transformer

from cursorkit.language.ast import Name, Path, Root, Up

if TYPE_CHECKING:
    from cursorkit.errors import Span
    from cursorkit.language.ast import Head, Step

_EMPTY = Path(fault="empty")
_HERE = Path()

_Names: TypeAlias = "list[Step]"


def _span(token: Token) -> Span:
    # Every token that the lexer makes has both positions; only tokens made by hand have none.
    return cast("int", token.start_pos), cast("int", token.end_pos)


def _dots(token: Token) -> Root | Up:
    return Root(_span(token)) if token.type == "DOT" else Up(len(token) - 1, _span(token))


class _Build(Transformer[Token, "Head"]):
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

    def plain(self, parts: list[Path | Token]) -> Head:
        return _head(parts, _EMPTY)

    def extended(self, parts: list[Path | Token]) -> Head:
        return _head(parts, _HERE)


def _head(parts: list[Path | Token], missing: Path) -> Head:
    path = parts.pop(0) if parts and isinstance(parts[0], Path) else missing
    return cast("Path", path), "".join(cast("list[Token]", parts))


class Grammar:
    """What a grammar makes of heads.

    Args:
        text: that of grammar/cursor.lark.
    """

    def __init__(self, text: str) -> None:
        self._lark = Lark(
            text, parser="lalr", lexer="basic", start="head", transformer=_Build(), maybe_placeholders=False
        )

    @property
    def word(self) -> str:
        """The regular expression of a word: which one it is makes no difference to the grammar."""
        return self._lark.get_terminal("WORD").pattern.to_regexp()

    def head(self, text: str) -> Head:
        """The head that `text` writes. Never fails: a mistake is a fault of the path."""
        return cast("Head", self._lark.parse(text))
