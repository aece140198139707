"""Media with a call in one request, and media for an answer."""

from __future__ import annotations

import json
from copy import deepcopy
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from cursorkit import ArgumentErrors, HttpBody, SchemaError, SourceError, Upload, Verdict, call, prepare, read
from cursorkit.files import file_source
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.discovery import Methods
from cursorkit.testing.answers import FLAWED, answer, chunked
from cursorkit.testing.server import Close, Server, replying
from cursorkit.wire import Bytes, Headers
from cursorkit.wire.multipart import media_type, split
from cursorkit.wire.source import blocks
from cursorkit_transports import Https, Memory
from cursorkit_transports.memory import Reply
from media_apis import DOCUMENT, method

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.wire import Request

PLACE = {"bucket": "b"}
THING = {"bucket": "b", "object": "a/b", "alt": "media"}
IMAGE = Upload(Bytes(b"\x89PNG\r\n\x1a\n"), "image/png")


def content(request: Request) -> bytes:
    return b"".join(blocks(request.body))


def problems(name: str, media: Upload, **parameters: object) -> list[str]:
    with pytest.raises(ArgumentErrors) as raised:
        prepare(method(name), parameters, media=media)
    return [problem.message for problem in raised.value.problems]


# --- one request -------------------------------------------------------------------------------------------


def test_media_alone() -> None:
    request = prepare(method("objects.insert"), {**PLACE, "name": "a b"}, media=IMAGE)
    assert (request.verb, request.url) == (
        "POST",
        "https://things.googleapis.com/upload/things/v1/b/b/o?name=a%20b&uploadType=media",
    )
    assert request.headers.get("Content-Type") == "image/png"
    assert request.headers.get("Content-Length") == "8"
    assert content(request) == content(request) == b"\x89PNG\r\n\x1a\n"
    assert not request.idempotent
    assert request.template == "upload/things/v1/b/{bucket}/o"


def test_what_may_be_called_twice_may_not_where_media_goes_along() -> None:
    for media in (IMAGE, evolve(IMAGE, protocol="resumable")):
        assert not prepare(evolve(method("objects.insert"), idempotent=True), PLACE, media=media).idempotent


def test_a_method_without_a_body() -> None:
    request = prepare(method("thumbnails.set"), {"videoId": "v"}, media=IMAGE)
    assert request.url.endswith("/upload/things/v1/thumbnails/set?videoId=v&uploadType=media")
    assert content(request) == b"\x89PNG\r\n\x1a\n"


def test_media_behind_the_body_of_the_call() -> None:
    request = prepare(method("objects.insert"), PLACE, {"name": "é"}, media=IMAGE)
    assert request.url.endswith("/upload/things/v1/b/b/o?uploadType=multipart")
    kind, parameters = media_type(request.headers.get("Content-Type"))
    assert (kind, [*parameters]) == ("multipart/related", ["boundary"])
    body = content(request)
    assert request.headers.get("Content-Length") == str(len(body))
    parts = [(dict(fields), part.read()) for fields, part in split(BytesIO(body), parameters["boundary"])]
    assert parts == [
        ({"Content-Type": "application/json"}, b'{"name": "\\u00e9"}'),
        ({"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n"),
    ]


def test_nobody_foresees_what_separates_them_and_every_attempt_sends_the_same() -> None:
    boundaries = {Upload(Bytes(b"x")).boundary for _ in range(100)}
    assert len(boundaries) == 100
    assert {len(each) for each in boundaries} == {32}
    request = prepare(method("objects.insert"), PLACE, {"name": "x"}, media=IMAGE)
    assert content(request) == content(request)


def test_without_media_the_call_is_as_ever() -> None:
    request = prepare(method("objects.insert"), PLACE, {"name": "x"})
    assert request.url == "https://things.googleapis.com/things/v1/b/b/o"
    assert content(request) == b'{"name": "x"}'


def test_on_the_wire() -> None:
    with Server() as server:
        transport = Https()
        outcome = call(method("objects.insert", server.url), PLACE, {"name": "x"}, transport, media=IMAGE)
        transport.close()
    (exchange,) = server.exchanges
    assert outcome.verdict is Verdict.DONE
    assert outcome.sent is not None
    assert outcome.sent.octets == len(exchange.body)
    assert exchange.body.count(b"\x89PNG\r\n\x1a\n") == 1


# --- what is refused ---------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once() -> None:
    accepted = "image/*, application/pdf"
    large = Upload(Bytes(bytes(1025)), "text/plain", "resumable")
    assert problems("thumbnails.set", large, uploadType="media") == [
        "the parameter 'upload-type' is set by the upload itself",
        "things.thumbnails.set takes no resumable uploads, but simple ones",
        f"things.thumbnails.set takes no media of the type 'text/plain', but of these: {accepted}",
        "things.thumbnails.set takes media of 1024 bytes at most, and this has 1025",
    ]
    assert problems("objects.insert", IMAGE, bucket="b", uploadType="media", upload_protocol="raw") == [
        "the parameter 'upload-type' is set by the upload itself",
        "the parameter 'upload-protocol' is set by the upload itself",
    ]
    assert problems("objects.list", IMAGE, bucket="b") == ["things.objects.list takes no media"]


@pytest.mark.parametrize(
    "kind", ["image/png", "IMAGE/PNG", "image/svg+xml; charset=utf-8", "application/pdf"]
)
def test_types_that_are_taken(kind: str) -> None:
    request = prepare(method("thumbnails.set"), {}, media=Upload(Bytes(bytes(1024)), kind))
    assert request.headers.get("Content-Type") == kind


@pytest.mark.parametrize("kind", ["imagepng", "image", "images/png", "application/pdfx", "video/mp4", ""])
def test_types_that_are_not(kind: str) -> None:
    (problem,) = problems("thumbnails.set", Upload(Bytes(b"x"), kind))
    assert "takes no media of the type" in problem


def test_media_without_a_byte_has_to_be_meant() -> None:
    assert problems("objects.insert", Upload(Bytes()), bucket="b") == [
        "the body is empty, there is nothing to send"
    ]
    request = prepare(method("objects.insert"), PLACE, media=Upload(Bytes()), allow_empty=True)
    assert request.headers.get("Content-Length") == "0"


def test_a_file_that_is_gone_is_the_caller_s(tmp_path: Path) -> None:
    path = tmp_path / "media"
    path.write_bytes(b"media")
    media = Upload(file_source(path))
    path.unlink()
    outcome = call(method("objects.insert"), PLACE, None, Memory(), media=media)
    assert outcome.verdict is Verdict.LOCAL
    with pytest.raises(SourceError):
        content(prepare(method("objects.insert"), PLACE, media=media))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("maxSize", "big", "'maxSize' is no size"),
        ("maxSize", 5, "'maxSize' is not a text"),
        ("accept", "image/png", "'accept' is not a list"),
        ("protocols", {"simple": {}}, "'path' is missing"),
        ("protocols", {"simple": "/upload"}, "'simple' is not a structure"),
        ("protocols", {"simple": {"path": "/upload/{x}"}}, "a place for something"),
    ],
)
def test_a_document_that_is_not_sound(key: str, value: object, told: str) -> None:
    document = deepcopy(DOCUMENT)
    document["resources"]["objects"]["methods"]["insert"]["mediaUpload"][key] = value
    with pytest.raises(SchemaError, match=told):
        Methods(document).named("things.objects.insert")


