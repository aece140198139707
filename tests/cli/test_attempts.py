"""How long the program tries, what it says meanwhile, and what it says in the end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from cursorkit.cli.flags import Arguments
from cursorkit.cli.main import main
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Server, Write, replying
from cursorkit.wire import Endpoint
from programs import CALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit.testing.server import Script

    Run = Callable[..., "Result"]

ITEM = {"00081155": {"vr": "UI", "Value": ["1.2"]}}
REPORT = json.dumps({"00081199": {"vr": "SQ", "Value": [ITEM]}}).encode()
STORED = replying(answer(200, REPORT, [("Content-Type", "application/dicom+json")]))
BUSY = replying(answer(503, b'{"error": {"message": "too much to do"}}'))
BODY = bytes(8_000_000)


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the program in this process, with a body of several megabytes unless it is told another."""
    (tmp_path / "body").write_bytes(BODY)

    def made(server: Server, *flags: str, body: str = f"@={tmp_path / 'body'}") -> Result:
        words = ("--endpoint", server.url, *CALL, "-r", "content-type=text/plain", f"data{body}")
        code = main([*flags, *words])
        server.close()
        return Result(code, *capfd.readouterr())

    return made


def test_until_it_is_stored(run: Run) -> None:
    with Server(BUSY, (ReadHead(), ReadBody(1000), Reset()), STORED) as server:
        result = run(server)
    assert result.code == 0
    first, second, last = result.err.splitlines()
    assert re.fullmatch(r"the server answered 503 Service Unavailable; attempt 2 in [01]\.\d s", first)
    assert re.fullmatch(r"the .* (broke.*|is incomplete); attempt 3 in [012]\.\d s", second)
    assert server.address in second
    assert last == "stored 1 instance"
    assert len(server.exchanges) == 3
    assert server.exchanges[-1].body == BODY
    assert json.loads(result.out) == json.loads(REPORT)


def test_silent_when_told_to_be(run: Run) -> None:
    with Server(BUSY, STORED) as server:
        result = run(server, "--quiet")
    assert (result.code, result.err) == (0, "")


def test_a_single_attempt(run: Run) -> None:
    with Server(BUSY, STORED) as server:
        result = run(server, "--retry-for", "0")
    assert result == (6, "", "error: the server answered 503 Service Unavailable: too much to do\n")
    assert len(server.exchanges) == 1


def test_a_server_that_asks_for_too_much_time_is_not_waited_for(run: Run) -> None:
    for value in ("999999999", "Fri, 31 Dec 9999 23:59:59 GMT"):
        with Server(replying(answer(503, b"", [("Retry-After", value)])), STORED) as server:
            result = run(server, "--quiet")
        assert result.code == 6
        told, asked = result.err.splitlines()
        assert told == "error: the server answered 503 Service Unavailable"
        assert re.fullmatch(r"the server asks to wait \d{9,} s, and \d+ s are left to try again", asked)
        assert len(server.exchanges) == 1


def test_until_it_is_given_up(run: Run) -> None:
    with Server(BUSY) as server:
        result = run(server, "--retry-for", "1.5")
    assert result.code == 6
    *lines, last, ended = result.err.splitlines()
    assert [re.sub(r"[\d.]+ s$", "", line) for line in lines] == [
        f"the server answered 503 Service Unavailable; attempt {number} in "
        for number in range(2, len(server.exchanges) + 1)
    ]
    assert last == "error: the server answered 503 Service Unavailable: too much to do"
    assert re.fullmatch(rf"given up after {len(server.exchanges)} attempts in \d+ s", ended)


def test_how_long_an_answer_may_take_to_begin(run: Run) -> None:
    with Server((ReadHead(), ReadBody(), Hang())) as server:
        result = run(server, "--timeout", "0.3", "--retry-for", "0")
    assert (result.code, result.out) == (7, "")
    assert result.err.splitlines() == [
        f"error: {server.address} fell silent for 0.3 s",
        "all of it was sent, and may have been carried out; sending the same again is safe",
        "    --timeout SECONDS says how long to wait",
    ]


