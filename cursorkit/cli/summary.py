"""What a run came to, in a few lines for people."""

from __future__ import annotations

from itertools import islice
from textwrap import wrap
from typing import TYPE_CHECKING

from cursorkit.dicom.amounts import duration, files, number, size
from cursorkit.dicom.results import UNSETTLED, State
from cursorkit.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.dicom.ledger import Ledger

_MOST = 10
"""Reasons that are told, and files that are told of by name."""

_WIDEST = 100
"""Columns of a line."""

_LONGEST = 600
"""Columns of a reason."""


def table(ledger: Ledger, seconds: float, *, report: str = "") -> str:
    """The summary of a run, in lines in which nothing speaks to a terminal.

    How many files each state is that of, what was skipped, and what needs attention: below each reason, a few
    of the files that have it in common.

    Args:
        ledger: the results.
        seconds: how long it took.
        report: the name of a file that tells of all of them; empty for none.
    """
    totals = ledger.by_state()
    whole = [sum(each) for each in zip(*totals.values(), strict=True)] or [0, 0]
    rows = [(state.value, total.files, total.octets) for state, total in totals.items()]
    lines = [*_aligned([*rows, ("in all", *whole)]), _pace(ledger, seconds)]
    skipped, left = ledger.files([State.SKIPPED]), ledger.files()
    named = 0
    for count, states, what in (
        (skipped, (State.SKIPPED,), f"{files(skipped)} {'was' if skipped == 1 else 'were'} skipped:"),
        (left, UNSETTLED, f"{files(left)} need{'s' * (left == 1)} attention:"),
    ):
        if count:
            told, of_them = _reasons(ledger, count, states)
            lines += ["", what, *told]
            named += of_them
    if report and skipped + left:
        lines += _lines("  ", f"{report} tells of all of them")
    elif named < skipped + left:
        lines.append("  --report FILE lists all of them")
    return "\n".join(lines)


def _aligned(rows: Iterable[tuple[str, int, int]]) -> Iterator[str]:
    cells = [(name, f"{count:,}", size(octets)) for name, count, octets in rows]
    name, count, octets = (max(map(len, column)) for column in zip(*cells, strict=True))
    for each in cells:
        yield f"{each[0]:<{name}}  {each[1]:>{count}}  {each[2]:>{octets}}"


def _pace(ledger: Ledger, seconds: float) -> str:
    stored = ledger.by_state().get(State.STORED)
    took = f"in {duration(seconds)}"
    if stored is None or seconds <= 0:
        return took
    return f"{took}: {number(stored.files / seconds)} instances/s, {size(stored.octets / seconds)}/s"


def _reasons(ledger: Ledger, count: int, states: Iterable[State]) -> tuple[list[str], int]:
    """Files of these states, reason by reason, and how many are named: of each reason a few."""
    reasons = [*islice(ledger.alike(states), _MOST)]
    of_each = _MOST // len(reasons)
    lines: list[str] = []
    for each in reasons:
        lines += _lines("  ", ": ".join(filter(None, (each.state.value, each.reason))))
        if each.advice:
            lines += _lines("    -> ", each.advice)
        names = islice(ledger.named(each), of_each)
        lines += (f"    {shortened(name, _WIDEST - 4, keep='end')}" for name in names)
        if each.files > of_each:
            lines.append(f"    and {files(each.files - of_each)} more")
    others = count - sum(each.files for each in reasons)
    if others:
        lines.append(f"  and {files(others)} more, for other reasons")
    return lines, sum(min(each.files, of_each) for each in reasons)


def _lines(indent: str, text: str) -> Iterator[str]:
    """A text in as many lines as it takes, unless it is without end."""
    told = shortened(text, _LONGEST)
    further = " " * len(indent)
    yield from wrap(
        told, _WIDEST, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False
    ) or [indent]
