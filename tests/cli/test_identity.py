"""In whose name the program works: logins, impersonation, quota projects, hosts that are trusted."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authorized_calls import HEALTHCARE, PLATFORM, SCAN, user_file
from google_servers import refusal, unauthorized
from machines import Run
from programs import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from google_world import Google
    from machines import Machine

TARGET, FIRST = "target@p.iam.gserviceaccount.com", "first@p.iam.gserviceaccount.com"
BROWSER = """\
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[1])
with urllib.request.urlopen(sys.argv[2], context=context, timeout=30) as page:
    sys.stderr.write(page.read().decode())
"""


@pytest.fixture
def with_browser(machine: Machine, client_file: str) -> Machine:
    """The same machine, with a browser whose user agrees, and the client where it is looked for."""
    (machine.home / "browser.py").write_text(BROWSER)
    command = f"{sys.executable} {machine.home / 'browser.py'} {machine.ca_bundle} %s"
    machine.environment["BROWSER"] = command
    folder = machine.home / ".google-service-cli"
    folder.mkdir(mode=0o700)
    (folder / "healthcare1-beta1-secret.json").write_bytes(Path(client_file).read_bytes())
    return machine


# --- logging in and out -----------------------------------------------------------------------------------


def test_log_in_store_and_log_out(with_browser: Machine, tokens: Google) -> None:
    machine = with_browser
    path = machine.home / ".google-service-cli" / "healthcare1-beta1-login.json"
    result = machine.call("login", "--ca-bundle", machine.ca_bundle)
    assert (result.code, result.out) == (0, "")
    assert "agree in your browser" in result.err
    assert "You are logged in" in result.err
    assert result.err.endswith(f"logged in; the login is kept in {path}\n")
    assert [asked["scope"] for asked in tokens.consents] == [HEALTHCARE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    machine.api.upcoming = [unauthorized()]
    result = machine.run()
    assert (result.code, result.err) == (0, "stored 1 instance\n")
    assert machine.api.proofs == [{"authorization": f"Bearer SECRET-token.{number}"} for number in (1, 2)]
    assert [each.body for each in machine.api.received] == [SCAN.read_bytes()] * 2
    result = machine.call("logout", "--ca-bundle", machine.ca_bundle)
    assert (result.code, result.out, result.err) == (0, "", f"logged out; {path} is removed\n")
    assert tokens.forgotten == ["SECRET-refresh"]
    assert "    'healthcare1-beta1 login' logs you in; " in machine.run().err


def test_where_the_login_is_kept_and_what_for(
    with_browser: Machine, tokens: Google, client_file: str
) -> None:
    machine = with_browser
    flags = ("--config-dir", str(machine.home / "mine"))
    scopes = ("--scope", PLATFORM, "--scope", HEALTHCARE)
    result = machine.call(
        *flags, "login", "--client", client_file, *scopes, "--quiet", "--ca-bundle", machine.ca_bundle
    )
    assert result.code == 0
    assert "logged in;" not in result.err
    assert [asked["scope"] for asked in tokens.consents] == [f"{PLATFORM} {HEALTHCARE}"]
    folder = machine.home / "mine"
    assert os.listdir(folder) == ["healthcare1-beta1-login.json"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert machine.run(*flags).code == 0
    assert machine.run().code == 4


def test_a_login_without_a_browser(
    with_browser: Machine, google: Google, browser: Callable[[str], str]
) -> None:
    machine = with_browser
    for flags, command in (((), "false"), (("--no-browser",), f"{sys.executable} -c 'raise SystemExit' %s")):
        machine.environment["BROWSER"] = command
        child = subprocess.Popen(
            [PROGRAM, "login", *flags, "--ca-bundle", machine.ca_bundle],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=machine.environment,
        )
        with child:
            assert child.stderr is not None
            assert child.stderr.readline() == "open this address in a browser on this machine, and agree:\n"
            assert "You are logged in" in browser(child.stderr.readline().rstrip("\n"))
            out, err = child.communicate(timeout=60)
        assert (child.returncode, out) == (0, "")
        assert re.fullmatch("logged in; the login is kept in .*\n", err)


@pytest.mark.parametrize(("number", "told"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_login_that_is_interrupted(number: int, told: str, with_browser: Machine) -> None:
    machine = with_browser
    child = subprocess.Popen(
        [PROGRAM, "login", "--no-browser"], stderr=subprocess.PIPE, text=True, env=machine.environment
    )
    with child:
        assert child.stderr is not None
        child.stderr.readline()
        child.stderr.readline()
        child.send_signal(number)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (-number, f"healthcare1-beta1: {told}; nothing was sent\n")
    assert os.listdir(machine.home / ".google-service-cli") == ["healthcare1-beta1-secret.json"]


def test_a_login_that_fails(with_browser: Machine, tokens: Google) -> None:
    machine = with_browser
    tokens.agrees = False
    result = machine.call("login", "--ca-bundle", machine.ca_bundle)
    assert (result.code, result.out) == (4, "")
    assert result.err.endswith("error: the login was not granted: the user did not agree\n")
    result = machine.call("login", "--client", "/nowhere")
    assert (result.code, result.out, result.err) == (
        4,
        "",
        "error: cannot read the OAuth client '/nowhere': No such file or directory\n",
    )
    path = machine.home / ".google-service-cli" / "healthcare1-beta1-login.json"
    told = f"error: nobody is logged in: there is no '{path}'\n"
    assert machine.call("logout") == Run(4, "", told)


def test_a_login_that_has_been_revoked(with_browser: Machine, tokens: Google) -> None:
    machine = with_browser
    user_file(machine.home / ".google-service-cli" / "healthcare1-beta1-login.json")
    os.chmod(machine.home / ".google-service-cli" / "healthcare1-beta1-login.json", 0o600)
    tokens.upcoming = [refusal("invalid_grant")]
    result = machine.run()
    assert (result.code, result.out) == (4, "")
    assert result.err == (
        "error: the credentials were refused (invalid_grant): they have expired or were revoked; "
        "log in again\n    'healthcare1-beta1 login' logs you in again\n"
    )


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        ("login", {"client", "scope", "config-dir", "no-browser", "ca-bundle", "quiet"}),
        ("logout", {"config-dir", "ca-bundle", "quiet"}),
    ],
)
def test_each_command_has_a_page_of_its_own(command: str, taken: set[str], machine: Machine) -> None:
    result = machine.call(command, "--help")
    page = result.out
    assert (result.code, result.err) == (0, "")
    assert page.startswith(f"usage: healthcare1-beta1 {command} [")
    assert {*re.findall(r"^  --([a-z-]+)", page, re.MULTILINE)} == taken
    assert "projects" not in page
    examples = page.partition("examples:\n")[2].partition("\n\n")[0]
    for line in examples.splitlines():
        prog, *words = line.split()
        assert (prog, words[0]) == ("healthcare1-beta1", command)
        assert {word.removeprefix("--") for word in words if word.startswith("--")} <= taken


USAGE = {
    "login x": ["unexpected argument 'x'"],
    "login -r a=b -p c=d --dry-run": ["login takes no -r", "login takes no -p", "login takes no --dry-run"],
    "logout --scope x --client y": ["logout takes no --scope", "logout takes no --client"],
    "login --bowser": ["unknown flag '--bowser'"],
    "logout --retry-for 0 --debug": ["logout takes no --retry-for", "logout takes no --debug"],
    "login --config-dir=": ["--config-dir: the name is empty"],
    "login --scope=": ["--scope: '' is no scope"],
    "login --scope \u00e4": ["is no scope"],
    "projects locations-datasets-dicom-stores-studies-store-instances --no-browser --client c": [
        "only login takes --client",
        "only login takes --no-browser",
    ],
    "logn": ["unknown command 'logn'", "did you mean 'login'?"],
}


@pytest.mark.parametrize("line", USAGE)
def test_mistakes(line: str, machine: Machine) -> None:
    result = machine.call(*line.split())
    assert (result.code, result.out) == (2, "")
    for told in USAGE[line]:
        assert told in result.err
    assert not (machine.home / "sockets").exists() or machine.sockets == []


# --- impersonation ----------------------------------------------------------------------------------------


def test_acting_as_a_service_account(with_key_file: Machine, tokens: Google) -> None:
    machine = with_key_file
    tokens.accounts[TARGET] = [FIRST]
    result = machine.run("--impersonate", f"{TARGET},{FIRST}", "--scope", PLATFORM)
    assert (result.code, result.err) == (0, "stored 1 instance\n")
    generation = json.loads(tokens.received[1].body)
    assert generation["delegates"] == [f"projects/-/serviceAccounts/{FIRST}"]
    assert tokens.given == {
        "SECRET-token.0": "https://www.googleapis.com/auth/iam",
        "SECRET-token.1": PLATFORM,
    }
    assert machine.api.proofs == [{"authorization": "Bearer SECRET-token.1"}]


def test_who_may_not_act_as_it(with_key_file: Machine) -> None:
    machine = with_key_file
    result = machine.run("--impersonate", TARGET)
    assert (result.code, result.out) == (4, "")
    assert result.err == "error: the credentials were refused (NOT_FOUND): there is no such service account\n"
    assert machine.api.received == []


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--impersonate", ""), "--impersonate: '' is not a service account"),
        (("--quota-project", ""), "--quota-project: '' is not a project"),
        (("--endpoint", ""), "--endpoint: an endpoint begins with a scheme"),
        (("--impersonate", "a@b,"), "--impersonate: '' is not a service account"),
        (("--impersonate", "a/../b@c"), "--impersonate: 'a/../b@c' is not a service account"),
        (("--impersonate", "nobody"), "--impersonate: 'nobody' is not a service account"),
        (
            ("--impersonate", "a@b", "-p", "access-token=SECRET"),
            "--impersonate and -p access-token exclude each other",
        ),
        (("--impersonate", "a@b", "-p", "key=SECRET"), "--impersonate and -p key exclude each other"),
        (("--quota-project", "a b"), "--quota-project: 'a b' is not a project"),
        (("--quota-project", "a\r\nX: y"), r"--quota-project: 'a\r\nX: y' is not a project"),
        (
            ("--trust-host", "https://idp.example/"),
            "--trust-host: 'https://idp.example/' is not a host alone",
        ),
    ],
)
def test_what_nobody_can_be(flags: tuple[str, ...], told: str, machine: Machine) -> None:
    """An empty value, as of a variable that is not set, is no value left out: that would be somebody else."""
    result = machine.run(*flags)
    assert (result.code, result.out) == (2, "")
    assert told in result.err
    assert machine.sockets == []


@pytest.mark.parametrize("flag", ["--endpoint", "--impersonate", "--quota-project"])
def test_login_takes_them_not_even_empty(flag: str, machine: Machine) -> None:
    assert machine.call("login", flag, "") == Run(2, "", f"error: login takes no {flag}\n")


def test_no_client_is_not_the_usual_one(with_browser: Machine) -> None:
    result = with_browser.call("login", "--client", "", "--ca-bundle", with_browser.ca_bundle)
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: cannot read the OAuth client '': ")


def test_all_of_them_are_told_at_once(machine: Machine) -> None:
    result = machine.run(
        "--impersonate", "nobody", "--quota-project", "a b", "-p", "nosuch=1", "--trust-host", "/"
    )
    assert result.code == 2
    for told in ("--impersonate: ", "--quota-project: ", "--trust-host: ", "'nosuch'"):
        assert told in result.err


def test_no_log_of_any_library_holds_a_secret(with_key_file: Machine, tokens: Google) -> None:
    machine = with_key_file
    with (machine.home / "sitecustomize.py").open("a") as every_python:
        every_python.write("import logging\nlogging.basicConfig(level=logging.DEBUG)\n")
    tokens.accounts[TARGET] = []
    machine.api.upcoming = [unauthorized()]
    # The machine looks for secrets in all that the program says.
    for account, code in ((TARGET, 0), (FIRST, 4)):
        result = machine.run("--impersonate", account)
        assert result.code == code
        assert "when asked for a token" in result.err


# --- the rest ---------------------------------------------------------------------------------------------


def test_the_project_that_is_billed(with_key_file: Machine) -> None:
    machine = with_key_file
    assert machine.run("--quota-project", "paying").code == 0
    assert machine.run("--quota-project", "paying", "-p", "access-token=SECRET-access").code == 0
    machine.environment["GOOGLE_CLOUD_QUOTA_PROJECT"] = "of-the-variable"
    assert machine.run().code == 0
    assert [each["x-goog-user-project"] for each in machine.api.proofs] == [
        "paying",
        "paying",
        "of-the-variable",
    ]


def test_a_token_of_the_environment(machine: Machine) -> None:
    machine.environment["CLOUDSDK_AUTH_ACCESS_TOKEN"] = "SECRET-access"
    assert machine.run().code == 0
    assert machine.run("-p", "oauth-token=SECRET-oauth").code == 0
    machine.environment["CLOUDSDK_AUTH_ACCESS_TOKEN"] = "SECRET-wrong"
    result = machine.run()
    assert (result.code, result.err) == (
        4,
        "error: the access token in CLOUDSDK_AUTH_ACCESS_TOKEN was refused: it is wrong, or has expired\n",
    )
    assert [each["authorization"] for each in machine.api.proofs] == [
        "Bearer SECRET-access",
        "Bearer SECRET-oauth",
        "Bearer SECRET-wrong",
    ]


def federated(machine: Machine, token_url: str, source: object) -> None:
    configuration = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": token_url,
        "credential_source": source,
    }
    (machine.home / "federated.json").write_text(json.dumps(configuration))
    machine.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(machine.home / "federated.json")


def test_a_federated_identity(machine: Machine, tokens: Google) -> None:
    (machine.home / "subject").write_text("SECRET-subject")
    source = {"file": str(machine.home / "subject")}
    federated(machine, "https://sts.googleapis.com/v1/token", source)
    assert machine.run().code == 0
    assert tokens.received[-1].headers["host"] == "sts.googleapis.com"
    federated(machine, "https://evil.example/v1/token", source)
    result = machine.run()
    assert result.code == 4
    assert result.err == (
        "error: cannot fetch a token: the credentials lead to 'evil.example', which is none of Google's "
        "hosts\n    if you trust it with them, --trust-host evil.example says so\n"
    )
    assert tokens.strangers == []
    assert machine.run("--trust-host", "evil.example").code == 0
    assert len(tokens.strangers) == 1


def test_a_program_that_credentials_name_does_not_run(machine: Machine) -> None:
    federated(
        machine,
        "https://sts.googleapis.com/v1/token",
        {"executable": {"command": f"touch {machine.home / 'ran'}"}},
    )
    result = machine.run()
    assert (result.code, result.out) == (4, "")
    assert "set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1" in result.err
    assert not (machine.home / "ran").exists()
    machine.environment["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1"
    result = machine.run()
    assert result.code == 4
    assert (machine.home / "ran").exists()


def test_a_clock_that_is_wrong(with_key_file: Machine, tokens: Google) -> None:
    machine = with_key_file
    tokens.offset = timedelta(hours=5)
    tokens.upcoming = [refusal("invalid_grant")]
    result = machine.run()
    assert result.code == 4
    assert result.err == (
        "error: the credentials were refused (invalid_grant): they have expired or were revoked; "
        "the clock of this machine is 5 hours behind that of the server\n"
    )


@pytest.mark.parametrize(
    "flags", [("--impersonate", TARGET), ("--quota-project", "paying"), ("--trust-host", "a")]
)
def test_a_dry_run_asks_nobody(flags: tuple[str, ...], with_key_file: Machine) -> None:
    machine = with_key_file
    assert machine.run("--dry-run", *flags).code == 0
    assert machine.sockets == []
    assert machine.tokens.received == []
