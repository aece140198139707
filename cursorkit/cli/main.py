"""Programs that call the methods of an API: `healthcare1-beta1`, and `cursorkit api` for any other."""

from __future__ import annotations

from cursorkit.cli import console
from cursorkit.cli.progress import Progress

TYPE_CHECKING = False  # that of `typing` would have to be imported before signals are heeded
if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import NoReturn

    from cursorkit.cli.flags import Arguments
    from cursorkit.cli.job import Job
    from cursorkit.cli.output import Output
    from cursorkit.cli.service import Service
    from cursorkit.methods.outcome import Outcome
    from cursorkit.schema.types import Json
    from cursorkit.wire.source import BodySource


def run() -> NoReturn:
    """Run `healthcare1-beta1` on the command line of this process, and leave it."""
    from cursorkit.cli.service import HEALTHCARE_PROGRAM

    progress = Progress()
    console.run(HEALTHCARE_PROGRAM, lambda argv: main(argv, progress), lambda: str(progress))


def main(argv: list[str], progress: Progress | None = None) -> int:
    """The same for `argv`; give the exit code."""
    from cursorkit.cli.service import healthcare

    return serve(healthcare(), argv, progress or Progress())


def serve(service: Service, argv: list[str], progress: Progress) -> int:
    """Do what `argv` asks `service` for; print the answer; give the exit code.

    Args:
        service: the API, and what the program is called.
        argv: the command line, without the name of the program.
        progress: is told how much of a body is sent.

    Raises:
        SchemaError: the document of the API is not sound.
    """
    from cursorkit.cli import flags

    arguments = flags.read(service.prog, argv)
    if arguments.help:
        return _helped(service, arguments.words)
    if arguments.version:
        from cursorkit import __version__

        return console.show(f"{service.prog} {__version__}\n")
    if not argv:
        from cursorkit.cli.help import usage

        console.say(f"{usage(service)}\n{service.prog} --help tells more")
        return console.USAGE
    from cursorkit.cli import identity

    if arguments.words[:1] and arguments.words[0] in identity.COMMANDS:
        return identity.run(service, arguments.words[0], arguments)
    from cursorkit.cli.job import plan
    from cursorkit.errors import ArgumentErrors

    try:
        if arguments.instances is not None:
            return _stored(service, arguments, progress)
        if arguments.skeleton:
            return _sketched(service, arguments)
        return _work(plan(service, arguments, console.say), arguments, progress)
    except ArgumentErrors as errors:
        return console.fail_all(errors.problems)


def _helped(service: Service, words: tuple[str, ...]) -> int:
    """Print the page of a command. Errors are only loaded where there are some, for they take their time."""
    from cursorkit.cli import identity_help
    from cursorkit.cli.help import page

    try:
        if words[:1] and words[0] in identity_help.TAKEN:
            return console.show(identity_help.page(service.prog, words[0]))
        return console.show(page(service, words))
    except Exception as error:
        from cursorkit.errors import ArgumentErrors

        if isinstance(error, ArgumentErrors):
            return console.fail_all(error.problems)
        raise


def _sketched(service: Service, arguments: Arguments) -> int:
    """Print the arguments that set all of a request value, one a line.

    Raises:
        ArgumentErrors: no method is named, or one without a request value.
    """
    from cursorkit.apis.outline import arguments as setting
    from cursorkit.apis.outline import body
    from cursorkit.cli.called import command
    from cursorkit.errors import ArgumentErrors, Problem

    whole = body(service.document, command(service.document, arguments))
    if whole is None:
        raise ArgumentErrors((Problem("no-body", "this method takes no -r", label=""),))
    return console.put_out(arguments.out, "".join(f"{word}\n" for word in setting(whole)).encode())


def _stored(service: Service, arguments: Arguments, progress: Progress) -> int:
    """Store many files.

    Raises:
        ArgumentErrors: with every problem of the command line.
    """
    from cursorkit.cli.store_job import of_method
    from cursorkit.cli.storing import store

    return store(of_method(service, arguments, console.say), progress)


