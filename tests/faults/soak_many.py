"""Many files stored through random faults: what runs claim, held against what the store has."""

from __future__ import annotations

import time
from collections import Counter
from hashlib import sha256
from io import BytesIO
from random import Random
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from cursorkit import dicom
from cursorkit.dicom import Limits, State
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Server, Write
from cursorkit.wire import Endpoint
from cursorkit.wire.multipart import MultipartError, media_type, split
from cursorkit_transports import Https, Policy, Retrying
from fault import JSON, error, report
from hospital import Kind, hospital
from soak_store import SHORT, faults_that_keep_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cursorkit.dicom import Journal, Result, Target
    from cursorkit.testing.server import Exchange, Peer, Script
    from cursorkit.wire import Transport
    from hospital import Piece

LIMITS = Limits(count=7)
JOBS = 3
RUNS = 3
"""Runs through faults; one more follows that meets with none."""

_THERE = frozenset({State.STORED, State.KNOWN})
_PATIENCE = 1.5
"""Seconds in which another attempt may begin, by a clock that shows only the waits: one or two attempts."""


# --- a store that is right half of the time ---------------------------------------------------------------


@define
class ManyStore:
    """Keeps the first bytes of each instance, and names an instance as failed that comes with other ones.

    Args:
        seed: of the faults, which depend on it and on how many requests came before.

    Attributes:
        faulty: whether there are faults.
        kept: the bytes of each instance.
        faults: how often each fault came.
        came: the SHA-256 of each file that came as a whole.
    """

    seed: str
    faulty: bool = True
    kept: dict[str, bytes] = field(factory=dict, repr=False)
    faults: Counter[str] = field(factory=Counter)
    came: set[str] = field(factory=set)
    _requests: int = 0
    _lock: Lock = field(factory=Lock)
    _server: Server = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._server = Server((ReadHead(), _Turn(self)))

    @property
    def target(self) -> Target:
        """Where it is."""
        return dicom.Target.dicomweb(Endpoint(self._server.url), _opened)

    def close(self) -> None:
        """Leave."""
        self._server.close()

    def chosen(self) -> Script:
        """What happens in an exchange whose head is there."""
        with self._lock:
            self._requests += 1
            chance = Random(f"{self.seed} {self._requests}")
            if not self.faulty or chance.random() < 0.5:
                return ReadBody(), _Keep(self), _Say(self)
            name, script = chance.choice([*_faults(self, chance).items()])
            self.faults[name] += 1
            return script

    def keep(self, exchange: Exchange, share: float) -> None:
        """Keep a part of what came."""
        with self._lock:
            parts = _instances(exchange)
            self.came.update(sha256(content).hexdigest() for _, content in parts)
            for uid, content in parts[: round(share * len(parts))]:
                self.kept.setdefault(uid, content)

    def report(self, exchange: Exchange, named: Callable[[int], bool]) -> bytes:
        """What is to say of those that came, of which it names some, by their number."""
        parts = [part for number, part in enumerate(_instances(exchange)) if named(number)]
        stored = [uid for uid, content in parts if self.kept.get(uid) == content]
        return report(stored, [uid for uid, _ in parts if uid not in stored])


