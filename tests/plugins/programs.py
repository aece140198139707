"""Runs of a program in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Run:
    """Runs a program, and captures what it writes."""

    def __init__(self, main: Callable[[list[str]], int], capfd: pytest.CaptureFixture[str]) -> None:
        self._main = main
        self._capfd = capfd

    def __call__(self, *argv: str) -> Result:
        code = self._main(list(argv))
        out, err = self._capfd.readouterr()
        return Result(code, out, err)


class Result:
    """What a run came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"{self.code}\n{self.out}\n{self.err}"
