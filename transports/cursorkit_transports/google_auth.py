"""Credentials of google-auth around any transport."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, NoReturn

import google.auth
from attrs import evolve
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.exceptions import TransportError as UnreachableError
from google.auth.transport.urllib3 import Request as TokenRequest
from google.oauth2 import service_account as accounts

from cursorkit.errors import SourceError
from cursorkit.wire import AuthenticationError, ConnectError, Headers

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from cursorkit.wire import Request, Response, Transport

_PROOFS = ("Authorization", "x-goog-api-key")
_NO_CREDENTIALS = (
    "there are no credentials: run 'gcloud auth application-default login', or let "
    "GOOGLE_APPLICATION_CREDENTIALS name the key file of a service account, or give -p access-token@=FILE"
)

Finder = Callable[[tuple[str, ...], TokenRequest], "Credentials"]


def application_default(scopes: tuple[str, ...], request: TokenRequest) -> Credentials:
    """Google's application default credentials, for exactly `scopes`."""
    with warnings.catch_warnings():
        # Advice on quota projects, given on standard error at every call.
        warnings.simplefilter("ignore")
        credentials, _ = google.auth.default(scopes=list(scopes), request=request)
    return credentials


def service_account(path: str, scopes: tuple[str, ...]) -> Credentials:
    """The credentials of the service account whose key file is at `path`, for exactly `scopes`.

    Raises:
        SourceError: the file cannot be read.
        AuthenticationError: it is no key file of a service account.
    """
    try:
        found: Credentials = accounts.Credentials.from_service_account_file(path, scopes=list(scopes))
    except OSError as error:
        raise SourceError("unreadable-file", f"cannot read '{path}': {error.strerror}") from None
    except (GoogleAuthError, ValueError):
        raise AuthenticationError(f"'{path}' is not the key file of a service account") from None
    return found


class Authorized:
    """Adds a Bearer token to every request that does not prove yet who is asking.

    Args:
        transport: what sends the requests.
        credentials: whose token; by default the application default credentials, which are looked for when
            the first request needs them, and only ever used for https.
        scopes: what the default credentials are for.
        ca_bundle: the authorities to trust when a token is fetched, instead of those of the system.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials | None = None,
        *,
        scopes: tuple[str, ...] = (),
        ca_bundle: str | None = None,
    ) -> None:
        self._transport = transport
        self._given = credentials
        self._scopes = scopes
        self._ca_bundle = ca_bundle
        self._lock = Lock()

    def send(self, request: Request) -> Response:
        """Send with a token; if it is refused, once more with a new one and a fresh body.

        Raises:
            AuthenticationError: there is no token to be had.
            ConnectError: whoever gives tokens cannot be reached.
        """
        proven = any(name in request.headers for name in _PROOFS)
        if proven or (self._given is None and not request.url.startswith("https:")):
            return self._transport.send(request)
        response = self._transport.send(self._signed(request))
        if response.status != 401:
            return response
        return self._transport.send(self._signed(request, anew=True))

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()

    def _signed(self, request: Request, *, anew: bool = False) -> Request:
        fields: dict[str, str] = {}
        try:
            with self._lock:
                if anew:
                    self._credentials.refresh(self._tokens)
                self._credentials.before_request(self._tokens, request.verb, request.url, fields)
        except GoogleAuthError as error:
            _give_up(error)
        return evolve(request, headers=Headers([*request.headers, *fields.items()]))

    @cached_property
    def _tokens(self) -> TokenRequest:
        from cursorkit_transports.framing import connections

        return TokenRequest(connections(self._ca_bundle))

    @cached_property
    def _credentials(self) -> Credentials:
        return self._given or application_default(self._scopes, self._tokens)


def _give_up(error: GoogleAuthError) -> NoReturn:
    """Tell what happened in our own words: those of the library may repeat what the token's server said."""
    if isinstance(error, DefaultCredentialsError):
        raise AuthenticationError(_NO_CREDENTIALS) from None
    if error.retryable or isinstance(error, UnreachableError):
        raise ConnectError("the server that gives tokens cannot be reached, or is busy") from None
    code = re.match(r"[a-z_]+", str(error.args[0])) if error.args else None
    raise AuthenticationError(f"the credentials were refused{f' ({code[0]})' if code else ''}") from None
