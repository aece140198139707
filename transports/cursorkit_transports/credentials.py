"""Where credentials come from: a key file, or Google's application default credentials.

The order of the defaults is Google's: the file that GOOGLE_APPLICATION_CREDENTIALS names, that of gcloud, the
account of the machine (https://cloud.google.com/docs/authentication/application-default-credentials). Before
them all comes the token in the variable that gcloud, too, reads; before that of gcloud, the login of this
program. google-auth makes the credentials, but does not look for them: its own search runs gcloud and asks
servers for the name of a project, and cannot use the account of a machine without `requests`.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

from attrs import evolve, field, frozen
from google.auth.impersonated_credentials import Credentials as Impersonated
from google.oauth2.credentials import Credentials as RefreshableCredentials
from urllib3.util import Timeout

from cursorkit.wire import AuthenticationError, Remedy, TransportError
from cursorkit_transports import credential_files
from cursorkit_transports.hosts import metadata_host

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport import Request as TokenRequest

TOKEN = "CLOUDSDK_AUTH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
"""The variable in which gcloud, too, takes an access token."""

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
"""The scope that holds all others of the Cloud; whoever impersonates a service account needs it."""

_QUOTA_PROJECT = "GOOGLE_CLOUD_QUOTA_PROJECT"
_NO_CREDENTIALS = (
    "there are no credentials: log in, run 'gcloud auth application-default login', or let "
    "GOOGLE_APPLICATION_CREDENTIALS name the key file of a service account"
)
_LOGIN = Remedy("log-in-again")
_GCLOUD = "log in again with 'gcloud auth application-default login'"


@frozen
class Found:
    """Credentials, and what to do when they have expired.

    Attributes:
        credentials: those of google-auth.
        renew: what renews them, in words; empty where only whoever made them can.
        remedy: the same, where it is up to the program.
    """

    credentials: Credentials = field(repr=False)
    renew: str = ""
    remedy: Remedy | None = None


def application_default(scopes: tuple[str, ...]) -> Credentials:
    """Google's application default credentials, for exactly `scopes`. Asks nobody.

    Those of a user have the scopes that were granted when the user logged in, whatever `scopes` says.

    Raises:
        AuthenticationError: the file that is there cannot be used, or there is none, and no machine to ask.
    """
    return find(scopes).credentials


def find(scopes: tuple[str, ...], *, quota_project: str | None = None, login: str | None = None) -> Found:
    """The first credentials that there are: as `application_default` has them, and a login if one is kept.

    Args:
        scopes: what they are for.
        quota_project: the project that is billed, instead of that of the credentials and the environment.
        login: the file in which the login of a user is kept.

    Raises:
        AuthenticationError: as for `application_default`; or others can read the login, or it is for other
            scopes.
    """
    billed = quota_project or os.environ.get(_QUOTA_PROJECT)
    token = os.environ.get(TOKEN)
    if token:
        return Found(_Given(token, quota_project_id=billed))
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return _from_file(named, scopes, quota_project)
    if login is not None and _is_there(login):
        from cursorkit_transports.private import read

        content = credential_files.checked(login, read(login), (credential_files.USER,))
        _check_scopes(login, content.get("scopes"), scopes)
        kept = credential_files.credentials(login, content, scopes, quota_project)
        return Found(kept, "log in again", _LOGIN)
    left_by_gcloud = str(_folder_of_gcloud() / "application_default_credentials.json")
    if _is_there(left_by_gcloud):
        return _from_file(left_by_gcloud, scopes, quota_project)
    if os.environ.get("NO_GCE_CHECK") == "true":
        raise AuthenticationError(_NO_CREDENTIALS, remedy=Remedy("log-in"))
    return Found(_OfTheMachine(None, scopes=list(scopes), quota_project_id=billed))


def service_account(path: str, scopes: tuple[str, ...]) -> Credentials:
    """The credentials of the service account whose key file is at `path`, for exactly `scopes`.

    Raises:
        AuthenticationError: the file cannot be read, or is no key file of a service account.
    """
    content = credential_files.load(path, (credential_files.SERVICE_ACCOUNT,))
    return credential_files.credentials(path, content, scopes, None)


def impersonated(found: Found, accounts: tuple[str, ...], scopes: tuple[str, ...]) -> Found:
    """The credentials of a service account, which those that were found may act as.

    Args:
        found: whoever acts as the account.
        accounts: the account, and behind it those through whom, in their order: each may act as the next, and
            the last of them as the account.
        scopes: what the account is needed for.
    """
    account, *delegates = accounts
    source = found.credentials
    target = Impersonated(
        source,
        account,
        list(scopes),
        delegates=[f"projects/-/serviceAccounts/{each}" for each in delegates],
        quota_project_id=getattr(source, "quota_project_id", None),
    )
    return evolve(found, credentials=target)


class _Ambient(RefreshableCredentials):
    """Credentials that are just there.

    A class, because google-auth copies credentials, and drops the `refresh_handler` of those it copies.
    """

    def __init__(self, token: str | None, **others: object) -> None:
        super().__init__(token, **others)  # type: ignore[no-untyped-call]  # google-auth has no types there


class _Given(_Ambient):
    """A token of the environment, which nobody can renew."""

    def refresh(self, request: TokenRequest) -> NoReturn:  # noqa: ARG002 - the name is google-auth's
        raise AuthenticationError(f"the access token in {TOKEN} was refused: it is wrong, or has expired")


class _OfTheMachine(_Ambient):
    """The service account that belongs to a machine of Google's, or to what runs on it."""

    def refresh(self, request: TokenRequest) -> None:
        self.token, self.expiry = _token_of_the_machine(request, self.scopes)


