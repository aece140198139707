"""Signals at random moments: what the program says and leaves behind, and whether that is true.

    python tests/plugins/interruptions.py 1000

sends a thousand signals of each kind while an upload goes to each kind of endpoint, and prints a table.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from cursorkit import dicom
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadBody, ReadHead, Server, Write
from programs import CALL, PROGRAM

if TYPE_CHECKING:
    from cursorkit.testing.server import Peer, Script

KINDS = {signal.SIGHUP: "hung up", signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
SENT = {
    "nothing was sent": "nothing",
    "the body was sent in part; sending the same again is safe": "in part",
    "the body was sent in full, and may have been accepted; sending the same again is safe": "in full",
}
STATES = ("starting", *SENT.values(), "too late")
"""When a signal may come: before the program does anything, while …, or when all is done."""

_INSTANCES, _OCTETS = 16, 512 * 1024
_PIECES = 8


# --- what is sent, and where to ---------------------------------------------------------------------------


@frozen
class Upload:
    """Several images as one body in a file.

    Attributes:
        content_type: its content type.
        path: the file.
        report: what a DICOM store answers when all is well.
    """

    content_type: str
    path: Path
    report: bytes = field(repr=False)

    @classmethod
    def into(cls, folder: Path) -> Upload:
        """Make it."""
        dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
        dataset.PixelData = bytes(_OCTETS)
        dataset.Rows = dataset.Columns = 512
        paths = [folder / f"{number}.dcm" for number in range(_INSTANCES)]
        uids = []
        for path in paths:
            uids.append(UID(f"{dataset.StudyInstanceUID}.{path.stem}"))
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uids[-1]
            file = BytesIO()
            dataset.save_as(file)
            path.write_bytes(file.getvalue())
        content_type, source = dicom.multipart(paths)
        with source.open() as reader:
            (folder / "body").write_bytes(reader.read())
        items = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]
        report = json.dumps({"00081199": {"vr": "SQ", "Value": items}}).encode()
        return cls(content_type, folder / "body", report)

    @property
    def length(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size


@frozen
class Arrived:
    """What came in at an endpoint.

    Attributes:
        octets: bytes of the body; None where nobody counts them.
        accepted: whether all of it, or any instance, was accepted.
        leftovers: what should not be there.
    """

    octets: int | None
    accepted: bool
    leftovers: tuple[str, ...] = ()


class Endpoint(Protocol):
    """Somewhere to send to, for one run of the program."""

    url: str

    def close(self) -> Arrived:
        """Leave, and tell what came."""
        ...


class Folder:
    """The DICOM store in a folder."""

    def __init__(self, upload: Upload, place: Path) -> None:
        self._store = place / "store"
        self.url = f"file:{self._store}"

    def close(self) -> Arrived:
        """Look into it."""
        files = [path for path in self._store.rglob("*") if path.is_file() or path.name.startswith(".")]
        strange = tuple(path.name for path in files if path.suffix != ".dcm")
        return Arrived(None, len(files) > len(strange), strange)


@frozen
class _Rest:
    """Do nothing for some seconds."""

    seconds: float

    def play(self, peer: Peer) -> None:
        peer.released.wait(self.seconds)


class Http:
    """A server that takes its time, on this machine."""

    def __init__(self, upload: Upload, place: Path) -> None:
        piece = upload.length // _PIECES
        reading = (ReadBody(piece), _Rest(0.02)) * (_PIECES - 1)
        last = ReadBody(upload.length - piece * (_PIECES - 1))
        script: Script = (ReadHead(), *reading, last, _Rest(0.1), Write(answer(200, upload.report)))
        self._server = Server(script)
        self._whole = upload.length
        self.url = self._server.url

    def close(self) -> Arrived:
        """Read what was sent, and count it."""
        self._server.close()
        octets = sum(len(each.body) for each in self._server.exchanges)
        return Arrived(octets, octets == self._whole)


Opener = Callable[[Upload, Path], Endpoint]
ENDPOINTS: dict[str, Opener] = {"file store": Folder, "http": Http}


# --- one signal -------------------------------------------------------------------------------------------


@frozen
class Run:
    """One run of the program, and the signal that it got.

    Attributes:
        kind: the signal.
        heeded: whether the program was that far when the signal was sent; the interpreter starts before it.
        code: how it ended: its exit code, or below zero the signal.
        said: what it wrote to standard error.
        out: the file of `-o`, which held `old` before.
        arrived: what came in at the endpoint.
        length: the size of the body, in bytes.
        leftovers: names of files that nobody needs any more.
    """

    kind: signal.Signals
    heeded: bool
    code: int
    said: str
    out: bytes
    arrived: Arrived
    length: int
    leftovers: tuple[str, ...]

    @property
    def state(self) -> str:
        """How far it was, as it says itself."""
        if not self.heeded:
            return "starting"
        if self.code == 0:
            return "too late"
        line = re.fullmatch(rf"healthcare1-beta1: {KINDS[self.kind]}; (.*)\n", self.said)
        return SENT.get(line[1], "?") if line else "?"

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong."""
        told = [f"left behind: {name}" for name in (*self.leftovers, *self.arrived.leftovers)]
        new = self.out != b"old"
        if new and "00081199" not in json.loads(self.out):
            told.append("-o is neither the old one nor the whole new one")
        if new and not self.arrived.accepted:
            told.append("-o has a report of nothing")
        match self.state:
            case "?":
                told.append(f"exit code {self.code}, and said {self.said!r}")
            case "starting" if new or self.arrived.octets or self.arrived.accepted:
                told.append("did something before it heeded signals")
            case "too late" if self.said or not new or not self.arrived.accepted:
                told.append(f"claims to be done, and said {self.said!r}")
            case "nothing" if self.arrived.octets or self.arrived.accepted:
                told.append("something was sent after all")
            case "in part" if self.arrived.octets == self.length or self.arrived.accepted:
                told.append("the whole body was sent after all")
        if self.heeded and self.code not in {0, -self.kind}:
            told.append(f"exit code {self.code}")
        return told


