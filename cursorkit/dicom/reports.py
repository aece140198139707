"""What a run came to, as a document: JSON lines and CSV for programs, a page for people.

A report names files, and instances by their identifiers. It holds no names of patients, unless those of files
do, and nothing of what instances show.
"""

from __future__ import annotations

import csv
import json
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, cast

from cursorkit.dicom.amounts import rfc3339
from cursorkit.dicom.page import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cursorkit.dicom.ledger import Ledger
    from cursorkit.dicom.results import Result

    Cell = str | int | None

COLUMNS: dict[str, Callable[[Result], Cell]] = {
    "name": lambda each: each.name,
    "state": lambda each: each.state.value,
    "reason": lambda each: each.reason,
    "advice": lambda each: each.advice,
    "code": lambda each: each.code,
    "study": lambda each: _identifier(each, "study"),
    "series": lambda each: _identifier(each, "series"),
    "sop_instance": lambda each: _identifier(each, "sop_instance"),
    "sop_class": lambda each: _identifier(each, "sop_class"),
    "modality": lambda each: _identifier(each, "modality"),
    "transfer_syntax": lambda each: _identifier(each, "transfer_syntax"),
    "size": lambda each: each.octets,
    "sha256": lambda each: each.sha256,
    "time": lambda each: rfc3339(each.at),
}
"""What is told of each file; see `cursorkit.dicom.Result`."""

_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")
"""What spreadsheets may take for the beginning of a formula, and the mark that says that it is none."""

_MANY = 500
"""Lines to a block."""


def blocks(ledger: Ledger, suffix: str, *, where: str = "") -> Iterator[bytes]:
    """The report of a run, block by block; memory does not grow with the number of files.

    JSON lines and CSV tell of each file; the page of each that needs attention, up to a number, and of all of
    them in charts and totals.

    Args:
        ledger: its results.
        suffix: which report, one of `FORMATS`.
        where: where to, in a word for people: the host alone, because what else an address holds may tell of
            somebody.
    """
    return FORMATS[suffix](ledger, where)


def _json_lines(ledger: Ledger, _where: str) -> Iterator[bytes]:
    """One object a line (jsonlines.org), in ASCII: what no Unicode is in a name is a lone surrogate there."""
    for some in _by(_MANY, ledger):
        lines = (json.dumps({name: value(each) for name, value in COLUMNS.items()}) for each in some)
        yield "".join(f"{line}\n" for line in lines).encode("ascii")


def _csv(ledger: Ledger, _where: str) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with a header.

    A cell that a spreadsheet could take for a formula has a `'` before it, and so has one that begins with
    `'` itself: programs that read it take one off. What is no Unicode is a backslash and a number.
    """
    yield _lines([COLUMNS])
    for some in _by(_MANY, ledger):
        yield _lines([_harmless(value(each)) for value in COLUMNS.values()] for each in some)


def _lines(rows: Iterable[Iterable[Cell]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_ACTIVE) else cell


def _identifier(result: Result, name: str) -> Cell:
    return None if result.instance is None else cast("str", getattr(result.instance, name))


def _by(many: int, results: Iterable[Result]) -> Iterator[list[Result]]:
    left = iter(results)
    while some := [*islice(left, many)]:
        yield some


FORMATS: dict[str, Callable[[Ledger, str], Iterator[bytes]]] = {
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".html": page,
}
"""The reports, by the suffixes of their files."""
