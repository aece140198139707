"""The way to a server through the proxy that the environment names."""

from __future__ import annotations

import socket
import subprocess
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorized_calls import SCOPES, asking
from connect_proxy import ConnectProxy
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, Server, replying
from cursorkit.wire import (
    AuthenticationError,
    Bytes,
    ConnectError,
    EndpointError,
    Headers,
    Request,
    TransportError,
    TrustError,
)
from cursorkit_transports import Authorized, Https, service_account
from cursorkit_transports.proxies import Proxy, proxy_for
from programs import PROGRAM

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    import trustme

    from cursorkit.testing.server import Script
    from google_servers import Api, TokenServer

    Proof = Callable[..., ssl.SSLContext]

AT = "https://host.example/"
PROXY = Proxy("http://proxy:3128")
NAMED = {"HTTPS_PROXY": "http://proxy:3128"}


# --- what the environment says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        (NAMED, PROXY),
        ({"https_proxy": "http://proxy:3128/", "HTTPS_PROXY": "http://other:1"}, PROXY),
        ({"ALL_PROXY": "proxy:3128"}, PROXY),
        ({"https_proxy": "", "all_proxy": "HTTP://proxy:3128"}, PROXY),
        ({"HTTP_PROXY": "http://proxy:3128", "http_proxy": "http://proxy:3128"}, None),
        ({"HTTPS_PROXY": "proxy"}, Proxy("http://proxy:1080")),
        ({"HTTPS_PROXY": "https://proxy"}, Proxy("https://proxy:443")),
        ({"HTTPS_PROXY": "http://[::1]:8080"}, Proxy("http://[::1]:8080")),
    ],
)
def test_which_proxy(environ: dict[str, str], proxy: Proxy | None) -> None:
    assert proxy_for(AT, environ) == proxy


@pytest.mark.parametrize(
    ("written", "proof"),
    [
        ("user:password@", "user:password"),
        ("user@", "user:"),
        ("us%3Aer:pass%40w%2Ford@", "us:er:pass@w/ord"),
        ("user:p@ss@", "user:p@ss"),
        ("%C3%BCser:pass@", "üser:pass"),
        (":@", ":"),
    ],
)
def test_who_asks_is_told_to_the_proxy(written: str, proof: str) -> None:
    proxy = proxy_for(AT, {"HTTPS_PROXY": f"http://{written}proxy:3128"})
    assert proxy is not None
    assert proxy.url == "http://proxy:3128"
    assert b64decode(proxy.proof.removeprefix("Basic ")).decode() == proof
    assert repr(proxy) == "Proxy(url='http://proxy:3128')"


