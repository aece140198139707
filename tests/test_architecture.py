"""The rooms of docs/architecture.md, held against the installed packages."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cursorkit
import cursorkit_transports

PACKAGES = [Path(package.__path__[0]) for package in (cursorkit, cursorkit_transports)]
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
DOORS = {"cursorkit", "cursorkit.__main__"}
PURE = {"language", "schema", "wire", "body", "methods"}
IMPURE = {"os", "time", "random", "socket"}


def name_of(path: Path) -> str:
    package = next(each for each in PACKAGES if each in path.parents)
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> set[str]:
    """Every module that is imported anywhere in the file, in functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "cursorkit" and len(parts) > 1 else parts[0]


def table(root: Path) -> dict[str, set[str]]:
    """What each room may import, as docs/architecture.md has it."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) ?\|$", text, re.MULTILINE)
    rooms = [name for name, _ in rows]
    allowed: dict[str, set[str]] = {}
    for position, (name, cell) in enumerate(rows):
        named = set(re.findall(r"`(\w+)`", cell))
        if cell.startswith("all above"):
            named |= set(rooms[:position])
        elif cell.startswith("all but"):
            named = set(rooms) - named
        allowed[name] = named | {name}
    return allowed


def test_the_tests_run_on_what_was_installed(root: Path) -> None:
    for package in PACKAGES:
        assert root / package.name != package
        assert root / "transports" / package.name != package


def test_every_module_has_a_room(root: Path) -> None:
    rooms = {room(name_of(path)) for path in MODULES if name_of(path) not in DOORS}
    assert rooms == set(table(root))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_room_knows_of_a_later_one(path: Path, root: Path) -> None:
    name = name_of(path)
    if name in DOORS:
        return
    ours = {each for each in imports(path) if each.split(".")[0] in {"cursorkit", "cursorkit_transports"}}
    rooms = {room(each) for each in ours if each != "cursorkit.__version__"}
    assert rooms <= table(root)[room(name)]


@pytest.mark.parametrize("path", [path for path in MODULES if room(name_of(path)) in PURE], ids=name_of)
def test_the_pure_rooms_touch_nothing(path: Path) -> None:
    assert not {each.split(".")[0] for each in imports(path)} & IMPURE
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert "open" not in {func.id for func in calls if isinstance(func, ast.Name)}


SAID_BY_PROGRAMS = re.compile(r"healthcare1|(?:^|[\s\"'`])--?[a-z]+\b", re.MULTILINE)
"""The names of programs and of their flags."""


@pytest.mark.parametrize(
    "path", [path for path in MODULES if room(name_of(path)) in {"cursorkit_transports", "methods", "wire"}]
)
def test_only_programs_say_what_to_type_to_them(path: Path) -> None:
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and SAID_BY_PROGRAMS.search(text)]


def test_lark_has_one_importer() -> None:
    importers = [name_of(path) for path in MODULES if any(e.split(".")[0] == "lark" for e in imports(path))]
    assert importers == ["cursorkit.language.grammar"]


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after `code`."""
    child = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(child.stderr.split())


HEAVY = {"attrs", "attr", "lark", "urllib3", "google.auth", "pydicom"}
NETWORK = {"urllib3", "google.auth", "pydicom", "http.client", "ssl"}
COMMAND = """\
projects locations-datasets-dicom-stores-studies-store-instances --dry-run -r content-type=a/b data=ut --
projects/p/locations/l/datasets/d/dicomStores/s studies"""


def test_importing_the_package_brings_nothing() -> None:
    assert not loaded("import cursorkit, cursorkit_transports") & HEAVY


def test_help_is_plain() -> None:
    for words in ([], COMMAND.split()[:2], ["projects", "locations-datasets-deidentify"]):
        brought = loaded(f"from cursorkit.cli.main import main; assert main({[*words, '--help']}) == 0")
        assert not brought & {*HEAVY, "typing", "textwrap", "pathlib"}
    for argv in (["--help"], ["body", "--help"], ["--version"]):
        assert not loaded(f"from cursorkit.cli.language import main; main({argv})") & HEAVY


def test_a_dry_run_brings_no_network() -> None:
    brought = loaded(f"from cursorkit.cli.main import main; assert main({COMMAND.split()}) == 0")
    assert not brought & {*NETWORK, "lark"}


def test_the_language_alone_brings_no_network() -> None:
    for argv in (["body", "-r", "a.b=1"], ["print", os.devnull], ["complete", "--partial", "a"]):
        brought = loaded(f"from cursorkit.cli.language import main; main({argv})")
        assert not brought & {*NETWORK, "cursorkit_transports"}
    assert "cursorkit.schema.json_schema" not in brought


def test_every_public_name_is_there_and_documented() -> None:
    for name in cursorkit.__all__:
        assert getattr(cursorkit, name).__doc__, name
    with pytest.raises(AttributeError, match="nosuch"):
        _ = cursorkit.nosuch  # type: ignore[attr-defined]
