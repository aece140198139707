"""The program that stores images, a call of it, and runs of programs: in this process, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PROGRAM = Path(sys.executable).with_name("healthcare1-beta1")
COMMAND = ("projects", "locations-datasets-dicom-stores-studies-store-instances")
PARENT = "projects/p/locations/l/datasets/d/dicomStores/s"
PLACE = (PARENT, "studies")
CALL = (*COMMAND, *PLACE)

PAGE = """\
https://www.googleapis.com/auth/cloud-healthcare
https://www.googleapis.com/auth/cloud-platform
<parent> (string, required)
projects/{project_id}/locations/{location_id}/datasets/{dataset_id}/dicomStores/{dicom_store_id}
<dicom-web-path> (string, required)
studies/[{study_uid}]
HttpBody
content-type: string
data: string
-r . content-type=
$-xgafv=string
access-token=string
alt=string
callback=string
fields=string
key=string
oauth-token=string
pretty-print=boolean
quota-user=string
not exceed 40 characters
upload-type=string
upload-protocol=string
-o FILE
--scope URL
one level up; each further dot one more
sets a nested field without moving"""
"""What the documented page of that command promises, row by row."""


def on_terminal(*argv: str, typed: bytes = b"", program: Path = PROGRAM, **env: str) -> str:
    """What somebody at a terminal reads."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the child becomes the program
        os.execve(str(program), [str(program), *argv], {**os.environ, "TERM": "xterm", **env})
    if typed:
        time.sleep(0.5)
        os.write(terminal, typed)
    shown = b""
    while True:
        try:
            block = os.read(terminal, 4096)
        except OSError:
            break
        if not block:
            break
        shown += block
    os.waitpid(child, 0)
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n")


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
