"""What the benchmarks claim and no machine can change: right bodies, calls and bytes for an argument."""

from __future__ import annotations

import runpy
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

BODIES = runpy.run_path(str(Path(__file__).with_name("bodies.py")))
OURS: dict[str, Any] = BODIES["OURS"]


@pytest.mark.parametrize("name", OURS)
def test_the_body_is_right(name: str) -> None:
    for count in (1, 10, 105):
        build, plain = OURS[name](count)
        assert plain(build()) == BODIES["body"](count)


def calls(name: str, count: int) -> int:
    """How many functions are called to build a body of `count` strings, of those written in Python."""
    build, _ = OURS[name](count)
    build()
    counted = 0

    def count_call(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count_call)
    try:
        build()
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("name", OURS)
def test_the_work_grows_with_the_number_of_arguments_and_no_faster(name: str) -> None:
    small, large = calls(name, 300), calls(name, 3_000)
    assert large < 10.2 * small


def test_an_argument_with_a_known_path_takes_few_calls() -> None:
    assert calls("typed, repeated paths", 3_000) < 21 * 3_000


def test_a_body_keeps_at_most_300_bytes_for_an_argument() -> None:
    count = 90_000
    build, _ = OURS["typed, repeated paths"](count)
    build()
    tracemalloc.start()
    try:
        body = build()
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body.origins
    assert kept / count <= 300
