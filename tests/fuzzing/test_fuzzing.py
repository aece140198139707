"""The fuzzer's target, run for a while; `scripts/fuzz` runs it for as long as is wanted."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import fuzz_target
import pytest
from fuzz_target import built, decoded, examine, seeds

from cursorkit import Body, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn

    from cursorkit.schema.types import Schema

Built = Body | tuple[Problem, ...]


def test_the_seeds_hold() -> None:
    lists = list(seeds())
    assert len(lists) > 150
    for data in lists:
        examine(data)


def test_bytes_stand_for_a_schema_and_arguments() -> None:
    schema, arguments = decoded(b"\0a=\xff\0\0.b")
    assert schema is fuzz_target.schemas()[0]
    assert arguments == ["a=\udcff", "", ".b"]
    assert decoded(b"\0")[1] == decoded(b"")[1] == []


def test_ten_thousand_lists_hold(tmp_path: Path, absent: Callable[[str], NoReturn]) -> None:
    if find_spec("atheris") is None:
        absent("atheris, which Linux on x86-64 has,")
    fuzz = [sys.executable, fuzz_target.__file__, str(tmp_path / "corpus"), f"-artifact_prefix={tmp_path}/"]
    run = subprocess.run(
        [*fuzz, "-runs=10000", "-max_len=64", "-seed=1"], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-4000:]
    assert "Done 10000 runs" in run.stderr


def crash(schema: Schema, arguments: list[str], *, extensions: bool = True) -> Built:
    if any(word.startswith(".") for word in arguments):
        raise RecursionError
    return built(schema, arguments, extensions=extensions)


def forget(schema: Schema, arguments: list[str], *, extensions: bool = True) -> Built:
    body = built(schema, arguments, extensions=extensions)
    return () if isinstance(body, tuple) else body


def swallow(schema: Schema, arguments: list[str], *, extensions: bool = True) -> Built:
    return built(schema, arguments if extensions else arguments[1:], extensions=extensions)


@pytest.mark.parametrize("broken", [crash, forget, swallow])
def test_what_is_wrong_is_found_among_the_seeds(broken: Callable[..., Built]) -> None:
    with pytest.raises((AssertionError, RecursionError)):
        for data in seeds():
            examine(data, broken)
