"""Credentials around transports: real keys, real signatures, and a server that checks them."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import pytest
from attrs import field, frozen
from google.auth.api_key import Credentials as ApiKey
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials as UserCredentials

from authorized_calls import (
    HEALTHCARE,
    PLATFORM,
    SCAN,
    SCOPES,
    SOMEWHERE,
    asking,
    bearer,
    of_the_user,
    proofs,
    user_file,
)
from cursorkit.errors import SourceError
from cursorkit.files import Files
from cursorkit.testing.server import ReadBody, ReadHead, Write
from cursorkit.testing.server import Server as ScriptedServer
from cursorkit.wire import (
    AuthenticationError,
    Bytes,
    Concatenation,
    ConnectError,
    Endpoint,
    TransportError,
    TrustError,
)
from cursorkit_transports import Authorized, Memory, open_transport, service_account
from cursorkit_transports.memory import Reply
from google_servers import HANG_UP, SILENCE, Answer, as_json, refusal, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit.wire import BodySource, Request
    from cursorkit_transports import Https
    from google_servers import Api, ServiceAccount, TokenServer
    from google_world import Google

pytestmark = pytest.mark.usefixtures("gcloud")


# --- a service account ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scopes", [(HEALTHCARE,), (PLATFORM, HEALTHCARE)], ids=len)
def test_a_signed_jwt_is_exchanged_for_a_token_of_exactly_these_scopes(
    scopes: tuple[str, ...],
    key_file: str,
    tokens: TokenServer,
    api: Api,
    https: Https,
    around: Callable[..., Authorized],
) -> None:
    assert around(https, service_account(key_file, scopes)).send(asking(api.url)).status == 200
    (exchange,) = tokens.received
    assert (exchange.method, exchange.path) == ("POST", "/token")
    assert exchange.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert tokens.given == {"SECRET-token.0": " ".join(scopes)}
    (sent,) = api.received
    assert sent.headers["authorization"] == "Bearer SECRET-token.0"
    assert "x-goog-api-key" not in sent.headers
    assert sent.body == SCAN.read_bytes()


def test_a_server_of_tokens_on_this_machine_needs_no_tls(
    account: ServiceAccount, plain_tokens: TokenServer, tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    key = account.key_file(tmp_path / "key.json", plain_tokens.token_uri)
    memory = Memory()
    around(memory, service_account(str(key), SCOPES)).send(asking(SOMEWHERE))
    assert proofs(memory) == [bearer(0)]


def test_a_key_that_is_not_the_accounts_own_is_refused(
    make_account: Callable[[str], ServiceAccount],
    account: ServiceAccount,
    tokens: TokenServer,
    tmp_path: Path,
    around: Callable[..., Authorized],
) -> None:
    other = make_account(account.email).key_file(tmp_path / "key.json", tokens.token_uri)
    memory = Memory()
    with pytest.raises(AuthenticationError, match=r"refused \(invalid_grant\)"):
        around(memory, service_account(str(other), SCOPES)).send(asking(SOMEWHERE))
    assert (len(tokens.received), tokens.given, memory.sent) == (1, {}, [])


@pytest.mark.parametrize(("seconds", "used"), [(300, [0, 0, 0]), (200, [0, 1, 2])])
def test_a_token_is_used_again_until_shortly_before_it_expires(
    seconds: int, used: list[int], key_file: str, tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    tokens.seconds = seconds
    memory = Memory()
    sender = around(memory, service_account(key_file, SCOPES))
    for _ in used:
        sender.send(asking(SOMEWHERE))
    assert proofs(memory) == [bearer(number) for number in used]


# --- 401 --------------------------------------------------------------------------------------------------


def in_memory(_: Path) -> BodySource:
    return Bytes(SCAN.read_bytes())


def a_file(_: Path) -> BodySource:
    return Files(print)(str(SCAN))


def in_pieces(folder: Path) -> BodySource:
    content = SCAN.read_bytes()
    (folder / "first").write_bytes(content[:7000])
    return Concatenation((Files(print)(str(folder / "first")), Bytes(content[7000:])))


@pytest.mark.parametrize("source", [in_memory, a_file, in_pieces])
@pytest.mark.parametrize("seconds", [3600, 60])
def test_a_refused_token_is_renewed_once_and_the_same_body_sent_again(
    source: Callable[[Path], BodySource],
    seconds: int,
    key_file: str,
    tokens: TokenServer,
    api: Api,
    https: Https,
    tmp_path: Path,
    around: Callable[..., Authorized],
) -> None:
    tokens.seconds = seconds
    api.upcoming = [unauthorized()]
    response = around(https, service_account(key_file, SCOPES)).send(asking(api.url, source(tmp_path)))
    assert response.status == 200
    assert (response.sent.octets, response.sent.whole) == (SCAN.stat().st_size, True)
    assert [each.headers["authorization"] for each in api.received] == [
        "Bearer SECRET-token.0",
        "Bearer SECRET-token.1",
    ]
    assert {each.body for each in api.received} == {SCAN.read_bytes()}
    assert len(tokens.received) == 2


def test_a_second_refusal_is_the_answer(
    key_file: str, tokens: TokenServer, api: Api, https: Https, around: Callable[..., Authorized]
) -> None:
    api.upcoming = [unauthorized()] * 3
    assert around(https, service_account(key_file, SCOPES)).send(asking(api.url)).status == 401
    assert (len(api.received), len(tokens.received)) == (2, 2)


def test_when_many_are_refused_at_once_one_renews_for_all(
    key_file: str, tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    together = threading.Barrier(8)

    def answer(request: Request, _: bytes) -> Reply:
        if request.headers.get("Authorization").endswith(".0"):
            together.wait(timeout=30)
            return Reply(401)
        return Reply(200)

    memory = Memory(answer)
    sender = around(memory, service_account(key_file, SCOPES))
    threads = [threading.Thread(target=sender.send, args=(asking(SOMEWHERE),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(tokens.given) == ["SECRET-token.0", "SECRET-token.1"]
    assert len(memory.sent) == 16


def test_a_token_that_cannot_be_renewed(around: Callable[..., Authorized]) -> None:
    memory = Memory(lambda _request, _body: Reply(401))
    with pytest.raises(AuthenticationError, match="the credentials give no new token: "):
        around(memory, UserCredentials("SECRET-alone")).send(asking(SOMEWHERE))
    assert len(memory.sent) == 1


# --- any transport, any credentials -----------------------------------------------------------------------


def test_around_a_store_in_a_folder(
    key_file: str, tokens: TokenServer, tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    store = f"file:{tmp_path / 'store'}"
    response = around(open_transport(Endpoint(store)), service_account(key_file, SCOPES)).send(asking(store))
    assert response.status == 200
    assert len(tokens.given) == 1


def test_other_credentials_of_google_auth(around: Callable[..., Authorized]) -> None:
    memory = Memory()
    around(memory, ApiKey("SECRET-key")).send(asking(SOMEWHERE))
    around(memory, AnonymousCredentials()).send(asking(SOMEWHERE))
    assert proofs(memory) == [{"x-goog-api-key": "SECRET-key"}, {}]


@pytest.mark.parametrize("name", ["Authorization", "authorization", "x-goog-api-key", "X-Goog-Api-Key"])
def test_who_proves_itself_is_sent_as_it_is(
    name: str, key_file: str, tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    memory = Memory(lambda _request, _body: Reply(401))
    request = asking(SOMEWHERE, None, (name, "SECRET"))
    assert around(memory, service_account(key_file, SCOPES)).send(request).status == 401
    assert memory.sent == [(request, SCAN.read_bytes())]
    assert tokens.received == []


@pytest.mark.parametrize("url", ["http://localhost", "http://127.0.0.1:80", "file:store", "memory:"])
def test_default_credentials_are_for_https_alone(
    url: str,
    key_file: str,
    tokens: TokenServer,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)
    memory = Memory()
    sender = around(memory, scopes=SCOPES)
    sender.send(asking(url))
    assert proofs(memory) == [{}]
    assert tokens.received == []
    sender.send(asking("HTTPS://healthcare.example"))
    assert proofs(memory) == [{}, bearer(0)]


# --- when there is no token to be had ---------------------------------------------------------------------

_REFUSED = AuthenticationError
_LATER = ConnectError
ANSWERS = {
    "invalid_grant": (refusal("invalid_grant"), _REFUSED, r"refused \(invalid_grant\): they have expired"),
    "invalid_scope": (refusal("invalid_scope"), _REFUSED, r"refused \(invalid_scope\): a scope"),
    "invalid_client": (refusal("invalid_client"), _REFUSED, r"refused \(invalid_client\): the OAuth client"),
    "a secret for a code": (refusal("SECRET"), _REFUSED, "refused$"),
    "an odd code": (as_json(400, {"error": {"message": "SECRET"}}), _REFUSED, "refused$"),
    "no token": (as_json(200, {"SECRET": 1}), _REFUSED, "the answer to the credentials holds no token$"),
    "an error without a code": (as_json(403, {"SECRET": 1}), _REFUSED, "refused$"),
    "odd seconds": (as_json(200, {"access_token": "x", "expires_in": "SECRET"}), _REFUSED, "malformed"),
    "500": (as_json(500, {"error": "SECRET"}), _LATER, "busy"),
    "503 in HTML": (Answer(503, b"<html>SECRET"), _LATER, "busy"),
    "429 in HTML": (Answer(429, b"<html>SECRET"), _LATER, "busy"),
    "200 in HTML": (Answer(200, b"<html>SECRET"), _LATER, "busy, or none"),
    "400 in HTML": (Answer(400, b"<html>SECRET"), _LATER, "busy, or none"),
    "a list": (as_json(200, ["SECRET"]), _LATER, "busy, or none"),
    "no text": (Answer(200, b"SECRET\xff"), _LATER, "busy, or none"),
    "nothing": (Answer(200, b""), _LATER, "busy, or none"),
    "no answer": (HANG_UP, _LATER, "cannot fetch a token: the answer of localhost:[0-9]+ is incomplete"),
    "silence": (SILENCE, _LATER, "cannot fetch a token: localhost:[0-9]+ fell silent for [0-9.]+ s"),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("whose", ["account", "user"])
def test_no_token(
    whose: str, name: str, key_file: str, tokens: TokenServer, gcloud: Path, around: Callable[..., Authorized]
) -> None:
    answer, kind, told = ANSWERS[name]
    user_file(gcloud / "application_default_credentials.json")
    credentials = service_account(key_file, SCOPES) if whose == "account" else of_the_user(tokens)
    memory, body = Memory(), Counted(b"body")
    sender = around(memory, credentials, token_timeout=0.3 if answer is SILENCE else 60)
    tokens.upcoming = [answer]
    with pytest.raises(TransportError, match=told) as error:
        sender.send(asking(SOMEWHERE, body))
    assert type(error.value) is kind
    assert (error.value.sent.octets, error.value.sent.whole) == (0, False)
    assert "SECRET" not in f"{sender!r} {error.value!r} {''.join(traceback.format_exception(error.value))}"
    assert "\n" not in str(error.value)
    assert (len(tokens.received), memory.sent, body.opened) == (1, [], [])
    # It was not for ever.
    sender.send(asking(SOMEWHERE, body))
    assert proofs(memory) == [bearer(0)]


@frozen
class Counted:
    """A body that counts how often it is opened."""

    content: bytes = field(repr=False)
    opened: list[None] = field(factory=list, init=False)

    @property
    def length(self) -> int:
        return len(self.content)

    def open(self) -> BinaryIO:
        self.opened.append(None)
        return BytesIO(self.content)


def test_a_server_that_says_it_cannot_now(
    key_file: str, tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    # google-auth asks three times, a second and then two apart.
    tokens.upcoming = [refusal("temporarily_unavailable")] * 3
    with pytest.raises(TransportError, match="busy") as told:
        around(Memory(), service_account(key_file, SCOPES)).send(asking(SOMEWHERE))
    assert type(told.value) is ConnectError
    assert len(tokens.received) == 3


@pytest.mark.parametrize(
    "token", ["SECRET\r\nX-Evil: 1", "SECRET\n X-Folded: 1", "SECRET α", " SECRET", "SECRET\x7f"]
)
def test_a_token_that_no_header_can_carry(
    token: str, key_file: str, tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    tokens.upcoming = [as_json(200, {"access_token": token, "expires_in": 3600})]
    memory = Memory()
    with pytest.raises(AuthenticationError, match="no header can carry") as told:
        around(memory, service_account(key_file, SCOPES)).send(asking(SOMEWHERE))
    assert "SECRET" not in repr(told.value)
    assert memory.sent == []


@pytest.mark.parametrize("subtype", [{}, {"error_subtype": "invalid_rapt"}], ids=len)
def test_a_user_who_has_to_log_in_again(
    subtype: dict[str, str], google: Google, gcloud: Path, around: Callable[..., Authorized]
) -> None:
    user_file(gcloud / "application_default_credentials.json")
    google.upcoming = [as_json(400, {"error": "invalid_grant", **subtype})]
    with pytest.raises(AuthenticationError) as told:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert str(told.value) == (
        "the credentials were refused (invalid_grant): they have expired or were revoked; "
        "log in again with 'gcloud auth application-default login'"
    )


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (timedelta(hours=3), "3 hours behind"),
        (timedelta(hours=-3, minutes=-1), "3 hours ahead of"),
        (timedelta(minutes=10), "10 minutes behind"),
        (timedelta(minutes=-10), "10 minutes ahead of"),
    ],
)
def test_a_clock_that_is_wrong(
    offset: timedelta, told: str, key_file: str, tokens: Google, around: Callable[..., Authorized]
) -> None:
    tokens.offset = offset
    tokens.upcoming = [refusal("invalid_grant")]
    with pytest.raises(AuthenticationError) as error:
        around(Memory(), service_account(key_file, SCOPES)).send(asking(SOMEWHERE))
    assert str(error.value).endswith(f"; the clock of this machine is {told} that of the server")


def test_a_clock_that_nobody_can_read(
    key_file: str, around: Callable[..., Authorized], account: ServiceAccount, tmp_path: Path
) -> None:
    refused = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 25\r\n%s\r\n{"error":"invalid_grant"}'
    for date in (b"", b"Date: yesterday\r\n", b"Date: Mon, 01 Jan 2001 00:00:00\r\n"):
        with ScriptedServer((ReadHead(), ReadBody(), Write(refused % date))) as server:
            key = account.key_file(tmp_path / "key.json", server.url)
            with pytest.raises(AuthenticationError, match=r"they have expired or were revoked$"):
                around(Memory(), service_account(str(key), SCOPES)).send(asking(SOMEWHERE))


def test_a_token_is_not_fetched_from_where_a_server_points(
    key_file: str, tokens: TokenServer, plain_tokens: TokenServer, around: Callable[..., Authorized]
) -> None:
    tokens.upcoming = [Answer(307, b"{}", (("Location", plain_tokens.token_uri),))]
    with pytest.raises(AuthenticationError, match=r"holds no token$"):
        around(Memory(), service_account(key_file, SCOPES)).send(asking(SOMEWHERE))
    assert plain_tokens.received == []


def test_nobody_answers(account: ServiceAccount, tmp_path: Path, around: Callable[..., Authorized]) -> None:
    key = account.key_file(tmp_path / "key.json", "https://localhost:1/token")
    memory = Memory()
    with pytest.raises(
        ConnectError, match=r"^cannot fetch a token: cannot connect to localhost:1: Connection refused$"
    ):
        around(memory, service_account(str(key), SCOPES)).send(asking(SOMEWHERE))
    assert memory.sent == []


def test_a_server_of_tokens_that_is_not_trusted(key_file: str, tokens: TokenServer) -> None:
    memory = Memory()
    sender = Authorized(memory, service_account(key_file, SCOPES))
    with pytest.raises(
        TrustError, match=r"^cannot fetch a token: the certificate of localhost:[0-9]+ is not trusted"
    ):
        sender.send(asking(SOMEWHERE))
    sender.close()
    assert (tokens.received, memory.sent) == ([], [])


@pytest.mark.parametrize(
    "address", ["http://tokens.example/token", "http://10.0.0.1", "ftp://localhost/", "tokens.example", "//"]
)
def test_no_proof_goes_out_in_the_clear(
    address: str, account: ServiceAccount, tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    key = account.key_file(tmp_path / "key.json", address)
    with pytest.raises(
        AuthenticationError, match=r"^cannot fetch a token: the credentials name no https:// address$"
    ):
        around(Memory(), service_account(str(key), SCOPES)).send(asking(SOMEWHERE))


def test_a_bundle_that_cannot_be_read(
    key_file: str, around: Callable[..., Authorized], tmp_path: Path
) -> None:
    sender = around(Memory(), service_account(key_file, SCOPES), ca_bundle=str(tmp_path / "missing"))
    with pytest.raises(SourceError, match="cannot read the CA bundle"):
        sender.send(asking(SOMEWHERE))


def test_closing_lets_go_of_whoever_gives_tokens(key_file: str, tokens: TokenServer, ca_bundle: str) -> None:
    sender = Authorized(Memory(), service_account(key_file, SCOPES), ca_bundle=ca_bundle)
    sender.send(asking(SOMEWHERE))
    assert not tokens.idle.is_set()
    sender.close()
    assert tokens.idle.wait(timeout=30)


QUIET = """\
import sys
from google.oauth2.credentials import Credentials
from cursorkit.wire import Bytes, Headers, Request
from cursorkit_transports import Authorized, Memory

user = Credentials(
    None,
    refresh_token="SECRET-refresh",
    client_id="client",
    client_secret="SECRET-client",
    token_uri=sys.argv[1],
    scopes=["wanted", "granted"],
)
memory = Memory()
sender = Authorized(memory, user, ca_bundle=sys.argv[2])
sender.send(Request("POST", "https://healthcare.example", Headers(), Bytes()))
print(len(memory.sent))
"""


def test_google_auth_says_nothing_where_nobody_set_up_a_log(tokens: TokenServer, ca_bundle: str) -> None:
    tokens.upcoming = [as_json(200, {"access_token": "x", "expires_in": 3600, "scope": "granted"})]
    child = subprocess.run(
        [sys.executable, "-c", QUIET, tokens.token_uri, ca_bundle],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (child.stdout, child.stderr) == ("1\n", "")
