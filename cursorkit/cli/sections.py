"""What the page of a command says, before it is drawn: from API documents as plain dicts."""

from __future__ import annotations

import re
from itertools import islice

from cursorkit.apis.outline import arguments, body
from cursorkit.cli.commands import positionals
from cursorkit.language.shell import shell_word
from cursorkit.schema.document import flag, table, tables, text, texts
from cursorkit.schema.names import cli_name, written_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.apis.outline import Part
    from cursorkit.schema.document import Document


class Entry:
    """Something that has a name, and what there is to say of it. A plain class, as all that help is made of.

    Args:
        term: the name, as it is written.
        about: paragraphs of prose.
        level: how far it stands below others.
    """

    def __init__(self, term: str, about: tuple[str, ...] = (), level: int = 0) -> None:
        self.term = term
        self.about = about
        self.level = level


class Section:
    """A part of a page: prose, then entries, then lines that stand as they are, then a remark.

    Args:
        title: what it is about; nothing, if the page as a whole says so.
        prose: paragraphs.
        entries: what it lists.
        lines: text of fixed form.
        remark: a paragraph.
    """

    def __init__(
        self,
        title: str,
        prose: tuple[str, ...] = (),
        entries: tuple[Entry, ...] = (),
        lines: str = "",
        remark: str = "",
    ) -> None:
        self.title = title
        self.prose = prose
        self.entries = entries
        self.lines = lines
        self.remark = remark


class Room:
    """How much a page may hold.

    Args:
        parts: of a body; whole levels are left out beyond.
        lines: of arguments.
        columns: of one of these.
    """

    def __init__(self, parts: int, lines: int, columns: int) -> None:
        self.parts = parts
        self.lines = lines
        self.columns = columns


def purpose(method: Document) -> tuple[str, ...]:
    """What a method does, in paragraphs, and a warning if it should no longer be called."""
    warning = ("It is deprecated.",) if flag(method, "deprecated") else ()
    return (*_paragraphs(text(method, "description")), *warning)


def sections(document: Document, method: Document, room: Room) -> Iterator[Section]:
    """What there is to say of `method`, a method of `document`, alone.

    Raises:
        SchemaError: the document is not sound.
    """
    yield _scopes(document, method)
    parameters = dict(tables(method, "parameters"))
    placed = positionals(method)
    if placed:
        yield Section(
            "positionals",
            entries=tuple(
                Entry(
                    f"<{cli_name(name)}> ({_type(parameters[name])}, required)",
                    _of_parameter(parameters[name]),
                )
                for name in placed
            ),
        )
    request = body(document, method)
    if request is not None:
        yield _request(request, room)
        yield _setting(request, room)
    own = [(name, each) for name, each in parameters.items() if name not in placed]
    if own:
        yield Section("parameters of this method (-p NAME=VALUE ...)", entries=_named(own))
    general = [(name, each) for name, each in tables(document, "parameters") if name not in parameters]
    if general:
        yield Section("general parameters (-p NAME=VALUE ...)", entries=_named(general))


def first_sentence(described: str) -> str:
    """The first sentence that says something, with the mark before it, such as `Required.` itself."""
    told = " ".join(described.split())
    start = 0
    for end in (found.end() for found in re.finditer(r"[.!?:](?= |$)", told)):
        if told[start:end] in _LABELS:
            start = end + 1
        elif told[end - 1] != ":" and not told[:end].endswith(_ABBREVIATIONS):
            told = told[:end]
            break
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1].rstrip()}…"


