"""The project's own vectors, asked by the runner that any implementation can have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "grammar" / "vectors"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.name != "schema.json")
OURSELVES = [sys.executable, str(Path(__file__).with_name("answering.py"))]

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def run() -> Callable[..., Run]:
    def asked(*command: str, runner: Path = ROOT / "grammar" / "runner.py") -> Run:
        return subprocess.run(
            [sys.executable, str(runner), *command], check=False, capture_output=True, text=True
        )

    return asked


def test_there_are_vectors_of_every_sort() -> None:
    assert [path.name for path in FILES] == ["bodies.json", "extensions.json", "moves.json"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_vectors_fit_their_schema(path: Path) -> None:
    document = json.loads(path.read_bytes())
    jsonschema.validate(document, json.loads((FOLDER / "schema.json").read_bytes()))
    names = [vector["name"] for vector in document["vectors"]]
    assert len(names) == len(set(names))


def test_every_vector_is_answered_rightly(run: Callable[..., Run]) -> None:
    asked = run(*OURSELVES)
    assert asked.returncode == 0, asked.stdout
    count = sum(len(json.loads(path.read_bytes())["vectors"]) for path in FILES)
    assert asked.stdout == f"{count} of {count} vectors are answered rightly\n"


def test_the_runner_finds_a_wrong_answer(run: Callable[..., Run]) -> None:
    code = 'import sys\nfor line in sys.stdin: print(\'{"body": {}, "cursor": []}\')'
    asked = run(sys.executable, "-c", code)
    assert asked.returncode == 1
    assert "bodies.json: a field at the cursor\n  expected" in asked.stdout
    assert "bodies.json: nothing\n" not in asked.stdout


def test_the_runner_tells_1_from_1_0_and_from_true(run: Callable[..., Run], tmp_path: Path) -> None:
    runner = tmp_path / "runner.py"
    runner.write_bytes((ROOT / "grammar" / "runner.py").read_bytes())
    (tmp_path / "vectors").mkdir()
    vector = {"name": "one", "schema": "S", "arguments": [], "body": 1, "cursor": []}
    (tmp_path / "vectors" / "one.json").write_text(json.dumps({"schemas": {}, "vectors": [vector]}))
    for value, code in {"1": 0, "1.0": 1, "true": 1}.items():
        answer = f'{{"body": {value}, "cursor": []}}'
        assert run(sys.executable, "-c", f"print('{answer}')", runner=runner).returncode == code


def test_no_vectors_are_no_success(run: Callable[..., Run], tmp_path: Path) -> None:
    runner = tmp_path / "runner.py"
    runner.write_bytes((ROOT / "grammar" / "runner.py").read_bytes())
    assert run(*OURSELVES, runner=runner).returncode == 1


def test_an_implementation_that_says_nothing_is_wrong(run: Callable[..., Run]) -> None:
    assert run(sys.executable, "-c", "pass").returncode == 1
