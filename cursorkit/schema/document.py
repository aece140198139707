"""Discovery documents as plain dicts: what a part of one holds, where it is what it should be.

Plain, because help has to come without attrs. Documents may come from anywhere, and hold anything.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeVar

    from cursorkit.errors import SchemaError

    Document = Mapping[str, Any]
    """A discovery document, or a part of one, as JSON gives it."""

    _T = TypeVar("_T")

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


def text(part: Document, key: str) -> str:
    """The text under `key`; an empty one, if there is none."""
    return _held(part, key, str) or ""


def needed(part: Document, key: str) -> str:
    """The text under `key`, which has to be there."""
    if key not in part:
        raise unsound(part, f"'{key}' is missing")
    return text(part, key)


def texts(part: Document, key: str) -> tuple[str, ...]:
    """The list of texts under `key`; an empty one, if there is none."""
    held = _held(part, key, list) or []
    if not all(isinstance(each, str) for each in held):
        raise unsound(part, f"'{key}' holds something that is no text")
    return tuple(held)


def flag(part: Document, key: str) -> bool:
    """Whether `key` is true."""
    return _held(part, key, bool) or False


def unsound(part: Document, what: str) -> SchemaError:
    """That a document is not sound, and where: `what` is wrong in `part`."""
    from cursorkit.errors import SchemaError, quoted

    name = part.get("id")
    where = f" in {quoted(name)}" if isinstance(name, str) else ""
    return SchemaError(f"the document is not sound: {what}{where}")


def _held(part: Document, key: str, kind: type[_T]) -> _T | None:
    held = part.get(key)
    if held is not None and not isinstance(held, kind):
        raise unsound(part, f"'{key}' is not {_KINDS[kind]}")
    return held
