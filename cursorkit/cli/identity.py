"""In whose name a program works, and its commands `login` and `logout`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cursorkit.cli import console
from cursorkit.cli.commands import commands
from cursorkit.cli.flags import given
from cursorkit.cli.identity_help import TAKEN
from cursorkit.errors import Problem, SourceError, quoted
from cursorkit.schema.document import texts

if TYPE_CHECKING:
    from cursorkit.cli.flags import Arguments
    from cursorkit.cli.service import Service
    from cursorkit.wire.transport import Endpoint

COMMANDS = tuple(TAKEN)

_ACCOUNT = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+|[0-9]+")
_PROJECT = re.compile(r"[A-Za-z0-9.:-]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


def login_file(service: Service, config_dir: str) -> str:
    """The file in which the login of a user is kept."""
    return _inside(config_dir, f"{service.name}-login.json")


def _inside(config_dir: str, name: str) -> str:
    return os.path.join(os.path.expanduser(config_dir), name)  # noqa: PTH111, PTH118 - Path fails for the homeless


def identity_problems(endpoint: Endpoint) -> list[Problem]:
    """What is wrong with the flags that say in whose name to work."""
    billed = () if endpoint.quota_project is None else (endpoint.quota_project,)
    checks = (
        (
            "--impersonate",
            _ACCOUNT,
            endpoint.impersonate,
            "a service account, by its e-mail address or number",
        ),
        ("--quota-project", _PROJECT, billed, "a project, by its name or number"),
        ("--trust-host", _HOST, endpoint.trusted_hosts, "a host alone, without https:// and port"),
    )
    return [
        Problem("usage", f"{flag}: {quoted(value)} is not {meant}", label="")
        for flag, pattern, values, meant in checks
        for value in values
        if not pattern.fullmatch(value)
    ]


def trust_problems(ca_bundle: str | None) -> list[Problem]:
    """What is wrong with the file of `--ca-bundle`; nothing where there is none."""
    if ca_bundle is None:
        return []
    from cursorkit_transports.authorities import check_bundle

    try:
        check_bundle(ca_bundle)
    except SourceError as error:
        return [Problem(error.kind, f"--ca-bundle: {error}", label="")]
    return []


def run(service: Service, command: str, arguments: Arguments) -> int:
    """Log in or out; say what happened; give the exit code."""
    from cursorkit.cli.remedies import remedied
    from cursorkit.errors import ArgumentErrors, CursorkitError
    from cursorkit.methods.call import failed
    from cursorkit.wire.transport import TransportError

    try:
        _check(command, arguments)
        told = _log_in(service, arguments) if command == "login" else _log_out(service, arguments)
    except ArgumentErrors as errors:
        return console.fail_all(errors.problems)
    except TransportError as error:
        outcome = failed(error)
        console.tell(f"error: {remedied(service.prog, outcome)}", console.RED)
        return outcome.verdict.value
    except CursorkitError as error:
        return console.fail(error)
    if not arguments.quiet:
        console.say(told)
    return 0


def _check(command: str, arguments: Arguments) -> None:
    from cursorkit.errors import ArgumentErrors

    problems = [Problem("usage", message, label="", hint=hint) for message, hint in arguments.complaints]
    problems += [
        Problem("usage", f"unexpected argument {quoted(word)}", label="") for word in arguments.words[1:]
    ]
    problems += [
        Problem("usage", f"{command} takes no {flag}", label="")
        for field, flag in given(arguments).items()
        if field not in TAKEN[command]
    ]
    problems += trust_problems(arguments.ca_bundle)
    if problems:
        raise ArgumentErrors(tuple(problems))


def _log_in(service: Service, arguments: Arguments) -> str:
    from cursorkit_transports.login import client, log_in

    path = login_file(service, arguments.config_dir)
    usual = _inside(arguments.config_dir, f"{service.name}-secret.json")
    log_in(
        client(usual if arguments.client is None else arguments.client),
        arguments.scopes or _default_scopes(service),
        path,
        _say if arguments.no_browser else _show,
        ca_bundle=arguments.ca_bundle,
    )
    return f"logged in; the login is kept in {path}"


def _default_scopes(service: Service) -> tuple[str, ...]:
    """What all commands ask for by default."""
    methods = (method for below in commands(service.document).values() for method in below.values())
    return tuple(dict.fromkeys(scope for method in methods for scope in texts(method, "scopes")[:1]))


def _show(address: str) -> None:
    """Open a browser, and say what to open where there is none."""
    import webbrowser

    if webbrowser.open(address):
        console.say(f"agree in your browser; if it shows nothing, open there:\n{address}")
    else:
        _say(address)


def _say(address: str) -> None:
    console.say(f"open this address in a browser on this machine, and agree:\n{address}")


def _log_out(service: Service, arguments: Arguments) -> str:
    from cursorkit_transports.login import log_out

    path = login_file(service, arguments.config_dir)
    log_out(path, ca_bundle=arguments.ca_bundle)
    return f"logged out; {path} is removed"
