"""Arguments as a line of a shell."""

from __future__ import annotations

import re

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.errors import Problem

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+,-][A-Za-z0-9_./:@+,=%-]*")
"""Words that mean themselves to bash, zsh and fish. At the start of a word, zsh looks for a program behind
`=`, and fish once looked for a job behind `%`."""

_RUN = re.compile(r"[^'\\]+|['\\]")


def shell_line(arguments: Iterable[str]) -> str:
    r"""`arguments` as they are typed in bash, zsh and fish: the same line in each of them.

    What has to be quoted stands in single quotes, but for `'` and `\`, which are written `\'` and `\\`
    outside of them: within, fish takes a backslash for more than itself, so `shlex.quote` is wrong there.

    Raises:
        ArgumentErrors: an argument holds a NUL, which no command line can.
    """
    from cursorkit.errors import ArgumentErrors
    from cursorkit.language.ast import words

    line = words(arguments)
    problems = tuple(_holds_nul(index, word) for index, word in enumerate(line) if "\0" in word)
    if problems:
        raise ArgumentErrors(problems)
    return " ".join(map(shell_word, line))


def shell_word(word: str) -> str:
    """A word of such a line, which holds no NUL. Plain, because help has to come without attrs."""
    if _PLAIN.fullmatch(word):
        return word
    return "".join(f"\\{run}" if run in {"'", "\\"} else f"'{run}'" for run in _RUN.findall(word)) or "''"


def _holds_nul(index: int, word: str) -> Problem:
    from cursorkit.errors import Problem

    at = word.index("\0")
    shown = "…" if "=" in word else word
    span = (0, 1) if "=" in word else (at, at + 1)
    return Problem("bad-format", "no command line can hold a NUL", shown, span, index)
