"""Files that hold credentials, of every type that Google documents: read, checked, and made into credentials.

google-auth makes the credentials. It takes a file for what its fields say; so what may not be is refused
here, and whom the fields lead to is looked at when they are followed (`hosts`).
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import google.auth
from google.auth.credentials import Scoped
from google.auth.exceptions import GoogleAuthError

from cursorkit.wire import AuthenticationError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SERVICE_ACCOUNT, USER = "service_account", "authorized_user"
FIELDS = {
    SERVICE_ACCOUNT: ("client_email", "private_key", "token_uri"),
    USER: ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "subject_token_type", "token_url", "credential_source"),
    "external_account_authorized_user": ("client_id", "client_secret", "refresh_token", "token_url"),
    "impersonated_service_account": ("service_account_impersonation_url", "source_credentials"),
}
"""The types, and the fields that none of their files can do without."""

_EXECUTABLES = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"

Content = dict[str, Any]


def load(path: str, types: tuple[str, ...] = tuple(FIELDS)) -> Content:
    """What the file at `path` holds.

    Raises:
        AuthenticationError: it cannot be read, or `checked` refuses it.
    """
    return checked(path, document(path), types)


def checked(path: str, content: object, types: tuple[str, ...]) -> Content:
    """`content`, which is that of the file at `path`, if it is of one of these types and nothing is missing.

    Raises:
        AuthenticationError: it is not.
    """
    if not isinstance(content, dict) or content.get("type") not in types:
        raise AuthenticationError(f"'{path}' holds no credentials of the type {' or '.join(types)}")
    source = source_of(content)
    lacking = _lacking(content)
    lacking += [f"source_credentials.{name}" for name in _lacking(source) if source is not content]
    if lacking:
        raise AuthenticationError(f"'{path}' holds no usable credentials: {', '.join(lacking)} missing")
    _check_source(path, content.get("credential_source"))
    return content


def document(path: str, what: str = "the credentials") -> object:
    """The JSON document at `path`, which is called `what` if it cannot be read.

    Raises:
        AuthenticationError: it cannot be read, or is none.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise AuthenticationError(f"cannot read {what} '{path}': {error.strerror}") from None
    return parsed(path, content)


def parsed(path: str, content: bytes) -> object:
    """The JSON document that the file at `path` holds.

    Raises:
        AuthenticationError: it holds none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise AuthenticationError(f"'{path}' holds no credentials: it is not JSON") from None


def credentials(
    path: str, content: Content, scopes: tuple[str, ...], quota_project: str | None
) -> Credentials:
    """The credentials that a file holds, for exactly `scopes`; those of users keep what was granted.

    Raises:
        AuthenticationError: a field of it is of no use.
    """
    try:
        with warnings.catch_warnings():
            # Advice on quota projects, and on files from strangers.
            warnings.simplefilter("ignore")
            found, _ = google.auth.load_credentials_from_dict(
                content, quota_project_id=quota_project, request=_nobody
            )
    except Exception:  # google-auth, and the cryptography below it, raise whatever they stumble over
        fields = ", ".join(FIELDS[content["type"]])
        raise AuthenticationError(
            f"'{path}' holds no usable credentials: one of these is of no use: {fields}"
        ) from None
    scoped: Credentials = found.with_scopes(list(scopes)) if isinstance(found, Scoped) else found
    return scoped


def source_of(content: Content) -> Content:
    """The credentials within those of an impersonated service account; of others, they themselves."""
    source = content.get("source_credentials")
    return source if isinstance(source, dict) else content


def _lacking(content: Content) -> list[str]:
    """The fields that are missing, or hold nothing."""
    type_ = content.get("type")
    return [name for name in FIELDS.get(str(type_), ()) if not content.get(name)]


def _check_source(path: str, source: object) -> None:
    """That a federated identity may be had from its source, and can be.

    Raises:
        AuthenticationError: it is a program, and nobody allowed it to run; or a file that cannot be read.
    """
    if not isinstance(source, dict):
        return
    if source.get("executable") is not None and os.environ.get(_EXECUTABLES) != "1":
        raise AuthenticationError(
            f"'{path}' would have a program run, and nobody allowed it: if you trust it, set {_EXECUTABLES}=1"
        )
    if source.get("certificate") is not None:
        raise AuthenticationError(
            f"'{path}' wants a client certificate to prove itself, which is not supported"
        )
    named = source.get("file")
    if isinstance(named, str):
        try:
            # What comes through a pipe can be had only once.
            if not Path(named).is_fifo():
                Path(named).open("rb").close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no such file"
            raise AuthenticationError(
                f"cannot read '{named}', the token that the credentials '{path}' are made from: {reason}"
            ) from None


def _nobody(*_: object, **__: object) -> NoReturn:
    """Who is asked while a file is read. Without it google-auth would want to have `requests`."""
    raise GoogleAuthError
