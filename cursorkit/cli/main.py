"""The program `healthcare1-beta1`: the only place that prints and exits."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

    from cursorkit.cli.argv import Arguments
    from cursorkit.cli.job import Job
    from cursorkit.errors import Problem
    from cursorkit.methods.outcome import Outcome
    from cursorkit.schema.types import Json

PROG = "healthcare1-beta1"

_USAGE, _LOCAL = 2, 5
_INTERRUPTED, _BROKEN_PIPE, _TERMINATED = 130, 141, 143
_FILE_FAULTS = frozenset({"no-file", "unreadable-file", "changed-file"})


class _Termination(BaseException):
    """Somebody asked the process to end."""


def run() -> NoReturn:
    """Run the program on the command line of this process, and leave it."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = _stopped("interrupted", _INTERRUPTED)
    except _Termination:
        code = _stopped("terminated", _TERMINATED)
    sys.exit(code)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Termination


def _stopped(word: str, code: int) -> int:
    _say(f"{PROG}: {word}; what was sent before may have been stored, and sending it again is safe")
    return code


def main(argv: list[str]) -> int:
    """Do what `argv` asks for; print the answer; give the exit code."""
    from cursorkit.apis import HEALTHCARE, read
    from cursorkit.cli import argv as command_line

    document = read(HEALTHCARE)
    arguments = command_line.read(PROG, argv)
    if arguments.help:
        from cursorkit.cli.help import page

        return _print(page(PROG, document, arguments.words))
    if arguments.version:
        from cursorkit import __version__

        return _print(f"{PROG} {__version__}\n")
    if not argv:
        from cursorkit.cli.help import usage

        _say(f"{usage(PROG, document)}\n{PROG} --help tells more")
        return _USAGE
    from cursorkit.cli.job import plan
    from cursorkit.errors import ArgumentErrors

    try:
        return _work(plan(document, arguments, _say), arguments)
    except ArgumentErrors as errors:
        return _tell_problems(errors.problems)


def _work(job: Job, arguments: Arguments) -> int:
    """Send the request, or show it."""
    from cursorkit.cli.output import Output
    from cursorkit.errors import CursorkitError, MissingExtraError, OutputError, SourceError

    for advice in job.advice:
        _tell(f"warning: {advice}", _YELLOW)
    try:
        with Output(arguments.out) as output:
            if arguments.dry_run:
                output.write(_document(job, _shown(job)))
                return 0
            outcome = _asked(job)
            _tell_outcome(job, outcome, quiet=arguments.quiet)
            if outcome.value is not None:
                output.write(_document(job, outcome.value))
            return outcome.verdict.value
    except BrokenPipeError:
        # Nobody reads: leave quietly.
        _give_up_output()
        return _BROKEN_PIPE
    except CursorkitError as error:
        _tell(f"error: {error}", _RED)
        if isinstance(error, OutputError):
            _give_up_output()
        return _LOCAL if isinstance(error, OutputError | SourceError | MissingExtraError) else _USAGE


def _asked(job: Job) -> Outcome:
    from cursorkit.methods.call import call
    from cursorkit_transports import open_transport

    transport = open_transport(job.endpoint)
    try:
        return call(job.method, job.parameters, job.body, transport)
    finally:
        transport.close()


def _shown(job: Job) -> Json:
    """What would be sent: everything but secrets and bytes."""
    import json

    from cursorkit.methods.call import prepare
    from cursorkit.methods.method import Encoding
    from cursorkit.wire.source import BLOCK, Sending

    request = prepare(job.method, job.parameters, job.body)
    shown: dict[str, Json] = {
        "method": request.verb,
        "url": request.url,
        "headers": dict(request.headers.masked()),
    }
    if job.method.request is None:
        return shown
    if job.method.request.encoding is Encoding.JSON:
        with request.body.open() as reader:
            return {**shown, "body": json.load(reader)}
    with Sending(request.body) as reader:
        while reader.read(BLOCK):
            pass
        return {**shown, "body": {"size": reader.sent.octets, "sha256": reader.sent.sha256}}


def _document(job: Job, value: Json) -> bytes:
    from cursorkit.cli.output import document

    parameters = job.parameters.content
    return document(
        value, pretty=not isinstance(parameters, dict) or parameters.get("prettyPrint") is not False
    )


# --- words for people ---------------------------------------------------------------------------------------

_RED, _YELLOW = 31, 33


def _tell_problems(problems: tuple[Problem, ...]) -> int:
    for problem in problems:
        _tell(f"error: {problem}", _RED)
    return _LOCAL if all(problem.kind in _FILE_FAULTS for problem in problems) else _USAGE


def _tell_outcome(job: Job, outcome: Outcome, *, quiet: bool) -> None:
    from cursorkit.methods.blame import blame
    from cursorkit.methods.outcome import Verdict

    if outcome.verdict is Verdict.DONE:
        if not quiet and outcome.message:
            _say(outcome.message)
    else:
        _tell(f"error: {outcome.message}", _RED)
        for problem in blame(outcome, *job.written):
            _tell(f"error: {problem}", _RED)


def _tell(text: str, colour: int) -> None:
    """Say it, its first line in colour where somebody looks at a terminal that wants it."""
    first, newline, rest = _plain(text).partition("\n")
    if sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        first = f"\x1b[{colour}m{first}\x1b[0m"
    _write(first + newline + rest)


def _say(text: str) -> None:
    _write(_plain(text))


def _plain(text: str) -> str:
    """Lines in which nothing speaks to the terminal."""
    from cursorkit.errors import printable

    return "\n".join(map(printable, text.splitlines()))


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up_output()
        return _BROKEN_PIPE
    return 0


def _give_up_output() -> None:
    """Keep Python from flushing what could not be written again on its way out, and failing once more."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
