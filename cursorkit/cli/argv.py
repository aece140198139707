"""Command lines, cut into their parts."""

from __future__ import annotations

import os
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from functools import partial

from cursorkit.cli.streams import STANDARD_OUTPUT

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from argparse import HelpFormatter, Namespace
    from collections.abc import Callable, Container, Iterable, Iterator
    from typing import Any, NoReturn

_WIDEST, _NARROWEST, _HELP_AT = 104, 40, 28
"""Columns: lines are no longer, and not shorter than these; and where what flags mean begins."""

Complaint = tuple[str, str]
"""What is wrong with a word, and what to do about it."""


def columns() -> int:
    """How wide the lines of help are: as the terminal, if there is one, but never too wide to read."""
    written = os.environ.get("COLUMNS", "")
    try:
        wide = int(written) if written.isdecimal() else os.get_terminal_size(STANDARD_OUTPUT).columns
    except (OSError, ValueError):
        return _WIDEST
    return max(_NARROWEST, min(wide or _WIDEST, _WIDEST))


class Line:
    """The parts of a command line. A plain class, because help has to come without attrs.

    Args:
        words: what stands without a flag, in order.
        literal: what stands behind `--`.
        lists: the words behind each of the flags that take any number of them, all together.
        named: those of these flags that are given, with words or without.
        flags: what the others say.
        complaints: what is wrong with the flags.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        literal: tuple[str, ...],
        lists: dict[str, tuple[str, ...]],
        named: frozenset[str],
        flags: Namespace,
        complaints: tuple[Complaint, ...],
    ) -> None:
        self.words = words
        self.literal = literal
        self.lists = lists
        self.named = named
        self.flags = flags
        self.complaints = complaints


def _in_columns(wide: int) -> Callable[..., HelpFormatter]:
    return partial(RawDescriptionHelpFormatter, width=wide, max_help_position=_HELP_AT)


class Flags(ArgumentParser):
    """The flags of a program, for one command line; those that take any number of words are left to `cut`.

    Attributes:
        complaints: what is wrong with the values so far.
    """

    def __init__(self, prog: str) -> None:
        # argparse itself would ask for the width anew with each flag, and load a module for that.
        super().__init__(prog, add_help=False, allow_abbrev=False, formatter_class=_in_columns(_WIDEST))
        self.complaints: list[Complaint] = []
        self.register("action", None, _OneValue)
        self.register("action", "append", _Values)

    def show_only(self, names: Container[str]) -> None:
        """Let the help tell of the flags with these names alone, those of their values."""
        for each in self._actions:
            if each.dest not in names:
                each.help = SUPPRESS

    def leave_out(self, names: Container[str]) -> None:
        """Let the help tell of no flag with one of these names."""
        for each in self._actions:
            if each.dest in names:
                each.help = SUPPRESS

    def format_help(self) -> str:
        """The help, as wide as the terminal."""
        self.formatter_class = _in_columns(columns())
        return super().format_help()

    def told(self) -> Iterator[tuple[str, str]]:
        """The flags with what stands behind them, and what they are for."""
        for each in self._actions:
            if each.help is SUPPRESS:
                continue
            values = (each.metavar,) if isinstance(each.metavar, str) else each.metavar or ()
            name = " ".join((", ".join(each.option_strings), *values, *["..."] * (each.nargs == "+")))
            yield name, str(each.help) % vars(each)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print before it left the process."""
        raise _FlagError(message)


class _FlagError(Exception):
    """A flag without its value, or with one too many."""


class _Values(Action):
    """A flag with a value, each time. argparse would stop at the first one that is none."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - those of argparse
        self._read: Callable[[str], object] = options.pop("type", None) or str
        super().__init__(*args, **options)
        self._taken: list[object] = []

    def __call__(self, parser: Any, namespace: Namespace, word: Any, flag: str | None = None) -> None:  # noqa: ANN401 - argparse's
        try:
            self._taken.append(self._read(word))
        except ArgumentTypeError as error:
            parser.complaints.append((f"{flag}: {error}", ""))
        else:
            setattr(namespace, self.dest, self._value(flag, parser.complaints))

    def _value(self, _flag: str | None, _complaints: list[Complaint]) -> object:
        return self._taken


class _OneValue(_Values):
    """A flag with one value: given again, it has to be the same. Of two, nobody knows which was meant."""

    def _value(self, flag: str | None, complaints: list[Complaint]) -> object:
        *before, last = self._taken
        if last not in before and len({*before}) == 1:
            complaints.append((f"{flag} is given twice, with different values", ""))
        return last


def cut(flags: Flags, lists: tuple[str, ...], argv: list[str]) -> Line:
    """The parts of `argv`.

    Args:
        flags: the flags that take one value or none.
        lists: the flags that take all words up to the next flag or `--`, and may be repeated.
        argv: the command line, without the name of the program.
    """
    found, rest, literal = _cut(lists, argv)
    named = frozenset(lists).intersection(argv[: len(argv) - len(literal)])
    try:
        read, others = flags.parse_known_args(rest)
    except _FlagError as error:
        return Line((), (), found, named, flags.parse_args([]), (*flags.complaints, (str(error), "")))
    known = [*lists, *flags._option_string_actions]  # noqa: SLF001 - argparse has no public list of them
    return Line(
        tuple(word for word in others if not _is_flag(word)),
        literal,
        found,
        named,
        read,
        (*flags.complaints, *(_unknown_flag(word, known) for word in others if _is_flag(word))),
    )


def _cut(
    lists: tuple[str, ...], argv: list[str]
) -> tuple[dict[str, tuple[str, ...]], list[str], tuple[str, ...]]:
    """The words behind each of `lists`, the rest, and what stands behind `--`, in one pass.

    argparse itself takes time that grows with the square of the number of `-r`.
    """
    found: dict[str, list[str]] = {name: [] for name in lists}
    rest: list[str] = []
    literal: list[str] = []
    taking = rest
    for position, word in enumerate(argv):
        if word == "--":
            literal = argv[position + 1 :]
            break
        if word in found:
            taking = found[word]
        elif _is_flag(word):
            taking = rest
            rest.append(word)
        else:
            taking.append(word)
    return {name: tuple(words) for name, words in found.items()}, rest, tuple(literal)


def _is_flag(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


def _unknown_flag(word: str, known: list[str]) -> Complaint:
    name = word.partition("=")[0]
    short = [option for option in known if len(option) == 2 and name.startswith(option)]
    if short:
        return f"unknown flag '{name}{'=' * (name in short)}'", f"did you mean '{short[0]}'?"
    return unknown("flag", name, known, "--help lists the flags")


def unknown(what: str, word: str, known: Iterable[str], otherwise: str) -> Complaint:
    """That there is no `what` called `word`, and which of those that are `known` was perhaps meant."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1)
    return f"unknown {what} '{word}'", f"did you mean '{near[0]}'?" if near else otherwise
