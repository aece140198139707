"""Any number of files stored: found, read, put together, sent and accounted for, all at the same time."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from time import monotonic
from typing import TYPE_CHECKING, Self

from cursorkit.dicom.batches import USUAL, fill
from cursorkit.dicom.inputs import find, names
from cursorkit.dicom.instances import require_pydicom
from cursorkit.dicom.journal import Journal
from cursorkit.dicom.planning import plan
from cursorkit.dicom.results import verdict
from cursorkit.dicom.sending import sent
from cursorkit.dicom.shared import shared_out

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Executor

    from cursorkit.dicom.batches import Limits
    from cursorkit.dicom.results import Result, State
    from cursorkit.dicom.target import Target
    from cursorkit.methods.outcome import Verdict
    from cursorkit.wire.source import BodySource

JOBS = 4
"""Requests at a time: enough to hide what a server does between two of them."""


class Report:
    """What becomes of each file, while it does; afterwards what all of it came to.

    Iterating drives the work: where nobody asks for results, nothing is sent. Leaving the `with` block, or
    `close`, ends it early.

    Attributes:
        counts: how many files each state is that of, so far.
        octets: how many bytes those have.
    """

    def __init__(self, results: Generator[Result, None, None]) -> None:
        self._results = results
        self._began = self._latest = monotonic()
        self.counts: Counter[State] = Counter()
        self.octets: Counter[State] = Counter()

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        result = next(self._results)
        self.counts[result.state] += 1
        self.octets[result.state] += result.octets
        self._latest = monotonic()
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def seconds(self) -> float:
        """How long it took until the latest result."""
        return self._latest - self._began

    @property
    def verdict(self) -> Verdict:
        """What it came to, so far."""
        return verdict(self.counts)

    def close(self) -> None:
        """Send nothing more; what is being sent is waited for."""
        self._results.close()


def store(
    paths: Iterable[str | os.PathLike[str]],
    target: Target,
    *,
    listed: BodySource | None = None,
    limits: Limits = USUAL,
    jobs: int = JOBS,
    journal: Journal | None = None,
    strict: bool = False,
    executor: Executor | None = None,
) -> Report:
    """Store every DICOM file at `paths`; the report gives a result for each file.

    Files go byte for byte. Memory does not grow with their number or size, but with the directory of a zip
    archive.

    Args:
        paths: as for `cursorkit.dicom.names`.
        target: where they go.
        listed: as for `cursorkit.dicom.names`.
        limits: when a request is full.
        jobs: requests at a time.
        journal: what is proven to be stored is not sent again, and is kept there.
        strict: whether a file that is not DICOM is refused, instead of skipped.
        executor: who does the work, instead of threads of this process: it is given lists of paths, which
            have to lead to the same files there. Where a run is ended early, it does what it was given.

    Raises:
        MissingExtraError: pydicom is not installed.
        JournalError: while iterating: the journal cannot be read or written.
        SharingError: while iterating: the executor takes no work, or cannot do it.
    """
    return Report(_results(paths, target, listed, limits, jobs, journal, strict=strict, executor=executor))


def _results(
    paths: Iterable[str | os.PathLike[str]],
    target: Target,
    listed: BodySource | None,
    limits: Limits,
    jobs: int,
    journal: Journal | None,
    *,
    strict: bool,
    executor: Executor | None,
) -> Generator[Result, None, None]:
    require_pydicom("storing DICOM files")
    with ExitStack() as stack:
        # Even where nothing is to be kept: two files of one instance have to be noticed.
        kept = stack.enter_context(Journal()) if journal is None else journal
        files = names(paths, listed)
        if executor is None:
            done = sent(fill(plan(find(files), target, kept, strict=strict), limits), target, jobs)
        else:
            done = shared_out(files, target, kept, limits, jobs, strict=strict, executor=executor)
        for results in stack.enter_context(closing(done)):
            yield from kept.settle(target.place, results)
