"""The formats of strings."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cursorkit.schema.formats import FORMATS, base64_bytes, check
from cursorkit.schema.mismatch import Mismatch

GOOD = {
    "date-time": [
        "2026-01-31T12:30:00Z",
        "2026-01-31t12:30:00.5z",
        "2024-02-29T23:59:59.123456789+05:30",
        "0001-01-01T00:00:00-23:59",
    ],
    "date": ["2026-01-31", "2024-02-29"],
    "google-duration": ["1s", "-1.5s", "0.123456789s"],
    "google-fieldmask": ["name", "name,labels.env", "a.*,b.`c-d`"],
    "header": ["a", "text/plain; charset=utf-8", "a\tb"],
    "path": ["a", "a/b", "ä b"],
    "segment": ["a", "a:b", "...", "a/b", "a?b=c", "50%"],
    "token": ["abc"],
}
BAD = {
    "date-time": [
        "",
        "tomorrow",
        "2026-01-31",
        "2026-01-31T12:30:00",
        "2026-01-31 12:30:00Z",
        "2026-02-30T12:30:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:30:00+24:00",
        "2026-01-31T12:30:00Z\n",
        "٢٠٢٦-01-31T12:30:00Z",
        "0000-01-01T00:00:00Z",
    ],
    "date": ["", "2026-02-29", "2026-W05-6", "20260131", "2026-1-31", "2026-01-31\n"],
    "google-duration": ["", "1", "1.s", ".5s", "1.0123456789s", "1 s", "1s\n"],
    "google-fieldmask": ["", "a b", "a,", ",a", "a,,b"],
    "header": ["", " a", "a ", "a\r\n", "a\nb: c", "é", "\x7f", "\0"],
    "path": ["", "/", "a//b", "a/", "a/../b", ".", "a?b", "a#b", "a%2fb", "a\\b", "a\nb", "a\x9b"],
    "segment": ["", ".", "..", "a\n", "\x9b"],
    "token": ["", "a\n"],
}


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in GOOD.items() for text in texts])
def test_right(form: str, text: str) -> None:
    check(form, text)


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in BAD.items() for text in texts])
def test_wrong(form: str, text: str) -> None:
    with pytest.raises(Mismatch) as told:
        check(form, text)
    assert told.value.kind == "bad-format"
    if told.value.span is not None:
        start, end = told.value.span
        assert 0 <= start <= end <= len(text)


def test_every_format_is_tried_here() -> None:
    assert GOOD.keys() == BAD.keys() == FORMATS.keys() - {"google-datetime"}
    assert FORMATS["google-datetime"] == FORMATS["date-time"]


@pytest.mark.parametrize("form", FORMATS)
def test_the_example_of_a_format_is_one(form: str) -> None:
    check(form, FORMATS[form].example)


def test_what_a_message_says() -> None:
    with pytest.raises(Mismatch, match=re.escape("a time is expected, such as 2026-01-31T12:30:00Z")):
        check("google-datetime", "soon")
    with pytest.raises(Mismatch, match="a header value is expected, such as text/plain"):
        check("header", "")


@pytest.mark.parametrize(
    ("form", "text", "odd"),
    [
        ("header", "ab\r\n", "\r"),
        ("segment", "ab\tc", "\t"),
        ("path", "ab/../c", ".."),
        ("path", "ab/c?d", "?"),
    ],
)
def test_what_is_marked(form: str, text: str, odd: str) -> None:
    with pytest.raises(Mismatch) as told:
        check(form, text)
    assert told.value.span is not None
    assert text[slice(*told.value.span)] == odd


def test_formats_that_nobody_knows_are_not_checked() -> None:
    check("uuid-of-a-sort", "anything")


@given(st.binary())
@example(b"\xfb\xff")
def test_base64_in_both_alphabets_with_and_without_padding(octets: bytes) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        text = encode(octets).decode()
        assert base64_bytes(text) == base64_bytes(text.rstrip("=")) == octets


@pytest.mark.parametrize(
    "text", ["A", "AAE==", "AAEC=", "AAEC====", "=", "A=AA", "AA==AA==", "A A=", "AAEC\n", "é", "A\0"]
)
def test_no_base64(text: str) -> None:
    with pytest.raises(Mismatch, match="base64 is expected, such as AAEC"):
        base64_bytes(text)


@given(st.text(st.sampled_from("ABab09+/-_=. \n"), max_size=9))
def test_base64_is_what_its_bytes_are_written_as(text: str) -> None:
    """But for the alphabet, the padding, and bits that stand for nothing."""
    try:
        octets = base64_bytes(text)
    except Mismatch:
        return
    digits = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    assert b64encode(octets).decode().rstrip("=")[:-1] == digits[:-1]
    assert text in {text.rstrip("="), text.rstrip("=") + "=" * (-len(digits) % 4)}
    assert b64decode(digits + "=" * (-len(digits) % 4)) == octets
