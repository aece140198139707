"""A program's edge: how it is run and left, its exit codes, and the words for people."""

from __future__ import annotations

import gc
import os
import sys

from cursorkit.cli import streams
from cursorkit.cli.signals import heed, heed_no_more

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from cursorkit.errors import CursorkitError, Problem

USAGE, LOCAL, DEFECT, BROKEN_PIPE = 2, 5, 70, 141
_FILE_FAULTS = frozenset({"no-file", "unreadable-file", "changed-file"})

RED, YELLOW = 31, 33

_FEW_COLLECTIONS = 50_000
"""More objects than starting makes, nearly all of which stay: looking for garbage among them finds none."""


def run(prog: str, main: Callable[[list[str]], int], state: Callable[[], str] = str) -> NoReturn:
    """Run a program on the command line of this process, and leave it.

    Args:
        prog: what it is called.
        main: the program; it gives the exit code.
        state: what there is to tell of its work if it ends early.
    """

    def last_words(what: str) -> None:
        streams.say("; ".join(filter(None, (f"{prog}: {what}", state()))))

    gc.set_threshold(_FEW_COLLECTIONS)
    heed(last_words)
    streams.hold_places()
    try:
        exit_code = main(sys.argv[1:])
    except Exception as error:
        exit_code = _told(error, last_words)
    heed_no_more()
    gc.freeze()  # nor is it worth while among what the process is about to leave
    sys.exit(exit_code)


def _told(error: Exception, last_words: Callable[[str], None]) -> int:
    """Tell of what nobody told of yet: an API that is not to be had, or a defect of ours."""
    from cursorkit.errors import SchemaError

    if isinstance(error, SchemaError):
        return fail(error)
    last_words(_defect(error))
    return DEFECT


def _defect(error: Exception) -> str:
    """A defect of ours. What it says may be anybody's data, so that only its place is told."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" in {place.tb_frame.f_globals['__name__']}, line {place.tb_lineno}"
    return f"a defect of the program, {type(error).__name__}{where}"


def show(text: str) -> int:
    """Print the lines of `text` on standard output, and give the exit code."""
    try:
        descriptor = streams.ready(streams.STANDARD_OUTPUT)
        streams.put(descriptor, f"{_plain(text)}\n".encode(sys.stdout.encoding, "backslashreplace"))
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as error:
        say(f"error: cannot write standard output: {error.strerror}")
        return LOCAL
    return 0


def put_out(path: str, content: bytes, inputs: Iterable[str] = ()) -> int:
    """Write the output of a program that asks nobody, and give the exit code; see `cursorkit.cli.output`."""
    from cursorkit.cli.output import Output
    from cursorkit.errors import OutputError, ReaderGoneError

    try:
        with Output(path, inputs) as output:
            output.write(content)
    except ReaderGoneError:
        return BROKEN_PIPE
    except OutputError as error:
        return fail(error)
    return 0


def fail(error: CursorkitError, remark: str = "") -> int:
    """Tell of an error, with a remark if there is one, and give the exit code."""
    from cursorkit.errors import MissingExtraError, OutputError, ReaderGoneError, SourceError

    tell("; ".join(filter(None, (f"error: {error}", remark))), RED)
    if isinstance(error, ReaderGoneError):
        return BROKEN_PIPE
    return LOCAL if isinstance(error, OutputError | SourceError | MissingExtraError) else USAGE


def fail_all(problems: tuple[Problem, ...]) -> int:
    """Tell of problems, and give the exit code."""
    for problem in problems:
        tell(f"error: {problem}", RED)
    return code(problems)


def code(problems: tuple[Problem, ...]) -> int:
    """The exit code for problems: only files are at fault, or something else is too."""
    return LOCAL if all(problem.kind in _FILE_FAULTS for problem in problems) else USAGE


def is_terminal(path: str) -> bool:
    """Whether what goes to `path` is read on a terminal; `-` is standard output."""
    return path == "-" and sys.stdout is not None and sys.stdout.isatty()


# --- words for people --------------------------------------------------------------------------------------


def tell(text: str, colour: int) -> None:
    """Say it, its first line in colour where somebody looks at a terminal that wants it."""
    first, newline, rest = _plain(text).partition("\n")
    if streams.is_watched() and not os.environ.get("NO_COLOR"):
        first = f"\x1b[{colour}m{first}\x1b[0m"
    streams.say(first + newline + rest)


def say(text: str) -> None:
    """Say it on standard error."""
    streams.say(_plain(text))


def _plain(text: str) -> str:
    """Lines in which nothing speaks to the terminal."""
    lines = text.splitlines()
    if not all(map(str.isprintable, lines)):
        from cursorkit.errors import printable

        lines = [*map(printable, lines)]
    return "\n".join(lines)
