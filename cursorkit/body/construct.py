"""Instances of classes: what a body comes to where its structures are classes of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

from attrs import Attribute, evolve, field, frozen

from cursorkit.body.build import absent, build
from cursorkit.body.field_paths import Found
from cursorkit.body.origins import Written
from cursorkit.body.places import place_at
from cursorkit.body.values import no_files
from cursorkit.errors import ArgumentErrors, Problem
from cursorkit.language.parser import parsed
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.types import List, Map, Object, Scalar
from cursorkit.wire.source import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cursorkit.body.places import Place
    from cursorkit.body.tree import Key, Way
    from cursorkit.body.values import Files
    from cursorkit.language.ast import Program
    from cursorkit.schema.types import Content, Schema

T = TypeVar("T")


def construct(
    cls: type[T],
    arguments: Iterable[str] | Program,
    *,
    files: Files = no_files,
    extensions: bool = True,
    label: str = "argument",
) -> T:
    """The instance of the attrs class `cls` that `arguments` write; see `build`.

    Raises:
        ArgumentErrors: with every problem of the list; `missing-field` for an attribute without a default;
            `against-schema` for what the class itself refuses with a ValueError or a TypeError, in a
            validator or a converter.
        SchemaError: the class holds something that no argument can write.
    """
    schema = schema_of(cast("type", cls))
    program = parsed(arguments)
    body = build(schema, program, files=files, extensions=extensions, label=label)
    missing = absent(schema, body.content)
    if missing:
        raise ArgumentErrors(missing)
    making = _Making(Written(body, program, lambda problem: evolve(problem, label=label)))
    made = making.value(schema, body.content, ())
    if making.problems:
        raise ArgumentErrors(tuple(sorted(making.problems, key=lambda problem: problem.index or 0)))
    return cast("T", made)


@frozen
class _Making:
    """The making of the Python value of a body.

    Attributes:
        written: the body.
        problems: what its classes refused.
    """

    written: Written
    problems: list[Problem] = field(factory=list)

    def value(self, schema: Schema, content: Content, key: Key) -> object:
        """The Python value of `content`, which stands at `key`; of no meaning once there are problems."""
        match schema, content:
            case _, None:
                return None
            case Object() | List(), dict() | list():
                return self._whole(schema, content, key)
            case Map(values=values), dict():
                return {name: self.value(values, item, (*key, name)) for name, item in content.items()}
            case Scalar(factory=factory), _ if factory:
                return factory(content)
            case _, Bytes(content=octets):
                return octets
        return content

    def _whole(self, schema: Object | List, content: Content, key: Key) -> object:
        told = len(self.problems)
        match schema, content:
            case Object(factory=factory), dict():
                given = {
                    each.python: self.value(each.schema, content[each.wire], (*key, each.wire))
                    for each in schema.fields
                    if each.wire in content
                }
                if factory is None or len(self.problems) > told:
                    return given
                try:
                    return factory(**given)
                except (ValueError, TypeError) as error:
                    self.problems.append(self._refused(schema, key, error))
            case List(items=items, factory=factory), list():
                elements = [self.value(items, item, (*key, at)) for at, item in enumerate(content)]
                return elements if factory is None else factory(elements)
        return None

    def _refused(self, schema: Object, key: Key, error: ValueError | TypeError) -> Problem:
        """What the class of a structure said, at the argument of the attribute that it named."""
        culprit = next((each.alias for each in error.args if isinstance(each, Attribute)), None)
        blamed = next((each.wire for each in schema.fields if each.python == culprit), None)
        place = place_at(self.written.body.schema, key if blamed is None else (*key, blamed))
        told = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
        if _is_private(place, _content_at(self.written.body.content, place.way)):
            # The words of the class may repeat it.
            told = "a value that is not shown here"
        message = f"{schema.name} refuses it: {told}"
        problem = None if blamed is None else self.written.problem(Found(place, whole=True), _KIND, message)
        if problem is not None:
            return problem
        where = f" (at {place.spelled(key)})" if key else ""
        return Problem(_KIND, f"{schema.name} refuses its fields: {told}{where}", label="")


_KIND: Final = "against-schema"


def _content_at(content: Content, way: Way) -> Content:
    """What stands there; None where nothing does."""
    for step in way:
        match content, step:
            case dict(), str():
                content = content.get(step)
            case list(), int():
                content = content[step]
    return content


def _is_private(place: Place, content: Content) -> bool:
    """Whether something in `content` may not be shown."""
    match content:
        case dict():
            return any(_is_private(place.part(key), item) for key, item in content.items())
        case list():
            return any(_is_private(place.part(index), item) for index, item in enumerate(content))
    return content is not None and not place.public
