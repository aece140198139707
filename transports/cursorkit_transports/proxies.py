"""Proxies that the environment names, as curl understands it, and the connections through them."""

from __future__ import annotations

import logging
import os
import re
from base64 import b64encode
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from cursorkit.wire import EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from urllib3 import BaseHTTPResponse, PoolManager

_LOG = logging.getLogger(__name__)

_NAMES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_PROXY = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^:@/]*)(?::(?P<password>[^/]*))?@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_LAST_PORT = 65535
_USUAL_PORTS = {"http": 1080, "https": 443}
"""Those of curl."""


@frozen
class Proxy:
    """Somebody who passes connections on.

    Attributes:
        url: `http://HOST:PORT` or `https://HOST:PORT`.
        proof: the value of Proxy-Authorization; empty for none. It does not show in `repr`.
    """

    url: str
    proof: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The header fields that are for the proxy alone."""
        return {"Proxy-Authorization": self.proof} if self.proof else {}


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to `url`; None where the way is straight.

    Only HTTPS goes through proxies, which then see nothing but the name of the host. Plain HTTP stays on this
    machine or in its network, and a proxy would carry it off; so HTTP_PROXY has no say.

    Raises:
        EndpointError: what the environment names is no proxy of HTTP. It may hold a password, and is not
            repeated.
    """
    address = urlsplit(url)
    named = _first(_NAMES, environ)
    host = address.hostname or ""
    if address.scheme != "https" or not named or _excepted(host, address.port or 443, environ):
        return None
    return _read(named if "://" in named else f"http://{named}")


def _first(names: tuple[str, ...], environ: Mapping[str, str]) -> str:
    return next(filter(None, (environ.get(name) for name in names)), "")


def _read(named: str) -> Proxy:
    found = _PROXY.fullmatch(named)
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        raise EndpointError(
            "the environment names a proxy (HTTPS_PROXY, ALL_PROXY) that is none: "
            "write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
        )
    scheme = found["scheme"].lower()
    url = f"{scheme}://{found['host']}:{found['port'] or _USUAL_PORTS[scheme]}"
    if found["user"] is None:
        return Proxy(url)
    proof = b64encode(f"{unquote(found['user'])}:{unquote(found['password'] or '')}".encode())
    return Proxy(url, f"Basic {proof.decode()}")


def _excepted(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Whether NO_PROXY lists a host: by its name or that of a domain above it, its address or a network."""
    entries = _first(_EXCEPTIONS, environ).replace(",", " ").split()
    return "*" in entries or any(_matches(entry.lower(), host, port) for entry in entries)


def _matches(entry: str, host: str, port: int) -> bool:
    name, colon, only = entry.rpartition(":")
    if colon and only.isdecimal() and (":" not in name or name.endswith("]")):
        return port == int(only) and _matches(name, host, port)
    try:
        address = ip_address(host)
    except ValueError:
        domain = entry.strip(".")
        return bool(domain) and f".{host.rstrip('.')}".endswith(f".{domain}")
    try:
        return address in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False


class Connections:
    """Pools of connections, straight to their servers or through the proxy that the environment names.

    Args:
        make: a new pool of pools, for one way.
        environ: the environment.
    """

    def __init__(
        self, make: Callable[[Proxy | None], PoolManager], environ: Mapping[str, str] = os.environ
    ) -> None:
        self._make = make
        self._environ = environ
        self._ways: dict[Proxy | None, PoolManager] = {}
        self._lock = Lock()

    def urlopen(self, method: str, url: str, **options: object) -> BaseHTTPResponse:
        """As `urllib3.PoolManager.urlopen`.

        Raises:
            EndpointError: the environment names a proxy that is none.
        """
        proxy = proxy_for(url, self._environ)
        if proxy is not None:
            _LOG.debug("* through the proxy %s", proxy.url)
        return self._way(proxy).urlopen(method, url, **options)  # type: ignore[arg-type]

    def _way(self, proxy: Proxy | None) -> PoolManager:
        with self._lock:
            if proxy not in self._ways:
                self._ways[proxy] = self._make(proxy)
            return self._ways[proxy]

    def clear(self) -> None:
        """Close the connections."""
        for each in self._ways.values():
            each.clear()
