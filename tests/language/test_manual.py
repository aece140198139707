"""grammar/README.md holds: its examples of every kind, the vectors that it names, what shells leave alone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, get_args

import attrs
import pytest

import cursorkit
from cursorkit import ArgumentErrors, Outcome, SourceError, Verdict, Violation, blame, build
from cursorkit.cli import flags, language_flags
from cursorkit.cli.argv import cut
from cursorkit.cli.job import plan
from cursorkit.cli.language_work import work
from cursorkit.cli.service import healthcare
from cursorkit.errors import Kind
from cursorkit.files import Files, file_source
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.call import prepare
from cursorkit.methods.encoding import CONTENT_TYPE
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.json_schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).resolve().parents[2] / "grammar"
MANUAL = (FOLDER / "README.md").read_text(encoding="utf-8")
COMMAND = "projects locations-datasets-dicom-stores-studies-store-instances"
POSITIONALS = "-- projects/p/locations/l/datasets/d/dicomStores/s studies"


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    _, text = re.split(rf"^#+ {title}$", MANUAL, maxsplit=1, flags=re.MULTILINE)
    return re.split(r"^#+ ", text, maxsplit=1, flags=re.MULTILINE)[0]


class Row(NamedTuple):
    """A kind, and an example of it: shell words, and what they are words of."""

    kind: str
    of: str
    words: str


KINDS = section("Kinds")
OF_LISTS, OF_PROGRAM = (
    [
        Row(kind, of or "Job", words)
        for kind, of, words in re.findall(
            r"^\| `([a-z-]+)` \|.*\| (?:([\w ]+): )?`(.*)` \|$", table, re.MULTILINE
        )
    ]
    for table in KINDS.split("`healthcare1-beta1`")
)
OF_PROGRAMS = re.findall(r"`([a-z-]+)`", KINDS[KINDS.index("Programs can also") :])
SERVICE = healthcare()
SCHEMAS = Schemas(json.loads(re.findall(r"^```json\n(.*?)^```$", KINDS, re.MULTILINE | re.DOTALL)[0]))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the manual speaks of."""
    held = re.findall(r"`([\w.]+)` holds `(.*?)`", KINDS)
    assert [name for name, _ in held] == ["notes.txt", "twice.json"]
    for name, contents in held:
        (tmp_path / name).write_text(contents)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)


def written(words: str) -> list[str]:
    """The words that bash makes of a line."""
    show = 'import os, sys; os.write(1, b"".join(os.fsencode(word) + b"\\0" for word in sys.argv[1:]))'
    line = f"{shlex.quote(sys.executable)} -c {shlex.quote(show)} {words}"
    child = subprocess.run(["bash", "-c", line], check=True, capture_output=True)
    return [os.fsdecode(word) for word in child.stdout.split(b"\0")[:-1]]


def test_the_manual_tells_every_kind_that_there_is_and_no_other() -> None:
    told = [row.kind for row in OF_LISTS + OF_PROGRAM] + OF_PROGRAMS
    assert len(told) == len(set(told))
    assert set(told) == set(get_args(Kind))


def test_no_kind_escapes_the_type_checker() -> None:
    """The type checker, which reads all code, sees to it that kinds are those of `Kind`, but for one cast.

    What is cast there are the kinds of customs, which are data of documents, and of the content type.
    """
    package = Path(cursorkit.__path__[0])
    casts = [
        path.name for path in package.rglob("*.py") if re.search(r"cast\(\W*Kind", path.read_text("utf-8"))
    ]
    assert casts == ["mistakes.py"]
    documents = "".join(path.read_text("utf-8") for path in package.glob("apis/*.json"))
    advised = re.findall(r'"advice": \[\s*\{\s*"kind": "([a-z-]+)"', documents)
    assert advised
    assert documents.count('"advice"') == len(advised)
    assert {*advised, *(advice.kind for advice in CONTENT_TYPE.advice)} <= set(get_args(Kind))


@pytest.mark.parametrize("row", OF_LISTS, ids=lambda row: row.kind)
def test_the_example_of_a_kind(row: Row, files: None, monkeypatch: pytest.MonkeyPatch) -> None:
    extensions = row.of != "extensions off"
    schema = SCHEMAS.named(row.of if extensions else "Job")
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(ArgumentErrors) as told:
            build(schema, written(row.words), files=Files(print), extensions=extensions)
    assert [problem.kind for problem in told.value.problems] == [row.kind]


