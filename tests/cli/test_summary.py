"""The last lines of a run that stores many files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cursorkit.cli.summary import table
from cursorkit.dicom.results import Result, State
from stored_runs import BEGAN, ledger_of, result, results


def test_all_is_well() -> None:
    with ledger_of(result(number) for number in range(1_200)) as ledger:
        assert table(ledger, 60.0) == (
            "stored  1,200  180 MB\nin all  1,200  180 MB\nin 1 min: 20.0 instances/s, 3.00 MB/s"
        )


def test_what_needs_attention_is_told_reason_by_reason() -> None:
    states = [State.STORED, State.REFUSED, State.CONFLICT, State.REFUSED, State.SKIPPED]
    with ledger_of(result(number, state) for number, state in enumerate(states)) as ledger:
        lines = table(ledger, 0.5).split("\n")
    assert lines == [
        "stored    1  100 kB",
        "skipped   1  100 kB",
        "refused   2  400 kB",
        "conflict  1  100 kB",
        "in all    5  700 kB",
        "in 0.5 s: 2.00 instances/s, 200 kB/s",
        "",
        "1 file was skipped:",
        "  skipped",
        "    /archive/000004.dcm",
        "",
        "3 files need attention:",
        "  refused: the data set does not match its SOP class (A900)",
        "    -> send it to a server that takes such instances",
        "    /archive/000001.dcm",
        "    /archive/000003.dcm",
        "  conflict: other bytes are stored as the same instance",
        "    -> find out which of the two is right",
        "    /archive/000002.dcm",
    ]


def test_of_many_a_few_are_named() -> None:
    with ledger_of(result(number, State.REFUSED) for number in range(12_345)) as ledger:
        lines = table(ledger, 2.0).split("\n")
        told = table(ledger, 2.0, report="run.html").split("\n")
    assert lines[2:5] == ["in 2 s", "", "12,345 files need attention:"]
    assert [line.strip() for line in lines if line.startswith("    /")] == [
        f"/archive/{number:06}.dcm" for number in range(10)
    ]
    assert lines[-2:] == ["    and 12,335 files more", "  --report FILE lists all of them"]
    assert told[-2:] == ["    and 12,335 files more", "  run.html tells of all of them"]


def test_no_reason_hides_behind_a_frequent_one() -> None:
    states = [*[State.CONFLICT] * 65, *[State.REFUSED] * 7]
    with ledger_of(result(number, state) for number, state in enumerate(states)) as ledger:
        lines = table(ledger, 2.0).split("\n")
    assert [line for line in lines if line.startswith("    ") and "->" not in line] == [
        *(f"    /archive/{number:06}.dcm" for number in range(5)),
        "    and 60 files more",
        *(f"    /archive/{number:06}.dcm" for number in range(65, 70)),
        "    and 2 files more",
    ]
    assert lines[-1] == "  --report FILE lists all of them"


def test_of_many_reasons_the_first_are_told() -> None:
    kept = [Result(str(number), State.REFUSED, f"reason {number:02}", at=BEGAN) for number in range(12)]
    with ledger_of(kept) as ledger:
        lines = table(ledger, 2.0).split("\n")
    assert lines[-3:] == [
        "    9",
        "  and 2 files more, for other reasons",
        "  --report FILE lists all of them",
    ]


def test_a_long_reason_is_told_to_its_end() -> None:
    reason = f"the server answered 403 Forbidden: {'you may not do that ' * 8}unless you are asked to"
    with ledger_of([Result("a.dcm", State.REFUSED, reason, at=BEGAN)]) as ledger:
        lines = table(ledger, 2.0).split("\n")
    told = lines[lines.index("1 file needs attention:") + 1 : -1]
    assert " ".join(map(str.strip, told)) == f"refused: {reason}"
    assert len(told) == 3
    assert all(line.startswith("  ") and len(line) <= 100 for line in told)


def test_nothing_at_all() -> None:
    with ledger_of([]) as ledger:
        assert table(ledger, 0.0) == "in all  0  0 B\nin 0 s"


@given(st.lists(results, max_size=12))
def test_nothing_speaks_to_the_terminal(kept: list[Result]) -> None:
    with ledger_of(kept) as ledger:
        lines = table(ledger, 1.0).split("\n")
    assert all(map(str.isprintable, lines))
    assert max(map(len, lines)) <= 100


def test_a_long_name_keeps_its_end() -> None:
    name = f"{'/a long folder' * 20}/image.dcm"
    with ledger_of([Result(name, State.UNREADABLE, "it cannot be read", at=BEGAN)]) as ledger:
        last = table(ledger, 1.0).split("\n")[-1]
    assert last.endswith("/a long folder/image.dcm")
    assert last.startswith("    …")
