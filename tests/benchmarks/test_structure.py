"""What the benchmarks claim and no machine can change: right bodies, calls and bytes for an argument."""

from __future__ import annotations

import runpy
import subprocess
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


# --- whole programs ---------------------------------------------------------------------------------------

METHOD = "projects locations-datasets-dicom-stores-studies-store-instances"
PLACE = "projects/p/locations/l/datasets/d/dicomStores/s studies"
DRY_RUN = f"{METHOD} {PLACE} --dry-run -r content-type=a/b data=ut"
BODY = "body -r .user name=ann age:=3 .tags.+=red"

SLOW = {"lark", "pathlib", "shutil", "tempfile", "datetime", "decimal", "logging", "difflib"}
"""What takes long to load, and no run needs that is asked for nothing unusual."""

OF_MISTAKES = {"cursorkit.body.mistakes", "cursorkit.body.absence", "cursorkit.body.elsewhere"}
OF_ANSWERS = {"cursorkit.dicom", "cursorkit.body.field_paths", "cursorkit.methods.blame"}
OF_PROGRAMS = {"cursorkit.schema.encode", "cursorkit.body.editor", "cursorkit.body.printer"}
"""What is there for those who do not write arguments."""


def told(code: str, answer: str) -> set[str]:
    """The words of `answer`, an expression, in a fresh interpreter that has carried out `code`."""
    last = f"import gc, sys; print(*{answer}, file=sys.stderr)"
    command = [sys.executable, "-c", f"{code}\n{last}"]
    return {*subprocess.run(command, check=True, capture_output=True, text=True).stderr.split()}


def run(program: str, words: str) -> str:
    """The code that runs a program to its good end."""
    return f"from cursorkit.cli.{program} import main; assert main({words.split()}) == 0"


def loaded(program: str, words: str) -> set[str]:
    """The modules that a program has at its end, and a bare interpreter has not."""
    return told(run(program, words), "sys.modules") - told("", "sys.modules")


@pytest.mark.parametrize(("program", "words"), [("main", f"{METHOD} --help"), ("language", "body --help")])
def test_help_loads_nothing_slow(program: str, words: str) -> None:
    brought = loaded(program, words)
    assert "argparse" in brought
    assert not brought & {*SLOW, "attr", "typing", "urllib.parse", "hashlib", "cursorkit.errors"}


@pytest.mark.parametrize(("program", "words"), [("main", DRY_RUN), ("language", BODY)])
def test_a_right_command_line_loads_nothing_that_only_others_need(program: str, words: str) -> None:
    brought = loaded(program, words)
    assert "cursorkit.body.fold" in brought
    assert not brought & {*SLOW, *OF_MISTAKES, *OF_ANSWERS, *OF_PROGRAMS}


def test_a_parser_is_made_for_unusual_paths_alone() -> None:
    assert "lark" not in loaded("language", "body -r .a.b.c.d x=1 .... y:=1 z/=k w=2")
    assert "lark" in loaded("language", "body -r a..b=1")


def test_a_dry_run_makes_few_records() -> None:
    """Each takes as long to make as a hundred arguments to be carried out."""
    classes = "(each for each in gc.get_objects() if isinstance(each, type))"
    records = f"(each for each in {classes} if '__attrs_attrs__' in vars(each))"
    names = told(run("main", DRY_RUN), f"(f'{{each.__module__}}.{{each.__name__}}' for each in {records})")
    ours = {each for each in names if each.startswith("cursorkit")}
    assert {"cursorkit.body.build.Body", "cursorkit.wire.message.Request"} < ours
    assert len(ours) <= 55
