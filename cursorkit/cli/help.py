"""Help, from API documents as plain dicts: every page of it in the words of the command's own document."""

from __future__ import annotations

import re

from cursorkit.cli.argv import columns
from cursorkit.cli.commands import chosen, positionals, stores_instances
from cursorkit.cli.flags import full
from cursorkit.cli.sections import Entry, Room, Section, first_sentence, purpose, readable, sections
from cursorkit.cli.store_flags import OF_STORING
from cursorkit.schema.document import flag, table, text
from cursorkit.schema.names import cli_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.cli.commands import Commands
    from cursorkit.cli.service import Service
    from cursorkit.schema.document import Document

CURSORS = """\
The words behind -r are carried out in the given order. A word without = moves the cursor, NAME=VALUE sets
the field NAME at the cursor; everything behind the first = is the value, to the letter.
  a.b         one level down into a, and one more into b
  .a.b        the same from the top-level structure, wherever the cursor is; . alone is the top
  ..          one level up; each further dot one more: ... goes up two levels, .... three
  a.b=VALUE   sets a nested field without moving
  NAME@=FILE  takes the contents of FILE; @=- takes standard input
  NAME:=JSON  takes a JSON value, such as null or []
  a.+   a.0   a new element of the list a, and one by its index
  a/=KEY      one level down into a, and more into the entry or field called exactly KEY
  @FILE       takes the lines of FILE as words; @- takes standard input
A list grows by one element with each NAME=VALUE; a map takes NAME=KEY=VALUE."""

ANSWER = """\
-o FILE receives the answer, one JSON document; the default, -, is standard output. Words for people go to
standard error. A DICOM store's reports are printed for 202, 400 and 409 too."""

MEDIA = """\
-u simple FILE sends FILE with the call, in one request; with -u resumable FILE, what a broken connection cut
off goes on where it was. -m TYPE is its media type; by default, what its name says."""

DOWNLOAD = """\
-p alt=media asks for the media itself, which goes to -o FILE as it is."""

PAGES = """\
--all-pages asks for every page, and prints what they list: one item a line, as JSON."""

EXIT_CODES = """\
0 done; 1 refused by the API; 2 wrong usage; 4 authentication; 5 a local file or the output; 6 try again
later; 7 outcome unknown; 8 partly stored; 70 a defect of the program; 129, 130, 143 ended by a signal: hung
up, interrupted, terminated; 141 nobody reads the output."""

ENVIRONMENT = """\
  CURSORKIT_PARENT               the positional <parent>, where that alone is missing
  HTTPS_PROXY, ALL_PROXY         the proxy for https, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT
  NO_PROXY                       hosts, domains, addresses and networks that it is not for, or *
  SSL_CERT_FILE, SSL_CERT_DIR    the certificate authorities of the system; --ca-bundle counts instead of them
  SSLKEYLOGFILE                  a file that gets the keys of connections, for whoever wants to look into them
  GOOGLE_CLOUD_QUOTA_PROJECT     the project that is billed, where --quota-project names none
  CLOUDSDK_CONFIG                the folder of gcloud, with the login that it keeps
  GCE_METADATA_HOST              who speaks for a machine of Google's; NO_GCE_CHECK=true looks for none
  TMPDIR                         where copies of standard input and of pipes are kept while they are sent
  NO_COLOR                       no colour, if it is set to anything
  COLUMNS                        how wide the lines of help are, 40 to 104; by default as the terminal
The names of the proxies count in small letters too, and first. Plain http goes through no proxy.
GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 lets a file of credentials have a program run."""

INSTANCES = """\
--instances stores any number of files, each byte for byte, and says what became of each of them: the answers
of the server are held against what was sent. The totals of that are the output, in JSON. What is no DICOM
file is skipped; with a study in the path, so is what belongs to another one. --dry-run lists what would be
sent. With --journal, the same command line goes on where an earlier run ended."""

ORDER = """\
-r and -p take all words up to the next flag or --, so a positional right behind them needs -- before it.
Flags may stand before and after the command, and are written out in full."""

CREDENTIALS = """\
The access token of -p access-token=TOKEN (-p access-token@=FILE keeps it off the command line), else that of
oauth-token, else the API key of key alone. Without any of them, for https: the token in the environment
variable CLOUDSDK_AUTH_ACCESS_TOKEN, else the file that GOOGLE_APPLICATION_CREDENTIALS names, else the login
of this program, else that of gcloud, else the account of a machine of Google's.
  login   asks you in your browser, and keeps what you agree to under --config-dir, for --scope
  logout  removes that, and has Google forget it"""


_FLAG = 24
"""Columns that a flag and its value take."""

_PARTS, _LINES = 60, 60
"""Fields of a body and lines of arguments that stand in a page; who wants all has --skeleton."""


def usage(service: Service) -> str:
    """How to call the program, in a line."""
    return f"usage: {service.prog} [FLAGS] RESOURCE METHOD ..."


def page(service: Service, words: tuple[str, ...]) -> str:
    """The help for the command, or the commands, that `words` begin.

    Raises:
        ArgumentErrors: no command begins like that.
        SchemaError: the document is not sound.
    """
    document = service.document
    found = chosen(document, words)
    if len(words) > 1 and words[1] in found[words[0]]:
        return method_page(service, " ".join(words[:2]), found[words[0]][words[1]])
    told = f"{text(document, 'title')} {text(document, 'version')}: {text(document, 'description')}"
    return drawn(usage(service), (Section("", (told,)), listing(found), *common(service)))