def _work(job: Job, arguments: Arguments, progress: Progress) -> int:
    """Send the request, or show it."""
    from contextlib import nullcontext

    from cursorkit.cli.output import Output
    from cursorkit.errors import CursorkitError, OutputError, ReaderGoneError
    from cursorkit.wire.source import blocks

    for advice in job.advice:
        console.tell(f"warning: {advice}", console.YELLOW)
    try:
        with Output(arguments.out, job.inputs) as output:
            if arguments.dry_run:
                output.write(_document(job, _shown(job)))
                return 0
            with _listening() if arguments.debug else nullcontext():
                outcome = _listed(job, output, progress) if job.all_pages else _asked(job, progress)
            _tell_outcome(job, outcome, quiet=arguments.quiet)
            if outcome.media is not None:
                _report(outcome, blocks(outcome.media), output)
            elif outcome.value is not None:
                _report(outcome, [_document(job, outcome.value)], output)
            return outcome.verdict.value
    except ReaderGoneError as error:
        if arguments.dry_run or job.all_pages:
            return console.BROKEN_PIPE
        return console.fail(error, progress.sent)
    except OutputError as error:
        return console.fail(error, "" if job.all_pages else progress.sent)
    except CursorkitError as error:
        return console.fail(error)


def _listed(job: Job, output: Output, progress: Progress) -> Outcome:
    from cursorkit.cli.pages import write_pages

    return write_pages(job, output, progress)


def _asked(job: Job, progress: Progress) -> Outcome:
    from attrs import evolve

    from cursorkit.cli.progress import Watched, counted
    from cursorkit.methods.call import call
    from cursorkit_transports import open_transport

    transport, media = open_transport(job.endpoint), job.media
    if media is None:
        transport = Watched(transport, progress.leaving)
    else:
        media = evolve(media, source=counted(media.source, progress.handed))
    try:
        return call(
            job.method,
            job.parameters,
            job.body,
            transport,
            media=media,
            allow_empty=job.allow_empty,
            ask_again=job.endpoint.retry_for > 0,
        )
    finally:
        transport.close()


def _report(outcome: Outcome, document: Iterable[bytes], output: Output) -> None:
    """Write the answer. Where that fails, what it says must not be lost with it.

    Raises:
        OutputError: it cannot be written.
    """
    from cursorkit.errors import OutputError
    from cursorkit.methods.outcome import Verdict

    try:
        output.write_all(document)
    except OutputError as error:
        told = "; ".join((outcome.message or "done").splitlines())
        done = f"{told}, but the report" if outcome.verdict is Verdict.DONE else "the report"
        raise type(error)(f"{done} could not be written: {error}") from None


def _shown(job: Job) -> Json:
    """What would be sent: everything but secrets and bytes."""
    import json
    from typing import cast

    from cursorkit.methods.call import prepare
    from cursorkit.methods.method import Encoding

    request = prepare(job.method, job.parameters, job.body, media=job.media, allow_empty=job.allow_empty)
    shown: dict[str, Json] = {
        "method": request.verb,
        "url": request.url,
        "headers": dict(request.headers.masked()),
    }
    content = None if job.body is None else job.body.content
    if job.media is not None:
        return {
            **shown,
            **({"body": cast("Json", content)} if content else {}),
            "media": _digest(job.media.source),
        }
    if job.method.request is None:
        return shown
    if job.method.request.encoding is Encoding.JSON:
        with request.body.open() as reader:
            return {**shown, "body": json.load(reader)}
    return {**shown, "body": _digest(request.body)}


def _digest(source: BodySource) -> Json:
    from cursorkit.wire.source import BLOCK, Sending

    with Sending(source) as reader:
        while reader.read(BLOCK):
            pass
        return {"size": reader.sent.octets, "sha256": reader.sent.sha256}


def _document(job: Job, value: Json) -> bytes:
    from cursorkit.cli.output import document

    parameters = job.parameters.content
    return document(
        value, pretty=not isinstance(parameters, dict) or parameters.get("prettyPrint") is not False
    )


def _listening() -> AbstractContextManager[None]:
    from cursorkit.cli.debug import debugging

    return debugging(console.say)


def _tell_outcome(job: Job, outcome: Outcome, *, quiet: bool) -> None:
    from cursorkit.cli.remedies import remedied
    from cursorkit.methods.blame import blame
    from cursorkit.methods.outcome import Verdict

    if outcome.verdict is Verdict.DONE:
        if not quiet and outcome.message:
            console.say(outcome.message)
    else:
        console.tell(f"error: {remedied(job.prog, outcome)}", console.RED)
        for problem in blame(outcome, *job.written):
            console.tell(f"error: {problem}", console.RED)
