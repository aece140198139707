"""Multipart bodies, written and read."""

from __future__ import annotations

import io
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.wire import Bytes, Concatenation, Headers
from cursorkit.wire.multipart import MultipartError, Part, encode, media_type, split

if TYPE_CHECKING:
    from cursorkit.wire import BodySource

BOUNDARY = "bound-ary"
DELIMITER = b"\r\n--bound-ary"
DICOM = Headers([("Content-Type", "application/dicom")])


class Blocks:
    """A reader that gives its bytes in blocks of sizes of its own choice."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._reader = io.BytesIO(content)
        self._sizes = sizes
        self._reads = 0

    def read(self, size: int, /) -> bytes:
        own = self._sizes[self._reads % len(self._sizes)]
        self._reads += 1
        return self._reader.read(min(size, own))


def written(source: BodySource) -> bytes:
    with source.open() as reader:
        return reader.read()


def pairs(
    content: bytes, boundary: str = BOUNDARY, *, sizes: list[int] | None = None
) -> list[tuple[Headers, bytes]]:
    return [(headers, part.read()) for headers, part in split(Blocks(content, sizes or [2**20]), boundary)]


# Contents made of what a parser may stumble over: pieces of line breaks and of the delimiter itself.
fragments = st.one_of(
    st.sampled_from([DELIMITER[:end] for end in range(1, len(DELIMITER))]),
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"--bound-ary", b"\r\n\r\n", b"\n--bound-ary--"]),
    st.binary(max_size=40),
)
contents = st.lists(fragments, max_size=12).map(b"".join).filter(lambda content: DELIMITER not in content)
names = st.text("abcXYZ-09", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).map(str.strip)
fields = st.lists(st.tuples(names, values), max_size=4).map(Headers)
parts = st.lists(st.tuples(fields, contents), max_size=5)
sizes = st.lists(st.integers(1, 70), min_size=1, max_size=5)


def encoded(given_parts: list[tuple[Headers, bytes]]) -> bytes:
    return written(encode([Part(headers, Bytes(content)) for headers, content in given_parts], BOUNDARY))


@given(parts, sizes)
def test_what_is_encoded_is_split_again(given_parts: list[tuple[Headers, bytes]], sizes: list[int]) -> None:
    assert pairs(encoded(given_parts), sizes=sizes) == given_parts


@given(parts, sizes, st.data())
def test_parts_need_not_be_read_to_their_end(
    given_parts: list[tuple[Headers, bytes]], sizes: list[int], data: st.DataObject
) -> None:
    found = []
    for headers, part in split(Blocks(encoded(given_parts), sizes), BOUNDARY):
        found.append((headers, part.read(data.draw(st.integers(0, 50)))))
    assert [headers for headers, _ in found] == [headers for headers, _ in given_parts]
    for (_, read), (_, content) in zip(found, given_parts, strict=True):
        assert content.startswith(read)


@given(parts.filter(bool), contents, contents, sizes, st.text(" \t", max_size=5))
def test_what_surrounds_the_parts_is_ignored(
    given_parts: list[tuple[Headers, bytes]], preamble: bytes, epilogue: bytes, sizes: list[int], padding: str
) -> None:
    body = encoded(given_parts).replace(b"--bound-ary\r\n", b"--bound-ary" + padding.encode() + b"\r\n", 1)
    assert pairs(b"Text" + preamble + b"\r\n" + body + epilogue, sizes=sizes) == given_parts


@given(parts, sizes, st.data())
def test_a_body_that_breaks_off_is_an_error(
    given_parts: list[tuple[Headers, bytes]], sizes: list[int], data: st.DataObject
) -> None:
    whole = encoded(given_parts)
    end = data.draw(st.integers(0, len(whole) - len(b"--\r\n")))
    with pytest.raises(MultipartError):
        pairs(whole[:end], sizes=sizes)


@given(st.binary(max_size=300) | st.lists(fragments, max_size=12).map(b"".join), sizes)
def test_any_bytes_are_parts_or_one_error(content: bytes, sizes: list[int]) -> None:
    try:
        found = pairs(content, sizes=sizes)
    except MultipartError:
        return
    assert DELIMITER[2:] in content
    assert all(DELIMITER not in part for _, part in found)


def test_the_bytes_are_those_of_the_standard() -> None:
    body = encode([Part(DICOM, Bytes(b"one")), Part(Headers(), Bytes(b""))], BOUNDARY)
    expected = (
        b"--bound-ary\r\nContent-Type: application/dicom\r\n\r\none"
        b"\r\n--bound-ary\r\n\r\n"
        b"\r\n--bound-ary--\r\n"
    )
    assert written(body) == expected
    assert body.length == len(expected)
    assert written(body) == expected, "a second reader gives the same"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "does not occur"),
        (b"--other\r\n\r\nx\r\n--other--", "does not occur"),
        (b"text --bound-ary\r\n\r\nx", "does not occur"),
        (b"--bound-ary\r\n\r\nx", "closing delimiter"),
        (b"--bound-ary\r\n\r\nx\r\n--bound-ary\r\n\r\ny", "closing delimiter"),
        (b"--bound-ary\r\nA: b\r\n", "closing delimiter"),
        (b"--bound-aryX\r\n\r\nx\r\n--bound-ary--", "followed by other text"),
        (b"--bound-ary\r\nno colon\r\n\r\nx\r\n--bound-ary--", "make no sense"),
        (b"--bound-ary\r\n: nameless\r\n\r\nx\r\n--bound-ary--", "make no sense"),
        (b"--bound-ary\r\nA: nul\0\r\n\r\nx\r\n--bound-ary--", "make no sense"),
        (b"--bound-ary\r\n folded first: x\r\n\r\nx\r\n--bound-ary--", "make no sense"),
        (b"--bound-ary\r\nA: " + b"b" * 70_000 + b"\r\n\r\nx\r\n--bound-ary--", "64 KiB"),
        (b"--bound-ary\r\n" + b"A: b\r\n" * 20_000 + b"\r\nx\r\n--bound-ary--", "64 KiB"),
        (b"--bound-ary\r\nA: " + b"b" * 2**20, "64 KiB"),
    ],
)
def test_each_fault_has_its_words(body: bytes, message: str) -> None:
    with pytest.raises(MultipartError, match=message):
        pairs(body)


def test_a_header_field_may_be_folded() -> None:
    body = (
        b"--bound-ary\r\nContent-Type: application/dicom;\r\n\ttransfer-syntax=1.2\r\n\r\nx\r\n--bound-ary--"
    )
    assert pairs(body) == [(Headers([("Content-Type", "application/dicom; transfer-syntax=1.2")]), b"x")]


def test_a_reader_ends_with_its_turn() -> None:
    found = split(io.BytesIO(encoded([(DICOM, b"one"), (DICOM, b"two")])), BOUNDARY)
    _, first = next(found)
    _, second = next(found)
    with pytest.raises(ValueError, match="closed"):
        first.read()
    assert second.read() == b"two"


@pytest.mark.parametrize("boundary", ["", "x" * 71, "é", "a\r\nb", "ends in a space "])
def test_what_is_no_boundary_is_refused(boundary: str) -> None:
    with pytest.raises(MultipartError, match="1 to 70 printable"):
        encode([], boundary)
    with pytest.raises(MultipartError, match="1 to 70 printable"):
        pairs(b"--x--", boundary)


@pytest.mark.parametrize(
    "field", [("A", "b\r\nInjected: c"), ("A", "\0"), ("A b", "c"), ("", "c"), ("A", "é")]
)
def test_what_is_no_header_field_is_not_written(field: tuple[str, str]) -> None:
    with pytest.raises(MultipartError, match="header field"):
        encode([Part(Headers([field]), Bytes(b""))], BOUNDARY)


def test_memory_does_not_grow_with_the_body() -> None:
    block = Bytes(b"\r\n--bound" * 2**17)
    body = encode([Part(DICOM, Concatenation([block] * 48)), Part(DICOM, block)], BOUNDARY)
    assert body.length > 48 * 2**20
    lengths = []
    tracemalloc.start()
    try:
        with body.open() as reader:
            for _, part in split(reader, BOUNDARY):
                length = 0
                while read := part.read(2**16):
                    length += len(read)
                lengths.append(length)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lengths == [48 * block.length, block.length]
    assert peak < 4 * 2**20


def test_time_is_linear_in_the_number_of_parts() -> None:
    def seconds(count: int) -> float:
        body = b"--x\r\nA: b\r\n\r\nc\r\n" * count + b"--x--"
        started = time.perf_counter()
        assert sum(1 for _ in split(io.BytesIO(body), "x")) == count
        return time.perf_counter() - started

    def best(count: int) -> float:
        return min(seconds(count) for _ in range(3))

    assert best(16_000) < 10 * 4 * best(4_000), "four times the parts took more than forty times as long"


@pytest.mark.parametrize(
    ("content_type", "kind", "parameters"),
    [
        ("application/dicom", "application/dicom", {}),
        ("Application/DICOM ; Transfer-Syntax=1.2", "application/dicom", {"transfer-syntax": "1.2"}),
        (
            'multipart/related; type="application/dicom"; boundary=abc',
            "multipart/related",
            {"type": "application/dicom", "boundary": "abc"},
        ),
        (
            'multipart/related;boundary="a b;c=\\"d";TYPE=application/dicom',
            "multipart/related",
            {"type": "application/dicom", "boundary": 'a b;c="d'},
        ),
        ("", "text/plain", {}),
        ("nonsense", "text/plain", {}),
    ],
)
def test_media_types(content_type: str, kind: str, parameters: dict[str, str]) -> None:
    assert media_type(content_type) == (kind, parameters)


@given(st.text(max_size=60))
def test_any_text_has_a_media_type(content_type: str) -> None:
    kind, parameters = media_type(content_type)
    assert kind.count("/") == 1
    assert all(isinstance(value, str) for value in parameters.values())
