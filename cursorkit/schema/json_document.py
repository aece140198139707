"""JSON Schema documents: one schema of them, where it stands, and what its keywords hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from attrs import evolve, field, frozen

from cursorkit.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_INDEX = re.compile("[0-9]{1,9}")
_LEGACY = ("draft-04", "draft-06", "draft-07")
"""Versions in which no keyword beside a `$ref` counts."""


@frozen(eq=False)
class Document:
    """A document, and what was made of its schemas.

    Attributes:
        content: the document, as JSON gives it.
        checks: whether a value is valid against the schema at a pointer.
    """

    content: object
    checks: dict[str, Callable[[object], bool]] = field(factory=dict)

    @property
    def legacy(self) -> bool:
        """Whether it is of a version in which no keyword beside a `$ref` counts."""
        version = self.content.get("$schema") if isinstance(self.content, Mapping) else None
        return any(draft in str(version) for draft in _LEGACY)


@frozen
class Node:
    """A schema of a document. Two are the same if they stand in the same place.

    Attributes:
        document: the whole document.
        pointer: where it stands, as a JSON pointer in a fragment (RFC 6901, 6).
        content: its keywords; or whether it allows every value, or none.
    """

    document: Document = field(repr=False)
    pointer: str
    content: Mapping[str, object] | bool = field(eq=False, repr=False)
    _checked: dict[str, dict[str, object]] = field(factory=dict, init=False, eq=False, repr=False)
    """Entries that were asked for; of many fields each asks."""

    @classmethod
    def root(cls, document: object) -> Self:
        """The schema that `document` is.

        Raises:
            SchemaError: it is none.
        """
        return cls(Document(document), "#", _schema(document, "#"))

    @property
    def keywords(self) -> Mapping[str, object]:
        """Its keywords; only `$ref` where that stands for all of it."""
        if isinstance(self.content, bool):
            return {}
        if "$ref" in self.content and self.document.legacy:
            return {"$ref": self.content["$ref"]}
        return self.content

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    def fault(self, message: str, *keys: str | int) -> SchemaError:
        """That something is wrong with it, or with what stands at `keys` below it."""
        return SchemaError(f"{_below(self.pointer, keys)}: {message}")

    # --- keywords, each checked to be what it has to be; what is missing is empty ------------------------

    def text(self, keyword: str) -> str:
        """A string."""
        value = self._get(keyword, "")
        if not isinstance(value, str):
            raise self.fault("a string is expected", keyword)
        return value

    def flag(self, keyword: str) -> bool:
        """True or false."""
        value = self._get(keyword, False)
        if not isinstance(value, bool):
            raise self.fault("true or false is expected", keyword)
        return value

    def texts(self, *keys: str) -> tuple[str, ...]:
        """A list of strings; where it is allowed, one alone."""
        value = self._inside(keys, ())
        values = [value] if isinstance(value, str) and keys == ("type",) else value
        if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
            alone = "a string or " if keys == ("type",) else ""
            raise self.fault(f"{alone}a list of strings is expected", *keys)
        return tuple(values)

    def value(self, keyword: str) -> object:
        """Any value."""
        return self._get(keyword, None)

    def values(self, keyword: str) -> tuple[object, ...]:
        """A list of any values."""
        value = self._get(keyword, ())
        if not isinstance(value, list | tuple):
            raise self.fault("a list is expected", keyword)
        return tuple(value)

    def number(self, keyword: str) -> int | float:
        """A number."""
        value = self._get(keyword, 0)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and isfinite(value):
            return value
        raise self.fault("a number is expected", keyword)

    def count(self, keyword: str, default: int = 0) -> int:
        """A whole number, 0 or more."""
        value = self._get(keyword, default)
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise self.fault("a whole number, 0 or more, is expected", keyword)
        return number

    def schema(self, *keys: str) -> Node:
        """A schema; one that allows everything, if it is missing."""
        return self._at(keys, self._inside(keys, True))

    def listed(self, *keys: str) -> bool:
        """Whether a list stands there, where something else could."""
        return isinstance(self._inside(keys, None), list | tuple)

    def schemas(self, keyword: str) -> tuple[Node, ...]:
        """A list of schemas."""
        return tuple(self._at((keyword, index), each) for index, each in enumerate(self.values(keyword)))

    def members(self, keyword: str) -> dict[str, Node]:
        """Schemas by name."""
        return {name: self._at((keyword, name), each) for name, each in self.entries(keyword).items()}

    def entries(self, keyword: str) -> dict[str, object]:
        """Any values by name."""
        if keyword not in self._checked:
            value = self._get(keyword, {})
            if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
                raise self.fault("a structure is expected", keyword)
            self._checked[keyword] = dict(value)
        return self._checked[keyword]

    # --- what it refers to ----------------------------------------------------------------------------

    def target(self) -> Node:
        """The schema that `$ref` names."""
        reference = self.text("$ref")
        if reference not in {"", "#"} and not reference.startswith("#/"):
            raise self.fault(
                f"the reference '{reference}' leads out of the document, or to no pointer", "$ref"
            )
        keys = [unquote(token).replace("~1", "/").replace("~0", "~") for token in reference.split("/")[1:]]
        found = self.document.content
        for key in keys:
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list | tuple) and _INDEX.fullmatch(key) and int(key) < len(found):
                found = found[int(key)]
            else:
                raise self.fault(f"the document has nothing at '{reference}'", "$ref")
        pointer = _below("#", keys)
        return evolve(self, pointer=pointer, content=_schema(found, pointer))

    # ------------------------------------------------------------------------------------------------

    def _get(self, keyword: str, default: object) -> object:
        return self.keywords.get(keyword, default)

    def _inside(self, keys: tuple[str, ...], default: object) -> object:
        return (self.entries(keys[0]) if len(keys) > 1 else self.keywords).get(keys[-1], default)

    def _at(self, keys: tuple[str | int, ...], value: object) -> Node:
        pointer = _below(self.pointer, keys)
        return evolve(self, pointer=pointer, content=_schema(value, pointer))


def _schema(value: object, pointer: str) -> Mapping[str, object] | bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        raise SchemaError(f"{pointer}: a schema is expected, a structure or a boolean")
    if "$id" in value and pointer != "#":
        raise SchemaError(f"{pointer}/$id: schemas with an $id of their own are not understood")
    return value


def _below(pointer: str, keys: Iterable[str | int]) -> str:
    return "/".join([pointer, *(str(key).replace("~", "~0").replace("/", "~1") for key in keys)])
