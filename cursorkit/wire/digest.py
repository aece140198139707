"""The digest of a body that leaves block by block, computed beside the sending."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _nothing() -> None:
    """There is no block on its way."""


class RunningDigest:
    """SHA-256 of the blocks that have left.

    From the second block on, a thread digests each while the network takes it, for both let go of the
    interpreter. A body of a single block is done sooner than a thread begins.
    """

    def __init__(self) -> None:
        self._digest = self._ahead = sha256()
        self._blocks = 0
        self._settle: Callable[[], object] = _nothing
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._done: SimpleQueue[object] = SimpleQueue()

    def begin(self, block: bytes) -> None:
        """`block` is on its way."""
        self._blocks += 1
        self._ahead = self._digest.copy()
        self._settle = partial(self._ahead.update, block)
        if self._blocks == 2:
            Thread(target=self._work, name="digest", daemon=True).start()
        if self._blocks >= 2:
            self._jobs.put(self._settle)
            self._settle = self._done.get

    def settle(self) -> None:
        """The block that was on its way has left."""
        self._settle()
        self._settle = _nothing
        self._digest = self._ahead

    def hexdigest(self) -> str:
        """Of what has left, in hexadecimal."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """There are no more blocks."""
        self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            self._done.put(job())
