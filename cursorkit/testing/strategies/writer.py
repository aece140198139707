"""Writes arguments one by one, each of them in a random spelling and along a random way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import define, field, frozen
from hypothesis import strategies as st

from cursorkit.schema.types import Any, List, Map, Object, Scalar
from cursorkit.testing.strategies import paths, spellings
from cursorkit.testing.strategies.chance import RARELY, SELDOM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

    from cursorkit.schema.types import Json
    from cursorkit.testing.strategies.paths import Step
    from cursorkit.testing.strategies.spots import Leaf, Spot, Way

Save = Callable[[bytes], str]
"""Keeps the contents of a file, and tells the name under which `@=` will find them."""


@define(eq=False)
class _Stop:
    """A component of the cursor's place.

    Attributes:
        step: the step of the way; None for a new element through which nothing was set yet.
    """

    step: str | int | None


@frozen
class _Route:
    """A way from the cursor to a place.

    Attributes:
        absolute: whether it begins at the root.
        kept: how many names of the cursor it keeps.
        steps: where it goes from there.
        stops: what the cursor would stand on behind the names that it keeps.
    """

    absolute: bool
    kept: int
    steps: list[Step]
    stops: list[_Stop]

    def path(self, draw: DrawFn, sign: str, beyond: tuple[str, ...] = ()) -> str:
        """How to write it before `sign`, and the names `beyond` it."""
        steps = draw(paths.detours([*self.steps, *beyond]))
        clashes = sign == "=" and bool(steps) and str(steps[-1]).endswith(paths.MARKS)
        if clashes or (sign in {"", "="} and not steps and not self.absolute):
            # Without a path these signs are a mistake, and a mark makes another sign of the "=" behind it.
            steps += draw(paths.round_trips())
        return paths.text(steps, absolute=self.absolute)


@define
class Writer:
    """Writes arguments one by one, and keeps in mind where they leave the cursor and how long lists are.

    Attributes:
        arguments: what is written.
    """

    arguments: list[str] = field(factory=list)
    _cursor: list[_Stop] | None = field(factory=list)
    """None after a move that failed: only an absolute path makes sense then."""
    _lengths: dict[Way, int] = field(factory=dict)

    def take(self, draw: DrawFn, left: list[Leaf]) -> Leaf:
        """Take one of the leaves that can be set next, for lists grow one by one."""
        possible = [at for at, (spot, _) in enumerate(left) if self._reachable(spot.way)]
        if draw(SELDOM):
            self.wander(draw, left[draw(st.sampled_from(possible))][0])
        return left.pop(draw(st.sampled_from(possible)))

    def set_all(self, draw: DrawFn, left: list[Leaf], save: Save | None = None) -> None:
        """Set all of the leaves, in some order."""
        while left:
            self.set(draw, self.take(draw, left), save)

    def set(self, draw: DrawFn, leaf: Leaf, save: Save | None = None) -> None:
        """Write the argument that sets a leaf, in one of its forms, and the moves before it."""
        spot, value = leaf
        as_text = list(self._as_text(spot, value))
        in_words = bool(as_text) and not draw(SELDOM)
        place, sign, text = draw(st.sampled_from(as_text if in_words else list(_whole(spot, value, save))))
        path, kept = self.address(draw, place, sign)
        self.arguments.append(f"{path}{sign}{draw(text)}")
        self._note(spot.way, kept)

    def _reachable(self, way: Way) -> bool:
        return all(
            step <= self._lengths.get(way[:depth], 0)
            for depth, step in enumerate(way)
            if isinstance(step, int)
        )

    def _as_text(self, spot: Spot, value: Json) -> Iterator[_Form]:
        """The forms with `=` that set `spot` to `value`."""
        text = spellings.texts(spot.schema, value)
        if text is None:
            return
        yield spot, "=", text
        if not spot.way:
            return
        above, last = spot.upto(len(spot.way) - 1), spot.way[-1]
        if isinstance(above.schema, List) and last == self.length(above):
            yield above, "=", text
        if isinstance(above.schema, Map) and "=" not in str(last):
            yield above, "=", text.map(lambda rest: f"{last}={rest}")

    def length(self, spot: Spot) -> int:
        """How many elements the list at `spot` has so far."""
        return self._lengths.get(spot.way, 0)

    def _note(self, way: Way, kept: int) -> None:
        """`way` is set, by a path that began behind `kept` names of the cursor."""
        for stop, step in zip((self._cursor or [])[:kept], way, strict=False):
            stop.step = step
        for depth, step in enumerate(way):
            if isinstance(step, int):
                self._lengths[way[:depth]] = max(self._lengths.get(way[:depth], 0), step + 1)

    # --- where the cursor goes ---------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """How many names the cursor stands on."""
        return len(self._cursor or ())

    def add(self, argument: str, *, lost: bool) -> None:
        """Write an argument that sets nothing, and perhaps leaves the cursor nobody knows where."""
        self.arguments.append(argument)
        if lost:
            self._cursor = None

    def wander(self, draw: DrawFn, spot: Spot) -> None:
        """Move to `spot`, or to a place that it is a part of."""
        deepest = len(spot.way) - (bool(spot.way) and isinstance(spot.schema, Scalar))
        end = spot.upto(draw(st.integers(0, deepest)))
        self._enter_keys(draw, end)
        route = self._route(draw, end)
        if route.absolute or route.steps:
            self._move(route.path(draw, ""), route.kept, route.stops)

    def address(self, draw: DrawFn, spot: Spot, sign: str, beyond: tuple[str, ...] = ()) -> tuple[str, int]:
        """Write moves, if it takes any; then the path to `spot`, or to names beyond it.

        Returns:
            The path, and how many names of the cursor it keeps.
        """
        if draw(SELDOM):
            self.wander(draw, spot)
        self._enter_keys(draw, spot)
        route = self._route(draw, spot)
        return route.path(draw, sign, beyond), route.kept

    def _enter_keys(self, draw: DrawFn, spot: Spot) -> None:
        """Write a move with `/=` for each step to `spot` that no path can hold, and for a few others."""
        for depth, step in enumerate(spot.way):
            must = not self._components(spot, depth)
            if must or (isinstance(step, str) and draw(RARELY)):
                route = self._route(draw, spot.upto(depth))
                self._move(f"{route.path(draw, '/=')}/={step}", route.kept, [*route.stops, _Stop(step)])

    def _move(self, argument: str, kept: int, stops: list[_Stop]) -> None:
        self.arguments.append(argument)
        self._cursor = [*(self._cursor or [])[:kept], *stops]

    def _route(self, draw: DrawFn, spot: Spot) -> _Route:
        here = self._here()
        least = max((d + 1 for d in range(len(spot.way)) if not self._components(spot, d)), default=0)
        absolute = here is None or (least == 0 and draw(SELDOM))
        kept = 0 if absolute or here is None else _kept(draw, here, spot.way, least)
        climb = 0 if absolute or here is None else len(here) - kept
        names = [draw(st.sampled_from(self._components(spot, d))) for d in range(kept, len(spot.way))]
        stops = [
            _Stop(None if isinstance(step, int) and name == "+" else step)
            for name, step in zip(names, spot.way[kept:], strict=True)
        ]
        return _Route(absolute, kept, [climb, *names] if climb else [*names], stops)

    def _here(self) -> Way | None:
        """Where the cursor is: a new element that nothing was set through is the next of its list."""
        if self._cursor is None:
            return None
        way: Way = ()
        for stop in self._cursor:
            way = (*way, self._lengths.get(way, 0) if stop.step is None else stop.step)
        return way

    def _components(self, spot: Spot, depth: int) -> list[str]:
        """How a path can call a step on the way to `spot`."""
        above, step = spot.schemas[depth], spot.way[depth]
        if isinstance(step, int):
            is_new = step == self._lengths.get(spot.way[:depth], 0)
            return [str(step), *(["+"] if is_new else [])]
        names = [step]
        if isinstance(above, Object):
            names = _spellings(above, step)
        elif isinstance(above, Any) and (step == "+" or (step.isascii() and step.isdigit())):
            return []
        return [name for name in names if paths.spelled(name)]


_Form = tuple["Spot", str, "SearchStrategy[str]"]
"""A form of an argument: where its path leads, its sign, and what stands behind it."""


def _whole(spot: Spot, value: Json, save: Save | None) -> Iterator[_Form]:
    """The forms that set `spot` to `value` whatever it is."""
    yield spot, ":=", spellings.documents(value)
    contents = spellings.contents(spot.schema, value)
    if save is not None and contents is not None:
        yield spot, "@=", contents.map(save)


def _kept(draw: DrawFn, here: Way, way: Way, least: int) -> int:
    """How many names of the cursor a path to `way` keeps: all that are on the way, or fewer."""
    pairs = enumerate(zip(here, way, strict=False))
    shared = next((depth for depth, (one, other) in pairs if one != other), min(len(here), len(way)))
    return shared if draw(st.booleans()) else draw(st.integers(least, shared))


def _spellings(schema: Object, wire: str) -> list[str]:
    """The names of a field that mean no other field: the command line's, the wire's, and Python's."""
    field = schema.by_wire[wire]
    others = [each for each in schema.fields if each is not field]
    names = [field.cli]
    if field.wire not in {each.cli for each in others}:
        names.append(field.wire)
    if field.python not in {name for each in others for name in (each.cli, each.wire)}:
        names.append(field.python)
    return names
