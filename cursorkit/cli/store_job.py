"""A command line as a run that stores many files: which, where and how, everything checked."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.cli.called import called
from cursorkit.cli.commands import stores_instances
from cursorkit.cli.flags import given
from cursorkit.cli.identity import trust_problems
from cursorkit.cli.remedies import typed
from cursorkit.dicom.batches import Limits
from cursorkit.dicom.instances import UID
from cursorkit.dicom.target import Target
from cursorkit.errors import ArgumentErrors, Problem, SourceError, quoted
from cursorkit.files import STANDARD_INPUT, Files
from cursorkit.methods.call import gather
from cursorkit.schema.names import cli_name
from cursorkit.wire.message import Headers
from cursorkit.wire.transport import Endpoint, EndpointError, Remedy, host_of, is_this_machine, keep_quiet
from cursorkit_transports import open_transport
from cursorkit_transports.openers import check_endpoint

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator

    from cursorkit.cli.argv import Line
    from cursorkit.cli.called import Call
    from cursorkit.cli.flags import Arguments
    from cursorkit.cli.service import Service
    from cursorkit.wire.source import BodySource


@frozen
class StoreJob:
    """A run that stores many files.

    Attributes:
        target: where they go.
        paths: what names them, as for `cursorkit.dicom.names`.
        listed: what `-` among those stands for; None where it is not there.
        inputs: the names of files that are read, which nothing may replace.
        limits: when a request is full.
        jobs: requests at a time; None for as many as usual.
        journal: the file that keeps what is stored; empty for none.
        strict: whether a file that is not DICOM is a failure.
        reports: the files that tell what became of each.
        out: where the totals go, or what would be sent.
        scheduler: the address of the cluster that does the work; empty for none.
        pretty: whether the totals are indented.
        dry_run, quiet, debug: flags.
        proof: how to prove who is asking, in words.
        advice: what is worth a word, though right.
    """

    target: Target
    paths: tuple[str, ...]
    listed: BodySource | None
    inputs: tuple[str, ...]
    limits: Limits
    jobs: int | None
    journal: str
    strict: bool
    reports: tuple[str, ...]
    out: str
    scheduler: str
    pretty: bool
    dry_run: bool
    quiet: bool
    debug: bool
    proof: str
    advice: tuple[Problem, ...] = ()


# --- a method of an API -------------------------------------------------------------------------------------


def of_method(service: Service, arguments: Arguments, announce: Callable[[str], None]) -> StoreJob:
    """The run that a command line with `--instances` asks for.

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
    problems, paths = call.problems, arguments.instances or ()
    if not paths:
        hint = "--instances PATH ..."
        problems.append(Problem("usage", "--instances: the files are missing", label="", hint=hint))
    problems += _unfit(call, arguments)
    listed = gather(lambda: _listed(paths, files), problems)
    root = "" if call.endpoint is None else call.endpoint.url
    problems += _places(paths, arguments, ("--endpoint", root))
    if problems or call.endpoint is None or call.named is None:
        raise ArgumentErrors(tuple(problems))
    method = call.method.at(call.endpoint.url)
    asked = {name: value for name, value in call.values.items() if name != _LAYOUT}
    target = Target.of(method, asked, call.endpoint, open_transport)
    advice = tuple(map(call.named.told, call.named.body.advice))
    proof = typed(service.prog, Remedy("log-in"))
    job = _job(target, paths, listed, files, arguments, proof)
    return evolve(job, advice=advice, pretty=call.values.get(_LAYOUT) is not False)


_LAYOUT = "prettyPrint"
"""The parameter that says how what is printed is laid out; of answers, nothing is printed here."""

_OF_BODIES = ("request", "body", "upload", "media_type", "all_pages", "allow_empty", "skeleton")
"""Flags of calls that carry something else, by field."""

_OF_ANSWERS = ("alt", "callback", "fields")
"""Parameters that change answers, which have to be read here."""


