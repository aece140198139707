"""Resumable uploads: whatever breaks, a server has in the end what was to be sent, or it is told."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from attrs import define, field
from google.oauth2.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import Upload, Verdict, call
from cursorkit.files import file_source
from cursorkit.methods.resumable import IDLE, QUANTUM
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Reset, Server, Write
from cursorkit.wire import Bytes, Headers, Response
from cursorkit.wire.message import NOTHING_SENT
from cursorkit_transports import Authorized, Https, Memory, Policy, Retrying
from cursorkit_transports.memory import Reply
from media_apis import method
from upload_store import SESSION, Fault, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cursorkit import Outcome
    from cursorkit.testing.server import Step
    from cursorkit.wire import BodySource, Request

MEDIA = bytes(range(256)) * 4096
"""A mebibyte."""

BUSY = Write(answer(503, b"", [("Retry-After", "7")]))


@define
class Bench:
    """A client and a store.

    Attributes:
        store: the store.
        url: where it is.
        waits: for how long the client waited each time.
    """

    store: Store
    url: str
    waits: list[float] = field(factory=list)

    def upload(self, source: BodySource = Bytes(MEDIA), *trusted: str, body: object = None) -> Outcome:  # noqa: B008
        transport = Retrying(Https(), Policy(first=0), sleep=self.waits.append)
        media = Upload(source, "image/png", "resumable", trusted)
        try:
            return call(
                method("objects.insert", self.url),
                {"bucket": "b"},
                body,
                transport,
                media=media,
                allow_empty=True,
            )
        finally:
            transport.close()


@contextmanager
def bench(
    *faults: Fault, questions: Sequence[Step | None] = (), openings: Sequence[Step | None] = ()
) -> Iterator[Bench]:
    made = Store(deque(faults), deque(questions), deque(openings))
    with Server((made,)) as server:
        yield Bench(made, server.url)


def assert_stored(outcome: Outcome, store: Store, media: bytes = MEDIA) -> None:
    assert outcome.verdict is Verdict.DONE, outcome
    assert outcome.value == {"name": "thing"}
    assert store.whole is not None
    assert sha256(store.whole).digest() == sha256(media).digest()
    assert outcome.sent is not None
    assert (outcome.sent.octets, outcome.sent.whole) == (len(media), True)
    assert outcome.sent.sha256 == sha256(media).hexdigest()


def test_on_the_wire() -> None:
    store = Store()
    with Server((store,)) as server:
        outcome = Bench(store, server.url).upload(body={"name": "thing", "size": "5"})
        opening, sending = server.exchanges
    assert_stored(outcome, store)
    assert (opening.verb, opening.target) == (
        "POST",
        "/resumable/upload/things/v1/b/b/o?uploadType=resumable",
    )
    assert opening.headers.get("X-Upload-Content-Type") == "image/png"
    assert opening.headers.get("X-Upload-Content-Length") == str(len(MEDIA))
    assert opening.headers.get("Content-Type") == "application/json"
    assert bytes(opening.body) == b'{"name": "thing", "size": "5"}'
    assert (sending.verb, sending.target) == ("PUT", store.location)
    assert sending.headers.get("Content-Type") == "image/png"
    assert sending.headers.get("Content-Length") == str(len(MEDIA))
    assert store.told == [f"bytes 0-{len(MEDIA) - 1}/{len(MEDIA)}"]


def test_without_a_body_the_announcement_is_empty() -> None:
    store = Store()
    with Server((store,)) as server:
        assert_stored(Bench(store, server.url).upload(), store)
        opening, _ = server.exchanges
    assert "Content-Type" not in opening.headers
    assert opening.headers.get("Content-Length") == "0"


def test_media_without_a_byte() -> None:
    with bench() as it:
        outcome = it.upload(Bytes())
        assert_stored(outcome, it.store, b"")
        assert it.store.told == ["bytes */0"]


def test_who_asks_is_proven_to_the_session_too() -> None:
    seen: list[str] = []

    def handler(request: Request, _: bytes) -> Reply:
        seen.append(request.headers.get("Authorization"))
        return Reply(headers=_location("https://things.googleapis.com/session"))

    call(
        method("objects.insert"),
        {"bucket": "b", "access_token": "TOKEN"},
        None,
        Memory(handler),
        media=Upload(Bytes(b"x"), protocol="resumable"),
    )
    assert seen == ["Bearer TOKEN", "Bearer TOKEN"]


@pytest.mark.parametrize("cut", [0, 1, 2, 255, 256, 257, 500, 998, 999, 1000])
@pytest.mark.parametrize("lost", [0, 1, 100])
def test_a_connection_that_breaks_anywhere(cut: int, lost: int) -> None:
    media = MEDIA[:1000]
    with bench(Fault(read=cut, keep=max(0, cut - lost))) as it:
        assert_stored(it.upload(Bytes(media)), it.store, media)
        assert it.store.sessions == 1
        assert it.store.told[1] == "bytes */1000"


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 3000), st.sampled_from([None, Reset(), BUSY])),
        max_size=5,
    )
)
@settings(max_examples=150)
def test_any_series_of_faults(faults: list[tuple[int, int, Reset | Write | None]]) -> None:
    media = MEDIA[:3000]
    series = [Fault(None if then is None else read, keep, then) for read, keep, then in faults]
    with bench(*series) as it:
        assert_stored(it.upload(Bytes(media)), it.store, media)
        assert it.store.sessions == 1


def test_what_is_kept_only_in_part_goes_on_from_there() -> None:
    quarter = len(MEDIA) // 4
    with bench(*[Fault(keep=quarter, then=None)] * 3) as it:
        assert_stored(it.upload(), it.store)
        starts = [told.partition("-")[0] for told in it.store.told]
        assert starts == [f"bytes {quarter * each}" for each in range(4)]
        assert it.waits == []


def test_a_busy_server_is_asked_after_the_time_that_it_asks_for() -> None:
    with bench(Fault(keep=300_000, then=BUSY), questions=[BUSY, Reset(), None]) as it:
        assert_stored(it.upload(), it.store)
        assert it.waits == [7, 7, 0]
        assert it.store.told[1:4] == [f"bytes */{len(MEDIA)}"] * 3
        assert it.store.told[4] == f"bytes 300000-{len(MEDIA) - 1}/{len(MEDIA)}"


def test_an_answer_that_is_lost_when_all_has_come_is_asked_for() -> None:
    with bench(Fault(then=Reset())) as it:
        assert_stored(it.upload(), it.store)
        assert it.store.told[1:] == [f"bytes */{len(MEDIA)}"]


def test_an_announcement_is_repeated() -> None:
    with bench(openings=[BUSY, Reset(), None]) as it:
        assert_stored(it.upload(), it.store)
        assert it.store.sessions == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_is_gone_begins_again(status: int) -> None:
    gone = Write(answer(status, b""))
    with bench(Fault(keep=300_000), Fault(keep=1000), questions=[gone, gone]) as it:
        assert_stored(it.upload(), it.store)
        assert it.store.sessions == 3


def test_sessions_that_all_go_come_to_an_end() -> None:
    with bench(*[Fault(then=Write(answer(410, b"")))] * 9) as it:
        outcome = it.upload()
        assert outcome.verdict is Verdict.REFUSED
        assert outcome.message == "the server answered 410 Gone"
        assert it.store.sessions == 3
        assert it.store.whole is None


def test_a_server_that_keeps_nothing_is_given_up() -> None:
    with bench(*[Fault(keep=0, then=None)] * 99) as it:
        outcome = it.upload()
        assert len(it.store.told) == 6
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.message.startswith("the server keeps nothing more of the media\nall of it was sent")


def test_a_server_that_keeps_a_byte_now_and_then_is_given_up() -> None:
    with bench(*[Fault(keep=each, then=None) for each in [QUANTUM, *[1] * 99]]) as it:
        outcome = it.upload()
        assert len(it.store.told) == 1 + IDLE + 1
    assert outcome.message.startswith("the server keeps nothing more of the media")


def test_a_refusal_is_told_in_the_words_of_the_server() -> None:
    refusal = answer(403, b'{"error": {"message": "No room."}}', [("Content-Type", "application/json")])
    with bench(openings=[Write(refusal)]) as it:
        outcome = it.upload()
        assert outcome.verdict is Verdict.AUTH
        assert outcome.message == "the server answered 403 Forbidden: No room."
        assert it.store.told == []
    with bench(Fault(then=Write(refusal))) as it:
        assert it.upload().message == "the server answered 403 Forbidden: No room."


@pytest.mark.parametrize("told", ["bytes=5-10", "bytes=0-x", "0--1", "bytes=0-5,7-9", "nonsense", "bytes=-5"])
def test_a_range_that_makes_no_sense(told: str) -> None:
    with bench(Fault(then=Write(answer(308, b"", [("Range", told)])))) as it:
        outcome = it.upload()
        assert len(it.store.told) == 1
    assert outcome.verdict is Verdict.UNKNOWN
    assert "makes no sense" in outcome.message


@pytest.mark.parametrize("more", [0, 1, 10**15])
def test_a_range_beyond_what_was_sent(more: int) -> None:
    beyond = Write(answer(308, b"", [("Range", f"bytes=0-{len(MEDIA) + more}")]))
    with bench(Fault(then=beyond)) as it:
        outcome = it.upload()
        assert len(it.store.told) == 1
    assert "more of the media than was sent" in outcome.message


def test_a_new_session_that_claims_what_the_old_one_had() -> None:
    media = MEDIA * 16
    gone, all_of_it = answer(410, b""), answer(308, b"", [("Range", f"bytes=0-{len(media) - 1}")])
    with bench(Fault(then=Write(gone)), Fault(read=0), questions=[Write(all_of_it)]) as it:
        outcome = it.upload(Bytes(media))
        assert it.store.sessions == 2
    assert "more of the media than was sent" in outcome.message


class Hasty:
    """Says that all is done before it has read anything."""

    def send(self, request: Request) -> Response:
        return Response(200, _location("https://things.googleapis.com/session"), Bytes(b"{}"), NOTHING_SENT)

    def close(self) -> None: ...


def test_a_success_without_the_media() -> None:
    media = Upload(Bytes(MEDIA), protocol="resumable")
    outcome = call(method("objects.insert"), {"bucket": "b"}, None, Hasty(), media=media)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message == "the server says that it has all of the media, which was not sent"


def test_another_port_is_another_server() -> None:
    memory = Memory(lambda _request, _body: Reply(headers=_location("https://emulator.example/session")))
    media = Upload(Bytes(MEDIA), protocol="resumable")
    root = "https://emulator.example:8443"
    outcome = call(method("objects.insert", root), {"bucket": "b"}, None, memory, media=media)
    assert "another host, emulator.example" in outcome.message
    assert len(memory.sent) == 1


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("", "does not say where"),
        ("https://evil.example/upload", "another host, evil.example"),
        ("https://things.googleapis.com.evil.example/", "another host, things.googleapis.com.evil.example"),
        ("https://evilgoogleapis.com/upload", "another host, evilgoogleapis.com"),
        ("https://user@things.googleapis.com/", "where anybody could read it"),
        ("http://things.googleapis.com/session", "where anybody could read it"),
        ("ftp://things.googleapis.com/session", "where anybody could read it"),
        ("http://127.0.0.1/session", "another host, 127.0.0.1"),
        ("https://things.googleapis.com/a b", "does not say where"),
        ("https://things.googleapis.com/\x01", "does not say where"),
    ],
)
def test_media_goes_to_nobody_else(location: str, told: str) -> None:
    memory = Memory(lambda _request, _body: Reply(headers=_location(location)))
    media = Upload(Bytes(b"SECRET"), protocol="resumable")
    outcome = call(method("objects.insert"), {"bucket": "b"}, None, memory, media=media)
    assert outcome.verdict is Verdict.REFUSED
    assert told in outcome.message
    assert [body for _, body in memory.sent] == [b""]


@pytest.mark.parametrize(
    ("location", "trusted"),
    [
        ("/upload/session?upload_id=1", ()),
        ("https://things.googleapis.com/session", ()),
        ("HTTPS://THINGS.googleapis.com/session", ()),
        ("https://www.googleapis.com/session", ()),
        ("https://uploads.example/session", ("uploads.example",)),
        ("https://uploads.example/session", ("Uploads.Example",)),
        ("HTTPS://Uploads.Example/session", ("uploads.example",)),
    ],
)
def test_media_goes_to_whom_it_may(location: str, trusted: tuple[str, ...]) -> None:
    memory = Memory(lambda _request, _body: Reply(headers=_location(location)))
    media = Upload(Bytes(b"media"), protocol="resumable", trusted_hosts=trusted)
    outcome = call(method("objects.insert"), {"bucket": "b"}, None, memory, media=media)
    assert outcome.verdict is Verdict.DONE
    assert [body for _, body in memory.sent] == [b"", b"media"]
    assert SESSION not in repr(memory.sent[1][0])


def _location(url: str) -> Headers:
    return Headers([("Content-Type", "application/json"), ("Location", url)])


@pytest.mark.parametrize("change", ["other bytes", "a tail", "shorter", "forged"])
def test_a_file_that_changes_meanwhile_is_never_sent_in_two_versions(change: str, tmp_path: Path) -> None:
    path = tmp_path / "media"
    path.write_bytes(MEDIA)

    def meanwhile(_seconds: float) -> None:
        status = path.stat()
        match change:
            case "a tail":
                path.write_bytes(MEDIA + b"x")
            case "shorter":
                path.write_bytes(MEDIA[:-1])
            case _:
                path.write_bytes(MEDIA[:1000] + b"other" + MEDIA[1005:])
        if change == "forged":
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    store = Store(deque([Fault(keep=500_000)]))
    with Server((store,)) as server:
        transport = Retrying(Https(), Policy(first=0), sleep=meanwhile)
        media = Upload(file_source(path), protocol="resumable")
        outcome = call(method("objects.insert", server.url), {"bucket": "b"}, None, transport, media=media)
        transport.close()
    assert outcome.verdict is Verdict.LOCAL
    assert store.whole is None
    # What came is of the first version, to the last byte.
    assert bytes(store.kept) == MEDIA[: len(store.kept)]


def test_without_attempts_a_fault_is_told() -> None:
    store = Store(deque([Fault(read=1000)]))
    with Server((store,)) as server:
        transport = Https()
        media = Upload(Bytes(MEDIA * 16), protocol="resumable")
        outcome = call(method("objects.insert", server.url), {"bucket": "b"}, None, transport, media=media)
        transport.close()
    assert outcome.verdict is Verdict.LATER
    assert outcome.sent is not None
    assert 1000 <= outcome.sent.octets < len(MEDIA) * 16


def test_a_token_that_runs_out_meanwhile_is_renewed_and_all_of_it_sent_again() -> None:
    store = Store(deque([Fault(keep=0, then=Write(answer(401, b"")))]))
    tokens, later = iter(["token1", "token2"]), datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    credentials = Credentials(None, refresh_handler=lambda request, scopes: (next(tokens), later))
    with Server((store,)) as server:
        transport = Authorized(Https(), credentials)
        media = Upload(Bytes(MEDIA), protocol="resumable")
        outcome = call(method("objects.insert", server.url), {"bucket": "b"}, None, transport, media=media)
        transport.close()
    assert_stored(outcome, store)
    assert [each.headers.get("Authorization") for each in server.exchanges] == [
        "Bearer token1",
        "Bearer token1",
        "Bearer token2",
    ]
    assert store.told == [f"bytes 0-{len(MEDIA) - 1}/{len(MEDIA)}"] * 2
