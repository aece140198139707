"""Why a name leads nowhere, in words, and where it was perhaps meant to lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from cursorkit.body.elsewhere import KEY, Elsewhere
from cursorkit.body.places import NEW, Place
from cursorkit.errors import listed, quoted, shortened
from cursorkit.schema.expected import held
from cursorkit.schema.names import nearest
from cursorkit.schema.types import List, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.body.elsewhere import Structure
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


class Guide:
    """Explains paths that break off in a body of one schema."""

    def __init__(self, whole: Schema, places: Places) -> None:
        self._elsewhere = Elsewhere(whole)
        self._places = places
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
                hints = (*_new_part(above, name), self._elements(above))
                return Absence(f"{quoted(name)} is no element of {above}", hints)
            case "index-gap":
                return Absence(f"{above} has no element {shortened(name)} yet", (self._elements(above),))
            case "kind-clash":
                return self._clash(above, name)
            case "not-keyed":
                hints = (self._elements(above),) if isinstance(above.schema, List) else ()
                return Absence(f"{above} holds {held(above.schema)}, which has no keys", hints)
        hints = () if above.field is None else (Hint(f"set it with {above.field.cli}=VALUE"),)
        return Absence(f"{above} holds {held(above.schema)}: there is nothing in it to go to", hints)

    def _elements(self, above: Place) -> Hint:
        """Which elements there are."""
        count = self._places.tree.length(above.way)
        known = "no element yet" if not count else "element 0" if count == 1 else f"elements 0 to {count - 1}"
        return Hint(f"it has {known}; + is a new one", plain=False)

    def _clash(self, above: Place, name: str) -> Absence:
        tree = self._places.tree
        culprit = f"argument {tree.first(tree.key(above.way)) + 1}"
        if tree.is_list(above.way):
            message = f"{quoted(name)} needs a structure, but {culprit} made {above} a list"
            return Absence(message, (self._elements(above),))
        message = f"{quoted(name)} needs a list, but {culprit} made {above} a structure"
        return Absence(message, (Hint(f"/={shortened(name)} is a key of it", plain=False),))

    def _unknown_field(self, lead: Lead, schema: Object) -> Absence:
        message = f"unknown {schema.member} {quoted(lead.rest[0])} in {schema.name}"
        self._left -= 1
        if self._left < 0:
            return Absence(message)
        mended, meant = self._mended(lead)
        hints = [Hint(f"did you mean '{mended}'?")] if mended else []
        hints += self._found(lead, mended.removeprefix("/=").partition(".")[0])
        if schema.fields:
            hints.append(Hint(f"{schema.member}s here: {listed(each.cli for each in schema.fields)}"))
        public = meant is not None and meant.public and not any(map(self._elsewhere.is_private, lead.rest))
        return Absence(message, tuple(hints), meant, public)

    def _mended(self, lead: Lead) -> tuple[str, Place | None]:
        """What was perhaps meant by `lead.rest`, up to the last mistake in it; and where all of it leads."""
        place, names, mistakes = lead.nowhere.above, list(lead.rest), 0
        for at, name in enumerate(names):
            by_key = lead.by_key and at == len(names) - 1
            enter = self._places.enter_key if by_key else self._places.enter
            spot = enter(place, name)
            if not isinstance(spot, Place):
                near = _nearest(place, name, by_key=by_key)
                if near is None:
                    return _joined(names[:mistakes], by_key=False), None
                names[at], mistakes = near, at + 1
                spot = enter(place, near)
            if not isinstance(spot, Place):
                return _joined(names[:mistakes], by_key=False), None
            place = spot
        return _joined(names[:mistakes], by_key=lead.by_key and mistakes == len(names)), place

    def _found(self, lead: Lead, here: str) -> Iterator[Hint]:
        """Where else the name is known, around the place or anywhere; or one more like it than `here`."""
        name = lead.rest[0]
        for depth, place in _ancestors(lead):
            if isinstance(place.schema, Object) and _is_settable(place.schema.find(name)):
                yield Hint(_to_be_in(lead, depth), plain=not place.extensions)
                return
        structure = self._elsewhere.find(name)
        if structure is not None:
            if structure.path != lead.passed:
                yield Hint(f"did you mean to be in '{structure}'? {_move_to(structure)}", structure.plain)
            return
        known, structure = self._elsewhere.like(name)
        if structure is not None and structure.path != lead.passed and nearest(name, (here, known)) != here:
            yield Hint(f"did you mean '{known}' in '{structure}'? {_move_to(structure)}", structure.plain)


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


def _move_to(structure: Structure) -> str:
    return f"move there with {structure}" + (", for a KEY of your choice" if KEY in structure.path else "")


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


def _joined(names: list[str], *, by_key: bool) -> str:
    return ".".join(names[:-1]) + f"/={names[-1]}" if by_key else ".".join(names)


def _is_settable(field: Field | None) -> bool:
    return field is not None and not field.refusal
