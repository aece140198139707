"""Bodies, and the evidence of what was sent of them."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import BinaryIO

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import SourceError
from cursorkit.wire import Bytes, Concatenation, Headers, Request, Response, Sending, Sent
from cursorkit.wire.message import NOTHING_SENT


@frozen
class Liar:
    """A source whose length is not what it says."""

    content: bytes
    length: int

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_a_concatenation_is_its_parts(parts: list[bytes], size: int) -> None:
    source = Concatenation(map(Bytes, parts))
    whole = b"".join(parts)
    assert source.length == len(whole)
    for _ in range(2):
        with source.open() as reader:
            assert b"".join(iter(lambda: reader.read(size), b"")) == whole


@given(st.binary(max_size=50), st.integers(1, 9))
def test_a_block_counts_as_sent_when_the_next_is_asked_for(content: bytes, size: int) -> None:
    with Sending(Bytes(content)) as sending:
        assert sending.sent == NOTHING_SENT
        taken = b""
        while block := sending.read(size):
            assert sending.sent == Sent(len(taken), whole=False, sha256=sha256(taken).hexdigest())
            taken += block
        assert sending.sent == Sent(len(content), whole=True, sha256=sha256(content).hexdigest())


def test_a_source_that_is_longer_than_it_says_is_cut() -> None:
    with Sending(Liar(b"abcdef", 4)) as sending:
        assert b"".join(iter(sending.read, b"")) == b"abcd"


def test_a_source_that_is_shorter_than_it_says_is_an_error() -> None:
    with Sending(Liar(b"ab", 4)) as sending, pytest.raises(SourceError) as told:
        while sending.read(1):
            pass
    assert told.value.kind == "changed-file"
    assert not sending.sent.whole
    with Concatenation([Liar(b"ab", 4), Bytes(b"cd")]).open() as reader, pytest.raises(SourceError):
        reader.read()


def test_header_names_have_no_case() -> None:
    headers = Headers([("Content-Type", "a/b")]).adding("X", "1")
    assert headers.get("content-type") == "a/b"
    assert "CONTENT-TYPE" in headers
    assert headers.get("y", "none") == "none"


def test_no_secret_and_no_body_shows() -> None:
    headers = Headers([("Authorization", "CANARY"), ("X-Goog-Api-Key", "CANARY"), ("Set-Cookie", "CANARY")])
    request = Request("POST", "https://example.test/", headers, Bytes(b"CANARY"))
    response = Response(200, headers, Bytes(b"CANARY"), NOTHING_SENT)
    assert "CANARY" not in f"{request} {response} {headers!r} {request.body!r}"
    assert dict(headers.masked()) == {"Authorization": "***", "X-Goog-Api-Key": "***", "Set-Cookie": "***"}