def _folder_of_gcloud() -> Path:
    named = os.environ.get("CLOUDSDK_CONFIG")
    return Path(named or os.path.expanduser("~/.config/gcloud"))  # noqa: PTH111 - Path fails for the homeless


def _check_scopes(login: str, granted: object, scopes: tuple[str, ...]) -> None:
    """That the user agreed to `scopes` when logging in, one by one or to all of the Cloud at once."""
    if not isinstance(granted, list) or CLOUD_PLATFORM in granted:
        return
    lacking = [scope for scope in scopes if scope not in granted]
    if lacking:
        told = f"the login in '{login}' is not for {', '.join(lacking)}: log in again"
        raise AuthenticationError(told, remedy=evolve(_LOGIN, names=tuple(lacking)))


def _is_there(path: str) -> bool:
    """Whether there is something at `path`; where nobody may look, there is nothing."""
    return os.path.exists(path)  # noqa: PTH110 - Path fails where nobody may look


def _from_file(path: str, scopes: tuple[str, ...], quota_project: str | None) -> Found:
    content = credential_files.load(path)
    whose = credential_files.source_of(content).get("type")
    renew = _GCLOUD if whose == credential_files.USER else ""
    return Found(credential_files.credentials(path, content, scopes, quota_project), renew)


def _token_of_the_machine(request: TokenRequest, scopes: list[str]) -> tuple[str, datetime]:
    """A token from the metadata server, and when it expires.

    Only machines of Google's have one (https://cloud.google.com/compute/docs/access/authenticate-workloads);
    elsewhere nobody answers at its address, and that is found out within a second.
    """
    query = urlencode({"scopes": ",".join(scopes)})
    try:
        answer = request(
            f"http://{metadata_host()}/computeMetadata/v1/instance/service-accounts/default/token?{query}",
            headers={"Metadata-Flavor": "Google"},
            timeout=Timeout(connect=1, read=10),
        )
    except TransportError:
        raise AuthenticationError(_NO_CREDENTIALS, remedy=Remedy("log-in")) from None
    # Other clouds, and proxies, answer at the same address.
    if answer.headers.get("Metadata-Flavor") != "Google" or answer.status == 404:
        raise AuthenticationError(_NO_CREDENTIALS, remedy=Remedy("log-in"))
    if answer.status != 200:
        raise TransportError(f"cannot fetch a token: the metadata server answered {answer.status}")
    token = json.loads(answer.data)
    expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=token["expires_in"])
    return token["access_token"], expiry
