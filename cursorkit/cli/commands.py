"""The commands of an API document: a resource and a method of it, in two words."""

from __future__ import annotations

from cursorkit.schema.document import flag, table, tables, texts
from cursorkit.schema.names import cli_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.document import Document

    Commands = dict[str, dict[str, Document]]
    """The methods of a document, as documents: by resource, and by the path from there to the method."""

_ROOT = "methods"
"""The resource under which the methods stand that belong to none."""


def commands(document: Document) -> Commands:
    """All commands of `document`: `projects`, `locations-datasets-…-store-instances`.

    Raises:
        SchemaError: the document is not sound.
    """
    found: Commands = {}
    for name, resource in (*tables(document, "resources"), (_ROOT, {"methods": table(document, "methods")})):
        for path, method in _methods(resource, ()):
            below = found.setdefault(cli_name(name), {})
            spelled = "-".join(map(cli_name, path))
            # Where two paths are spelled alike, the second keeps the spelling of the document.
            below["-".join(path) if spelled in below else spelled] = method
    return found


def _methods(resource: Document, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Document]]:
    for name, method in tables(resource, "methods"):
        yield (*path, name), method
    for name, below in tables(resource, "resources"):
        yield from _methods(below, (*path, name))


def positionals(method: Document) -> list[str]:
    """The wire names of the parameters that are written without a name, in order.

    Raises:
        SchemaError: the document is not sound.
    """
    parameters = table(method, "parameters")
    return [name for name in texts(method, "parameterOrder") if flag(table(parameters, name), "required")]
