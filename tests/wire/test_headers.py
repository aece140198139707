"""Header fields, and what of them may be shown to whom."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.wire import Bytes, Headers, Request

HARMLESS = ["Accept", "Content-Type", "Content-Length", "Date", "Retry-After"]
OTHERS = ["Server", "Location", "X-Goog-Api-Key", "Cookie", ""]

SHOWN = [
    ("Content-Type", "application/dicom", "application/dicom"),
    ("content-type", "multipart/related; type=x; boundary=PATIENT", "multipart/related; ***"),
    ("Content-Type", "PATIENT^CANARY", "***"),
    ("Accept", "application/dicom+json", "application/dicom+json"),
    ("Content-Length", "39206", "39206"),
    ("Content-Length", "1.2.840.10008", "***"),
    ("Transfer-Encoding", "chunked", "chunked"),
    ("Date", "Tue, 15 Nov 1994 08:12:31 GMT", "Tue, 15 Nov 1994 08:12:31 GMT"),
    ("Date", "1.2.840.10008", "***"),
    ("Retry-After", "120", "120"),
    ("Retry-After", "soon", "***"),
    ("Location", "https://example.test/studies/1.2.3", "***"),
    ("Authorization", "Bearer x", "***"),
    ("Set-Cookie", "x=y", "***"),
    ("Content-Type", "application/PATIENT", "***"),
    ("Content-Encoding", "gzip", "gzip"),
    ("Content-Encoding", "patient", "***"),
]


@pytest.mark.parametrize(("name", "value", "shown"), SHOWN)
def test_only_what_is_known_to_be_harmless_shows(name: str, value: str, shown: str) -> None:
    headers = Headers([(name, value)])
    assert headers.discreet().items == ((name, shown),)
    assert shown in repr(headers)
    assert value == shown or value not in repr(headers)


@given(st.lists(st.tuples(st.sampled_from(HARMLESS + OTHERS), st.text())))
def test_what_shows_can_only_be_of_the_shape_of_such_a_field(items: list[tuple[str, str]]) -> None:
    shown = Headers(items).discreet()
    assert [name for name, _ in shown] == [name or "***" for name, _ in items]
    assert all(value.isascii() and value.isprintable() and "^" not in value for _, value in shown)
    assert all(value == "***" for name, value in shown if name in OTHERS)


def test_nobody_can_hide_anything_in_a_name() -> None:
    headers = Headers([("X-CANARY", "CANARY"), ("Content-Type", "text/plain")])
    assert headers.discreet().items == (("***", "***"), ("Content-Type", "text/plain"))
    assert "CANARY" not in repr(headers)


def test_no_pickle_holds_a_secret() -> None:
    harmless = Request("POST", "https://example.test/", Headers([("Accept", "a/b")]), Bytes(b"x"))
    assert pickle.loads(pickle.dumps(harmless)) == harmless
    secret = Request("POST", "https://example.test/", Headers([("authorization", "CANARY")]), Bytes(b"x"))
    with pytest.raises(TypeError, match="hold a secret cannot be pickled"):
        pickle.dumps(secret)
    assert copy.deepcopy(secret) == secret


def test_a_request_shows_the_template_of_its_url() -> None:
    url = "https://example.test/studies/1.2.3"
    request = Request("POST", url, Headers(), Bytes(b"x"), template="studies/{study}")
    assert "1.2.3" not in repr(request)
    assert "studies/{study}" in repr(request)
