"""Plain HTTP to another machine: allowed on purpose, in the same network, and without credentials."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cursorkit.wire import Endpoint, EndpointError, Remedy, is_same_network
from other_machines import Call

if TYPE_CHECKING:
    from pathlib import Path

    from other_machines import Tried

NEAR = ["10.0.0.5", "172.16.3.4", "192.168.7.7", "169.254.1.1", "[fd00::7]", "pacs.test", "six.test"]
STRANGE = ["public.test", "documentation.test", "carrier.test", "public-six.test"]
PUBLIC = ["8.8.8.8", "192.0.2.7", "100.64.0.1", "172.32.0.1", "[2001:4860::1]"]
PROOFS = {
    "Authorization": "Bearer SECRET",
    "authorization": "Basic SECRET",
    "X-Goog-Api-Key": "SECRET",
    "Cookie": "session=SECRET",
    "Proxy-Authorization": "Basic SECRET",
}


def test_it_goes_to_the_same_network(tried: Tried) -> None:
    """Straight there, whatever proxies there are."""
    nobody = "http://10.0.0.5:1"
    for outcome in tried(*map(Call, NEAR), HTTP_PROXY=nobody, http_proxy=nobody, ALL_PROXY=nobody):
        assert (outcome.error, outcome.status, outcome.connections) == ("", 200, 1)
        assert outcome.received.startswith("POST /studies HTTP/1.1\r\n")
        assert outcome.received.endswith("\r\n\r\nscan")


def test_strangers_get_not_a_byte_whatever_a_name_says(tried: Tried) -> None:
    for host, outcome in zip(STRANGE, tried(*map(Call, STRANGE)), strict=True):
        assert (outcome.error, outcome.connections, outcome.received) == ("PermanentError", 1, "")
        assert outcome.message.startswith(host)
        assert outcome.message.endswith(
            "is not in the same network, and got nothing over plain http://: use https://"
        )


def test_nor_does_whoever_passes_for_this_machine(tried: Tried) -> None:
    for outcome in tried(Call("localhost"), Call("localhost", allow_http=False)):
        assert (outcome.error, outcome.connections, outcome.received) == ("PermanentError", 1, "")


def test_public_addresses_are_not_even_called(tried: Tried) -> None:
    for outcome in tried(*map(Call, PUBLIC)):
        assert (outcome.error, outcome.connections) == ("EndpointError", 0)
        assert outcome.message == "plain http:// never goes to a public address: use https://"


def test_without_permission_nobody_is_called(tried: Tried) -> None:
    for outcome in tried(*(Call(host, allow_http=False) for host in (*NEAR, *STRANGE, *PUBLIC))):
        assert (outcome.error, outcome.connections) == ("EndpointError", 0)


def test_credentials_do_not_go_there(tried: Tried) -> None:
    hosts = ("10.0.0.5", "pacs.test", "nearby.test")
    calls = [Call(host, headers={name: value}) for host in hosts for name, value in PROOFS.items()]
    for outcome in tried(*calls):
        assert (outcome.error, outcome.connections) == ("PermanentError", 0)
        assert outcome.message == "credentials do not go to another machine over plain http://: use https://"


def test_default_credentials_are_not_even_looked_for(tried: Tried, tmp_path: Path) -> None:
    calls = Call("pacs.test"), Call("pacs.test", scopes=("https://www.googleapis.com/auth/cloud-platform",))
    for outcome in tried(*calls, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "missing")):
        assert (outcome.error, outcome.status) == ("", 200)
        assert not any(name.lower() in outcome.received.lower() for name in PROOFS)


# --- which addresses those are ------------------------------------------------------------------------------

# The registries say so: RFC 1918, RFC 4193, RFC 3927, RFC 4291.
BLOCKS = [
    ("127.0.0.0", "127.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("169.254.0.0", "169.254.255.255"),
    ("::1", "::1"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
]


@pytest.mark.parametrize(("first", "last"), BLOCKS)
def test_blocks_from_their_first_to_their_last_address(first: str, last: str) -> None:
    assert is_same_network(first)
    assert is_same_network(last)
    assert not is_same_network(str(ip_address(first) - 1))
    assert not is_same_network(str(ip_address(last) + 1))


@given(st.ip_addresses(v=4))
@example(ip_address("10.1.2.3"))
@example(ip_address("192.0.2.1"))
def test_an_address_of_the_old_kind_stays_what_it_is_in_the_new_one(address: object) -> None:
    assert is_same_network(f"::ffff:{address}") == is_same_network(str(address))


@given(st.ip_addresses())
@example(ip_address("224.0.0.1"))
def test_no_address_that_others_can_have(address: object) -> None:
    literal = ip_address(str(address))
    if literal.is_global or literal.is_multicast or literal.is_unspecified:
        assert not is_same_network(str(address)) or literal in ip_network("::ffff:0:0/96")


def test_the_zone_of_an_address_does_not_matter() -> None:
    assert is_same_network("fe80::1%eth0")


# --- what an endpoint says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [*NEAR, *STRANGE])
def test_what_would_allow_it_is_told(host: str) -> None:
    with pytest.raises(EndpointError, match="plain http:// is for this very machine only") as told:
        Endpoint(f"http://{host}:8042/dicom-web")
    assert told.value.remedy == Remedy("allow-http")
    assert Endpoint(f"http://{host}:8042/dicom-web", allow_http=True).allow_http


@pytest.mark.parametrize("host", PUBLIC)
@pytest.mark.parametrize("allow", [False, True])
def test_nothing_allows_it_to_public_addresses(host: str, allow: bool) -> None:
    with pytest.raises(EndpointError, match="use https://") as told:
        Endpoint(f"http://{host}/dicom-web", allow_http=allow)
    assert told.value.remedy is None


def test_other_errors_have_no_remedy() -> None:
    with pytest.raises(EndpointError) as told:
        Endpoint("nowhere", allow_http=True)
    assert told.value.remedy is None
