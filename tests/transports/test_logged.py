"""What a log may hold of an exchange."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from cursorkit import HttpBody, SourceError, prepare
from cursorkit.methods import STORE_INSTANCES
from cursorkit.testing.answers import answer
from cursorkit.testing.contracts import TransportContract
from cursorkit.testing.server import ReadBody, ReadHead, Reset, Server, replying
from cursorkit.wire import Bytes, Headers, Request, TransportError
from cursorkit_transports import Https, Logged, Memory
from cursorkit_transports.memory import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.wire import Transport

PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies/1.2.3"}
SECRETS = {"access_token": "CANARY-token", "key": "CANARY-key", "quota_user": "CANARY-user"}


class TestContract(TransportContract):
    def transport(self) -> Transport:
        return Logged(Memory())

    def url(self) -> str:
        return "memory:x"


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """At a level at which everybody says everything."""
    caplog.set_level(logging.DEBUG)
    return caplog


class Clock:
    """A second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def request(url: str, content_type: str = "application/dicom", body: bytes = b"CANARY-body") -> Request:
    return prepare(STORE_INSTANCES.at(url), {**PLACE, **SECRETS}, HttpBody(content_type, body))


def test_a_whole_exchange(log: pytest.LogCaptureFixture) -> None:
    reply = Reply(200, b"CANARY", Headers([("Content-Type", "text/plain"), ("Location", "/studies/1.2.3")]))
    Logged(Memory(lambda _request, _body: reply), Clock()).send(request("memory:x"))
    assert [record.name for record in log.records] == ["cursorkit_transports.logged"] * 2
    asked, answered = log.messages
    assert asked.splitlines() == [
        "> POST memory:…/v1beta1/{+parent}/dicomWeb/{+dicomWebPath}",
        "> Accept: application/dicom+json",
        "> Content-Type: application/dicom",
        "> Content-Length: 11",
        "> Authorization: ***",
        "> x-goog-api-key: ***",
    ]
    assert answered.splitlines() == [
        f"* sent 11 of 11 bytes, sha256 {sha256(b'CANARY-body').hexdigest()}",
        "< 200",
        "< Content-Type: text/plain",
        "< Location: ***",
        "* answered after 1.000 s, with 6 bytes",
    ]


def test_no_answer(log: pytest.LogCaptureFixture) -> None:
    with Server((ReadHead(), ReadBody(300_000), Reset())) as server:
        transport = Logged(Https(), Clock())
        with pytest.raises(TransportError):
            transport.send(request(server.url, body=bytes(5_000_000)))
        transport.close()
    told = log.messages[-1]
    assert "* no answer after 1.000 s: the " in told
    assert " of 5000000 bytes, sha256 " in told


def test_a_body_that_cannot_be_read_is_not_named(log: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    path = tmp_path / "CANARY.dcm"
    path.write_bytes(b"x")
    asked = prepare(STORE_INSTANCES, PLACE, HttpBody("application/dicom", path))
    path.write_bytes(b"another")
    with pytest.raises(SourceError):
        Logged(Memory()).send(asked)
    assert log.messages[-1] == "* the body cannot be sent: changed-file"
    assert "CANARY" not in log.text


@pytest.mark.parametrize(
    ("url", "template", "shown"),
    [
        (
            "https://host:8443/v1/studies/CANARY?x=CANARY",
            "v1/studies/{study}",
            "https://host:8443/v1/studies/{study}",
        ),
        ("https://host/CANARY/v1/studies/CANARY", "v1/studies/{study}", "https://host/…/v1/studies/{study}"),
        ("https://CANARY:CANARY@[::1]/CANARY", "{path}", "https://[::1]/…/{path}"),
        ("https://host/studies/CANARY?x=CANARY#CANARY", "", "https://host/…/"),
        ("file:/home/CANARY/v1/studies/CANARY", "v1/studies/{study}", "file:…/v1/studies/{study}"),
    ],
)
def test_of_an_address_the_host_and_the_template_show(
    url: str, template: str, shown: str, log: pytest.LogCaptureFixture
) -> None:
    asked = Request("GET", url, Headers(), Bytes(), template=template)
    Logged(Memory()).send(asked)
    assert log.messages[0] == f"> GET {shown}"
    assert "CANARY" not in repr(asked)


def test_nothing_is_said_unless_somebody_listens(log: pytest.LogCaptureFixture) -> None:
    log.set_level(logging.INFO, "cursorkit_transports")
    Logged(Memory()).send(request("memory:x"))
    assert log.messages == []


def test_others_may_log_as_they_like(log: pytest.LogCaptureFixture) -> None:
    """urllib3 keeps quiet of our requests only."""
    import urllib3

    with Server(replying(answer())) as server, urllib3.PoolManager() as pool:
        transport = Https()
        transport.send(request(server.url))
        assert not [record for record in log.records if record.name.startswith("urllib3.connectionpool")]
        pool.request("GET", f"{server.url}/of-others")
        transport.close()
    assert "/of-others" in log.text
