"""What the words behind a host's `-r` are: an object, a line of help, and what can follow."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.body.build import absent, build
from cursorkit.body.complete import complete
from cursorkit.body.construct import construct
from cursorkit.body.values import no_files
from cursorkit.errors import ArgumentErrors, listed
from cursorkit.files import Files
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.expected import held
from cursorkit.schema.types import List, Map, Object, Schema, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cursorkit.body import values
    from cursorkit.body.openings import Candidate

METAVAR = "WORD"
"""What help calls a word behind the flag."""

_LABEL = "word"


def local_files() -> values.Files:
    """Lets `@=` name any file of this machine, and standard input; says so where somebody has to type it."""

    def announce(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    return Files(announce)


def unread_files() -> values.Files:
    """Lets `@=` name no file."""
    return no_files


@frozen
class Request:
    """What the words behind a flag are read as.

    Attributes:
        kind: an attrs class, of which they write an instance; or a schema, of which they write a `Body`.
        files: makes what opens the files that `@=` names, anew for each command line.

    Raises:
        SchemaError: the class, or a class that it holds, cannot be written as arguments.
    """

    kind: type | Schema
    files: Callable[[], values.Files] = unread_files

    def __attrs_post_init__(self) -> None:
        # Rather now, when the program starts, than when somebody first writes such a field.
        if not isinstance(self.kind, Schema):
            _load(self.schema, set())

    @cached_property
    def schema(self) -> Schema:
        """What the words may set."""
        return self.kind if isinstance(self.kind, Schema) else schema_of(self.kind)

    def read(self, words: Sequence[str]) -> object:
        """The instance or the body that `words` write; if there are none, the one that sets nothing.

        Raises:
            ArgumentErrors: with every problem of the words, and with what is missing.
        """
        if not isinstance(self.kind, Schema):
            return construct(self.kind, words, files=self.files(), label=_LABEL)
        body = build(self.kind, words, files=self.files(), label=_LABEL)
        missing = absent(self.kind, body.content)
        if missing:
            raise ArgumentErrors(missing)
        return body

    def help(self, purpose: str | None) -> str:
        """A paragraph of help: what the words are for, how they are written, and what they may set."""
        schema = self.schema
        how = "NAME=VALUE sets a field, NAME moves into one, .. back up"
        if not isinstance(schema, Object):
            return f"{purpose or held(schema)}: {how}"
        fields = listed(
            f"{each.cli} ({title(each.schema)}{', required' * each.required})"
            for each in schema.fields
            if not each.refusal
        )
        return f"{purpose or schema.name}: {how}; fields: {fields}"

    def complete(self, words: Sequence[str], partial: str) -> tuple[Candidate, ...]:
        """What `partial` may become behind `words`; see `cursorkit.complete`."""
        return complete(self.schema, words, partial)


def _load(schema: Schema, seen: set[int]) -> None:
    """Have the fields of every structure within `schema` made."""
    if id(schema) not in seen:
        seen.add(id(schema))
        for each in _parts(schema):
            _load(each, seen)


def _parts(schema: Schema) -> Iterator[Schema]:
    match schema:
        case Object(fields=fields):
            yield from (each.schema for each in fields)
        case List(items=inner) | Map(values=inner):
            yield inner
