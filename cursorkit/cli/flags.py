"""The flags of `healthcare1-beta1`."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from cursorkit.cli import store_flags
from cursorkit.cli.argv import Flags, cut

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from typing import Any

    from cursorkit.cli.argv import Complaint


CONFIG_DIR = "~/.google-service-cli"
"""Where programs of this family keep what they know of their users."""


class Arguments:
    """A command line. A plain class, because help has to come without attrs.

    Attributes:
        words: what stands without a flag, in order: the command, then its positionals.
        request: the words behind every `-r`.
        parameters: the words behind every `-p`.
        instances: the words behind every `--instances`; None where that is not given.
        batch, jobs, journal, strict, reports, scheduler: how these are stored; see `store_flags`.
        upload: how media is sent, and the name of its file; nothing where there is none.
        media_type: the type of the media.
        all_pages: whether the pages behind the first one are asked for, too.
        scopes: the values of `--scope`.
        out: where the answer goes; `-` is standard output.
        endpoint: what replaces the API's root.
        ca_bundle: the certificate authorities to trust.
        impersonate: the service account to act as, and those through whom, separated by commas.
        quota_project: the project that is billed.
        config_dir: where logins are kept.
        trusted_hosts: the values of `--trust-host`.
        client: of `login`: the file of the OAuth client.
        no_browser: of `login`: that no browser is to be opened.
        retry_for: seconds in which another attempt may begin.
        timeout: seconds until an answer begins.
        body: the JSON document that the request value starts from.
        allow_empty: whether the body may be empty.
        skeleton: that all that `-r` may set is printed, and nothing sent.
        dry_run, quiet, debug, help, version: flags.
        complaints: what is wrong with the flags.
    """

    words: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    instances: tuple[str, ...] | None = None
    batch: store_flags.Batch = store_flags.USUAL
    jobs: int | None = None
    journal: str | None = None
    strict: bool = False
    reports: tuple[str, ...] = ()
    scheduler: str | None = None
    upload: tuple[str, ...] = ()
    media_type: str | None = None
    all_pages: bool = False
    scopes: tuple[str, ...] = ()
    out: str = "-"
    endpoint: str | None = None
    ca_bundle: str | None = None
    impersonate: str | None = None
    quota_project: str | None = None
    config_dir: str = CONFIG_DIR
    trusted_hosts: tuple[str, ...] = ()
    client: str | None = None
    no_browser: bool = False
    retry_for: float = 600
    timeout: float = 3600
    body: str | None = None
    allow_empty: bool = False
    skeleton: bool = False
    dry_run: bool = False
    quiet: bool = False
    debug: bool = False
    help: bool = False
    version: bool = False
    complaints: tuple[Complaint, ...] = ()

    def __init__(self, **given: object) -> None:
        vars(self).update(given)


def _flags(prog: str) -> Flags:
    flags = Flags(prog)
    flags.add_argument(
        "--scope",
        action="append",
        type=_scope,
        default=[],
        dest="scopes",
        metavar="URL",
        help="the OAuth scope to ask for, instead of the default; may be repeated",
    )
    flags.add_argument(
        "-o",
        default="-",
        dest="out",
        metavar="FILE",
        help="where the answer goes; - is standard output, the default",
    )
    flags.add_argument(
        "-u",
        nargs=2,
        type=tuple,
        default=(),
        dest="upload",
        metavar=("PROTOCOL", "FILE"),
        help="send FILE as the media of the call, in one request (simple) or so that what broke off goes on "
        "(resumable); - is standard input",
    )
    flags.add_argument(
        "-m",
        dest="media_type",
        metavar="TYPE",
        help="the media type of that file, such as image/png; by default what its name says",
    )
    flags.add_argument(
        "--all-pages",
        action="store_true",
        help="ask for all pages, and print what they list: one item a line",
    )
    flags.add_argument(
        "--endpoint",
        metavar="URL",
        help="instead of the API itself: https://HOST, http:// to this very machine, "
        "or file:DIR, a DICOM store in a folder",
    )
    add_patience(flags)
    flags.add_argument(
        "--impersonate",
        metavar="ACCOUNT[,DELEGATE...]",
        help="act as this service account; through others, each of which may act as the next",
    )
    flags.add_argument("--quota-project", metavar="PROJECT", help="the project that is billed")
    flags.add_argument(
        "--config-dir",
        type=_name,
        default=CONFIG_DIR,
        metavar="DIR",
        help=f"where the login of a user is kept; by default {CONFIG_DIR}",
    )
    flags.add_argument(
        "--trust-host",
        action="append",
        default=[],
        dest="trusted_hosts",
        metavar="HOST",
        help="a host that credentials may be fetched from and sent to, beside Google's; may be repeated",
    )
    flags.add_argument(
        "--client",
        metavar="FILE",
        help="of login: the OAuth client of a desktop app, as the Cloud console gives it out",
    )
    flags.add_argument(
        "--no-browser", action="store_true", help="of login: open no browser, only say what to open in it"
    )
    flags.add_argument(
        "--body",
        metavar="FILE",
        help="a JSON document that the request value starts from, and -r changes; - is standard input",
    )
    flags.add_argument("--allow-empty", action="store_true", help="send a body without a byte, too")
    flags.add_argument(
        "--skeleton",
        action="store_true",
        help="print the arguments that set the whole request value, one a line, as -r @FILE takes them; "
        "send nothing",
    )
    store_flags.add(flags)
    add_habits(flags)
    return flags


def add_patience(flags: Flags) -> None:
    """Add the flags that say whom to trust, and how patient to be."""
    flags.add_argument(
        "--ca-bundle", metavar="FILE", help="a PEM file of the certificate authorities to trust"
    )
    flags.add_argument(
        "--retry-for",
        type=_seconds,
        default=Arguments.retry_for,
        metavar="SECONDS",
        help="how long to try again for, where that is safe: %(default)g by default; with 0, nothing is "
        "tried again",
    )
    flags.add_argument(
        "--timeout",
        type=_some_seconds,
        default=Arguments.timeout,
        metavar="SECONDS",
        help="how long to wait until an answer begins: %(default)g by default",
    )


def add_habits(flags: Flags, dry_run: str = "show the request, and send nothing") -> None:
    """Add the flags of every program that sends something; `dry_run` says what is shown instead."""
    flags.add_argument("--dry-run", action="store_true", help=dry_run)
    flags.add_argument("--quiet", action="store_true", help="say nothing when all went well")
    flags.add_argument(
        "--debug",
        action="store_true",
        help="show what is asked and answered on standard error, without secrets and without what may be "
        "patients' data",
    )
    flags.add_argument("--version", action="store_true", help="print the version")
    flags.add_argument("-h", "--help", action="store_true", help="print this help")


def _scope(text: str) -> str:
    """RFC 6749, 3.3."""
    if not re.fullmatch(r"[!#-\[\]-~]+", text):
        raise ArgumentTypeError(f"'{text}' is no scope")
    return text


def _name(text: str) -> str:
    if not text:
        raise ArgumentTypeError("the name is empty")
    return text


_SECONDS = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_MOST_SECONDS = 999_999
"""As many as a socket can wait for, and time enough for anything."""


def _seconds(text: str) -> float:
    if not _SECONDS.fullmatch(text) or float(text) > _MOST_SECONDS:
        raise ArgumentTypeError(f"'{text}' is no number of seconds from 0 to {_MOST_SECONDS}")
    return float(text)


def _some_seconds(text: str) -> float:
    seconds = _seconds(text)
    if not seconds:
        raise ArgumentTypeError("no answer begins at once")
    return seconds


_INSTANCES = (
    "store these DICOM files, in place of a body: files, folders, zip and tar archives, patterns such as "
    "'*.dcm', a DICOMDIR; - reads a list of them from standard input; may be repeated"
)


def full(prog: str) -> Flags:
    """All flags, with the lists, for the help; `read` takes the lists out before argparse sees them."""
    flags = _flags(prog)
    flags.add_argument("--instances", metavar="PATH", nargs="+", help=_INSTANCES)
    flags.add_argument("-r", metavar="WORD", nargs="+", help="the request value; may be repeated")
    flags.add_argument("-p", metavar="NAME=VALUE", nargs="+", help="parameters; may be repeated")
    return flags


_LISTS = ("-r", "-p", "--instances")


def read(prog: str, argv: list[str]) -> Arguments:
    """The parts of `argv`."""
    line = cut(_flags(prog), _LISTS, argv)
    found: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in vars(line.flags).items()
    }
    return Arguments(
        words=line.words + line.literal,
        request=line.lists["-r"],
        parameters=line.lists["-p"],
        instances=line.lists["--instances"] if "--instances" in line.named else None,
        complaints=line.complaints,
        **found,
    )


_SPELLED = {
    "request": "-r",
    "parameters": "-p",
    "out": "-o",
    "upload": "-u",
    "media_type": "-m",
    "reports": "--report",
    "scopes": "--scope",
    "trusted_hosts": "--trust-host",
}
"""The flags whose fields of `Arguments` are not called like them."""


def given(arguments: Arguments) -> dict[str, str]:
    """By field, the flags that say something other than what goes without saying."""
    return {
        name: _SPELLED.get(name) or f"--{name.replace('_', '-')}"
        for name, value in vars(arguments).items()
        if name not in {"words", "complaints"} and value != getattr(Arguments, name)
    }
