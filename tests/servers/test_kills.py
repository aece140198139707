"""Runs killed while they store many files into Orthanc: `scripts/kills` does it any number of times."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from attrs import evolve

from kills import MOMENTS, Case, Tap, survey, table

if TYPE_CHECKING:
    from pathlib import Path

    from real_servers import Orthanc

NUMBER, SEED = 10, 11


def test_a_killed_run_goes_on_where_it_was(orthanc: Orthanc, tmp_path: Path) -> None:
    coming, faults = survey(orthanc, tmp_path, NUMBER, SEED, 60)
    kills = [*coming]
    assert [fault for each in kills for fault in each.faults] + faults == [], table(kills)
    assert len(kills) == NUMBER
    assert {each.moment for each in kills} <= {*MOMENTS}
    assert [each.kind for each in kills].count(signal.SIGKILL) == 6


def test_what_is_wrong_is_found(orthanc: Orthanc, tmp_path: Path) -> None:
    """A journal that claims too much; a server that loses something; and one that has something twice."""
    with Tap(int(orthanc.url.rstrip("/").rpartition(":")[2])) as tap:
        case = Case(tmp_path, orthanc, tap, "0 1", 20)
        assert case.finish() == []
        orthanc.clear()
        # All of it is known by now.
        told = case.finish()
        assert any("Orthanc has 0 of it" in fault for fault in told)
        assert any("Orthanc has 0 instances" in fault for fault in told)
        (tmp_path / "journal").rename(tmp_path / "old journal")
        some = {name: evolve(each, content=each.content + b"\0") for name, each in case.pieces.items()}
        case.pieces = dict([*some.items()][:1]) | dict([*case.pieces.items()][1:])
        told = case.finish()
        assert any("not in the journal" in fault for fault in told)
        assert any("or other ones" in fault for fault in told)
