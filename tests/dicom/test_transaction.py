"""What becomes of instances, whatever a server answers. It is asked over HTTP, and does as it is told."""

from __future__ import annotations

import hashlib
from contextlib import closing
from itertools import chain
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from attrs import evolve, frozen

from cursorkit import dicom
from cursorkit.dicom import Journal, Limits, State, Target, find, plan
from cursorkit.dicom.batches import fill
from cursorkit.dicom.outlook import Outlook
from cursorkit.dicom.transaction import store_batch
from cursorkit.testing.server import Close, Hang, ReadBody, Reset
from cursorkit.wire import (
    AuthenticationError,
    Bytes,
    ConnectError,
    Endpoint,
    Headers,
    Response,
    StorageError,
    TrustError,
)
from cursorkit.wire.message import NOTHING_SENT
from cursorkit.wire.multipart import media_type
from cursorkit_transports.memory import Memory, Reply
from dicom_store import JSON, Answering, CutOff, DicomStore, dicom_file, instances, report, said, uid, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit.dicom import Result
    from cursorkit.testing.server import Exchange, Peer, Step
    from cursorkit.wire import Request, TransportError

    Answer = Callable[[DicomStore, Exchange], Step]

HTML = b"<html>the page of a proxy</html>"
STORED, REFUSED, UNKNOWN = State.STORED, State.REFUSED, State.UNKNOWN
LATER, UNAUTHORIZED = State.LATER, State.UNAUTHORIZED
HANG = Hang()
SHORT, LONG = 0.2, 2.0
"""Seconds of silence that are waited for where nobody ever speaks, and where somebody may do so later."""


def ran(store: DicomStore, paths: list[Path], patience: float = 0.0, silence: float = 20.0) -> list[Result]:
    """What becomes of files that are sent in one request, and then perhaps alone; in their order."""
    with dicom.store(paths, store.target(patience, silence), jobs=1, limits=Limits(50)) as run:
        results = {each.name: each for each in run}
    assert len(results) == sum(run.counts.values()) == len(paths)
    for each in results.values():
        assert each.state.settled or each.reason
        if each.state is STORED:
            assert each.instance is not None
            kept = store.kept[each.instance.sop_instance]
            assert hashlib.sha256(kept).hexdigest() == each.sha256
    return [results[str(path)] for path in paths]


def states(results: list[Result]) -> list[State]:
    return [each.state for each in results]


def scripted(first: Answer, then: Answer | None = None) -> DicomStore:
    """A store that reads the body, and answers the first request in one way and all others in another."""
    calls: list[None] = []

    def turn(store: DicomStore, exchange: Exchange) -> tuple[Step, ...]:
        calls.append(None)
        chosen = first if then is None or len(calls) == 1 else then
        return ReadBody(), Answering(store, chosen)

    return DicomStore(turn)


def keeping(status: int, *numbers: int, failed: tuple[str, ...] = (), code: int = 0xC000) -> Answer:
    """Keep only these, and say so, and name others as failed."""
    return lambda store, exchange: said(status, report(store.keep(map(uid, numbers), exchange), failed, code))


def saying(status: int, content: bytes = b"", *headers: tuple[str, str]) -> Answer:
    return lambda store, exchange: said(status, content, *headers)


def hanging(store: DicomStore, exchange: Exchange) -> Step:
    return HANG


def well(store: DicomStore, exchange: Exchange) -> Step:
    return said(200, report(store.all(exchange)))


