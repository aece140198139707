"""Every fault, with every body, at every position: nothing is lost, nothing wrong, nothing unsaid."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING

import pytest

import fault_opener
from cursorkit import Verdict
from fault import ROWS, TOKEN
from fault_bench import DOUBT, LOST, Bench, Expected, Position, cases, some
from fault_bodies import BODIES, PATIENT, STEADY
from fault_table import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cursorkit.testing.server import Exchange
    from fault_bench import Case, Seen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        every = list(cases())
        chosen = every if metafunc.config.getoption("every_fault") else some(every)
        metafunc.parametrize("case", chosen, ids=str)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("bench")
        fault_opener.install(folder)
        patch.syspath_prepend(folder)
        made = Bench(folder)
        yield made
        made.close()


ELSEWHERE = {
    28: "transports/test_proxies.py",
    29: "transports/test_https.py",
    30: "cli/test_output.py",
    31: "cli/test_output.py",
    32: "cli/test_output.py",
    33: "cli/test_signals.py",
    34: "cli/test_program.py",
    39: "cli/test_memory.py",
}
"""Rows that are not about attempts, and where they have tests of their own."""

BY_BODY = {
    35: {"a file that is removed", "a folder where a file was"},
    36: {"a file that grows", "a file that shrinks", "a file that is replaced", "a file that is forged"},
    37: {"a named pipe", "standard input", "a process substitution", "a file of the system"},
    38: {"no byte"},
}
"""Rows that are about what is sent."""


def test_the_matrix_is_complete(root: Path) -> None:
    rows = {int(fault.row.rstrip("b")) for fault in FAULTS}
    assert rows | BY_BODY.keys() | ELSEWHERE.keys() == ROWS.keys()
    assert all((root / "tests" / module).is_file() for module in ELSEWHERE.values())
    assert all(names <= BODIES.keys() for names in BY_BODY.values())
    assert len(FAULTS) == len({str(fault) for fault in FAULTS}) >= 40
    assert len(BODIES) >= 12
    every = list(cases())
    assert len(every) == len(set(map(str, every))) >= 1440


def test_a_part_of_it_stands_for_all() -> None:
    chosen = some(list(cases()))
    assert {case.fault for case in chosen} == set(FAULTS)
    assert len(chosen) >= 400
    assert {(case.body, case.position) for case in chosen} >= set(product(STEADY, Position))
    assert {case.body for case in chosen} == set(BODIES)


def test_a_fault(
    case: Case,
    bench: Bench,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, expected = bench.play(case, tmp_path, capfd, caplog, monkeypatch), Expected.of(case)
    assert_never(seen, expected)
    struck = seen.exchanges[: sum(fault.exchanges for fault in expected.played)]
    if expected.changed and seen.made.changed is not None and not any(whole(seen, each) for each in struck):
        # How much of what is other now had left, nobody knows: it may be a body like any other.
        return
    assert_attempts(case, seen, expected)
    assert_outcome(case, seen, expected)


def whole(seen: Seen, exchange: Exchange) -> bool:
    """Whether it came with the whole body."""
    return exchange.head.endswith(b"\r\n\r\n") and len(exchange.body) == len(seen.made.content)


def unanswered(seen: Seen, expected: Expected) -> list[Exchange]:
    """What came in, whole, without an answer that says that nothing was done."""
    exchanges = iter(seen.exchanges)
    found: list[Exchange] = []
    for fault in expected.played:
        came = [next(exchanges, None) for _ in range(fault.exchanges)]
        # Within an attempt, only the last exchange counts: a new token follows an answer.
        if came and not fault.answered and came[-1] is not None and whole(seen, came[-1]):
            found.append(came[-1])
    return found


def assert_never(seen: Seen, expected: Expected) -> None:
    """What must not happen in any case."""
    # Other bytes, more of them, or fewer that pass for all.
    bodies = [bytes(exchange.body) for exchange in seen.exchanges]
    contents = (seen.made.content, seen.made.changed or seen.made.content)
    assert any(all(content.startswith(body) for body in bodies) for content in contents)
    for exchange in seen.exchanges:
        if exchange.head.endswith(b"\r\n\r\n"):
            assert exchange.headers.get("Content-Length") == str(len(seen.made.content))
            assert exchange.head.startswith(b"POST /v1beta1/projects/p/")
    # A lie.
    if seen.code == Verdict.DONE.value:
        assert whole(seen, seen.exchanges[-1])
    if seen.code == Verdict.LATER.value:
        assert not unanswered(seen, expected)
    if unanswered(seen, expected) and seen.code not in {Verdict.DONE.value, Verdict.PARTLY.value}:
        assert "may have been carried out" in seen.lines or "sending the same again is safe" in seen.lines
    # Somebody else's knowledge.
    for secret in (PATIENT, TOKEN):
        assert secret not in seen.spoken
        assert secret.encode() not in seen.out
    assert seen.elsewhere == 0
    # A mess.
    assert "Traceback" not in seen.spoken
    assert seen.beside == []


def assert_attempts(case: Case, seen: Seen, expected: Expected) -> None:
    """As many as there should be, when they should be, each of them announced but the first."""
    came, due = len(seen.exchanges), sum(fault.exchanges for fault in expected.played)
    if expected.changed:
        # Where only a part is another one, what stands before it may leave once more.
        assert came - due in {0, 1}
        assert not any(whole(seen, exchange) for exchange in seen.exchanges[due:])
    else:
        assert came == due
    assert len(seen.announced) == len(expected.waits)
    for wait, line in zip(expected.waits, seen.announced, strict=True):
        assert line.endswith(f" in {wait:.1f} s")
    assert seen.slept == sum(expected.waits) + sum(fault.lasts for fault in expected.played)


def assert_outcome(case: Case, seen: Seen, expected: Expected) -> None:
    """The exit code, what is said, and what became of -o."""
    last = expected.played[-1]
    if expected.changed:
        assert seen.code == Verdict.LOCAL.value
        assert re.search(CHANGED, seen.lines)
    else:
        lost = LOST in expected.played[:-1] or case.fault in expected.played[:-1]
        later = {Verdict.LATER.value, Verdict.UNKNOWN.value} if lost else {Verdict.LATER.value}
        codes = {code for each in last.codes for code in (later if each == Verdict.LATER.value else {each})}
        assert seen.code in codes
        assert re.search(last.told.format(host=re.escape(seen.host)), seen.lines, re.MULTILINE)
    if case.position is Position.LOST and seen.code not in {Verdict.DONE.value, Verdict.PARTLY.value}:
        assert DOUBT in seen.lines
        assert seen.code != Verdict.LATER.value
    if last.reported and not expected.changed:
        assert json.loads(seen.out) is not None
    else:
        assert seen.out == b"old"


CHANGED = (
    "changed since it was first looked at|is no longer what was sent of it before"
    "|cannot read '.*': (No such file or directory|Is a directory)"
)
