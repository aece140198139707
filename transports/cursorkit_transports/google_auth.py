"""Credentials of google-auth around any transport."""

from __future__ import annotations

import json
import logging
import re
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from google.auth.exceptions import GoogleAuthError
from google.auth.transport import Request as TokenRequest
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from cursorkit.wire import AuthenticationError, EndpointError, Headers, TransportError, check_address
from cursorkit_transports.framing import connections, unlogged
from cursorkit_transports.https import CONNECT_TIMEOUT, failure, host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import urllib3
    from google.auth.credentials import Credentials

    from cursorkit.wire import Request, Response, Transport
    from cursorkit_transports.proxies import Connections

TOKEN_TIMEOUT = 60.0
"""Seconds until whoever gives tokens begins to answer."""

_PROOFS = ("Authorization", "x-goog-api-key")
_FIT_FOR_A_HEADER = re.compile(r"[!-~]+( [!-~]+)*")
_STUMBLES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What google-auth raises over fields that are not of the shape it expects."""

_RENEW = "'gcloud auth application-default login' renews those of a user"
_REFUSALS = {
    "access_denied": "",
    "invalid_client": "",
    "invalid_grant": ": they have expired or were revoked, or the clock of this machine is wrong",
    "invalid_request": "",
    "invalid_scope": ": a scope that was asked for is unknown, or not granted",
    "unauthorized_client": "",
    "unsupported_grant_type": "",
}
"""How a server refuses (RFC 6749, 4.1.2.1 and 5.2), and what it means. No other word of it is repeated."""

_LOG = logging.getLogger(__name__)

# Without this, Python prints what google-auth has to say of the scopes of a user.
logging.getLogger("google").addHandler(logging.NullHandler())


class Authorized:
    """Adds a Bearer token to every request that does not prove yet who is asking.

    Args:
        transport: what sends the requests.
        credentials: whose token; by default the application default credentials, which are looked for when
            the first request needs them, and only ever used for https.
        scopes: what the default credentials are for.
        ca_bundle: the authorities to trust when a token is fetched, instead of those of the system.
        token_timeout: seconds until whoever gives tokens begins to answer.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials | None = None,
        *,
        scopes: tuple[str, ...] = (),
        ca_bundle: str | None = None,
        token_timeout: float = TOKEN_TIMEOUT,
    ) -> None:
        self._transport = transport
        self._given = credentials
        self._scopes = scopes
        self._tokens = _Tokens(ca_bundle, token_timeout)
        self._lock = Lock()

    def send(self, request: Request) -> Response:
        """Send with a token; if it is refused, once more with a new one and a fresh body.

        Raises:
            AuthenticationError: there is no token to be had.
            TransportError: whoever gives tokens cannot be reached, is not trusted, or is busy.
            SourceError: the CA bundle cannot be read.
        """
        proven = any(name in request.headers for name in _PROOFS)
        if proven or (self._given is None and not request.url.lower().startswith("https:")):
            return self._transport.send(request)
        proof, response = self._attempt(request)
        if response.status == 401:
            _, response = self._attempt(request, refused=proof)
        return response

    def close(self) -> None:
        """Close the transport within, and the connections to whoever gives tokens."""
        self._transport.close()
        self._tokens.close()

    def _attempt(self, request: Request, refused: _Proof | None = None) -> tuple[_Proof, Response]:
        proof = self._proof(refused)
        headers = Headers([*request.headers, *proof.fields.items()])
        return proof, self._transport.send(evolve(request, headers=headers))

    def _proof(self, refused: _Proof | None) -> _Proof:
        """A proof with another token than the one that was refused."""
        with self._lock:
            try:
                credentials = self._credentials
                if not credentials.valid or (refused is not None and credentials.token == refused.token):
                    credentials.refresh(self._tokens)
                proof = _Proof.of(credentials)
            except TransportError as error:
                # A traceback that led through google-auth would lead to variables that hold secrets.
                raise error.with_traceback(None) from None
            except GoogleAuthError as error:
                raise _explained(error) from None
            except _STUMBLES:
                raise AuthenticationError(
                    "cannot fetch a token: the credentials, or the answer to them, are malformed"
                ) from None
        if not proof.fit:
            raise AuthenticationError("the credentials gave a token that no header can carry")
        return proof

    @cached_property
    def _credentials(self) -> Credentials:
        if self._given is not None:
            return self._given
        from cursorkit_transports.credentials import application_default

        return application_default(self._scopes)


@frozen
class _Proof:
    """A token, and the header fields that carry it. Neither shows in `repr`."""

    token: str | None = field(repr=False)
    fields: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, credentials: Credentials) -> _Proof:
        """What proves who the owner of `credentials` is.

        Their own `before_request` is not used: it also looks up, in the background, which regions the account
        is confined to.
        """
        fields: dict[str, str] = {}
        credentials.apply(fields)
        return cls(credentials.token, fields)

    @property
    def fit(self) -> bool:
        """Whether header fields can be like that."""
        return all(map(_FIT_FOR_A_HEADER.fullmatch, self.fields.values()))


class _Tokens(TokenRequest):
    """How google-auth talks to whoever gives tokens: every server verified, once, and not for ever.

    What proves who is asking goes by POST. It leaves this machine by TLS only, and a JSON object answers it:
    anything else comes from some server or proxy in between, and says nothing of the credentials.
    """

    def __init__(self, ca_bundle: str | None, timeout: float) -> None:
        self._ca_bundle = ca_bundle
        self._timeout = Timeout(connect=CONNECT_TIMEOUT, read=timeout)

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | Timeout | None = None,
        **_: object,
    ) -> urllib3.BaseHTTPResponse:
        if method == "POST" and not _is_safe(url):
            raise AuthenticationError("cannot fetch a token: the credentials name no https:// address")
        try:
            with unlogged():
                answer = self._pool.urlopen(
                    method,
                    url,
                    body=body,
                    headers=headers,
                    timeout=timeout or self._timeout,
                    redirect=False,
                )
        except HTTPError as error:
            told = failure(error, url)
            raise type(told)(f"cannot fetch a token: {told}") from None
        _LOG.debug("* %s answered %d when asked for a token", host_of(url), answer.status)
        if method == "POST" and (answer.status >= 500 or not _is_object(answer.data)):
            raise TransportError("cannot fetch a token: the server that gives them is busy, or none")
        return answer

    @cached_property
    def _pool(self) -> Connections:
        return connections(self._ca_bundle)

    def close(self) -> None:
        if "_pool" in vars(self):
            self._pool.clear()


def _is_safe(url: str) -> bool:
    try:
        check_address(url)
    except EndpointError:
        return False
    return url.partition(":")[0].lower() in {"http", "https"}


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def _explained(error: GoogleAuthError) -> TransportError:
    """What happened in our own words: those of the library may repeat what the token's server said."""
    if error.retryable:
        return TransportError("cannot fetch a token: the server that gives them is busy")
    answer = error.args[1] if len(error.args) > 1 else None
    code = answer.get("error") if isinstance(answer, dict) else None
    reason = f" ({code}){_REFUSALS[code]}" if isinstance(code, str) and code in _REFUSALS else ""
    return AuthenticationError(f"the credentials were refused{reason}; {_RENEW}")
