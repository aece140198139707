"""The way back: from a value to the shortest arguments that build it."""

from __future__ import annotations

from itertools import accumulate, pairwise, takewhile
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from attrs import frozen, has

from cursorkit.body.build import Body
from cursorkit.body.leaves import leaves
from cursorkit.language.ast import MARKS
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.encode import encode
from cursorkit.schema.shortest import as_json
from cursorkit.schema.types import Any, List

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.leaves import Node
    from cursorkit.schema.types import Content, Schema


def to_arguments(value: object, schema: Schema | None = None) -> list[str]:
    """The shortest arguments that build `value`: to the letter, and with the keys in their order.

    Of an instance of an attrs class they are those from which `construct` makes its equal.

    Of all argument lists in normal form it is one with the fewest, in this order, of: leaves said in JSON
    although there is a text for them; characters of the line, one blank between two arguments; arguments;
    names. In normal form the leaves are set in the order of the document; dots stand only at the front of a
    path, and never right behind a move; fields are called as on the command line; and no file is named.

    Args:
        value: plain JSON, or an instance of an attrs class.
        schema: what it is a value of; by default the class of an instance, and any JSON value otherwise.

    Raises:
        ArgumentErrors: `value` is no JSON (NaN, half a character, a key that is no string, too deep), or does
            not fit `schema`; with every place where it does not.
        SchemaError: the class holds something that no argument can write.
    """
    if has(type(value)):
        schema = schema_of(cast("type", type(value))) if schema is None else schema
        value = Body(schema, cast("Content", encode(schema, value))).value
    whole = Any() if schema is None else schema
    found = leaves(whole, value)
    if value == ([] if isinstance(whole, List) else {}):
        return []
    return _shortest(found)


# --- what an argument costs --------------------------------------------------------------------------------

_NAME = 1
_ARGUMENT = 1 << 32
_CHARACTER = 1 << 64
_DOCUMENT = 1 << 96
"""A leaf that is said in JSON although text can say it. Each cost outweighs any number of those before it."""

_NEVER = 1 << 128

_Sign = Literal["", "/=", "=", ":="]
_PATHLESS = ("/=", ":=")
"""Without a path, these mean the place of the cursor."""


@frozen(eq=False)
class _Saying:
    """What an argument does, but for its path: it moves the cursor, or it says a part of the value.

    Attributes:
        node: where it moves to, or what it says.
        end: the depth of the place that its path leads to.
        sign: what stands behind the path; nothing for a plain move.
        text: what stands behind the sign, unless it is JSON.
    """

    node: Node
    end: int
    sign: _Sign
    text: str = ""

    @property
    def cost(self) -> int:
        """What it costs, but for its path."""
        if self.sign == ":=":
            return _ARGUMENT + (1 + 2 + self.node.size) * _CHARACTER + self.node.texts * _DOCUMENT
        key = _NAME if self.sign == "/=" else 0
        return _ARGUMENT + (1 + len(self.sign) + len(self.text)) * _CHARACTER + key

    def __str__(self) -> str:
        return f":={as_json(self.node.value)}" if self.sign == ":=" else self.sign + self.text


class _Way:
    """The way from the root to a leaf, all leaves before which are said.

    Attributes:
        nodes: the places on it, from the root on.
    """

    def __init__(self, leaf: Node) -> None:
        self.nodes = [leaf]
        while (above := self.nodes[-1].above) is not None:
            self.nodes.append(above)
        self.nodes.reverse()
        self.names = [node.component(leaf.first) for node in self.nodes]
        self._lengths = list(accumulate(0 if name is None else len(name) + 1 for name in self.names))
        # By depth: that of the last place so far which no path leads into.
        self._gaps = list(accumulate((d * (name is None) for d, name in enumerate(self.names)), max))

    def path(self, dots: int, top: int, end: int) -> str:
        """The path of that many dots, and of the names from below depth `top` down to depth `end`."""
        return "." * dots + ".".join(str(name) for name in self.names[top + 1 : end + 1])

    def cost(self, dots: int, top: int, end: int, sign: _Sign) -> int:
        """What that path costs before `sign`; `_NEVER` if there is none."""
        if self._gaps[end] > top:
            return _NEVER
        if end == top:
            return dots * _CHARACTER
        if sign == "=" and str(self.names[end]).endswith(MARKS):
            return _NEVER
        return (dots + self._lengths[end] - self._lengths[top] - 1) * _CHARACTER + (end - top) * _NAME

    def moves(self) -> Iterator[_Saying]:
        """The moves to places on it, outer ones first; `/=` leads where no path does, and into the leaf."""
        last = len(self.nodes) - 1
        for depth, node in enumerate(self.nodes):
            if depth < last:
                yield _Saying(node, depth, "")
            if node.key is not None and (depth == last or self.names[depth] is None):
                yield _Saying(node, depth - 1, "/=", node.key)

    def sayings(self) -> Iterator[_Saying]:
        """What can be said next: the leaf, or something whose first leaf it is."""
        leaf = self.nodes[-1]
        for depth, node in enumerate(self.nodes):
            if node.first == leaf.first:
                yield _Saying(node, depth, ":=")
        if leaf.text is not None:
            yield _Saying(leaf, leaf.depth, "=", leaf.text)
        if leaf.text_above is not None:
            yield _Saying(leaf, leaf.depth - 1, "=", leaf.text_above)


