"""A body that goes on where a server is has to be one body."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import SourceError
from cursorkit.testing.contracts import contents
from cursorkit.wire import Bytes, Sending
from cursorkit.wire.pieces import Pieces

if TYPE_CHECKING:
    from typing import BinaryIO

    from cursorkit.wire import BodySource


@define
class Changing:
    """A body that is what somebody writes into it."""

    content: bytes

    @property
    def length(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        return Bytes(self.content).open()


def taken(source: BodySource, octets: int, block: int = 7) -> bytes:
    """The first bytes of a body that is then broken off."""
    with source.open() as reader:
        found = b""
        while len(found) < octets and (more := reader.read(min(block, octets - len(found)))):
            found += more
        return found


@given(st.binary(max_size=100), st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=6))
def test_every_rest_is_the_end_of_the_body(content: bytes, parts: list[tuple[int, int]]) -> None:
    pieces = Pieces(Bytes(content))
    reached = 0
    for start, octets in parts:
        offset = min(start, reached)
        rest = pieces.rest(offset)
        assert rest.length == len(content) - offset
        assert taken(rest, octets) == content[offset : offset + octets]
        reached = max(reached, min(offset + octets, len(content)))
        assert pieces.handed.octets == reached
        assert pieces.handed.sha256 == sha256(content[:reached]).hexdigest()
    assert contents(pieces.rest(reached)) == content[reached:]


@given(
    st.binary(min_size=2, max_size=100),
    st.integers(1, 100),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(1, 30),
)
def test_nothing_of_another_version_leaves(
    content: bytes, octets: int, changed: int, offset: int, block: int
) -> None:
    source = Changing(content)
    pieces = Pieces(source)
    known = len(taken(pieces.rest(0), octets))
    changed %= known
    offset %= known + 1
    source.content = content[:changed] + bytes([content[changed] ^ 1]) + content[changed + 1 :]
    with pytest.raises(SourceError, match="no longer what was sent"):
        found = taken(pieces.rest(offset), len(content) + 1, block)
        assert len(found) < known - offset
    with pytest.raises(SourceError, match="no longer what was sent"):
        contents(pieces.again().rest(0))


def test_to_somebody_who_has_nothing_it_begins_again() -> None:
    pieces = Pieces(Bytes(b"content"))
    taken(pieces.rest(0), 7)
    assert (pieces.handed.octets, pieces.handed.whole) == (7, True)
    again = pieces.again()
    assert again.handed.octets == 0
    assert contents(again.rest(0)) == b"content"


def test_a_body_that_became_shorter_is_told() -> None:
    source = Changing(b"content")
    pieces = Pieces(source)
    taken(pieces.rest(0), 6)
    source.content = b"con"
    with pytest.raises(SourceError, match="ended 3 bytes before where it goes on"):
        pieces.rest(6).open()


def test_the_evidence_of_a_rest_is_that_of_the_rest() -> None:
    pieces = Pieces(Bytes(b"content"))
    taken(pieces.rest(0), 3)
    with Sending(pieces.rest(3)) as sending:
        assert sending.read() == b"tent"
        assert sending.read() == b""
    assert sending.sent.octets == 4