def method_page(service: Service, command: str, method: Document) -> str:
    """The help for one command.

    Raises:
        SchemaError: the document is not sound.
    """
    room = Room(_PARTS, _LINES, columns() - len(_INDENT))
    return drawn(form(service, command, method), all_sections(service, method, room))


def listing(found: Commands, *, ids: bool = False) -> Section:
    """Commands, and what each of them does, in a sentence; with the ids of methods, if these are wanted."""
    entries = (
        Entry(
            f"{name} {command}",
            (*([text(method, "id")] * ids), first_sentence(text(method, "description"))),
        )
        for name, below in found.items()
        for command, method in below.items()
    )
    return Section("commands", entries=tuple(entries))


def form(service: Service, command: str, method: Document) -> str:
    """How a command is called."""
    places = "".join(f" <{cli_name(name)}>" for name in positionals(method))
    request = " -r WORD ..." if "request" in method else ""
    if stores_instances(method):
        request = " (-r WORD ... | --instances PATH ...)"
    media = " [-u PROTOCOL FILE] [-m TYPE]" if "mediaUpload" in method else ""
    return (
        f"usage: {service.prog} [--scope URL] {command}{places}{request}{media} [-p NAME=VALUE ...] [-o FILE]"
    )


def all_sections(service: Service, method: Document, room: Room) -> Iterator[Section]:
    """All that there is to say of a command.

    Raises:
        SchemaError: the document is not sound.
    """
    yield Section("", purpose(method))
    yield from sections(service.document, method, room)
    if "mediaUpload" in method:
        yield _worded("media", MEDIA)
    if flag(method, "supportsMediaDownload"):
        yield _worded("download", DOWNLOAD)
    if "pageToken" in table(method, "parameters"):
        yield _worded("pages", PAGES)
    if stores_instances(method):
        yield _worded("instances", INSTANCES)
    yield from common(service, moving="request" in method, storing=stores_instances(method))


def common(service: Service, *, moving: bool = True, storing: bool = False) -> Iterator[Section]:
    """What holds for every command; for those with a body, how to move in it; for those that store, many."""
    flags = full(service.prog)
    if not storing:
        flags.leave_out({"instances", *OF_STORING})
    yield Section("flags", lines="\n".join(f"{name:{_FLAG}}  {told}" for name, told in flags.told()))
    if moving:
        yield _worded("moving the cursor", CURSORS)
    yield _worded("credentials", CREDENTIALS)
    yield _worded("environment", ENVIRONMENT)
    yield _worded("answer", ANSWER)
    yield _worded("exit codes", EXIT_CODES)
    yield _worded("order", ORDER)


def _worded(title: str, words: str) -> Section:
    """Words of our own: prose, then lines that are set in, then prose again, each of which there may be."""
    lines = words.splitlines()
    fixed = [at for at, line in enumerate(lines) if line.startswith(" ")]
    start, end = (fixed[0], fixed[-1] + 1) if fixed else (len(lines), len(lines))
    before, after = " ".join(lines[:start]), " ".join(lines[end:])
    return Section(title, (before,) * bool(before), lines="\n".join(lines[start:end]), remark=after)


# --- how it is drawn ---------------------------------------------------------------------------------------

_INDENT = "  "


def drawn(usage: str, found: Iterable[Section]) -> str:
    """A page as a terminal shows it, whatever it says: nothing in it speaks to the terminal."""
    wide = columns()
    usage = _wrapped(usage, wide, "", _INDENT * 4)
    blocks = ("\n".join(_section(each, wide)) for each in found)
    lines = "\n\n".join((usage, *filter(None, blocks))).split("\n")
    return "".join(f"{_plain(line)}\n" for line in lines)


def _section(section: Section, wide: int) -> Iterator[str]:
    if section.title:
        yield f"{section.title}:"
    margin = _INDENT if section.title else ""
    for each in section.prose:
        yield _filled(each, wide, margin)
    for entry in section.entries:
        place = margin + _INDENT * entry.level
        yield f"{place}{' '.join(entry.term.split())}"
        for each in entry.about:
            yield _filled(each, wide, place + _INDENT * 2)
    for line in section.lines.splitlines():
        yield _hung(margin + line, wide)
    if section.remark:
        yield _filled(section.remark, wide, margin)


def _hung(line: str, wide: int) -> str:
    """A line of fixed form; where it is too long, a column that begins in it goes on in the next one."""
    name = re.match(r" *\S+(?: \S+)* {2,}", line) if len(line) > wide else None
    return line if name is None else _wrapped(line[name.end() :], wide, name[0], " " * name.end())


def _filled(prose: str, wide: int, margin: str) -> str:
    return _wrapped(readable(prose), wide, margin, margin)


def _wrapped(prose: str, wide: int, first: str, others: str) -> str:
    """Prose in lines. Its words are names, flags and addresses too, and are not broken as textwrap would."""
    lines, line = [], first
    for word in prose.split():
        if len(line) + len(word) > wide and line.strip():
            lines.append(line.rstrip())
            line = others
        line += f"{word} "
    return "\n".join((*lines, line.rstrip()))


def _plain(line: str) -> str:
    if line.isprintable():
        return line
    from cursorkit.errors import printable

    return printable(line)
