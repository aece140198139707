"""The call that a command line names: its method, where that is, in whose name, and its parameters."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, cast

from attrs import evolve

from cursorkit.body.build import build
from cursorkit.body.origins import Written
from cursorkit.cli.argv import unknown
from cursorkit.cli.commands import commands, positionals
from cursorkit.cli.flags import given
from cursorkit.cli.identity import COMMANDS, identity_problems, login_file, trust_problems
from cursorkit.cli.identity_help import OF_LOGIN
from cursorkit.errors import ArgumentErrors, Problem, listed, quoted
from cursorkit.methods.call import gather, missing
from cursorkit.methods.discovery import Methods
from cursorkit.schema.document import needed
from cursorkit.schema.names import cli_name
from cursorkit.wire.transport import Endpoint, EndpointError, host_of, is_of_google, keep_quiet
from cursorkit_transports.openers import check_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cursorkit.cli.flags import Arguments
    from cursorkit.cli.service import Service
    from cursorkit.files import Files
    from cursorkit.methods.method import Method
    from cursorkit.schema.document import Document
    from cursorkit.schema.types import Content, Json, Schema


PARENT = "CURSORKIT_PARENT"
"""The environment variable that gives the positional `<parent>` where it is left out."""

_PARENT = "parent"


class Call(NamedTuple):
    """What a command line asks for, but for what goes along; and what is wrong with that.

    Attributes:
        node: the method, as its document has it.
        method: the method.
        endpoint: where to, and for which scopes; None where that is wrong.
        named: the parameters, with the words that wrote them; None where they are wrong.
        problems: all of them.
    """

    node: Document
    method: Method
    endpoint: Endpoint | None
    named: Written | None
    problems: list[Problem]

    @property
    def values(self) -> dict[str, Content]:
        """The parameters that are set, by their wire names."""
        return {} if self.named is None else cast("dict[str, Content]", self.named.body.content)


def called(service: Service, arguments: Arguments, files: Files, announce: Callable[[str], None]) -> Call:
    """The call that a command line names.

    Args:
        service: the API, and what the program is called.
        arguments: the command line.
        files: opens those that it names.
        announce: is told when another attempt is waited for.

    Raises:
        ArgumentErrors: it names no method; with every other problem that there is.
        SchemaError: the document of the API is not sound.
    """
    problems: list[Problem] = []
    node = _named(service.document, arguments, problems)
    method = Methods(service.document).named(needed(node, "id"))
    endpoint = _endpoint(service, method, arguments, announce, problems)
    problems += trust_problems(arguments.ca_bundle)
    named = gather(lambda: _parameters(method, node, arguments, files), problems)
    call = Call(node, method, endpoint, named, problems)
    problems += _two_identities(call)
    problems += missing(method, None if named is None else named.body, None)
    problems += _places(node, arguments, call.values)
    problems += [
        Problem("usage", f"only login takes {flag}", label="")
        for field, flag in given(arguments).items()
        if field in OF_LOGIN
    ]
    return call


def command(document: Document, arguments: Arguments) -> Document:
    """The method that a command line names, and nothing else is wrong with.

    Raises:
        ArgumentErrors: it names none, or its flags are none.
        SchemaError: the document is not sound.
    """
    problems: list[Problem] = []
    node = _named(document, arguments, problems)
    if problems:
        raise ArgumentErrors(tuple(problems))
    return node


def _named(document: Document, arguments: Arguments, problems: list[Problem]) -> Document:
    """The method that a command line names; what is wrong beside is put among `problems`."""
    problems += [Problem("usage", message, label="", hint=hint) for message, hint in arguments.complaints]
    # Where the value of a flag is none, argparse gives up, and nobody knows which words are the command.
    unknown_words = problems and not arguments.words
    node = None if unknown_words else _command(document, arguments.words[:2], problems)
    if node is None:
        raise ArgumentErrors(tuple(problems))
    return node


def _endpoint(
    service: Service,
    method: Method,
    arguments: Arguments,
    announce: Callable[[str], None],
    problems: list[Problem],
) -> Endpoint | None:
    """Where to go, the API itself unless the command line names another place; and in whose name."""
    try:
        endpoint = Endpoint(
            (method.root if arguments.endpoint is None else arguments.endpoint).rstrip("/"),
            arguments.scopes or method.scopes[:1],
            arguments.ca_bundle,
            impersonate=() if arguments.impersonate is None else tuple(arguments.impersonate.split(",")),
            quota_project=arguments.quota_project,
            login=login_file(service, arguments.config_dir),
            trusted_hosts=arguments.trusted_hosts,
            retry_for=arguments.retry_for,
            timeout=arguments.timeout,
            tell=keep_quiet if arguments.quiet else announce,
        )
    except EndpointError as error:
        problems.append(_bad_endpoint(error))
        return None
    problems += [*_strange(method, arguments), *_unserved(endpoint), *identity_problems(endpoint)]
    return endpoint


def _strange(method: Method, arguments: Arguments) -> list[Problem]:
    """That a document, which anybody may have written, leads to a server that nobody has named."""
    if arguments.endpoint is not None:
        return []
    host = host_of(method.root)
    if is_of_google(host) or host in map(str.lower, arguments.trusted_hosts):
        return []
    message = f"the document leads to {quoted(host)}, which is no host of Google's APIs"
    hint = f"if you trust it with your credentials, --trust-host {host} says so"
    return [Problem("bad-endpoint", message, label="", hint=hint)]


def _unserved(endpoint: Endpoint) -> list[Problem]:
    """That nobody serves what the URL names."""
    try:
        check_endpoint(endpoint)
    except EndpointError as error:
        return [_bad_endpoint(error)]
    return []


def _bad_endpoint(error: EndpointError) -> Problem:
    return Problem("bad-endpoint", f"--endpoint: {error}", label="")


def _two_identities(call: Call) -> list[Problem]:
    """That a token is given, and a service account is to be acted as, which needs credentials of its own."""
    if call.endpoint is None or not call.endpoint.impersonate:
        return []
    return [
        Problem("usage", f"--impersonate and -p {cli_name(each.parameter)} exclude each other", label="")
        for each in call.method.credentials(call.values)
    ]


def _command(document: Document, words: tuple[str, ...], problems: list[Problem]) -> Document | None:
    """The method that the first two words name."""
    level: Mapping[str, Document] = commands(document)
    for word in words:
        if word not in level:
            known = [*level, *(COMMANDS if word == words[0] else ())]
            message, hint = unknown("command", word, known, f"commands here: {listed(known)}")
            problems.append(Problem("unknown-command", message, label="", hint=hint))
            return None
        level = level[word]
    if len(words) == 2:
        return level
    problems.append(Problem("usage", f"a command is missing: one of {listed(level)}", label=""))
    return None


def _parameters(method: Method, node: Document, arguments: Arguments, files: Files) -> Written:
    """The parameters: those of `-p`, and behind them the positionals, written with their names."""
    places = _placed(node, arguments)
    placed = [f".{each.name}={each.value}" for each in places]
    named = len(arguments.parameters)

    def told(problem: Problem) -> Problem:
        if problem.index is None or problem.index < named:
            return evolve(problem, label="-p argument", cursor="")
        return _of_positional(problem, places[problem.index - named])

    return built(method.parameters, (*arguments.parameters, *placed), files, told)


class _Placed(NamedTuple):
    """A positional: its parameter, where it was written, and its value."""

    name: str
    label: str
    value: str


def _placed(node: Document, arguments: Arguments) -> list[_Placed]:
    """The positionals. If only the parent is missing, it may come from the environment."""
    names, given = [cli_name(wire) for wire in positionals(node)], arguments.words[2:]
    kept = []
    parent = os.environ.get(PARENT)
    if parent and _PARENT in names and len(given) == len(names) - 1:
        names.remove(_PARENT)
        kept = [_Placed(_PARENT, PARENT, parent)]
    return [*kept, *(_Placed(name, f"<{name}>", value) for name, value in zip(names, given, strict=False))]


def _of_positional(problem: Problem, place: _Placed) -> Problem:
    """A problem with `.name=value`, told of the value alone, which is all that was written."""
    cut = len(f".{place.name}=")
    start, end = problem.span
    return evolve(
        problem,
        label=place.label,
        index=None,
        argument=problem.argument[cut:],
        span=(max(0, start - cut), max(0, end - cut)),
        context="",
        cursor="",
    )


def built(
    schema: Schema,
    words: tuple[str, ...],
    files: Files,
    told: Callable[[Problem], Problem],
    start: Json = None,
) -> Written:
    """The value that `words` write, with them.

    Raises:
        ArgumentErrors: with every problem, `told` of where it was written.
    """
    try:
        return Written(build(schema, words, files=files, start=start), words, told)
    except ArgumentErrors as errors:
        raise ArgumentErrors(tuple(map(told, errors.problems))) from None


def _places(node: Document, arguments: Arguments, values: Mapping[str, Content]) -> list[Problem]:
    """What is wrong with the number of positionals, of which `-p` may give some by their names."""
    names, given = positionals(node), arguments.words[2:]
    extra = [Problem("usage", f"unexpected argument '{word}'", label="") for word in given[len(names) :]]
    lacking = len(_placed(node, arguments)) < len(names) and not values.keys() >= {*names}
    if lacking and (arguments.request or arguments.parameters or arguments.instances):
        hint = "put -- or another flag between them"
        lists = "-r, -p or --instances" if arguments.instances else "-r or -p"
        message = f"words right behind those of {lists} belong to these, up to the next flag"
        return [*extra, Problem("usage", message, label="", hint=hint)]
    return extra
