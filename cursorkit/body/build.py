"""Bodies: what the steps of an argument list add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from attrs import field, frozen

from cursorkit.body import reference
from cursorkit.body.fold import Walk
from cursorkit.body.origins import origin
from cursorkit.body.places import place_at
from cursorkit.body.shown import shown
from cursorkit.body.values import no_files
from cursorkit.errors import ArgumentErrors, Problem
from cursorkit.language.ast import Program
from cursorkit.language.cursor import Cursor
from cursorkit.language.parser import Statements
from cursorkit.schema import admit as whole
from cursorkit.schema.admit import fits, unfit
from cursorkit.schema.types import Any, Scalar, part
from cursorkit.wire.source import BodySource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cursorkit.body.tree import Key
    from cursorkit.body.values import Files
    from cursorkit.language.ast import Statement
    from cursorkit.schema.admit import Unions
    from cursorkit.schema.mismatch import Mismatch
    from cursorkit.schema.types import Content, Json, Schema

T = TypeVar("T")


@frozen
class Body:
    """What an argument list stands for.

    Attributes:
        schema: what it was built for.
        content: its JSON value, with a `BodySource` where raw bytes go. Does not show in `repr`.
        cursor: where the last argument left the cursor.
        origins: the position of the argument that set each place of the value.
        advice: what is worth a word, though right.
        start: the value that the arguments changed; None where they began with nothing.
    """

    schema: Schema
    content: Content = field(repr=False)
    cursor: Cursor = field(factory=Cursor)
    origins: Mapping[Key, int] = field(factory=dict, repr=False)
    advice: tuple[Problem, ...] = ()
    start: Content = field(default=None, repr=False)

    def origin(self, place: Key) -> int | None:
        """The argument that set `place`, or what it is a part of, or else the first part of it.

        Args:
            place: wire names, map keys and list indices, from the root.

        Returns:
            None if no argument set any of these.
        """
        return origin(self.origins, place)

    @property
    def value(self) -> Json:
        """The body as plain JSON: raw bytes are base64, and are read for it."""
        return _json(self.content)


def build(
    schema: Schema,
    arguments: Iterable[str] | Program,
    *,
    files: Files = no_files,
    extensions: bool = True,
    start: Content = None,
    label: str = "argument",
) -> Body:
    """The body of `schema` that `arguments` write.

    Args:
        schema: what the body may hold.
        arguments: the words behind `-r`, in order, or their tree.
        files: opens what `@=` names, such as `cursorkit.files.Files`; by default no file is read.
        extensions: whether the language goes beyond that of the reference.
        start: a value that the arguments change, as JSON: what it holds is no argument, and may be replaced.
        label: what an argument is called in problems, such as `-r argument`.

    Raises:
        ArgumentErrors: with every problem of the list, or of `start`.
    """
    statements = arguments.statements if isinstance(arguments, Program) else Statements(arguments)
    walk = Walk(schema, label, None if start is None else _fitting(schema, start))
    for statement in walk.within_limit(statements):
        if extensions:
            walk.take(statement, files)
        else:
            reference.take(walk, statement)
    return finished(walk, statements)


def _fitting(schema: Schema, start: Content) -> Content:
    """`start`, which fits the schema.

    Raises:
        ArgumentErrors: it does not.
    """
    content, found = whole.admit(schema, start)
    if found:
        raise ArgumentErrors(tuple(_at_start(schema, each) for each in found))
    return content


def _at_start(schema: Schema, mismatch: Mismatch) -> Problem:
    scene = mismatch.scene
    where = f" (at {place_at(schema, scene).spelled(scene)})" if scene else ""
    return Problem(
        mismatch.kind, f"the starting body: {mismatch.message}{where}", label="", hint=mismatch.hint
    )


def finished(walk: Walk, statements: Sequence[Statement]) -> Body:
    """The body that `walk` leads to, along `statements`.

    Raises:
        ArgumentErrors: with every problem on the way; if there is none, with those of lists and structures
            that were put together; `nothing-set` for a root that needs a value and has none.
    """
    schema, tree, problems = walk.schema, walk.tree, walk.problems
    if isinstance(schema, Scalar | Any) and not tree.origins and not problems and not fits(schema, tree.root):
        problems.append(Problem("nothing-set", "the value is not set", label="", hint="set it with .=value"))
    if not problems:
        problems += _of_wholes(walk, statements)
    if problems:
        raise ArgumentErrors(tuple(sorted(problems, key=lambda problem: problem.index or 0)))
    return Body(schema, tree.root, walk.cursor, tree.origins, tuple(walk.advice), walk.start)


def absent(schema: Schema, content: Content) -> tuple[Problem, ...]:
    """The required fields that `content` lacks."""
    return tuple(
        Problem(each.kind, each.message, label="", hint=each.hint) for each in whole.absent(schema, content)
    )


def _of_wholes(walk: Walk, statements: Sequence[Statement]) -> Iterator[Problem]:
    """What is wrong with lists and structures that were put together, though each part of them fits."""
    schemas: dict[Key, Schema] = {(): walk.schema}
    unions: Unions = {}
    for key, content in walk.tree.assembled.items():
        held = schemas[key] = part(schemas[key[:-1]], key[-1]) if key else walk.schema
        for each in unfit(held, content, unions) if held.rules or isinstance(held, Any) else ():
            place = place_at(walk.schema, key)
            index = origin(walk.tree.origins, (*key, *each.place))
            drawn = "" if index is None else shown(statements[index], public=False).text
            scene = (*key, *each.scene)
            message = f"{each.message} (at {place.spelled(scene)})" if scene else each.message
            span = (0, len(drawn))
            yield Problem(each.kind, message, drawn, span, index, walk.label, hint=each.hint)


def _json(content: Content) -> Json:
    match content:
        case dict():
            return {key: _json(item) for key, item in content.items()}
        case list():
            return [_json(item) for item in content]
        case BodySource():
            from base64 import b64encode

            with content.open() as reader:
                return b64encode(reader.read()).decode("ascii")
    return cast("Json", content)
