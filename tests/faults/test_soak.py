"""Uploads through random faults, a bounded run: `scripts/soak` does any number, and shows others beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.dicom import State
from soak import COLUMNS, soak, table
from soak_clients import cursorkit, from_a_generator
from soak_many import soak_many

if TYPE_CHECKING:
    from pathlib import Path

NUMBER, SEED = 500, 5


def test_nothing_is_lost_or_wrong_or_unsaid(tmp_path: Path) -> None:
    result = soak(cursorkit(), NUMBER, SEED, tmp_path)
    told = table({"cursorkit": result})
    assert result.lies == 0, told
    assert result.came["right"] + result.came["unknown"] == NUMBER, told
    # Ten minutes are enough for a server that is right half of the time.
    assert result.came["unknown"] <= 1, told
    assert result.faults.total() > 0.8 * NUMBER
    assert len(result.faults) == 21


def test_a_run_finds_what_is_wrong_with_a_client(tmp_path: Path) -> None:
    result = soak(from_a_generator(), 40, SEED, tmp_path)
    assert result.came["'stored', but other bytes"] > 0
    assert result.came["'not stored', but it is"] > 0
    assert sum(result.came[name] for name in COLUMNS[:-1]) == result.uploads == 40


def test_many_at_a_time(tmp_path: Path) -> None:
    """What is called stored is there, byte for byte; another run stores what is left, and nothing twice."""
    many = soak_many(200, SEED, tmp_path)
    assert many.wrong == []
    assert many.instances == 200
    assert many.faults.total() > 30, many
    assert {State.STORED, State.KNOWN, State.REFUSED} <= many.came.keys(), many
