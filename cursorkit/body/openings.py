"""Places in which something can be set, and the words that set it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.body.places import NEW
from cursorkit.body.values import document, text
from cursorkit.errors import shortened
from cursorkit.language.ast import MARKS
from cursorkit.schema.admit import DEEPEST, fits
from cursorkit.schema.mismatch import Mismatch
from cursorkit.schema.shortest import as_json
from cursorkit.schema.types import Any, List, Map, Object, Scalar, choices, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.places import Place
    from cursorkit.body.values import Reader
    from cursorkit.schema.types import Field, Schema

_LINE = 100
"""Columns that a description may take."""

Parts = dict[str | int, "Parts | None"]
"""What is set below a place: by name, key or index, each with its own parts; None is set as a whole."""


@frozen
class Candidate:
    """What an unfinished word may become.

    Attributes:
        text: the whole word.
        description: what it means, in a line: the type, and what is known of the field.
        complete: whether the word is an argument as it is; if not, more has to follow without a blank.
    """

    text: str
    description: str = ""
    complete: bool = False


@frozen
class Opening:
    """A place in which something can be set.

    Attributes:
        place: the place.
        kinds: what may stand there. Where any JSON value goes, there may be several, of which one has to fit.
        parts: what is set there already.
    """

    place: Place
    kinds: tuple[Schema, ...]
    parts: Parts

    @property
    def has_way(self) -> bool:
        """Whether a path may lead on from here."""
        return len(self.place.way) < DEEPEST

    @property
    def _any(self) -> bool:
        return isinstance(self.place.schema, Any)

    def forms(self, word: str, *, brief: bool = False) -> Iterator[Candidate]:
        """What `word` may become, a path that leads here.

        Args:
            word: the path; empty for the cursor's own place.
            brief: whether only what such a place is mostly meant for is wanted.
        """
        named = bool(word) and not word.endswith(".")
        texts = bool(word) and not word.endswith(MARKS) and self._takes_text()
        moves = named and any(_has_room(each, self.parts) for each in self.kinds) and not (brief and texts)
        if texts:
            pairs = isinstance(self.place.schema, Map)
            yield Candidate(f"{word}=", self.described(", key=value" if pairs else ""))
        if moves:
            yield Candidate(word, self.described(", move into it"), complete=True)
            if self.has_way:
                yield Candidate(f"{word}.", self.described())
        if not self.parts and not (brief and (texts or moves)):
            yield Candidate(f"{word}:=", self.described(" as JSON"))
        if not self.parts and (not brief or any(map(_is_binary, self.kinds))):
            yield Candidate(f"{word}@=", self.described(" from a file"))
        if self.has_way and not brief and self._has_odd_keys():
            yield Candidate(f"{word}/=", self.described(", move to a key of it"))

    def names(self, stem: str) -> list[str]:
        """How paths call what is below and begins with `stem`: on the command line, or else on the wire."""
        named = [name for name in self._names() if name.startswith(stem)]
        return named or [name for name in self.wire_names() if name.startswith(stem) and _is_plain(name)]

    def _names(self) -> Iterator[str]:
        for kind in self.kinds if self.has_way else ():
            match kind:
                case Object():
                    yield from filter(None, (self._spelling(kind, each) for each in kind.fields))
                case List():
                    yield from _elements(self.parts)
                case Map():
                    yield from filter(_is_plain, _begun(self.parts))
                case Any():
                    yield from [*filter(_is_plain, _begun(self.parts))] or _elements(self.parts)

    def wire_names(self) -> Iterator[str]:
        """What `/=` may be followed by: fields by their wire names, and keys that are begun."""
        for kind in self.kinds if self.has_way else ():
            if isinstance(kind, Object):
                yield from (each.wire for each in kind.fields)
            elif not isinstance(kind, Scalar):
                yield from _begun(self.parts)

    def texts(self, value: str) -> Iterator[str]:
        """What `value`, behind `=`, may become, where only a few values are right."""
        schema = self.place.schema
        leaf = schema.items if isinstance(schema, List) else schema
        if isinstance(schema, Map):
            key, sign, _ = value.partition("=")
            if sign and key not in self.parts:
                entries = (f"{key}={each}" for each in _choices(schema.values))
                yield from (each for each in entries if _takes(text, each, self.place))
        elif leaf is not schema or not self.parts:
            for kind in self.kinds if self._any else (leaf,):
                yield from (each for each in _choices(kind) if self._is_text(each))

    def documents(self) -> Iterator[str]:
        """JSON that does as a whole, of what is easily listed."""
        listed = [each for kind in self.kinds for each in _choices(kind)]
        written = [text for each in listed for text in (each, json.dumps(each))]
        if not self.parts:
            yield from (each for each in (*written, "null", "{}", "[]") if self._is_document(each))

    def described(self, how: str = "") -> str:
        """The type of what goes here, how it is set, and what is known of the field."""
        field = self.place.field
        kind = title(Any(self.kinds) if self._any else self.place.schema)
        if field is None:
            return shortened(f"{kind}{how}", _LINE)
        marks = {"required": field.required, "read-only": field.read_only, "deprecated": field.deprecated}
        marked = "".join(f", {mark}" for mark, is_so in marks.items() if is_so)
        told = " ".join(field.description.split())
        return shortened(f"{kind}{how}{marked}{f': {told}' if told else ''}", _LINE)

    def _takes_text(self) -> bool:
        """Whether `=` can give something."""
        match self.place.schema:
            case Scalar():
                return True
            case Any():
                return not self.parts and any(map(_has_text, self.kinds))
            case List(items=leaf) | Map(values=leaf):
                return isinstance(leaf, Scalar) or (isinstance(leaf, Any) and _has_text(leaf))
        return False

    def _is_text(self, value: str) -> bool:
        known = not self._any or any(fits(kind, value) for kind in self.kinds)
        return known and _takes(text, value, self.place)

    def _is_document(self, value: str) -> bool:
        if not _takes(document, value, self.place):
            return False
        content = json.loads(value)
        return (content is None and self.place.nullable) or any(fits(kind, content) for kind in self.kinds)

    def _has_odd_keys(self) -> bool:
        """Whether `/=` leads to what no path reaches."""
        listed = any(isinstance(step, int) for step in self.parts)
        return any(
            isinstance(kind, Map)
            or (isinstance(kind, Any) and not listed)
            or (isinstance(kind, Object) and not all(self._spelling(kind, each) for each in kind.fields))
            for kind in self.kinds
        )

    def _spelling(self, schema: Object, field: Field) -> str | None:
        """How a path calls `field`, one of `schema`; None if no path can."""
        # Where any JSON goes, names are keys, and what they mean is told only when the value is complete.
        names = (field.wire,) if self._any else (field.cli, field.wire, field.python)
        known = (name for name in names if _is_plain(name) and schema.find(name) is field)
        return next(known, None)


def parts_of(schema: Schema, step: object) -> Iterator[Schema]:
    """What may be the part `step` of a JSON value of `schema`: a name or key, an index, a new element."""
    match schema:
        case Object():
            found = schema.at(step) if isinstance(step, str) else None
            if found is not None and not found.refusal:
                yield found.schema
        case List(items=inner) if not isinstance(step, str):
            yield inner
        case Map(values=inner) if isinstance(step, str):
            yield inner
        case Any(alternatives=()):
            yield schema
        case Any(alternatives=alternatives):
            for each in alternatives:
                yield from parts_of(each, step)


def kinds_of(schema: Schema) -> Iterator[Schema]:
    """The kinds of which a value of `schema` is one."""
    if isinstance(schema, Any) and schema.alternatives:
        for each in schema.alternatives:
            yield from kinds_of(each)
    else:
        yield schema


def _has_room(schema: Schema, parts: Parts) -> bool:
    """Whether there is something below that can be set, beside `parts`."""
    match schema:
        case Scalar():
            return False
        case Object(fields=fields):
            below = ((each.schema, parts.get(each.wire, {})) for each in fields if not each.refusal)
            return any(held == {} or (held is not None and _has_room(inner, held)) for inner, held in below)
    return True


def _has_text(schema: Schema) -> bool:
    """Whether a JSON string may be a value."""
    match schema:
        case Scalar(type=kind, quoted=quoted, format=form):
            return kind in {"string", "bytes"} or quoted or (kind == "number" and bool(form))
        case Any(alternatives=alternatives):
            return not alternatives or any(map(_has_text, alternatives))
    return False


def _is_binary(schema: Schema) -> bool:
    return isinstance(schema, Scalar) and schema.type in {"bytes", "raw"}


def _is_plain(name: str) -> bool:
    """Whether `name` can stand at the end of a path, before any operator."""
    return bool(name) and not set(name) & set(".=") and not name.endswith(MARKS)


def _elements(parts: Parts) -> Iterable[str]:
    """The elements that are begun, the next index, and `+`."""
    return (*map(str, parts), str(len(parts)), NEW)


def _begun(parts: Parts) -> Iterable[str]:
    """The keys below which something is set, but which are not set as a whole."""
    return (step for step, below in parts.items() if isinstance(step, str) and below is not None)


def _choices(schema: Schema) -> Iterable[str]:
    """The texts of the values, where there are only a few."""
    if left := choices(schema):
        return (each if isinstance(each, str) else as_json(each) for each in left)
    match schema:
        case Scalar(type="boolean"):
            return ("true", "false")
        case Scalar(enum=enum):
            return enum
        case Any(alternatives=alternatives):
            return (choice for each in alternatives for choice in _choices(each))
    return ()


def _takes(reader: Reader[str], value: str, place: Place) -> bool:
    try:
        reader(value, place)[0]()
    except (Mismatch, ExceptionGroup):
        return False
    return True
