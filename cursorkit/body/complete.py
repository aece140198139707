"""What can follow at the cursor: the words that an unfinished one may become."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import field, frozen

from cursorkit.body.fold import MOST, Walk
from cursorkit.body.openings import Candidate, Opening, kinds_of, parts_of
from cursorkit.body.places import Place
from cursorkit.body.values import Unread
from cursorkit.language.ast import MARKS, Assignment, KeyMove, Path
from cursorkit.language.parser import parse_argument, parse_path, parsed
from cursorkit.schema.admit import admit
from cursorkit.schema.types import Any, Scalar, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.openings import Parts
    from cursorkit.body.places import Spot
    from cursorkit.body.tree import Key
    from cursorkit.language.ast import Program
    from cursorkit.schema.types import Schema


def complete(schema: Schema, arguments: Iterable[str] | Program, partial: str) -> tuple[Candidate, ...]:
    """What `partial`, an unfinished argument behind `arguments`, may become in a body of `schema`.

    Opens no file, nor standard input. Names are offered as on the command line, or as on the wire where only
    such a one is begun; each with the operators that its field takes first, and with all of them once it is
    written out. What is set already is left out, for nothing can be set twice. For values of free text there
    is nothing to offer.

    Args:
        schema: what the body may hold.
        arguments: the words before it, in order, or their tree; mistakes in them do no harm.
        partial: the word so far, empty for none.
    """
    program = parsed(arguments)
    if len(program.statements) >= MOST:
        return ()
    walk = Walk(schema)
    for statement in program.statements:
        walk.take(statement, Unread)
    end = _End(walk, _taken(walk.tree.origins))
    found = end.values(partial) if "=" in partial else end.paths(partial)
    return tuple({each.text: each for each in found if each.text.startswith(partial)}.values())


def _taken(origins: Iterable[Key]) -> Parts | None:
    """What is set, from the root on."""
    root: Parts = {}
    for key in origins:
        if not key:
            return None
        parts = root
        for step in key[:-1]:
            # What is set is prefix-free, so nothing above a place that is set is set as a whole.
            parts = cast("Parts", parts.setdefault(step, {}))
        parts[key[-1]] = None
    return root


@frozen
class _End:
    """The end of the arguments, where a word is to follow.

    Attributes:
        walk: what the arguments came to.
        taken: what they set.
    """

    walk: Walk
    taken: Parts | None
    _kinds_at: dict[Key, tuple[Schema, ...]] = field(factory=dict, init=False)

    def paths(self, partial: str) -> Iterator[Candidate]:
        """What `partial` may become, which has no `=` yet."""
        cut = partial.rfind(".") + 1
        prefix, stem = partial[:cut], partial[cut:]
        base = self._opening(self.walk.look(Path(parse_path(prefix).steps)))
        if base is not None:
            for name in base.names(stem):
                yield from self._forms(base, name, prefix, brief=True)
            for name in (stem, stem[:-1]) if stem.endswith(MARKS) else (stem,):
                if name:
                    yield from self._forms(base, name, prefix)
                elif not prefix.strip("."):
                    yield from base.forms(prefix)
        if not partial.strip("."):
            yield from self._climbs(partial)

    def values(self, partial: str) -> Iterator[Candidate]:
        """What `partial` may become, which has a `=`."""
        head = partial[: partial.index("=") + 1]
        statement = parse_argument(partial)
        opening = self._opening(self.walk.look(statement.path))
        if opening is None:
            return
        match statement:
            case KeyMove():
                for key in opening.wire_names():
                    entry = self._opening(self.walk.places.enter_key(opening.place, key))
                    if entry is not None:
                        yield Candidate(head + key, entry.described(", move into it"), complete=True)
            case Assignment(operator="=", value=value):
                for text in opening.texts(value):
                    yield Candidate(head + text, opening.described(), complete=True)
            case Assignment(operator=":="):
                for document in opening.documents():
                    yield Candidate(head + document, opening.described(), complete=True)

    def _forms(self, base: Opening, name: str, prefix: str, *, brief: bool = False) -> Iterator[Candidate]:
        """What the name of a part of `base` may become, behind `prefix`."""
        opening = self._opening(self.walk.places.enter(base.place, name))
        if opening is not None and base.has_way:
            yield from opening.forms(prefix + name, brief=brief)

    def _climbs(self, dots: str) -> Iterator[Candidate]:
        """Moves of dots alone, `dots` and one more."""
        for count in (len(dots), len(dots) + 1, *([2] if not dots else [])):
            path = parse_path("." * count)
            spot = self.walk.look(path) if count else None
            if spot is not None and spot is not self.walk.look(Path()) and not _is_inner_scalar(spot):
                to = self.walk.cursor.move(path)
                kind = f" ({title(spot.schema)})" if isinstance(spot, Place) else ""
                yield Candidate("." * count, f"move to {to}{kind}", complete=True)

    def _opening(self, spot: Spot | None) -> Opening | None:
        """What can be set at `spot`; None if nothing can."""
        parts = self._parts(spot) if isinstance(spot, Place) else None
        if not isinstance(spot, Place) or parts is None:
            return None
        kinds = self._kinds(spot)
        return Opening(spot, kinds, parts) if kinds else None

    def _parts(self, place: Place) -> Parts | None:
        """What is set below `place`; None if nothing can be set there."""
        parts = self.taken
        for step in self.walk.places.key(place):
            if parts is None or (parts and isinstance(next(iter(parts)), int) != isinstance(step, int)):
                return None
            parts = parts.get(step, {})
        return parts

    def _kinds(self, place: Place) -> tuple[Schema, ...]:
        """What may stand at `place`: of several kinds those that what is set there fits, if there are any."""
        if not isinstance(place.schema, Any):
            return (place.schema,)
        key = self.walk.places.key(place)
        if key not in self._kinds_at:
            above, step = place.above, place.way[-1:]
            meant: Iterable[Schema] = (place.schema,)
            if above is not None and isinstance(above.schema, Any):
                meant = (part for kind in self._kinds(above) for part in parts_of(kind, step[0]))
            # Several kinds may hold the same ones.
            kinds = tuple(dict.fromkeys(kind for each in meant for kind in kinds_of(each)))
            if self._parts(place) and len(kinds) > 1:
                content = self.walk.tree.at(key)
                kinds = tuple(kind for kind in kinds if not admit(kind, content)[1]) or kinds
            self._kinds_at[key] = kinds
        return self._kinds_at[key]


def _is_inner_scalar(spot: Spot) -> bool:
    """Whether no path leads there: only `/=` does."""
    return isinstance(spot, Place) and isinstance(spot.schema, Scalar) and spot.above is not None
