"""The value under construction: which places are set, and by which argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import define, field

from cursorkit.errors import CursorkitError

if TYPE_CHECKING:
    from cursorkit.schema.types import Content


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
class Tree:
    """A value that grows by one place after the other.

    The places that are set are prefix-free, so that the order of the arguments never matters.

    Attributes:
        root: the whole value; what an empty program gives, before anything is set.
        origins: the argument that set each place.
    """

    root: Content
    origins: dict[Key, int] = field(factory=dict, init=False)
    _containers: dict[Key, list[Content] | dict[str, Content]] = field(factory=dict, init=False)
    """The lists and structures that places were set in, found without walking down to them again."""
    _indices: dict[New, int] = field(factory=dict, init=False)

    def put(self, way: Way, content: Content, index: int) -> Key:
        """Let argument `index` set the place at `way` to `content`, and tell its key.

        Raises:
            ConflictError: it, a part of it, or what it is a part of, is set; or is of another kind.
        """
        key = self.key(way)
        if key in self.origins or key in self._containers:
            raise ConflictError("duplicate", self._first(key))
        if key:
            self._insert(key, content)
        else:
            self.root = content
        self.origins[key] = index
        if key is not way:
            pairs = zip(way, key, strict=True)
            self._indices.update((step, cast("int", at)) for step, at in pairs if isinstance(step, New))
        return key

    def _insert(self, key: Key, content: Content) -> None:
        above, last = key[:-1], key[-1]
        container = self._containers.get(above)
        if container is None:
            container = self._open(above, [] if isinstance(last, int) else {})
        # Elements are only ever added at the end, so an index says no more than that there is a list.
        if isinstance(container, list) and isinstance(last, int):
            container.append(content)
        elif isinstance(container, dict) and isinstance(last, str):
            container[last] = content
        else:
            raise ConflictError("kind-clash", self._first(above))

    def _open(
        self, key: Key, container: list[Content] | dict[str, Content]
    ) -> list[Content] | dict[str, Content]:
        """Let `container` be at `key`, where nothing is yet."""
        if key in self.origins:
            raise ConflictError("duplicate", self.origins[key])
        if key:
            self._insert(key, cast("Content", container))
        else:
            self.root = cast("Content", container)
        self._containers[key] = container
        return container

    def _first(self, key: Key) -> int:
        """The first argument that set something at `key` or below."""
        return min(index for place, index in self.origins.items() if place[: len(key)] == key)

    def key(self, way: Way) -> Key:
        """Where `way` leads; a new element that nothing was set through yet comes behind all others."""
        if New not in map(type, way):
            return cast("Key", way)
        key: Key = ()
        for step in way:
            at = self._indices.get(step, self.length(key)) if isinstance(step, New) else step
            key = (*key, at)
        return key

    def length(self, way: Way) -> int:
        """How many elements the list at `way` has."""
        return len(self._containers.get(self.key(way), ()))

    def is_list(self, way: Way) -> bool:
        """Whether elements are set at `way`."""
        return isinstance(self._containers.get(self.key(way)), list)

    def is_structure(self, way: Way) -> bool:
        """Whether parts are set at `way` that are no elements."""
        return isinstance(self._containers.get(self.key(way)), dict)

    def at(self, key: Key) -> Content:
        """What stands at `key`."""
        content = self.root
        for step in key:
            content = cast("dict[str | int, Content]", content)[step]
        return content
