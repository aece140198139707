"""A machine to run the program on: a home of its own, and its own idea of where Google is."""

from __future__ import annotations

import json
import os
import subprocess
from ast import literal_eval
from typing import TYPE_CHECKING

import pytest
from attrs import field, frozen

from authorized_calls import SCAN
from google_servers import NAMES
from programs import COMMAND, PLACE, PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

    from google_servers import Api, ServiceAccount
    from google_world import Google

AUDIT = """\
import json
import os
import socket
import sys

log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def heard(event, arguments):
    if event.startswith("socket."):
        os.write(log, json.dumps([event, *map(str, arguments)]).encode() + b"\\n")


sys.addaudithook(heard)
look_up = socket.getaddrinfo


def getaddrinfo(host, port, *options, **named):
    if host in {names!r}:
        host, port = "127.0.0.1", {port}
    return look_up(host, port, *options, **named)


socket.getaddrinfo = getaddrinfo
"""
"""Runs in every Python of the machine: Google's names lead to the servers of the test."""


@frozen
class Machine:
    """Where the program runs: an empty home, no credentials, and an ear on every socket of Python's.

    Attributes:
        home: the home folder.
        api: the API, which wants a token of `tokens`.
        tokens: what gives tokens.
        ca_bundle: whom both prove themselves with.
        environment: what the program is told beside its command line.
    """

    home: Path
    api: Api
    tokens: Google
    ca_bundle: str
    environment: dict[str, str] = field(repr=False)

    @property
    def sockets(self) -> list[list[str]]:
        """What the program did with sockets: events of Python's audit, with their arguments."""
        return [json.loads(line) for line in (self.home / "sockets").read_text().splitlines()]

    @property
    def called(self) -> list[str]:
        """Whom the program looked for, or connected to, as `host:port`."""
        looked = [f"{words[1]}:{words[2]}" for words in self.sockets if words[0] == "socket.getaddrinfo"]
        addresses = [literal_eval(words[2]) for words in self.sockets if words[0] == "socket.connect"]
        return looked + [f"{host}:{port}" for host, port, *_ in addresses if host != "::1"]

    def run(self, *words: str, endpoint: str = "", body: str = str(SCAN), **options: object) -> Run:
        """Store an image; `words` come before what `-r` takes."""
        return self.call(
            *("--endpoint", endpoint or self.api.url),
            *("--ca-bundle", self.ca_bundle),
            *("--retry-for", "0"),
            *COMMAND,
            *words,
            *("-r", "content-type=application/dicom", f"data@={body}"),
            *("--", *PLACE),
            **options,
        )

    def call(self, *argv: str, **options: object) -> Run:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
            [PROGRAM, *argv],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment,
            **options,
        )
        result = Run(done.returncode, done.stdout, done.stderr)
        assert "SECRET" not in f"{result.out}{result.err}"
        assert "Traceback" not in result.err
        return result


@frozen
class Run:
    """What came of it."""

    code: int
    out: str
    err: str


@pytest.fixture
def machine(tmp_path: Path, api: Api, tokens: Google, ca_bundle: str) -> Machine:
    (tmp_path / "sitecustomize.py").write_text(
        AUDIT.format(log=str(tmp_path / "sockets"), names=NAMES, port=tokens.server_port)
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "NO_GCE_CHECK": "true",
    }
    return Machine(tmp_path, api, tokens, ca_bundle, environment)


@pytest.fixture
def with_key_file(machine: Machine, account: ServiceAccount) -> Machine:
    """The same machine, and a key file that the environment names."""
    path = account.key_file(machine.home / "key.json", machine.tokens.token_uri)
    machine.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    return machine
