"""The commands of an API document: a resource and a method of it, in two words."""

from __future__ import annotations

from cursorkit.schema.names import cli_name

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.apis import Document

    Commands = dict[str, dict[str, Document]]
    """The methods of a document, as documents: by resource, and by the path from there to the method."""


def commands(document: Document) -> Commands:
    """All commands of `document`: `projects`, `locations-datasets-…-store-instances`."""
    return {
        cli_name(name): dict(_methods(resource, ""))
        for name, resource in document.get("resources", {}).items()
    }


def _methods(resource: Document, path: str) -> Iterator[tuple[str, Document]]:
    for name, method in resource.get("methods", {}).items():
        yield path + cli_name(name), method
    for name, below in resource.get("resources", {}).items():
        yield from _methods(below, f"{path}{cli_name(name)}-")


def positionals(method: Document) -> list[str]:
    """The wire names of the parameters that are written without a name, in order."""
    return [name for name in method.get("parameterOrder", []) if method["parameters"][name].get("required")]
