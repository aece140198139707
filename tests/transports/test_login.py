"""The login of a user: consent in a browser, a code for this machine, and a file for this user alone."""

from __future__ import annotations

import http.client
import json
import logging
import os
import pickle
import re
import resource
import stat
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from authorized_calls import HEALTHCARE, PLATFORM, SCOPES, SOMEWHERE, asking, bearer, proofs, user_file
from cursorkit.errors import CursorkitError, OutputError
from cursorkit.wire import AuthenticationError, ConnectError, Remedy, TransportError
from cursorkit_transports import Memory, log_in, log_out
from cursorkit_transports.login import Client, client
from cursorkit_transports.memory import Reply
from google_servers import HANG_UP, as_json, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit_transports import Authorized
    from google_world import Google

    Browser = Callable[[str], str]

pytestmark = pytest.mark.usefixtures("gcloud")
INSTALLED = Client("client", "SECRET-client")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the login is kept, in a folder that is not there yet."""
    return str(tmp_path / "new" / "login.json")


@pytest.fixture
def enter(google: Google, path: str, browser: Browser, ca_bundle: str) -> Callable[..., None]:
    """Logs in, by default with a user who agrees in the browser at once."""

    def entered(
        visit: Callable[[str], object] = browser, patience: float = 60, **others: tuple[str, ...]
    ) -> None:
        log_in(INSTALLED, others.get("scopes", SCOPES), path, visit, patience=patience, ca_bundle=ca_bundle)

    return entered


def query(address: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


# --- the flow ---------------------------------------------------------------------------------------------


def test_a_login(
    google: Google,
    path: str,
    browser: Browser,
    enter: Callable[..., None],
    around: Callable[..., Authorized],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    enter(lambda address: shown.append(browser(address)), scopes=(HEALTHCARE, PLATFORM))
    (asked,) = google.consents
    redirect = asked["redirect_uri"]
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/", redirect)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", asked.pop("code_challenge"))
    assert len(asked.pop("state")) >= 43
    assert asked == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": redirect,
        "scope": f"{HEALTHCARE} {PLATFORM}",
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
    }
    assert "You are logged in" in shown[0]
    consent, exchange = google.received
    assert (consent.headers["host"], exchange.headers["host"]) == (
        "accounts.google.com",
        "oauth2.googleapis.com",
    )
    # The server of the test holds the verifier against the challenge.
    assert re.fullmatch("[A-Za-z0-9_-]{43,128}", exchange.form["code_verifier"])
    assert {**exchange.form, "code_verifier": ""} == {
        "grant_type": "authorization_code",
        "code": "SECRET-code.0",
        "code_verifier": "",
        "redirect_uri": redirect,
        "client_id": "client",
        "client_secret": "SECRET-client",
    }
    memory = Memory()
    around(memory, scopes=SCOPES, login=path).send(asking(SOMEWHERE))
    assert google.received[-1].form["grant_type"] == "refresh_token"
    assert proofs(memory) == [bearer(1)]
    assert "SECRET" not in caplog.text


def test_no_two_logins_are_alike(google: Google, enter: Callable[..., None]) -> None:
    enter()
    enter()
    first, second = google.consents
    assert not {first[name] for name in ("state", "code_challenge")} & {*second.values()}
    verifiers = {each.form["code_verifier"] for each in google.received if each.method == "POST"}
    assert len(verifiers) == 2


def test_a_code_is_of_no_use_without_the_verifier(
    google: Google, path: str, browser: Browser, enter: Callable[..., None]
) -> None:
    def caught(address: str) -> None:
        """Somebody has the code that Google gave for a challenge of theirs."""
        browser(address.replace(query(address)["code_challenge"], "A" * 43))

    with pytest.raises(AuthenticationError, match=r"refused \(invalid_grant\)"):
        enter(caught)
    assert not Path(path).exists()


def get(address: str, **headers: str) -> int:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.netloc, timeout=30)
    connection.request("GET", address.removeprefix(f"http://{place.netloc}"), headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_what_did_not_come_from_this_login_is_turned_away(
    google: Google, path: str, browser: Browser, enter: Callable[..., None]
) -> None:
    statuses: list[int] = []

    def attacked(address: str) -> None:
        asked = query(address)
        redirect, state = asked["redirect_uri"], asked["state"]
        for attempt in (
            {"code": "evil"},
            {"code": "evil", "state": ""},
            {"code": "evil", "state": state[:-1]},
            {"code": "evil", "state": f"{state}x"},
            {"error": "access_denied", "state": "x"},
        ):
            statuses.append(get(f"{redirect}?{urlencode(attempt)}"))
        good = urlencode({"code": "evil", "state": state})
        statuses.append(get(f"{redirect}?{good}&state=x"))
        statuses.append(get(f"{redirect}favicon.ico?{good}"))
        # From another network, if it were one.
        with pytest.raises(ConnectionRefusedError):
            get(f"{redirect}?{good}".replace("127.0.0.1", "127.0.0.2"))
        # A page of a stranger, whose name leads to this machine.
        statuses.append(get(f"{redirect}?{good}", Host="evil.example"))
        browser(address)

    enter(attacked)
    assert statuses == [404] * 8
    assert [each.form["code"] for each in google.received if each.method == "POST"] == ["SECRET-code.0"]


def test_the_page_keeps_the_code_to_itself(google: Google, enter: Callable[..., None]) -> None:
    def visited(address: str) -> None:
        asked = query(address)
        place = urlsplit(asked["redirect_uri"])
        connection = http.client.HTTPConnection(place.netloc, timeout=30)
        connection.request("GET", "/?" + urlencode({"error": "server_error", "state": asked["state"]}))
        answer = connection.getresponse()
        headers, page = dict(answer.getheaders()), answer.read().decode()
        connection.close()
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"] == "default-src 'none'"
        assert "You are not logged in" in page

    with pytest.raises(AuthenticationError, match=r"the login was not granted: Google refused it$"):
        enter(visited)


def test_a_user_who_does_not_agree(google: Google, path: str, enter: Callable[..., None]) -> None:
    google.agrees = False
    with pytest.raises(AuthenticationError, match=r"the login was not granted: the user did not agree$"):
        enter()
    assert not Path(path).exists()


def test_a_user_who_does_nothing(google: Google, enter: Callable[..., None]) -> None:
    before = time.monotonic()
    with pytest.raises(
        AuthenticationError, match=r"nobody agreed in the browser within .* minutes: log in again$"
    ):
        enter(lambda _: None, patience=0.1)
    assert time.monotonic() - before < 30
    assert google.received == []


def test_nobody_listens_any_more_afterwards(enter: Callable[..., None]) -> None:
    places: list[str] = []
    with pytest.raises(AuthenticationError):
        enter(lambda address: places.append(query(address)["redirect_uri"]), patience=0.1)
    with pytest.raises(ConnectionRefusedError):
        get(places[0])


def test_a_browser_that_opens_connections_and_says_nothing(
    browser: Browser, enter: Callable[..., None]
) -> None:
    opened: list[http.client.HTTPConnection] = []

    def visited(address: str) -> None:
        opened.append(http.client.HTTPConnection(urlsplit(query(address)["redirect_uri"]).netloc))
        opened[0].connect()
        browser(address)

    enter(visited)
    opened[0].close()


ANSWERS = {
    "refused": (
        refusal("invalid_client"),
        AuthenticationError,
        r"refused \(invalid_client\): the OAuth client",
    ),
    "no token that lasts": (
        as_json(200, {"access_token": "SECRET"}),
        AuthenticationError,
        "gave no token that lasts",
    ),
    "busy": (as_json(503, {}), TransportError, "is busy"),
    "nothing": (HANG_UP, TransportError, "is incomplete"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_token_for_the_code(
    name: str, google: Google, path: str, browser: Browser, enter: Callable[..., None]
) -> None:
    answer, kind, told = ANSWERS[name]

    def visited(address: str) -> None:
        browser(address)
        google.upcoming = [answer]

    with pytest.raises(TransportError, match=told) as error:
        enter(visited)
    assert type(error.value) is kind
    assert "SECRET" not in "".join(traceback.format_exception(error.value))
    assert b"SECRET" not in pickle.dumps(error.value)
    assert not Path(path).exists()


# --- the client -------------------------------------------------------------------------------------------


def test_the_client_of_the_console(client_file: str) -> None:
    found = client(client_file)
    assert found == INSTALLED
    assert "SECRET" not in repr(found)


CLIENTS = {
    "not JSON": ("SECRET", "it is not JSON$"),
    "of a web site": ('{"web": {"client_id": "a"}}', "no OAuth client of a desktop app: .* 'installed'$"),
    "a list": ("[]", "no OAuth client of a desktop app"),
    "no secret": ('{"installed": {"client_id": "SECRET"}}', "client_id or client_secret is missing$"),
    "odd": (
        '{"installed": {"client_id": 1, "client_secret": "SECRET"}}',
        "client_id or client_secret is missing$",
    ),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_no_client(name: str, tmp_path: Path) -> None:
    content, told = CLIENTS[name]
    (tmp_path / "client.json").write_text(content)
    with pytest.raises(AuthenticationError, match=told) as error:
        client(str(tmp_path / "client.json"))
    assert "SECRET" not in "".join(traceback.format_exception(error.value))
    with pytest.raises(AuthenticationError, match=r"^cannot read the OAuth client '/nowhere': No such file"):
        client("/nowhere")


# --- the file ---------------------------------------------------------------------------------------------


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0, 0o077])
def test_the_file_is_for_this_user_alone(mask: int, path: str, enter: Callable[..., None]) -> None:
    with umask(mask):
        enter()
    place = Path(path)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert os.listdir(place.parent) == ["login.json"]
    assert json.loads(place.read_text()) == {
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "SECRET-client",
        "refresh_token": "SECRET-refresh",
        "scopes": [HEALTHCARE],
    }


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(
    path: str, enter: Callable[..., None]
) -> None:
    Path(path).parent.mkdir(mode=0o700)
    Path(path).write_text("{}")
    Path(path).chmod(0o644)
    with Path(path).open() as old:
        enter()
        assert old.read() == "{}"
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


@pytest.fixture
def kept(path: str) -> Path:
    """A login."""
    place = Path(path)
    place.parent.mkdir(mode=0o700)
    place.touch(0o600)
    user_file(place)
    return place


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o660, 0o644, 0o777])
def test_a_login_that_others_can_read_is_not_used(
    mode: int, kept: Path, google: Google, around: Callable[..., Authorized]
) -> None:
    kept.chmod(mode)
    with pytest.raises(AuthenticationError) as told:
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert str(told.value) == f"others can read or change '{kept}', so it is not used: chmod 600 '{kept}'"
    assert google.received == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_used(
    mode: int, kept: Path, google: Google, enter: Callable[..., None], around: Callable[..., Authorized]
) -> None:
    kept.parent.chmod(mode)
    told = f"others can write to '{kept.parent}', so it is not used: chmod 700 '{kept.parent}'"
    with pytest.raises(AuthenticationError) as error:
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert str(error.value) == told
    with pytest.raises(AuthenticationError) as error:
        enter()
    assert str(error.value) == told
    # Nobody was bothered for nothing.
    assert google.received == []


def test_a_login_of_somebody_else_is_not_used(
    kept: Path, google: Google, around: Callable[..., Authorized]
) -> None:
    if os.geteuid() == 0:
        os.chown(kept, 12345, 12345)
    else:
        kept = Path("/etc/passwd")
    with pytest.raises(AuthenticationError, match=r"belongs to somebody else, and is not believed$"):
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert google.received == []


def test_what_is_no_login(kept: Path, around: Callable[..., Authorized]) -> None:
    for content, told in {
        "SECRET": "holds no credentials: it is not JSON$",
        '{"type": "service_account"}': "holds no credentials of the type authorized_user$",
        '{"type": "authorized_user", "client_id": "SECRET"}': "client_secret, refresh_token missing$",
    }.items():
        kept.write_text(content)
        with pytest.raises(AuthenticationError, match=told) as error:
            around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
        assert "SECRET" not in "".join(traceback.format_exception(error.value))
    kept.unlink()
    os.mkfifo(kept, 0o600)
    with pytest.raises(AuthenticationError, match=r"is no file$"):
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    kept.unlink()
    kept.mkdir(0o700)
    with pytest.raises(AuthenticationError, match=r"cannot read .*: Is a directory$"):
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))


def test_a_disk_that_is_full_leaves_the_old_login(
    kept: Path, enter: Callable[..., None], browser: Browser
) -> None:
    before = kept.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def visited(address: str) -> None:
        browser(address)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))

    try:
        with pytest.raises(OutputError, match=f"^cannot keep the login in '{kept}': File too large$"):
            enter(visited)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert kept.read_bytes() == before
    assert os.listdir(kept.parent) == ["login.json"]


def test_the_order(
    kept: Path,
    gcloud: Path,
    key_file: str,
    google: Google,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_file(gcloud / "application_default_credentials.json", client_secret="SECRET-gcloud")
    memory = Memory()
    around(memory, scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert google.received[-1].form["client_secret"] == "SECRET-client"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)
    around(memory, scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert google.received[-1].form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.mark.parametrize(
    ("granted", "wanted", "lacking"),
    [
        ((HEALTHCARE,), (HEALTHCARE,), ()),
        ((HEALTHCARE,), (PLATFORM,), (PLATFORM,)),
        ((HEALTHCARE,), (HEALTHCARE, "a", "b"), ("a", "b")),
        ((PLATFORM,), (HEALTHCARE, "a"), ()),
    ],
)
def test_a_login_is_for_what_the_user_agreed_to(
    granted: tuple[str, ...],
    wanted: tuple[str, ...],
    lacking: tuple[str, ...],
    path: str,
    google: Google,
    enter: Callable[..., None],
    around: Callable[..., Authorized],
) -> None:
    enter(scopes=granted)
    memory = Memory()
    sender = around(memory, scopes=wanted, login=path)
    if not lacking:
        sender.send(asking(SOMEWHERE))
        assert proofs(memory) == [bearer(1)]
        return
    with pytest.raises(AuthenticationError) as told:
        sender.send(asking(SOMEWHERE))
    assert str(told.value) == f"the login in '{path}' is not for {', '.join(lacking)}: log in again"
    assert told.value.remedy == Remedy("log-in-again", tuple(lacking))
    assert memory.sent == []


def test_a_login_that_was_revoked(kept: Path, google: Google, around: Callable[..., Authorized]) -> None:
    google.upcoming = [refusal("invalid_grant")]
    with pytest.raises(AuthenticationError) as told:
        around(Memory(), scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE))
    assert str(told.value) == (
        "the credentials were refused (invalid_grant): they have expired or were revoked; log in again"
    )
    assert told.value.remedy == Remedy("log-in-again")


def test_a_refused_token_of_a_login_is_renewed_once(
    kept: Path, google: Google, around: Callable[..., Authorized]
) -> None:
    memory = Memory(lambda _request, _body: Reply(401))
    assert around(memory, scopes=SCOPES, login=str(kept)).send(asking(SOMEWHERE)).status == 401
    assert proofs(memory) == [bearer(0), bearer(1)]
    assert len(google.received) == 2


# --- logging out ------------------------------------------------------------------------------------------


def test_logging_out(kept: Path, google: Google, ca_bundle: str) -> None:
    log_out(str(kept), ca_bundle=ca_bundle)
    assert google.forgotten == ["SECRET-refresh"]
    assert google.received[0].headers["host"] == "oauth2.googleapis.com"
    assert not kept.exists()
    with pytest.raises(AuthenticationError, match=r"^nobody is logged in: there is no '"):
        log_out(str(kept), ca_bundle=ca_bundle)


def test_logging_out_of_what_google_has_forgotten(kept: Path, google: Google, ca_bundle: str) -> None:
    google.upcoming = [refusal("invalid_token")]
    log_out(str(kept), ca_bundle=ca_bundle)
    assert not kept.exists()


def test_logging_out_without_google(kept: Path, google: Google, ca_bundle: str) -> None:
    google.upcoming = [HANG_UP]
    with pytest.raises(TransportError) as told:
        log_out(str(kept), ca_bundle=ca_bundle)
    assert not isinstance(told.value, ConnectError)
    assert not kept.exists()


def test_nothing_of_ours_that_holds_secrets_can_be_pickled_or_shows_them(
    kept: Path, google: Google, around: Callable[..., Authorized]
) -> None:
    sender = around(Memory(), scopes=SCOPES, login=str(kept))
    sender.send(asking(SOMEWHERE))
    with pytest.raises(TypeError):
        pickle.dumps(sender)
    assert "SECRET" not in f"{sender!r} {vars(sender)!r}"
    assert issubclass(OutputError, CursorkitError)
