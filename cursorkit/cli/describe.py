"""What APIs there are, and what their commands do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.apis import HEALTHCARE, installed, read
from cursorkit.cli.commands import chosen, commands
from cursorkit.cli.help import drawn, listing, method_page, usage
from cursorkit.cli.sections import Section
from cursorkit.errors import ArgumentErrors, Problem, SchemaError, printable, quoted
from cursorkit.schema.document import text
from cursorkit.schema.names import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.cli.service import Service


def apis() -> str:
    """The APIs whose documents can be found, one a line: what it is called, and its title."""
    known = installed()
    widest = max(map(len, known))
    return "".join(f"{name:{widest}}  {printable(_title(name, path))}\n" for name, path in known.items())


def _title(name: str, path: str | Path) -> str:
    try:
        return text(read(name if name == HEALTHCARE else str(path)), "title")
    except SchemaError as error:
        return f"({error})"


def describe(service: Service, words: tuple[str, ...]) -> str:
    """The commands of an API with their ids; those that `words` begin; the page of the one that they name.

    Args:
        service: the API, and how it is called.
        words: a resource and a method, as they are typed; or the id of a method.

    Raises:
        ArgumentErrors: there is no such command; with those that were perhaps meant.
        SchemaError: the document is not sound.
    """
    tree = commands(service.document)
    by_id = {
        text(method, "id"): (resource, name)
        for resource, below in tree.items()
        for name, method in below.items()
    }
    if len(words) == 1 and words[0] not in tree:
        if words[0] not in by_id:
            raise _unknown(words[0], (*by_id, *tree))
        words = by_id[words[0]]
    found = chosen(service.document, words)
    if len(words) > 1 and words[1] in found[words[0]]:
        return method_page(service, " ".join(words), found[words[0]][words[1]])
    title = f"{text(service.document, 'title')} {text(service.document, 'version')}"
    return drawn(usage(service), (Section("", (title,)), listing(found, ids=True)))


def _unknown(word: str, known: tuple[str, ...]) -> ArgumentErrors:
    near = nearest(word, known)
    hint = "" if near is None else f"did you mean {quoted(near)}?"
    return ArgumentErrors(
        (Problem("unknown-command", f"unknown method {quoted(word)}", label="", hint=hint),)
    )
