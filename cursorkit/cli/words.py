"""What a command line names instead of writing it out: files of arguments, and JSON documents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.errors import ArgumentErrors, Problem, SourceError, quoted
from cursorkit.files import STANDARD_INPUT
from cursorkit.schema.json_text import decoded, parsed
from cursorkit.schema.mismatch import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.files import Files

_FILE, _CONTENTS = "@", "@="
_LABEL = "-r argument"


@frozen
class Words:
    """Arguments of the language, and where each of them stands.

    Attributes:
        words: the arguments. They are counted as if the lines of files were written out.
        labels: of each, what it is called before its number.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]

    def told(self, problem: Problem) -> Problem:
        """A problem with one of them, told of where it was written."""
        if problem.index is None or problem.index >= len(self.labels):
            return problem
        return evolve(problem, label=self.labels[problem.index])


def written(words: Iterable[str], files: Files) -> Words:
    """The arguments that are written behind `-r`; where one is `@FILE`, the lines of that file, one of each.

    A line is an argument to the letter, and an empty one is none; `@-` is standard input. Such files name no
    further ones.

    Raises:
        ArgumentErrors: a file cannot be read; with the problems of all of them.
    """
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for word in words:
        if not word.startswith(_FILE) or word.startswith(_CONTENTS):
            found.append((word, _LABEL))
            continue
        name = word.removeprefix(_FILE)
        if not name:
            problems.append(_unnamed(word))
            continue
        try:
            found += _lines(name, files)
        except SourceError as error:
            problems.append(Problem(error.kind, f"{_LABEL} {quoted(word)}: {error}", label=""))
    if problems:
        raise ArgumentErrors(tuple(problems))
    return Words(tuple(word for word, _ in found), tuple(label for _, label in found))


def _unnamed(word: str) -> Problem:
    message = f"{_LABEL} {quoted(word)}: the name of a file is missing"
    return Problem("empty-value", message, label="", hint=f"{STANDARD_INPUT} is standard input")


def _lines(name: str, files: Files) -> Iterator[tuple[str, str]]:
    with files(name).open() as reader:
        content = reader.read()
    called = "standard input" if name == STANDARD_INPUT else quoted(name)
    for number, line in enumerate(content.split(b"\n"), 1):
        if line:
            yield os.fsdecode(line), f"{called}, line {number}, argument"


def json_document(name: str, files: Files, what: str) -> object:
    """The JSON document in the file called `name`, which `what` asks for.

    Raises:
        ArgumentErrors: the file cannot be read, or is no JSON document.
    """
    try:
        with files(name).open() as reader:
            return parsed(decoded(reader.read()))
    except Mismatch as mismatch:
        problem = Problem(mismatch.kind, f"{what}{name}: {mismatch.message}", label="")
    except SourceError as error:
        problem = Problem(error.kind, f"{what}{error}", label="")
    raise ArgumentErrors((problem,))
