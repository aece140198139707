"""Requests, answers and the bodies they carry: all that a transport needs to know of cursorkit."""

from cursorkit.wire.message import Attempt, Headers, History, Request, Response, Sent
from cursorkit.wire.source import BodySource, Bytes, Concatenation, Sending, Unchanged
from cursorkit.wire.transport import (
    AuthenticationError,
    ConnectError,
    Endpoint,
    EndpointError,
    Opener,
    PermanentError,
    StorageError,
    Transport,
    TransportError,
    TrustError,
    UnknownHostError,
    check_address,
    host_of,
    is_this_machine,
)

__all__ = [
    "Attempt",
    "AuthenticationError",
    "BodySource",
    "Bytes",
    "Concatenation",
    "ConnectError",
    "Endpoint",
    "EndpointError",
    "Headers",
    "History",
    "Opener",
    "PermanentError",
    "Request",
    "Response",
    "Sending",
    "Sent",
    "StorageError",
    "Transport",
    "TransportError",
    "TrustError",
    "Unchanged",
    "UnknownHostError",
    "check_address",
    "host_of",
    "is_this_machine",
]
