"""Secrets, and what tells of patients: where they must not turn up, whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authorized_calls import user_file
from connect_proxy import ConnectProxy
from cursorkit.errors import ArgumentErrors
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.call import prepare
from cursorkit.testing.server import Hang, ReadBody, ReadHead, Server
from google_servers import HANG_UP, Answer, as_json, refusal, unauthorized
from patients import UID
from programs import COMMAND, PARENT, PROGRAM

if TYPE_CHECKING:
    from google_servers import Api, ServiceAccount, TokenServer


# --- 1. the command line ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["file", "standard input", "command line"])
def test_what_other_users_of_the_machine_can_see(how: str, tmp_path: Path) -> None:
    """Everybody can read the command line of a process: so a secret need not stand there."""
    (tmp_path / "token").write_text("CANARY-token")
    word = {
        "file": f"access-token@={tmp_path / 'token'}",
        "standard input": "access-token@=-",
        "command line": "access-token=CANARY-token",
    }[how]
    words = (*COMMAND, "-r", "content-type=a/b", "data=ut", "-p", word, "--", PARENT, "studies")
    with Server((ReadHead(), ReadBody(), Hang())) as server:
        child = subprocess.Popen(
            [PROGRAM, "--endpoint", server.url, *words], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdin is not None
        child.stdin.write(b"CANARY-token")
        child.stdin.close()
        while not (server.exchanges and server.exchanges[0].body):
            time.sleep(0.01)
        seen = Path(f"/proc/{child.pid}/cmdline").read_bytes()
        child.terminate()
        child.wait()
    assert server.exchanges[0].headers.get("Authorization") == "Bearer CANARY-token"
    assert (b"CANARY" in seen) is (how == "command line")


# --- 2. messages, logs, tracebacks, dumps -------------------------------------------------------------------

HOST_PROGRAM = """
import http.client, logging, pathlib, pickle, sys, traceback, warnings

logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
logging.captureWarnings(True)
warnings.simplefilter("always")
http.client.HTTPConnection.debuglevel = 1

import google.auth
import urllib3

from cursorkit import HttpBody, call, prepare
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Endpoint
from cursorkit_transports import Logged, open_transport

url, bundle, scan, study = sys.argv[1:]
method = STORE_INSTANCES.at(url)
place = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies/" + study}
body = HttpBody("application/dicom", pathlib.Path(scan))
transport = Logged(open_transport(Endpoint(url, method.scopes[:1], bundle, retry_for=0)))
try:
    response = transport.send(prepare(method, place, body))
    print(repr(response), repr(response.headers))
except Exception as error:
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    # What the variables of this very program hold is its own affair.
    shown.stack[0].locals = None
    print("".join(shown.format()))
outcome = call(method, place, body, transport)
print(repr(outcome), outcome.message, repr(transport), repr(prepare(method, place, body)), repr(body))
try:
    print(pickle.dumps(prepare(method, {**place, "key": "CANARY"}, body)))
except TypeError as error:
    print(error)
