"""Everything of cursorkit that talks to somebody: transports, found by the scheme of a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit_transports.credentials import application_default, service_account
    from cursorkit_transports.file import FileStore
    from cursorkit_transports.google_auth import Authorized
    from cursorkit_transports.https import Https
    from cursorkit_transports.logged import Logged
    from cursorkit_transports.login import log_in, log_out
    from cursorkit_transports.memory import Memory
    from cursorkit_transports.openers import open_transport
    from cursorkit_transports.retry import Policy, Retrying
else:
    _HOMES = {
        "Authorized": "cursorkit_transports.google_auth",
        "FileStore": "cursorkit_transports.file",
        "Https": "cursorkit_transports.https",
        "Logged": "cursorkit_transports.logged",
        "Memory": "cursorkit_transports.memory",
        "Policy": "cursorkit_transports.retry",
        "Retrying": "cursorkit_transports.retry",
        "application_default": "cursorkit_transports.credentials",
        "log_in": "cursorkit_transports.login",
        "log_out": "cursorkit_transports.login",
        "open_transport": "cursorkit_transports.openers",
        "service_account": "cursorkit_transports.credentials",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)


__all__ = [
    "Authorized",
    "FileStore",
    "Https",
    "Logged",
    "Memory",
    "Policy",
    "Retrying",
    "application_default",
    "log_in",
    "log_out",
    "open_transport",
    "service_account",
]