def test_what_documents_say_of_media() -> None:
    media = method("objects.insert").media
    assert media is not None
    assert media.paths == {
        "simple": "upload/things/v1/b/{bucket}/o",
        "resumable": "resumable/upload/things/v1/b/{bucket}/o",
    }
    assert (media.accept, media.most) == (("*/*",), None)
    assert method("objects.list").media is None


# --- media for an answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("objects.get", "download/things/v1/b/b/o/a%2Fb"),
        ("objects.export", "things/v1/b/b/o/a%2Fb/export"),
        ("objects.render", "things/v1/b/b/o/a%2Fb/render"),
    ],
)
def test_where_media_is(name: str, path: str) -> None:
    request = prepare(method(name), THING)
    assert request.url == f"https://things.googleapis.com/{path}?alt=media"
    assert request.headers.get("Accept") == "*/*"
    assert request.large


def test_without_asking_for_it_the_answer_is_json() -> None:
    request = prepare(method("objects.get"), {"bucket": "b", "object": "o"})
    assert request.url == "https://things.googleapis.com/things/v1/b/b/o/o"
    assert not request.large
    assert prepare(method("objects.list"), {"bucket": "b", "alt": "media"}).large is False


def test_a_report_stays_one() -> None:
    place = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom-web-path": "studies"}
    request = prepare(STORE_INSTANCES, {**place, "alt": "media"}, HttpBody("application/dicom", b"DICM"))
    assert request.headers.get("Accept") == "application/dicom+json"
    assert not request.large


RAW = bytes(range(256))


@pytest.mark.parametrize("reply", [answer(200, RAW), chunked(200, RAW[:100], RAW[100:]), answer(200, b"{}")])
def test_media_comes_as_it_is(reply: bytes) -> None:
    with Server(replying(reply)) as server:
        transport = Https()
        outcome = call(method("objects.get", server.url), THING, None, transport)
        transport.close()
    assert outcome.verdict is Verdict.DONE
    assert outcome.value is None
    assert outcome.media is not None
    assert b"".join(blocks(outcome.media)) in {RAW, b"{}"}
    assert "media" not in repr(outcome)


@pytest.mark.parametrize("flaw", FLAWED)
def test_media_that_is_not_whole_is_no_media(flaw: str) -> None:
    with Server(replying(FLAWED[flaw], Close())) as server:
        transport = Https()
        outcome = call(method("objects.get", server.url), THING, None, transport)
        server.close()
        transport.close()
    assert outcome.verdict is not Verdict.DONE
    assert outcome.media is None


def test_a_part_is_not_the_whole() -> None:
    outcome = call(method("objects.get"), THING, None, Memory(lambda _request, _body: Reply(206, b"part")))
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.media is None


def test_an_error_is_told_in_words() -> None:
    error = json.dumps({"error": {"message": "No such thing."}}).encode()
    outcome = call(method("objects.get"), THING, None, Memory(lambda _request, _body: Reply(404, error)))
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.message == "the server answered 404 Not Found: No such thing."
    assert outcome.media is None


def test_an_answer_is_read_by_the_method_that_was_asked() -> None:
    memory = Memory(lambda _request, _body: Reply(200, RAW, Headers([("Content-Type", "image/png")])))
    response = memory.send(prepare(method("objects.get"), THING))
    outcome = read(method("objects.get").for_media, response)
    assert outcome.media == response.body
    assert read(method("objects.get"), response).value is not None
