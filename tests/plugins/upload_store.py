"""A server that takes resumable uploads, and fails where it is told to."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadBody, ReadHead, Reset, Write

if TYPE_CHECKING:
    from cursorkit.testing.server import Peer, Step

SESSION = "/resumable/upload/session"
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_RESET = Reset()
_DONE = b'{"name": "thing"}'


@frozen
class Fault:
    """What goes wrong with one request that sends media.

    Attributes:
        read: so many bytes of it are read; None for all.
        keep: so many of those are kept; None for all.
        then: what is done then; None for what is right.
    """

    read: int | None = None
    keep: int | None = None
    then: Step | None = _RESET


@define
class Store:
    """What was uploaded; a step to play for every request.

    Attributes:
        faults: of requests that send media, in their order; behind them all goes well.
        questions: what is done where it is asked what is kept, in order; None for what is right.
        openings: what is done where a session is asked for, in order; None for what is right.
        location: where sessions are.
        kept: what is kept of the media, in the session.
        sessions: how many were opened.
        whole: the media, when all of it has come.
        told: the Content-Range of every request to a session.
    """

    faults: deque[Fault] = field(factory=deque)
    questions: deque[Step | None] = field(factory=deque)
    openings: deque[Step | None] = field(factory=deque)
    location: str = f"{SESSION}?upload_id=SECRET"
    kept: bytearray = field(factory=bytearray)
    sessions: int = 0
    whole: bytes | None = None
    told: list[str] = field(factory=list)

    def play(self, peer: Peer) -> None:
        ReadHead().play(peer)
        if peer.exchange.verb == "POST":
            self._open(peer)
        else:
            self._take(peer, peer.exchange.headers.get("Content-Range"))

    def _open(self, peer: Peer) -> None:
        ReadBody().play(peer)
        step = self.openings.popleft() if self.openings else None
        if step is None:
            self.sessions += 1
            self.kept.clear()
            step = Write(answer(200, b"", [("Location", self.location)]))
        step.play(peer)

    def _take(self, peer: Peer, told: str) -> None:
        self.told.append(told)
        found = _RANGE.fullmatch(told)
        assert found
        length = int(found[3])
        if found[1] is None:
            step = self.questions.popleft() if self.questions else None
            (step or self.settled(length)).play(peer)
            return
        assert int(found[1]) == len(self.kept), "nothing is left out, nothing comes twice"
        assert int(found[2]) == length - 1
        fault = self.faults.popleft() if self.faults else Fault(then=None)
        size = length - int(found[1])
        try:
            ReadBody(size if fault.read is None else min(fault.read, size)).play(peer)
        finally:
            self.kept += peer.exchange.body[: fault.keep]
        (fault.then or self.settled(length)).play(peer)

    def settled(self, length: int) -> Step:
        """The right answer, as things stand."""
        if len(self.kept) == length:
            self.whole = bytes(self.kept)
            return Write(answer(200, _DONE, [("Content-Type", "application/json")]))
        fields = [("Range", f"bytes=0-{len(self.kept) - 1}")] if self.kept else []
        return Write(answer(308, b"", fields))
