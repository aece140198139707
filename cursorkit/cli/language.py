"""The program `cursorkit`: the language on its own, and the methods of any API."""

from __future__ import annotations

import sys

from cursorkit.cli import console
from cursorkit.cli.progress import Progress

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from typing import NoReturn

    from cursorkit.cli.argv import Line

PROG = "cursorkit"

_SENDING = ["api"], ["store"]
"""The commands that send something, as the first words of command lines."""


def run() -> NoReturn:
    """Run the program on the command line of this process, and leave it."""
    progress = Progress()
    state = progress.__str__ if sys.argv[1:2] in _SENDING else str
    console.run(PROG, lambda argv: main(argv, progress), state)


def main(argv: list[str], progress: Progress | None = None) -> int:
    """Do what `argv` asks for; print the output; give the exit code.

    Args:
        argv: the command line, without the name of the program.
        progress: is told how much of a body is sent.
    """
    from cursorkit.cli.argv import cut, unknown
    from cursorkit.cli.language_flags import COMMANDS, flags, overview, page

    if not argv:
        usage = overview(PROG).partition("\n\n")[0]
        console.say(f"{usage}\n{PROG} --help tells more")
        return console.USAGE
    name, *others = argv
    if name in {"-h", "--help"}:
        return console.show(overview(PROG))
    if name == "--version":
        return _version()
    if name not in COMMANDS:
        message, hint = unknown("command", name, COMMANDS, f"commands: {', '.join(COMMANDS)}")
        console.tell(f"error: {message}\n    {hint}", console.RED)
        return console.USAGE
    if name == "api" and others[:1] not in (["-h"], ["--help"], ["--version"]):
        return _called(others, progress or Progress())
    line = cut(flags(PROG, name), COMMANDS[name].lists, others)
    if line.flags.help:
        return console.show(page(PROG, name))
    if line.flags.version:
        return _version()
    if name == "store":
        return _stored(line, progress or Progress())
    return _done(name, line)


def _stored(line: Line, progress: Progress) -> int:
    """Store many files."""
    from cursorkit.cli.store_job import of_url
    from cursorkit.cli.storing import store
    from cursorkit.errors import ArgumentErrors

    try:
        return store(of_url(f"{PROG} store", line, console.say), progress)
    except ArgumentErrors as errors:
        return console.fail_all(errors.problems)


def _called(argv: list[str], progress: Progress) -> int:
    """Work as the program of the API whose document the first word names."""
    if not argv or argv[0].startswith("-"):
        from cursorkit.cli.language_work import nameless

        return console.fail_all(nameless().problems)
    from cursorkit.cli.main import serve
    from cursorkit.cli.service import service

    return serve(service(f"{PROG} api", argv[0]), argv[1:], progress)


def _version() -> int:
    from cursorkit import __version__

    return console.show(f"{PROG} {__version__}\n")


def _done(name: str, line: Line) -> int:
    """Carry out a command, and write its output."""
    from cursorkit.cli.language_work import work
    from cursorkit.errors import ArgumentErrors, CursorkitError
    from cursorkit.files import Files

    files = Files(console.say)
    try:
        done = work(name, line, files)
    except ArgumentErrors as errors:
        return console.fail_all(errors.problems)
    except CursorkitError as error:
        return console.fail(error)
    for advice in done.advice:
        console.tell(f"warning: {advice}", console.YELLOW)
    failed = console.put_out(line.flags.out, done.output, files.names)
    return failed or (console.code(done.problems) if done.problems else 0)
