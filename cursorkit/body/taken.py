"""Which places are set, and by which argument."""

from __future__ import annotations

from typing import cast

from attrs import define, field

from cursorkit.errors import CursorkitError


class New:
    """One more element of a list: each written `+`, and each value that is appended, is one of its own."""

    __slots__ = ()


Key = tuple[str | int, ...]
"""A place in the value of a body: wire names, map keys and list indices, from the root."""

Way = tuple[str | int | New, ...]
"""The way to such a place; a new element has no index before something is set through it."""


class ConflictError(CursorkitError):
    """A place that cannot be set, because of what is set already.

    Attributes:
        kind: `duplicate`, or `kind-clash` where a list and a structure would have to be in one place.
        index: the argument that is in the way.
    """

    def __init__(self, kind: str, index: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.index = index


@define
class Taken:
    """The places that are set. They are prefix-free, so that the order of the arguments never matters."""

    set_by: dict[Key, int] = field(factory=dict, init=False)
    """The argument that set a place."""
    _set_below: dict[Key, int] = field(factory=dict, init=False)
    """The first argument that set something below a place."""
    _lengths: dict[Key, int] = field(factory=dict, init=False)
    _indices: dict[New, int] = field(factory=dict, init=False)

    def key(self, way: Way) -> Key:
        """Where `way` leads; a new element that nothing was set through yet comes behind all others."""
        if New not in map(type, way):
            return cast("Key", way)
        key: Key = ()
        for step in way:
            index = self._indices.get(step, self._lengths.get(key, 0)) if isinstance(step, New) else step
            key = (*key, index)
        return key

    def length(self, way: Way) -> int:
        """How many elements the list at `way` has."""
        return self._lengths.get(self.key(way), 0)

    def is_list(self, way: Way) -> bool:
        """Whether elements are set at `way`."""
        return self.key(way) in self._lengths

    def is_structure(self, way: Way) -> bool:
        """Whether parts are set at `way` that are no elements."""
        key = self.key(way)
        return key in self._set_below and key not in self._lengths

    def take(self, way: Way, index: int) -> Key:
        """Let argument `index` set the place at `way`, and tell its key.

        Raises:
            ConflictError: it, a part of it, or what it is a part of, is set; or is of another kind.
        """
        key = self.key(way)
        earlier = self.set_by.get(key, self._set_below.get(key))
        if earlier is not None:
            raise ConflictError("duplicate", earlier)
        self._open(key, index)
        self.set_by[key] = index
        if key is not way:
            pairs = zip(way, key, strict=True)
            self._indices.update((step, cast("int", at)) for step, at in pairs if isinstance(step, New))
        return key

    def _open(self, key: Key, index: int) -> None:
        """Let the place that `key` is a part of have parts, and all above it."""
        if not key:
            return
        above, last = key[:-1], key[-1]
        begun = self._set_below.get(above)
        if begun is None:
            if above in self.set_by:
                raise ConflictError("duplicate", self.set_by[above])
            self._open(above, index)
            self._set_below[above] = index
        elif isinstance(last, int) != (above in self._lengths):
            raise ConflictError("kind-clash", begun)
        if isinstance(last, int):
            self._lengths[above] = max(self._lengths.get(above, 0), last + 1)
