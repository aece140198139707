"""The README's first command, as somebody with a fresh clone runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def test_demo(root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(
        root, clone, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "demo-store", "__pycache__")
    )
    # Nothing of this environment: only what a new machine has.
    env = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONSAFEPATH"}}
    shown = subprocess.run(
        [clone / "scripts" / "demo"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        timeout=300,
    )
    command, *_ = shown.stdout.splitlines()
    assert command.startswith("$ healthcare1-beta1 --endpoint file:")
    assert "projects locations-datasets-dicom-stores-studies-store-instances" in command
    assert " -r . content-type=application/dicom data@=" in command
    assert '"00081199"' in shown.stdout
    assert "stored 1 instance" in shown.stderr
    (image,) = (Path(line) for line in shown.stdout.splitlines() if line.startswith("/"))
    from pydicom.data import get_testdata_file

    with open(str(get_testdata_file("CT_small.dcm", download=False)), "rb") as scan:
        assert image.read_bytes() == scan.read()
    assert '"verdict": "done"' in shown.stdout
    assert '"stored": 81' in shown.stdout
    assert "<svg" in (clone / "demo-store" / "report.html").read_text()


PROBES = """
def test_of_orthanc(orthanc): ...
def test_of_nginx(nginx): ...
def test_of_the_reference(shared): ...
def test_of_shells(shell): ...
"""
NEEDED = ("Orthanc", "nginx", "the reference's vectors (../shared)", "bash", "zsh", "fish")


@pytest.mark.parametrize("ci", [True, False])
def test_what_is_missing_fails_a_run_on_ci_and_no_other(root: Path, tmp_path: Path, ci: bool) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(root / "tests", clone / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(root / "pyproject.toml", clone / "pyproject.toml")
    probes = clone / "tests" / "servers" / "test_probes.py"
    probes.write_text(PROBES)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "COV"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", probes],
        check=False,
        capture_output=True,
        text=True,
        cwd=clone,
        env={**env, "PATH": "", **({"CI": "true"} if ci else {})},
    )
    told = "is missing, and CI has to have it" if ci else "is missing"
    assert run.stdout.splitlines()[-1].strip("= ").startswith("6 errors" if ci else "6 skipped"), run.stdout
    assert run.returncode == (1 if ci else 0)
    for what in NEEDED:
        assert f"{what} {told}\n" in run.stdout
