"""Every code block of the README and the manual runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PRINTING = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
"""A block of Python, and what it prints, if a drawing follows at once."""
PROGRAM = re.compile(r"^```python\n(# (\S+\.py)\n.*?)^```$", re.MULTILINE | re.DOTALL)
"""A block that begins with the name of a file, to be called from the console."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    text = PROGRAM.sub("", page.read_text(encoding="utf-8"))
    return [block for kind, block in BLOCK.findall(text) if kind == language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place to run in: two images, and no home, proxy or credentials of the machine."""
    from pydicom.data import get_testdata_file

    for name, image in {"scan.dcm": "CT_small.dcm", "other.dcm": "MR_small.dcm"}.items():
        shutil.copyfile(str(get_testdata_file(image, download=False)), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_has_a_language_that_is_run_or_is_a_drawing() -> None:
    for page in PAGES:
        kinds = {kind for kind, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}
        assert kinds <= {"python", "console", "sh", "text", "toml"}, page


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda page: page.name)
def test_python(page: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for block, drawing in PRINTING.findall(PROGRAM.sub("", page.read_text(encoding="utf-8"))):
        # The blocks of a page share one namespace.
        exec(compile(block, page.name, "exec", dont_inherit=True), names)
        printed = capsys.readouterr().out
        assert printed == drawing or not drawing


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=lambda page: page.name)
def test_console(page: Path, folder: Path) -> None:
    # The blocks of a page share one folder.
    session = re.findall(
        r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", "".join(blocks(page, "console")), re.MULTILINE
    )
    assert session
    for program, name in PROGRAM.findall(page.read_text(encoding="utf-8")):
        (folder / name).write_text(program, encoding="utf-8")
        assert any(f"python {name}" in command for command, _ in session), name
    for command, expected in session:
        shown = run(command.replace("\n> ", "\n"))
        # A line of three dots stands for any number of lines.
        pattern = "".join(
            "(?:.*\n)*?" if line == "...\n" else re.escape(line) for line in expected.splitlines(True)
        )
        assert re.fullmatch(pattern, shown), shown


def run(command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    child = subprocess.run(
        ["bash", "-c", command],
        check=False,
        env={**os.environ, "PATH": path, "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return child.stdout


def test_the_commands_of_the_readme_are_the_scripts(root: Path) -> None:
    (first, *_) = blocks(root / "README.md", "sh")
    for command in first.split():
        assert os.access(root / command, os.X_OK), command


def test_the_links_of_the_manual_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "grammar" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), (page.name, target)
