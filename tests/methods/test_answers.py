"""From an answer to the outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import Verdict, read
from cursorkit.dicom.answers import report
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.answers import read_json
from cursorkit.wire import Bytes, Headers, Response, Sent

if TYPE_CHECKING:
    from cursorkit import Outcome

SENT = Sent(4, whole=True, sha256="")
DICOM_JSON = "application/dicom+json"


def answer(status: int, body: bytes = b"", content_type: str = DICOM_JSON) -> Response:
    return Response(status, Headers([("Content-Type", content_type)]), Bytes(body), SENT)


def dataset(stored: tuple[str, ...] = (), failed: tuple[tuple[str, int], ...] = (), warned: int = 0) -> bytes:
    def uid(value: str) -> dict[str, object]:
        return {"vr": "UI", "Value": [value]}

    def number(value: int) -> dict[str, object]:
        return {"vr": "US", "Value": [value]}

    value: dict[str, object] = {}
    if stored:
        items = [
            {"00081155": uid(each), **({"00081196": number(warned)} if warned else {})} for each in stored
        ]
        value["00081199"] = {"vr": "SQ", "Value": items}
    if failed:
        value["00081198"] = {
            "vr": "SQ",
            "Value": [{"00081155": uid(each), "00081197": number(code)} for each, code in failed],
        }
    return json.dumps(value).encode()


def store(status: int, body: bytes = b"", content_type: str = DICOM_JSON) -> Outcome:
    outcome = read(STORE_INSTANCES, answer(status, body, content_type))
    assert outcome.sent == SENT
    return outcome


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, dataset(("1.2",)), Verdict.DONE),
        (202, dataset(("1.2",), warned=0xB000), Verdict.DONE),
        (202, dataset(("1.2",), (("1.3", 0x0110),)), Verdict.PARTLY),
        (200, dataset(("1.2",), (("1.3", 0x0110),)), Verdict.PARTLY),
        (400, dataset(("1.2",), (("1.3", 0xC000),)), Verdict.PARTLY),
        (409, dataset(("1.2",), (("1.3", 0xC000),)), Verdict.PARTLY),
        (400, dataset(("1.2",)), Verdict.PARTLY),
        (409, dataset(("1.2",)), Verdict.PARTLY),
        (503, dataset(("1.2",)), Verdict.PARTLY),
        (409, dataset((), (("1.3", 0x0110),)), Verdict.REFUSED),
        (200, dataset((), (("1.3", 0x0110),)), Verdict.REFUSED),
        (200, b"{}", Verdict.UNKNOWN),
        (200, b"", Verdict.UNKNOWN),
        (200, b"<xml/>", Verdict.UNKNOWN),
        (200, b"[" * 100_000, Verdict.UNKNOWN),
        (200, dataset(("1.2",))[:-1], Verdict.UNKNOWN),
        (202, b"{}", Verdict.UNKNOWN),
        (400, b'{"00081199": {"vr": "SQ"}}', Verdict.REFUSED),
        (401, b"", Verdict.AUTH),
        (403, b"", Verdict.AUTH),
        (404, b"", Verdict.REFUSED),
        (415, b"", Verdict.REFUSED),
        (301, b"", Verdict.REFUSED),
        (408, b"", Verdict.LATER),
        (429, b"", Verdict.LATER),
        (500, b"", Verdict.LATER),
        (503, b"", Verdict.LATER),
        (700, b"", Verdict.REFUSED),
    ],
)
def test_verdicts(status: int, body: bytes, verdict: Verdict) -> None:
    assert store(status, body).verdict is verdict


@given(
    st.integers(100, 999),
    st.binary(max_size=50)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["00081199", "Value", "00081155", "error", "message", "00081197"]), x
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_done_is_only_said_of_what_the_report_names(status: int, body: bytes) -> None:
    outcome = store(status, body)
    if outcome.verdict is Verdict.DONE:
        assert report(outcome.value).stored
        assert 200 <= status < 300


def test_an_answer_in_xml_is_kept() -> None:
    assert store(200, b"<x/>", "application/xml").value == {
        "contentType": "application/xml",
        "data": "PHgvPg==",
    }


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x0110, "processing failure"),
        (0x0122, "SOP class not supported"),
        (0xA700, "out of resources"),
        (0xA900, "the data set does not match its SOP class"),
        (0xC000, "cannot be understood"),
        (0xC122, "transfer syntax not supported"),
        (0x1234, "no reason given"),
    ],
)
def test_reasons_in_words(code: int, words: str) -> None:
    (failed,) = report(json.loads(dataset((), (("1.2", code),)))).failed
    assert (failed.code, failed.reason) == (code, words)
    assert f"{words} ({code:04X})" in store(409, dataset((), (("1.2", code),))).message


def test_the_detail_of_googles_store_is_told() -> None:
    body = (
        b'{"00081198": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2"]}, '
        b'"00081197": {"vr": "US", "Value": [272]}, "00090010": {"vr": "LO", "Value": ["GOOGLE"]}, '
        b'"00090097": {"vr": "UT", "Value": ["already exists"]}}]}}'
    )
    assert store(409, body).message.endswith("processing failure (0110): already exists")


def test_warnings_are_told() -> None:
    assert "data elements were coerced" in store(202, dataset(("1.2",), warned=0xB000)).message


def test_reports_are_shown_on_every_status_that_has_one() -> None:
    for status in (200, 202, 400, 409):
        assert store(status, dataset((), (("1", 0x0110),))).value is not None
    assert store(400, b'{"error": {"message": "m"}}').value == {"error": {"message": "m"}}
    assert store(404, b'{"error": {"message": "m"}}').value is None


def test_what_a_report_leaves_open_is_told() -> None:
    assert store(409, dataset((), (("1.2", 0x0110),))).message == (
        "not stored: 1 instance: processing failure (0110)"
    )
    assert store(400, dataset(("1.2",))).message == "the server answered 400 Bad Request\nstored 1 instance"
    assert store(400, b'{"00081198": {"vr": "SQ"}}').message == (
        "the server answered 400 Bad Request, and its report does not say why"
    )


def test_googles_error_message_is_told() -> None:
    assert store(404, b'{"error": {"code": 404, "message": "no store"}}').message == (
        "the server answered 404 Not Found: no store"
    )
    assert store(404, b'[{"error": {"message": "no store"}}]').message.endswith(": no store")


def test_other_methods_give_json_base64_or_nothing() -> None:
    assert read_json(answer(200, b'{"a": 1}', "application/json")).value == {"a": 1}
    assert read_json(answer(204)).value == {}
    assert read_json(answer(200, b"\xff", "image/png")).value == {"contentType": "image/png", "data": "/w=="}
    assert read_json(answer(200, b"{", "application/json")).verdict is Verdict.UNKNOWN
