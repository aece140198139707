"""A store on this machine that is right half of the time, and remembers what it took."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from random import Random
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, Gone, Hang, ReadBody, ReadHead, Reset, Server, Write
from cursorkit.wire.multipart import MultipartError, media_type, split
from fault import JSON, LEAVING, error, report

if TYPE_CHECKING:
    from cursorkit.testing.server import Exchange, Peer, Script, Step

ROOT = "1.2.826.0.1.3680043.10.2"
_UNREADABLE = {"stored, and no report", "not stored, but 200"}

SHORT = 0.15
"""Seconds for which clients wait for it; it lets some of them wait for longer."""


@define
class Store:
    """Takes whatever is framed well, as the first body of an upload; any other one after that is a conflict.

    Args:
        seed: of the faults, which depend on it, on the upload and on how many attempts it has had alone.

    Attributes:
        kept: the instances, by the number of the upload.
        faults: how often each came.
        attempts: how many each upload had.
        said: what came of them, but for those that went well.
        url: the root of the URLs: `{url}/{number}/…` belongs to an upload.
    """

    seed: str
    kept: dict[int, bytes] = field(factory=dict, repr=False)
    faults: Counter[str] = field(factory=Counter)
    attempts: Counter[int] = field(factory=Counter)
    said: dict[int, list[str]] = field(factory=dict, repr=False)
    _lock: Lock = field(factory=Lock)
    _server: Server = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._server = Server((ReadHead(), _Turn(self)))

    @property
    def url(self) -> str:
        """The root of the URLs."""
        return self._server.url

    def close(self) -> None:
        """Leave."""
        self._server.close()

    def forget(self) -> None:
        """What came in, but not how it went: a long run would take all memory."""
        self._server.exchanges.clear()
        self.said.clear()

    def chosen(self, exchange: Exchange) -> Script:
        """What happens in an exchange whose head is there."""
        number = int(exchange.target.split("/")[1])
        with self._lock:
            attempt = self.attempts[number]
            self.attempts[number] += 1
        chance = Random(f"{self.seed} {number} {attempt}")
        keep = _Keep(self, number)
        well = answer(200, report([f"{ROOT}.{number}"]), [JSON])
        if chance.random() < 0.5:
            return ReadBody(), keep, Write(well)
        name, script = chance.choice([*_faults(chance, keep, well).items()])
        with self._lock:
            said = self.said.setdefault(number, [])
            if _is_final(name, said):
                return ReadBody(), keep, Write(well)
            self.faults[name] += 1
            said.append(name)
        return script


def _is_final(name: str, said: list[str]) -> bool:
    """Whether it would be, after all that: what comes again is no longer in passing."""
    if name in _UNREADABLE:
        return not _UNREADABLE.isdisjoint(said)
    return name.startswith("401") and bool(said) and said[-1].startswith("401")


@frozen
class _Turn:
    """What comes after the head."""

    store: Store

    def play(self, peer: Peer) -> None:
        for step in self.store.chosen(peer.exchange):
            step.play(peer)


@frozen
class _Keep:
    """Take the body that was read, unless there is another one already."""

    store: Store
    number: int

    def play(self, peer: Peer) -> None:
        instance = _instance(peer.exchange)
        if self.store.kept.setdefault(self.number, instance) == instance:
            return
        said = answer(409, report((), [f"{ROOT}.{self.number}"]), [JSON, LEAVING])
        Write(said).play(peer)
        raise Gone


@frozen
class _ReadSome:
    """Read a part of the body.

    Attributes:
        share: of what is announced; where nothing is, of 10,000 bytes.
    """

    share: float

    def play(self, peer: Peer) -> None:
        length = int(peer.exchange.headers.get("Content-Length", "10000"))
        ReadBody(int(length * self.share)).play(peer)


def _instance(exchange: Exchange) -> bytes:
    """The instance in a body; of one that makes no sense, all of it."""
    kind, parameters = media_type(exchange.headers.get("Content-Type"))
    body = bytes(exchange.body)
    if not kind.startswith("multipart/"):
        return body
    try:
        (content,) = [part.read() for _, part in split(BytesIO(body), parameters.get("boundary", ""))]
    except (MultipartError, ValueError):
        return body
    return content


def faults_that_keep_nothing(chance: Random) -> dict[str, Script]:
    """What may go wrong with any request, by name, before anything of it is kept."""
    part = _ReadSome(chance.random())
    page = answer(200, b"<html>the page of a proxy</html>", [("Content-Type", "text/html")])
    return {
        "reset after the head": (Reset(),),
        "reset in the body": (part, Reset()),
        "closed in the body": (part, Close()),
        "takes no more": (part, Hang()),
        "408": (ReadBody(), Write(error(408))),
        "429": (ReadBody(), Write(error(429, "", ("Retry-After", "0")))),
        "500": (ReadBody(), Write(error(500))),
        "503": (ReadBody(), Write(error(503))),
        "503 before the body": (Write(error(503, "", LEAVING)), Close()),
        "not stored, but 200": (ReadBody(), Write(page)),
    }


def _faults(chance: Random, keep: Step, well: bytes) -> dict[str, Script]:
    part = _ReadSome(chance.random())
    place = chance.randrange(len(well))
    return {
        **faults_that_keep_nothing(chance),
        "401": (ReadBody(), Write(error(401))),
        "401 before the body": (Write(error(401, "", LEAVING)), Close()),
        "401 in the body": (part, Write(error(401, "", LEAVING)), Close()),
        "504, though it is stored": (ReadBody(), keep, Write(error(504))),
        "stored, and reset": (ReadBody(), keep, Reset()),
        "stored, and closed": (ReadBody(), keep, Close()),
        "stored, and silent": (ReadBody(), keep, Hang()),
        "stored, and cut off": (ReadBody(), keep, Write(well[:place]), Close()),
        "stored, and reset in the answer": (ReadBody(), keep, Write(well[:place]), Reset()),
        "stored, and dripping": (ReadBody(), keep, Write(well, 8, 0.05)),
        "stored, and no report": (ReadBody(), keep, Write(answer(200, b""))),
    }
