"""Reports of runs, read back."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.dicom.amounts import duration, size
from cursorkit.dicom.charts import interval, ticks
from cursorkit.dicom.reports import FORMATS, blocks
from cursorkit.dicom.results import Result, State
from stored_runs import BEGAN, ledger_of, result, results

if TYPE_CHECKING:
    from collections.abc import Iterable

IDENTIFIERS = ("study", "series", "sop_instance", "sop_class", "modality", "transfer_syntax")
MILLISECOND = timedelta(milliseconds=1)


def report(kept: Iterable[Result], suffix: str) -> bytes:
    with ledger_of(kept) as ledger:
        return b"".join(blocks(ledger, suffix))


def told(each: Result) -> dict[str, Any]:
    """What a report has to tell of a result, but for its time."""
    identifiers = {name: each.instance and getattr(each.instance, name) for name in IDENTIFIERS}
    return {
        "name": each.name,
        "state": each.state.value,
        "reason": each.reason,
        "advice": each.advice,
        "code": each.code,
        **identifiers,
        "size": each.octets,
        "sha256": each.sha256,
    }


def is_of(time: str, each: Result) -> bool:
    """Whether it is RFC 3339, in UTC, and the time of that result."""
    assert time.endswith("Z")
    return abs(datetime.fromisoformat(time) - datetime.fromtimestamp(each.at, UTC)) <= MILLISECOND


@given(st.lists(results))
def test_json_lines_tell_of_every_file_exactly(kept: list[Result]) -> None:
    lines = report(kept, ".jsonl").decode("ascii").split("\n")
    assert lines.pop() == ""
    found = [json.loads(line) for line in lines]
    assert all(is_of(each.pop("time"), of) for each, of in zip(found, kept, strict=True))
    assert found == [*map(told, kept)]


def unicode(text: str) -> str:
    """What a document in Unicode can hold of a text."""
    return text.encode("utf-8", "backslashreplace").decode()


@given(st.lists(results))
def test_cells_read_back_by_the_rule_are_those_of_the_results(kept: list[Result]) -> None:
    text = report(kept, ".csv").decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == [*told(result(1)), "time"]
    for row, each in zip(rows, kept, strict=True):
        cells = [cell.removeprefix("'") for cell in row]
        assert is_of(cells.pop(), each)
        assert cells == ["" if value is None else unicode(str(value)) for value in told(each).values()]


@given(st.lists(results, min_size=1))
def test_no_cell_begins_like_a_formula(kept: list[Result]) -> None:
    _, *rows = csv.reader(io.StringIO(report(kept, ".csv").decode(), newline=""))
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]


def test_the_reports_of_a_small_run() -> None:
    kept = [result(1), Result("=1+1.dcm", State.SKIPPED, "it is no DICOM file", octets=3, at=BEGAN + 0.5)]
    assert report(kept, ".csv").decode() == (
        "name,state,reason,advice,code,study,series,sop_instance,sop_class,modality,transfer_syntax,size,sha256,time\r\n"
        f"/archive/000001.dcm,stored,,,,1.2.3,1.2.3.4,1.2.826.0.1.3680043.8.498.1,1.2.840.10008.5.1.4.1.1.2,CT,"
        f"1.2.840.10008.1.2.1,200000,{'ab' * 32},2026-11-24T19:02:38.000Z\r\n"
        "'=1+1.dcm,skipped,it is no DICOM file,,,,,,,,,3,,2026-11-24T19:02:38.500Z\r\n"
    )


@given(st.lists(results, max_size=5))
def test_the_page_is_unicode_whatever_names_hold(kept: list[Result]) -> None:
    page = report(kept, ".html").decode()
    assert page.startswith("<!DOCTYPE html>\n")
    assert page.endswith("</html>\n")


def test_of_nothing_there_is_little_to_report() -> None:
    assert report([], ".jsonl") == b""
    assert report([], ".csv").count(b"\r\n") == 1
    assert b"<p>There was no file.</p>" in report([], ".html")


@pytest.mark.parametrize("suffix", FORMATS)
def test_reports_come_in_small_blocks(suffix: str) -> None:
    with ledger_of(result(number, State.REFUSED) for number in range(3_000)) as ledger:
        pieces = [*blocks(ledger, suffix)]
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 500_000


@given(st.floats(0, 1e15), st.sampled_from([0.0, 1.0]))
def test_ticks_are_few_round_and_enough(most: float, finest: float) -> None:
    marks = ticks(most, finest)
    assert 2 <= len(marks) <= 6
    assert marks[0] == 0
    assert marks[-1] >= most * (1 - 1e-9)
    step = marks[1]
    assert step >= finest
    assert f"{step:e}"[0] in "125"
    assert marks == [pytest.approx(step * place) for place in range(len(marks))]


@given(st.floats(0.001, 1e9), st.integers(2, 60))
def test_intervals_are_as_few_as_asked_for(seconds: float, most: int) -> None:
    assert seconds / interval(seconds, most) <= most


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (2.54, "2.5 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (61, "1 min 1 s"),
        (3_599.7, "1 h"),
        (7_380, "2 h 3 min"),
        (86_399, "23 h 59 min"),
        (86_400 * 3 + 3_600, "3 d 1 h"),
    ],
)
def test_durations_are_told_in_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.00 kB"),
        (1_234, "1.23 kB"),
        (99_960, "100 kB"),
        (999_700, "1.00 MB"),
        (2_500_000_000, "2.50 GB"),
        (10**19, "10,000 PB"),
    ],
)
def test_sizes_are_told_in_three_digits(octets: float, words: str) -> None:
    assert size(octets) == words