def _unfit(call: Call, arguments: Arguments) -> Iterator[Problem]:
    """What does not go with `--instances`."""
    if not stores_instances(call.node):
        yield Problem("usage", "this method takes no --instances: it stores no DICOM files", label="")
    for field, flag in given(arguments).items():
        if field in _OF_BODIES:
            yield Problem("usage", f"--instances and {flag} exclude each other", label="")
    for name in _OF_ANSWERS:
        if call.values.get(name) not in {None, "json"}:
            yield Problem("usage", f"--instances and -p {cli_name(name)} exclude each other", label="")
    if arguments.scheduler:
        for each in call.method.credentials(call.values):
            yield _no_travels(
                f"-p {cli_name(each.parameter)}", "let the workers find credentials of their own"
            )


def _no_travels(flag: str, hint: str) -> Problem:
    """That a secret would have to go to other machines."""
    return Problem(
        "usage", f"--scheduler and {flag} exclude each other: secrets do not travel", label="", hint=hint
    )


# --- any server of DICOMweb ---------------------------------------------------------------------------------


def of_url(prog: str, line: Line, announce: Callable[[str], None]) -> StoreJob:
    """The run that a command line of `cursorkit store` asks for.

    Args:
        prog: what the program is called.
        line: the command line.
        announce: as for `of_method`.

    Raises:
        ArgumentErrors: with every problem of the whole command line.
    """
    flags, files = line.flags, Files(announce)
    problems = [Problem("usage", message, label="", hint=hint) for message, hint in line.complaints]
    url, *paths = (*line.words, *line.literal) or ("",)
    if not paths and not (problems and not url):
        wanted = "the files are missing" if url else "the URL of a server is missing, and files for it"
        problems.append(Problem("usage", wanted, label="", hint=f"{prog} URL PATH ..."))
    endpoint = gather(lambda: _endpoint(prog, url, flags, announce), problems) if url else None
    headers = gather(lambda: _headers(flags, files), problems)
    problems += _unsafe(url, flags)
    problems += trust_problems(flags.ca_bundle)
    if flags.study is not None and not UID.fullmatch(flags.study):
        problems.append(Problem("usage", f"--study: {quoted(flags.study)} is no UID of DICOM", label=""))
    listed = gather(lambda: _listed(paths, files), problems)
    problems += _places(paths, flags, ("URL", "" if endpoint is None else endpoint.url))
    if problems or endpoint is None or headers is None:
        raise ArgumentErrors(tuple(problems))
    target = Target.dicomweb(endpoint, open_transport, headers)
    if flags.study is not None:
        target = target.for_study(flags.study)
    proof = "--bearer FILE gives a token, --basic FILE a name and a password"
    return _job(target, paths, listed, files, flags, proof)


_TOKEN = re.compile(rb"[!-~]+")
"""What a token may be (RFC 6750, 2.1, and what servers give out beside that)."""

_USER = re.compile(rb"[^\x00-\x1f\x7f:]*:[^\x00-\x1f\x7f]*")
"""RFC 7617, 2."""

_SECRET = 64 * 1024
"""Bytes that a secret may have, and the end of its line."""


def _endpoint(prog: str, url: str, flags: Namespace, announce: Callable[[str], None]) -> Endpoint:
    try:
        endpoint = Endpoint(
            url.rstrip("/"),
            ca_bundle=flags.ca_bundle,
            retry_for=flags.retry_for,
            timeout=flags.timeout,
            allow_http=flags.allow_http,
            tell=keep_quiet if flags.quiet else announce,
        )
        check_endpoint(endpoint)
    except EndpointError as error:
        hint = "" if error.remedy is None else typed(prog, error.remedy)
        raise ArgumentErrors((Problem("bad-endpoint", f"URL: {error}", label="", hint=hint),)) from None
    if endpoint.url.endswith("/studies"):
        message = "URL: the root of the server is wanted, without /studies"
        raise ArgumentErrors((Problem("bad-endpoint", message, label=""),))
    return endpoint


def _headers(flags: Namespace, files: Files) -> Headers:
    """What proves who is asking. It is never written on a command line, which everybody can read."""
    problems: list[Problem] = []
    if flags.bearer is not None and flags.basic is not None:
        problems.append(Problem("usage", "--bearer and --basic exclude each other", label=""))
    token = gather(lambda: _secret("--bearer", flags.bearer, files, _TOKEN, "a token"), problems)
    user = gather(lambda: _secret("--basic", flags.basic, files, _USER, "USER:PASSWORD"), problems)
    if problems:
        raise ArgumentErrors(tuple(problems))
    proofs = [f"Bearer {token.decode('ascii')}"] if token else []
    proofs += [f"Basic {b64encode(user).decode('ascii')}"] if user else []
    return Headers(("Authorization", each) for each in proofs)