# --- reports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202, 400, 409, 500, 503])
def test_what_a_report_names_is_settled_whatever_the_status(tmp_path: Path, status: int) -> None:
    with scripted(keeping(status, 1, 3, failed=(uid(2),))) as store:
        results = ran(store, written(tmp_path, [1, 2, 3]))
        assert states(results) == [STORED, REFUSED, STORED]
        assert results[1].reason == "cannot be understood (C000)"
        assert results[1].code == 0xC000
        assert results[1].advice
        assert len(store.requests) == 1


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        (keeping(200), [1, 2, 3]),
        (keeping(200, 1), [2, 3]),
        (keeping(202, 2), [1, 3]),
        (keeping(400, 3), [1, 2]),
        (keeping(409, 3, failed=("",)), [1, 2]),
        (keeping(200, failed=("1.2.3", "")), [1, 2, 3]),
        (saying(200, HTML), [1, 2, 3]),
        (saying(200), [1, 2, 3]),
        (saying(202, b"[]"), [1, 2, 3]),
        (saying(202, b'{"00081199": {"Value": [1, null, {"00081155": 3}]}}'), [1, 2, 3]),
        (saying(400), [1, 2, 3]),
        (saying(409, HTML), [1, 2, 3]),
        (saying(413), [1, 2, 3]),
        (saying(415), [1, 2, 3]),
        (saying(403), [1, 2, 3]),
        (saying(404), [1, 2, 3]),
        (saying(500), [1, 2, 3]),
        (saying(502, HTML), [1, 2, 3]),
        (saying(503), [1, 2, 3]),
        (lambda *_: Reset(), [1, 2, 3]),
        (lambda *_: Close(), [1, 2, 3]),
        (hanging, [1, 2, 3]),
        (lambda *_: CutOff(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), [1, 2, 3]),
    ],
)
def test_what_no_report_names_is_sent_alone_once(tmp_path: Path, first: Answer, asked: list[int]) -> None:
    with scripted(first, well) as store:
        silence = LONG if first is hanging else 20
        results = ran(store, written(tmp_path, [1, 2, 3]), silence=silence)
        assert states(results) == [STORED, STORED, STORED]
        assert store.requests[1:] == [[uid(number)] for number in asked]


@pytest.mark.parametrize(
    ("always", "state", "told"),
    [
        (keeping(200), UNKNOWN, "answered 200 OK, but its report does not name this instance"),
        (saying(202, HTML), UNKNOWN, "answered 202 Accepted, but its report cannot be read"),
        (keeping(200, failed=("1.2.3",)), UNKNOWN, "does not name this instance"),
        (
            keeping(409, failed=("",), code=0xA900),
            REFUSED,
            "the data set does not match its SOP class (A900)",
        ),
        (keeping(409, failed=("",), code=0), REFUSED, "no reason given"),
        (saying(400), REFUSED, "the server answered 400 Bad Request"),
        (saying(409), REFUSED, "the server answered 409 Conflict"),
        (saying(413), REFUSED, "413"),
        (saying(415), REFUSED, "the server answered 415 Unsupported Media Type"),
        (saying(404), REFUSED, "the server answered 404 Not Found"),
        (saying(307, b"", ("Location", "/x")), REFUSED, "points to another address"),
        (saying(507), REFUSED, "507"),
        (saying(403), UNAUTHORIZED, "the server answered 403 Forbidden"),
        (saying(401), UNAUTHORIZED, "the server answered 401 Unauthorized"),
        (saying(429), LATER, "the server answered 429 Too Many Requests"),
        (saying(500), LATER, "the server answered 500 Internal Server Error"),
        (saying(503), LATER, "the server answered 503 Service Unavailable"),
        (lambda *_: Reset(), UNKNOWN, "the connection to 127.0.0.1:"),
        (hanging, UNKNOWN, "fell silent"),
    ],
)
def test_what_is_not_named_alone_either_is_told_of(
    tmp_path: Path, always: Answer, state: State, told: str
) -> None:
    with scripted(always) as store:
        results = ran(store, written(tmp_path, [1, 2]), silence=SHORT if always is hanging else 20)
        assert states(results) == [state, state]
        assert all(told in each.reason and "\n" not in each.reason for each in results)
        assert all(each.advice for each in results)
        assert len(store.requests) <= 3


def test_what_is_named_as_stored_and_as_failed_has_failed(tmp_path: Path) -> None:
    with scripted(keeping(202, 1, 2, failed=(uid(1),))) as store:
        assert states(ran(store, written(tmp_path, [1, 2]))) == [REFUSED, STORED]


def test_instances_that_nobody_sent_count_for_nothing(tmp_path: Path) -> None:
    everything = report([uid(7), uid(8)], [uid(9), ""])
    with scripted(saying(200, everything)) as store:
        # What failed and cannot be named is the one that was sent alone, unless that is stored.
        assert states(ran(store, written(tmp_path, [1, 2]))) == [REFUSED, REFUSED]
        assert len(store.requests) == 3


def test_a_success_before_everything_is_there_is_none(tmp_path: Path) -> None:
    class Hasty:
        def send(self, request: Request) -> Response:
            return Response(200, Headers([JSON]), Bytes(report([uid(1)])), NOTHING_SENT)

        def close(self) -> None:
            pass

    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Hasty())
    (result,) = dicom.store(written(tmp_path, [1]), target)
    assert (result.state, result.sha256) == (UNKNOWN, "")


