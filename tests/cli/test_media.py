"""Media on the command line: files that go with a call, files that come, and lists page by page."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections import deque
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from cursorkit.cli.language import main
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Server, Write, replying
from media_apis import DOCUMENT
from programs import Run
from upload_store import Fault, Store

if TYPE_CHECKING:
    from cursorkit.testing.server import Peer, Script

PROGRAM = Path(sys.executable).with_name("cursorkit")
MEDIA = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100
INSERT = ("objects", "insert", "b")
GET = ("objects", "get", "b", "a/b")
LIST = ("objects", "list", "b")


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "thing.png"
    path.write_bytes(MEDIA)
    return str(path)


@pytest.fixture
def run(things_api: str, capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(lambda argv: main(["api", things_api, *argv]), capfd)


def at(server: Server, *more: str) -> tuple[str, ...]:
    return ("--endpoint", server.url, "--retry-for", "0", *more)


# --- uploads -----------------------------------------------------------------------------------------------


def test_a_dry_run_of_media_alone(run: Run, image: str) -> None:
    result = run(*INSERT, "-u", "simple", image, "-p", "name=x", "--dry-run")
    assert result.code == 0, result
    assert result.json == {
        "method": "POST",
        "url": "https://things.googleapis.com/upload/things/v1/b/b/o?name=x&uploadType=media",
        "headers": {
            "Accept": "application/json",
            "Content-Type": "image/png",
            "Content-Length": str(len(MEDIA)),
        },
        "media": {"size": len(MEDIA), "sha256": sha256(MEDIA).hexdigest()},
    }


def test_a_dry_run_of_media_with_a_body(run: Run, image: str) -> None:
    shown = run(*INSERT, "-u", "simple", image, "-r", "name=x", "size=5", "--dry-run").json
    assert shown["url"].endswith("?uploadType=multipart")
    assert shown["headers"]["Content-Type"].startswith("multipart/related; boundary=")
    assert shown["body"] == {"name": "x", "size": "5"}
    assert shown["media"]["size"] == len(MEDIA)


def test_a_dry_run_of_resumable_media(run: Run, image: str) -> None:
    shown = run("-u", "resumable", image, "-m", "text/html; charset=utf-8", *INSERT, "--dry-run").json
    assert (
        shown["url"] == "https://things.googleapis.com/resumable/upload/things/v1/b/b/o?uploadType=resumable"
    )
    assert shown["headers"]["X-Upload-Content-Type"] == "text/html; charset=utf-8"
    assert shown["headers"]["X-Upload-Content-Length"] == str(len(MEDIA))
    assert shown["media"]["sha256"] == sha256(MEDIA).hexdigest()


@pytest.mark.parametrize("words", [(), ("-r", "name=x")])
def test_one_request(words: tuple[str, ...], run: Run, image: str) -> None:
    with Server(replying(answer(200, b'{"name": "x"}'))) as server:
        result = run(*at(server), *INSERT, "-u", "simple", image, *words)
    (exchange,) = server.exchanges
    assert (result.code, result.err, result.json) == (0, "", {"name": "x"})
    assert exchange.verb == "POST"
    assert exchange.target.startswith("/upload/things/v1/b/b/o?uploadType=")
    assert bytes(exchange.body).count(MEDIA) == 1
    assert (bytes(exchange.body) == MEDIA) is not bool(words)


def test_several_requests(run: Run, image: str) -> None:
    store = Store(deque([Fault(read=1000, keep=500), Fault(keep=2000, then=None)]))
    with Server((store,)) as server:
        result = run("--endpoint", server.url, *INSERT, "-u", "resumable", image)
    assert (result.code, result.json) == (0, {"name": "thing"}), result
    assert store.whole == MEDIA
    assert "attempt 2 in" in result.err
    assert "SECRET" not in result.err


def test_a_session_is_told_nobody(run: Run, image: str) -> None:
    store = Store(deque([Fault(read=1000)]))
    with Server((store,)) as server:
        result = run(*at(server), "--debug", *INSERT, "-u", "resumable", image)
    assert result.code == 7
    assert "> PUT" in result.err
    assert f"> Content-Range: bytes 0-{len(MEDIA) - 1}/{len(MEDIA)}\n" in result.err
    assert "> X-Upload-Content-Type: image/png\n" in result.err
    assert "SECRET" not in result.err


def test_standard_input(things_api: str) -> None:
    with Server() as server:
        for protocol in ("simple", "resumable"):
            child = subprocess.run(
                [PROGRAM, "api", things_api, *INSERT, "-u", protocol, "-", "--dry-run", *at(server)],
                check=True,
                input=MEDIA,
                stdout=subprocess.PIPE,
            )
            shown = json.loads(child.stdout)
            assert shown["media"] == {"size": len(MEDIA), "sha256": sha256(MEDIA).hexdigest()}
            assert "application/octet-stream" in shown["headers"].values()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.b.PDF", "application/pdf"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_type_is_that_of_the_name(name: str, kind: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    shown = run(*INSERT, "-u", "simple", str(tmp_path / name), "--dry-run").json
    assert shown["headers"]["Content-Type"] == kind


def test_a_body_goes_without_media_too(run: Run) -> None:
    shown = run(*INSERT, "-r", "name=x", "--dry-run").json
    assert shown["url"] == "https://things.googleapis.com/things/v1/b/b/o"
    assert shown["body"] == {"name": "x"}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((*LIST, "-u", "simple", "FILE"), 2, "things.objects.list takes no media"),
        (("thumbnails", "set", "-u", "resumable", "FILE"), 2, "takes no resumable uploads, but simple ones"),
        (("thumbnails", "set", "-u", "simple", "FILE"), 2, "media of 1024 bytes at most, and this has 25608"),
        (
            ("thumbnails", "set", "-u", "simple", "FILE", "-m", "text/css"),
            2,
            "no media of the type 'text/css'",
        ),
        ((*INSERT, "-u", "chunked", "FILE"), 2, "no protocol 'chunked', but simple and resumable"),
        ((*INSERT, "-u", "simple", "/nonexistent"), 5, "-u: cannot read '/nonexistent': No such file"),
        ((*INSERT, "-u", "simple", "/"), 5, "-u: cannot read '/': it is a directory"),
        ((*INSERT, "-u", "simple"), 2, "argument -u: expected 2 arguments"),
        ((*INSERT, "-m", "image/png"), 2, "-m is the type of the file of -u, which is missing"),
        ((*INSERT, "-u", "simple", "FILE", "-m", "png"), 2, "-m: 'png' is no media type, such as image/png"),
        ((*INSERT, "-u", "simple", "FILE", "-m", "a/b\r\nX: y"), 2, "is no media type"),
        (
            (*INSERT, "-u", "simple", "FILE", "-p", "upload-type=media"),
            2,
            "'upload-type' is set by the upload",
        ),
        ((*INSERT, "-u", "simple", "-", "-r", "name@=-"), 2, "standard input can be read only once"),
        ((*INSERT, "-u", "simple", "/dev/null"), 2, "the body is empty, there is nothing to send"),
        ((*LIST, "--all-pages", "-p", "fields=items"), 2, "leaves out nextPageToken"),
        (("objects", "pairs", "b", "--all-pages"), 2, "are no pages of one list"),
        (("login", "-u", "simple", "FILE"), 2, "login takes no -u"),
        (("login", "-m", "image/png", "--all-pages"), 2, "login takes no --all-pages"),
    ],
)
def test_misuse(words: tuple[str, ...], code: int, told: str, run: Run, image: str) -> None:
    result = run(*(image if word == "FILE" else word for word in words))
    assert told in result.err
    assert (result.code, result.out) == (code, "")


def test_the_help_of_a_method_tells_what_it_takes(run: Run) -> None:
    shown = run("objects", "insert", "--help").out
    assert "<bucket> -r WORD ... [-u PROTOCOL FILE] [-m TYPE] [-p" in shown
    assert "-u simple FILE sends FILE with the call" in shown
    assert "alt=media" not in shown
    assert "-p alt=media asks for the media itself" in run("objects", "get", "--help").out
    assert "--all-pages asks for every page" in run("objects", "list", "--help").out


# --- media that comes --------------------------------------------------------------------------------------


def test_media_goes_into_a_file_as_it_is(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("old")
    with Server(replying(answer(200, MEDIA, [("Content-Type", "image/png")]))) as server:
        result = run(*at(server), *GET, "-p", "alt=media", "-o", str(out))
    assert (result.code, result.out, result.err) == (0, "", "")
    assert out.read_bytes() == MEDIA
    (exchange,) = server.exchanges
    assert exchange.target == "/download/things/v1/b/b/o/a%2Fb?alt=media"


def test_media_goes_to_a_pipe(things_api: str) -> None:
    with Server(replying(answer(200, MEDIA))) as server:
        words = [str(PROGRAM), "api", things_api, *at(server), *GET, "-p", "alt=media"]
        child = subprocess.run(words, check=True, stdout=subprocess.PIPE)
    assert child.stdout == MEDIA


def test_json_that_was_asked_for_as_media_stays_as_it_is(run: Run) -> None:
    with Server(replying(answer(200, b'{"a":\t1}'))) as server:
        assert run(*at(server), *GET, "-p", "alt=media").out == '{"a":\t1}'
        assert run(*at(server), *GET).out == '{\n  "a": 1\n}\n'


def test_raw_answers_without_asking_for_media_are_wrapped(run: Run) -> None:
    reply = replying(answer(200, b"raw", [("Content-Type", "text/plain")]))
    with Server(reply) as server:
        assert run(*at(server), "objects", "render", "b", "o").json == {
            "contentType": "text/plain",
            "data": "cmF3",
        }
        assert run(*at(server), "objects", "render", "b", "o", "-p", "alt=media").out == "raw"


CUT = answer(200, MEDIA)[:-1]


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        (replying(answer(404, b'{"error": {"message": "None."}}')), 1, "404 Not Found: None."),
        (replying(answer(503, b"busy")), 6, "503 Service Unavailable"),
        (replying(answer(206, MEDIA)), 7, "206 Partial Content, though all of it was asked for"),
        (replying(answer(302, b"", [("Location", "http://127.0.0.1/")])), 1, "is not followed"),
        (replying(CUT, Close()), 7, "is incomplete"),
        (replying(CUT, Reset()), 7, ""),
    ],
)
def test_what_is_no_media_leaves_the_old_file(
    script: Script, code: int, told: str, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_text("old")
    with Server(script) as server:
        result = run(*at(server), *GET, "-p", "alt=media", "-o", str(out))
    assert (result.code, result.out) == (code, ""), result
    assert told in result.err
    assert out.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out", "things.json"]


def test_media_is_kept_from_terminals(things_api: str) -> None:
    controller, terminal = pty.openpty()
    child = subprocess.run(
        [PROGRAM, "api", things_api, *GET, "-p", "alt=media"],
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    os.close(controller)
    assert child.returncode == 2
    assert child.stderr == "error: the media would go to a terminal; -o FILE keeps it\n"


# --- pages -------------------------------------------------------------------------------------------------

FIRST = replying(answer(200, b'{"items": [{"name": "a"}, {"name": "\xc3\xa9"}], "nextPageToken": "t 1"}'))
LAST = replying(answer(200, b'{"items": [{"name": "c", "size": "1"}], "prefixes": ["p"]}'))
GONE = replying(answer(404, b'{"error": {"message": "Gone."}}'))
LINES = '{"name":"a"}\n{"name":"\\u00e9"}\n'


def test_all_pages_an_item_a_line(run: Run) -> None:
    with Server(FIRST, LAST) as server:
        result = run(*at(server), *LIST, "--all-pages", "-p", "max-results=2")
    assert (result.code, result.out) == (0, f'{LINES}{{"name":"c","size":"1"}}\n')
    assert result.err == "warning: the answers also hold 'prefixes', which is left out\n"
    assert [exchange.target for exchange in server.exchanges] == [
        "/things/v1/b/b/o?maxResults=2",
        "/things/v1/b/b/o?maxResults=2&pageToken=t%201",
    ]


def test_without_the_flag_it_is_one_page(run: Run) -> None:
    with Server(FIRST, LAST) as server:
        assert run(*at(server), *LIST).json["nextPageToken"] == "t 1"
    assert len(server.exchanges) == 1


def test_what_came_is_printed_where_a_page_fails_and_how_to_go_on(run: Run) -> None:
    with Server(FIRST, GONE, LAST) as server:
        result = run(*at(server), *LIST, "--all-pages")
        assert (result.code, result.out) == (1, LINES)
        assert result.err == (
            "error: the server answered 404 Not Found: Gone.\n-p 'page-token=t 1' goes on from there\n"
        )
        rest = run(*at(server), *LIST, "--all-pages", "-p", "page-token=t 1")
    assert (rest.code, rest.out) == (0, '{"name":"c","size":"1"}\n')


def test_where_a_page_fails_a_file_stays_as_it_was(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("old")
    with Server(FIRST, GONE) as server:
        result = run(*at(server), *LIST, "--all-pages", "-o", str(out))
    assert (result.code, result.err) == (1, "error: the server answered 404 Not Found: Gone.\n")
    assert out.read_text() == "old"
    with Server(FIRST, LAST) as server:
        assert run(*at(server), *LIST, "--all-pages", "-o", str(out)).code == 0
    assert out.read_text().startswith(LINES)


def test_a_first_page_that_fails(run: Run) -> None:
    with Server(GONE) as server:
        result = run(*at(server), *LIST, "--all-pages")
    assert (result.code, result.out) == (1, "")
    assert "page-token" not in result.err


def test_a_page_that_is_lost_is_asked_for_again(run: Run) -> None:
    with Server(FIRST, replying(b"", Reset()), LAST) as server:
        result = run("--endpoint", server.url, *LIST, "--all-pages", "--quiet")
    assert (result.code, result.out.splitlines()[2:]) == (0, ['{"name":"c","size":"1"}'])


def test_a_circle_comes_to_an_end(run: Run) -> None:
    with Server(FIRST) as server:
        result = run(*at(server), *LIST, "--all-pages")
    assert (result.code, result.out) == (7, LINES * 2)
    assert result.err == "error: the server leads from page to page in a circle\n"


def test_items_come_before_the_next_page_does_and_who_interrupts_hears_that_it_may_go_on(
    things_api: str,
) -> None:
    with Server(FIRST, (ReadHead(), Hang())) as server:
        words = [str(PROGRAM), "api", things_api, *at(server), *LIST, "--all-pages"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            assert "".join(child.stdout.readline() for _ in range(2)) == LINES
            child.send_signal(signal.SIGINT)
            told = child.stderr.read()
    assert child.returncode == -signal.SIGINT
    assert told.endswith("sending the same again is safe\n")


def test_who_interrupts_an_upload_hears_how_far_it_came(things_api: str, image: str) -> None:
    began = Event()
    opened = Write(answer(200, b"", [("Location", "/session")]))
    with Server((ReadHead(), ReadBody(), opened), (ReadHead(), Tell(began), Hang())) as server:
        words = [str(PROGRAM), "api", things_api, *at(server), *INSERT, "-u", "resumable", image]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as child:
            assert child.stderr is not None
            assert began.wait(30)
            child.send_signal(signal.SIGINT)
            told = child.stderr.read()
    assert child.returncode == -signal.SIGINT
    assert "sent in full, and may have been accepted; sending the same again may do it twice" in told


@frozen
class Tell:
    """Tell that it came so far, and that all of the body is there."""

    began: Event

    def play(self, peer: Peer) -> None:
        ReadBody().play(peer)
        self.began.set()


def test_a_reader_that_has_enough_is_no_error(things_api: str) -> None:
    pages = [
        (
            ReadHead(),
            Write(answer(200, json.dumps({"items": ["x" * 1000] * 200, "nextPageToken": str(n)}).encode())),
        )
        for n in range(100)
    ]
    with Server(*pages) as server:
        line = f"{PROGRAM} api {things_api} {' '.join(at(server))} {' '.join(LIST)} --all-pages | head -n 1"
        child = subprocess.run(
            ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True
        )
        assert len(server.exchanges) < 100
    assert (child.returncode, child.stderr) == (141, "")
    assert len(child.stdout) == 1003


def test_a_dry_run_shows_the_first_page(run: Run) -> None:
    shown = run(*LIST, "--all-pages", "--dry-run").json
    assert shown["url"] == f"{DOCUMENT['rootUrl']}things/v1/b/b/o"