print("reached the end")
"""

ECHO = {"error": {"message": "no", "details": ["CANARY SECRET", UID]}}
FAULTS: dict[str, tuple[list[Answer], list[Answer]]] = {
    "nothing": ([], []),
    "refused twice": ([], [unauthorized(), unauthorized()]),
    "no permission": ([], [as_json(403, ECHO)]),
    "tokens refused": ([refusal("invalid_grant")] * 2, []),
    "tokens of nonsense": ([Answer(200, b"SECRET")] * 2, []),
    "tokens unfit": ([as_json(200, {"access_token": "SECRET\n", "expires_in": 3600})] * 2, []),
    "tokens hang up": ([HANG_UP] * 2, []),
    "the API hangs up": ([], [HANG_UP] * 2),
    "points elsewhere": ([], [Answer(307, b"SECRET", (("Location", f"https://CANARY/{UID}"),))] * 2),
    "nonsense": ([], [Answer(200, b"SECRET", (("Set-Cookie", "SECRET"), ("X-SECRET", UID)))] * 2),
}


def credentials(kind: str, folder: Path, account: ServiceAccount, tokens: TokenServer) -> str:
    path = folder / "credentials.json"
    match kind:
        case "service account":
            account.key_file(path, tokens.token_uri)
        case "federated":
            (folder / "subject").write_text("SECRET-subject")
            federated = {
                "type": "external_account",
                "audience": "//iam.googleapis.com/workloadIdentityPools/p/providers/q",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": tokens.token_uri,
                "credential_source": {"file": str(folder / "subject")},
            }
            path.write_text(json.dumps(federated))
        case "user":
            user_file(path)
    return str(path)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        *((fault, "service account") for fault in FAULTS),
        ("nothing", "federated"),
        ("tokens refused", "federated"),
        ("nothing", "user"),
    ],
)
def test_nothing_that_a_host_program_logs_or_shows_holds_a_secret(
    fault: str,
    kind: str,
    tmp_path: Path,
    scan: Path,
    account: ServiceAccount,
    tokens: TokenServer,
    api: Api,
    ca_bundle: str,
) -> None:
    """All libraries log all that they can, variables are shown with tracebacks, values are dumped."""
    tokens.upcoming, api.upcoming = map(list, FAULTS[fault])
    path = credentials(kind, tmp_path, account, tokens)
    key = json.loads(Path(path).read_text()).get("private_key", "SECRET").splitlines()
    with ConnectProxy(proof="Basic dXNlcjpTRUNSRVQ=") as proxy:
        done = subprocess.run(
            [sys.executable, "-c", HOST_PROGRAM, api.url, ca_bundle, scan, f"{UID}.1"],
            capture_output=True,
            text=True,
            env={
                "HOME": str(tmp_path),
                "PYTHONSAFEPATH": "1",
                "GOOGLE_APPLICATION_CREDENTIALS": path,
                "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": "google",
                "HTTPS_PROXY": f"http://user:SECRET@{proxy.address}",
                # Users are sent to Google whatever their file says.
                "NO_PROXY": "" if kind != "user" else "googleapis.com",
            },
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    told = (done.stdout + done.stderr).replace(str(tmp_path), "…")
    assert "reached the end" in told
    assert "DEBUG:cursorkit_transports.logged:> POST" in told
    for private in ("SECRET", "CANARY", UID, "dXNlcjpTRUNSRVQ=", *key[1:2]):
        assert private not in told, told[max(0, told.index(private) - 900) :]


# --- 3. patients --------------------------------------------------------------------------------------------

BAD_WORDS = [
    ("-r", "data=CANARY", "data=CANARY", "content-type=a/b"),
    ("-r", "data:=CANARY", "content-type=a/b"),
    ("-r", "data.more=CANARY", "content-type=a/b"),
    ("-r", "datum=CANARY", "content-type=a/b"),
    ("-r", "content-type=a/b", "data=CANARY", "-p", "key=CANARY", "key=CANARY"),
    ("-r", "content-type=a/b", "data=CANARY", "-p", "access-token=CANARY\x00"),
]


@pytest.mark.parametrize("words", BAD_WORDS)
def test_mistakes_are_told_without_what_was_written(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, *COMMAND, *(word.replace("\x00", "\x7f") for word in words), "--", PARENT, "studies"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "CANARY" not in done.stdout + done.stderr


def test_an_error_of_a_program_holds_no_identifier() -> None:
    place = {"parent": PARENT, "dicom_web_path": f"studies/{UID}/../.."}
    with pytest.raises(ArgumentErrors) as told:
        prepare(STORE_INSTANCES, place, {"contentType": "a/b", "data": b"CANARY"})
    assert UID not in f"{told.value} {told.value!r}"


# --- 12. what is kept ---------------------------------------------------------------------------------------


def test_nothing_is_kept_of_credentials(
    tmp_path: Path, scan: Path, account: ServiceAccount, tokens: TokenServer, api: Api, ca_bundle: str
) -> None:
    """There is no cache whose permissions could be wrong."""
    home = tmp_path / "home"
    home.mkdir()
    path = credentials("service account", tmp_path, account, tokens)
    words = (*COMMAND, "-r", "content-type=application/dicom", f"data@={scan}", "--", PARENT, "studies")
    done = subprocess.run(
        [PROGRAM, "--endpoint", api.url, "--ca-bundle", ca_bundle, *words],
        capture_output=True,
        env={"HOME": str(home), "TMPDIR": str(home), "GOOGLE_APPLICATION_CREDENTIALS": path},
        preexec_fn=lambda: os.umask(0) and None,
        cwd=home,
    )
    assert done.returncode == 0
    assert tokens.given
    assert list(home.rglob("*")) == []