def test_a_warning_is_kept(tmp_path: Path) -> None:
    coerced = report([uid(1)]).replace(
        b'"Value": [{', b'"Value": [{"00081196": {"vr": "US", "Value": [45056]}, ', 1
    )
    with scripted(lambda store, exchange: (store.all(exchange), said(202, coerced))[1]) as store:
        (result,) = ran(store, written(tmp_path, [1]))
        assert (result.state, result.reason, result.code) == (STORED, "data elements were coerced", 0xB000)


def test_an_answer_before_the_body_is_read_counts(tmp_path: Path) -> None:
    """The request of all is too large for the server; each alone is not."""
    early = said(413, b"", ("Connection", "close"))

    def turn(store: DicomStore, exchange: Exchange) -> tuple[Step, ...]:
        large = int(exchange.headers.get("Content-Length")) > 2**20
        return (early, Close()) if large else store.well()

    with DicomStore(turn) as store:
        paths = written(tmp_path, range(4), bytes(2**19))
        assert states(ran(store, paths)) == [STORED] * 4


# --- bad files and their neighbours ------------------------------------------------------------------------

BAD = 99


@frozen
class _Poisoned:
    """What is done with a request that holds a certain instance, and with others that do not.

    Attributes:
        store: the store.
        octets: how much of the body is read before that; None for all.
        step: what is done then.
    """

    store: DicomStore
    whole: bool
    step: Step

    def play(self, peer: Peer) -> None:
        length = int(peer.exchange.headers.get("Content-Length"))
        ReadBody(length // 2).play(peer)
        bad = uid(BAD).encode() in peer.exchange.body
        if self.whole or not bad:
            ReadBody(length - length // 2).play(peer)
        (self.step if bad else said(200, report(self.store.all(peer.exchange)))).play(peer)


@pytest.mark.parametrize(
    ("whole", "step", "state"),
    [
        (True, said(500), LATER),
        (True, said(503), LATER),
        (True, said(403), UNAUTHORIZED),
        (True, said(404), REFUSED),
        (True, said(400), REFUSED),
        (True, said(409, report(failed=[""])), REFUSED),
        (True, Reset(), UNKNOWN),
        (True, HANG, UNKNOWN),
        # How much of it had left by then is a matter of buffers.
        (False, Reset(), None),
        (False, Close(), None),
    ],
)
def test_a_file_that_a_server_does_not_bear_fails_alone(
    tmp_path: Path, whole: bool, step: Step, state: State | None
) -> None:
    paths = written(tmp_path, [1, BAD, *range(2, 10)], bytes(500_000))
    with DicomStore(lambda store, _: (_Poisoned(store, whole, step),)) as store:
        target = store.target(0.05, LONG if step is HANG else 20)
        with dicom.store(paths, target, jobs=1, limits=Limits(4)) as run:
            results = {each.name: each.state for each in run}
        assert results.pop(str(paths[1])) in ({LATER, UNKNOWN} if state is None else {state})
        assert set(results.values()) == {STORED}
        assert len(results) == len(store.kept) == 9


@pytest.mark.parametrize("bad", [{1, 2}, {0, 1, 4, 5, 8, 9}, {3, 7, 8, 11}])
@pytest.mark.parametrize("count", [1, 4])
def test_files_that_a_server_does_not_bear_are_no_reason_to_stop(
    tmp_path: Path, bad: set[int], count: int
) -> None:
    """Two of them in a row are not, however many there are in all, in requests of one or of several."""

    def answered(store: DicomStore, exchange: Exchange) -> Step:
        return said(500) if {*map(uid, bad)} & {*instances(exchange)} else well(store, exchange)

    paths = written(tmp_path, range(12))
    with scripted(answered) as store:
        run = dicom.store(paths, store.target(), jobs=1, limits=Limits(count))
        failed = {each.name for each in run if each.state is LATER}
    assert failed == {str(paths[each]) for each in bad}
    assert run.counts == {STORED: 12 - len(bad), LATER: len(bad)}


@pytest.mark.parametrize("status", [200, 400, 409, 413, 415, 422])
def test_refusals_of_what_was_sent_are_no_reason_to_stop(tmp_path: Path, status: int) -> None:
    bad = {*map(uid, range(8))}

    def answered(store: DicomStore, exchange: Exchange) -> Step:
        return said(status) if bad & {*instances(exchange)} else well(store, exchange)

    with scripted(answered) as store:
        run = dicom.store(written(tmp_path, range(10)), store.target(), jobs=1, limits=Limits(2))
        assert states([*run])[-2:] == [STORED, STORED]
        assert run.counts[STORED] == 2


def test_requests_of_several_that_fail_at_the_same_time_are_no_reason_to_stop(tmp_path: Path) -> None:
    together = Barrier(3)

    def answered(store: DicomStore, exchange: Exchange) -> Step:
        if len(instances(exchange)) > 1:
            together.wait(30)
            return said(500)
        return well(store, exchange)

    with scripted(answered) as store:
        run = dicom.store(written(tmp_path, range(12)), store.target(), jobs=3, limits=Limits(4))
        assert {*states([*run])} == {STORED}


@pytest.mark.parametrize("change", ["changes", "vanishes"])
def test_files_that_change_after_they_were_planned_fail_alone(tmp_path: Path, change: str) -> None:
    paths = written(tmp_path, range(7))
    bad = {1, 2, 3, 4}
    with DicomStore() as store, Journal() as journal:
        target = store.target()
        planned = [*plan(find(map(str, paths)), target, journal)]
        for number in bad:
            if change == "changes":
                paths[number].write_bytes(dicom_file(number, b"others"))
            else:
                paths[number].unlink()
        (batch,) = fill(planned, Limits(10))
        assert not isinstance(batch, dicom.Result)
        with closing(target.open()) as transport:
            results = [*chain(*store_batch(batch, target, transport, Outlook()))]
        assert len(results) == 7
        for number, result in enumerate(results):
            assert result.state is (State.UNREADABLE if number in bad else STORED)
            assert (str(paths[number]) in result.reason) is (number in bad)
        assert len(store.kept) == 3


# --- where it makes no sense to go on ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("always", "requests", "state", "rest"),
    [
        (said(401), 1, UNAUTHORIZED, UNAUTHORIZED),
        (said(429), 1, LATER, LATER),
        (said(503, b"", ("Retry-After", "3600")), 1, LATER, LATER),
        (said(403), 4, UNAUTHORIZED, UNAUTHORIZED),
        (said(404), 4, REFUSED, REFUSED),
        (said(500), 4, LATER, LATER),
        (said(503), 4, LATER, LATER),
        (Reset(), 4, UNKNOWN, LATER),
        (HANG, 4, UNKNOWN, LATER),
        (said(409, report(failed=map(uid, range(50)), code=0xA700)), 1, LATER, LATER),
    ],
)
def test_where_another_request_would_fare_no_better_nothing_more_is_sent(
    tmp_path: Path, always: Step, requests: int, state: State, rest: State
) -> None:
    """Ten requests would have been, and one for each of a hundred instances."""
    paths = written(tmp_path, range(100))
    with DicomStore(lambda *_: (ReadBody(), always)) as store:
        target = store.target(silence=SHORT if always is HANG else 20)
        with dicom.store(paths, target, jobs=1, limits=Limits(10)) as run:
            results = [*run]
        assert len(store.server.exchanges) == requests
    assert len({each.name for each in results}) == 100
    assert results[0].state is state
    assert {each.state for each in results[10:]} == {rest}
    assert all("not tried any more: " in each.reason for each in results[10:])
    assert all(each.advice for each in results)


@pytest.mark.parametrize(
    ("error", "state", "advice"),
    [
        (ConnectError("cannot connect to HOST: refused"), LATER, "run this again later"),
        (TrustError("the certificate of HOST is not trusted"), REFUSED, "name the authorities"),
        (AuthenticationError("there are no credentials"), UNAUTHORIZED, "credentials are right"),
        (StorageError("the store cannot be written: No space left on device"), LATER, "make room"),
    ],
)
def test_what_no_file_can_be_the_cause_of_ends_a_run_at_once(
    tmp_path: Path, error: TransportError, state: State, advice: str
) -> None:
    calls = []

    def raised(request: Request, body: bytes) -> Reply:
        calls.append(request)
        raise error

    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Memory(raised))
    results = [*dicom.store(written(tmp_path, range(20)), target, jobs=1, limits=Limits(5))]
    assert len(results) == 20
    assert {each.state for each in results} == {state}
    assert all(str(error) in each.reason and advice in each.advice for each in results)
    assert len(calls) == 1


