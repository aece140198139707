"""The value under construction: which places are set, and by which argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from attrs import define, field

from cursorkit.errors import CursorkitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cursorkit.schema.types import Content


_Container = list["Content"] | dict[str, "Content"]


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
        key: the place that is in the way: what is set already; or what would have to be list and structure.
        part: whether it is a part of the place that is set already.
    """

    def __init__(
        self, kind: Literal["duplicate", "kind-clash"], index: int, key: Key, *, part: bool = False
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.index = index
        self.key = key
        self.part = part


@define
class Tree:
    """A value that grows by one place after the other.

    The places that are set are prefix-free, so that the order of the arguments never matters.

    What it starts from may be replaced, in parts or as a whole, as often as there are arguments to do it.

    Attributes:
        root: the whole value; at first what it starts from. It is changed, and so should be nobody else's.
        origins: the argument that set each place.
    """

    root: Content
    origins: dict[Key, int] = field(factory=dict, init=False)
    _containers: dict[Key, _Container] = field(factory=dict, init=False)
    """The lists and structures that there are, found without walking down to them again."""
    _begun: dict[Key, int] = field(factory=dict, init=False)
    """The first argument that set something in each of them; none for what is as it was at the start."""
    _given: dict[Key, int] = field(factory=dict, init=False)
    """How many elements lists had at the start."""
    _indices: dict[New, int] = field(factory=dict, init=False)
    _reserved: dict[Key, int] = field(factory=dict, init=False)
    """The lengths of lists that mistaken arguments were meant to make."""
    _displaced: dict[Key, int] = field(factory=dict, init=False)
    """Where elements of such lists really are: gaps of a thousand million elements are not filled."""

    def __attrs_post_init__(self) -> None:
        if self.root:
            self._know((), self.root)

    def _know(self, key: Key, content: Content) -> None:
        """Note the lists and structures in `content`, which is at `key` from the start, outer ones first."""
        if isinstance(content, dict):
            self._containers[key] = cast("_Container", content)
            for name, part in content.items():
                self._know((*key, name), part)
        elif isinstance(content, list):
            self._containers[key] = cast("_Container", content)
            self._given[key] = len(content)
            for at, part in enumerate(content):
                self._know((*key, at), part)

    def _forget(self, key: Key, content: Content) -> None:
        """The opposite: `content` makes room for what an argument gives."""
        self._containers.pop(key, None)
        self._given.pop(key, None)
        if isinstance(content, dict):
            for name, part in content.items():
                self._forget((*key, name), part)
        elif isinstance(content, list):
            for at, part in enumerate(content):
                self._forget((*key, at), part)

    def put(self, way: Way, content: Content, index: int) -> Key:
        """Let argument `index` set the place at `way` to `content`, and tell its key.

        Raises:
            ConflictError: it, a part of it, or what it is a part of, is set; or is of another kind.
        """
        key = self.key(way)
        if key in self.origins or key in self._begun:
            raise ConflictError("duplicate", self.first(key), key, part=key in self._begun)
        self._insert(key, content, index)
        self.origins[key] = index
        if key is not way:
            self._settle(way, key)
        return key

    def reserve(self, way: Way) -> None:
        """Let lists be as long as if the place at `way` were set, so that one mistake makes no others."""
        key = self.key(way)
        for depth, step in enumerate(key):
            if isinstance(step, int):
                self._reserved[key[:depth]] = max(self._reserved.get(key[:depth], 0), step + 1)
        self._settle(way, key)

    def _settle(self, way: Way, key: Key) -> None:
        """Let the new elements on `way` be those on `key` from now on."""
        pairs = zip(way, key, strict=True)
        self._indices.update((step, cast("int", at)) for step, at in pairs if isinstance(step, New))

    def _insert(self, key: Key, content: Content, index: int) -> None:
        if not key:
            self._forget(key, self.root)
            self.root = content
            return
        above, last = key[:-1], key[-1]
        container = self._containers.get(above)
        if container is None or above not in self._begun:
            container = self._begin(above, container, [] if isinstance(last, int) else {}, index)
        if isinstance(container, dict) and isinstance(last, str):
            if last in container:
                self._forget(key, container[last])
            container[last] = content
        elif isinstance(container, list) and isinstance(last, int):
            if last < self._given.get(above, 0):
                self._forget(key, container[last])
                container[last] = content
                return
            # Elements are only ever added at the end, so an index says no more than that there is a list.
            if last > len(container):
                self._displaced[key] = len(container)
                self._reserved[above] = last + 1
            container.append(content)
        else:
            raise ConflictError("kind-clash", self.first(above), above)

    def _begin(self, key: Key, given: _Container | None, wanted: _Container, index: int) -> _Container:
        """Where argument `index` is the first to set something: what `given` is at `key`, if as wanted."""
        if given is None or type(given) is not type(wanted):
            return self._open(key, wanted, index)
        for depth in range(len(key) + 1):
            self._begun.setdefault(key[:depth], index)
        return given

    def _open(self, key: Key, container: _Container, index: int) -> _Container:
        """Let `container` be at `key`, where nothing is yet that has to stay."""
        if key in self.origins:
            raise ConflictError("duplicate", self.origins[key], key)
        self._insert(key, cast("Content", container), index)
        self._containers[key] = container
        self._begun[key] = index
        return container

    def first(self, key: Key) -> int:
        """The first argument that set something at `key` or below."""
        return self.origins[key] if key in self.origins else self._begun[key]

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
        key = self.key(way)
        container = self._containers.get(key)
        length = len(container) if isinstance(container, list) else 0
        return max(length, self._reserved.get(key, 0)) if self._reserved else length

    def is_whole(self, way: Way) -> bool:
        """Whether `way` is set as a whole, or leads into what is."""
        key = self.key(way)
        return any(key[:depth] in self.origins for depth in range(len(key) + 1))

    def is_list(self, way: Way) -> bool:
        """Whether elements are set at `way`."""
        key = self.key(way)
        return key in self._begun and isinstance(self._containers[key], list)

    def is_structure(self, way: Way) -> bool:
        """Whether parts are set at `way` that are no elements."""
        key = self.key(way)
        return key in self._begun and isinstance(self._containers[key], dict)

    @property
    def assembled(self) -> Mapping[Key, object]:
        """The lists and structures that have parts of their own, by their place, outer ones first."""
        return self._containers or {(): self.root}

    def at(self, key: Key) -> Content:
        """What stands at `key`."""
        content = self.root
        for depth, step in enumerate(key, 1):
            at = self._displaced.get(key[:depth], step) if self._displaced else step
            content = cast("dict[str | int, Content]", content)[at]
        return content


def copied(content: Content) -> Content:
    """The same value in lists and structures of its own."""
    match content:
        case dict():
            return {name: copied(part) for name, part in content.items()}
        case list():
            return [copied(part) for part in content]
    return content
