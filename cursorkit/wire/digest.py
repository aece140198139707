"""The digest of a body that leaves block by block, computed beside the sending."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash
    from queue import Queue

BEHIND = 8
"""Blocks that may have left and wait to be digested."""


def sha256() -> _Hash:
    """A new SHA-256. OpenSSL, which it is from, takes as long to load as all of a request to make."""
    import hashlib

    return hashlib.sha256()


class RunningDigest:
    """SHA-256 of blocks, in a thread of its own, for hashing and sending both let go of the interpreter.

    The first block is digested at once: a body of a single block is done sooner than a thread begins.
    """

    def __init__(self) -> None:
        self._digest = sha256()
        self._waiting: Queue[bytes | None] | None = None
        self._begun = False

    def update(self, block: bytes) -> None:
        """Take in the next block; wait where too many are waiting already."""
        if not self._begun:
            self._begun = True
            self._digest.update(block)
            return
        if self._waiting is None:
            self._waiting = self._beside()
        self._waiting.put(block)

    def hexdigest(self) -> str:
        """Of all blocks so far, in hexadecimal."""
        if self._waiting is not None:
            self._waiting.join()
        return self._digest.hexdigest()

    def close(self) -> None:
        """There are no more blocks."""
        if self._waiting is not None:
            self._waiting.put(None)

    def _beside(self) -> Queue[bytes | None]:
        """Have a thread digest what is put there."""
        from queue import Queue
        from threading import Thread

        waiting: Queue[bytes | None] = Queue(BEHIND)
        Thread(target=self._work, args=(waiting,), name="digest", daemon=True).start()
        return waiting

    def _work(self, waiting: Queue[bytes | None]) -> None:
        while (block := waiting.get()) is not None:
            self._digest.update(block)
            waiting.task_done()
        waiting.task_done()
