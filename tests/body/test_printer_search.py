"""The way back, against searches that know nothing of how it works: no list in normal form costs less."""

from __future__ import annotations

import json
import re
from heapq import heappop, heappush
from itertools import count, product
from operator import add
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest

from cursorkit import ArgumentErrors, build, parse, to_arguments
from cursorkit.body.fold import steps
from cursorkit.language.ast import Assignment, KeyMove, Name
from cursorkit.schema.types import Any as Anything
from cursorkit.schema.types import Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Json, Schema

Key = tuple[str | int, ...]
Cost = tuple[int, int, int, int]
"""Leaves said in JSON although a text would do, characters with a blank each, arguments, names."""

STRING = Scalar("string")


def structure(**fields: Schema | None) -> Object:
    """A structure; None stands for itself. A field `b_` is called `b:`."""

    def load() -> Iterator[Field]:
        for python, schema in fields.items():
            name = python.replace("_", ":")
            yield Field(name, name, name, made if schema is None else schema)

    made = Object("Node", load)
    return made


# --- what a list costs -----------------------------------------------------------------------------------


def places(value: Json, place: Key = ()) -> Iterator[tuple[Key, Json]]:
    yield place, value
    inner: Any = ()
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in inner:
        yield from places(item, (*place, step))


def schema_at(schema: Schema, place: Key) -> Schema:
    for step in place:
        match schema:
            case Object(by_wire=fields):
                schema = fields[str(step)].schema
            case List(items=inner) | Map(values=inner):
                schema = inner
            case _:
                schema = Anything()
    return schema


def texts(schema: Schema, leaf: Json) -> list[str]:
    """The shortest texts that mean `leaf`."""
    told = leaf if isinstance(leaf, str) else json.dumps(leaf)
    found = []
    for text in {told, told.removesuffix(".0"), told.replace("0.", ".", 1)}:
        try:
            found += [text] if json.dumps(build(schema, [f".={text}"]).value) == json.dumps(leaf) else []
        except ArgumentErrors:
            continue
    return [text for text in found if len(text) == min(map(len, found))]


class Parts:
    """A value in its parts.

    Attributes:
        places: what stands at each place.
        leaves: the places that have no parts, in order.
        texts: the texts of each leaf.
    """

    def __init__(self, schema: Schema, value: Json) -> None:
        self.places = dict(places(value))
        self.leaves = [
            at for at, held in self.places.items() if not isinstance(held, dict | list) or not held
        ]
        self.texts = [texts(schema_at(schema, at), self.places[at]) for at in self.leaves]

    def inside(self, place: Key) -> list[int]:
        """The positions of the leaves at `place` and below."""
        return [number for number, at in enumerate(self.leaves) if at[: len(place)] == place]

    def with_text(self, place: Key) -> int:
        return sum(bool(self.texts[number]) for number in self.inside(place))


def cost(schema: Schema, value: Json, arguments: list[str]) -> Cost:
    parts, program = Parts(schema, value), parse(arguments)
    in_json = names = 0
    for statement, step in zip(program.statements, steps(schema, program), strict=True):
        names += sum(isinstance(each, Name) for each in statement.path.steps)
        names += isinstance(statement, KeyMove)
        if isinstance(statement, Assignment) and statement.operator == ":=":
            assert step.effect is not None
            in_json += parts.with_text(step.effect.key)
    return in_json, sum(len(each) + 1 for each in arguments), len(arguments), names


# --- the cheapest list of a value ------------------------------------------------------------------------


class Attempt(NamedTuple):
    """An argument, and what it is meant to do.

    Attributes:
        argument: it.
        names: how many names it has.
        cursor: where it leaves the cursor, with the indices of elements.
        sets: the place that it sets; None for a move.
        in_json: how many leaves it says in JSON although a text would do.
    """

    argument: str
    names: int
    cursor: Key
    sets: Key | None = None
    in_json: int = 0


