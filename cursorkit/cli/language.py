"""The program `cursorkit`: the language on its own, JSON out and in."""

from __future__ import annotations

from cursorkit.cli import console

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from typing import NoReturn

    from cursorkit.cli.argv import Line

PROG = "cursorkit"


def run() -> NoReturn:
    """Run the program on the command line of this process, and leave it."""
    console.run(PROG, main)


def main(argv: list[str]) -> int:
    """Do what `argv` asks for; print the output; give the exit code."""
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
    line = cut(flags(PROG, name), COMMANDS[name].lists, others)
    if line.flags.help:
        return console.show(page(PROG, name))
    if line.flags.version:
        return _version()
    return _done(name, line)


def _version() -> int:
    from cursorkit import __version__

    return console.show(f"{PROG} {__version__}\n")


def _done(name: str, line: Line) -> int:
    """Carry out a command, and write its output."""
    from cursorkit.cli.language_work import work
    from cursorkit.cli.output import Output
    from cursorkit.errors import ArgumentErrors, CursorkitError, ReaderGoneError
    from cursorkit.files import Files

    files = Files(console.say)
    try:
        done = work(name, line, files)
        for advice in done.advice:
            console.tell(f"warning: {advice}", console.YELLOW)
        with Output(line.flags.out, files.names) as output:
            output.write(done.output)
    except ArgumentErrors as errors:
        return console.fail_all(errors.problems)
    except ReaderGoneError:
        return console.BROKEN_PIPE
    except CursorkitError as error:
        return console.fail(error)
    return console.code(done.problems) if done.problems else 0
