"""The credentials of the program: whose they are, how they travel, and what is said when they do not do."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
import trustme

from authorized_calls import HEALTHCARE, PLATFORM, SCAN
from cursorkit.methods.outcome import Verdict
from google_servers import (
    HANG_UP,
    Answer,
    Api,
    TokenServer,
    as_json,
    proven_by,
    refusal,
    unauthorized,
)

if TYPE_CHECKING:
    from google_servers import Received, ServiceAccount
    from machines import Machine


# --- whose credentials ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "scope"),
    [
        ((), HEALTHCARE),
        (("--scope", PLATFORM), PLATFORM),
        (("--scope", "b", "--scope", "a", "--scope", "b"), "b a b"),
    ],
)
def test_the_default_credentials_for_exactly_the_scope_asked_for(
    flags: tuple[str, ...], scope: str, with_key_file: Machine
) -> None:
    machine = with_key_file
    result = machine.run(*flags)
    assert (result.code, result.err) == (0, "stored 1 instance\n")
    assert json.loads(result.out)["00081199"]["Value"]
    assert machine.tokens.given == {"SECRET-token.0": scope}
    assert machine.api.proofs == [{"authorization": "Bearer SECRET-token.0"}]
    assert machine.api.received[0].body == SCAN.read_bytes()
    # Nobody else was talked to, nor looked for.
    ports = {str(server.server_port) for server in (machine.tokens, machine.api)}
    assert {re.sub("[0-9]+$", "", each) for each in machine.called} == {"localhost:", "127.0.0.1:"}
    assert {each.rpartition(":")[2] for each in machine.called} == ports


def test_the_credentials_that_gcloud_left(machine: Machine, account: ServiceAccount) -> None:
    folder = machine.home / ".config" / "gcloud"
    folder.mkdir(parents=True)
    account.key_file(folder / "application_default_credentials.json", machine.tokens.token_uri)
    assert machine.run().code == 0
    assert machine.tokens.given == {"SECRET-token.0": HEALTHCARE}


def test_the_account_of_the_machine(machine: Machine, plain_tokens: TokenServer) -> None:
    del machine.environment["NO_GCE_CHECK"]
    machine.environment["GCE_METADATA_HOST"] = f"127.0.0.1:{plain_tokens.server_port}"
    machine.api.accepted.add("Bearer SECRET-token.0")
    assert machine.run("--scope", PLATFORM).code == 0
    assert plain_tokens.given == {"SECRET-token.0": PLATFORM}


ACCESS, OAUTH = "Bearer SECRET-access", "Bearer SECRET-oauth"
ORDER = {
    "access-token=SECRET-access": {"authorization": ACCESS},
    "oauth-token=SECRET-oauth": {"authorization": OAUTH},
    "key=SECRET-key": {"x-goog-api-key": "SECRET-key"},
    "access-token=SECRET-access oauth-token=SECRET-oauth": {"authorization": ACCESS},
    "oauth-token=SECRET-oauth access-token=SECRET-access": {"authorization": ACCESS},
    "access-token=SECRET-access key=SECRET-key": {"authorization": ACCESS, "x-goog-api-key": "SECRET-key"},
    "key=SECRET-key oauth-token=SECRET-oauth": {"authorization": OAUTH, "x-goog-api-key": "SECRET-key"},
}


@pytest.mark.parametrize("parameters", ORDER)
def test_what_is_given_comes_before_the_default_credentials(parameters: str, with_key_file: Machine) -> None:
    machine = with_key_file
    assert machine.run("-p", *parameters.split()).code == 0
    assert machine.api.proofs == [ORDER[parameters]]
    assert "SECRET" not in machine.api.received[0].path
    assert machine.tokens.received == []


@pytest.mark.parametrize("name", ["access-token", "oauth-token", "key"])
def test_a_secret_from_a_file_or_from_standard_input(name: str, machine: Machine) -> None:
    secret = f"SECRET-{name.partition('-')[0]}"
    (machine.home / "secret").write_text(f"{secret}\n")
    assert machine.run("-p", f"{name}@={machine.home / 'secret'}").code == 0
    assert machine.run("-p", f"{name}@=-", input=f"{secret}\n").code == 0
    expected = {"x-goog-api-key": secret} if name == "key" else {"authorization": f"Bearer {secret}"}
    assert machine.api.proofs == [expected] * 2


@pytest.mark.parametrize("name", ["access-token", "oauth-token", "key"])
def test_a_secret_given_twice_is_a_mistake(name: str, machine: Machine) -> None:
    result = machine.run("-p", f"{name}=SECRET-1", f"{name}=SECRET-2")
    assert result.code == 2
    assert f"'{name}' was already set by argument 1" in result.err
    assert machine.api.received == []


def test_default_credentials_go_nowhere_but_to_https(with_key_file: Machine, account: ServiceAccount) -> None:
    machine = with_key_file
    assert machine.run(endpoint=f"file:{machine.home / 'store'}").code == 0
    assert machine.run(endpoint="memory:").code == Verdict.UNKNOWN.value
    with Api(machine.tokens) as plain:
        assert machine.run(endpoint=plain.url).code == 4
        assert plain.proofs == [{}]
        assert machine.run("-p", "access-token=SECRET-access", endpoint=plain.url).code == 0
    assert machine.tokens.received == []
    assert machine.run(endpoint=machine.api.url.replace("https", "HTTPS")).code == 0
    assert len(machine.tokens.received) == 1


# --- what a dry run does not do ---------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [(), ("-p", "access-token=SECRET-access", "key=SECRET-key")], ids=len)
@pytest.mark.parametrize(
    "endpoint", ["", "file:store", "http://localhost:1", "https://healthcare.googleapis.com/"]
)
def test_a_dry_run_opens_no_socket(
    parameters: tuple[str, ...], endpoint: str, with_key_file: Machine
) -> None:
    machine = with_key_file
    result = machine.run("--dry-run", *parameters, endpoint=endpoint)
    assert result.code == 0
    headers = json.loads(result.out)["headers"]
    assert {name: value for name, value in headers.items() if value == "***"} == (
        {"Authorization": "***", "x-goog-api-key": "***"} if parameters else {}
    )
    assert machine.sockets == []
    assert (machine.tokens.received, machine.api.received) == ([], [])


# --- 401 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["file", "standard input"])
def test_a_refused_token_is_renewed_once_and_the_same_body_sent_again(
    source: str, with_key_file: Machine
) -> None:
    machine = with_key_file
    machine.api.upcoming = [unauthorized()]
    with SCAN.open("rb") as scan:
        result = machine.run(body="-", stdin=scan) if source != "file" else machine.run()
    assert (result.code, result.err) == (0, "stored 1 instance\n")
    assert [each.body for each in machine.api.received] == [SCAN.read_bytes()] * 2
    assert machine.api.proofs == [{"authorization": f"Bearer SECRET-token.{number}"} for number in range(2)]


def test_a_token_that_is_refused_again(with_key_file: Machine) -> None:
    machine = with_key_file
    machine.api.upcoming = [unauthorized()] * 3
    result = machine.run()
    assert (result.code, result.out) == (4, "")
    assert result.err == (
        "error: the server answered 401 Unauthorized, the token or key is missing, wrong or expired: no\n"
    )
    assert (len(machine.api.received), len(machine.tokens.received)) == (2, 2)


@pytest.mark.parametrize("name", ["access-token", "oauth-token", "key"])
def test_what_was_given_is_not_renewed(name: str, with_key_file: Machine) -> None:
    machine = with_key_file
    result = machine.run("-p", f"{name}=SECRET-wrong")
    assert (result.code, result.out) == (4, "")
    assert "401 Unauthorized, the token or key is missing, wrong or expired" in result.err
    assert (len(machine.api.received), machine.tokens.received) == (1, [])


def test_a_server_that_repeats_what_it_was_given(machine: Machine) -> None:
    consumer = "Consumer 'api_key:SECRET-wrong' has been suspended."
    machine.api.upcoming = [as_json(403, {"error": {"message": consumer}})]
    result = machine.run("-p", "key=SECRET-wrong")
    assert result.code == 4
    assert result.err == (
        "error: the server answered 403 Forbidden: Consumer 'api_key:***' has been suspended.\n"
    )


def test_our_own_words_stay_whole(machine: Machine) -> None:
    machine.api.upcoming = [as_json(403, {"error": {"message": "no entry for e"}})]
    result = machine.run("-p", "access-token=e")
    assert result.err == "error: the server answered 403 Forbidden: no ***ntry for ***\n"


def test_a_report_that_repeats_a_token(machine: Machine) -> None:
    detail = {"00090097": {"vr": "UT", "Value": ["no SECRET-access here"]}}
    failed = {**detail, "00081197": {"vr": "US", "Value": [0x0110]}}
    report = {"00081198": {"vr": "SQ", "Value": [failed]}}
    machine.api.upcoming = [as_json(409, report, "application/dicom+json")]
    result = machine.run("-o", os.devnull, "-p", "access-token=SECRET-access")
    assert result.err.startswith("error: not stored: 1 instance: processing failure (0110): no *** here\n")


def test_a_server_that_repeats_a_token_that_was_found(with_key_file: Machine) -> None:
    def repeating(received: Received) -> Answer:
        return as_json(403, {"error": {"message": f"no such {received.headers['authorization']}"}})

    with_key_file.api.answer = repeating  # type: ignore[method-assign]
    result = with_key_file.run()
    assert result.code == 4
    assert result.err == "error: the server answered 403 Forbidden: no such Bearer ***\n"


def test_the_words_of_a_server_cannot_speak_to_a_terminal(machine: Machine) -> None:
    odd = "\x1b]52;c;eA==\x07\x9b2J\u202e\nerror: x\r"
    machine.api.upcoming = [as_json(403, {"error": {"message": odd}})]
    result = machine.run("-p", "access-token=SECRET-access")
    assert result.code == 4
    assert result.err.endswith("\n")
    assert result.err[:-1].isprintable()


# --- when there are none, or they do not do ---------------------------------------------------------------


def test_no_credentials_at_all(machine: Machine) -> None:
    result = machine.run()
    assert (result.code, result.out) == (4, "")
    assert result.err == (
        "error: there are no credentials: log in, run 'gcloud auth application-default login', or let "
        "GOOGLE_APPLICATION_CREDENTIALS name the key file of a service account\n"
        "    'healthcare1-beta1 login' logs you in; -p access-token@=FILE gives a token\n"
    )
    assert machine.api.received == []
    assert machine.called == []
    machine.environment.update({"NO_GCE_CHECK": "false", "GCE_METADATA_HOST": "127.0.0.1:1"})
    assert machine.run() == result


BROKEN = {
    "missing": (None, "cannot read the credentials '{}': No such file or directory"),
    "not JSON": ("SECRET", "'{}' holds no credentials: it is not JSON"),
    "another type": ('{"type": "SECRET"}', "'{}' holds no credentials of the type service_account or "),
    "fields missing": (
        '{"type": "service_account"}',
        "'{}' holds no usable credentials: client_email, private_key, token_uri missing",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file(name: str, machine: Machine) -> None:
    content, told = BROKEN[name]
    path = machine.home / "key.json"
    if content is not None:
        path.write_text(content)
    machine.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    result = machine.run()
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith(f"error: {told.format(path)}")
    assert result.err.count("\n") == 1
    assert machine.api.received == []


ANSWERS = {
    "refused": (
        refusal("invalid_grant"),
        4,
        "the credentials were refused (invalid_grant)",
    ),
    "500": (as_json(500, {"error": "SECRET"}), 6, "cannot fetch a token: the server that gives them is busy"),
    "garbage": (
        Answer(200, b"SECRET"),
        6,
        "cannot fetch a token: the server that gives them is",
    ),
    "no answer": (HANG_UP, 6, "cannot fetch a token: the answer of localhost:"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_token(name: str, with_key_file: Machine) -> None:
    machine = with_key_file
    answer, code, told = ANSWERS[name]
    machine.tokens.upcoming = [answer]
    result = machine.run()
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"error: {told}")
    assert result.err.count("\n") == 1
    assert (len(machine.tokens.received), machine.api.received) == (1, [])


def test_a_server_of_tokens_that_nobody_reaches(machine: Machine, account: ServiceAccount) -> None:
    key = account.key_file(machine.home / "key.json", "https://localhost:1/token")
    machine.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(key)
    result = machine.run()
    told = "error: cannot fetch a token: cannot connect to localhost:1: Connection refused\n"
    assert (result.code, result.out, result.err) == (6, "", told)
    assert machine.api.received == []


def test_a_server_of_tokens_that_is_not_trusted(machine: Machine, account: ServiceAccount) -> None:
    with TokenServer(account, proven_by(trustme.CA())) as stranger:
        key = account.key_file(machine.home / "key.json", stranger.token_uri)
        machine.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(key)
        result = machine.run()
    told = f"error: cannot fetch a token: the certificate of localhost:{stranger.server_port} is not trusted"
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(told)
    assert result.err.endswith("\n    --ca-bundle FILE names the authorities to trust\n")
    assert (stranger.received, machine.api.received) == ([], [])
