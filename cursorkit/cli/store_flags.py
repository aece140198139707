"""The flags for many files that are stored, of both programs. Plain, because help comes without attrs."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from cursorkit.cli.argv import Flags

OF_STORING = frozenset({"batch", "jobs", "journal", "strict", "reports", "scheduler"})
"""What they are called, by field."""

SUFFIXES = (".jsonl", ".csv", ".html")
"""How the name of a report ends, which says what it is."""

MOST_JOBS = 64

Batch = tuple["int | None", "int | None"]
"""Instances and bytes to a request; None for as many as usual."""

USUAL: Batch = (None, None)


def add(flags: Flags) -> None:
    """Add them."""
    flags.add_argument(
        "--batch",
        type=_batch,
        default=USUAL,
        metavar="COUNT,SIZE",
        help="how many instances, and how many bytes (64MiB), go into one request; either may stand alone; "
        "by default 50,64MiB",
    )
    flags.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="how many requests are sent at a time: 4 by default, 64 at most",
    )
    flags.add_argument(
        "--journal",
        metavar="FILE",
        help="where is kept what is stored: a run that ended early goes on from there",
    )
    flags.add_argument(
        "--strict",
        action="store_true",
        help="take a file that is not DICOM for a failure, and do not skip it",
    )
    flags.add_argument(
        "--report",
        action="append",
        type=_report,
        default=[],
        dest="reports",
        metavar="FILE",
        help="what became of each file, as its name ends: .jsonl, .csv or .html; may be repeated",
    )
    flags.add_argument(
        "--scheduler", type=_scheduler, metavar="tcp://HOST:PORT", help="have a Dask cluster do the work"
    )


_COUNT = re.compile("[1-9][0-9]{0,6}")
_SIZE = re.compile("([1-9][0-9]{0,6})([KMG])(?:iB)?")
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def _batch(text: str) -> Batch:
    count, comma, size = text.partition(",")
    if not comma and _SIZE.fullmatch(text):
        count, comma, size = "", ",", text
    counted, sized = _COUNT.fullmatch(count), _SIZE.fullmatch(size)
    if (count and not counted) or (comma and not sized) or not text:
        raise ArgumentTypeError(f"'{text}' is no number of instances, such as 50, or size, such as 64MiB")
    return int(count) if counted else None, int(sized[1]) * _UNITS[sized[2]] if sized else None


def _jobs(text: str) -> int:
    if not _COUNT.fullmatch(text) or int(text) > MOST_JOBS:
        raise ArgumentTypeError(f"'{text}' is no number from 1 to {MOST_JOBS}")
    return int(text)


def _report(text: str) -> str:
    if not text.lower().endswith(SUFFIXES):
        raise ArgumentTypeError(f"the name of '{text}' ends in none of {', '.join(SUFFIXES)}")
    return text


def _scheduler(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:[0-9]+", text):
        raise ArgumentTypeError(f"'{text}' is no scheduler, which is written as tcp://HOST:PORT")
    return text
