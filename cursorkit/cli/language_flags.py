"""The commands of `cursorkit`, their flags, and their help. Plain, because help has to come without attrs."""

from __future__ import annotations

from textwrap import indent

from cursorkit.cli.argv import Flags
from cursorkit.cli.help import CURSORS
from cursorkit.cli.help import EXIT_CODES as EXIT_CODES_OF_CALLS


class Command:
    """A command of the program.

    Args:
        usage: its line, behind the name of the program.
        summary: what it does, in a line.
        description: what it does.
        lists: the flags that take any number of words.
        operands: how many words it takes without a flag.
        of_apis: whether it is about APIs, and not about values that a schema describes.
    """

    def __init__(
        self,
        usage: str,
        summary: str,
        description: str,
        lists: tuple[str, ...] = ("-r",),
        operands: int = 0,
        of_apis: bool = False,
    ) -> None:
        self.usage = usage
        self.summary = summary
        self.description = description
        self.lists = lists
        self.operands = operands
        self.of_apis = of_apis


COMMANDS = {
    "body": Command(
        "body [--schema FILE] [--body FILE] -r WORD ... [-o FILE] [--compact] [--no-extensions]",
        "arguments in, JSON out",
        "Builds the value that the words write, and prints it as JSON. All mistakes are told at once.",
    ),
    "explain": Command(
        "explain [--schema FILE] -r WORD ... [-o FILE]",
        "what each argument does",
        "Prints what each word does to the cursor and to the value, as a table, and the value as a tree.\n"
        "Files that words name are not read.",
    ),
    "print": Command(
        "print [--schema FILE] [FILE] [--shell] [-o FILE]",
        "JSON in, arguments out",
        "Reads JSON, from standard input if no FILE is named, and prints the shortest arguments that write\n"
        "it, one a line.",
        lists=(),
        operands=1,
    ),
    "api": Command(
        "api DOCUMENT RESOURCE METHOD ...",
        "calls a method of any API",
        "Works as the program of an API, which DOCUMENT describes: the path of a discovery document, or the\n"
        "name and version of one that is installed with google-api-python-client, such as storage:v1.\n"
        "api DOCUMENT --help lists its commands.",
        lists=(),
        of_apis=True,
    ),
    "apis": Command(
        "apis [-o FILE]",
        "which APIs there are",
        "Prints the name and version of every API whose document is found, and its title: the one that\n"
        "comes with this program, and those that are installed with google-api-python-client.",
        lists=(),
        of_apis=True,
    ),
    "describe": Command(
        "describe DOCUMENT [METHOD | RESOURCE [METHOD]] [-o FILE]",
        "what the commands of an API do",
        "Prints the commands of an API with the ids of their methods; with RESOURCE, its own; with RESOURCE\n"
        "and METHOD, or the id of a method, the page of that command. DOCUMENT is what it is for api.",
        lists=(),
        operands=3,
        of_apis=True,
    ),
    "docs": Command(
        "docs DOCUMENT -o DIR",
        "the manual of an API, in files",
        "Writes the manual of an API as Markdown: in DIR an index, and for each command a page. Pages of an\n"
        "older manual are written anew; where a page should be that is none, nothing is written. No file is\n"
        "ever removed. The name of the index is printed. DOCUMENT is what it is for api.",
        lists=(),
        operands=1,
        of_apis=True,
    ),
    "store": Command(
        "store URL PATH ... [--study UID] [--journal FILE] [--report FILE] [FLAGS]",
        "stores DICOM files on a server",
        "Stores files on a server of DICOMweb (PS3.18, 10.5), byte for byte, and says what became of each.\n"
        "URL is the root of the server, https://HOST/dicom-web; file:DIR is a store in a folder. PATH names\n"
        "files, folders, zip and tar archives, patterns such as '*.dcm', or a DICOMDIR; - reads a list of\n"
        "them from standard input. What is no DICOM file is skipped.",
        lists=(),
        of_apis=True,
    ),
    "complete": Command(
        "complete [--schema FILE] --partial WORD -r WORD ... [-o FILE]",
        "what an unfinished argument may become",
        "Prints what WORD may become behind the words of -r: a line for each candidate, with a tab and what\n"
        "it means. Files that words name are not read.",
    ),
}