def test_an_answer_that_was_lost_stays_a_doubt(tmp_path: Path) -> None:
    """The whole request arrives, and nobody says what became of it; after that, the server is busy."""
    with scripted(lambda *_: Reset(), saying(503)) as store:
        results = ran(store, written(tmp_path, [1, 2]))
        assert states(results) == [UNKNOWN, UNKNOWN]
        assert all("may have been carried out" in each.reason and "503" in each.reason for each in results)


def test_what_every_request_meets_with_is_told_once(tmp_path: Path) -> None:
    with scripted(lambda *_: Reset()) as store:
        results = ran(store, written(tmp_path, range(8)))
    assert states(results) == [UNKNOWN] * 8
    assert [each.reason.count("may have been carried out") for each in results] == [1] * 8


def test_an_answer_that_was_lost_stays_a_doubt_among_attempts(tmp_path: Path) -> None:
    with scripted(lambda *_: Reset(), saying(503)) as store:
        (result,) = ran(store, written(tmp_path, [1]), patience=0.2)
        assert len(store.server.exchanges) > 1
        assert result.state is UNKNOWN
        assert "an earlier attempt sent everything" in result.reason
    duplicate = report(failed=[uid(1)], code=0x0111)
    with scripted(lambda *_: Reset(), saying(409, duplicate)) as store:
        (result,) = ran(store, written(tmp_path, [1]), patience=5)
        assert result.state is REFUSED
        assert result.reason.startswith("duplicate instance (0111); an earlier attempt sent everything")


