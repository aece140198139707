"""What a whole run of a program costs beside a bare interpreter, in one run: milliseconds and peak memory.

    scripts/benchmark processes

The programs are started in turn, round after round; medians are given, each also as a multiple of an
interpreter that does nothing. Byte code is compiled beforehand. Peers that are not installed are left out.
"""

from __future__ import annotations

import os
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
    "healthcare1-beta1 --help": f"healthcare1-beta1 {STORE} --help",
    "healthcare1-beta1, dry run": f"healthcare1-beta1 {STORE} {PLACE} --dry-run -r content-type=a/b data=ut",
    "cursorkit --help": "cursorkit --help",
    "cursorkit body, 3 arguments": "cursorkit body -r .user name=ann age:=3 .tags.+=red",
    "cursorkit body, 5,000 times -r": f"cursorkit body {MANY}",
    "http --help": "http --help",
    "http --offline, 2 fields": "http --offline --ignore-stdin pie.dev/post a=b c=d",
    "aws --version": "aws --version",
}


def run(command: list[str]) -> tuple[float, int]:
    """Seconds, and KiB of memory at most, of one process; it may print what it likes, and must succeed."""
    start = perf_counter()
    child = subprocess.Popen(
        [BIN / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)[:80]} failed with {child.returncode}")
    return perf_counter() - start, usage.ru_maxrss


def main() -> None:
    """Run every program in turn, and print the table."""
    programs = {name: words.split() for name, words in PROGRAMS.items() if (BIN / words.split()[0]).exists()}
    for command in programs.values():
        run(command)
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, command in programs.items():
            taken[name].append(run(command))
    floor = median(seconds for seconds, _ in taken["python -c pass"])
    print("| | ms | x bare python | peak MiB |\n| --- | ---: | ---: | ---: |")
    for name, runs in taken.items():
        seconds, memory = (median(each) for each in zip(*runs, strict=True))
        print(f"| {name} | {seconds * 1e3:.0f} | {seconds / floor:.1f} | {memory / 1024:.0f} |")


if __name__ == "__main__":
    main()
