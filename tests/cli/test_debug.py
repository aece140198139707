"""`--debug`, and whatever else might tell a secret or something of a patient, while everything goes wrong."""

from __future__ import annotations

import http.client
import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from cursorkit import HttpBody, call, prepare
from cursorkit.cli.main import main
from cursorkit.errors import CursorkitError
from cursorkit.methods import STORE_INSTANCES
from cursorkit.testing.answers import FLAWED, answer, chunked
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Server, Write, replying
from cursorkit_transports import Authorized, Https, Logged
from patients import UID
from programs import COMMAND, PARENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cursorkit.testing.server import Script
    from google_servers import Api, ServiceAccount, TokenServer

TOKEN, KEY, USER = "SECRET-token", "SECRET-key", "SECRET-user"
PRIVATE = (TOKEN, KEY, USER, "CANARY", UID)


@pytest.fixture(autouse=True)
def talkative(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """Every library says all that it can."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    monkeypatch.setenv("GOOGLE_SDK_PYTHON_LOGGING_SCOPE", "google")
    return caplog


ECHO = "".join(f"{word} " for word in PRIVATE)
FAULTS: dict[str, Script] = {
    "refused": replying(answer(403, json.dumps({"error": {"message": "no"}}).encode())),
    "busy": replying(answer(503, b"busy", [("Retry-After", "1")])),
    "echoed": replying(answer(400, ECHO.encode(), [(name, ECHO) for name in ("Server", "Location", "Date")])),
    "pointed elsewhere": replying(answer(307, b"", [("Location", f"http://127.0.0.1/{UID}?{TOKEN}")])),
    "reset": (ReadHead(), Reset()),
    "reset in the body": (ReadHead(), ReadBody(10_000), Reset()),
    "reset in the answer": (ReadHead(), ReadBody(), Write(answer(200)[:-1]), Reset()),
    "closed": (ReadHead(), ReadBody(), Close()),
    "unreadable": replying(answer(200, b"{" + ECHO.encode())),
    "chunked": replying(chunked(200, b"[", b"}")),
    **{f"flawed: {name}": replying(data, Close()) for name, data in FLAWED.items()},
}


def words(scan: Path) -> list[str]:
    named = ("-p", f"access-token={TOKEN}", f"key={KEY}", f"quota-user={USER}")
    place = (PARENT, f"studies/{UID}.1")
    return [*COMMAND, *named, "-r", "content-type=application/dicom", f"data@={scan}", "--", *place]


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_private_is_told(
    fault: str, scan: Path, talkative: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with Server(FAULTS[fault]) as server:
        code = main(["--debug", "--retry-for", "0", "--endpoint", server.url, *words(scan)])
    out, err = capfd.readouterr()
    assert code != 0
    assert err.startswith(f"> POST {server.url}/v1beta1/{{+parent}}/dicomWeb/{{+dicomWebPath}}\n")
    assert "\n* " in err
    # What the server says for people is repeated, and is not asked for here; nor is the document.
    told = err.partition("error: ")[0] if fault == "echoed" else err
    for private in PRIVATE:
        assert private not in told
        assert private not in talkative.text
    assert "Authorization: ***" in err
    assert len(server.exchanges) == err.count("> POST ")
    assert not out or json.loads(out)


def test_without_debug_nothing_of_it_is_told(scan: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Server(FAULTS["refused"]) as server:
        main(["--endpoint", server.url, *words(scan)])
    assert capfd.readouterr().err == "error: the server answered 403 Forbidden: no\n"


def test_each_attempt_shows(
    scan: Path,
    api: Api,
    tokens: TokenServer,
    account: ServiceAccount,
    ca_bundle: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    talkative: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The token of the default credentials is refused at first; all of it is logged by nobody."""
    monkeypatch.setenv(
        "GOOGLE_APPLICATION_CREDENTIALS", str(account.key_file(tmp_path / "k", tokens.token_uri))
    )
    api.accepted.add("nobody's")
    flags = ("--debug", "--endpoint", api.url, "--ca-bundle", ca_bundle, "--quiet")
    place = ("--", PARENT, f"studies/{UID}.1")
    code = main([*flags, *COMMAND, "-r", "content-type=application/dicom", f"data@={scan}", *place])
    out, err = capfd.readouterr()
    assert (code, json.loads(out) is not None) == (0, True)
    assert err.count("> POST ") == err.count("> authorization: ***") == len(api.received)
    assert f"* localhost:{tokens.server_port} answered 200 when asked for a token\n" in err
    for private in (*PRIVATE, "SECRET"):
        assert private not in err + talkative.text


# --- in programs ------------------------------------------------------------------------------------------


@pytest.fixture
def transport() -> Iterator[Any]:
    made = Authorized(Logged(Https(read_timeout=0.2)))
    yield made
    made.close()


@pytest.mark.parametrize(
    "fault", ["reset", "reset in the body", "reset in the answer", "hanging", "flawed: zeros"]
)
def test_no_traceback_tells_anything_even_with_the_variables(
    fault: str, transport: Any, scan: Path, talkative: pytest.LogCaptureFixture
) -> None:
    place = {"parent": PARENT, "dicom_web_path": f"studies/{UID}.1"}
    named = {"access_token": TOKEN, "key": KEY, "quota_user": USER}
    with Server({**FAULTS, "hanging": (ReadHead(), Hang())}[fault]) as server:
        method = STORE_INSTANCES.at(server.url)
        asked = prepare(method, {**place, **named}, HttpBody("application/dicom", scan.read_bytes()))
        try:
            transport.send(asked)
        except CursorkitError as error:
            shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        # The variables of this very test are its own.
        ours = shown[shown.index("cursorkit_transports") :]
        for private in PRIVATE:
            assert private not in ours
            assert private not in talkative.text + repr(asked) + repr(transport)
        outcome = call(method, {**place, **named}, HttpBody("application/dicom", b"x"), transport)
        assert not any(private in repr(outcome) for private in PRIVATE)


def test_the_canaries_sing_where_nobody_covers_them(
    scan: Path, talkative: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """So that the silence above means something: the same with urllib3 alone."""
    with Server(replying(answer())) as server, urllib3.PoolManager() as pool:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        pool.request("POST", f"{server.url}/studies/{UID}", body=scan.read_bytes(), headers=headers)
    assert UID in talkative.text
    assert TOKEN in capfd.readouterr().out