def cheapest(schema: Schema, value: Json) -> Cost:
    """What the cheapest list in normal form costs: all are tried, in the order of their costs.

    That is, all whose paths lead towards the next leaf: what is set elsewhere is out of order, and behind a
    move to elsewhere no path leads back without a dot. Whether an argument does what it is meant to do is for
    the language to say.
    """
    parts = Parts(schema, value)
    tried = count()
    waiting: list[tuple[Cost, int, tuple[Attempt, ...], int]] = [((0, 0, 0, 0), next(tried), (), 0)]
    done: set[tuple[int, Key, bool]] = set()
    while True:
        so_far, _, attempts, said = heappop(waiting)
        last = attempts[-1] if attempts else Attempt("", 0, (), ())
        state = (said, last.cursor, last.sets is None)
        if state in done or (attempts and not succeeds(schema, attempts, parts)):
            continue
        if said == len(parts.leaves):
            return so_far
        done.add(state)
        for attempt in following(schema, parts, said, last):
            more = (attempt.in_json, len(attempt.argument) + 1, 1, attempt.names)
            total = cast("Cost", tuple(map(add, so_far, more)))
            onward = said if attempt.sets is None else parts.inside(attempt.sets)[-1] + 1
            heappush(waiting, (total, next(tried), (*attempts, attempt), onward))


def succeeds(schema: Schema, attempts: tuple[Attempt, ...], parts: Parts) -> bool:
    *_, step = steps(schema, parse(attempt.argument for attempt in attempts))
    wanted = attempts[-1]
    if step.problems or (step.effect is None) != (wanted.sets is None):
        return False
    if step.effect is None:
        return len(step.after.names) == len(wanted.cursor)
    held = parts.places.get(step.effect.key, ...)
    return step.effect.key == wanted.sets and json.dumps(step.effect.content) == json.dumps(held)


def following(schema: Schema, parts: Parts, said: int, last: Attempt) -> Iterator[Attempt]:
    """Every argument that may stand behind `last`, on the way to the next leaf."""
    leaf = parts.leaves[said]
    for dots in range(len(last.cursor) + 2 if last.sets is not None else 1):
        base = () if dots == 1 else last.cursor[: len(last.cursor) + 1 - max(dots, 1)]
        if base != leaf[: len(base)]:
            continue
        for place in (leaf[:depth] for depth in range(len(base), len(leaf) + 1)):
            ways = [components(schema, parts, said, place[: n + 1]) for n in range(len(base), len(place))]
            for names in product(*ways):
                path = "." * dots + ".".join(names)
                for ending in endings(parts, said, place, last.cursor):
                    yield ending._replace(argument=path + ending.argument, names=len(names) + ending.names)


def components(schema: Schema, parts: Parts, said: int, place: Key) -> list[str]:
    """What the last step to `place` may be called."""
    step, above = place[-1], schema_at(schema, place[:-1])
    if isinstance(step, int):
        return [str(step)] if parts.inside(place)[0] < said else ["+", str(step)]
    makes_a_list = isinstance(above, Anything) and (step == "+" or step.isdigit())
    return [] if makes_a_list or not step or set(step) & set(".=") else [step]


def endings(parts: Parts, said: int, place: Key, cursor: Key) -> Iterator[Attempt]:
    """What may stand behind a path to `place`, which is the next leaf or above it."""
    leaf = parts.leaves[said]
    yield Attempt("", 0, place)
    key = leaf[len(place)] if place != leaf else 0
    if isinstance(key, str):
        yield Attempt(f"/={key}", 1, (*place, key))
    if parts.inside(place)[0] == said:
        document = json.dumps(parts.places[place], separators=(",", ":"), ensure_ascii=False)
        yield Attempt(f":={document}", 0, cursor, place, parts.with_text(place))
    for text in parts.texts[said]:
        yield Attempt(f"={text}", 0, cursor, leaf)
        yield Attempt(f"={leaf[-1] if leaf else 0}={text}", 0, cursor, leaf)


