"""Work that is begun no sooner than there is room for it, and taken as it is done."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_T = TypeVar("_T")


def done(result: _T) -> Future[_T]:
    """Work that is done already."""
    future: Future[_T] = Future()
    future.set_result(result)
    return future


def completed(work: Iterable[Future[_T]], most: int) -> Generator[Future[_T], None, None]:
    """The pieces of `work` as they are done; of several that are, the one that was begun first comes first.

    Args:
        work: begins a piece whenever one is taken from it.
        most: pieces that can be at work; one more is begun, so that none of those who work has to wait.

    Where it is closed early, what is not at work yet is cancelled.
    """
    waiting: list[Future[_T]] = []
    try:
        for each in work:
            waiting.append(each)
            yield from _taken(waiting, None if len(waiting) > most else 0)
        while waiting:
            yield from _taken(waiting, None)
    finally:
        for each in waiting:
            each.cancel()


def _taken(waiting: list[Future[_T]], timeout: float | None) -> list[Future[_T]]:
    """Take from `waiting` what is done, in its order; wait for something to be."""
    finished, unfinished = wait(waiting, timeout, FIRST_COMPLETED)
    taken = [each for each in waiting if each in finished]
    waiting[:] = [each for each in waiting if each in unfinished]
    return taken
