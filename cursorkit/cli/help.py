"""Help, from API documents as plain dicts: every page of it in the words of the command's own document."""

from __future__ import annotations

from textwrap import fill, indent

from cursorkit.cli.argv import WIDTH
from cursorkit.cli.commands import commands, positionals
from cursorkit.cli.flags import full
from cursorkit.schema.document import flag, table, tables, text, texts
from cursorkit.schema.names import cli_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

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
CURSORKIT_PARENT                the positional <parent>, where that alone is missing
HTTPS_PROXY, ALL_PROXY         the proxy for https, as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT
NO_PROXY                       hosts, domains, addresses and networks that it is not for, or *
SSL_CERT_FILE, SSL_CERT_DIR    the certificate authorities of the system; --ca-bundle counts instead of them
SSLKEYLOGFILE                  a file that gets the keys of connections, for whoever wants to look into them
GOOGLE_CLOUD_QUOTA_PROJECT     the project that is billed, where --quota-project names none
CLOUDSDK_CONFIG                the folder of gcloud, with the login that it keeps
GCE_METADATA_HOST              who speaks for a machine of Google's; NO_GCE_CHECK=true looks for none
TMPDIR                         where copies of standard input and of pipes are kept while they are sent
NO_COLOR                       no colour, if it is set to anything
The names of the proxies count in small letters too, and first. Plain http goes through no proxy.
GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 lets a file of credentials have a program run."""

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


def usage(service: Service) -> str:
    """How to call the program, in a line or two."""
    return page(service, ()).partition("\n\n")[0]


def page(service: Service, words: tuple[str, ...]) -> str:
    """The help for the command that `words` begin.

    Raises:
        SchemaError: the document is not sound.
    """
    document = service.document
    tree = commands(document)
    resource = next(iter(words[:1]), None)
    command = next(iter(words[1:2]), None)
    shown: Commands = {resource: tree[resource]} if resource in tree else tree
    if resource in tree and command in tree[resource]:
        shown = {resource: {command: tree[resource][command]}}
    methods = [
        (f"{resource} {name}", method) for resource, below in shown.items() for name, method in below.items()
    ]
    flags = full(service.prog)
    if len(methods) == 1:
        flags.usage, sections = _form(*methods[0]), [*_method(document, methods[0][1])]
    else:
        flags.usage, sections = "%(prog)s [FLAGS] RESOURCE METHOD ...", [*_list(methods)]
    flags.description = (
        f"{text(document, 'title')} {text(document, 'version')}: {text(document, 'description')}"
    )
    flags.epilog = "\n\n".join(
        f"{title}:\n{indent(text, '  ')}" for title, text in (*sections, *_common(document))
    )
    return flags.format_help()


def _form(command: str, method: Document) -> str:
    places = " ".join(f"<{cli_name(name)}>" for name in positionals(method))
    request = " -r WORD ..." if "request" in method else ""
    media = " [-u PROTOCOL FILE] [-m TYPE]" if "mediaUpload" in method else ""
    return f"%(prog)s [--scope URL] {command} {places}{request}{media} [-p NAME=VALUE ...] [-o FILE]"


def _list(methods: list[tuple[str, Document]]) -> Iterator[tuple[str, str]]:
    yield (
        "commands",
        "\n".join(f"{command}\n{_wrapped(text(method, 'description'))}" for command, method in methods),
    )


def _method(document: Document, method: Document) -> Iterator[tuple[str, str]]:
    yield "what it does", fill(text(method, "description"), WIDTH)
    parameters = table(method, "parameters")
    yield "positionals", "\n".join(_positional(name, parameters[name]) for name in positionals(method))
    if "request" in method:
        name = text(table(method, "request"), "$ref")
        fields = "\n".join(_fields(document, name))
        yield (
            "request value (required)",
            f"-r sets the structure {name}, field by field:\n{indent(fields, '  ')}",
        )
        yield (
            "example",
            f"-r . {_example(table(table(document, 'schemas'), name))}\nsets it completely, in this order.",
        )
    if "mediaUpload" in method:
        yield "media", MEDIA
    if flag(method, "supportsMediaDownload"):
        yield "download", DOWNLOAD
    if "pageToken" in parameters:
        yield "pages", PAGES
    yield "scopes", _scopes(document, method)


def _positional(name: str, parameter: Document) -> str:
    head = f"<{cli_name(name)}> ({text(parameter, 'type')}, required)"
    return f"{head}\n{_wrapped(text(parameter, 'description'))}"


def _fields(document: Document, name: str) -> Iterator[str]:
    for wire, field in tables(table(table(document, "schemas"), name), "properties"):
        kind = "answers only" if text(field, "type") == "array" else text(field, "type")
        yield f"{cli_name(wire)}: {kind}\n{_wrapped(text(field, 'description'))}"


def _example(schema: Document) -> str:
    words = {"contentType": "application/dicom", "data": "DICM"}
    names = [name for name, field in tables(schema, "properties") if text(field, "type") == "string"]
    return " ".join(f"{cli_name(name)}={words.get(name, 'text')}" for name in names)


def _scopes(document: Document, method: Document) -> str:
    scopes = texts(method, "scopes")
    if not scopes:
        return "A call needs none."
    told = table(table(table(document, "auth"), "oauth2"), "scopes")
    lines = [f"{scope}\n{_wrapped(text(table(told, scope), 'description'))}" for scope in scopes]
    return "\n".join(["A call needs at least one of these:", *lines, f"Without --scope it is {scopes[0]}."])


def _common(document: Document) -> Iterator[tuple[str, str]]:
    yield "moving the cursor", CURSORS
    lines = [
        f"{cli_name(name)}={text(field, 'type')}\n{_wrapped(text(field, 'description'))}"
        for name, field in tables(document, "parameters")
    ]
    yield "parameters (-p NAME=VALUE ...)", "\n".join(lines)
    yield "credentials", CREDENTIALS
    yield "environment", ENVIRONMENT
    yield "answer", ANSWER
    yield "exit codes", EXIT_CODES
    yield "order", ORDER


def _wrapped(text: str) -> str:
    return fill(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
