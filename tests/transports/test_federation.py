"""Federated identities: exchanged at Google's, from every source, and never sent to strangers."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from authorized_calls import HEALTHCARE, SCOPES, SOMEWHERE, asking, bearer, proofs
from cursorkit.wire import AuthenticationError, ConnectError, TransportError
from cursorkit_transports import Memory
from google_servers import Answer, Server, as_json, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit_transports import Authorized
    from google_servers import Received
    from google_world import Google

pytestmark = pytest.mark.usefixtures("gcloud")
EXECUTABLES = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"
STS = "https://sts.googleapis.com/v1/token"
STORER = "storer@p.iam.gserviceaccount.com"
GENERATE = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{STORER}:generateAccessToken"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
CONFIGURATION = {
    "type": "external_account",
    "audience": AUDIENCE,
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": STS,
}


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a file of credentials, and lets the environment name it."""

    def configured(source: object, **others: object) -> Path:
        path = tmp_path / "federated.json"
        path.write_text(json.dumps({**CONFIGURATION, "credential_source": source, **others}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        return path

    return configured


def subject(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "subject").write_text("SECRET-subject")
    return {"file": str(tmp_path / "subject")}


# --- sources ----------------------------------------------------------------------------------------------


def exchanged(scope: str = HEALTHCARE) -> dict[str, str]:
    """What is asked for at the exchange (RFC 8693, 2.1)."""
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": AUDIENCE,
        "scope": scope,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": "SECRET-subject",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }


def test_a_token_in_a_file(
    google: Google, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    configure(subject(tmp_path))
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    (exchange,) = google.received
    assert (exchange.headers["host"], exchange.path) == ("sts.googleapis.com", "/v1/token")
    assert exchange.form == exchanged()
    assert proofs(memory) == [bearer(0)]


def test_a_token_through_a_pipe(
    google: Google, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    configure({"file": str(pipe)})
    memory = Memory()
    writer = threading.Thread(target=pipe.write_text, args=("SECRET-subject",))
    writer.start()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    writer.join()
    assert google.received[0].form == exchanged()
    assert proofs(memory) == [bearer(0)]


def test_a_token_at_an_address(
    google: Google, configure: Callable[..., Path], around: Callable[..., Authorized]
) -> None:
    configure({"url": f"{google.url}/subject", "headers": {"Authorization": "bearer SECRET-request"}})
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    fetch, exchange = google.received
    assert (fetch.method, fetch.path) == ("GET", "/subject")
    assert fetch.headers["authorization"] == "bearer SECRET-request"
    assert exchange.form == exchanged()
    assert proofs(memory) == [bearer(0)]


def test_the_service_account_that_it_acts_as(
    google: Google, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    google.accounts[STORER] = []
    configure(subject(tmp_path), service_account_impersonation_url=GENERATE)
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    exchange, generation = google.received
    assert exchange.form == exchanged("https://www.googleapis.com/auth/iam")
    assert generation.headers["host"] == "iamcredentials.googleapis.com"
    assert generation.headers["authorization"] == "Bearer SECRET-token.0"
    assert json.loads(generation.body)["scope"] == [HEALTHCARE]
    assert proofs(memory) == [bearer(1)]


def test_a_machine_of_amazons_signs_for_itself(
    google: Google,
    configure: Callable[..., Path],
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "ACCESS_KEY_ID": "key",
        "SECRET_ACCESS_KEY": "SECRET-amazon",
        "REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    google.upcoming = [
        as_json(200, {"access_token": "SECRET-token.0", "expires_in": 3600, "issued_token_type": "x"})
    ]
    configure(
        {
            "environment_id": "aws1",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        },
        subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
    )
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    (exchange,) = google.received
    signed = json.loads(unquote(exchange.form["subject_token"]))
    assert signed["url"].startswith("https://sts.us-east-1.amazonaws.com")
    assert "SECRET" not in exchange.body.decode()
    assert proofs(memory) == [bearer(0)]


SESSION = {"x-aws-ec2-metadata-token": "SECRET-session"}


class Amazon(Server):
    """The metadata of a machine of Amazon's, for those who have a session (IMDSv2)."""

    def answer(self, received: Received) -> Answer:
        if (received.method, received.path) == ("PUT", "/latest/api/token"):
            return Answer(200, SESSION["x-aws-ec2-metadata-token"].encode())
        assert received.headers["x-aws-ec2-metadata-token"] == SESSION["x-aws-ec2-metadata-token"]
        keys = {"AccessKeyId": "key", "SecretAccessKey": "SECRET-amazon", "Token": "SECRET-amazon"}
        return {
            "/latest/meta-data/placement/availability-zone": Answer(200, b"us-east-1b"),
            "/latest/meta-data/iam/security-credentials": Answer(200, b"role"),
            "/latest/meta-data/iam/security-credentials/role": as_json(200, keys),
        }[received.path]


def test_a_machine_of_amazons_learns_who_it_is(
    google: Google,
    configure: Callable[..., Path],
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    google.upcoming = [
        as_json(200, {"access_token": "SECRET-token.0", "expires_in": 3600, "issued_token_type": "x"})
    ]
    metadata = "http://169.254.169.254/latest"
    configure(
        {
            "environment_id": "aws1",
            "region_url": f"{metadata}/meta-data/placement/availability-zone",
            "url": f"{metadata}/meta-data/iam/security-credentials",
            "imdsv2_session_token_url": f"{metadata}/api/token",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity",
        },
        subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
    )
    memory = Memory()
    with Amazon() as amazon:
        look_up = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *options: Any, **named: Any) -> Any:
            place = ("127.0.0.1", amazon.server_port) if host == "169.254.169.254" else (host, port)
            return look_up(*place, *options, **named)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
        assert {each.method for each in amazon.received} == {"PUT", "GET"}
    (exchange,) = google.received
    signed = json.loads(unquote(exchange.form["subject_token"]))
    assert signed["url"].startswith("https://sts.us-east-1.amazonaws.com")
    assert proofs(memory) == [bearer(0)]


# --- programs ---------------------------------------------------------------------------------------------

TELLING = """\
import json, os, sys
assert os.environ["GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE"]
open(sys.argv[1], "a").write("ran")
kind = "urn:ietf:params:oauth:token-type:jwt"
print(json.dumps({"version": 1, "success": True, "token_type": kind, "id_token": "SECRET-subject"}))
"""
FAILING = "import sys; print('SECRET-output'); sys.exit(3)"


def program(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "program.py").write_text(text)
    return {"executable": {"command": f"{sys.executable} {tmp_path / 'program.py'} {tmp_path / 'ran'}"}}


@pytest.mark.parametrize("allowed", [None, "", "0", "true"])
def test_a_program_does_not_run_unless_it_is_allowed(
    allowed: str | None,
    google: Google,
    configure: Callable[..., Path],
    tmp_path: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(EXECUTABLES, raising=False)
    if allowed is not None:
        monkeypatch.setenv(EXECUTABLES, allowed)
    path = configure(program(tmp_path, TELLING))
    with pytest.raises(AuthenticationError) as told:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert str(told.value) == (
        f"'{path}' would have a program run, and nobody allowed it: if you trust it, set {EXECUTABLES}=1"
    )
    assert not (tmp_path / "ran").exists()
    assert google.received == []


def test_a_program_that_is_allowed(
    google: Google,
    configure: Callable[..., Path],
    tmp_path: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(EXECUTABLES, "1")
    configure(program(tmp_path, TELLING))
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert (tmp_path / "ran").read_text() == "ran"
    assert google.received[0].form == exchanged()
    assert proofs(memory) == [bearer(0)]


NO_USE = {
    "fails": (FAILING, "give no new token: what they are made from is missing, or of no use$"),
    "says nothing": ("", "^"),
    "talks nonsense": ("print('SECRET-output')", "are malformed$"),
}


@pytest.mark.parametrize("name", NO_USE)
def test_a_program_that_is_of_no_use(
    name: str,
    google: Google,
    configure: Callable[..., Path],
    tmp_path: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, told = NO_USE[name]
    monkeypatch.setenv(EXECUTABLES, "1")
    configure(program(tmp_path, text))
    with pytest.raises(AuthenticationError, match=told) as error:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(error.value))
    assert google.received == []


def test_a_program_that_is_not_there(
    google: Google,
    configure: Callable[..., Path],
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(EXECUTABLES, "1")
    configure({"executable": {"command": "/nowhere/SECRET"}})
    with pytest.raises(AuthenticationError, match=r"of no use: No such file or directory$") as told:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert "SECRET" not in str(told.value)


# --- files that want proofs sent to strangers -------------------------------------------------------------

EVIL = "https://evil.example/token"
HOSTILE: dict[str, dict[str, Any]] = {
    "token_url": {"token_url": EVIL},
    "token_url in the clear": {"token_url": "http://evil.example/token"},
    "token_url that looks like Google's": {"token_url": "https://sts.googleapis.com@evil.example/"},
    "service_account_impersonation_url": {
        "service_account_impersonation_url": GENERATE.replace("iamcredentials.googleapis.com", "evil.example")
    },
    "universe_domain": {
        "universe_domain": "evil.example",
        "token_url": "https://sts.{universe_domain}/v1/token",
    },
    "credential_source.url": {"credential_source": {"url": f"{EVIL}?x", "headers": {"X": "SECRET-header"}}},
    "credential_source.url in the clear": {"credential_source": {"url": "http://evil.example/token"}},
    "metadata of a stranger": {
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "credential_source": {
            "environment_id": "aws1",
            "url": EVIL,
            "region_url": EVIL,
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com",
        },
    },
    "imdsv2_session_token_url": {
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "credential_source": {
            "environment_id": "aws1",
            "url": "http://169.254.169.254/a",
            "region_url": "http://169.254.169.254/b",
            "imdsv2_session_token_url": EVIL,
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com",
        },
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_strangers_learn_nothing(
    name: str,
    google: Google,
    configure: Callable[..., Path],
    tmp_path: Path,
    around: Callable[..., Authorized],
) -> None:
    hostile = {"credential_source": subject(tmp_path), **HOSTILE[name]}
    configure(hostile.pop("credential_source"), **hostile)
    memory = Memory()
    with pytest.raises(
        AuthenticationError, match=r"^cannot fetch a token: the credentials (lead to|name no)"
    ) as told:
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(told.value))
    assert (google.strangers, memory.sent) == ([], [])


@pytest.mark.parametrize(
    "hostile",
    [
        {
            "type": "external_account_authorized_user",
            "token_url": EVIL,
            "client_id": "a",
            "client_secret": "SECRET",
        },
        {
            "type": "external_account_authorized_user",
            "token_url": "http://evil.example",
            "client_id": "a",
            "client_secret": "SECRET",
        },
    ],
    ids=lambda hostile: hostile["token_url"],
)
def test_a_federated_user_is_not_sent_to_strangers(
    hostile: dict[str, str], google: Google, configure: Callable[..., Path], around: Callable[..., Authorized]
) -> None:
    configure(None, **hostile, refresh_token="SECRET-refresh")
    with pytest.raises(AuthenticationError, match=r"the credentials (lead to|name no)"):
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert google.strangers == []


def test_a_federated_user(
    google: Google, configure: Callable[..., Path], around: Callable[..., Authorized]
) -> None:
    google.upcoming = [as_json(200, {"access_token": "SECRET-token.0", "expires_in": 3600})]
    configure(
        None,
        type="external_account_authorized_user",
        token_url="https://sts.googleapis.com/v1/oauthtoken",
        client_id="client",
        client_secret="SECRET-client",
        refresh_token="SECRET-refresh",
    )
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert google.received[0].form == {"grant_type": "refresh_token", "refresh_token": "SECRET-refresh"}
    assert proofs(memory) == [bearer(0)]


def test_a_host_that_the_user_trusts(
    google: Google, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    configure(subject(tmp_path), token_url=EVIL)
    memory = Memory()
    around(memory, scopes=SCOPES, trusted_hosts=("evil.example",)).send(asking(SOMEWHERE))
    assert [each.form["subject_token"] for each in google.strangers] == ["SECRET-subject"]
    assert proofs(memory) == [bearer(0)]


# --- what is missing --------------------------------------------------------------------------------------

MISSING: dict[str, tuple[dict[str, Any], str]] = {
    "audience": ({"audience": ""}, "holds no usable credentials: audience missing$"),
    "several": ({"audience": None, "token_url": None}, "usable credentials: audience, token_url missing$"),
    "source": ({"credential_source": {}}, "credential_source missing$"),
    "an odd source": ({"credential_source": "SECRET"}, "one of these is of no use: audience, "),
    "an empty source": ({"credential_source": {"SECRET": 1}}, "one of these is of no use: audience, "),
    "a file": (
        {"credential_source": {"file": "/nowhere"}},
        "cannot read '/nowhere', the token that .* are made from: No such file or directory$",
    ),
    "a folder": ({"credential_source": {"file": "/"}}, "cannot read '/', .*: Is a directory$"),
    "a certificate": (
        {"credential_source": {"certificate": {}}},
        "a client certificate .* is not supported$",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing(
    name: str, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    changes, told = MISSING[name]
    changed = {"credential_source": subject(tmp_path), **changes}
    configure(changed.pop("credential_source"), **changed)
    with pytest.raises(AuthenticationError, match=told) as error:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(error.value))


ANSWERS = {
    "refused": (
        refusal("invalid_target"),
        AuthenticationError,
        r"refused \(invalid_target\): the audience is unknown",
    ),
    "expired": (
        refusal("invalid_grant"),
        AuthenticationError,
        r"refused \(invalid_grant\): they have expired",
    ),
    "odd": (as_json(400, {"error": "SECRET"}), AuthenticationError, "were refused$"),
    "busy": (Answer(503, b"{}"), ConnectError, "is busy"),
    "too many": (as_json(429, {"error": {"status": "RESOURCE_EXHAUSTED"}}), ConnectError, "is busy"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_how_the_exchange_is_refused(
    name: str,
    google: Google,
    configure: Callable[..., Path],
    tmp_path: Path,
    around: Callable[..., Authorized],
) -> None:
    answer, kind, told = ANSWERS[name]
    configure(subject(tmp_path))
    google.upcoming = [answer]
    with pytest.raises(TransportError, match=told) as error:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert type(error.value) is kind
    assert "SECRET" not in "".join(traceback.format_exception(error.value))


def test_a_source_that_points_to_a_stranger(
    google: Google, configure: Callable[..., Path], around: Callable[..., Authorized]
) -> None:
    configure({"url": f"{google.url}/subject", "headers": {"X": "SECRET-header"}})
    google.upcoming = [Answer(302, b"", (("Location", EVIL),))]
    with pytest.raises(AuthenticationError, match=r"no (new )?token"):
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert google.strangers == []


def test_a_source_that_answers_something_else(
    google: Google, configure: Callable[..., Path], around: Callable[..., Authorized]
) -> None:
    configure({"url": f"{google.url}/subject"})
    google.upcoming = [Answer(404, b"SECRET")]
    with pytest.raises(AuthenticationError, match=r"were refused$") as told:
        around(Memory(), scopes=SCOPES).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(told.value))


def test_a_token_in_a_file_that_others_keep_fresh(
    google: Google, configure: Callable[..., Path], tmp_path: Path, around: Callable[..., Authorized]
) -> None:
    source = subject(tmp_path)
    configure(source)
    sender = around(Memory(), scopes=SCOPES)
    google.seconds = 60
    sender.send(asking(SOMEWHERE))
    os.unlink(source["file"])
    with pytest.raises(AuthenticationError, match="what they are made from is missing"):
        sender.send(asking(SOMEWHERE))
