"""Servers with the addresses of other machines, in a network of their own that ends on this machine.

As a program, run by `unshare`, this is what goes on in that network. It reads what to try, and tells what
came of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, NoReturn

import pytest
from attrs import asdict, field, frozen

from cursorkit import CursorkitError
from cursorkit.testing.server import Server
from cursorkit.wire import Bytes, Endpoint, Headers, Request
from cursorkit_transports import open_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Tried = Callable[..., tuple["Outcome", ...]]

NAMES = {
    "pacs.test": "10.0.0.5",
    "nearby.test": "127.0.0.1",
    "public.test": "8.8.8.8",
    "documentation.test": "192.0.2.7",
    "carrier.test": "100.64.0.1",
    "six.test": "fd00::7",
    "public-six.test": "2001:4860::1",
    "localhost": "8.8.8.8",
}
"""Where names lead there; the last one as if somebody had tampered with it."""

ADDRESSES = {*NAMES.values(), "172.16.3.4", "192.168.7.7", "169.254.1.1", "172.32.0.1"}

NETWORK = """\
set -e
mount --bind "$1" /etc/hosts
ip link set lo up
shift
while [ "$1" != -- ]; do ip address add "$1" dev lo; shift; done
shift
exec "$@"
"""


@frozen
class Call:
    """A request to a server.

    Attributes:
        host: what stands in its URL: a name, or an address.
        allow_http: whether the endpoint allows that.
        headers: the header fields.
        scopes: those that the endpoint asks for.
    """

    host: str
    allow_http: bool = True
    headers: Mapping[str, str] = field(factory=dict)
    scopes: tuple[str, ...] = ()


@frozen
class Outcome:
    """What came of it.

    Attributes:
        error: the kind of error; empty for none.
        message: what it says.
        status: that of the answer; 0 for none.
        connections: how many the server saw.
        received: all that it got, on all of them.
    """

    error: str
    message: str
    status: int
    connections: int
    received: str


def _made(call: Call) -> Outcome:
    address = NAMES.get(call.host, call.host.strip("[]"))
    error, message, status = "", "", 0
    with Server(host=address) as server:
        port = server.address.rpartition(":")[2]
        url = f"http://{call.host}:{port}"
        request = Request("POST", f"{url}/studies", Headers(call.headers.items()), Bytes(b"scan"))
        try:
            endpoint = Endpoint(url, call.scopes, allow_http=call.allow_http)
            with closing(open_transport(endpoint)) as transport:
                status = transport.send(request).status
        except CursorkitError as raised:
            error, message = type(raised).__name__, str(raised)
    received = b"".join(each.head + each.body for each in server.exchanges)
    return Outcome(error, message, status, server.connections, received.decode("latin-1"))


@pytest.fixture
def tried(tmp_path: Path, absent: Callable[[str], NoReturn]) -> Tried:
    """Makes calls in that network, each to a server of its own."""
    unshare = shutil.which("unshare") or absent("unshare")
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"{address} {name}\n" for name, address in NAMES.items()))
    beyond = [
        f"{each}/{128 if ':' in each else 32}" for each in sorted(ADDRESSES) if not each.startswith("127.")
    ]
    enter = [unshare, "--map-root-user", "--net", "--mount", "sh", "-c", NETWORK, "sh", str(hosts), *beyond]

    def make(*calls: Call, **environ: str) -> tuple[Outcome, ...]:
        child = subprocess.run(
            [*enter, "--", sys.executable, __file__],
            input=json.dumps([asdict(each) for each in calls]),
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if child.returncode and "Traceback" not in child.stderr:
            absent(f"a network of its own ({child.stderr.strip()})")
        assert child.stderr == ""
        return tuple(Outcome(**each) for each in json.loads(child.stdout))

    return make


if __name__ == "__main__":
    json.dump([asdict(_made(Call(**each))) for each in json.load(sys.stdin)], sys.stdout)
