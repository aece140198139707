"""The README's first command, as somebody with a fresh clone runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
    image = clone / "demo-store" / shown.stdout.splitlines()[-1]
    from pydicom.data import get_testdata_file

    with open(str(get_testdata_file("CT_small.dcm", download=False)), "rb") as scan:
        assert image.read_bytes() == scan.read()
