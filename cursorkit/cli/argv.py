"""The command line, cut into its parts."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import NamedTuple, NoReturn

Complaint = tuple[str, str]
"""What is wrong with a flag, and what to do about it."""


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
        dry_run, quiet, help, version: flags.
        complaints: what is wrong with the flags.
    """

    words: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    out: str = "-"
    endpoint: str | None = None
    ca_bundle: str | None = None
    dry_run: bool = False
    quiet: bool = False
    help: bool = False
    version: bool = False
    complaints: tuple[Complaint, ...] = ()


def parser(prog: str) -> ArgumentParser:
    """The flags that argparse reads."""
    flags = _Parser(prog, add_help=False, allow_abbrev=False, formatter_class=RawDescriptionHelpFormatter)
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
    flags.add_argument("--version", action="store_true", help="print the version")
    flags.add_argument("-h", "--help", action="store_true", help="print this help")
    return flags


def full_parser(prog: str) -> ArgumentParser:
    """The flags and the two lists, for the help; `read` takes the lists out before argparse sees them."""
    flags = parser(prog)
    flags.add_argument("-r", metavar="WORD", nargs="+", help="the request value; may be repeated")
    flags.add_argument("-p", metavar="NAME=VALUE", nargs="+", help="parameters; may be repeated")
    return flags


def read(prog: str, argv: list[str]) -> Arguments:
    """The parts of `argv`."""
    request, parameters, rest, literal = _cut(argv)
    flags = parser(prog)
    try:
        found, others = flags.parse_known_args(rest)
    except _FlagError as error:
        return Arguments(request=request, parameters=parameters, complaints=((str(error), ""),))
    return Arguments(
        words=(*(word for word in others if not _is_flag(word)), *literal),
        request=request,
        parameters=parameters,
        scopes=tuple(found.scopes),
        out=found.out,
        endpoint=found.endpoint,
        ca_bundle=found.ca_bundle,
        dry_run=found.dry_run,
        quiet=found.quiet,
        help=found.help,
        version=found.version,
        complaints=tuple(_unknown_flag(flags, word) for word in others if _is_flag(word)),
    )


_Words = tuple[str, ...]


def _cut(argv: list[str]) -> tuple[_Words, _Words, list[str], list[str]]:
    """The words behind `-r` and `-p`, the rest, and what stands behind `--`, in one pass.

    argparse itself takes time that grows with the square of the number of `-r`.
    """
    request: list[str] = []
    parameters: list[str] = []
    rest: list[str] = []
    literal: list[str] = []
    taking = rest
    for position, word in enumerate(argv):
        if word == "--":
            literal = argv[position + 1 :]
            break
        if word == "-r":
            taking = request
        elif word == "-p":
            taking = parameters
        elif _is_flag(word):
            taking = rest
            rest.append(word)
        else:
            taking.append(word)
    return tuple(request), tuple(parameters), rest, literal


def _is_flag(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


class _FlagError(Exception):
    """What argparse would print before it left the process."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _FlagError(message)


def _unknown_flag(flags: ArgumentParser, word: str) -> Complaint:
    from difflib import get_close_matches

    known = ["-r", "-p", *(option for action in flags._actions for option in action.option_strings)]  # noqa: SLF001
    name = word.partition("=")[0]
    near = [option for option in known if len(option) == 2 and name.startswith(option)][:1]
    near = near or get_close_matches(name, known, 1)
    return f"unknown flag '{name}'", f"did you mean '{near[0]}'?" if near else "--help lists the flags"
