"""Where credentials come from: files, in the order of Google's defaults, and the machine."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from google.oauth2.credentials import Credentials as UserCredentials

from authorized_calls import (
    HEALTHCARE,
    PLATFORM,
    SCOPES,
    SOMEWHERE,
    asking,
    bearer,
    of_the_user,
    proofs,
    user_file,
)
from cursorkit.wire import AuthenticationError, TransportError
from cursorkit_transports import Memory, application_default, service_account
from google_servers import HANG_UP, Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit_transports import Authorized
    from google_servers import ServiceAccount, TokenServer

pytestmark = pytest.mark.usefixtures("gcloud")
GCLOUDS_OWN_CLIENT = "764086051850-6qr4p6gpi6hn506pt8ejuq83di341hur.apps.googleusercontent.com"


# --- where the default credentials come from --------------------------------------------------------------


def test_the_file_that_is_named_comes_before_that_of_gcloud(
    account: ServiceAccount,
    tokens: TokenServer,
    gcloud: Path,
    tmp_path: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account.key_file(gcloud / "application_default_credentials.json", tokens.token_uri)
    memory = Memory()
    around(memory, scopes=(PLATFORM, HEALTHCARE)).send(asking(SOMEWHERE))
    assert tokens.given == {"SECRET-token.0": f"{PLATFORM} {HEALTHCARE}"}
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(AuthenticationError, match=r"missing.json': No such file"):
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))


def test_gcloud_leaves_its_file_in_the_home_folder(
    account: ServiceAccount, tokens: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    account.key_file(folder / "application_default_credentials.json", tokens.token_uri)
    monkeypatch.delenv("CLOUDSDK_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert application_default(SCOPES).service_account_email == account.email  # type: ignore[attr-defined]


def test_a_user_has_the_scopes_of_the_login(
    tokens: TokenServer, gcloud: Path, around: Callable[..., Authorized]
) -> None:
    user_file(gcloud / "application_default_credentials.json", client_id="client", quota_project_id="paying")
    memory = Memory()
    around(memory, of_the_user(tokens)).send(asking(SOMEWHERE))
    (exchange,) = tokens.received
    assert exchange.form == {
        "grant_type": "refresh_token",
        "refresh_token": "SECRET-refresh",
        "client_id": "client",
        "client_secret": "SECRET-client",
    }
    assert proofs(memory) == [{**bearer(0), "x-goog-user-project": "paying"}]


def test_users_are_sent_to_google_alone(tokens: TokenServer, gcloud: Path) -> None:
    user_file(gcloud / "application_default_credentials.json", token_uri=tokens.token_uri)
    assert application_default(SCOPES).token_uri == "https://oauth2.googleapis.com/token"  # type: ignore[attr-defined]


def test_the_advice_of_google_auth_does_not_come_through(gcloud: Path) -> None:
    # Every warning is an error in the tests.
    user_file(gcloud / "application_default_credentials.json", client_id=GCLOUDS_OWN_CLIENT)
    assert isinstance(application_default(SCOPES), UserCredentials)


def test_a_federated_identity_is_exchanged_for_exactly_these_scopes(
    tokens: TokenServer, gcloud: Path, tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    (tmp_path / "subject").write_text("SECRET-subject")
    federated = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": tokens.token_uri,
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    (gcloud / "application_default_credentials.json").write_text(json.dumps(federated))
    memory = Memory()
    around(memory, scopes=(PLATFORM, HEALTHCARE)).send(asking(SOMEWHERE))
    assert tokens.given == {"SECRET-token.0": f"{PLATFORM} {HEALTHCARE}"}
    assert proofs(memory) == [bearer(0)]
    assert len(tokens.received) == 1


def test_the_quota_project_of_the_environment(
    key_file: str, around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "paying")
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert proofs(memory) == [{**bearer(0), "x-goog-user-project": "paying"}]


# --- the account of a machine -----------------------------------------------------------------------------


@pytest.fixture
def machine(plain_tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> TokenServer:
    """The metadata server of a machine of Google's."""
    monkeypatch.delenv("NO_GCE_CHECK")
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{plain_tokens.server_port}")
    return plain_tokens


def test_the_account_of_a_machine_of_googles(
    machine: TokenServer, around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "paying")
    memory = Memory()
    sender = around(memory, scopes=(PLATFORM, HEALTHCARE))
    sender.send(asking(SOMEWHERE))
    sender.send(asking(SOMEWHERE))
    assert machine.given == {"SECRET-token.0": f"{PLATFORM} {HEALTHCARE}"}
    assert proofs(memory) == [{**bearer(0), "x-goog-user-project": "paying"}] * 2


NOT_GOOGLES = [
    Answer(404, b"", (("Metadata-Flavor", "Google"),)),
    Answer(200, b'{"access_token": "x", "expires_in": 3600}'),
    Answer(502, b"<html>a proxy</html>"),
    HANG_UP,
]


