"""The login of a user: Google asks in the browser, and answers to this machine (RFC 8252, RFC 7636).

The browser is sent to Google with the hash of a verifier and a random state. Google sends it back to a server
that listens on the loopback address for this one answer, with a code. The code is worth a token only together
with the verifier, which never left this process.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from hashlib import sha256
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import field, frozen
from google.auth.exceptions import GoogleAuthError

from cursorkit.wire import AuthenticationError
from cursorkit_transports import credential_files, private
from cursorkit_transports.hosts import Hosts
from cursorkit_transports.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 300.0
"""Seconds that a user has to agree."""

_CONSENT = "https://accounts.google.com/o/oauth2/v2/auth"
_TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_REVOCATION = "https://oauth2.googleapis.com/revoke"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@frozen
class Client:
    """An installed application, as Google knows it. Its secret is none (RFC 8252, 8.5), and is kept like one.

    Attributes:
        id: the client's identifier.
        secret: what Google wants beside it.
    """

    id: str
    secret: str = field(repr=False)


def client(path: str) -> Client:
    """The OAuth client in the file at `path`, as the Google Cloud console hands it out for desktop apps.

    Raises:
        AuthenticationError: the file cannot be read, or holds no such client.
    """
    document = credential_files.document(path, "the OAuth client")
    content = document.get("installed") if isinstance(document, dict) else None
    if not isinstance(content, dict):
        raise AuthenticationError(
            f"'{path}' holds no OAuth client of a desktop app: it has no structure 'installed'"
        )
    values = [content.get(name) for name in ("client_id", "client_secret")]
    if not all(isinstance(value, str) and value for value in values):
        raise AuthenticationError(f"'{path}' holds no OAuth client: client_id or client_secret is missing")
    return Client(*map(str, values))


def log_in(
    client: Client,
    scopes: tuple[str, ...],
    path: str,
    visit: Callable[[str], object],
    *,
    patience: float = PATIENCE,
    ca_bundle: str | None = None,
) -> None:
    """Let the user agree to `scopes`, and keep what comes of it in a private file at `path`.

    Args:
        client: the application that asks.
        scopes: what for.
        path: where the login is kept; there `Authorized(login=path)` finds it.
        visit: shows the user the page at an address, in a browser on this machine.
        patience: seconds that the user has to agree.
        ca_bundle: the authorities to trust, instead of those of the system.

    Raises:
        AuthenticationError: the user did not agree, or not in time; Google gave no token; others can write to
            the folder of `path`.
        TransportError: Google cannot be reached, is not trusted, or is busy.
        OutputError: the file cannot be written.
        SourceError: the CA bundle cannot be read.
    """
    private.check_folder(path)
    verifier = secrets.token_urlsafe(64)
    state = secrets.token_urlsafe(32)
    with _listening(state) as listener:
        visit(_address(client, scopes, listener.redirect, state, verifier))
        code = listener.code(patience)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": listener.redirect,
        "client_id": client.id,
        "client_secret": client.secret,
    }
    given = _asked(_TOKEN, form, ca_bundle)
    refresh_token = given.get("refresh_token")
    if not isinstance(refresh_token, str):
        raise AuthenticationError("the login gave no token that lasts: log in again, and agree to everything")
    kept = {
        "type": credential_files.USER,
        "client_id": client.id,
        "client_secret": client.secret,
        "refresh_token": refresh_token,
        "scopes": str(given.get("scope", " ".join(scopes))).split(),
    }
    private.write(path, kept)


def log_out(path: str, *, ca_bundle: str | None = None) -> None:
    """Remove the login at `path`, and have Google forget it.

    Raises:
        AuthenticationError: there is no login, or others can read it.
        TransportError: it is removed, and Google could not be told.
        OutputError: it cannot be removed.
        SourceError: the CA bundle cannot be read.
    """
    if not os.path.lexists(path):
        raise AuthenticationError(f"nobody is logged in: there is no '{path}'")
    content = credential_files.checked(path, private.read(path), (credential_files.USER,))
    private.remove(path)
    # 400 says that it does not know the token, any more or at all.
    _asked(_REVOCATION, {"token": str(content["refresh_token"])}, ca_bundle, fine=(200, 400))


def _address(client: Client, scopes: tuple[str, ...], redirect: str, state: str, verifier: str) -> str:
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        # Google gives a token that lasts only to those who ask for it, and a second one only like this.
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{_CONSENT}?{urlencode(query)}"


def _asked(
    address: str, form: dict[str, str], ca_bundle: str | None, fine: tuple[int, ...] = (200,)
) -> dict[str, object]:
    tokens = Tokens(Hosts(), ca_bundle)
    try:
        with tokens.explaining():
            answer = tokens(address, "POST", urlencode(form).encode(), _FORM)
            if answer.status not in fine:
                raise GoogleAuthError
        content: dict[str, object] = json.loads(answer.data)
        return content
    finally:
        tokens.close()


# --- the answer to the loopback address --------------------------------------------------------------------


class _Listener(ThreadingHTTPServer):
    """Waits on the loopback address for the answer that knows the state, and turns away what else comes."""

    daemon_threads = True

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.authority = f"127.0.0.1:{self.server_port}"
        self.redirect = f"http://{self.authority}/"
        self.answers: SimpleQueue[dict[str, str]] = SimpleQueue()

    def code(self, patience: float) -> str:
        """The code that the browser brings."""
        try:
            answer = self.answers.get(timeout=patience)
        except Empty:
            minutes = f"{patience / 60:g} minutes"
            raise AuthenticationError(
                f"nobody agreed in the browser within {minutes}: log in again"
            ) from None
        if "code" not in answer:
            reason = (
                "the user did not agree" if answer.get("error") == "access_denied" else "Google refused it"
            )
            raise AuthenticationError(f"the login was not granted: {reason}")
        return answer["code"]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves early is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 30
    server_version, sys_version = "cursorkit", ""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        # Of two values for one name neither is believed.
        query = {name: values[0] for name, values in parse_qs(address.query).items() if len(values) == 1}
        known = compare_digest(query.get("state", "").encode(), self.server.state.encode())
        if self.headers.get("Host") != self.server.authority or address.path != "/" or not known:
            self._say(404, "There is nothing here.")
        elif "code" in query:
            self._say(200, "You are logged in, and can close this window.")
            self.server.answers.put(query)
        else:
            self._say(200, "You are not logged in. You can close this window.")
            self.server.answers.put(query)

    def _say(self, status: int, text: str) -> None:
        content = f"<!doctype html><title>cursorkit</title><p>{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        # The address holds the code: it goes to no other page, and nothing else is shown on this one.
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is logged: what is asked for holds the code."""


@contextmanager
def _listening(state: str) -> Iterator[_Listener]:
    with _Listener(state) as listener:
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            listener.shutdown()
            thread.join()
