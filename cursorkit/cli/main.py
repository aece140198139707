"""The program `healthcare1-beta1`: the only place that prints and exits."""

from __future__ import annotations

import os
import sys

from cursorkit.cli.progress import Progress
from cursorkit.cli.signals import heed, heed_no_more
from cursorkit.cli.streams import STANDARD_OUTPUT, hold_places, put, ready, say

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from typing import NoReturn

    from cursorkit.cli.argv import Arguments
    from cursorkit.cli.job import Job
    from cursorkit.cli.output import Output
    from cursorkit.errors import Problem
    from cursorkit.methods.outcome import Outcome
    from cursorkit.schema.types import Json

PROG = "healthcare1-beta1"

_USAGE, _LOCAL, _DEFECT, _BROKEN_PIPE = 2, 5, 70, 141
_FILE_FAULTS = frozenset({"no-file", "unreadable-file", "changed-file"})


def run() -> NoReturn:
    """Run the program on the command line of this process, and leave it."""
    progress = Progress()
    heed(lambda word: say(f"{PROG}: {word}; {progress}"))
    hold_places()
    try:
        code = main(sys.argv[1:], progress)
    except Exception as error:
        code = _own_up(error, progress)
    heed_no_more()
    sys.exit(code)


def _own_up(error: Exception, progress: Progress) -> int:
    """A defect of ours. What it says may be anybody's data, so that only its place is told."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" in {place.tb_frame.f_globals['__name__']}, line {place.tb_lineno}"
    say(f"{PROG}: a defect of the program, {type(error).__name__}{where}; {progress}")
    return _DEFECT


def main(argv: list[str], progress: Progress | None = None) -> int:
    """Do what `argv` asks for; print the answer; give the exit code.

    Args:
        argv: the command line, without the name of the program.
        progress: is told how much of a body is sent.
    """
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
        return _work(plan(document, arguments, _say), arguments, progress or Progress())
    except ArgumentErrors as errors:
        return _tell_problems(errors.problems)


def _work(job: Job, arguments: Arguments, progress: Progress) -> int:
    """Send the request, or show it."""
    from cursorkit.cli.output import Output
    from cursorkit.errors import CursorkitError, MissingExtraError, OutputError, ReaderGoneError, SourceError

    for advice in job.advice:
        _tell(f"warning: {advice}", _YELLOW)
    try:
        with Output(arguments.out, job.inputs) as output:
            if arguments.dry_run:
                output.write(_document(job, _shown(job)))
                return 0
            outcome = _asked(job, progress)
            _tell_outcome(job, outcome, quiet=arguments.quiet)
            if outcome.value is not None:
                _report(outcome, _document(job, outcome.value), output)
            return outcome.verdict.value
    except ReaderGoneError as error:
        if not arguments.dry_run:
            _tell(f"error: {error}; {progress.sent}", _RED)
        return _BROKEN_PIPE
    except OutputError as error:
        _tell(f"error: {error}; {progress.sent}", _RED)
        return _LOCAL
    except CursorkitError as error:
        _tell(f"error: {error}", _RED)
        return _LOCAL if isinstance(error, SourceError | MissingExtraError) else _USAGE


def _asked(job: Job, progress: Progress) -> Outcome:
    from cursorkit.cli.progress import Watched
    from cursorkit.methods.call import call
    from cursorkit_transports import open_transport

    transport = Watched(open_transport(job.endpoint), progress)
    try:
        return call(job.method, job.parameters, job.body, transport)
    finally:
        transport.close()


def _report(outcome: Outcome, document: bytes, output: Output) -> None:
    """Write the answer. Where that fails, what it says must not be lost with it.

    Raises:
        OutputError: it cannot be written.
    """
    from cursorkit.errors import OutputError
    from cursorkit.methods.outcome import Verdict

    try:
        output.write(document)
    except OutputError as error:
        told = "; ".join((outcome.message or "done").splitlines())
        done = f"{told}, but the report" if outcome.verdict is Verdict.DONE else "the report"
        raise type(error)(f"{done} could not be written: {error}") from None


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
    say(first + newline + rest)


def _say(text: str) -> None:
    say(_plain(text))


def _plain(text: str) -> str:
    """Lines in which nothing speaks to the terminal."""
    from cursorkit.errors import printable

    return "\n".join(map(printable, text.splitlines()))


def _print(text: str) -> int:
    try:
        put(ready(STANDARD_OUTPUT), text.encode(sys.stdout.encoding, "backslashreplace"))
    except BrokenPipeError:
        return _BROKEN_PIPE
    except OSError as error:
        say(f"error: cannot write standard output: {error.strerror}")
        return _LOCAL
    return 0