@pytest.mark.parametrize(
    ("exceptions", "url", "straight"),
    [
        ("*", AT, True),
        ("host.example", AT, True),
        ("HOST.example", "https://Host.Example/", True),
        (".host.example", AT, True),
        ("example", AT, True),
        (".example", AT, True),
        ("other,example", AT, True),
        ("other example", AT, True),
        (" other , example ,", AT, True),
        ("ample", AT, False),
        ("host", AT, False),
        ("a.host.example", AT, False),
        (",", AT, False),
        (".", AT, False),
        ("host.example:443", AT, True),
        ("host.example:8443", AT, False),
        ("host.example:8443", "https://host.example:8443/", True),
        ("host.example", "https://host.example:8443/", True),
        ("host.example.", "https://host.example/", True),
        ("127.0.0.1", "https://127.0.0.1/", True),
        ("127.0.0.1:1", "https://127.0.0.1/", False),
        ("127.0.0.0/8", "https://127.9.9.9/", True),
        ("127.0.0.0/8", "https://128.0.0.1/", False),
        ("10.1.2.3/16", "https://10.1.9.9/", True),
        ("0.0.1", "https://127.0.0.1/", False),
        ("::1", "https://[::1]/", True),
        ("[::1]", "https://[::1]/", True),
        ("[::1]:443", "https://[::1]/", True),
        ("[::1]:444", "https://[::1]/", False),
        ("0:0:0::1", "https://[::1]/", True),
        ("fd00::/8", "https://[fd12::1]/", True),
        ("fd00::/8", "https://[fe00::1]/", False),
        ("10.0.0.0/99", AT, False),
    ],
)
def test_exceptions(exceptions: str, url: str, straight: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert (proxy_for(url, {**NAMED, name: exceptions}) is None) is straight


@pytest.mark.parametrize(
    "named",
    [
        "socks5://CANARY@proxy:1080",
        "http://CANARY:CANARY@",
        "http://CANARY@pro xy:1",
        "http://CANARY@proxy:99999",
        "http://CANARY@proxy:CANARY",
        "http://CANARY@proxy/CANARY",
        "http://CANARY@proxy\r\n:1",
        "http://CANARY@próxy:1",
        "CANARY@CANARY@:",
    ],
)
def test_what_is_no_proxy_is_told_and_not_repeated(named: str) -> None:
    with pytest.raises(EndpointError, match="HTTPS_PROXY") as told:
        proxy_for(AT, {"HTTPS_PROXY": named})
    assert "CANARY" not in str(told.value)


@given(st.text(), st.text(), st.sampled_from(["", "http://", "https://user:CANARY@"]))
def test_whatever_the_environment_says(named: str, exceptions: str, start: str) -> None:
    try:
        told = repr(proxy_for(AT, {"HTTPS_PROXY": start + named, "NO_PROXY": exceptions}))
    except EndpointError as error:
        told = str(error)
    assert "CANARY" not in told


# --- on the wire --------------------------------------------------------------------------------------------


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the proxy."""
    return lambda url: monkeypatch.setenv("HTTPS_PROXY", url)


@contextmanager
def https(bundle: str) -> Iterator[Https]:
    transport = Https(ca_bundle=bundle, connect_timeout=5, read_timeout=5)
    yield transport
    transport.close()


def request(url: str) -> Request:
    return Request("POST", f"{url}/CANARY", Headers([("Authorization", "Bearer CANARY")]), Bytes(b"CANARY"))


def test_the_proxy_sees_the_name_of_the_host_alone(
    bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    with ConnectProxy() as proxy, Server(tls=proof()) as server, https(bundle) as transport:
        through(proxy.url)
        for _ in range(3):
            assert transport.send(request(server.url)).status == 200
    (asked,) = proxy.asked
    assert asked.line == f"CONNECT {server.address} HTTP/1.0" or asked.target == server.address
    assert not {"authorization", "proxy-authorization"} & set(asked.fields)
    assert proxy.passed
    assert b"CANARY" not in proxy.passed
    assert (server.connections, len(server.exchanges)) == (1, 3)
    assert server.exchanges[0].target == "/CANARY"


@pytest.mark.parametrize("kind", ["http", "https"])
def test_a_proxy_that_wants_to_know_who_asks(
    kind: str, bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    tls = proof() if kind == "https" else None
    known = ConnectProxy(proof="Basic dXNlcjpwYXNzd29yZA==", tls=tls)
    with known as proxy, Server(tls=proof()) as server, https(bundle) as transport:
        through(f"{kind}://user:password@{proxy.address}")
        assert transport.send(request(server.url)).status == 200
    assert len(proxy.asked) == 1
    (exchange,) = server.exchanges
    assert "Proxy-Authorization" not in exchange.headers
    assert exchange.body == b"CANARY"


def test_an_answer_that_is_cut_on_the_way_is_none(
    bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    script = replying(answer(200, b"whole")[:-1], Close())
    with ConnectProxy() as proxy, Server(script, tls=proof()) as server, https(bundle) as transport:
        through(proxy.url)
        with pytest.raises(TransportError, match="incomplete") as fault:
            transport.send(request(server.url))
    assert fault.value.sent.whole


@pytest.mark.parametrize("inner", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("outer", ["127.0.0.1", "::1"])
def test_addresses_of_both_kinds(
    inner: str, outer: str, bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    with ConnectProxy(host=outer) as proxy, Server(host=inner, tls=proof()) as server:
        through(proxy.url)
        with https(bundle) as transport:
            assert transport.send(request(server.url)).status == 200
    assert [asked.target for asked in proxy.asked] == [server.address]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_the_way_is_straight_to_hosts_that_are_excepted(
    name: str, bundle: str, proof: Proof, through: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "example.com,127.0.0.0/8")
    with ConnectProxy() as proxy, Server(tls=proof()) as server, https(bundle) as transport:
        through(proxy.url)
        assert transport.send(request(server.url)).status == 200
    assert proxy.asked == []


def test_plain_http_never_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with ConnectProxy() as proxy, Server() as server:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        transport = Https(read_timeout=5)
        assert transport.send(request(server.url)).status == 200
        transport.close()
    assert proxy.asked == []


def test_tokens_come_through_it_too(
    key_file: str, tokens: TokenServer, api: Api, ca_bundle: str, through: Callable[[str], None]
) -> None:
    with ConnectProxy() as proxy:
        through(proxy.url)
        transport = Authorized(
            Https(ca_bundle=ca_bundle), service_account(key_file, SCOPES), ca_bundle=ca_bundle
        )
        assert transport.send(asking(api.url)).status == 200
        transport.close()
    ports = [tokens.server_port, api.server_port]
    assert [asked.target for asked in proxy.asked] == [f"localhost:{port}" for port in ports]


CUT = b"HTTP/1.1 200 Connection establ"
REFUSALS = [
    (
        b"HTTP/1.1 403 CANARY\r\n\r\nCANARY",
        TransportError,
        r"^the proxy before [\d.:]+ does not let through: 403$",
    ),
    (b"HTTP/1.1 502 CANARY\r\n\r\n", ConnectError, r"^the proxy before [\d.:]+ does not let through: 502$"),
    (b"HTTP/1.1 302 CANARY\r\nLocation: https://CANARY/\r\n\r\n", TransportError, "let through: 302$"),
    (CUT, TransportError, "incomplete|makes no sense"),
    (b"SSH-2.0 CANARY\r\n", TransportError, "makes no sense"),
    (b"HTTP/1.1 200 OK\r\n\r\nrubbish beneath TLS", TransportError, "127.0.0.1"),
]


@pytest.mark.parametrize(("said", "kind", "told"), REFUSALS)
def test_a_proxy_that_does_not_let_through(
    said: bytes,
    kind: type[TransportError],
    told: str,
    bundle: str,
    proof: Proof,
    through: Callable[[str], None],
) -> None:
    with ConnectProxy(answer=said) as proxy, Server(tls=proof()) as server, https(bundle) as transport:
        through(proxy.url)
        with pytest.raises(kind, match=told) as fault:
            transport.send(request(server.url))
    assert (fault.value.sent.octets, fault.value.sent.whole) == (0, False)
    assert "CANARY" not in str(fault.value)
    assert server.connections == 0
    assert b"CANARY" not in proxy.passed


def test_a_proxy_to_which_nobody_is_named(bundle: str, proof: Proof, through: Callable[[str], None]) -> None:
    with ConnectProxy(proof="Basic x") as proxy, Server(tls=proof()) as server, https(bundle) as transport:
        through(f"http://user:CANARY@{proxy.address}")
        with pytest.raises(AuthenticationError, match=r"^the proxy before [\d.:]+ wants to know") as fault:
            transport.send(request(server.url))
    assert "CANARY" not in str(fault.value)
    assert server.connections == 0


def test_nobody_is_there(bundle: str, through: Callable[[str], None]) -> None:
    with socket.socket() as nobody, https(bundle) as transport:
        nobody.bind(("127.0.0.1", 0))
        through(f"http://user:CANARY@127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(ConnectError, match=r"^cannot connect to the proxy before h: Connection refused$"):
            transport.send(request("https://h"))


def test_no_such_name(bundle: str, through: Callable[[str], None]) -> None:
    through("http://user:CANARY@nowhere.invalid:1")
    with https(bundle) as transport, pytest.raises(ConnectError, match=r"^cannot find the proxy before h:"):
        transport.send(request("https://h"))


def test_a_proxy_that_is_not_trusted(
    authority: trustme.CA, bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    elsewhere = proof(authority.issue_cert("127.0.0.2"))
    with ConnectProxy(tls=elsewhere) as proxy, https(bundle) as transport:
        through(f"https://user:CANARY@{proxy.address}")
        with pytest.raises(TrustError, match=r"^the certificate of the proxy before h is not trusted: IP"):
            transport.send(request("https://h"))
    assert proxy.asked == []


def test_a_server_that_is_not_trusted_is_not_excused_by_a_proxy(
    authority: trustme.CA, bundle: str, proof: Proof, through: Callable[[str], None]
) -> None:
    elsewhere = proof(authority.issue_cert("127.0.0.2"))
    with ConnectProxy() as proxy, Server(tls=elsewhere) as server, https(bundle) as transport:
        through(proxy.url)
        with pytest.raises(TrustError, match=rf"^the certificate of {server.address} is not trusted"):
            transport.send(request(server.url))
    assert server.exchanges == []


# --- the program --------------------------------------------------------------------------------------------


def run(url: str, bundle: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = "projects locations-datasets-dicom-stores-studies-store-instances"
    words = f"{command} projects/p/locations/l/datasets/d/dicomStores/s studies -r content-type=a/b data=ut"
    return subprocess.run(
        [
            PROGRAM,
            "--debug",
            "--retry-for",
            "0",
            "--endpoint",
            url,
            "--ca-bundle",
            bundle,
            *words.split(),
            "-p",
            "key=CANARY",
        ],
        capture_output=True,
        text=True,
        env=environ,
    )


def test_the_program_uses_it(bundle: str, proof: Proof) -> None:
    script: Script = replying(answer(404))
    with ConnectProxy() as proxy, Server(script, tls=proof()) as server:
        result = run(server.url, bundle, HTTPS_PROXY=proxy.url)
        straight = run(server.url, bundle, HTTPS_PROXY=proxy.url, NO_PROXY="127.0.0.1")
    assert result.returncode == straight.returncode == 1
    assert f"* through the proxy {proxy.url}\n" in result.stderr
    assert "proxy" not in straight.stderr
    assert [asked.target for asked in proxy.asked] == [server.address]
    assert len(server.exchanges) == 2


@pytest.mark.parametrize(
    ("named", "code"),
    [("http://CANARY:CANARY@127.0.0.1:1", 6), ("socks5://CANARY:CANARY@127.0.0.1:1", 2), ("CANARY@", 2)],
)
def test_the_program_keeps_the_password_to_itself(named: str, code: int, bundle: str) -> None:
    result = run("https://host.invalid", bundle, HTTPS_PROXY=named)
    assert result.returncode == code
    assert "proxy" in result.stderr
    assert "CANARY" not in result.stdout + result.stderr