LATER: dict[str, Script] = {
    "busy": replying(answer(503, b"", [("Retry-After", "9999")])),
    "gone": (ReadHead(), ReadBody(1000), Write(b"HTTP/1.1 429 Slow\r\nRetry-After: 9999\r\n\r\n"), Close()),
}


@pytest.mark.parametrize("later", LATER)
def test_what_may_have_been_stored_is_not_said_to_be_none(later: str, run: Run) -> None:
    with Server((ReadHead(), ReadBody(), Reset()), LATER[later]) as server:
        result = run(server)
    assert result.code == 7
    assert "an earlier attempt sent everything, and may have been carried out: " in result.err


def test_a_report_that_nobody_can_read_is_asked_for_again(run: Run) -> None:
    with Server(replying(answer(200, b"<html>")), STORED) as server:
        result = run(server)
    assert (result.code, result.err) == (0, "stored 1 instance\n")
    assert [exchange.body for exchange in server.exchanges] == [BODY] * 2


def test_unless_nothing_is_to_be_tried_again(run: Run) -> None:
    with Server(replying(answer(200, b"<html>", [("Content-Type", "text/html")])), STORED) as server:
        result = run(server, "--retry-for", "0")
    assert result.code == 7
    assert "its report cannot be read" in result.err
    assert [exchange.body for exchange in server.exchanges] == [BODY]


# --- the flags --------------------------------------------------------------------------------------------


def test_what_is_usual() -> None:
    usual, endpoint = Arguments(), Endpoint("https://example.test")
    assert (usual.retry_for, usual.timeout) == (endpoint.retry_for, endpoint.timeout) == (600, 3600)


@pytest.mark.parametrize(
    "value",
    ["", "x", "-1", "-.5", "inf", "nan", "1000000", "1e6", "1e999", "0x1", ".", "e3", "1_0", " 1", "٣"],
)
@pytest.mark.parametrize("flag", ["--retry-for", "--timeout"])
def test_what_is_no_number_of_seconds(flag: str, value: str, capfd: pytest.CaptureFixture[str]) -> None:
    for words in ((flag, value), (f"{flag}={value}",)):
        assert main([*words, "--dry-run", *CALL, "-r", "content-type=a/b", "data=x"]) == 2
        told = f"error: {flag}: '{value}' is no number of seconds from 0 to 999999\n"
        assert tuple(capfd.readouterr()) == ("", told)


def test_no_answer_begins_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--timeout", "0", "--dry-run", *CALL, "-r", "content-type=a/b", "data=x"]) == 2
    assert capfd.readouterr().err == "error: --timeout: no answer begins at once\n"


@pytest.mark.parametrize("value", ["0.5", ".5", "5.", "1e3", "1E+3", "1.5e-3", "999999", "999999.0"])
@pytest.mark.parametrize("flag", ["--retry-for", "--timeout"])
def test_seconds_may_be_many_or_broken(flag: str, value: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([flag, value, "--dry-run", *CALL, "-r", "content-type=a/b", "data=x"]) == 0
    assert capfd.readouterr().err == ""


def test_an_empty_body_is_a_mistake_unless_it_is_meant(run: Run) -> None:
    with Server(STORED) as server:
        result = run(server, body="@=/dev/null")
        assert result == (2, "", "error: the body is empty, there is nothing to send\n")
    assert server.connections == 0
    with Server(STORED) as server:
        assert run(server, "--allow-empty", body="@=/dev/null").code == 0
    (exchange,) = server.exchanges
    assert exchange.headers.get("Content-Length") == "0"
    assert exchange.body == b""


def test_a_dry_run_shows_an_empty_body_that_is_meant(run: Run) -> None:
    with Server() as server:
        result = run(server, "--allow-empty", "--dry-run", body="@=/dev/null")
    assert result.code == 0
    assert json.loads(result.out)["body"]["size"] == 0
