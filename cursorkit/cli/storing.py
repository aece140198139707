"""Many files stored: what is shown meanwhile, what is told afterwards, and where that goes."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.cli import console
from cursorkit.cli.bar import Bar
from cursorkit.cli.output import Output, document
from cursorkit.cli.summary import table
from cursorkit.dicom import inputs, storing
from cursorkit.dicom.amounts import files
from cursorkit.dicom.instances import require_pydicom
from cursorkit.dicom.journal import Journal, JournalError
from cursorkit.dicom.ledger import Ledger
from cursorkit.dicom.planning import plan
from cursorkit.dicom.reports import COLUMNS, blocks
from cursorkit.dicom.results import Result, State, verdict
from cursorkit.errors import CursorkitError, OutputError, ReaderGoneError, listed
from cursorkit.methods.call import failed
from cursorkit.methods.outcome import Verdict
from cursorkit.wire.transport import TransportError, host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cursorkit.cli.progress import Progress
    from cursorkit.cli.store_job import StoreJob
    from cursorkit.dicom.planning import Planned
    from cursorkit.dicom.storing import Report
    from cursorkit.schema.types import Json


def store(job: StoreJob, progress: Progress) -> int:
    """Carry out a run; print what it came to; give the exit code.

    Args:
        job: the run.
        progress: is told what to tell if it ends early.
    """
    for advice in job.advice:
        console.tell(f"warning: {advice}", console.YELLOW)
    try:
        with ExitStack() as stack:
            output = stack.enter_context(Output(job.out, job.inputs))
            reports = {
                name: stack.enter_context(Output(name, job.inputs, private=True)) for name in job.reports
            }
            require_pydicom("storing DICOM files")
            if job.dry_run:
                return _shown(job, output)
            return _stored(job, output, reports, progress)
    except ReaderGoneError as error:
        return console.BROKEN_PIPE if job.dry_run else console.fail(error, str(progress))
    except TransportError as error:
        console.tell(f"error: {error}", console.RED)
        return failed(error, idempotent=True).verdict.value
    except JournalError as error:
        console.tell(f"error: {error}; {progress}", console.RED)
        return console.LOCAL
    except CursorkitError as error:
        return console.fail(error, "" if job.dry_run else str(progress))


# --- the run itself -----------------------------------------------------------------------------------------


def _stored(job: StoreJob, output: Output, reports: dict[str, Output], progress: Progress) -> int:
    with Ledger() as ledger:
        report = _run(job, ledger, progress)
        found = _any(report.counts)
        came_to = report.verdict if found else Verdict.LOCAL
        if not found:
            console.tell(f"error: {_nothing(job)}", console.RED)
        elif came_to is not Verdict.DONE:
            console.tell(f"error: {_failures(ledger.files(), ledger.files(State))}", console.RED)
        if report.counts[State.UNAUTHORIZED]:
            console.say(job.proof)
        if sum(report.counts.values()) and not (job.quiet and came_to is Verdict.DONE):
            console.say(table(ledger, report.seconds, report=next(iter(job.reports), "")))
        where = _where(job.target.endpoint.url)
        told: list[tuple[Output, Iterable[bytes]]] = [
            (output, [document(_totals(report, came_to), pretty=job.pretty)]),
            *((place, blocks(ledger, _suffix(name), where=where)) for name, place in reports.items()),
        ]
        failed_to_write = [*filter(None, (_written(*each) for each in told))]
    return failed_to_write[0] if failed_to_write else came_to.value


def _run(job: StoreJob, ledger: Ledger, progress: Progress) -> Report:
    """Store the files; the results go into `ledger`."""
    with ExitStack() as stack:
        if job.debug:
            from cursorkit.cli.debug import debugging

            stack.enter_context(debugging(console.say))
        journal = stack.enter_context(Journal(job.journal))
        executor, jobs = None, storing.JOBS
        if job.scheduler:
            from cursorkit.cli.cluster import cluster

            executor, jobs = stack.enter_context(cluster(job.scheduler, job.target.endpoint.timeout))
        if job.listed is not None:
            # Read here and now, because two threads are going to ask for it.
            job.listed.open().close()
        bar = stack.enter_context(Bar(inputs.names(job.paths, job.listed), quiet=job.quiet))
        target = job.target
        if executor is None:
            target = evolve(target, opener=bar.watching(target.opener))
        report = stack.enter_context(
            storing.store(
                job.paths,
                target,
                listed=job.listed,
                limits=job.limits,
                jobs=jobs if job.jobs is None else job.jobs,
                journal=journal,
                strict=job.strict,
                executor=executor,
            )
        )
        progress.follow(partial(_so_far, job, report))
        for result in report:
            ledger.add(result)
            bar.add(result)
    return report


# --- what it came to ----------------------------------------------------------------------------------------


def _totals(report: Report, came_to: Verdict) -> Json:
    """How many files each state is that of, how many bytes were stored, how long it took."""
    return {
        "verdict": came_to.name.lower(),
        "files": sum(report.counts.values()),
        **{state.name.lower(): report.counts[state] for state in State},
        "bytes": report.octets[State.STORED],
        "seconds": round(report.seconds, 3),
    }


def _any(counts: Mapping[State, int]) -> bool:
    """Whether there is a file that has to do with this run."""
    return any(number for state, number in counts.items() if state is not State.SKIPPED)


def _nothing(job: StoreJob) -> str:
    of_study = " of that study" if job.target.study else ""
    return f"there is no DICOM instance{of_study} in {listed(job.paths)}"


def _failures(left: int, of_all: int) -> str:
    """How many files something is left to do about."""
    return f"{left:,} of {files(of_all)} {'is' if left == 1 else 'are'} not proven to be stored"


def _so_far(job: StoreJob, report: Report) -> str:
    """What there is to tell of a run that ends early."""
    stored = report.counts[State.STORED] + report.counts[State.KNOWN]
    told = f"{stored} instance{'s are' if stored != 1 else ' is'} proven to be stored"
    if job.journal:
        return f"{told}; the same command line goes on from there"
    return f"{told}; sending the same again is safe, and with --journal FILE it goes on from where it ended"


def _where(url: str) -> str:
    """Where files went, as a report may tell it."""
    return host_of(url) if url[:4].lower() == "http" else url.partition(":")[0]


def _suffix(name: str) -> str:
    return name[name.rindex(".") :].lower()


def _written(place: Output, content: Iterable[bytes]) -> int:
    """Write it; the exit code where that fails, else 0."""
    try:
        place.write_all(content)
    except OutputError as error:
        return console.fail(error)
    return 0


# --- what would be sent -------------------------------------------------------------------------------------


def _shown(job: StoreJob, output: Output) -> int:
    """Tell of each file, in a line of JSON, whether it would be sent; give the exit code if they are."""
    counts: Counter[State] = Counter()
    with _known(job.journal) as journal:
        found = inputs.find(inputs.names(job.paths, job.listed))
        output.write_all(_line(each, counts) for each in plan(found, job.target, journal, strict=job.strict))
    if not _any(counts):
        console.tell(f"error: {_nothing(job)}", console.RED)
        return console.LOCAL
    return verdict(counts).value


def _known(name: str) -> Journal:
    """The journal of that name as it is; one of nothing where none was begun."""
    begun = os.path.exists(name) and os.path.getsize(name)  # noqa: PTH110, PTH202 - as in files
    return Journal(name, to_read=True) if begun else Journal()


_ASKED_BEFORE = (
    "name",
    "state",
    "reason",
    "study",
    "series",
    "sop_instance",
    "sop_class",
    "modality",
    "size",
)
"""Columns of a report that are known before anything is sent."""


def _line(each: Planned | Result, counts: Counter[State]) -> bytes:
    if isinstance(each, Result):
        result, state = each, each.state.value
    else:
        result = Result(each.name, State.STORED, instance=each.instance, octets=each.source.length)
        state = "would be sent"
    counts[result.state] += 1
    return document({**{name: COLUMNS[name](result) for name in _ASKED_BEFORE}, "state": state}, pretty=False)
