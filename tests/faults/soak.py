"""Uploads through random faults: what clients claim, held against what the store has.

    python tests/faults/soak.py 10000 [SEED]

prints the clients side by side, then what came of as many instances that cursorkit stores many at a time, and
fails where cursorkit claims what is not so.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import define, field
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from soak_clients import CLIENTS, Claim, Upload, missing
from soak_many import soak_many
from soak_store import ROOT, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soak_clients import Client

_LARGE = 1_500_000
_USUAL = 200_000

COLUMNS = (
    "right",
    "'stored', but other bytes",
    "'stored', but nothing",
    "unknown",
    "'not stored', but it is",
    "not stored",
    "other bytes kept",
)


@define
class Result:
    """What came of a number of uploads.

    Attributes:
        uploads: how many.
        faults: how often each fault came.
        came: how many uploads belong in each of the columns. The last one counts some of them again.
        seconds: how long it took.
    """

    uploads: int = 0
    faults: Counter[str] = field(factory=Counter)
    came: Counter[str] = field(factory=Counter)
    seconds: float = 0

    def add(self, claim: Claim, kept: bytes | None, content: bytes) -> None:
        """Count an upload."""
        self.uploads += 1
        self.came["other bytes kept"] += kept not in {None, content}
        match claim:
            case Claim.UNKNOWN:
                self.came["unknown"] += 1
            case Claim.NOT_STORED:
                self.came["not stored" if kept is None else "'not stored', but it is"] += 1
            case Claim.STORED if kept == content:
                self.came["right"] += 1
            case Claim.STORED:
                self.came[f"'stored', but {'nothing' if kept is None else 'other bytes'}"] += 1

    @property
    def lies(self) -> int:
        """How many uploads are lost, other than they were, or not said to be what they are."""
        return sum(self.came[name] for name in COLUMNS if name not in {"right", "unknown", "not stored"})


def soak(client: Client, number: int, seed: int, folder: Path) -> Result:
    """Upload so many images by a client, one after the other."""
    store, result, began = Store(str(seed)), Result(), time.monotonic()
    try:
        for one in _uploads(number, seed, store.url, folder):
            claim = client(one)
            result.add(claim, store.kept.pop(one.number, None), one.content)
            store.forget()
    finally:
        store.close()
    result.faults, result.seconds = store.faults, time.monotonic() - began
    return result


def _uploads(number: int, seed: int, url: str, folder: Path) -> Iterator[Upload]:
    dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    path = folder / "scan.dcm"
    for each in range(number):
        chance = Random(f"{seed} {each}")
        dataset.PixelData = chance.randbytes(2 * chance.randrange(_LARGE if each % 10 == 0 else _USUAL))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.{each}")
        file = BytesIO()
        dataset.save_as(file)
        content = file.getvalue()
        path.write_bytes(content)
        yield Upload(each, path, content, f"{url}/{each}")


def table(results: dict[str, Result]) -> str:
    """The results side by side."""
    names = ["uploads", "faults", *COLUMNS, "seconds"]
    columns = [
        [str(each.uploads), str(each.faults.total()), *(str(each.came[name]) for name in COLUMNS)]
        + [f"{each.seconds:.0f}"]
        for each in results.values()
    ]
    width = max(map(len, names))
    head = " " * width + "".join(f"  {name}" for name in results)
    lines = [
        name.ljust(width)
        + "".join(f"  {column[row]:>{len(title)}}" for column, title in zip(columns, results, strict=True))
        for row, name in enumerate(names)
    ]
    return "\n".join([head, *lines])


def main(number: int, seed: int) -> int:
    """Run all clients that are installed; the exit code."""
    _say(f"{number} uploads for each client, seed {seed}")
    results: dict[str, Result] = {}
    for name, client in CLIENTS.items():
        if missing(name):
            _say(f"{name} is not installed: it is not in the table")
            continue
        with TemporaryDirectory() as folder:
            results[name] = soak(client(), number, seed, Path(folder))
        _say(f"\n{table(results)}")
    with TemporaryDirectory() as folder:
        many = soak_many(number, seed, Path(folder))
    _say("\n".join(["", str(many), *many.wrong]))
    return 1 if results["cursorkit"].lies or many.wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**6))
