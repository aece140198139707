"""Others to whom something might be sent: where a server points, and what a credentials file names."""

from __future__ import annotations

import json
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit import HttpBody, call
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.outcome import Verdict
from cursorkit.testing.answers import answer
from cursorkit.testing.server import WELL, Server, replying
from cursorkit.wire import AuthenticationError, Bytes, Headers, Request, TransportError
from cursorkit_transports import Authorized, Https
from google_servers import proven_by
from programs import PARENT, PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

    import trustme

PLACE = {"parent": PARENT, "dicom_web_path": "studies", "access_token": "CANARY", "key": "CANARY"}


# --- 7. redirects -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("tls", [True, False], ids=["https", "http"])
def test_who_a_server_points_to_gets_nothing(
    status: int, tls: bool, authority: trustme.CA, ca_bundle: str
) -> None:
    """Neither the credentials nor the image."""

    def serve(*scripts: Any, host: str = "127.0.0.1", secure: bool = tls) -> Server:
        return Server(*scripts, host=host, tls=proven_by(authority) if secure else None)

    transport = Authorized(Https(ca_bundle=ca_bundle), ca_bundle=ca_bundle)
    with serve() as port, serve(host="127.0.0.2") as host, serve(secure=not tls) as scheme, serve() as first:
        relative = ("/elsewhere", "elsewhere", "?x", "", f"//{port.address}/", "gopher://x/")
        for location in (*(f"{each.url}/elsewhere" for each in (first, port, host, scheme)), *relative):
            first.play(replying(answer(status, b"{}", [("Location", location)])), WELL)
            before = len(first.exchanges)
            outcome = call(STORE_INSTANCES.at(first.url), PLACE, HttpBody("a/b", b"CANARY"), transport)
            assert outcome.verdict is Verdict.REFUSED
            assert len(first.exchanges) == before + 1
        transport.close()
    assert (port.connections, host.connections, scheme.connections) == (0, 0, 0)


# --- 8. credentials files -----------------------------------------------------------------------------------

_FEDERATED: dict[str, Any] = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/workloadIdentityPools/p/providers/q",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://sts.googleapis.com/v1/token",
}


def hostile(kind: str, server: Server, folder: Path) -> dict[str, Any]:
    (folder / "subject").write_text("CANARY-subject")
    evidence = folder / "executed"
    # This machine may be spoken to in the clear, and any other may not.
    elsewhere = server.url.replace("127.0.0.1", "attacker.invalid")
    return {
        "unknown type": {"type": "gdch_service_account", "token_uri": server.url},
        "a token asked for in the clear": {
            **_FEDERATED,
            "token_url": elsewhere,
            "credential_source": {"file": str(folder / "subject")},
        },
        "a program to run": {
            **_FEDERATED,
            "credential_source": {"executable": {"command": f"touch {evidence}", "timeout_millis": 5000}},
        },
        "a password in an address": {
            **_FEDERATED,
            "credential_source": {"url": "http://user:CANARY@127.0.0.1:1/"},
        },
        "a file that is none of them": {
            **_FEDERATED,
            "credential_source": {"file": "/etc/shadow", "format": {"type": "json"}},
        },
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "unknown type",
        "a token asked for in the clear",
        "a program to run",
        "a password in an address",
        "a file that is none of them",
    ],
)
def test_a_hostile_credentials_file_gets_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        path = tmp_path / "credentials.json"
        path.write_text(json.dumps(hostile(kind, server, tmp_path)))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        monkeypatch.setenv("HTTPS_PROXY", f"http://{server.address}")
        transport = Authorized(Https(), scopes=STORE_INSTANCES.scopes[:1])
        refused = kind not in {"a password in an address", "a file that is none of them"}
        with pytest.raises(AuthenticationError if refused else TransportError) as told:
            transport.send(Request("POST", "https://host.invalid/", Headers(), Bytes(b"x")))
        transport.close()
    assert "CANARY" not in str(told.value)
    assert not (tmp_path / "executed").exists()
    assert server.exchanges == []


# --- 9. TLS -------------------------------------------------------------------------------------------------


def test_the_keys_of_a_connection_are_written_where_the_user_says_and_nowhere_else(
    authority: trustme.CA, ca_bundle: str, tmp_path: Path
) -> None:
    """Of SSLKEYLOGFILE: whoever sets it can read the traffic, as with browsers and curl."""
    words = f"projects locations-datasets-dicom-stores-studies-store-instances {PARENT} studies".split()
    with Server(replying(answer(404)), tls=proven_by(authority)) as server:
        argv: list[object] = [PROGRAM, "--endpoint", server.url, "--ca-bundle", ca_bundle, *words]
        argv += ["-r", "content-type=a/b", "data=ut", "-p", "key=CANARY"]
        for environ, written in (({}, []), ({"SSLKEYLOGFILE": str(tmp_path / "keys")}, ["keys"])):
            subprocess.run(
                list(map(str, argv)),
                env={"HOME": str(tmp_path), **environ},
                capture_output=True,
                cwd=tmp_path,
            )
            assert [each.name for each in tmp_path.iterdir()] == written
    assert ssl.OPENSSL_VERSION_INFO >= (1, 1, 1)
    assert len(server.exchanges) == 2
