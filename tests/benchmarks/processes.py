"""What a whole run of a program costs beside a bare interpreter, in one run: time, memory, and the goals.

    scripts/benchmark processes

The programs are started in turn, round after round; medians are given, each also as a multiple of an
interpreter that does nothing, and its memory as what it takes more than that. Byte code is compiled
beforehand, and may be written. Peers that are not installed are left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROUNDS = 15
BIN = Path(sys.executable).parent
STORE = "projects locations-datasets-dicom-stores-studies-store-instances"
PLACE = "projects/p/locations/l/datasets/d/dicomStores/s studies"
MANY = " ".join(f"-r a{k}=x" for k in range(5_000))

PROGRAMS = {
    "python -c pass": "python -c pass",
    "healthcare1-beta1 METHOD --help": f"healthcare1-beta1 {STORE} --help",
    "healthcare1-beta1, dry run": f"healthcare1-beta1 {STORE} {PLACE} --dry-run -r content-type=a/b data=ut",
    "cursorkit api, dry run of the largest": "cursorkit api compute:alpha instances insert p z --dry-run "
    "-r name=x disks.+.boot=true",
    "cursorkit --help": "cursorkit --help",
    "cursorkit body, 3 arguments": "cursorkit body -r .user name=ann age:=3 .tags.+=red",
    "cursorkit body, 5,000 times -r": f"cursorkit body {MANY}",
    "http --help": "http --help",
    "http --offline, 2 fields": "http --offline --ignore-stdin pie.dev/post a=b c=d",
    "googleapiclient's build": 'python -c "from googleapiclient.discovery import build; '
    "build('healthcare', 'v1beta1', developerKey='k')" + '"',
    "aws --version": "aws --version",
    "aws s3api put-object help": "aws s3api put-object help",
}

GOALS = {
    "healthcare1-beta1 METHOD --help": 3.0,
    "healthcare1-beta1, dry run": 8.5,
    "cursorkit api, dry run of the largest": 14.0,
    "cursorkit --help": 3.0,
    "cursorkit body, 3 arguments": 8.5,
}
"""How many times a bare interpreter a run may take."""

MEMORY_GOAL = 30
"""MiB that any of these may take more than it."""

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: list[str]) -> tuple[float, int]:
    """Seconds, and KiB of memory at most, of one process; it may print what it likes, and must succeed."""
    start = perf_counter()
    child = subprocess.Popen(
        [BIN / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)[:80]} failed with {child.returncode}")
    return perf_counter() - start, usage.ru_maxrss


def installed(command: list[str]) -> bool:
    """Whether it can be run; the manual pages of aws want groff."""
    return (BIN / command[0]).exists() and (command[-1] != "help" or shutil.which("groff") is not None)


def main() -> None:
    """Run every program in turn, and print the table."""
    commands = {name: shlex.split(words) for name, words in PROGRAMS.items()}
    programs = {name: command for name, command in commands.items() if installed(command)}
    for command in programs.values():
        run(command)
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, command in programs.items():
            taken[name].append(run(command))
    bare, bare_memory = (median(each) for each in zip(*taken["python -c pass"], strict=True))
    print("| | ms | x bare python | goal | MiB above it | goal |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, runs in taken.items():
        seconds, memory = (median(each) for each in zip(*runs, strict=True))
        above = (memory - bare_memory) / 1024
        goals = (f"{GOALS[name]:g}", str(MEMORY_GOAL)) if name in GOALS else ("", "")
        print(
            f"| {name} | {seconds * 1e3:.0f} | {seconds / bare:.1f} | {goals[0]} | {above:.1f} | {goals[1]} |"
        )


if __name__ == "__main__":
    main()
