"""The commands of an API document: a resource and a method of it, in two words."""

from __future__ import annotations

from cursorkit.schema.document import flag, methods, table, text, texts, unsound
from cursorkit.schema.names import cli_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from cursorkit.errors import ArgumentErrors
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
    for path, method in methods(document):
        resource, *names = path if len(path) > 1 else (_ROOT, *path)
        below = found.setdefault(cli_name(resource), {})
        spelled = "-".join(map(cli_name, names))
        # Where two paths are spelled alike, the second keeps the spelling of the document.
        name = "-".join(names) if spelled in below else spelled
        if name in below:
            raise unsound(method, "two commands have one name")
        below[name] = method
    return found


def positionals(method: Document) -> list[str]:
    """The wire names of the parameters that are written without a name, in order.

    Raises:
        SchemaError: the document is not sound.
    """
    parameters = table(method, "parameters")
    return [name for name in texts(method, "parameterOrder") if flag(table(parameters, name), "required")]


def stores_instances(method: Document) -> bool:
    """Whether a method is a store transaction of DICOM (PS3.18, 10.5), by which any files may be sent.

    Raises:
        SchemaError: the document is not sound.
    """
    return text(method, "answer") == "dicom-store"


def chosen(document: Document, words: tuple[str, ...]) -> Commands:
    """The commands of `document` that `words` begin: its first word is a resource, its second begins methods.

    What stands behind those two is not looked at.

    Raises:
        ArgumentErrors: there are none; with those that were perhaps meant.
        SchemaError: the document is not sound.
    """
    tree = commands(document)
    if not words:
        return tree
    resource, begun = words[0], "".join(words[1:2])
    below = tree.get(resource, {})
    if begun in below:
        return {resource: {begun: below[begun]}}
    found = {name: method for name, method in below.items() if name.startswith(begun)}
    if not found:
        raise _unknown(tree, words[:2])
    return {resource: found}


def _unknown(tree: Commands, words: tuple[str, ...]) -> ArgumentErrors:
    from difflib import get_close_matches

    from cursorkit.errors import ArgumentErrors, Problem, listed, quoted

    name = " ".join(words)
    every = (f"{resource} {command}" for resource, below in tree.items() for command in below)
    near = get_close_matches(name, list(every), 5) if len(words) > 1 else []
    near = near or get_close_matches(words[0], tree, 1)
    hint = f"did you mean {' or '.join(map(quoted, near))}?" if near else f"commands here: {listed(tree)}"
    problem = Problem("unknown-command", f"unknown command {quoted(name)}", label="", hint=hint)
    return ArgumentErrors((problem,))
