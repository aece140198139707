"""The help of `login` and `logout`, and the flags that they take. Plain, because help comes without attrs."""

from __future__ import annotations

from cursorkit.cli.flags import full

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

OF_LOGIN = {"client", "no_browser"}
"""The flags of `login` alone, by field."""

TAKEN = {
    "login": {"scopes", "ca_bundle", "config_dir", "quiet", *OF_LOGIN},
    "logout": {"ca_bundle", "config_dir", "quiet"},
}
"""The flags that a command takes, by field."""

_USAGE = {
    "login": "[--client FILE] [--scope URL] [--config-dir DIR] [--no-browser] [--ca-bundle FILE] [--quiet]",
    "logout": "[--config-dir DIR] [--ca-bundle FILE] [--quiet]",
}

_DESCRIPTION = {
    "login": """\
Asks you in your browser to agree to the scopes of --scope, or to those that the commands ask for by default,
and keeps what you agree to: from then on, calls without other credentials are made in your name.""",
    "logout": "Removes the login, and has Google forget what you agreed to.",
}

_CLIENT = """\
It needs an OAuth client for desktop apps, which the Google Cloud console makes and hands out as a file.
--client names that; without it, it is {prog}-secret.json under --config-dir."""

_BROWSER = """\
It has to run on this machine, because Google sends it back to a port of 127.0.0.1 that is open for this one
answer. You have five minutes."""

_KEPT = """\
{prog}-login.json under --config-dir, a file that nobody else can read. It is for the scopes that
you agreed to; for --impersonate that has to be https://www.googleapis.com/auth/cloud-platform."""

_LOGINS = """\
{prog} login --client client_secret.json
{prog} login --scope https://www.googleapis.com/auth/cloud-platform --no-browser"""

_LOGOUTS = """\
{prog} logout
{prog} logout --config-dir ~/work"""

_EXIT_CODES = """\
0 done; 1 Google's certificate is not trusted; 2 wrong usage; 4 you did not agree, the client is of no use, or
nobody is logged in; 5 a local file; 6 try again later."""

_ENVIRONMENT = "Proxies and certificate authorities are those of all commands: {prog} --help tells of them."


def page(prog: str, command: str) -> str:
    """The help of a command."""
    from textwrap import indent

    flags = full(prog)
    flags.show_only({*TAKEN[command], "help"})
    flags.usage = f"%(prog)s {command} {_USAGE[command]}"
    flags.description = _DESCRIPTION[command]
    flags.epilog = "\n\n".join(
        f"{title}:\n{indent(text.format(prog=prog), '  ')}" for title, text in _sections(command)
    )
    return flags.format_help()


def _sections(command: str) -> Iterator[tuple[str, str]]:
    if command == "login":
        yield "the client", _CLIENT
        yield "the browser", _BROWSER
        yield "the login", _KEPT
    yield "examples", _LOGINS if command == "login" else _LOGOUTS
    yield "exit codes", _EXIT_CODES
    yield "environment", _ENVIRONMENT
