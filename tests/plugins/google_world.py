"""What Google's servers do beyond giving tokens: consent in a browser, impersonation, and being forgotten.

They go by their own names, which lead here, and prove themselves by certificates for these names.
"""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import urllib.request
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from google_servers import NAMES, Answer, TokenServer, as_json, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google_servers import Received, ServiceAccount

CLIENT = {"client_id": "client", "client_secret": "SECRET-client"}
CONSENT = "/o/oauth2/v2/auth"
GENERATE = ":generateAccessToken"
IAM = ("https://www.googleapis.com/auth/iam", "https://www.googleapis.com/auth/cloud-platform")


class Google(TokenServer):
    """All of them in one.

    Attributes:
        consents: what was asked of the user, each a query.
        agrees: whether the user does.
        accounts: the service accounts there are, each with those through whom it may be acted as.
        forgotten: the tokens that were revoked.
        strangers: what came in under no name of Google's.
    """

    def __init__(self, account: ServiceAccount, context: ssl.SSLContext) -> None:
        super().__init__(account, context)
        self.consents: list[dict[str, str]] = []
        self.agrees = True
        self.accounts: dict[str, list[str]] = {}
        self.forgotten: list[str] = []
        self.strangers: list[Received] = []
        self._codes: dict[str, dict[str, str]] = {}

    def next(self, received: Received) -> Answer:
        if received.headers["host"].startswith("evil.example"):
            self.strangers.append(received)
        return super().next(received)

    def answer(self, received: Received) -> Answer:
        host, path = received.headers["host"], urlsplit(received.path).path
        if (host, path) == ("accounts.google.com", CONSENT):
            return self._consent(dict(parse_qsl(urlsplit(received.path).query, strict_parsing=True)))
        if host == "iamcredentials.googleapis.com" and path.endswith(GENERATE):
            return self._acted_as(received, path)
        if (host, path) == ("oauth2.googleapis.com", "/revoke"):
            self.forgotten.append(received.form["token"])
            return as_json(200, {})
        if (received.method, path) == ("GET", "/subject"):
            return Answer(200, b"SECRET-subject")
        if path in {"/token", "/v1/token"}:
            form = received.form
            if form["grant_type"] == "authorization_code":
                return self._for_a_code(form)
            return super().answer(received)
        return super().answer(received) if received.method == "GET" else refusal("invalid_request")

    def answer_to_a_jwt(self) -> Answer:
        """The token that a service account gets to act as another one."""
        return self._give(IAM[0])

    def _consent(self, asked: dict[str, str]) -> Answer:
        """The page where the user agrees, or does not (RFC 6749, 4.1.1; RFC 7636, 4.3)."""
        self.consents.append(asked)
        if not self.agrees:
            return _sent_on(asked, error="access_denied")
        code = f"SECRET-code.{len(self._codes)}"
        self._codes[code] = asked
        return _sent_on(asked, code=code)

    def _for_a_code(self, form: dict[str, str]) -> Answer:
        """A token for a code, once, for whoever asked for it (RFC 6749, 4.1.3; RFC 7636, 4.6)."""
        asked = self._codes.pop(form["code"], None)
        digest = sha256(form["code_verifier"].encode()).digest()
        hashed = urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or form["redirect_uri"] != asked["redirect_uri"]
            or asked["code_challenge_method"] != "S256"
            or not secrets.compare_digest(hashed, asked["code_challenge"])
        ):
            return refusal("invalid_grant")
        if {name: form[name] for name in CLIENT} != CLIENT:
            return refusal("invalid_client")
        given = self._give(asked["scope"])
        content = {**json.loads(given.body), "refresh_token": "SECRET-refresh", "scope": asked["scope"]}
        return as_json(200, content)

    def _acted_as(self, received: Received, path: str) -> Answer:
        """A token of a service account, for who may act as it (serviceAccounts.generateAccessToken)."""
        proof = received.headers.get("authorization", "").removeprefix("Bearer ")
        scope = self.given.get(proof, "")
        if proof not in self.given or (scope is not None and scope not in IAM):
            return _iam_refusal(401, "UNAUTHENTICATED")
        email = path.rpartition("/")[2].removesuffix(GENERATE)
        wanted = json.loads(received.body)
        if email not in self.accounts:
            return _iam_refusal(404, "NOT_FOUND")
        through = [f"projects/-/serviceAccounts/{each}" for each in self.accounts[email]]
        if (wanted.get("delegates") or []) != through:
            return _iam_refusal(403, "PERMISSION_DENIED")
        token = json.loads(self._give(" ".join(wanted["scope"])).body)["access_token"]
        expiry = datetime.now(UTC) + timedelta(seconds=int(wanted["lifetime"].removesuffix("s")))
        return as_json(200, {"accessToken": token, "expireTime": f"{expiry:%Y-%m-%dT%H:%M:%SZ}"})


def _sent_on(asked: dict[str, str], **answer: str) -> Answer:
    query = urlencode({**answer, "state": asked["state"], "scope": asked["scope"]})
    return Answer(302, b"", (("Location", f"{asked['redirect_uri']}?{query}"),))


def _iam_refusal(code: int, status: str) -> Answer:
    return as_json(code, {"error": {"code": code, "status": status, "message": "SECRET-message"}})


@pytest.fixture
def tokens(account: ServiceAccount, tls: ssl.SSLContext) -> Iterator[Google]:
    """What gives tokens, over TLS."""
    with Google(account, tls) as server:
        yield server


@pytest.fixture
def google(tokens: Google, monkeypatch: pytest.MonkeyPatch) -> Google:
    """The same, and in this process Google's names lead there."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *options: Any, **named: Any) -> Any:
        place = ("127.0.0.1", tokens.server_port) if host in NAMES else (host, port)
        return look_up(*place, *options, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return tokens


@pytest.fixture
def browser(ca_bundle: str) -> Callable[[str], str]:
    """A browser: it opens an address, goes where it is sent, and gives what it shows at the end."""

    def visit(address: str) -> str:
        context = ssl.create_default_context(cafile=ca_bundle)
        with urllib.request.urlopen(address, context=context, timeout=30) as page:
            shown: str = page.read().decode()
            return shown

    return visit


@pytest.fixture
def client_file(tmp_path: Path) -> str:
    """The OAuth client of a desktop app, as the Cloud console hands it out."""
    path = tmp_path / "client_secret.json"
    installed = {
        **CLIENT,
        "project_id": "p",
        "auth_uri": "https://evil.example/auth",
        "token_uri": "https://evil.example/token",
        "redirect_uris": ["http://localhost"],
    }
    path.write_text(json.dumps({"installed": installed}))
    return str(path)