@pytest.mark.parametrize("answer", NOT_GOOGLES, ids=lambda answer: answer.status)
def test_other_machines_have_no_account(
    answer: Answer, machine: TokenServer, around: Callable[..., Authorized]
) -> None:
    machine.upcoming = [answer]
    memory = Memory()
    with pytest.raises(AuthenticationError, match=r"^there are no credentials: log in, "):
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert memory.sent == []


def test_nobody_is_asked_twice_where_there_is_no_such_server(
    around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    for check in ("false", "true"):
        monkeypatch.setenv("NO_GCE_CHECK", check)
        with pytest.raises(AuthenticationError, match=r"^there are no credentials: "):
            around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))


def test_a_metadata_server_that_is_busy(machine: TokenServer, around: Callable[..., Authorized]) -> None:
    machine.upcoming = [Answer(503, b"", (("Metadata-Flavor", "Google"),))]
    with pytest.raises(TransportError, match="the metadata server answered 503") as told:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert not isinstance(told.value, AuthenticationError)


# --- files that hold no credentials -----------------------------------------------------------------------


IMPERSONATED = '"type": "impersonated_service_account"'
BROKEN = {
    "not JSON": ("SECRET {", "it is not JSON"),
    "not text": ("\x00\xff", "it is not JSON"),
    "too deep": ("[" * 100_000, "it is not JSON"),
    "a list": ("[]", "holds no credentials of the type"),
    "no type": ("{}", "holds no credentials of the type"),
    "another type": ('{"type": "SECRET"}', "holds no credentials of the type"),
    "an odd type": ('{"type": ["SECRET"]}', "holds no credentials of the type"),
    "no key": (
        '{"type": "service_account", "client_email": "a", "token_uri": "SECRET"}',
        "private_key missing$",
    ),
    "no PEM": (
        '{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "SECRET"}',
        "one of these is of no use: client_email, private_key, token_uri$",
    ),
    "odd fields": (
        '{"type": "service_account", "client_email": 1, "token_uri": 2, "private_key": 3}',
        "one of these is of no use: client_email, private_key, token_uri$",
    ),
    "an odd source": (
        f'{{{IMPERSONATED}, "service_account_impersonation_url": "x", "source_credentials": "SECRET"}}',
        "one of these is of no use: service_account_impersonation_url, source_credentials$",
    ),
    "half a source": (
        f'{{{IMPERSONATED}, "source_credentials": {{"type": "authorized_user"}}}}',
        "service_account_impersonation_url, source_credentials.client_id, source_credentials.client_sec",
    ),
    "a source of another type": (
        f'{{{IMPERSONATED}, "service_account_impersonation_url": 1, "source_credentials": {{"type": []}}}}',
        "one of these is of no use: ",
    ),
    "half a user": (
        '{"type": "authorized_user", "client_id": "SECRET"}',
        "client_secret, refresh_token missing$",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, told = BROKEN[name]
    path = tmp_path / "key.json"
    path.write_text(content, encoding="latin-1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(AuthenticationError, match=rf"^'{path}' .*{told}") as default:
        application_default(SCOPES)
    with pytest.raises(AuthenticationError, match=f"^'{path}' holds no") as explicit:
        service_account(str(path), SCOPES)
    for error in (default.value, explicit.value):
        assert "SECRET" not in f"{error!r} {''.join(traceback.format_exception(error))}"


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


ODD_FIELDS: dict[str, dict[str, object]] = {
    "no key": {"private_key": None},
    "a key of another kind": {"private_key": pem(ed25519.Ed25519PrivateKey.generate())},
    "a key of a third kind": {"private_key": pem(ec.generate_private_key(ec.SECP256R1()))},
    "no account": {"client_email": {}},
    "no address": {"token_uri": None},
    "a number for an address": {"token_uri": 5},
}


@pytest.mark.parametrize("name", ODD_FIELDS)
def test_a_key_file_with_an_odd_field(
    name: str,
    account: ServiceAccount,
    tokens: TokenServer,
    tmp_path: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = account.key_file(tmp_path / "key.json", tokens.token_uri)
    path.write_text(json.dumps({**json.loads(path.read_text()), **ODD_FIELDS[name]}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    memory = Memory()
    with pytest.raises(AuthenticationError):
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert (tokens.given, memory.sent) == ({}, [])


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, reason in {
        tmp_path: "Is a directory",
        tmp_path / "missing": "No such file or directory",
    }.items():
        told = f"^cannot read the credentials '{path}': {reason}$"
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        with pytest.raises(AuthenticationError, match=told):
            application_default(SCOPES)
        with pytest.raises(AuthenticationError, match=told):
            service_account(str(path), SCOPES)


def test_a_user_is_no_service_account(tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError, match=r"holds no credentials of the type service_account$"):
        service_account(user_file(tmp_path / "user.json"), SCOPES)
