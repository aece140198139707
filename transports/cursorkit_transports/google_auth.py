"""Credentials of google-auth around any transport."""

from __future__ import annotations

import logging
import re
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from cursorkit.wire import AuthenticationError, ConnectError, Headers, PermanentError, TransportError
from cursorkit_transports.hosts import Hosts
from cursorkit_transports.tokens import TOKEN_TIMEOUT, Tokens

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from cursorkit.wire import Request, Response, Transport
    from cursorkit_transports.credentials import Found

_PROOFS = ("Authorization", "x-goog-api-key")
_QUOTA_PROJECT = "x-goog-user-project"
_FIT_FOR_A_HEADER = re.compile(r"[!-~]+( [!-~]+)*")

_LOG = logging.getLogger(__name__)

# Without this, Python prints what google-auth has to say of the scopes of a user.
logging.getLogger("google").addHandler(logging.NullHandler())


class Authorized:
    """Adds a Bearer token to every request that does not prove yet who is asking.

    Args:
        transport: what sends the requests.
        credentials: whose token; by default the application default credentials, which are looked for when
            the first request needs them, and only ever used for https.
        scopes: what the default credentials, or those of the service account to act as, are for.
        impersonate: the service account to act as, and behind it those through whom, in their order.
        quota_project: the project whose quota is used, and which is billed, instead of that of the
            credentials; it goes with every request that has a token.
        login: the file in which the login of a user is kept.
        trusted_hosts: whom credentials may be fetched from and sent to, beside Google and this machine.
        ca_bundle: the authorities to trust when a token is fetched, instead of those of the system.
        token_timeout: seconds until whoever gives tokens begins to answer.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials | None = None,
        *,
        scopes: tuple[str, ...] = (),
        impersonate: tuple[str, ...] = (),
        quota_project: str | None = None,
        login: str | None = None,
        trusted_hosts: tuple[str, ...] = (),
        ca_bundle: str | None = None,
        token_timeout: float = TOKEN_TIMEOUT,
    ) -> None:
        self._transport = transport
        self._given = credentials
        self._scopes = scopes
        self._impersonate = impersonate
        self._login = login
        self._billed = {_QUOTA_PROJECT: quota_project} if quota_project else {}
        self._tokens = Tokens(Hosts(trusted_hosts), ca_bundle, token_timeout)
        self._lock = Lock()

    def send(self, request: Request) -> Response:
        """Send with a token; if it is refused, once more with a new one and a fresh body.

        Raises:
            AuthenticationError: there is no token to be had.
            TransportError: whoever gives tokens cannot be reached, is not trusted, or is busy.
            SourceError: the CA bundle cannot be read.
        """
        if any(name in request.headers for name in _PROOFS):
            billed = self._billed if _PROOFS[0] in request.headers else {}
            return self._transport.send(_with(request, billed))
        if self._given is None and not request.url.lower().startswith("https:"):
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
        response = self._transport.send(_with(request, {**proof.fields, **self._billed}))
        return proof, evolve(response, secrets=tuple(filter(None, (*response.secrets, proof.token))))

    def _proof(self, refused: _Proof | None) -> _Proof:
        """A proof with another token than the one that was refused."""
        with self._lock:
            try:
                found = self._found
                credentials = found.credentials
                with self._tokens.explaining(found.renew, found.remedy):
                    if not credentials.valid or (refused is not None and credentials.token == refused.token):
                        credentials.refresh(self._tokens)
                    proof = _Proof.of(credentials)
            except TransportError as error:
                # A traceback that led through google-auth would lead to variables that hold secrets.
                raise _before_all(error).with_traceback(None) from None
        if not proof.fit:
            raise AuthenticationError("the credentials gave a token that no header can carry")
        return proof

    @cached_property
    def _found(self) -> Found:
        from cursorkit_transports.credentials import CLOUD_PLATFORM, Found, find, impersonated

        if self._given is not None:
            found = Found(self._given)
        else:
            # The service account that is acted as has the scopes; whoever acts as it needs another.
            scopes = (CLOUD_PLATFORM,) if self._impersonate else self._scopes
            found = find(scopes, quota_project=self._billed.get(_QUOTA_PROJECT), login=self._login)
        return impersonated(found, self._impersonate, self._scopes) if self._impersonate else found


def _with(request: Request, fields: dict[str, str]) -> Request:
    return evolve(request, headers=Headers([*request.headers, *fields.items()])) if fields else request


def _before_all(error: TransportError) -> TransportError:
    """`error` as one that came before anything of the request was sent."""
    if isinstance(error, PermanentError | ConnectError):
        return error
    return ConnectError(str(error), remedy=error.remedy)


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
