"""Batches sent by several threads over the connections of one transport."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from queue import SimpleQueue
from typing import TYPE_CHECKING

from cursorkit.dicom.outlook import Outlook
from cursorkit.dicom.results import Result
from cursorkit.dicom.transaction import store_batch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from cursorkit.dicom.planning import Planned
    from cursorkit.dicom.target import Target

_Results = tuple[Result, ...]


def sent(
    batches: Iterable[tuple[Planned, ...] | Result],
    target: Target,
    jobs: int,
    outlook: Outlook | None = None,
) -> Generator[_Results, None, None]:
    """What becomes of batches, as it becomes known. The next one is made while those before it are sent.

    Two files of one instance are sent, and told of, in their order, for most servers keep the first.

    Args:
        batches: what to send; results pass as they are.
        target: where to.
        jobs: requests at a time.
        outlook: whether it makes sense to send more; nothing else is known where there is none.
    """
    prospect = Outlook() if outlook is None else outlook
    at_work: dict[Future[None], set[str]] = {}
    told: SimpleQueue[_Results | Future[None]] = SimpleQueue()

    def begin(batch: tuple[Planned, ...]) -> None:
        held = {each.instance.sop_instance for each in batch}
        # They were begun before this one, so that none of them can be waiting for the thread that waits.
        before = [each for each, others in at_work.items() if not held.isdisjoint(others)]
        future = pool.submit(store, batch, before)
        at_work[future] = held
        future.add_done_callback(told.put)

    def store(batch: tuple[Planned, ...], before: list[Future[None]]) -> None:
        wait(before)
        for results in store_batch(batch, target, transport, prospect):
            told.put(results)

    def known(room: int) -> Iterator[_Results]:
        """What is known by now, and what becomes so until no more than `room` batches are at work."""
        while len(at_work) > room or not told.empty():
            each = told.get()
            if isinstance(each, Future):
                del at_work[each]
                each.result()
            else:
                yield each

    with (
        closing(target.open()) as transport,
        ThreadPoolExecutor(jobs, "store") as pool,
        closing(prospect),
    ):
        for batch in batches:
            if isinstance(batch, Result):
                yield (batch,)
            else:
                begin(batch)
            # One more than can be sent, so that none of those who send has to wait.
            yield from known(jobs)
        yield from known(0)
