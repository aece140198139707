"""Acting as a service account, and the project that is billed."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.oauth2.credentials import Credentials as UserCredentials

from authorized_calls import HEALTHCARE, PLATFORM, SCOPES, SOMEWHERE, asking, bearer, proofs, user_file
from cursorkit.wire import AuthenticationError, TransportError
from cursorkit_transports import Memory, service_account
from cursorkit_transports.memory import Reply
from google_servers import Answer, as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit_transports import Authorized
    from google_servers import TokenServer
    from google_world import Google

pytestmark = pytest.mark.usefixtures("gcloud")
TARGET, FIRST, SECOND = (f"{name}@p.iam.gserviceaccount.com" for name in ("target", "first", "second"))
IAM = "https://www.googleapis.com/auth/iam"


@pytest.fixture
def adc(gcloud: Path, key_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default credentials are those of a service account."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)


# --- impersonation ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adc")
@pytest.mark.parametrize("delegates", [(), (FIRST,), (FIRST, SECOND)], ids=len)
def test_the_chain_is_asked_for_as_it_was_given(
    delegates: tuple[str, ...], google: Google, around: Callable[..., Authorized]
) -> None:
    google.accounts[TARGET] = [*delegates]
    memory = Memory()
    around(memory, scopes=(HEALTHCARE, PLATFORM), impersonate=(TARGET, *delegates)).send(asking(SOMEWHERE))
    exchange, generation = google.received
    assert google.claims[0]["scope"] == IAM
    assert exchange.path == "/token"
    assert generation.headers["host"] == "iamcredentials.googleapis.com"
    assert generation.path == f"/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken"
    assert generation.headers["authorization"] == "Bearer SECRET-token.0"
    assert json.loads(generation.body) == {
        "delegates": [f"projects/-/serviceAccounts/{each}" for each in delegates],
        "scope": [HEALTHCARE, PLATFORM],
        "lifetime": "3600s",
    }
    assert proofs(memory) == [bearer(1)]


def test_a_user_acts_as_a_service_account(
    google: Google, gcloud: Path, around: Callable[..., Authorized]
) -> None:
    google.accounts[TARGET] = []
    user_file(gcloud / "application_default_credentials.json", quota_project_id="paying")
    memory = Memory()
    around(memory, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert google.received[0].form["grant_type"] == "refresh_token"
    assert google.received[1].headers["x-goog-user-project"] == "paying"
    assert proofs(memory) == [{**bearer(1), "x-goog-user-project": "paying"}]


def test_a_machine_acts_as_a_service_account(
    google: Google,
    plain_tokens: TokenServer,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    google.accounts[TARGET] = []
    monkeypatch.delenv("NO_GCE_CHECK")
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{plain_tokens.server_port}")
    google.given["SECRET-token.0"] = PLATFORM
    memory = Memory()
    around(memory, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert plain_tokens.given == {"SECRET-token.0": PLATFORM}
    assert google.given == {"SECRET-token.0": PLATFORM, "SECRET-token.1": HEALTHCARE}
    assert proofs(memory) == [bearer(1)]


def test_credentials_that_a_program_hands_in(
    google: Google, key_file: str, around: Callable[..., Authorized]
) -> None:
    google.accounts[TARGET] = []
    memory = Memory()
    given = service_account(key_file, SCOPES)
    around(memory, given, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert google.given == {"SECRET-token.0": IAM, "SECRET-token.1": HEALTHCARE}
    assert proofs(memory) == [bearer(1)]


@pytest.mark.parametrize("source", ["authorized_user", "service_account"])
def test_a_file_that_says_as_whom_to_act(
    source: str,
    google: Google,
    gcloud: Path,
    key_file: str,
    tmp_path: Path,
    around: Callable[..., Authorized],
) -> None:
    google.accounts[TARGET] = [FIRST]
    file = user_file(tmp_path / "user.json") if source == "authorized_user" else key_file
    content = {
        "type": "impersonated_service_account",
        # Whatever the host: google-auth goes to Google for it.
        "service_account_impersonation_url": f"https://evil.example/v1/x/{TARGET}:generateAccessToken",
        "delegates": [f"projects/-/serviceAccounts/{FIRST}"],
        "source_credentials": json.loads(Path(file).read_text()),
    }
    (gcloud / "application_default_credentials.json").write_text(json.dumps(content))
    memory = Memory()
    around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert [each.headers["host"].partition(":")[0] for each in google.received[1:]] == [
        "iamcredentials.googleapis.com"
    ]
    assert google.strangers == []
    assert list(google.given.values())[1:] == [HEALTHCARE]
    assert proofs(memory) == [bearer(1)]


@pytest.mark.usefixtures("adc")
def test_a_refused_token_is_renewed_once(google: Google, around: Callable[..., Authorized]) -> None:
    google.accounts[TARGET] = []
    answers = [Reply(401), Reply(200)]
    memory = Memory(lambda _request, _body: answers.pop(0))
    around(memory, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    # Whoever acts as the account has a token that is still good.
    assert [each.path.rpartition(":")[2] for each in google.received] == [
        "/token",
        *["generateAccessToken"] * 2,
    ]
    assert proofs(memory) == [bearer(1), bearer(2)]
    assert {body for _, body in memory.sent} == {memory.sent[0][1]}


REFUSALS: dict[str, tuple[dict[str, list[str]], str]] = {
    "not allowed": (
        {TARGET: [FIRST]},
        r"refused \(PERMISSION_DENIED\): whoever impersonates a service account needs the role Ser",
    ),
    "unknown": ({}, r"refused \(NOT_FOUND\): there is no such service account$"),
}


@pytest.mark.usefixtures("adc")
@pytest.mark.parametrize("name", REFUSALS)
def test_who_may_not_act_as_the_account(name: str, google: Google, around: Callable[..., Authorized]) -> None:
    accounts, told = REFUSALS[name]
    google.accounts = accounts
    memory = Memory()
    with pytest.raises(AuthenticationError, match=told) as error:
        around(memory, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(error.value))
    assert memory.sent == []


@pytest.mark.usefixtures("adc")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(503, b"{}"), "is busy"),
        (as_json(429, {"error": {"status": "RESOURCE_EXHAUSTED", "message": "SECRET"}}), "is busy$"),
        (as_json(200, {"accessToken": "SECRET"}), "holds no token$"),
        (as_json(200, {"accessToken": "SECRET", "expireTime": "SECRET"}), "holds no token$"),
        (as_json(403, {"error": {"status": "SECRET"}}), "were refused$"),
        (as_json(403, {"error": ["SECRET"]}), "were refused$"),
    ],
)
def test_odd_answers(answer: Answer, told: str, google: Google, around: Callable[..., Authorized]) -> None:
    google.upcoming = [google.answer_to_a_jwt(), answer]
    with pytest.raises(TransportError, match=told) as error:
        around(Memory(), scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert "SECRET" not in "".join(traceback.format_exception(error.value))


# --- the project that is billed ---------------------------------------------------------------------------

FLAG, FILE, VARIABLE = "of-the-flag", "of-the-file", "of-the-variable"
BILLED = [
    (None, None, None, None),
    (None, None, FILE, FILE),
    (None, VARIABLE, FILE, VARIABLE),
    (None, VARIABLE, None, VARIABLE),
    (FLAG, VARIABLE, FILE, FLAG),
    (FLAG, None, None, FLAG),
]


@pytest.mark.parametrize(("flag", "variable", "file", "billed"), BILLED)
def test_who_is_billed(
    flag: str | None,
    variable: str | None,
    file: str | None,
    billed: str | None,
    google: Google,
    gcloud: Path,
    around: Callable[..., Authorized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_file(gcloud / "application_default_credentials.json", **({"quota_project_id": file} if file else {}))
    if variable:
        monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", variable)
    expected = {"x-goog-user-project": billed} if billed else {}
    memory = Memory()
    around(memory, scopes=SCOPES, quota_project=flag).send(asking(SOMEWHERE))
    assert proofs(memory) == [{**bearer(0), **expected}]


def test_the_flag_counts_for_impersonation_too(
    google: Google, gcloud: Path, around: Callable[..., Authorized]
) -> None:
    google.accounts[TARGET] = []
    user_file(gcloud / "application_default_credentials.json", quota_project_id=FILE)
    memory = Memory()
    around(memory, scopes=SCOPES, impersonate=(TARGET,), quota_project=FLAG).send(asking(SOMEWHERE))
    assert google.received[1].headers["x-goog-user-project"] == FLAG
    assert proofs(memory) == [{**bearer(1), "x-goog-user-project": FLAG}]


@pytest.mark.parametrize("url", [SOMEWHERE, "http://localhost"])
def test_who_is_billed_for_a_token_that_was_given(url: str, around: Callable[..., Authorized]) -> None:
    memory = Memory()
    sender = around(memory, quota_project=FLAG)
    sender.send(asking(url, None, ("Authorization", "Bearer SECRET")))
    # A key has a project of its own.
    sender.send(asking(url, None, ("x-goog-api-key", "SECRET")))
    assert proofs(memory) == [
        {"authorization": "Bearer SECRET", "x-goog-user-project": FLAG},
        {"x-goog-api-key": "SECRET"},
    ]


def test_who_is_billed_for_credentials_that_a_program_hands_in(around: Callable[..., Authorized]) -> None:
    memory = Memory()
    given = UserCredentials("SECRET", quota_project_id=FILE)
    around(memory, given).send(asking(SOMEWHERE))
    around(memory, given, quota_project=FLAG).send(asking(SOMEWHERE))
    assert [each["x-goog-user-project"] for each in proofs(memory)] == [FILE, FLAG]


# --- a token of the environment ---------------------------------------------------------------------------


def test_the_token_of_the_environment_comes_first(
    key_file: str, google: Google, around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", key_file)
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", "SECRET-of-the-environment")
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", VARIABLE)
    memory = Memory()
    sender = around(memory, scopes=SCOPES)
    sender.send(asking(SOMEWHERE))
    sender.send(asking("http://localhost"))
    expected = {"authorization": "Bearer SECRET-of-the-environment", "x-goog-user-project": VARIABLE}
    assert proofs(memory) == [expected, {}]
    assert google.received == []


def test_a_token_of_the_environment_that_is_refused(
    around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", "SECRET")
    memory = Memory(lambda _request, _body: Reply(401))
    with pytest.raises(AuthenticationError) as told:
        around(memory, scopes=SCOPES).send(asking(SOMEWHERE))
    assert str(told.value) == (
        "the access token in CLOUDSDK_AUTH_ACCESS_TOKEN was refused: it is wrong, or has expired"
    )
    assert "SECRET" not in "".join(traceback.format_exception(told.value))
    assert len(memory.sent) == 1


def test_a_token_of_the_environment_acts_as_a_service_account(
    google: Google, around: Callable[..., Authorized], monkeypatch: pytest.MonkeyPatch
) -> None:
    google.accounts[TARGET] = []
    google.given["SECRET-of-the-environment"] = PLATFORM
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", "SECRET-of-the-environment")
    memory = Memory()
    around(memory, scopes=SCOPES, impersonate=(TARGET,)).send(asking(SOMEWHERE))
    assert [each.headers["authorization"] for each in google.received] == ["Bearer SECRET-of-the-environment"]
    assert proofs(memory) == [bearer(1)]
