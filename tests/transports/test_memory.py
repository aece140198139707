"""The transport that goes nowhere."""

from __future__ import annotations

import pytest

from cursorkit import SourceError
from cursorkit.testing.contracts import TransportContract, Watched, contents
from cursorkit.wire import Bytes, ConnectError, Endpoint, Headers, Request
from cursorkit_transports import Memory, open_transport
from cursorkit_transports.memory import Reply

HEADERS = Headers([("Authorization", "Bearer CANARY"), ("Content-Length", "4")])
REQUEST = Request("POST", "memory:x/v1/y?alt=json", HEADERS, Bytes(b"body"))


class TestContract(TransportContract):
    def transport(self) -> Memory:
        return Memory()

    def url(self) -> str:
        return "memory:anything"


def test_a_handler_answers_and_what_was_sent_is_remembered() -> None:
    seen: list[tuple[str, bytes]] = []

    def handler(request: Request, body: bytes) -> Reply:
        seen.append((request.url, body))
        return Reply(409, b"why", Headers([("Content-Type", "text/plain")]))

    memory = Memory(handler)
    response = memory.send(REQUEST)
    assert (response.status, contents(response.body)) == (409, b"why")
    assert response.headers.get("Content-Type") == "text/plain"
    memory.send(REQUEST)
    assert seen == [("memory:x/v1/y?alt=json", b"body")] * 2
    assert memory.sent == [(REQUEST, b"body")] * 2


def test_without_a_handler_everything_goes_well() -> None:
    response = Memory().send(REQUEST)
    assert (response.status, contents(response.body)) == (200, b"{}")
    assert response.headers.get("Content-Type") == "application/json"


def test_what_a_handler_raises_comes_through_and_the_request_is_remembered() -> None:
    def handler(request: Request, body: bytes) -> Reply:
        raise ConnectError("nobody is there")

    memory = Memory(handler)
    with pytest.raises(ConnectError, match="nobody is there"):
        memory.send(REQUEST)
    assert memory.sent == [(REQUEST, b"body")]


def test_a_body_that_cannot_be_read_was_never_sent() -> None:
    memory = Memory()
    with pytest.raises(SourceError):
        memory.send(Request("POST", "memory:", HEADERS, Watched(b"bod", 4)))
    assert memory.sent == []


def test_what_was_sent_does_not_show() -> None:
    memory = Memory()
    memory.send(REQUEST)
    assert "CANARY" not in repr(memory)
    assert "body" not in repr(Reply(body=b"body"))


def test_its_scheme() -> None:
    first, second = (open_transport(Endpoint("memory:x")) for _ in range(2))
    assert isinstance(first, Memory)
    first.send(REQUEST)
    assert isinstance(second, Memory)
    assert second.sent == []
