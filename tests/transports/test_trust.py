"""Which servers are trusted."""

from __future__ import annotations

import os
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from cursorkit import SourceError
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadHead, Server, Write, replying
from cursorkit.wire import Bytes, Headers, Remedy, Request, TrustError
from cursorkit_transports import Https
from programs import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Proof = Callable[..., ssl.SSLContext]


def request(url: str) -> Request:
    return Request("POST", url, Headers([("Content-Length", "4")]), Bytes(b"body"))


def yesterday(authority: trustme.CA) -> trustme.LeafCert:
    now = datetime.now(UTC)
    return authority.issue_cert("127.0.0.1", not_before=now - timedelta(2), not_after=now - timedelta(1))


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (lambda _: trustme.CA().issue_cert("127.0.0.1"), "unable to get local issuer certificate"),
        (lambda authority: authority.issue_cert("127.0.0.2", "localhost"), "IP address mismatch"),
        (yesterday, "certificate has expired"),
    ],
    ids=["of an unknown authority", "for another host", "of yesterday"],
)
def test_a_server_that_cannot_prove_itself_gets_nothing(
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    reason: str,
    authority: trustme.CA,
    bundle: str,
    proof: Proof,
) -> None:
    with Server(tls=proof(certificate(authority))) as server:
        transport = Https(ca_bundle=bundle)
        with pytest.raises(TrustError, match=reason) as told:
            transport.send(request(server.url))
        transport.close()
    assert told.value.sent.octets == 0
    assert not told.value.sent.whole
    assert told.value.remedy == Remedy("trust-authorities")
    assert (server.connections, server.exchanges) == (1, [])


def test_the_authorities_of_the_system_know_nothing_of_ours(proof: Proof) -> None:
    with Server(tls=proof()) as server:
        transport = Https()
        with pytest.raises(TrustError):
            transport.send(request(server.url))
        transport.close()
    assert server.exchanges == []


def test_old_tls_is_not_spoken(proof: Proof, bundle: str) -> None:
    context = proof()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Server(tls=context) as server:
        transport = Https(ca_bundle=bundle)
        with pytest.raises(TrustError, match="no TLS connection comes about") as told:
            transport.send(request(server.url))
        transport.close()
    assert told.value.sent.octets == 0
    assert server.exchanges == []


def test_a_server_without_tls_gets_nothing() -> None:
    with Server((Write(answer()), ReadHead())) as server:
        transport = Https()
        with pytest.raises(TrustError, match="no TLS connection comes about"):
            transport.send(request(f"https://{server.address}/"))
        transport.close()
    assert not any(b"POST" in exchange.head for exchange in server.exchanges)


def program(server: Server, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = "projects locations-datasets-dicom-stores-studies-store-instances"
    words = f"{command} projects/p/locations/l/datasets/d/dicomStores/s studies -r content-type=a/b data=ut"
    return subprocess.run(
        [
            PROGRAM,
            "--retry-for",
            "0",
            "--endpoint",
            server.url,
            *argv,
            *words.split(),
            "-p",
            "access-token=CANARY",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )


def test_the_program_trusts_the_authorities_it_is_given(bundle: str, proof: Proof) -> None:
    with Server(replying(answer(404)), tls=proof()) as server:
        result = program(server, "--ca-bundle", bundle)
    assert result.stderr == "error: the server answered 404 Not Found\n"
    (exchange,) = server.exchanges
    assert exchange.headers.get("Authorization") == "Bearer CANARY"
    assert exchange.body == b"ut"


def test_the_program_sends_nothing_to_a_server_that_it_cannot_trust(proof: Proof) -> None:
    with Server(tls=proof()) as server:
        result = program(server)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: the certificate of {server.address} is not trusted: ")
    assert "--ca-bundle" in result.stderr
    assert "CANARY" not in result.stderr
    assert server.exchanges == []


def test_the_authorities_of_the_system_are_those_that_ssl_cert_file_names(bundle: str, proof: Proof) -> None:
    with Server(replying(answer(404)), tls=proof()) as server:
        result = program(server, SSL_CERT_FILE=bundle)
    assert result.stderr == "error: the server answered 404 Not Found\n"


def test_the_bundle_that_is_given_counts_for_those_of_the_system(
    bundle: str, proof: Proof, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with Server(tls=proof()) as server:
        result = program(server, "--ca-bundle", str(other), SSL_CERT_FILE=bundle)
    assert result.returncode == 1
    assert server.exchanges == []


def test_a_server_that_vouches_for_itself_gets_nothing(bundle: str, tmp_path: Path) -> None:
    itself = trustme.CA()
    key = tmp_path / "key.pem"
    for part in (itself.private_key_pem, itself.cert_pem):
        part.write_to_path(str(key), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key)
    with Server(tls=context) as server:
        transport = Https(ca_bundle=bundle)
        with pytest.raises(TrustError, match="self-signed certificate"):
            transport.send(request(server.url))
        transport.close()
    assert server.exchanges == []


@pytest.mark.parametrize("flag", ["--insecure", "-k", "--no-verify", "--no-check-certificate"])
def test_no_flag_turns_it_off(flag: str, proof: Proof) -> None:
    with Server(tls=proof()) as server:
        result = program(server, flag)
    assert result.returncode == 2
    assert f"unknown flag '{flag}'" in result.stderr
    assert server.connections == 0


def test_no_variable_turns_it_off(proof: Proof) -> None:
    """Those that do in other programs."""
    switches = ("GIT_SSL_NO_VERIFY", "CURL_INSECURE", "HTTPLIB2_DISABLE_SSL_VALIDATION")
    with Server(tls=proof()) as server:
        result = program(
            server,
            PYTHONHTTPSVERIFY="0",
            NODE_TLS_REJECT_UNAUTHORIZED="0",
            REQUESTS_CA_BUNDLE="",
            CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION="true",
            **dict.fromkeys(switches, "1"),
        )
    assert result.returncode == 1
    assert server.exchanges == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_addresses_of_both_kinds_are_certified(host: str, bundle: str, proof: Proof) -> None:
    with Server(replying(answer(404)), host=host, tls=proof()) as server:
        result = program(server, "--ca-bundle", bundle)
    assert result.stderr == "error: the server answered 404 Not Found\n"
    (exchange,) = server.exchanges
    assert exchange.headers.get("Host") == server.address


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"", "it holds no certificate"), (b"CANARY", "it holds no certificate")],
)
def test_a_bundle_that_is_none(content: bytes | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=reason) as told:
        Https(ca_bundle=str(path))
    assert str(path) in str(told.value)
    assert "CANARY" not in str(told.value)
