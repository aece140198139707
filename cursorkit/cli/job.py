"""A command line as one piece of work: what to ask for, with what, everything checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.build import Body
from cursorkit.body.origins import Written
from cursorkit.cli.called import built, called
from cursorkit.cli.flags import given
from cursorkit.cli.media import media_of, problems_with
from cursorkit.cli.store_flags import OF_STORING
from cursorkit.cli.words import json_document, written
from cursorkit.errors import ArgumentErrors, Problem
from cursorkit.files import Files
from cursorkit.methods.call import gather, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.cli.flags import Arguments
    from cursorkit.cli.service import Service
    from cursorkit.methods.media import Upload
    from cursorkit.methods.method import Method
    from cursorkit.schema.types import Json
    from cursorkit.wire.transport import Endpoint


@frozen
class Job:
    """What a command line asks for.

    Attributes:
        prog: what the program is called.
        method: the method; its root is the endpoint.
        endpoint: where to, and for which scopes.
        parameters: for `method.parameters`.
        body: for `method.request.schema`.
        media: what goes along; None for nothing.
        all_pages: whether the pages behind the first one are asked for, too.
        allow_empty: whether body and media may be empty.
        inputs: the names of the files that are read; `-` is standard input.
        advice: what is worth a word, though right.
        written: the body and the parameters with the words that wrote them.
    """

    prog: str
    method: Method
    endpoint: Endpoint
    parameters: Body
    body: Body | None
    media: Upload | None
    all_pages: bool
    allow_empty: bool
    inputs: tuple[str, ...]
    advice: tuple[Problem, ...]
    written: tuple[Written, Written]


def plan(service: Service, arguments: Arguments, announce: Callable[[str], None]) -> Job:
    """The work that a command line asks for.

    Args:
        service: the API, and what the program is called.
        arguments: the command line.
        announce: is told when somebody has to type the standard input, or wait for another attempt.

    Raises:
        ArgumentErrors: with every problem of the whole command line.
        SchemaError: the document of the API is not sound.
    """
    files = Files(announce)
    call = called(service, arguments, files, announce)
    method, problems = call.method, call.problems
    carried = gather(lambda: _body(method, arguments, files), problems)
    media = gather(lambda: media_of(arguments, files), problems)
    problems += problems_with(method, arguments, media, call.values)
    problems += missing(method, None, None if carried is None else carried.body)
    problems += _of_instances(arguments)
    if call.endpoint is None or call.named is None or carried is None or problems:
        raise ArgumentErrors(tuple(problems))
    advice = tuple(each.told(problem) for each in (call.named, carried) for problem in each.body.advice)
    return Job(
        service.prog,
        method.at(call.endpoint.url),
        call.endpoint,
        call.named.body,
        carried.body if method.request else None,
        media,
        arguments.all_pages,
        arguments.allow_empty,
        tuple(files.names),
        advice,
        (carried, call.named),
    )


def _body(method: Method, arguments: Arguments, files: Files) -> Written:
    if method.request is None:
        if not arguments.request and arguments.body is None:
            return Written(Body(method.parameters, {}), ())
        raise ArgumentErrors((Problem("no-body", "this method takes no -r and no --body", label=""),))
    start = None if arguments.body is None else json_document(arguments.body, files, "--body: ")
    words = written(arguments.request, files)
    return built(method.request.schema, words.words, files, words.told, cast("Json", start))


def _of_instances(arguments: Arguments) -> Iterator[Problem]:
    """That flags are given which say how many files are stored, and no such files."""
    for field, flag in given(arguments).items():
        if field in OF_STORING:
            yield Problem("usage", f"only --instances takes {flag}", label="")
