"""The transport that goes nowhere: a function answers, and what was sent is remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.wire import Bytes, Headers, Response, Sending

if TYPE_CHECKING:
    from cursorkit.wire import Endpoint, Request


_JSON = Headers([("Content-Type", "application/json")])


@frozen
class Reply:
    """What a handler answers: an HTTP response without its transport.

    Attributes:
        status: the HTTP status code.
        body: the bytes of its body. They do not show in `repr`.
        headers: its header fields.
    """

    status: int = 200
    body: bytes = field(default=b"{}", repr=False)
    headers: Headers = _JSON


Handler = Callable[["Request", bytes], Reply]
"""Answers a request and the bytes of its body."""


def _well(_request: Request, _body: bytes) -> Reply:
    return Reply()


@frozen
class Memory:
    """A transport for tests of programs that call methods: the fake is a transport, nothing is patched.

    Attributes:
        handler: answers a request; by default with `{}` and status 200. Whatever it raises, a
            `TransportError` say, goes through to the caller.
        sent: every request sent so far with the bytes of its body, in order. It does not show in `repr`.
    """

    handler: Handler = field(default=_well, repr=False)
    sent: list[tuple[Request, bytes]] = field(factory=list, init=False, repr=False, eq=False)

    def send(self, request: Request) -> Response:
        """Read the whole body, remember it, and answer.

        Raises:
            SourceError: the body cannot be read.
        """
        with Sending(request.body) as body:
            content = b"".join(iter(body.read, b""))
        self.sent.append((request, content))
        reply = self.handler(request, content)
        return Response(reply.status, reply.headers, Bytes(reply.body), body.sent)

    def close(self) -> None:
        """Nothing to let go of."""


def open_endpoint(_endpoint: Endpoint) -> Memory:
    """The opener of the scheme `memory`: everything sent there goes well, and is forgotten with it."""
    return Memory()
