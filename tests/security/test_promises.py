"""SECURITY.md names the test of each promise, and tests of security stand in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)


@pytest.fixture
def rows(root: Path) -> list[tuple[int, list[str]]]:
    """The number of each promise, and the tests that hold it."""
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    return [(int(number), re.findall(r"`([^`]+)`", tests)) for number, _, tests in ROW.findall(text)]


def test_there_are_seventeen_and_each_has_a_test(rows: list[tuple[int, list[str]]]) -> None:
    assert [number for number, _ in rows] == [*range(1, 18)]
    assert all(tests for _, tests in rows)


def test_every_test_that_is_named_exists(rows: list[tuple[int, list[str]]], root: Path) -> None:
    for name in (name for _, tests in rows for name in tests):
        path, _, function = name.partition("::")
        text = (root / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {function or 'test_.*'}\(", text, re.MULTILINE), name


def test_every_test_of_security_is_named(rows: list[tuple[int, list[str]]], root: Path) -> None:
    named = {name for _, tests in rows for name in tests}
    for path in (root / "tests" / "security").glob("test_*.py"):
        for function in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            name = f"{path.relative_to(root)}::{function}"
            assert name in named or path.name == "test_promises.py", name
