"""A body that leaves again has to be the one that left before."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import SourceError
from cursorkit.testing.contracts import Watched, contents
from cursorkit.wire import Attempt, Bytes, History, Sending, Sent, Unchanged

if TYPE_CHECKING:
    from cursorkit.wire import BodySource


def begun(content: bytes, octets: int) -> Sent:
    """The evidence of `octets` bytes of `content`."""
    return Sent(octets, octets == len(content), sha256(content[:octets]).hexdigest())


def leaving(source: BodySource, sizes: list[int]) -> tuple[bytes, SourceError | None]:
    """What a network that takes so many bytes at a time gets of `source`, and how it ended."""
    left = bytearray()
    with Sending(source) as sending:
        try:
            while block := sending.read(sizes[0]):
                left += block
                sizes = [*sizes[1:], sizes[0]]
        except SourceError as error:
            return bytes(left), error
    return bytes(left), None


sizes = st.lists(st.integers(1, 50), min_size=1, max_size=5)


@given(st.binary(max_size=200), st.data(), sizes)
def test_the_same_bytes_pass(content: bytes, data: st.DataObject, sizes: list[int]) -> None:
    source = Unchanged(Bytes(content), begun(content, data.draw(st.integers(0, len(content)))))
    assert source.length == len(content)
    assert leaving(source, sizes) == (content, None)
    assert contents(source) == content


@given(st.binary(min_size=1, max_size=200), st.data(), sizes)
def test_of_others_less_leaves_than_left_before(
    content: bytes, data: st.DataObject, sizes: list[int]
) -> None:
    octets = data.draw(st.integers(1, len(content)))
    place = data.draw(st.integers(0, octets - 1))
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    left, error = leaving(Unchanged(Bytes(changed), begun(content, octets)), sizes)
    assert error is not None
    assert error.kind == "changed-file"
    assert len(left) < octets
    assert left == changed[: len(left)]


def test_what_never_left_may_be_anything() -> None:
    assert contents(Unchanged(Bytes(b"new"), begun(b"old", 0))) == b"new"


def test_a_source_that_falls_short_is_found_out() -> None:
    left, error = leaving(Unchanged(Watched(b"bo", 4), begun(b"body", 4)), [10])
    assert (left, str(error)) == (b"bo", "the body ended 2 bytes before its stated length")


def test_its_readers_are_closed() -> None:
    source = Watched(b"body", 4)
    with Unchanged(source, begun(b"body", 2)).open() as reader:
        reader.read()
    assert source.readers[0].closed


# --- what attempts leave open -----------------------------------------------------------------------------


BODY = b"body"
LOST = Attempt(begun(BODY, 4), None, "it fell silent")
CUT = Attempt(begun(BODY, 2), None, "it broke")
UNREAD = Attempt(begun(BODY, 4), 200, "it could not be read")
BUSY = Attempt(begun(BODY, 4), 503, "it was busy")
NOT_BEGUN = Attempt(begun(BODY, 0), None, "it was not there")
EMPTY = Attempt(begun(b"", 0), None, "it fell silent")


@pytest.mark.parametrize(
    ("attempt", "unsettled"),
    [(LOST, True), (CUT, True), (UNREAD, True), (EMPTY, True), (BUSY, False), (NOT_BEGUN, False)],
)
def test_which_attempts_are_unsettled(attempt: Attempt, unsettled: bool) -> None:
    assert attempt.unsettled is unsettled
    assert bool(History((attempt,)).doubts) is unsettled


def test_the_last_of_each_kind_is_told() -> None:
    history = History((NOT_BEGUN, CUT, LOST, BUSY, UNREAD), "enough")
    assert history.doubts == (
        "an earlier attempt was cut off after 2 bytes, which may have been kept",
        "an earlier attempt sent everything, and may have been carried out: it could not be read",
    )


def test_one_history_after_the_other() -> None:
    assert History((CUT,), "x").then(History((LOST,), "y")) == History((CUT, LOST), "y")


def test_an_error_is_told_with_the_doubts_there_are() -> None:
    error = SourceError("changed-file", "it changed")
    assert History((BUSY,)).told_with(error) is error
    told = History((CUT,)).told_with(error)
    assert told.kind == "changed-file"
    assert str(told).splitlines() == ["it changed", *History((CUT,)).doubts]