def interrupted(kind: signal.Signals, after: float, endpoint: Opener, upload: Upload) -> Run:
    """Run the program, and send it a signal `after` so many seconds."""
    with TemporaryDirectory(dir=upload.path.parent, prefix="run-") as name:
        folder = Path(name)
        place = _prepared(folder)
        target = endpoint(upload, place)
        child = _started(target.url, upload, folder)
        time.sleep(after)
        # Popen looks first whether the process is still its own. It stands still while it is looked at.
        child.send_signal(signal.SIGSTOP)
        heeded = _heeds(child.pid)
        child.send_signal(kind)
        child.send_signal(signal.SIGCONT)
        _, said = child.communicate(timeout=120)
        return Run(
            kind,
            heeded,
            child.returncode,
            said,
            (folder / "out" / "out").read_bytes(),
            target.close(),
            upload.length,
            tuple(path.name for path in folder.glob("[ot]*/*") if path.name != "out"),
        )


def _prepared(folder: Path) -> Path:
    for name in ("out", "tmp", "place"):
        (folder / name).mkdir()
    (folder / "out" / "out").write_bytes(b"old")
    return folder / "place"


def _started(url: str, upload: Upload, folder: Path) -> subprocess.Popen[str]:
    words = ("-r", f"content-type={upload.content_type}", f"data@={upload.path}", "--quiet")
    return subprocess.Popen(
        [PROGRAM, "--endpoint", url, *CALL, *words, "-o", folder / "out" / "out"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
    )


def _heeds(pid: int) -> bool:
    """Whether a process, once it stands still, handles SIGTERM, which an interpreter does not; or is gone."""
    status = ""
    while not re.search(r"^State:\s*[TZX]", status, re.MULTILINE):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return True
    # Caught at first, and ignored when all is done.
    masks = re.findall(r"^Sig(?:Cgt|Ign):\s*(\w+)", status, re.MULTILINE)
    return "zombie" in status or any(int(mask, 16) >> (signal.SIGTERM - 1) & 1 for mask in masks)


# --- many -------------------------------------------------------------------------------------------------


@frozen
class Survey:
    """Many signals of one kind, and uploads to one kind of endpoint.

    Attributes:
        states: how many came when.
        faults: everything that went wrong, with the moment of the signal in seconds.
    """

    states: Counter[str]
    faults: tuple[str, ...]


def survey(upload: Upload, kind: signal.Signals, endpoint: str, number: int, seed: int = 0) -> Survey:
    """Send `number` signals at moments that spread evenly over the whole time that a run takes."""
    chance = Random(f"{kind} {endpoint} {seed}")
    target = ENDPOINTS[endpoint]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = max(pool.map(lambda _: undisturbed(target, upload), range(2)))
        moments = [chance.uniform(0, whole) for _ in range(number)]
        runs = list(pool.map(lambda after: interrupted(kind, after, target, upload), moments))
    faults = [
        f"{kind.name} to {endpoint} after {after:.3f} of {whole:.3f} s, {run.state}: {fault}"
        for run, after in zip(runs, moments, strict=True)
        for fault in run.faults
    ]
    return Survey(Counter(run.state for run in runs), tuple(faults))


def undisturbed(endpoint: Opener, upload: Upload) -> float:
    """How many seconds the program takes when nobody interrupts it."""
    with TemporaryDirectory(dir=upload.path.parent, prefix="run-") as name:
        target = endpoint(upload, _prepared(Path(name)))
        start = time.monotonic()
        child = _started(target.url, upload, Path(name))
        _, said = child.communicate(timeout=120)
        taken = time.monotonic() - start
        if child.returncode or not target.close().accepted:
            raise RuntimeError(f"{child.returncode}: {said}")
        return taken


def main(number: int) -> int:
    """Survey both kinds of signals to both kinds of endpoints, and print a table."""
    say = sys.stdout.write
    say(f"{'signal':8} {'endpoint':12}{''.join(f'{state:>10}' for state in STATES)}{'faults':>10}\n")
    faults: list[str] = []
    with TemporaryDirectory(prefix="interruptions-") as folder:
        upload = Upload.into(Path(folder))
        for kind, endpoint in product((signal.SIGINT, signal.SIGTERM), ENDPOINTS):
            found = survey(upload, kind, endpoint, number)
            counts = "".join(f"{found.states[state]:10}" for state in STATES)
            say(f"{kind.name:8} {endpoint:12}{counts}{len(found.faults):10}\n")
            sys.stdout.flush()
            faults += found.faults
    say("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