NODE = structure(
    s=STRING,
    name=STRING,
    n=Scalar("integer"),
    r=Scalar("number"),
    tags=List(STRING),
    grid=List(List(Scalar("integer"))),
    mix=List(Anything()),
    labels=Map(STRING),
    sets=Map(Map(STRING)),
    lists=Map(List(STRING)),
    odd=Map(Anything()),
    any=Anything(),
    x_=STRING,
    y_=List(STRING),
    p=None,
    z_=None,
)
DEEP = structure(name=STRING, parts=List(NODE), all=Map(NODE), p=None)
KEYS = ["a", "b", "longer-name", "a.b", "c=d", "0", "+", "k:", "", "b/"]
SCHEMAS = {
    "a structure": NODE,
    "structures in lists and maps": DEEP,
    "a list of structures": List(NODE),
    "a list of lists": List(List(STRING)),
    "a list of maps": List(Map(STRING)),
    "a list of anything": List(Anything()),
    "a map of maps": Map(Map(STRING)),
    "a map of lists": Map(List(Scalar("number"))),
    "a map of anything": Map(Anything()),
    "anything": Anything(),
}


def some_value(random: Random, schema: Schema, size: int) -> Json:
    """A value of about `size` leaves."""
    several = random.randrange(min(4, size + 1))
    match schema:
        case Scalar(type="string"):
            return random.choice(["", "x", "y z", "null"])
        case Scalar(type="integer"):
            return random.randrange(12)
        case Scalar():
            return random.choice([1, 1.0, 0.5, -2.5])
        case List(items=items):
            return [some_value(random, items, (size + 1) // 2) for _ in range(several)]
        case Map(values=values):
            keys = random.sample(KEYS, several)
            return {key: some_value(random, values, (size + 1) // 2) for key in keys}
        case Object(fields=fields):
            chosen = random.sample(fields, several)
            return {each.wire: some_value(random, each.schema, size - 1) for each in chosen}
    kind = random.random()
    if size <= 0 or kind < 0.4:
        return random.choice([None, True, 1, 1.5, "x", "", "{}", {}, []])
    inner: Schema = List(schema) if kind < 0.7 else Map(schema)
    return some_value(random, inner, size)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_no_list_costs_less(schema: Schema) -> None:
    random = Random(1)
    seen: set[str] = set()
    while len(seen) < 100:
        value = some_value(random, schema, random.randrange(1, 7))
        drawn = json.dumps(value)
        if drawn in seen or value in ([], {}) or len(Parts(schema, value).leaves) > 10:
            continue
        seen.add(drawn)
        arguments = to_arguments(value, schema)
        assert json.dumps(build(schema, arguments).value) == drawn
        assert cost(schema, value, arguments) == cheapest(schema, value), (value, arguments)


# --- every list of a few characters ----------------------------------------------------------------------


def grown(schema: Schema, words: list[str], room: int, so_far: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Every list of `words`, with at most `room` characters and blanks, that begins so and has no mistake."""
    dots = not so_far or "=" in so_far[-1]
    for word in words:
        if len(word) <= room and (dots or word[0] != "."):
            *_, last = steps(schema, parse((*so_far, word)))
            if not last.problems:
                yield [*so_far, word]
                yield from grown(schema, words, room - len(word) - 1, (*so_far, word))


@pytest.mark.parametrize(
    ("schema", "letters", "room"),
    [
        (structure(a=None, b=STRING), "ab.=", 8),
        (structure(a=None, b=List(STRING)), "ab.=", 8),
        (Anything(), "a.+=", 7),
    ],
)
def test_no_list_of_a_few_characters_costs_less(schema: Schema, letters: str, room: int) -> None:
    normal = re.compile("[.]*([^.=]+([.][^.=]+)*)?(=[a=]?)?")
    every = ("".join(each) for length in range(1, room + 1) for each in product(letters, repeat=length))
    words = [word for word in every if normal.fullmatch(word)]
    costs: dict[str, Cost] = {}
    for arguments in grown(schema, words, room):
        body = build(schema, arguments)
        leaves = Parts(schema, body.value).leaves
        if list(body.origins) == leaves and "=" in arguments[-1]:
            drawn, told = json.dumps(body.value), cost(schema, body.value, arguments)
            costs[drawn] = min(costs.get(drawn, told), told)
    assert len(costs) > 10
    for drawn, told in costs.items():
        value = json.loads(drawn)
        assert cost(schema, value, to_arguments(value, schema)) == told, value