SCHEMAS = """\
--schema FILE tells what there may be and what each name takes, as a JSON Schema document of draft 2020-12
or 7. Without it any JSON value will do: names make structures, digits and + make lists, = gives strings, and
:= gives the rest."""

EXIT_CODES = """\
0 done; 2 wrong usage: every mistake is told; 5 a local file or the output; 70 a defect of the program;
129, 130, 143 ended by a signal: hung up, interrupted, terminated; 141 nobody reads the output."""

ENVIRONMENT = """\
TMPDIR      where copies of standard input and of pipes are kept while they are read
NO_COLOR    no colour, if it is set to anything
COLUMNS     how wide the lines of help are, 40 to 104; by default as the terminal"""

_COMMON = (("environment", ENVIRONMENT), ("exit codes", EXIT_CODES))


def flags(prog: str, name: str) -> Flags:
    """The flags of a command that take one value or none."""
    found = Flags(f"{prog} {name}")
    found.set_defaults(schema=None, out="-")
    if not COMMANDS[name].of_apis:
        found.add_argument("--schema", metavar="FILE", help="a JSON Schema document; - is standard input")
    if name == "docs":
        found.add_argument("-o", dest="folder", metavar="DIR", help="the folder to write to; required")
    elif name == "store":
        _add_storing(found)
    elif name != "api":
        found.add_argument(
            "-o", dest="out", metavar="FILE", help="where the output goes; - is standard output"
        )
    match name:
        case "body":
            found.add_argument(
                "--body", metavar="FILE", help="a JSON document that the words change; - is standard input"
            )
            found.add_argument("--compact", action="store_true", help="print the JSON in one line")
            found.add_argument(
                "--no-extensions",
                action="store_false",
                dest="extensions",
                help="only the language of the generated Google API programs",
            )
        case "print":
            found.add_argument("--shell", action="store_true", help="print one line, quoted for a shell")
        case "complete":
            found.add_argument("--partial", metavar="WORD", help="the unfinished word; required")
        case "store":
            return found
    return _common(found)


def _add_storing(found: Flags) -> None:
    """Those that say where many files go, and how."""
    from cursorkit.cli import flags as of_apis
    from cursorkit.cli import store_flags

    found.add_argument(
        "-o", default="-", dest="out", metavar="FILE", help="where the totals go; - is standard output"
    )
    found.add_argument("--study", metavar="UID", help="store the instances of this study alone")
    found.add_argument("--bearer", metavar="FILE", help="prove who you are by the token that is in this file")
    found.add_argument(
        "--basic", metavar="FILE", help="the same by what is in this file, USER:PASSWORD, for HTTP Basic"
    )
    found.add_argument(
        "--allow-http",
        action="store_true",
        help="send to a server without TLS, in a network of your own: everybody in it can read what is sent",
    )
    store_flags.add(found)
    of_apis.add_patience(found)
    of_apis.add_habits(found, dry_run="list what would be sent, and send nothing")


def _common(found: Flags) -> Flags:
    found.add_argument("--version", action="store_true", help="print the version")
    found.add_argument("-h", "--help", action="store_true", help="print this help")
    return found


def page(prog: str, name: str) -> str:
    """The help of a command."""
    command = COMMANDS[name]
    found = flags(prog, name)
    for each in command.lists:
        text = "the words of the language, up to the next flag, and those behind --; may be repeated"
        found.add_argument(each, metavar="WORD", nargs="+", help=text)
    found.usage = f"{prog} {command.usage}"
    found.description = command.description
    of_values = () if command.of_apis else (("moving the cursor", CURSORS), ("schemas", SCHEMAS))
    common = (("exit codes", EXIT_CODES_OF_CALLS),) if name == "store" else _COMMON
    found.epilog = _sections(*of_values, *common)
    return found.format_help()


def overview(prog: str) -> str:
    """The help of the whole program."""
    found = _common(Flags(prog))
    found.usage = f"{prog} COMMAND ..."
    found.description = (
        "JSON from the arguments of the cursor language, and back; and the methods of any API."
    )
    lines = "\n".join(f"{command.usage}\n    {command.summary}" for command in COMMANDS.values())
    found.epilog = _sections(("commands", lines), ("moving the cursor", CURSORS), *_COMMON)
    return found.format_help()


def _sections(*sections: tuple[str, str]) -> str:
    return "\n\n".join(f"{title}:\n{indent(text, '  ')}" for title, text in sections)
