"""Requests, answers and the bodies they carry: all that a transport needs to know of cursorkit."""

from cursorkit.wire.message import Headers, Request, Response, Sent
from cursorkit.wire.source import BodySource, Bytes, Concatenation, Sending
from cursorkit.wire.transport import (
    AuthenticationError,
    ConnectError,
    Endpoint,
    EndpointError,
    Opener,
    Transport,
    TransportError,
    TrustError,
    check_address,
    host_of,
    is_this_machine,
)

__all__ = [
    "AuthenticationError",
    "BodySource",
    "Bytes",
    "Concatenation",
    "ConnectError",
    "Endpoint",
    "EndpointError",
    "Headers",
    "Opener",
    "Request",
    "Response",
    "Sending",
    "Sent",
    "Transport",
    "TransportError",
    "TrustError",
    "check_address",
    "host_of",
    "is_this_machine",
]