_LABELS = {
    f"{label}{sign}"
    for label in (
        "Required",
        "Optional",
        "Output only",
        "Input only",
        "Immutable",
        "Identifier",
        "Deprecated",
    )
    for sign in ".:"
}
_ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.")
_LONGEST = 300
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\(((?:https?:/|/|#)[^)\s]{0,500})\)")
"""A link of Markdown. What stands in patterns may look like one, but for where it leads."""


def readable(described: str) -> str:
    """The description in prose, in which a link is a text and, in parentheses, where it leads."""
    return _LINK.sub(r"\1 (\2)", described)


def _paragraphs(described: str) -> tuple[str, ...]:
    return tuple(filter(None, (" ".join(line.split()) for line in described.splitlines())))


# --- parameters and scopes ---------------------------------------------------------------------------------


def _named(parameters: Iterable[tuple[str, Document]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"{written_name(name)}={_type(each)}", _of_parameter(each)) for name, each in parameters
    )


def _type(parameter: Document) -> str:
    return text(parameter, "type") or "any"


def _of_parameter(parameter: Document) -> tuple[str, ...]:
    marks = (
        "required" if flag(parameter, "required") and text(parameter, "location") != "path" else "",
        "may be given several times" if flag(parameter, "repeated") else "",
        *_marks(parameter, parameter),
    )
    return _about(*_paragraphs(text(parameter, "description")), "; ".join(filter(None, marks)))


def _about(*paragraphs: str) -> tuple[str, ...]:
    return tuple(filter(None, paragraphs))


def _marks(place: Document, content: Document) -> Iterator[str]:
    """What holds for a value, in words; nothing for what does not."""
    yield "deprecated" if flag(place, "deprecated") else ""
    yield _values(content)
    for words, key in _SAID.items():
        yield f"{words} {text(content, key)}" if text(content, key) else ""


_SAID = {
    "must match": "pattern",
    "at least": "minimum",
    "at most": "maximum",
    "by default": "default",
}
_MOST_VALUES = 12


def _values(content: Document) -> str:
    values = texts(content, "enum")
    if not values:
        return ""
    more = f", … ({len(values)} in all)" if len(values) > _MOST_VALUES else ""
    return f"one of {', '.join(values[:_MOST_VALUES])}{more}"


def _scopes(document: Document, method: Document) -> Section:
    scopes = texts(method, "scopes")
    if not scopes:
        return Section("scopes", ("A call needs none.",))
    told = table(table(table(document, "auth"), "oauth2"), "scopes")
    entries = tuple(Entry(scope, _paragraphs(text(table(told, scope), "description"))) for scope in scopes)
    return Section(
        "scopes",
        ("A call needs at least one of these:",),
        entries,
        remark=f"Without --scope it is {scopes[0]}.",
    )


# --- the body ----------------------------------------------------------------------------------------------


def _request(whole: Part, room: Room) -> Section:
    if whole.form != "structure":
        return Section("request value (required)", (f"-r sets it: {whole.kind}.",))
    found = [*islice(_fields(whole, _levels(whole, room.parts)), room.parts + 1)]
    if not found:
        return Section("request value", (f"The structure {whole.kind} has no fields, and needs no -r.",))
    if len(found) > room.parts:
        found[-1] = Entry(_MORE)
    cut = any(each.term.endswith(_MORE) for each in found)
    return Section(
        "request value (required)",
        (f"-r sets the structure {whole.kind}, field by field:",),
        tuple(found),
        remark=f"{_MORE} stands for fields that have no room here; --skeleton sets all of them."
        if cut
        else "",
    )


_MORE = "…"


def _levels(whole: Part, most: int) -> int:
    """How many levels of fields there are that together have no more than `most`; one at least."""
    level, found, levels = [whole], 0, 0
    while level and found <= most:
        below = (part for each in level for _, part in _inside(each))
        level = [*islice(below, most + 1 - found)]
        found += len(level)
        levels += 1
    return max(1, levels - (found > most))


def _fields(part: Part, levels: int, level: int = 0) -> Iterator[Entry]:
    """The fields of `part`, and below them theirs, down to as many levels."""
    for name, each in _inside(part):
        cut = level + 1 == levels and any(True for _ in _inside(each))
        yield Entry(f"{name}: {_described(each)}{f' {_MORE}' * cut}", _of_field(each), level)
        if level + 1 < levels:
            yield from _fields(each, levels, level + 1)


def _inside(part: Part) -> Iterator[tuple[str, Part]]:
    """The fields of a structure, or of those in a list or map, by the path to them."""
    way, inner = _innermost(part)
    if inner.form == "structure":
        yield from ((f"{way}{each.name}", each) for each in inner.parts)


def _innermost(part: Part) -> tuple[str, Part]:
    """What lists and maps hold in the end, and the path to it."""
    way = ""
    while part.form in {"list", "map"} and not part.again:
        part = next(part.parts)
        way += f"{part.name.upper()}."
    return way, part


def _described(part: Part) -> str:
    marks = {
        "required": part.required,
        "read-only": flag(part.place, "readOnly"),
        "as above": _innermost(part)[1].again,
    }
    return ", ".join((part.kind, *(mark for mark, is_so in marks.items() if is_so)))


def _of_field(part: Part) -> tuple[str, ...]:
    marks = "; ".join(filter(None, _marks(part.place, _innermost(part)[1].content)))
    return _about(first_sentence(text(part.place, "description")), marks)


def _setting(whole: Part, room: Room) -> Section:
    """The arguments that set all of a body, as they are typed: a line for each move, while there is room."""
    lines = [*islice(_lines(arguments(whole), room.columns), room.lines + 1)]
    if not lines:
        return Section("")
    if len(lines) <= room.lines:
        return Section("arguments that set all of it", lines=" \\\n".join(lines))
    lines = [*lines[: room.lines], _MORE]
    return Section(
        "arguments that set all of it", lines="\n".join(lines), remark="--skeleton prints all of them."
    )


def _lines(words: Iterable[str], columns: int) -> Iterator[str]:
    line = ""
    for word in map(shell_word, words):
        if not line or ("=" not in word and "=" in line):
            yield from filter(None, [line])
            line = f"-r {word}"
        elif len(f"{line} {word} \\") <= columns:
            line = f"{line} {word}"
        else:
            yield line
            line = f"   {word}"
    if line:
        yield line
