"""What an outcome says of the attempts before the last, and answers that are asked for once more."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import pytest
from attrs import define, evolve, field

from cursorkit import HttpBody, Verdict, call, read
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.call import failed
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadBody, ReadHead, Reset, Server, replying
from cursorkit.wire import (
    Attempt,
    AuthenticationError,
    Bytes,
    ConnectError,
    Headers,
    History,
    PermanentError,
    Response,
    Sent,
    StorageError,
    TransportError,
    TrustError,
)
from cursorkit_transports import Https, Memory, Policy, Retrying
from cursorkit_transports.memory import Reply

if TYPE_CHECKING:
    from cursorkit import Outcome
    from cursorkit.testing.server import Script
    from cursorkit.wire import BodySource, Request

PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}
BODY = bytes(range(256)) * 20_000
DICOM_JSON = Headers([("Content-Type", "application/dicom+json")])


def report(tag: str) -> bytes:
    item = {"00081155": {"vr": "UI", "Value": ["1.2"]}, "00081197": {"vr": "US", "Value": [272]}}
    return json.dumps({tag: {"vr": "SQ", "Value": [item]}}).encode()


STORED = Reply(200, report("00081199"), DICOM_JSON)
REFUSED = report("00081198")
WHOLE = Sent(len(BODY), whole=True, sha256=sha256(BODY).hexdigest())
LOST = Attempt(WHOLE, None, "it fell silent")
CUT = Attempt(Sent(2, whole=False, sha256=""), None, "it broke")
LOST_WORDS = "an earlier attempt sent everything, and may have been carried out: it fell silent"
CUT_WORDS = "an earlier attempt was cut off after 2 bytes, which may have been kept"


# --- what was before --------------------------------------------------------------------------------------


def answered(status: int, body: bytes, *earlier: Attempt, ended: str = "") -> Outcome:
    response = Response(status, DICOM_JSON, Bytes(body), WHOLE, History(earlier, ended))
    return read(STORE_INSTANCES, response)


def test_a_conflict_after_an_attempt_that_was_cut_off_says_so() -> None:
    outcome = answered(409, REFUSED, CUT)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message.splitlines() == ["not stored: 1 instance: processing failure (0110)", CUT_WORDS]
    assert outcome.value == json.loads(REFUSED)


def test_a_success_needs_no_word_of_what_was_before() -> None:
    outcome = answered(200, STORED.body, CUT, LOST)
    assert (outcome.verdict, outcome.message) == (Verdict.DONE, "stored 1 instance")


@pytest.mark.parametrize(
    ("status", "alone", "lost"),
    [
        (503, Verdict.LATER, Verdict.UNKNOWN),
        (429, Verdict.LATER, Verdict.UNKNOWN),
        (401, Verdict.AUTH, Verdict.AUTH),
        (404, Verdict.REFUSED, Verdict.REFUSED),
        (200, Verdict.UNKNOWN, Verdict.UNKNOWN),
    ],
)
def test_unknown_wins_over_later(status: int, alone: Verdict, lost: Verdict) -> None:
    assert answered(status, b"{}").verdict is alone
    assert answered(status, b"{}", CUT).verdict is alone
    outcome = answered(status, b"{}", LOST, CUT)
    assert outcome.verdict is lost
    assert outcome.message.splitlines()[-2:] == [LOST_WORDS, CUT_WORDS]


def test_why_there_was_no_further_attempt() -> None:
    outcome = answered(503, b"{}", ended="given up after 2 attempts in 600 s")
    assert outcome.message.splitlines() == [
        "the server answered 503 Service Unavailable",
        "given up after 2 attempts in 600 s",
    ]


def fault(error: TransportError, *earlier: Attempt, ended: str = "") -> Outcome:
    error.history = History(earlier, ended)
    return failed(error, idempotent=True)


@pytest.mark.parametrize(
    ("error", "alone", "lost"),
    [
        (ConnectError("x"), Verdict.LATER, Verdict.UNKNOWN),
        (TransportError("x", CUT.sent), Verdict.LATER, Verdict.UNKNOWN),
        (TransportError("x", WHOLE), Verdict.UNKNOWN, Verdict.UNKNOWN),
        (PermanentError("x"), Verdict.REFUSED, Verdict.REFUSED),
        (PermanentError("x", WHOLE), Verdict.UNKNOWN, Verdict.UNKNOWN),
        (TrustError("x"), Verdict.REFUSED, Verdict.REFUSED),
        (AuthenticationError("x"), Verdict.AUTH, Verdict.AUTH),
        (StorageError("x", CUT.sent), Verdict.LOCAL, Verdict.LOCAL),
        (StorageError("x", WHOLE), Verdict.UNKNOWN, Verdict.UNKNOWN),
    ],
)
def test_faults(error: TransportError, alone: Verdict, lost: Verdict) -> None:
    assert fault(error).verdict is alone
    assert fault(error, CUT).verdict is alone
    outcome = fault(error, LOST, ended="given up")
    assert outcome.verdict is lost
    assert outcome.message.splitlines()[-2:] == ["given up", LOST_WORDS]


def test_whether_sending_it_again_is_safe_is_said_of_what_is_known_to_be() -> None:
    lost = TransportError("it fell silent", WHOLE)
    all_sent = "it fell silent\nall of it was sent, and may have been carried out"
    assert failed(lost).message == all_sent
    assert failed(lost, idempotent=True).message == f"{all_sent}; sending the same again is safe"


def over_the_wire(*scripts: Script) -> tuple[Outcome, Server]:
    with Server(*scripts) as server:
        transport = Retrying(Https(), Policy(budget=30, first=0))
        method = STORE_INSTANCES.at(server.url)
        outcome = call(method, PLACE, HttpBody("application/dicom", BODY), transport)
        transport.close()
    return outcome, server


def test_a_conflict_that_a_cut_attempt_may_have_made() -> None:
    conflict = answer(409, REFUSED, DICOM_JSON)
    outcome, server = over_the_wire((ReadHead(), ReadBody(300_000), Reset()), replying(conflict))
    assert outcome.verdict is Verdict.REFUSED
    assert "an earlier attempt was cut off after " in outcome.message
    assert server.exchanges[1].body == BODY


def test_a_whole_body_without_an_answer_and_then_a_busy_server() -> None:
    busy = replying(answer(503, b"", [("Retry-After", "99")]))
    outcome, _ = over_the_wire((ReadHead(), ReadBody(), Reset()), busy)
    assert outcome.verdict is Verdict.UNKNOWN
    told, ended, doubt = outcome.message.splitlines()
    assert told == "the server answered 503 Service Unavailable"
    assert re.fullmatch(r"the server asks to wait 99 s, and \d+ s are left to try again", ended)
    assert doubt.startswith("an earlier attempt sent everything, and may have been carried out: ")


# --- a success that nobody can read -----------------------------------------------------------------------


@define
class Answering:
    """A handler that answers as it is told, in order."""

    results: list[Reply | Exception]

    def __call__(self, _request: Request, _body: bytes) -> Reply:
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result


def asked(
    *results: Reply | Exception, idempotent: bool = True, body: BodySource | None = None
) -> tuple[Outcome, Memory]:
    memory = Memory(Answering([*results]))
    method = evolve(STORE_INSTANCES, idempotent=idempotent)
    content = HttpBody("application/dicom", Bytes(BODY) if body is None else body)
    return call(method, PLACE, content, memory), memory


UNREADABLE = [b"", b"<html>", REFUSED[:-1], b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("body", UNREADABLE, ids=len)
def test_it_is_asked_for_once_more(body: bytes) -> None:
    outcome, memory = asked(Reply(200, body, DICOM_JSON), STORED)
    assert (outcome.verdict, outcome.message) == (Verdict.DONE, "stored 1 instance")
    assert [sent for _, sent in memory.sent] == [BODY] * 2


@pytest.mark.parametrize("body", UNREADABLE, ids=len)
def test_but_not_a_third_time(body: bytes) -> None:
    outcome, memory = asked(*[Reply(200, body, DICOM_JSON)] * 2, STORED)
    assert outcome.verdict is Verdict.UNKNOWN
    assert "its report cannot be read" in outcome.message
    assert len(memory.sent) == 2


def test_nor_where_it_might_be_done_twice() -> None:
    outcome, memory = asked(Reply(200, b"<html>"), STORED, idempotent=False)
    assert (outcome.verdict, len(memory.sent)) == (Verdict.UNKNOWN, 1)


def test_nor_an_answer_that_can_be_read_or_is_no_success() -> None:
    for reply in (Reply(200, b"{}"), Reply(400, b"<html>"), Reply(503, b"<html>"), Reply(301, b"")):
        _, memory = asked(reply, STORED)
        assert len(memory.sent) == 1


UNREAD_WORDS = (
    "an earlier attempt sent everything, and may have been carried out: "
    "what the server answered could not be read"
)


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (ConnectError("refused"), Verdict.UNKNOWN),
        (TransportError("it broke", CUT.sent), Verdict.UNKNOWN),
        (Reply(503), Verdict.UNKNOWN),
        (Reply(409, REFUSED, DICOM_JSON), Verdict.REFUSED),
        (AuthenticationError("expired"), Verdict.AUTH),
    ],
)
def test_it_is_not_forgotten_when_the_second_time_goes_worse(
    second: Reply | Exception, verdict: Verdict
) -> None:
    outcome, memory = asked(Reply(200, b"<html>"), second)
    assert outcome.verdict is verdict
    assert outcome.message.splitlines()[-1] == UNREAD_WORDS
    assert len(memory.sent) == 2


@define
class Fickle:
    """A source that gives other bytes the second time."""

    length = len(BODY)
    opened: int = field(default=0, init=False)

    def open(self) -> BinaryIO:
        self.opened += 1
        return BytesIO(BODY if self.opened == 1 else BODY[::-1])


def test_it_is_asked_for_with_the_same_bytes_or_not_at_all() -> None:
    outcome, memory = asked(Reply(200, b"<html>"), STORED, body=Fickle())
    assert outcome.verdict is Verdict.LOCAL
    assert outcome.message.splitlines() == ["the body is no longer what was sent of it before", UNREAD_WORDS]
    assert len(memory.sent) == 1
