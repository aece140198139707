"""What each argument of a list does, as data; `draw` makes a table and a tree of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import define, field, frozen

from cursorkit.body.build import finished
from cursorkit.body.draw import table, tree
from cursorkit.body.fold import Walk
from cursorkit.body.places import Nowhere, place_at
from cursorkit.body.shown import content_shown, shown
from cursorkit.body.tree import New
from cursorkit.body.values import Unread
from cursorkit.errors import ArgumentErrors
from cursorkit.language.parser import parsed
from cursorkit.schema.types import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.fold import Step
    from cursorkit.body.places import Extension, Place
    from cursorkit.body.tree import Key
    from cursorkit.body.values import Files
    from cursorkit.errors import Problem
    from cursorkit.language.ast import Program, Statement
    from cursorkit.language.cursor import Cursor
    from cursorkit.schema.types import Content, Schema


@frozen
class Effect:
    """What an assignment set.

    Attributes:
        place: the place in the value: wire names, keys and indices, from the root.
        content: what stands there now, in JSON of at most 200 characters. Private values, and what a file
            holds, are described instead: `4 bytes`, `…`, `the contents of "f"`.
    """

    place: Key
    content: str


@frozen
class Row:
    """What one argument did.

    Attributes:
        index: its position in the list, from 0.
        argument: the argument as it may be shown: `…` stands for a value that must stay private.
        before, after: the cursor.
        effect: what was set; None for a move, and for an argument that did nothing.
        extensions: what it used beyond the reference's language.
        problems: what is wrong with it.
        advice: what is worth a word, though right.
    """

    index: int
    argument: str
    before: Cursor
    after: Cursor
    effect: Effect | None = None
    extensions: tuple[Extension, ...] = ()
    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()


@frozen
class Node:
    """A part of the body, or a place in which the cursor stands though it is no part yet.

    Attributes:
        name: the field on the wire, the key, or the index; None for the root, and for an element that a `+`
            stands for.
        content: what stands there, as in `Effect`; empty for what has parts, or is no part.
        origin: the position of the argument that set it; None for what no argument set as a whole.
        parts: what it consists of.
        exists: whether it is a part of the body.
        cursor: whether the cursor stands here.
    """

    name: str | int | None = None
    content: str = ""
    origin: int | None = None
    parts: tuple[Node, ...] = ()
    exists: bool = True
    cursor: bool = False


@frozen
class Explanation:
    """What an argument list does, argument by argument. `str` draws it as a table, `tree` as the body.

    Attributes:
        title: what the body is called, such as `HttpBody`.
        rows: what each argument did, in order.
        body: what the arguments without problems write, with the cursor in it; elements that others were
            meant to make are counted, and left out.
        cursor: where the last argument left the cursor.
        problems: everything that is wrong, as `build` would tell it.
    """

    title: str
    rows: tuple[Row, ...]
    body: Node
    cursor: Cursor
    problems: tuple[Problem, ...] = ()

    @property
    def text(self) -> str:
        """A table with a line for each argument, and below it what is wrong. No line speaks to a terminal."""
        return table(self)

    @property
    def tree(self) -> str:
        """The body as a tree: each leaf with its value and the argument that set it, and the cursor."""
        return tree(self)

    def __str__(self) -> str:
        return self.text


def explain(schema: Schema, arguments: Iterable[str] | Program, *, files: Files = Unread) -> Explanation:
    """What each of `arguments` does to a body of `schema`; mistakes are a part of what is explained.

    Args:
        schema: what the body may hold.
        arguments: the words behind `-r`, in order, or their tree.
        files: opens what `@=` names. By default no file is opened, nor is standard input: what they hold is
            not told, and what only reading them would show to be wrong is not told either.
    """
    program = parsed(arguments)
    walk = Walk(schema)
    walked = tuple(walk.steps(program, files))
    rows = tuple(_row(schema, *each) for each in zip(walked, program.statements, strict=False))
    root = _Branch()
    for step in walked:
        if step.effect is not None:
            root.put(place_at(schema, step.effect.key), step.effect.content, step.index)
    root.stand(tuple(_standing(walk, walked)))
    return Explanation(title(schema), rows, root.node(), walk.cursor, _problems(walk, program))


def _row(schema: Schema, step: Step, statement: Statement) -> Row:
    effect, public = None, False
    if step.effect is not None:
        place = place_at(schema, step.effect.key)
        effect, public = Effect(step.effect.key, content_shown(place, step.effect.content)), place.public
    # A problem has drawn the argument with an eye on the place that it was meant for.
    drawn = next((each.argument for each in step.problems if each.argument), None)
    return Row(
        step.index,
        shown(statement, public=public).text if drawn is None else drawn,
        step.before,
        step.after,
        effect,
        step.extensions,
        step.problems,
        step.advice,
    )


def _problems(walk: Walk, program: Program) -> tuple[Problem, ...]:
    """Everything that is wrong; a body with files that nobody read cannot be judged as a whole."""
    if any(isinstance(walk.tree.at(key), Unread) for key in walk.tree.origins):
        return tuple(walk.problems)
    try:
        finished(walk, program.statements)
    except ArgumentErrors as errors:
        return errors.problems
    return ()


# --- the body, and the cursor in it -----------------------------------------------------------------------

_Step = str | int | None
"""A name, a key or an index; None for a new element that has no index yet."""


def _standing(walk: Walk, walked: tuple[Step, ...]) -> Iterator[_Step]:
    """The way to the cursor."""
    here = walk.here
    place = here.above if isinstance(here, Nowhere) else here
    key = walk.places.key(place)
    for depth, step in enumerate(place.way):
        yield key[depth] if not isinstance(step, New) or _is_set(key[: depth + 1], walked) else None
    yield from walk.cursor.names[len(place.way) :]


def _is_set(key: Key, walked: tuple[Step, ...]) -> bool:
    """Whether an argument set something at `key` or below."""
    return any(step.effect is not None and step.effect.key[: len(key)] == key for step in walked)


@define
class _Branch:
    """A node that is still growing."""

    name: _Step = None
    content: str = ""
    origin: int | None = None
    parts: dict[_Step, _Branch] = field(factory=dict)
    exists: bool = True
    cursor: bool = False

    def put(self, place: Place, content: Content, origin: int) -> None:
        """Let `content` be at `place`, leaf by leaf."""
        match content:
            case dict() if content:
                for key, item in content.items():
                    self.put(place.part(key), item, origin)
            case list() if content:
                for index, item in enumerate(content):
                    self.put(place.part(index), item, origin)
            case _:
                branch = self
                for step in cast("Key", place.way):
                    branch = branch.parts.setdefault(step, _Branch(step))
                branch.content, branch.origin = content_shown(place, content), origin

    def stand(self, way: tuple[_Step, ...]) -> None:
        """Let the cursor stand where `way` leads, in what is there or would be there."""
        branch = self
        for step in way:
            branch = branch.parts.setdefault(step, _Branch(step, exists=False))
        branch.cursor = True

    def node(self) -> Node:
        parts = tuple(part.node() for part in self.parts.values())
        return Node(self.name, self.content, self.origin, parts, self.exists, self.cursor)
