"""The programs of docs/embedding.md, as they are called."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from programs import on_terminal

USAGE = "usage: deploy.py [-h] [-r WORD [WORD ...]] cluster\ndeploy.py: error: "
CLICK_USAGE = "Usage: store.py [OPTIONS]\nTry 'store.py --help' for help.\n\nError: "


@pytest.fixture
def programs(root: Path, tmp_path: Path) -> Path:
    """A folder with the programs that stand in the manual."""
    page = (root / "docs" / "embedding.md").read_text(encoding="utf-8")
    for program, name in re.findall(r"^```python\n(# (\S+\.py)\n.*?)^```$", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(program, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "code", "out", "err"),
    [
        (
            "deploy.py east -r name=web .spec replica-count=2",
            0,
            "web to east: Deployment(name='web', spec=Spec(replica_count=2, image=''), labels={})\n",
            "",
        ),
        ("deploy.py", 2, "", f"{USAGE}the following arguments are required: cluster\n"),
        ("deploy.py east", 2, "", f"{USAGE}argument -r: field 'name' is missing in Deployment\n"),
        ("deploy.py east -r", 2, "", f"{USAGE}argument -r: expected at least one argument\n"),
        ("deploy.py east -r name=web --dry", 2, "", f"{USAGE}unrecognized arguments: --dry\n"),
        (
            "deploy.py east -r name=a name=b",
            2,
            "",
            USAGE
            + """\
argument -r: word 2: 'name' was already set by word 1
    name=b
    ^^^^
    cursor: . (Deployment)
""",
        ),
        (
            "deploy.py east -r name@=store.py",
            2,
            "",
            USAGE
            + """\
argument -r: word 1: files are not read here
    name@=store.py
          ^^^^^^^^
    cursor: . (Deployment)
""",
        ),
        ("store.py -r text@=- level=HIGH", 0, "Alarm(text='typed', level=<Level.HIGH: 2>, call=[])\n", ""),
        ("store.py -r text=a --quiet", 0, "", ""),
        (
            "store.py",
            2,
            "",
            f"{CLICK_USAGE}Invalid value for '-r' / '--request': field 'text' is missing in Alarm\n",
        ),
        (
            "store.py -r text@=- call@=-",
            2,
            "",
            CLICK_USAGE
            + """\
Invalid value for '-r' / '--request': word 2: standard input can be read only once
    call@=-
          ^
    cursor: . (Alarm)
""",
        ),
        ("ship.py post -r to=Paris -r grams:=null", 0, "post Parcel(to='Paris', grams=None) False\n", ""),
        ("store.py -r text=a --loud", 2, "", f"{CLICK_USAGE}No such option '--loud'.\n"),
    ],
)
def test_a_call(programs: Path, argv: str, code: int, out: str, err: str) -> None:
    child = subprocess.run(
        [sys.executable, *argv.split()], cwd=programs, input="typed", capture_output=True, text=True
    )
    assert (child.returncode, child.stdout, child.stderr) == (code, out, err)


def test_somebody_who_has_to_type_is_told(programs: Path) -> None:
    shown = on_terminal(
        str(programs / "store.py"), "-r", "text@=-", typed=b"fire\n\4", program=Path(sys.executable)
    )
    assert shown.startswith("reading standard input; end it with Ctrl-D on a line of its own\n")
    assert shown.endswith("Alarm(text='fire\\n', level=<Level.LOW: 1>, call=[])\n")
