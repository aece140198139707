"""The digest of what left, whatever the blocks, and without a thread that stays behind."""

from __future__ import annotations

import threading
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from cursorkit.wire import Bytes, Sending
from cursorkit.wire.source import BLOCK


@given(st.binary(max_size=40), st.lists(st.integers(1, 9), max_size=8))
def test_it_is_that_of_the_blocks_that_were_followed_by_another(content: bytes, sizes: list[int]) -> None:
    with Sending(Bytes(content)) as sending:
        left = b""
        for size in sizes:
            before = left
            left += sending.read(size)
            # The last block may still be on its way.
            assert sending.sent.sha256 == sha256(before).hexdigest()
            assert sending.sent.octets == len(before)
        while block := sending.read(7):
            left += block
        assert sending.sent.sha256 == sha256(content).hexdigest()


def test_what_left_is_told_afterwards_too() -> None:
    content = bytes(3 * BLOCK)
    with Sending(Bytes(content)) as sending:
        while sending.read(BLOCK):
            pass
    assert sending.sent.sha256 == sha256(content).hexdigest()


def test_no_thread_outlives_the_attempt() -> None:
    def digesting() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "digest"]

    with Sending(Bytes(bytes(4 * BLOCK))) as sending:
        sending.read(BLOCK)
        sending.read(BLOCK)
        assert not digesting()
        sending.read(BLOCK)
        (thread,) = digesting()
    thread.join(10)
    assert not digesting()