@pytest.mark.parametrize("row", OF_PROGRAM, ids=lambda row: row.kind)
def test_the_example_of_a_kind_of_the_program(row: Row, files: None) -> None:
    words = written(row.words if row.of == "instead" else f"{COMMAND} {row.words} {POSITIONALS}")
    try:
        job = plan(SERVICE, flags.read(SERVICE.prog, words), print)
        prepare(job.method, job.parameters, job.body)
        told = [advice.kind for advice in job.advice]
    except ArgumentErrors as errors:
        told = [problem.kind for problem in errors.problems]
    # A line that is nearly empty lacks more than one thing.
    assert row.kind in told
    assert set(told) <= {row.kind, "missing-field"}


def changed_file() -> None:
    source = file_source("notes.txt")
    Path("notes.txt").write_text("bread")
    source.open().read()


def field_violation() -> None:
    raise ArgumentErrors(blame(Outcome(Verdict.REFUSED, violations=(Violation("title", "no"),))))


def no_body() -> None:
    place = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}
    prepare(attrs.evolve(STORE_INSTANCES, request=None), place, {"data": b"ut"})


def against_schema() -> None:
    build(schema_of({"type": "array", "items": {"type": "string"}, "uniqueItems": True}), ["+=a", "+=a"])


def bad_schema() -> None:
    Path("schema.json").write_text("[]")
    line = cut(language_flags.flags("cursorkit", "body"), ("-r",), ["--schema", "schema.json", "-r", "a=b"])
    work("body", line, Files(print))


ACTS = [no_body, changed_file, field_violation, against_schema, bad_schema]


@pytest.mark.parametrize(("kind", "act"), [*zip(OF_PROGRAMS, ACTS, strict=True)])
def test_the_kinds_that_only_programs_meet(kind: str, act: Callable[[], None], files: None) -> None:
    kinds: list[str] = []
    try:
        act()
    except ArgumentErrors as errors:
        kinds = [problem.kind for problem in errors.problems]
    except SourceError as error:
        kinds = [error.kind]
    assert kinds == [kind]


def test_the_drawing_is_what_is_drawn() -> None:
    (drawing,) = re.findall(r"^```text\n(argument .*?)^```$", section("Errors"), re.MULTILINE | re.DOTALL)
    assert STORE_INSTANCES.request is not None
    with pytest.raises(ArgumentErrors) as told:
        build(STORE_INSTANCES.request.schema, [".", "contnt-type=application/dicom"])
    assert str(told.value) + "\n" == drawing


# --- decisions --------------------------------------------------------------------------------------------

DECISIONS = [line.split(" | ") for line in section("Decisions").splitlines() if line.startswith("| ")][2:]
VECTORS = {
    vector["name"]: vector
    for path in FOLDER.glob("vectors/*.json")
    if path.name != "schema.json"
    for vector in json.loads(path.read_bytes())["vectors"]
}


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: row[0].removeprefix("| "))
def test_every_decision_is_held_by_vectors(row: list[str]) -> None:
    names = re.findall(r"`((?:[^`]|`` )*)`", row[-1])
    assert names
    assert set(names) <= VECTORS.keys()


def test_what_extensions_off_says_of_kinds_is_in_the_vectors() -> None:
    told = section("Without the extensions")
    kinds = {
        error["kind"]
        for vector in VECTORS.values()
        if vector.get("extensions") is False
        for error in vector["errors"]
    }
    assert kinds == {kind for kind in re.findall(r"`([a-z-]+)`", told) if kind in get_args(Kind)}


# --- shells ------------------------------------------------------------------------------------------------

SHELLS = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}


@pytest.mark.parametrize("shell", SHELLS)
def test_words_that_shells_leave_alone(shell: str, absent: Callable[[str], NoReturn], tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        absent(shell)
    (block,) = re.findall(r"^```text\n(.*?)^```$", section("In a shell"), re.MULTILINE | re.DOTALL)
    words = block.split()
    # Files that patterns could stand for.
    for name in ("a", "title=", "+", "tags"):
        (tmp_path / name).touch()
    line = (
        f"{shlex.quote(sys.executable)} -c 'import sys; print(*sys.argv[1:], sep=\"\\n\")' {' '.join(words)}"
    )
    child = subprocess.run(
        [shell, *SHELLS[shell], "-c", line], check=True, capture_output=True, cwd=tmp_path, text=True
    )
    assert child.stdout.splitlines() == words
    assert not child.stderr


def test_every_form_of_an_extension_is_among_them() -> None:
    (block,) = re.findall(r"^```text\n(.*?)^```$", section("In a shell"), re.MULTILINE | re.DOTALL)
    for sign in (":=", "@=", "/=", ".+", ".0", "..", "="):
        assert sign in block
    assert "+" in block.split()
