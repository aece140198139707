"""Paths: the grammar's language is the reference's, as automata; and string by string, as far as that goes.

The automata are made of what lark made of the grammar, its terminals and its rules. The reference's paths are
those of its description: every string but the empty one that does not end in a name and one dot.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from greenery import parse as automaton
from lark import Lark
from lark.grammar import NonTerminal
from reference_model import Reference, RefusalError

from cursorkit import Cursor, CursorError, parse
from cursorkit.language.ast import Assignment, KeyMove, Move

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

    from lark.grammar import Symbol
    from reference_model import Names

REFERENCE = Reference()


# --- automata ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grammar(root: Path) -> Lark:
    text = (root / "grammar" / "cursor.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start=["head", "path"])


def expression(grammar: Lark, symbol: Symbol, without: Container[str | None] = ()) -> str:
    """The regular expression of what a symbol of the grammar stands for, without the rules of these aliases.

    A rule that holds its own symbol holds it at its left end: X = B | X A is B A*.
    """
    if not isinstance(symbol, NonTerminal):
        # Between slashes, lark wants those of the expression escaped; greenery knows no such escape.
        return f"({grammar.get_terminal(symbol.name).pattern.to_regexp()})".replace(r"\/", "/")
    expansions = [
        rule.expansion for rule in grammar.rules if rule.origin == symbol and rule.alias not in without
    ]
    begin = [_in_a_row(grammar, each, without) for each in expansions if each[:1] != [symbol]]
    more = [_in_a_row(grammar, each[1:], without) for each in expansions if each[:1] == [symbol]]
    return f"({'|'.join(begin)})" + (f"({'|'.join(more)})*" if more else "")


def _in_a_row(grammar: Lark, symbols: Sequence[Symbol], without: Container[str | None]) -> str:
    return "".join(expression(grammar, each, without) for each in symbols)


def test_the_paths_of_the_grammar_are_those_of_the_reference(grammar: Lark) -> None:
    paths = automaton(expression(grammar, NonTerminal("path"), without={"unfinished"}))
    assert paths.equivalent(automaton("[^=]+").difference(automaton("[^=]*[^=.][.]")))


def test_a_path_is_unfinished_that_ends_in_a_name_and_one_dot(grammar: Lark) -> None:
    unfinished = automaton(expression(grammar, NonTerminal("path"), without={"walk"}))
    assert unfinished.equivalent(automaton("[^=]*[^=.][.]"))


def test_the_grammar_is_total(grammar: Lark) -> None:
    assert automaton(expression(grammar, NonTerminal("head"))).equivalent(automaton("[^=]*=?"))


def test_automata_tell_languages_apart(grammar: Lark) -> None:
    paths = automaton(expression(grammar, NonTerminal("path"), without={"unfinished"}))
    assert not paths.equivalent(automaton("[^=]+"))
    assert not paths.equivalent(automaton("[^=]+").difference(automaton("[^=]*[^=.\n][.]")))


# --- string by string --------------------------------------------------------------------------------------

KINDS = {"Empty": "empty", "PopOnEmpty": "above-root", "TrailingFieldSep": "trailing-separator"}
STARTS: list[Names] = [(), ("x",), ("x", "y", "z")]


def by_the_reference(start: Names, path: str) -> Names | str:
    try:
        return REFERENCE.move(start, path)
    except RefusalError as refusal:
        return KINDS[str(refusal)]


def by_the_project(start: Names, path: str) -> Names | str:
    try:
        return Cursor(start).move(path).names
    except CursorError as error:
        return error.kind


def test_every_short_path_leads_where_the_reference_says() -> None:
    tried = 0
    for length in range(7):
        for letters in itertools.product(".a:@/+", repeat=length):
            path = "".join(letters)
            tried += 1
            for start in STARTS:
                assert by_the_project(start, path) == by_the_reference(start, path), (start, path)
    assert tried == sum(6**length for length in range(7))


def test_every_path_of_dots_and_names_leads_where_the_reference_says() -> None:
    for length in range(12):
        for letters in itertools.product(".a", repeat=length):
            path = "".join(letters)
            for start in STARTS:
                assert by_the_project(start, path) == by_the_reference(start, path), (start, path)


def test_every_short_argument_is_cut_where_the_reference_cuts_it() -> None:
    for length in range(6):
        for letters in itertools.product(".=a:@/+", repeat=length):
            argument = "".join(letters)
            (statement,) = parse([argument]).statements
            path, value = REFERENCE.split(argument)
            if path[-1:] in {":", "@", "/"} and path != argument:
                # The extensions: to the reference, the name would end in the mark.
                path = path[:-1]
            assert str(statement.path) == path
            assert isinstance(statement, Move) == ("=" not in argument)
            taken = {Assignment: "value", KeyMove: "key"}.get(type(statement))
            assert value == (getattr(statement, taken) if taken else "")
