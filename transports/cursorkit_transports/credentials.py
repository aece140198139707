"""Where credentials come from: a key file, or Google's application default credentials.

The order of the defaults is Google's: the file that GOOGLE_APPLICATION_CREDENTIALS names, that of gcloud, the
account of the machine (https://cloud.google.com/docs/authentication/application-default-credentials).
google-auth makes the credentials, but does not look for them: its own search runs gcloud and asks servers for
the name of a project, and cannot use the account of a machine without `requests`.
"""

from __future__ import annotations

import json
import os
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

import google.auth
from google.auth.credentials import Scoped
from google.auth.exceptions import GoogleAuthError
from google.oauth2.credentials import Credentials as RefreshableCredentials
from urllib3.util import Timeout

from cursorkit.wire import AuthenticationError, TransportError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport import Request as TokenRequest

_SERVICE_ACCOUNT = "service_account"
_TYPES = (
    _SERVICE_ACCOUNT,
    "authorized_user",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
)
_NO_CREDENTIALS = (
    "there are no credentials: run 'gcloud auth application-default login', or let "
    "GOOGLE_APPLICATION_CREDENTIALS name the key file of a service account, or give -p access-token@=FILE"
)


def application_default(scopes: tuple[str, ...]) -> Credentials:
    """Google's application default credentials, for exactly `scopes`. Asks nobody.

    Those of a user have the scopes that were granted when the user logged in, whatever `scopes` says.

    Raises:
        AuthenticationError: the file that is there cannot be used, or there is none, and no machine to ask.
    """
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if named:
        return _from_file(named, _TYPES, scopes)
    left_by_gcloud = _folder_of_gcloud() / "application_default_credentials.json"
    if left_by_gcloud.is_file():
        return _from_file(str(left_by_gcloud), _TYPES, scopes)
    if os.environ.get("NO_GCE_CHECK") == "true":
        raise AuthenticationError(_NO_CREDENTIALS)
    return _of_the_machine(scopes)


def service_account(path: str, scopes: tuple[str, ...]) -> Credentials:
    """The credentials of the service account whose key file is at `path`, for exactly `scopes`.

    Raises:
        AuthenticationError: the file cannot be read, or is no key file of a service account.
    """
    return _from_file(path, (_SERVICE_ACCOUNT,), scopes)


def _folder_of_gcloud() -> Path:
    named = os.environ.get("CLOUDSDK_CONFIG")
    return Path(named or os.path.expanduser("~/.config/gcloud"))  # noqa: PTH111 - Path fails for the homeless


def _from_file(path: str, types: tuple[str, ...], scopes: tuple[str, ...]) -> Credentials:
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise AuthenticationError(f"cannot read the credentials '{path}': {error.strerror}") from None
    except (ValueError, RecursionError):
        raise AuthenticationError(f"'{path}' holds no credentials: it is not JSON") from None
    if not isinstance(content, dict) or content.get("type") not in types:
        raise AuthenticationError(f"'{path}' holds no credentials of the type {' or '.join(types)}")
    try:
        with warnings.catch_warnings():
            # Advice on quota projects, and on files from strangers.
            warnings.simplefilter("ignore")
            found, _ = google.auth.load_credentials_from_dict(content, request=_nobody)
    except Exception:  # google-auth, and the cryptography below it, raise whatever they stumble over
        raise AuthenticationError(
            f"'{path}' holds no usable credentials: a field is missing or wrong"
        ) from None
    credentials: Credentials = found.with_scopes(list(scopes)) if isinstance(found, Scoped) else found
    return credentials


def _nobody(*_: object, **__: object) -> NoReturn:
    """Who is asked while a file is read. Without it google-auth would want to have `requests`."""
    raise GoogleAuthError


def _of_the_machine(scopes: tuple[str, ...]) -> Credentials:
    """The service account that belongs to a machine of Google's, or to what runs on it."""
    quota_project = os.environ.get("GOOGLE_CLOUD_QUOTA_PROJECT")
    return RefreshableCredentials(
        None, refresh_handler=_token_of_the_machine, scopes=list(scopes), quota_project_id=quota_project
    )


def _token_of_the_machine(request: TokenRequest, scopes: list[str]) -> tuple[str, datetime]:
    """A token from the metadata server, and when it expires.

    Only machines of Google's have one (https://cloud.google.com/compute/docs/access/authenticate-workloads);
    elsewhere nobody answers at its address, and that is found out within a second.
    """
    host = os.environ.get("GCE_METADATA_HOST") or "169.254.169.254"
    query = urlencode({"scopes": ",".join(scopes)})
    try:
        answer = request(
            f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token?{query}",
            headers={"Metadata-Flavor": "Google"},
            timeout=Timeout(connect=1, read=10),
        )
    except TransportError:
        raise AuthenticationError(_NO_CREDENTIALS) from None
    # Other clouds, and proxies, answer at the same address.
    if answer.headers.get("Metadata-Flavor") != "Google" or answer.status == 404:
        raise AuthenticationError(_NO_CREDENTIALS)
    if answer.status != 200:
        raise TransportError(f"cannot fetch a token: the metadata server answered {answer.status}")
    token = json.loads(answer.data)
    expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=token["expires_in"])
    return token["access_token"], expiry
