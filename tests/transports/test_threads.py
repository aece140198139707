"""One transport, used by many threads at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Lock
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from attrs import field, frozen

from authorized_calls import SCOPES, asking
from connect_proxy import ConnectProxy
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadBody, ReadHead, Server, Write
from cursorkit.wire import Endpoint, Headers, Request
from cursorkit.wire.source import Bytes
from cursorkit_transports import Https, open_transport, service_account
from cursorkit_transports.proxies import Connections

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from cursorkit.testing.server import Peer, Script
    from cursorkit.wire import Response, Transport
    from cursorkit_transports import Authorized
    from google_servers import Api, TokenServer

THREADS = 16
REQUESTS = 10


@frozen
class Meet:
    """A step of a server: go on when as many connections as there are threads have come to it."""

    barrier: Barrier = field(factory=lambda: Barrier(THREADS, timeout=30))

    def play(self, _: Peer) -> None:
        self.barrier.wait()


def all_at_once() -> Script:
    """Nobody is answered before all have sent their requests."""
    return (ReadHead(), ReadBody(), Meet(), Write(answer()))


def asked(transport: Transport, url: str, large: bool) -> list[Response]:
    """What every thread is answered, none of whom goes on before all are."""
    together = Barrier(THREADS, timeout=30)

    def work(thread: int) -> list[Response]:
        responses = []
        for number in range(REQUESTS):
            together.wait()
            body = Bytes(b"%d.%d" % (thread, number))
            responses.append(transport.send(Request("POST", url, Headers(), body, large=large)))
        return responses

    with ThreadPoolExecutor(THREADS) as pool:
        return [each for responses in pool.map(work, range(THREADS)) for each in responses]


BODIES = sorted(b"%d.%d" % (thread, number) for thread in range(THREADS) for number in range(REQUESTS))


@pytest.mark.parametrize("large", [False, True])
def test_there_is_a_connection_for_each_and_no_more(large: bool) -> None:
    with Server(all_at_once()) as server, closing(open_transport(Endpoint(server.url))) as transport:
        responses = asked(transport, server.url, large)
    assert {each.status for each in responses} == {200}
    assert sorted(bytes(each.body) for each in server.exchanges) == BODIES
    assert server.connections == THREADS


def test_nor_with_tls_and_through_a_proxy(
    bundle: str, proof: Callable[..., ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy() as proxy, Server(all_at_once(), tls=proof()) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with closing(Https(ca_bundle=bundle)) as transport:
            asked(transport, server.url, large=False)
    assert sorted(bytes(each.body) for each in server.exchanges) == BODIES
    assert server.connections == len(proxy.asked) == THREADS


def test_those_who_find_an_expired_token_wait_for_one_that_renews_it(
    key_file: str, tokens: TokenServer, api: Api, https: Https, around: Callable[..., Authorized]
) -> None:
    credentials = service_account(key_file, SCOPES)
    sender = around(https, credentials)
    assert sender.send(asking(api.url)).status == 200
    # google-auth counts in UTC without a zone.
    credentials.expiry = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    together = Barrier(THREADS)

    def work(_: int) -> int:
        together.wait(timeout=30)
        return sender.send(asking(api.url)).status

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(work, range(THREADS))) == {200}
    assert list(tokens.given) == ["SECRET-token.0", "SECRET-token.1"]
    used = [each.headers["authorization"] for each in api.received]
    assert used == ["Bearer SECRET-token.0"] + ["Bearer SECRET-token.1"] * THREADS


def test_a_way_is_made_once_however_many_ask_for_it() -> None:
    made: list[urllib3.PoolManager] = []
    second = Event()
    lock = Lock()

    def make(_: Any) -> urllib3.PoolManager:
        with lock:
            made.append(urllib3.PoolManager(maxsize=2))
        if len(made) > 1:
            second.set()
        second.wait(0.2)
        return made[0]

    connections = Connections(make, {})
    with Server() as server, ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda _: connections.urlopen("GET", server.url), range(2))
        assert [each.status for each in answers] == [200, 200]
        connections.clear()
    assert len(made) == 1