# --- the shortest of all ways ------------------------------------------------------------------------------

_State = tuple[int, int]
"""Where the cursor stands beside the way to a leaf: the depth where they part, and its levels below that."""


class _Argument(NamedTuple):
    """An argument: what it does, behind a path of dots and of the names below a depth of the way."""

    way: _Way
    dots: int
    top: int
    saying: _Saying

    def __str__(self) -> str:
        return f"{self.way.path(self.dots, self.top, self.saying.end)}{self.saying}"


class _Step(NamedTuple):
    """An argument behind others, and what all of them cost. The first is none, behind nothing."""

    cost: int
    argument: _Argument | None = None
    before: _Step | None = None


_Steps = dict[_State, _Step]
"""The cheapest arguments that leave the cursor in each state."""


def _shortest(found: list[Node]) -> list[str]:
    """The arguments that say the leaves, by dynamic programming over the states before each of them."""
    ways = [*map(_Way, found)]
    # By leaf: the depth where the way to it parts from that to the leaf before it.
    parting = [0, *(_common(before, way) for before, way in pairwise(ways)), 0]
    arrived: list[_Steps] = [{} for _ in parting]
    arrived[0][0, 0] = _Step(0)
    for way, standing in zip(ways, arrived, strict=False):
        if not standing:
            # Only what it is a part of can be said: its key is one that no argument can hold.
            continue
        cheapest = min(standing, key=lambda state: standing[state].cost)
        kept = _undominated(way, standing, _moved(way, {cheapest: standing[cheapest]}))
        moved = _moved(way, kept)
        for saying in way.sayings():
            ahead = arrived[saying.node.after]
            common = parting[saying.node.after]
            for (met, climb), step in _options(way, saying, kept, moved):
                _keep(ahead, (min(met, common), climb + max(0, met - common)), step)
        standing.clear()
    return _written(min(arrived[-1].values(), key=lambda step: step.cost))


def _common(before: _Way, way: _Way) -> int:
    """The depth of the last place that is on both ways."""
    pairs = zip(before.nodes, way.nodes, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], pairs)) - 1


def _written(step: _Step) -> list[str]:
    arguments: list[str] = []
    while step.before is not None:
        arguments.append(str(step.argument))
        step = step.before
    return arguments[::-1]


def _keep(steps: _Steps, state: _State, step: _Step) -> None:
    if state not in steps or step.cost < steps[state].cost:
        steps[state] = step


def _moved(way: _Way, standing: _Steps) -> _Steps:
    """The cheapest moves to the places on the way, from where the cursor stands."""
    moved: _Steps = {}
    # Only behind `/=` is another move of use: behind a plain move it would be the same path, cut in two.
    by_key: _Steps = {}
    for saying in way.moves():
        state = (saying.node.depth, 0)
        for _, step in _options(way, saying, standing, by_key):
            _keep(moved, state, step)
        if saying.sign and state in moved:
            by_key[state] = moved[state]
    return moved


def _options(way: _Way, saying: _Saying, standing: _Steps, moved: _Steps) -> Iterator[tuple[_State, _Step]]:
    """The ways to write a saying from each state. Right behind a move no path begins with a dot."""
    fixed, end, sign = saying.cost, saying.end, saying.sign
    for state, step in standing.items():
        for dots, top in _fronts(*state, saying):
            cost = way.cost(dots, top, end, sign)
            if cost < _NEVER:
                yield state, _Step(step.cost + fixed + cost, _Argument(way, dots, top, saying), step)
    for state, step in moved.items():
        top = state[0]
        if top < end or (top == end and sign in _PATHLESS):
            cost = way.cost(0, top, end, sign)
            if cost < _NEVER:
                yield state, _Step(step.cost + fixed + cost, _Argument(way, 0, top, saying), step)


def _fronts(met: int, climb: int, saying: _Saying) -> Iterator[tuple[int, int]]:
    """How a path may begin: with how many dots, and below which depth its names."""
    top = min(met, saying.end)
    levels = climb + met - top
    if levels:
        yield levels + 1, top
    elif top < saying.end or saying.sign in _PATHLESS:
        yield 0, top
    elif saying.sign and top:
        # The cursor stands at the very place, and only a path that leaves it can lead there.
        yield 2, top - 1
    yield 1, 0


def _undominated(way: _Way, standing: _Steps, moved: _Steps) -> _Steps:
    """The states that may be of use: not those that are as dear as another from which all paths are shorter.

    Text for the very place where the cursor stands is shorter from below it. So a cursor on the way is no
    better than one beside it, where that place takes text.
    """
    kept: _Steps = {}
    bound: dict[int, int] = {}
    for state in sorted(standing):
        met, climb = state
        step = standing[state]
        takes_text = way.nodes[met].takes_text
        move = None if takes_text else moved.get((met, 0))
        if step.cost < bound.get(met, _NEVER if move is None else move.cost):
            kept[state] = step
            if climb or not takes_text:
                bound[met] = step.cost
    return kept
