"""Servers on loopback that speak the protocols of Google's: one gives tokens, one is the API.

Nothing is pretended: keys are made here, signatures are checked, and the API wants a token that was given.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import trustme
from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydicom import dcmread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

GOOGLE = "https://oauth2.googleapis.com/token"
NAMES = (
    "accounts.google.com",
    "iamcredentials.googleapis.com",
    "oauth2.googleapis.com",
    "sts.googleapis.com",
    "evil.example",
)
"""Names that lead to the servers of a test where it says so: Google's, and a stranger's."""

METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"


@frozen
class Received:
    """A request that came in: header names in lower case, the body whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@frozen
class Answer:
    """What goes out: a status, header fields and a body."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()


def as_json(status: int, value: object, kind: str = "application/json") -> Answer:
    return Answer(status, json.dumps(value).encode(), (("Content-Type", kind),))


HANG_UP = Answer(0)
"""The connection is closed, and nothing is said."""
SILENCE = Answer(-1)
"""Nothing is said until the server closes."""


class Server(ThreadingHTTPServer):
    """An HTTP server in a thread, which remembers what it received.

    `upcoming` holds answers to give first, whatever is asked; then `answer` decides. It is `idle` when the
    last connection is closed. `offset` is how wrong its clock is.
    """

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.offset = timedelta()
        self.received: list[Received] = []
        self.upcoming: list[Answer] = []
        self.idle = threading.Event()
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server_port}"

    def answer(self, received: Received) -> Answer:
        return Answer()

    def next(self, received: Received) -> Answer:
        self.received.append(received)
        return self.upcoming.pop(0) if self.upcoming else self.answer(received)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is no news."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.idle.clear()

    def finish(self) -> None:
        super().finish()
        self.server.idle.set()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.next(Received(self.command, self.path, fields, body))
        if answer is SILENCE:
            self.server.closing.wait()
        if answer in (HANG_UP, SILENCE):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def do_GET(self) -> None:
        self.headers["Content-Length"] = "0"
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_GET()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(datetime.now(UTC) + self.server.offset, usegmt=True)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class TokenServer(Server):
    """Gives tokens as Google's servers do (RFC 7523, RFC 6749, RFC 8693, and the metadata server).

    `given` holds each token that it gave, with the scope it was asked for; `seconds` is how long they last.
    """

    def __init__(self, account: ServiceAccount, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.account = account
        self.given: dict[str, str | None] = {}
        self.claims: list[dict[str, Any]] = []
        self.seconds = 3600

    @property
    def token_uri(self) -> str:
        return f"{self.url}/token"

    def answer(self, received: Received) -> Answer:
        address = urlsplit(received.path)
        if address.path == METADATA and received.headers.get("metadata-flavor") == "Google":
            (scopes,) = parse_qs(address.query)["scopes"]
            return self._give(scopes.replace(",", " "), ("Metadata-Flavor", "Google"))
        form = received.form
        match form["grant_type"]:
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                if not self._is_signed(form["assertion"]):
                    return refusal("invalid_grant")
                return self._give(self.claims[-1]["scope"])
            case "refresh_token" if form["refresh_token"] == "SECRET-refresh":
                assert (form["client_id"], form["client_secret"]) == ("client", "SECRET-client")
                return self._give(form.get("scope"))
            case "urn:ietf:params:oauth:grant-type:token-exchange" if (
                form["subject_token"] == "SECRET-subject"
            ):
                return self._give(form["scope"])
        return refusal("invalid_grant")

    def _give(self, scope: str | None, *headers: tuple[str, str]) -> Answer:
        token = f"SECRET-token.{len(self.given)}"
        self.given[token] = scope
        given = {
            "access_token": token,
            "expires_in": self.seconds,
            "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
        return Answer(200, json.dumps(given).encode(), (("Content-Type", "application/json"), *headers))

    def _is_signed(self, assertion: str) -> bool:
        """Whether the service account signed it, for Google, now, and for an hour at most."""
        signed, _, signature = assertion.rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        self.claims.append(claims)
        try:
            self.account.key.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        now = time.time()
        return bool(
            header["alg"] == "RS256"
            and claims["iss"] == self.account.email
            and claims["aud"] == GOOGLE
            and claims["scope"]
            and claims["iat"] <= now + 60
            and now < claims["exp"] <= claims["iat"] + 3600
        )


def refusal(code: str) -> Answer:
    """How a token is refused (RFC 6749, 5.2), with words that must not be repeated."""
    return as_json(400, {"error": code, "error_description": "SECRET-description"})


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Api(Server):
    """A DICOM store behind Google's checks: of a token that its `tokens` gave, or of `accepted`."""

    def __init__(self, tokens: TokenServer, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.tokens = tokens
        self.accepted = {"Bearer SECRET-access", "Bearer SECRET-oauth", "SECRET-key"}

    def answer(self, received: Received) -> Answer:
        given = {f"Bearer {token}" for token in self.tokens.given}
        proofs = {received.headers.get("authorization", ""), received.headers.get("x-goog-api-key", "")}
        if not proofs & (given | self.accepted):
            return unauthorized()
        stored = dcmread(BytesIO(received.body), stop_before_pixels=True)
        item = {
            "00081150": {"vr": "UI", "Value": [str(stored.SOPClassUID)]},
            "00081155": {"vr": "UI", "Value": [str(stored.SOPInstanceUID)]},
        }
        return as_json(200, {"00081199": {"vr": "SQ", "Value": [item]}}, "application/dicom+json")

    @property
    def proofs(self) -> list[dict[str, str]]:
        """How those proved themselves who called, and who pays."""
        names = ("authorization", "x-goog-api-key", "x-goog-user-project")
        return [
            {name: each.headers[name] for name in names if name in each.headers} for each in self.received
        ]


def unauthorized() -> Answer:
    return as_json(401, {"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}})


@frozen
class ServiceAccount:
    """A service account, whose private key stands in its key file."""

    email: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def key_file(self, path: Path, token_uri: str) -> Path:
        """The file as Google hands it out, but for the address that gives tokens."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        content = {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": "2",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }
        path.write_text(json.dumps(content))
        return path


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that no machine trusts unless it is told to."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file that `--ca-bundle` names."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def proven_by(authority: trustme.CA) -> ssl.SSLContext:
    """What a server on this machine proves itself with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", *NAMES).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """What the servers of the tests prove themselves with."""
    return proven_by(authority)


@pytest.fixture(scope="session")
def make_account() -> Callable[[str], ServiceAccount]:
    """Service accounts, each with a key of its own."""

    def make(email: str) -> ServiceAccount:
        return ServiceAccount(email, rsa.generate_private_key(65537, 2048))

    return make


@pytest.fixture(scope="session")
def account(make_account: Callable[[str], ServiceAccount]) -> ServiceAccount:
    """The service account that the token server knows."""
    return make_account("storer@p.iam.gserviceaccount.com")


@pytest.fixture
def plain_tokens(account: ServiceAccount) -> Iterator[TokenServer]:
    """What gives tokens, in plain HTTP."""
    with TokenServer(account) as server:
        yield server


@pytest.fixture
def api(tokens: TokenServer, tls: ssl.SSLContext) -> Iterator[Api]:
    """The API, over TLS."""
    with Api(tokens, tls) as server:
        yield server