def test_what_was_lost_is_stored_by_the_next_attempt(tmp_path: Path) -> None:
    def lost(store: DicomStore, exchange: Exchange) -> Step:
        store.all(exchange)
        return Reset()

    with scripted(lost, well) as store:
        assert states(ran(store, written(tmp_path, [1, 2]), patience=5)) == [STORED, STORED]
        assert [len(each) for each in store.requests] == [2, 2]


def test_servers_are_not_quoted_with_what_is_private(tmp_path: Path) -> None:
    secret = "CANARY-token"
    answer = report(failed=[uid(1)]).replace(
        b'"00081197"', b'"00090097": {"vr": "UT", "Value": ["no room for CANARY-token"]}, "00081197"'
    )

    class Opened:
        def send(self, request: Request) -> Response:
            return evolve(Memory(lambda *_: Reply(409, answer)).send(request), secrets=(secret,))

        def close(self) -> None:
            pass

    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Opened())
    (result,) = dicom.store(written(tmp_path, [1]), target)
    assert "no room for ***" in result.reason
    assert secret not in repr(result)


# --- the bytes ----------------------------------------------------------------------------------------------


def test_a_request_is_that_of_the_standard(tmp_path: Path) -> None:
    paths = written(tmp_path, range(6), b"\r\n--" + bytes(range(256)) * 100)
    with DicomStore() as store:
        target = evolve(store.target(), headers=Headers([("X-Who", "it")]))
        assert {each.state for each in dicom.store(paths, target, jobs=1, limits=Limits(2))} == {STORED}
        exchanges = store.server.exchanges
    boundaries = set()
    for number, exchange in enumerate(exchanges):
        assert (exchange.verb, exchange.target) == ("POST", "/studies")
        fields = exchange.headers
        assert fields.get("Accept") == "application/dicom+json"
        assert fields.get("X-Who") == "it"
        assert "Transfer-Encoding" not in fields
        assert fields.get("Content-Length") == str(len(exchange.body))
        kind, parameters = media_type(fields.get("Content-Type"))
        assert (kind, parameters["type"]) == ("multipart/related", "application/dicom")
        boundary = parameters["boundary"].encode()
        boundaries.add(boundary)
        contents = [path.read_bytes() for path in paths[2 * number : 2 * number + 2]]
        assert not any(boundary in content for content in contents)
        head = b"Content-Type: application/dicom\r\n\r\n"
        parts = b"".join(b"\r\n--" + boundary + b"\r\n" + head + content for content in contents)
        assert exchange.body == parts[2:] + b"\r\n--" + boundary + b"--\r\n"
    assert len(boundaries) == len(exchanges) == 3
    assert all(len(bytes.fromhex(each.decode())) == 16 for each in boundaries)
