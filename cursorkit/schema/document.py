"""Discovery documents as plain dicts: what a part of one holds, where it is what it should be.

Plain, because help has to come without attrs. Documents may come from anywhere, and hold anything.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal, TypeVar

    from cursorkit.errors import SchemaError

    Document = Mapping[str, Any]
    """A discovery document, or a part of one, as JSON gives it."""

    Form = Literal["structure", "list", "map", "any", "scalar"]
    """How a value is written."""

    _T = TypeVar("_T")

HTTP_BODY = frozenset({"contentType", "data", "extensions"})
"""The fields of google.api.HttpBody, by which it is known under whatever name."""

DEEPEST = 64
"""Levels of resources within each other; real ones have a dozen at most."""

_SENTENCE = 200
"""Columns that what is wrong may take: names of documents may be of any length."""

_KINDS = {dict: "a structure", list: "a list", str: "a text", bool: "true or false"}


def table(part: Document, key: str) -> Document:
    """The structure under `key`; an empty one, if there is none.

    Raises:
        SchemaError: something else is there, as in all functions here.
    """
    return _held(part, key, dict) or {}


def tables(part: Document, key: str) -> Iterator[tuple[str, Document]]:
    """The structures that the structure under `key` holds, with their names."""
    held = table(part, key)
    for name in held:
        yield name, table(held, name)


def form_of(part: Document) -> Form:
    """How what `part` describes is written; references are not followed."""
    kind = text(part, "type") or "any"
    match kind:
        case "array":
            return "list"
        case "object":
            return "map" if "additionalProperties" in part and "properties" not in part else "structure"
        case "any":
            return "any"
        case "string" | "boolean" | "integer" | "number":
            return "scalar"
    from cursorkit.errors import quoted

    raise unsound(part, f"the type {quoted(kind)} is unknown")


def is_required(part: Document, method: str) -> bool:
    """Whether requests of `method` have to set the field that `part` describes."""
    return flag(part, "required") or method in texts(table(part, "annotations"), "required")


def fields(part: Document) -> Iterator[tuple[str, Document]]:
    """The fields of a structure, with their names. Only names of parameters hold dots."""
    for name, field in tables(part, "properties"):
        if "." in name:
            from cursorkit.errors import quoted

            raise unsound(part, f"the name {quoted(name)} of a field holds a dot")
        yield name, field


def methods(part: Document, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Document]]:
    """The methods of `part` and of the resources in it, each with the names that lead to it from there."""
    if len(path) > DEEPEST:
        raise unsound(part, f"there are more than {DEEPEST} levels of resources")
    for name, method in tables(part, "methods"):
        yield (*path, name), method
    for name, resource in tables(part, "resources"):
        yield from methods(resource, (*path, name))


def text(part: Document, key: str) -> str:
    """The text under `key`; an empty one, if there is none."""
    return _held(part, key, str) or ""


def needed(part: Document, key: str) -> str:
    """The text under `key`, which has to be there."""
    if part.get(key) is None:
        raise unsound(part, f"'{key}' is missing")
    return text(part, key)


def texts(part: Document, key: str) -> tuple[str, ...]:
    """The list of texts under `key`; an empty one, if there is none."""
    held = _held(part, key, list) or []
    if not all(isinstance(each, str) for each in held):
        raise unsound(part, f"'{key}' holds something that is no text")
    return tuple(held)


def rows(part: Document, key: str) -> Iterator[Document]:
    """The structures in the list under `key`."""
    for each in _held(part, key, list) or []:
        if not isinstance(each, dict):
            raise unsound(part, f"'{key}' holds something that is no structure")
        yield each


def flag(part: Document, key: str) -> bool:
    """Whether `key` is true."""
    return _held(part, key, bool) or False


def unsound(part: Document, what: str) -> SchemaError:
    """That a document is not sound, and where: `what` is wrong in `part`."""
    from cursorkit.errors import SchemaError, quoted, shortened

    name = part.get("id")
    where = f" in {quoted(name)}" if isinstance(name, str) else ""
    return SchemaError(f"the document is not sound: {shortened(what, _SENTENCE)}{where}")


def _held(part: Document, key: str, kind: type[_T]) -> _T | None:
    held = part.get(key)
    if held is not None and not isinstance(held, kind):
        raise unsound(part, f"'{key}' is not {_KINDS[kind]}")
    return held
