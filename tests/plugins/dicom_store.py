"""A DICOM store on this machine that answers each request as its script says, and instances to send to it."""

from __future__ import annotations

import json
from io import BytesIO
from struct import pack
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from attrs import define, field, frozen

from cursorkit.dicom.instances import read_instance
from cursorkit.dicom.target import Target
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, ReadBody, ReadHead, Server, Write
from cursorkit.wire import Endpoint
from cursorkit.wire.multipart import MultipartError, media_type, split
from cursorkit_transports.https import Https
from cursorkit_transports.retry import Policy, Retrying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cursorkit.testing.server import Exchange, Peer, Step
    from cursorkit.wire import Transport

JSON = ("Content-Type", "application/dicom+json")
ROOT = "1.2.826.0.1.3680043.10.9"
STUDY = f"{ROOT}.1"


def uid(number: int) -> str:
    """The SOP Instance UID of the instance of that number."""
    return f"{ROOT}.3.{number}"


def dicom_file(number: int, more: bytes = b"", study: str = STUDY) -> bytes:
    """An instance in explicit VR little endian (PS3.5, 7.1.2); `more` makes other bytes of the same one."""
    texts = {
        0x00020010: "1.2.840.10008.1.2.1",
        0x00080016: "1.2.840.10008.5.1.4.1.1.7",
        0x00080018: uid(number),
        0x0020000D: study,
        0x0020000E: f"{study}.2",
    }
    content = bytes(128) + b"DICM"
    for tag, text in texts.items():
        value = text.encode() + b"\0" * (len(text) % 2)
        content += pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"UI", len(value)) + value
    pixels = more + b"\0" * (len(more) % 2)
    return content + pack("<HH2sxxL", 0x7FE0, 0x0010, b"OB", len(pixels)) + pixels


def written(folder: Path, numbers: Iterable[int], more: bytes = b"") -> list[Path]:
    """Files of these instances."""
    paths = [folder / f"{number}.dcm" for number in numbers]
    for path in paths:
        path.write_bytes(dicom_file(int(path.stem), more))
    return paths


def instances(exchange: Exchange) -> dict[str, bytes]:
    """What a request holds, by SOP Instance UID, as far as it can be read."""
    _, parameters = media_type(exchange.headers.get("Content-Type"))
    found: dict[str, bytes] = {}
    try:
        for _, part in split(BytesIO(exchange.body), parameters["boundary"]):
            content = part.read()
            found[read_instance(BytesIO(content)).sop_instance] = content
    except MultipartError:
        pass
    return found


def report(stored: Iterable[str] = (), failed: Iterable[str] = (), code: int = 0xC000) -> bytes:
    """A report that names these; an empty name is one without a UID."""

    def items(uids: Iterable[str], **more: Any) -> dict[str, Any]:
        named = [{"00081155": {"vr": "UI", "Value": [each]}} if each else {} for each in uids]
        return {"vr": "SQ", "Value": [{**each, **more} for each in named]}

    reason = {"00081197": {"vr": "US", "Value": [code]}}
    return json.dumps({"00081199": items(stored), "00081198": items(failed, **reason)}).encode()


def said(status: int, content: bytes = b"", *headers: tuple[str, str]) -> Write:
    """An answer on the wire."""
    return Write(answer(status, content, [JSON, *headers]))


@define
class DicomStore:
    """A store that keeps the first bytes it gets of an instance, and says that all is stored, unless told.

    Args:
        turn: what is done with a request: it is given the store and the exchange, whose head is read.

    Attributes:
        kept: what is stored, by SOP Instance UID.
        server: what it listens with.
    """

    turn: Callable[[DicomStore, Exchange], tuple[Step, ...]] = field(default=lambda store, _: store.well())
    kept: dict[str, bytes] = field(factory=dict, repr=False)
    server: Server = field(init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self.server = Server((ReadHead(), _Turn(self)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    @property
    def requests(self) -> list[list[str]]:
        """The instances of each request, by SOP Instance UID, as far as they came."""
        return [[*instances(each)] for each in self.server.exchanges]

    def keep(self, uids: Iterable[str], exchange: Exchange) -> list[str]:
        """Keep those of `uids` that came, and tell which are kept now, whatever their bytes."""
        came = instances(exchange)
        with self._lock:
            return [each for each in uids if each in came and self.kept.setdefault(each, came[each])]

    def well(self) -> tuple[Step, ...]:
        """Keep everything, and say so."""
        return ReadBody(), Answering(self, lambda store, exchange: said(200, report(store.all(exchange))))

    def all(self, exchange: Exchange) -> list[str]:
        """Keep everything that came."""
        return self.keep(instances(exchange), exchange)

    def target(self, patience: float = 0.0, silence: float = 20.0) -> Target:
        """Where it is, for how many seconds requests are repeated, and how long it may say nothing."""
        return Target.dicomweb(Endpoint(self.server.url, retry_for=patience, timeout=silence), opened)


@frozen
class Answering:
    """Answer as the body has it, which is read."""

    store: DicomStore
    write: Callable[[DicomStore, Exchange], Step]

    def play(self, peer: Peer) -> None:
        self.write(self.store, peer.exchange).play(peer)


@frozen
class CutOff:
    """Begin an answer, and leave.

    Attributes:
        begun: the answer, as far as it comes.
    """

    begun: bytes

    def play(self, peer: Peer) -> None:
        Write(self.begun).play(peer)
        Close().play(peer)


@frozen
class _Turn:
    store: DicomStore

    def play(self, peer: Peer) -> None:
        for step in self.store.turn(self.store, peer.exchange):
            step.play(peer)


def opened(endpoint: Endpoint) -> Transport:
    """HTTP, with attempts that follow each other quickly."""
    return Retrying(
        Https(read_timeout=endpoint.timeout), Policy(budget=endpoint.retry_for, first=0.01, longest=0.02)
    )
