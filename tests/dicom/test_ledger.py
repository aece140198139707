"""The results of a run, as they are kept."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from cursorkit.dicom.ledger import Ledger
from cursorkit.dicom.results import State
from stored_runs import BEGAN, CONFLICT, REFUSED, ledger_of, result, results

if TYPE_CHECKING:
    from cursorkit.dicom.results import Result

FAILED = [state for state in State if not state.settled]


@given(st.lists(results))
def test_what_is_added_is_kept_in_its_order(kept: list[Result]) -> None:
    with ledger_of(kept) as ledger:
        assert [*ledger] == kept
        assert [each.at for each in ledger] == [each.at for each in kept]
        assert [*ledger.unsettled()] == [each for each in kept if not each.state.settled]


@given(st.lists(results))
def test_totals_are_those_of_the_results(kept: list[Result]) -> None:
    files = Counter(each.state for each in kept)
    modalities = Counter(each.instance.modality for each in kept if each.instance)
    reasons = Counter((each.state, each.reason, each.advice) for each in kept if not each.state.settled)
    with ledger_of(kept) as ledger:
        totals = ledger.by_state()
        assert {state: total.files for state, total in totals.items()} == files
        assert [*totals] == [state for state in State if files[state]]
        for state, total in totals.items():
            assert total.octets == sum(each.octets for each in kept if each.state is state)
        found = [*ledger.by_modality()]
        assert {name: total.files for name, total in found} == modalities
        assert [total.files for _, total in found] == sorted(modalities.values(), reverse=True)
        alike = [*ledger.alike()]
        assert {(each.state, each.reason, each.advice): each.files for each in alike} == reasons
        for each in alike:
            assert each.example in {one.name for one in kept if one.reason == each.reason}
        assert ledger.ended == max([BEGAN, *(each.at for each in kept)])


def test_what_is_stored_is_counted_by_time() -> None:
    times = [0.0, 0.5, 9.9, 10.0, 25.0]
    kept = [result(number, at=at) for number, at in enumerate(times)]
    # A clock of another machine may be behind; what is not stored does not count.
    others = [result(5, at=-3.0), result(6, State.REFUSED, at=1.0), result(7, State.KNOWN, at=1.0)]
    with ledger_of([*kept, *others]) as ledger:
        found = ledger.by_time(10)
    assert {slot: total.files for slot, total in found.items()} == {0: 4, 1: 1, 2: 1}
    assert found[1].octets == 200_000


def test_a_run_begins_with_its_ledger_and_ends_with_its_last_result() -> None:
    before = time.time()
    with Ledger() as ledger:
        assert before <= ledger.began <= time.time()
        assert ledger.ended == ledger.began
    with ledger_of([result(1, at=7), result(2, at=3)]) as ledger:
        assert (ledger.began, ledger.ended) == (BEGAN, BEGAN + 7)


def test_reasons_that_are_alike_are_told_once() -> None:
    states = [State.CONFLICT, State.REFUSED, State.STORED, State.REFUSED]
    with ledger_of(result(number, state) for number, state in enumerate(states)) as ledger:
        first, second = ledger.alike()
        assert [*ledger.named(first)] == ["/archive/000001.dcm", "/archive/000003.dcm"]
        assert [*ledger.named(second)] == ["/archive/000000.dcm"]
    assert (first.state, first.reason, first.advice, first.files) == (State.REFUSED, *REFUSED, 2)
    assert first.example == "/archive/000001.dcm"
    assert (second.state, second.reason, second.advice, second.files) == (State.CONFLICT, *CONFLICT, 1)


def test_who_leaves_off_early_may_do_so_after_the_end() -> None:
    with ledger_of(map(result, range(3))) as ledger:
        rows = iter(ledger)
        assert next(rows).name == "/archive/000000.dcm"
    del rows  # what this raises is a warning, and those are errors


MANY = """\
import resource, sys
from cursorkit.cli.summary import table
from cursorkit.dicom.ledger import Ledger
from cursorkit.dicom.reports import FORMATS, blocks
from cursorkit.dicom.results import State
from stored_runs import result

with Ledger() as ledger:
    for number in range(int(sys.argv[1])):
        ledger.add(result(number, State.REFUSED if number % 2 else State.STORED, number / 100))
    sizes = [sum(map(len, blocks(ledger, suffix))) for suffix in FORMATS]
    table(ledger, 1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, *sizes)
"""


def said(code: str, *words: str) -> str:
    """What a program of a process of its own prints; it sees the modules that tests share."""
    path = f"import sys; sys.path[:0] = {[each for each in sys.path if each.endswith('plugins')]}\n"
    argv = [sys.executable, "-c", path + code, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def peak(number: int) -> tuple[int, list[int]]:
    """KiB of memory that a run of so many results takes at most, and the sizes of its reports."""
    most, *sizes = map(int, said(MANY, str(number)).split())
    return most, sizes


def test_memory_does_not_grow_with_the_number_of_results() -> None:
    few, _ = peak(5_000)
    many, (lines, cells, page) = peak(100_000)
    assert many - few < 3 * 1024, "KiB"
    assert lines > cells > 10_000_000
    assert page < 1_000_000


FULL = """\
import resource
from cursorkit.dicom.ledger import Ledger
from cursorkit.errors import OutputError
from stored_runs import result

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
ledger = Ledger()
try:
    for number in range(50_000):
        ledger.add(result(number))
except OutputError as error:
    print(error)
"""


def test_a_full_disk_is_told_of() -> None:
    assert said(FULL).startswith("cannot keep the results of this run: ")
