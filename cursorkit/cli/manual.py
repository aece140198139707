"""The manual of an API: the pages of its commands, as Markdown in a folder."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote as percent_encoded

from cursorkit.cli.commands import commands
from cursorkit.cli.help import all_sections, common, form, usage
from cursorkit.cli.output import Output
from cursorkit.cli.sections import Room, first_sentence
from cursorkit.errors import OutputError, listed, printable, quoted
from cursorkit.schema.document import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.cli.sections import Entry, Section
    from cursorkit.cli.service import Service
    from cursorkit.schema.document import Document

INDEX = "index.md"

_MARK = "<!-- Written by cursorkit docs. Changes to this file are lost when it is written again. -->"
"""The first line of every page, by which it is known again."""

_ROOM = Room(parts=400, lines=400, columns=100)


def write(service: Service, folder: str) -> Path:
    """Write the manual of `service` into `folder`, and give the path of its index.

    Pages of an older manual are written anew. Other files are left alone, and nothing is ever removed.

    Raises:
        OutputError: a file that is no page of a manual stands where one should be, and nothing is written;
            or a page cannot be written.
        SchemaError: the document is not sound.
    """
    pages = [(Path(folder, name), f"{_MARK}\n\n{content}".encode()) for name, content in manual(service)]
    try:
        strange = [str(path) for path, _ in pages if not _ours(path)]
        if strange:
            raise OutputError(f"no page of a manual, and not to be overwritten: {listed(strange)}")
        for parent in {path.parent for path, _ in pages}:
            parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write to {quoted(folder)}: {error.strerror}") from None
    for path, content in pages:
        with Output(str(path)) as output:
            output.write(content)
    return Path(folder, INDEX)


def _ours(path: Path) -> bool:
    """Whether a page may be written there: over an older one, or where there is nothing."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MARK)) == _MARK.encode()
    except FileNotFoundError:
        return True


def manual(service: Service) -> Iterator[tuple[str, str]]:
    """The pages of a manual, in a fixed order: the path of each in its folder, and what it says.

    Raises:
        SchemaError: the document is not sound.
    """
    yield INDEX, _index(service)
    for resource, below in commands(service.document).items():
        for name, method in below.items():
            command = f"{resource} {name}"
            told = all_sections(service, method, _ROOM)
            usage_line = _fenced(form(service, command, method))
            yield _path(resource, name), _page(_code(command), [usage_line], told)


def _index(service: Service) -> str:
    document = service.document
    blocks = [_fenced(usage(service)), _prose(text(document, "description"))]
    for resource, below in commands(document).items():
        lines = (_listed(name, method, _path(resource, name)) for name, method in below.items())
        blocks += [f"## {_code(resource)}", "\n".join(lines)]
    title = f"{text(document, 'title')} {text(document, 'version')}"
    return _page(_prose(title), blocks, common(service))


def _listed(name: str, method: Document, path: str) -> str:
    told = _prose(first_sentence(text(method, "description")))
    return f"- [{_code(name)}]({percent_encoded(path)}): {told}"


def _path(resource: str, name: str) -> str:
    return f"{_file(resource)}/{_file(name)}.md"


_LONGEST = 100


def _file(name: str) -> str:
    """The name of a file for any name: it leads nowhere, and no two are alike."""
    safe = (
        percent_encoded(name, safe="", errors="surrogatepass").replace(".", "%2E").replace("~", "%7E") or "%"
    )
    if len(safe) <= _LONGEST:
        return safe
    return f"{safe[:_LONGEST]}-{sha256(safe.encode()).hexdigest()[:16]}"


# --- Markdown ----------------------------------------------------------------------------------------------


def _page(title: str, first: Iterable[str], told: Iterable[Section]) -> str:
    blocks = [f"# {title}", *first]
    for section in told:
        blocks += _section(section)
    return "\n\n".join(filter(None, blocks)) + "\n"


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"## {_prose(section.title[:1].upper() + section.title[1:])}"
    yield from map(_prose, section.prose)
    yield "\n".join(map(_entry, section.entries))
    yield _fenced(section.lines) if section.lines else ""
    yield _prose(section.remark)


def _entry(entry: Entry) -> str:
    margin = "  " * entry.level
    return f"\\\n{margin}  ".join((f"{margin}- {_code(entry.term)}", *map(_prose, entry.about)))


def _fenced(lines: str) -> str:
    fence = _fence(lines, 3)
    shown = "\n".join(map(printable, lines.split("\n")))
    return f"{fence}text\n{shown}\n{fence}"


def _code(name: str) -> str:
    """A code span that shows `name`, whatever that is."""
    shown = printable(" ".join(name.split()))
    fence = _fence(shown, 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""


def _fence(shown: str, least: int) -> str:
    """More backticks in a row than `shown` has anywhere."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", shown)), 0)


_MARKED = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<shown>[^\]\n]{1,200})\]\((?P<link>https?://[\w./?#=&%:~+,;@-]{1,500})\)"
)


def _prose(described: str) -> str:
    """What a description says, in one line: its code spans and links stay, and nothing else has a meaning."""
    told = " ".join(described.split())
    parts, at = [], 0
    for found in _MARKED.finditer(told):
        parts += [_escaped(told[at : found.start()]), _marked(found)]
        at = found.end()
    parts.append(_escaped(told[at:]))
    return re.sub(r"\A([-+=]|[0-9]+[.)])", r"\\\1", "".join(parts))


def _marked(found: re.Match[str]) -> str:
    if found["code"] is not None:
        return _code(found["code"])
    return f"[{_escaped(found['shown'])}]({found['link']})"


def _escaped(plain: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|&~])", r"\\\1", printable(plain))
