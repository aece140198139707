"""Why a name leads nowhere, in words, and where it was perhaps meant to lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.elsewhere import KEY, Elsewhere
from cursorkit.body.places import NEW, Place
from cursorkit.errors import listed, quoted, shortened
from cursorkit.language.ast import MARKS
from cursorkit.schema.expected import held
from cursorkit.schema.names import nearest
from cursorkit.schema.types import List, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.places import Nowhere, Places
    from cursorkit.schema.types import Field, Schema

_MOST_EXPLAINED = 100
"""Names of one list that are looked for: no hand makes so many mistakes."""


@frozen
class Lead:
    """A path that breaks off.

    Attributes:
        nowhere: where.
        passed: the names from the root to the last place that exists.
        rest: the name that leads nowhere, and those behind it.
        kept: how many of the names are the cursor's.
        depth: how many names the cursor has.
        by_key: whether the last name is the key of a `/=`.
    """

    nowhere: Nowhere
    passed: tuple[str, ...]
    rest: tuple[str, ...]
    kept: int
    depth: int
    by_key: bool


@frozen
class Hint:
    """What to do about it.

    Attributes:
        text: in words.
        plain: whether the language of the reference can do it.
    """

    text: str
    plain: bool = True


@frozen
class Absence:
    """What to say of a name that leads nowhere.

    Attributes:
        message: what is wrong.
        hints: what to do about it.
        meant: the place that was perhaps meant.
        public: whether a value that is meant for it may be shown.
    """

    message: str
    hints: tuple[Hint, ...] = ()
    meant: Place | None = None
    public: bool = False


@frozen
class _Mended:
    """What was perhaps meant by names that lead nowhere.

    Attributes:
        names: the first of them up to the last mistake; none where they are like nothing that is known.
        place: where all of them lead; None if nobody knows.
        unsolved: those, behind the first, of which nobody knows in which structure they are.
        by_key: whether the last of `names` is the key of a `/=`.
    """

    names: tuple[str, ...]
    place: Place | None = None
    unsolved: tuple[str, ...] = ()
    by_key: bool = False

    def __str__(self) -> str:
        if self.by_key:
            return f"{'.'.join(self.names[:-1])}/={self.names[-1]}"
        return ".".join(self.names)


class Guide:
    """Explains paths that break off in a body of one schema; `label` is what an argument is called."""

    def __init__(self, whole: Schema, places: Places, label: str) -> None:
        self._elsewhere = Elsewhere(whole)
        self._places = places
        self._label = label
        self._left = _MOST_EXPLAINED

    def explain(self, lead: Lead) -> Absence:
        """Why the name leads nowhere."""
        above, name = lead.nowhere.above, lead.rest[0]
        match lead.nowhere.kind:
            case "unknown-field":
                return self._unknown_field(lead, cast("Object", above.schema))
            case "response-only":
                return Absence(cast("Field", cast("Object", above.schema).find(name)).refusal)
            case "not-an-index":
                hints = (*_new_part(above, name), *self._elements(above))
                return Absence(f"{quoted(name)} is no element of {above}", hints)
            case "index-gap":
                return Absence(f"{above} has no element {shortened(name)} yet", self._elements(above))
            case "kind-clash":
                return self._clash(above, name)
            case "not-unicode":
                return Absence(f"{quoted(name)} is not UTF-8 text, so it can be no key of {above}")
            case "not-keyed":
                hints = self._elements(above) if isinstance(above.schema, List) else ()
                return Absence(f"{above} holds {held(above.schema)}, which has no keys", hints)
        name = "" if above.field is None else above.field.cli
        hints = (Hint(f"set it with {name}=VALUE"),) if name and not name.endswith(MARKS) else ()
        return Absence(f"{above} holds {held(above.schema)}: there is nothing in it to go to", hints)

    def _elements(self, above: Place) -> tuple[Hint, ...]:
        """Which elements there are, unless nothing can be set in them any more."""
        if self._places.tree.is_whole(above.way):
            return ()
        count = self._places.tree.length(above.way)
        known = "no element yet" if not count else "element 0" if count == 1 else f"elements 0 to {count - 1}"
        return (Hint(f"it has {known}; + is a new one", plain=False),)

    def _clash(self, above: Place, name: str) -> Absence:
        tree = self._places.tree
        culprit = f"{self._label} {tree.first(tree.key(above.way)) + 1}"
        if tree.is_list(above.way):
            message = f"{quoted(name)} needs a structure, but {culprit} made {above} a list"
            return Absence(message, self._elements(above))
        message = f"{quoted(name)} needs a list, but {culprit} made {above} a structure"
        return Absence(message, (Hint(f"/={shortened(name)} is a key of it", plain=False),))

    def _unknown_field(self, lead: Lead, schema: Object) -> Absence:
        message = f"unknown {schema.member} {quoted(lead.rest[0])} in {schema.name}"
        self._left -= 1
        if self._left < 0:
            return Absence(message)
        mended = self._mended(lead)
        hints = [Hint(f"did you mean '{mended}'?")] if mended.names else []
        hints += self._around(lead) or self._elsewhere_than(lead, mended)
        hints += next(filter(None, map(self._anywhere, mended.unsolved)), ())
        if schema.fields:
            hints.append(Hint(f"{schema.member}s here: {listed(each.cli for each in schema.fields)}"))
        meant = mended.place
        public = meant is not None and meant.public and not any(map(self._elsewhere.is_private, lead.rest))
        return Absence(message, tuple(hints), meant, public)

    def _mended(self, lead: Lead) -> _Mended:
        place, names, mistakes = lead.nowhere.above, list(lead.rest), 0
        for at, name in enumerate(names):
            by_key = lead.by_key and at == len(names) - 1
            enter = self._places.enter_key if by_key else self._places.enter
            spot = enter(place, name)
            if not isinstance(spot, Place) and (near := _nearest(place, name, by_key=by_key)) is not None:
                names[at], mistakes = near, at + 1
                spot = enter(place, near)
            if not isinstance(spot, Place):
                return _Mended(tuple(names[:mistakes]), unsolved=lead.rest[max(at, 1) :])
            place = spot
        return _Mended(tuple(names[:mistakes]), place, by_key=lead.by_key and mistakes == len(names))

    def _around(self, lead: Lead) -> tuple[Hint, ...]:
        """The innermost structure around the last place that has a field of this name."""
        for depth, place in _ancestors(lead):
            if isinstance(place.schema, Object) and _is_settable(place.schema.find(lead.rest[0])):
                return (Hint(_to_be_in(lead, depth), plain=not place.extensions),)
        return ()

    def _elsewhere_than(self, lead: Lead, mended: _Mended) -> tuple[Hint, ...]:
        """Another structure that has a field of this name, or of one more like it than what was mended."""
        name = lead.rest[0]
        known, structure = self._elsewhere.find(name)
        if structure is None or structure.path == lead.passed:
            return ()
        if mended.names and known != name and nearest(name, (mended.names[0], known)) == mended.names[0]:
            return ()
        return self._anywhere(name)

    def _anywhere(self, name: str) -> tuple[Hint, ...]:
        """A structure that has a field of this name, or of one like it."""
        known, structure = self._elsewhere.find(name)
        if structure is None:
            return ()
        meant = "to be" if known == name else f"'{known}'"
        wildcard = ", for a KEY of your choice" if KEY in structure.path else ""
        text = f"did you mean {meant} in '{structure}'? move there with {structure}{wildcard}"
        return (Hint(text, structure.plain),)


def _ancestors(lead: Lead) -> Iterator[tuple[int, Place]]:
    """The structures around the last place, each with how many names lead to it; the innermost first."""
    place = lead.nowhere.above.above
    while place is not None:
        yield len(place.way), place
        place = place.above


def _to_be_in(lead: Lead, depth: int) -> str:
    """That the first `depth` names lead to what was perhaps meant, and which move does."""
    names = lead.passed[:depth]
    path = shortened("." + ".".join(names), keep="end")
    if all(name and name != NEW and "." not in name for name in names):
        return f"did you mean to be in '{path}'? move there with {path}"
    # A path from the root that names a new element makes another one, and odd keys may not be written so.
    kept = min(depth, lead.kept)
    climb = "." * (lead.depth - kept + 1) if lead.depth > kept else ""
    move = climb + ".".join(names[kept:])
    return f"did you mean to be in '{path}'? {f'move there with {move}' if move else 'the cursor is there'}"


def _nearest(place: Place, name: str, *, by_key: bool) -> str | None:
    """The field of `place` that `name` is most like, as it is spelled in such a position."""
    if not isinstance(place.schema, Object):
        return None
    settable = [each for each in place.schema.fields if not each.refusal]
    if by_key:
        return nearest(name, (each.wire for each in settable))
    near = nearest(name, (spelling for each in settable for spelling in (each.cli, each.wire)))
    field = None if near is None else place.schema.find(near)
    return field.cli if field is not None else None


def _new_part(above: Place, name: str) -> tuple[Hint, ...]:
    """That a field of an element was perhaps meant to be one of a new element."""
    items = above.schema.items if isinstance(above.schema, List) else None
    if isinstance(items, Object) and _is_settable(items.find(name)):
        return (Hint(f"did you mean '+.{name}'?", plain=False),)
    return ()


def _is_settable(field: Field | None) -> bool:
    return field is not None and not field.refusal
