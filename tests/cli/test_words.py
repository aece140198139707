"""What a command line names instead of writing it out: files of arguments, a body, the parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cursorkit.cli import language
from cursorkit.cli.main import main
from programs import CALL, COMMAND, PARENT, PROGRAM, Run

CURSORKIT = Path(sys.executable).with_name("cursorkit")
DATASETS = ("projects", "locations-datasets-create", "projects/p/locations/l")
STORES = ("projects", "locations-datasets-dicom-stores-create")
DATASET = PARENT.rpartition("/dicomStores")[0]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


@pytest.fixture
def cursorkit(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(language.main, capfd)


# --- @FILE -------------------------------------------------------------------------------------------------


def test_the_lines_of_a_file_are_arguments(cursorkit: Run) -> None:
    Path("more").write_text("b\n\nc=1 2\n..\n")
    assert cursorkit("body", "-r", "a=0", "@more", "d=3").json == {"a": "0", "b": {"c": "1 2"}, "d": "3"}


def test_a_line_is_an_argument_to_the_letter(cursorkit: Run) -> None:
    Path("more").write_bytes(b" a='b' \\\nx=y\r\n#c=d\n@e=f")
    assert cursorkit("body", "-r", "@more").json == {" a": "'b' \\", "x": "y\r", "#c": "d", "@e": "f"}


def test_what_print_writes_can_be_read(cursorkit: Run) -> None:
    value = {"a": [{"b": {"@": 1}}, None], "@c": "é", "-d": ""}
    Path("value").write_text(json.dumps(value))
    assert cursorkit("print", "value", "-o", "more").code == 0
    assert cursorkit("body", "-r", "@more").json == value


def test_bytes_that_are_no_text_come_through(run: Run) -> None:
    Path("more").write_bytes(b"content-type=a/b\ndata=\xff\x00")
    (size, digest) = run(*CALL, "--dry-run", "-r", "@more").json["body"].values()
    assert size == 2
    Path("raw").write_bytes(b"\xff\x00")
    assert run(*CALL, "--dry-run", "-r", "content-type=a/b", "data@=raw").json["body"]["sha256"] == digest


def test_standard_input_has_arguments_too() -> None:
    command = [str(CURSORKIT), "body", "-r", "@-"]
    done = subprocess.run(command, input=b"a=1\n", capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {"a": "1"}
    command += ["b@=-"]
    done = subprocess.run(command, input=b"a=1\n", capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"standard input can be read only once" in done.stderr


def test_problems_are_told_of_the_line(run: Run) -> None:
    Path("more").write_text("content-type=a/b\n\ncontnt=x\n")
    result = run(*CALL, "--dry-run", "-r", "nosuch=1", "@more", "data=x", "data=y")
    assert result.code == 2
    told = [line.partition(": ")[2] for line in result.err.splitlines() if line.startswith("error: ")]
    assert [line.partition(": ")[0] for line in told] == [
        "-r argument 1",
        "'more', line 3, argument 3",
        "-r argument 5",
    ]
    # The other argument is counted in the same way.
    assert "'data' was already set by argument 4" in result.err


def test_every_file_that_cannot_be_read_is_told(cursorkit: Run) -> None:
    result = cursorkit("body", "-r", "@nosuch", "a=1", "@.")
    assert result.code == 5
    assert [line for line in result.err.splitlines() if line.startswith("error: ")] == [
        "error: -r argument '@nosuch': cannot read 'nosuch': No such file or directory",
        "error: -r argument '@.': cannot read '.': it is a directory",
    ]


def test_a_file_without_a_name_is_wrong_usage(cursorkit: Run) -> None:
    result = cursorkit("body", "-r", "a=1", "@")
    assert result.code == 2
    assert result.err == ("error: -r argument '@': the name of a file is missing\n    - is standard input\n")


def test_what_the_language_takes_is_not_taken_for_a_file(cursorkit: Run) -> None:
    Path("value").write_text("1")
    assert cursorkit("body", "-r", "a", "@=value").json == {"a": 1}


def test_an_answer_does_not_replace_a_file_of_arguments(run: Run) -> None:
    Path("more").write_text("content-type=a/b")
    result = run(*CALL, "--dry-run", "-r", "@more", "data=x", "-o", "more")
    assert result.code == 5
    assert Path("more").read_text() == "content-type=a/b"


# --- --body ------------------------------------------------------------------------------------------------


def test_a_body_is_changed(run: Run, cursorkit: Run) -> None:
    Path("body").write_text('{"timeZone": "UTC", "name": "n"}')
    result = run(*DATASETS, "-p", "dataset-id=d", "--dry-run", "--body", "body", "-r", "time-zone=CET")
    assert result.json["body"] == {"timeZone": "CET", "name": "n"}
    Path("list").write_text("[1, [2]]")
    assert cursorkit("body", "--body", "list", "-r", "1.+:=3", "+:=4").json == [1, [2, 3], 4]


def test_a_body_alone_is_enough(run: Run) -> None:
    Path("body").write_text('{"contentType": "a/b", "data": "AAEC"}')
    assert run(*CALL, "--dry-run", "--body", "body").json["body"]["size"] == 3


def test_a_body_from_standard_input() -> None:
    command = [str(PROGRAM), *DATASETS, "-p", "dataset-id=d", "--dry-run", "--body", "-"]
    done = subprocess.run(command, input=b'{"name": "n"}', capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout)["body"] == {"name": "n"}


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("{", 2, "--body: body: this is no JSON document"),
        ('{"name": 1}', 2, "the starting body: a string is expected"),
        ('{"nosuch": 1}', 2, "the starting body: unknown field 'nosuch' in Dataset"),
        ("[]", 2, "the starting body: a structure (Dataset) is expected"),
        (None, 5, "--body: cannot read 'body': No such file or directory"),
    ],
)
def test_a_body_that_does_not_do(run: Run, content: str | None, code: int, told: str) -> None:
    if content is not None:
        Path("body").write_text(content)
    result = run(*DATASETS, "-p", "dataset-id=d", "--dry-run", "--body", "body")
    assert (result.code, result.out) == (code, "")
    assert f"error: {told}" in result.err


def test_a_method_without_a_body_takes_none(run: Run) -> None:
    Path("body").write_text("{}")
    result = run("projects", "locations-datasets-get", DATASET, "--dry-run", "--body", "body")
    assert result.code == 2
    assert "this method takes no -r and no --body" in result.err


# --- the parent --------------------------------------------------------------------------------------------


def test_the_parent_may_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--dry-run", "-r", "content-type=a/b", "data=x")
    written = run(*CALL, *words)
    monkeypatch.setenv("CURSORKIT_PARENT", PARENT)
    assert run(*COMMAND, "studies", *words).json == written.json
    monkeypatch.setenv("CURSORKIT_PARENT", "projects/other")
    assert run(*CALL, *words).json == written.json


def test_only_what_is_missing_comes_from_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURSORKIT_PARENT", DATASET)
    assert run(*STORES, "--dry-run").json["url"].endswith(f"{DATASET}/dicomStores")
    result = run(*COMMAND, "--dry-run", "-r", "content-type=a/b", "data=x")
    assert result.code == 2
    result = run("projects", "locations-datasets-get", "--dry-run")
    assert result.code == 2
    assert "parameter 'name' is missing" in result.err


def test_a_positional_may_be_given_by_its_name(run: Run) -> None:
    words = ("--dry-run", "-r", "content-type=a/b", "data=x")
    named = run(*COMMAND, *words, "-p", f"parent={PARENT}", "dicom-web-path=studies")
    assert (named.code, named.json) == (0, run(*CALL, *words).json)
    result = run(*COMMAND, *words, "-p", f"parent={PARENT}")
    assert result.code == 2
    assert "parameter 'dicom-web-path' is missing" in result.err


def test_what_is_wrong_with_it_is_told_of_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURSORKIT_PARENT", "projects/../x")
    result = run(*STORES, "--dry-run")
    assert result.code == 2
    assert result.err == (
        "error: CURSORKIT_PARENT: the segment '..' is not allowed in a path\n"
        "    projects/../x\n"
        "             ^^\n"
    )


def test_an_empty_one_is_none(run: Run) -> None:
    assert "parameter 'parent' is missing" in run(*STORES, "--dry-run").err
    env = {**os.environ, "CURSORKIT_PARENT": ""}
    done = subprocess.run(
        [PROGRAM, *STORES, "--dry-run"], env=env, capture_output=True, timeout=60, check=False
    )
    assert b"parameter 'parent' is missing" in done.stderr
