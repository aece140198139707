"""The digest of a body that leaves block by block, computed beside the sending."""

from __future__ import annotations

from hashlib import sha256
from queue import Queue
from threading import Thread

BEHIND = 8
"""Blocks that may have left and wait to be digested."""


class RunningDigest:
    """SHA-256 of blocks, in a thread of its own, for hashing and sending both let go of the interpreter.

    The first block is digested at once: a body of a single block is done sooner than a thread begins.
    """

    def __init__(self) -> None:
        self._digest = sha256()
        self._waiting: Queue[bytes | None] = Queue(BEHIND)
        self._blocks = 0

    def update(self, block: bytes) -> None:
        """Take in the next block; wait where too many are waiting already."""
        self._blocks += 1
        if self._blocks == 1:
            self._digest.update(block)
            return
        if self._blocks == 2:
            Thread(target=self._work, name="digest", daemon=True).start()
        self._waiting.put(block)

    def hexdigest(self) -> str:
        """Of all blocks so far, in hexadecimal."""
        self._waiting.join()
        return self._digest.hexdigest()

    def close(self) -> None:
        """There are no more blocks."""
        if self._blocks > 1:
            self._waiting.put(None)

    def _work(self) -> None:
        while (block := self._waiting.get()) is not None:
            self._digest.update(block)
            self._waiting.task_done()
        self._waiting.task_done()
