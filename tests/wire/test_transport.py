"""Which endpoints there are, and which of them may be spoken to in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from cursorkit.errors import CursorkitError
from cursorkit.wire import (
    AuthenticationError,
    ConnectError,
    Endpoint,
    EndpointError,
    Sent,
    TransportError,
    TrustError,
    check_address,
)
from cursorkit.wire.message import NOTHING_SENT

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = [
    "https://healthcare.googleapis.com",
    "https://healthcare.googleapis.com/",
    "https://example.test:8443/v1beta1",
    "https://example.test/a.b/c-d_e~f/%41/",
    "https://example.test/a@b:c",
    "https://192.0.2.1",
    "https://[2001:db8::1]:443/",
    "HTTPS://Example.Test",
    "https://under_score.test",
    "https://localhost.evil",
    "https://xn--bcher-kva.example",
    "http://localhost",
    "http://LocalHost:8080/",
    "http://127.0.0.1",
    "http://127.0.0.1:65535/x",
    "http://127.255.255.254:1",
    "http://[::1]",
    "http://[::1]:8080/x",
    "http://[0:0:0:0:0:0:0:1]/",
    "HTTP://127.0.0.1",
]

CLEAR = [
    "http://example.test",
    "http://healthcare.googleapis.com/",
    "http://192.0.2.1",
    "http://128.0.0.1",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[2001:db8::1]",
    "http://localhost.evil",
    "http://localhost.evil:80/",
    "http://evil-localhost",
    "http://localhost.",
    "http://127.0.0.1.evil",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.0.0.01",
]

ODD = [
    "https:",
    "https://",
    "https:/example.test",
    "https:example.test",
    "https:///path",
    "https://:443",
    "https://user@example.test",
    "https://user:secret@example.test/",
    "http://127.0.0.1@evil.test/",
    "http://localhost:80@evil.test/",
    "http://evil.test#@localhost/",
    "http://localhost\\@evil.test/",
    "http://localhost\\.evil.test/",
    "http://evil.test\\.localhost",
    "http://localhost%2eevil.test/",
    "http://localhost /",
    "http://localhost\t/",
    "http://localhost/\nHost: evil.test",
    "http://loc\u0430lhost/",
    "http://\uff4cocalhost/",
    "https://b\xfccher.example",
    "https://example.test:",
    "https://example.test:x",
    "https://example.test:-1",
    "https://example.test:65536",
    "https://example.test:99999",
    "https://example.test:000443",
    "https://example.test:443:443",
    "https://[::1",
    "https://::1",
    "https://[:::]",
    "https://[1:2]",
    "https://[127.0.0.1]",
    "http://[127.0.0.1]",
    "http://[::1%25lo]/",
    "https://example.test#fragment",
]


@pytest.mark.parametrize("check", [check_address, Endpoint])
@pytest.mark.parametrize("url", ADDRESSES)
def test_addresses(url: str, check: Callable[[str], object]) -> None:
    check(url)


@pytest.mark.parametrize("url", ["https://example.test?x=y", "http://[::1]:8080/x?y=../z"])
def test_a_request_may_have_a_query_but_no_endpoint(url: str) -> None:
    check_address(url)
    with pytest.raises(EndpointError, match="an endpoint is written as"):
        Endpoint(url)


@pytest.mark.parametrize("check", [check_address, Endpoint])
@pytest.mark.parametrize("url", CLEAR)
def test_nothing_goes_to_another_machine_in_the_clear(url: str, check: Callable[[str], object]) -> None:
    with pytest.raises(EndpointError, match="use https://"):
        check(url)
    check(url.replace("http", "https"))


@pytest.mark.parametrize("check", [check_address, Endpoint])
@pytest.mark.parametrize("url", ODD)
def test_what_is_more_than_an_address_or_none(url: str, check: Callable[[str], object]) -> None:
    with pytest.raises(EndpointError, match="an endpoint is written as") as told:
        check(url)
    assert "secret" not in str(told.value)


PREFIXES = ["http:", "https:", "http://", "https://", "http://localhost", "http://127.0.0.1", "https://["]


@given(st.text() | st.text("[]:@./?#\\%aflo017"), st.sampled_from(PREFIXES))
def test_any_text_is_an_address_or_an_error(text: str, scheme: str) -> None:
    url = scheme + text
    try:
        check_address(url)
    except EndpointError:
        return
    # What passes is understood alike by the library that is going to call there.
    read = parse_url(url)
    assert read.auth is None
    assert read.host
    if read.scheme == "http":
        assert read.host == "localhost" or read.host.startswith("127.") or read.host == "[::1]"


@pytest.mark.parametrize("url", ["file:store", "crc:x", "a+b-c.1:", "memory:", "C:\\store"])
def test_other_schemes_are_their_own_transports_business(url: str) -> None:
    assert Endpoint(url).url == url
    check_address(url)


@pytest.mark.parametrize(
    "url", ["", "store", "/store", "./a:b", "1a:x", ":x", "-a:b", "//example.test", "a b:c"]
)
def test_an_endpoint_has_a_scheme(url: str) -> None:
    with pytest.raises(EndpointError, match="begins with a scheme"):
        Endpoint(url)


def test_every_fault_of_a_transport_says_what_left() -> None:
    sent = Sent(4, whole=True, sha256="0" * 64)
    for kind in (TransportError, ConnectError, TrustError, AuthenticationError):
        assert issubclass(kind, TransportError)
        assert issubclass(kind, CursorkitError)
        assert kind("why").sent == NOTHING_SENT
        assert kind("why", sent).sent == sent
        assert str(kind("why", sent)) == "why"
    assert not issubclass(EndpointError, TransportError)
