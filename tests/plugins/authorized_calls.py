"""Calls through Authorized, on a machine that has no credentials but those of the test."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.oauth2.credentials import Credentials as UserCredentials
from pydicom.data import get_testdata_file

from cursorkit.wire import Bytes, Headers, Request
from cursorkit_transports import Authorized, Https, application_default

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.wire import BodySource
    from cursorkit_transports import Memory
    from google_servers import ServiceAccount, TokenServer

HEALTHCARE = "https://www.googleapis.com/auth/cloud-healthcare"
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
SCOPES = (HEALTHCARE,)
SCAN = Path(str(get_testdata_file("CT_small.dcm", download=False)))
SOMEWHERE = "https://healthcare.example"
_PATH = "/v1beta1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies"


def asking(url: str, body: BodySource | None = None, *headers: tuple[str, str]) -> Request:
    """The request to store an image."""
    source = Bytes(SCAN.read_bytes()) if body is None else body
    fields = [("Content-Type", "application/dicom"), ("Content-Length", str(source.length)), *headers]
    return Request("POST", url + _PATH, Headers(fields), source)


def proofs(memory: Memory) -> list[dict[str, str]]:
    """The header fields that Memory saw beyond those of the request."""
    ordinary = {"content-type", "content-length"}
    return [
        {name.lower(): value for name, value in request.headers if name.lower() not in ordinary}
        for request, _ in memory.sent
    ]


def bearer(number: int) -> dict[str, str]:
    """The proof that the token server gave as its so-many-th."""
    return {"authorization": f"Bearer SECRET-token.{number}"}


def user_file(path: Path, **changes: object) -> str:
    """What gcloud leaves behind when a user logs in."""
    content = {
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "SECRET-client",
        "refresh_token": "SECRET-refresh",
    }
    path.write_text(json.dumps({**content, **changes}))
    return str(path)


def of_the_user(tokens: TokenServer) -> UserCredentials:
    """The application default credentials, those of a user, who asks the server of the test.

    Whatever the file says, google-auth sends users to Google.
    """
    found = application_default(SCOPES)
    assert isinstance(found, UserCredentials)
    redirected: UserCredentials = found.with_token_uri(tokens.token_uri)
    return redirected


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of gcloud, empty; nor has the machine other credentials."""
    folder = tmp_path / "gcloud"
    folder.mkdir()
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(folder))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_QUOTA_PROJECT", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def key_file(account: ServiceAccount, tokens: TokenServer, tmp_path: Path) -> str:
    """The key file of the service account that the token server knows."""
    return str(account.key_file(tmp_path / "key.json", tokens.token_uri))


@pytest.fixture
def around(ca_bundle: str, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Authorized]]:
    """Makes Authorized around a transport, so that it trusts the servers of the test.

    Whatever comes of it, no log of any library may hold a secret.
    """
    caplog.set_level(logging.DEBUG)
    made: list[Authorized] = []

    def make(*arguments: Any, **options: Any) -> Authorized:
        made.append(Authorized(*arguments, **{"ca_bundle": ca_bundle, **options}))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert "SECRET" not in caplog.text


@pytest.fixture
def https(ca_bundle: str) -> Https:
    """The transport, so that it trusts the servers of the test."""
    return Https(ca_bundle=ca_bundle)