def _opened(endpoint: Endpoint) -> Transport:
    """Transports that have little patience, and waits that take no time."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    https = Https(read_timeout=SHORT, stall_timeout=SHORT, answer_timeout=SHORT)
    return Retrying(https, Policy(budget=_PATIENCE), sleep=sleep, clock=lambda: clock[0])


def _instances(exchange: Exchange) -> list[tuple[str, bytes]]:
    """What came as a whole."""
    _, parameters = media_type(exchange.headers.get("Content-Type"))
    found: list[tuple[str, bytes]] = []
    try:
        for _, part in split(BytesIO(bytes(exchange.body)), parameters["boundary"]):
            content = part.read()
            found.append((dicom.read_instance(BytesIO(content)).sop_instance, content))
    except MultipartError:
        pass
    return found


@frozen
class _Turn:
    """What comes after the head."""

    store: ManyStore

    def play(self, peer: Peer) -> None:
        for step in self.store.chosen():
            step.play(peer)


@frozen
class _Keep:
    """Keep what came.

    Attributes:
        share: of it.
    """

    store: ManyStore
    share: float = 1.0

    def play(self, peer: Peer) -> None:
        self.store.keep(peer.exchange, self.share)


def _everything(_number: int) -> bool:
    return True


@frozen
class _Say:
    """Report.

    Attributes:
        status: with which status.
        named: the instances that are named, by their number in the request.
        share: of the answer, after which it ends.
    """

    store: ManyStore
    status: int = 200
    named: Callable[[int], bool] = _everything
    share: float = 1.0

    def play(self, peer: Peer) -> None:
        said = answer(self.status, self.store.report(peer.exchange, self.named), [JSON])
        Write(said[: int(len(said) * self.share)]).play(peer)


def _faults(store: ManyStore, chance: Random) -> dict[str, Script]:
    keep, some = _Keep(store), _Keep(store, chance.random())
    share, odd = chance.random(), chance.randrange(2)
    return {
        **faults_that_keep_nothing(chance),
        "504, though some are stored": (ReadBody(), some, Write(error(504))),
        "some stored, and reset": (ReadBody(), some, Reset()),
        "stored, and closed": (ReadBody(), keep, Close()),
        "stored, and silent": (ReadBody(), keep, Hang()),
        "stored, and cut off": (ReadBody(), keep, _Say(store, share=share), Close()),
        "stored, and reset in the answer": (ReadBody(), keep, _Say(store, share=share), Reset()),
        "stored, and no report": (ReadBody(), keep, Write(answer(200, b""))),
        "some stored, and 400 for the others": (ReadBody(), some, _Say(store, 400, lambda number: False)),
        "some stored, and 202": (ReadBody(), some, _Say(store, 202)),
        "stored, and half of them named": (
            ReadBody(),
            keep,
            _Say(store, named=lambda number: number % 2 == odd),
        ),
    }


# --- runs -------------------------------------------------------------------------------------------------


@define
class Many:
    """What came of a number of instances.

    Attributes:
        instances: how many.
        faults: how often each fault came.
        came: how many results of the runs through faults are of each state.
        wrong: everything that is.
        seconds: how long it took.
    """

    instances: int = 0
    faults: Counter[str] = field(factory=Counter)
    came: Counter[State] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        told = ", ".join(f"{number} {state.value}" for state, number in self.came.most_common())
        return (
            f"{self.instances} instances stored many at a time, {self.faults.total()} faults: {told}\n"
            f"wrong: {len(self.wrong)}, seconds: {self.seconds:.0f}"
        )


def soak_many(number: int, seed: int, folder: Path) -> Many:
    """Store so many instances, a hundred at a time, by runs that go on where those before them were."""
    many, began = Many(), time.monotonic()
    for turn in range(-(-number // 100)):
        place = folder / f"{turn}"
        pieces = hospital(place / "images", min(100, number - many.instances), seed + turn)
        many.instances += sum(each.kind is Kind.GOOD for each in pieces)
        store = ManyStore(f"{seed} {turn}")
        try:
            with dicom.Journal(place / "journal") as journal:
                _runs(store, place / "images", pieces, journal, many)
        finally:
            store.close()
        many.faults += store.faults
    many.seconds = time.monotonic() - began
    return many


def _runs(store: ManyStore, images: Path, pieces: tuple[Piece, ...], journal: Journal, many: Many) -> None:
    files = {str(images / each.name): each for each in pieces}
    there: set[str] = set()
    for run in range(RUNS + 1):
        store.faulty = run < RUNS
        store.came.clear()
        results = [*dicom.store([images], store.target, limits=LIMITS, jobs=JOBS, journal=journal)]
        many.wrong += [f"run {run}: {told}" for told in _wrong(results, files, store)]
        again = {name for name in there if files[name].sha256 in store.came}
        many.wrong += [f"run {run}: {name} was stored before, and sent again" for name in again]
        there |= {each.name for each in results if each.state in _THERE}
        if store.faulty:
            many.came.update(each.state for each in results)
    left = {each.state for each in results} - _THERE - {State.SKIPPED, State.REFUSED}
    many.wrong += [f"the last run leaves some {each.value}" for each in left]
    wanted = {each.instance for each in pieces if each.instance}
    many.wrong += [f"{uid} is not stored" for uid in wanted - store.kept.keys()]


def _wrong(results: list[Result], files: dict[str, Piece], store: ManyStore) -> Iterable[str]:
    """What results claim that is not so."""
    if sorted(each.name for each in results) != sorted(files):
        yield "not one result for each file"
    for each in results:
        content = files[each.name].content
        kept = None if each.instance is None else store.kept.get(each.instance.sop_instance)
        if each.state in _THERE and kept != content:
            yield f"{each.name} is {each.state.value}, but {'nothing' if kept is None else 'other bytes'}"
        if each.state is State.REFUSED and store.faulty is False and kept == content:
            yield f"{each.name} is refused, but stored"
        if each.state not in _THERE and not each.reason:
            yield f"{each.name} is {each.state.value} for no reason"