def _secret(flag: str, name: str | None, files: Files, pattern: re.Pattern[bytes], what: str) -> bytes:
    """What the file of a flag holds; nothing where that is not given."""
    if name is None:
        return b""
    try:
        with files(name).open() as reader:
            content = reader.read(_SECRET).strip(b"\r\n")
    except SourceError as error:
        raise ArgumentErrors((Problem(error.kind, f"{flag}: {error}", label=""),)) from None
    if not pattern.fullmatch(content):
        message = f"{flag}: what is in {quoted(name)} is not {what}"
        raise ArgumentErrors((Problem("usage", message, label=""),))
    return content


def _unsafe(url: str, flags: Namespace) -> Iterator[Problem]:
    """That a secret would be read by others on its way."""
    proofs = [flag for flag in ("bearer", "basic") if getattr(flags, flag) is not None]
    clear = url[:5].lower() == "http:"
    try:
        clear = clear and not is_this_machine(host_of(url))
    except EndpointError:
        clear = False
    for each in proofs:
        if clear:
            hint = "use https://"
            message = (
                f"--{each} goes to no other machine over plain http://: everybody on the way could read it"
            )
            yield Problem("usage", message, label="", hint=hint)
        if flags.scheduler:
            yield _no_travels(f"--{each}", "")


# --- what both have in common -------------------------------------------------------------------------------


def _listed(paths: Iterable[str], files: Files) -> BodySource | None:
    """The list of further paths on standard input, which may be read once."""
    listed = None
    try:
        for _ in (each for each in paths if each == STANDARD_INPUT):
            listed = files(STANDARD_INPUT)
    except SourceError as error:
        raise ArgumentErrors((Problem(error.kind, f"{STANDARD_INPUT}: {error}", label=""),)) from None
    return listed


def _places(paths: Iterable[str], flags: Arguments | Namespace, root: tuple[str, str]) -> Iterator[Problem]:
    """What is wrong with the places that are written to: each is one of its own, outside of what is read."""
    where, url = root
    scheme, _, folder = url.partition(":")
    places = [(where, folder)] if scheme.lower() == "file" and folder else []
    places += [("--report", each) for each in flags.reports]
    if flags.journal is not None:
        places.append(("--journal", flags.journal))
    if flags.out != "-":
        places.append(("-o", flags.out))
    folders = {os.path.realpath(each) for each in paths if os.path.isdir(each)}  # noqa: PTH112 - as in files
    taken: dict[str, str] = {}
    for flag, name in places:
        place = os.path.realpath(name)
        if place in taken:
            yield Problem("usage", f"{flag} names the same file as {taken[place]}", label="")
        taken[place] = flag
        if any(os.path.commonpath((place, folder)) == folder for folder in folders):
            message = f"{flag}: '{name}' is in a folder that is stored"
            yield Problem("usage", message, label="", hint="put it somewhere else")


def _job(
    target: Target,
    paths: Iterable[str],
    listed: BodySource | None,
    files: Files,
    flags: Arguments | Namespace,
    proof: str,
) -> StoreJob:
    paths = tuple(paths)
    journals = [] if flags.journal is None else [flags.journal]
    count, octets = flags.batch
    usual = Limits()
    return StoreJob(
        target,
        paths,
        listed,
        tuple(
            each
            for each in (*paths, *files.names, *journals)
            if each == STANDARD_INPUT or os.path.exists(each)  # noqa: PTH110 - as in files
        ),
        Limits(usual.count if count is None else count, usual.octets if octets is None else octets),
        flags.jobs,
        flags.journal or "",
        flags.strict,
        tuple(flags.reports),
        flags.out,
        flags.scheduler or "",
        pretty=True,
        dry_run=flags.dry_run,
        quiet=flags.quiet,
        debug=flags.debug,
        proof=proof,
    )
