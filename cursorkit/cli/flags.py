"""The flags of `healthcare1-beta1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cursorkit.cli.argv import Flags, cut

if TYPE_CHECKING:
    from cursorkit.cli.argv import Complaint


class Arguments(NamedTuple):
    """A command line. A plain tuple, because help has to come without attrs.

    Attributes:
        words: what stands without a flag, in order: the command, then its positionals.
        request: the words behind every `-r`.
        parameters: the words behind every `-p`.
        scopes: the values of `--scope`.
        out: where the answer goes; `-` is standard output.
        endpoint: what replaces the API's root.
        ca_bundle: the certificate authorities to trust.
        dry_run, quiet, debug, help, version: flags.
        complaints: what is wrong with the flags.
    """

    words: tuple[str, ...]
    request: tuple[str, ...]
    parameters: tuple[str, ...]
    scopes: tuple[str, ...]
    out: str
    endpoint: str | None
    ca_bundle: str | None
    dry_run: bool
    quiet: bool
    debug: bool
    help: bool
    version: bool
    complaints: tuple[Complaint, ...]


def _flags(prog: str) -> Flags:
    flags = Flags(prog)
    flags.add_argument(
        "--scope",
        action="append",
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
        "--endpoint",
        metavar="URL",
        help="instead of the API itself: https://HOST, http:// to this very machine, "
        "or file:DIR, a DICOM store in a folder",
    )
    flags.add_argument(
        "--ca-bundle", metavar="FILE", help="a PEM file of the certificate authorities to trust"
    )
    flags.add_argument("--dry-run", action="store_true", help="show the request, and send nothing")
    flags.add_argument("--quiet", action="store_true", help="say nothing when all went well")
    flags.add_argument(
        "--debug",
        action="store_true",
        help="show what is asked and answered on standard error, without secrets and without what may be "
        "patients' data",
    )
    flags.add_argument("--version", action="store_true", help="print the version")
    flags.add_argument("-h", "--help", action="store_true", help="print this help")
    return flags


def full(prog: str) -> Flags:
    """All flags, with the two lists, for the help; `read` takes the lists out before argparse sees them."""
    flags = _flags(prog)
    flags.add_argument("-r", metavar="WORD", nargs="+", help="the request value; may be repeated")
    flags.add_argument("-p", metavar="NAME=VALUE", nargs="+", help="parameters; may be repeated")
    return flags


def read(prog: str, argv: list[str]) -> Arguments:
    """The parts of `argv`."""
    line = cut(_flags(prog), ("-r", "-p"), argv)
    found = line.flags
    return Arguments(
        words=line.words + line.literal,
        request=line.lists["-r"],
        parameters=line.lists["-p"],
        scopes=tuple(found.scopes),
        out=found.out,
        endpoint=found.endpoint,
        ca_bundle=found.ca_bundle,
        dry_run=found.dry_run,
        quiet=found.quiet,
        debug=found.debug,
        help=found.help,
        version=found.version,
        complaints=line.complaints,
    )
