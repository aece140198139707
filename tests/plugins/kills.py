"""Runs killed at random moments, which go on by their journal: nothing may be lost, and nothing sent again.

    python tests/plugins/kills.py 200 [SEED]

kills runs that store folders into a real Orthanc two hundred times, and prints a table.
"""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import TYPE_CHECKING, Self

from attrs import define, field, frozen

from hospital import hospital
from real_servers import running_orthanc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hospital import Piece
    from real_servers import Orthanc

SIGNALS = (*[signal.SIGKILL] * 3, signal.SIGTERM, signal.SIGINT)
MOMENTS = ("before the first request", "in a request", "between two", "after the last")
"""Where a run was when it was killed, as its requests show."""

INSTANCES = 240
_STARTING = 0.15
"""How many of the kills come before the first request."""

_BATCH = 8
_TOLD = frozenset({"stored", "stored before"})


# --- what is killed ---------------------------------------------------------------------------------------


def by_library(url: str, folder: Path, journal: Path, told: Path) -> list[str]:
    """A run that tells of each file as soon as it is known what became of it."""
    driver = Path(__file__).with_name("kills_driver.py")
    return [sys.executable, "-P", *map(str, (driver, url, folder, journal, told, _BATCH))]


def by_program(url: str, folder: Path, journal: Path, told: Path) -> list[str]:
    """A run that tells of all files in the end."""
    program = Path(sys.executable).with_name("cursorkit")
    flags = ("--journal", journal, "--report", told, "--batch", _BATCH, "--quiet")
    return [*map(str, (program, "store", url, folder, *flags))]


Way = Callable[[str, Path, Path, Path], list[str]]
WAYS: tuple[Way, ...] = (by_library, by_program)
"""What stores the files of the first folder, the second, the third …: in turn."""


# --- what goes over the wire ------------------------------------------------------------------------------


@define
class Tap:
    """A way to a server that keeps what went over it.

    Args:
        behind: the port of the server, on this machine.

    Attributes:
        sent: what clients sent, over each connection.
        said: what the server did.
    """

    behind: int
    sent: list[bytearray] = field(factory=list)
    said: list[bytearray] = field(factory=list)
    _listening: socket.socket = field(init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Only this wakes up who waits for the next one.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    @property
    def port(self) -> int:
        """Where it is."""
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def requests(self) -> int:
        """How many began."""
        return sum(each.count(b"POST /") for each in self.sent)

    @property
    def answers(self) -> int:
        """How many were answered."""
        return sum(each.count(b"HTTP/1.1 ") for each in self.said)

    def carried(self, instance: str) -> bool:
        """Whether a file of an instance was sent, or the beginning of one."""
        return any(instance.encode() in each for each in self.sent)

    def forget(self) -> None:
        """What went over it so far, once nothing does."""
        self.sent.clear()
        self.said.clear()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self.behind))
                sent, said = bytearray(), bytearray()
                with self._lock:
                    self.sent.append(sent)
                    self.said.append(said)
                Thread(target=_carry, args=(client, server, sent), daemon=True).start()
                Thread(target=_carry, args=(server, client, said), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with source, suppress(OSError):
        while block := source.recv(65536):
            kept += block
            sink.sendall(block)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


# --- one run ----------------------------------------------------------------------------------------------


@frozen
class Kill:
    """One run that was killed.

    Attributes:
        kind: by which signal.
        after: when, in seconds since it was started, or since its first request.
        moment: where it was.
        faults: everything that is wrong.
    """

    kind: signal.Signals
    after: float
    moment: str
    faults: tuple[str, ...]


@frozen
class Usual:
    """How long a run takes that nobody kills.

    Attributes:
        starting: seconds until its first request.
        sending: seconds from then on.
    """

    starting: float = 0.0
    sending: float = 0.0


@define
class Case:
    """A folder that is stored with a journal, by as many runs as it takes.

    Args:
        folder: an empty one for all that is needed.
        orthanc: an empty server.
        tap: the way to it.
        seed: what is stored depends on it.
        instances: how many are.
        way: what stores them.
        usual: how long a run takes that nobody kills.

    Attributes:
        pieces: what is stored, by the names of files.
    """

    folder: Path
    orthanc: Orthanc
    tap: Tap
    seed: str
    instances: int
    way: Way = by_library
    usual: Usual = field(factory=Usual)
    pieces: dict[str, Piece] = field(init=False)

    def __attrs_post_init__(self) -> None:
        images = self.folder / "images"
        made = hospital(images, self.instances, int(self.seed.rpartition(" ")[2]), odd=False)
        self.pieces = {str(images / each.name): each for each in made}

    def start(self) -> subprocess.Popen[bytes]:
        """A run of the program, from the beginning or where the last one ended."""
        url = self.orthanc.dicomweb.replace(self.orthanc.url, f"http://127.0.0.1:{self.tap.port}/")
        words = self.way(url, self.folder / "images", self.folder / "journal", self._told)
        self.tap.forget()
        self._told.unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log)

    @property
    def _told(self) -> Path:
        return self.folder / "told.jsonl"

    def kill(self, kind: signal.Signals, share: float, *, starting: bool) -> Kill | None:
        """Kill a run; None where it had ended well until then.

        Args:
            kind: by which signal.
            share: after so much of the time that it should take.
            starting: until its first request, or else from then on.
        """
        known = self._journal()
        left = 1 - len(known) / len(self.pieces)
        after = share * (self.usual.starting if starting else self.usual.sending * left)
        with self.start() as run:
            if not starting:
                self._wait_for_request(run)
            with suppress(subprocess.TimeoutExpired):
                run.wait(after)
            # Popen looks first whether the process is still its own.
            run.send_signal(kind)
            moment = self._moment()
            code = run.wait(60)
        faults = [*self._faults(known)]
        if code == 0:
            return None if not faults else Kill(kind, after, "after the last", tuple(faults))
        if code != -kind and not self._was_starting(kind):
            faults.append(f"exit code {code}: {(self.folder / 'log').read_text()[-300:]!r}")
        return Kill(kind, after, moment, tuple(faults))

    def finish(self) -> list[str]:
        """Everything that is wrong at the end."""
        known, began = self._journal(), time.monotonic()
        with self.start() as run:
            starting = self._wait_for_request(run) - began
            code = run.wait(60)
        self.usual = Usual(starting, time.monotonic() - began - starting)
        faults = [*self._faults(known)]
        if code:
            faults.append(f"exit code {code}: {(self.folder / 'log').read_text()[-300:]!r}")
        if sorted(name for name, _ in self._claims()) != sorted(self.pieces):
            faults.append("the last run does not tell of every file, or not once")
        digests = self.orthanc.digests()
        if digests != Counter(each.sha256 for each in self.pieces.values()):
            faults.append(f"Orthanc has {digests.total()} instances, or other ones")
        return faults

    def _wait_for_request(self, run: subprocess.Popen[bytes]) -> float:
        """Wait until the first request of a run begins, or the run ends; when that is."""
        while not any(self.tap.sent) and run.poll() is None:
            time.sleep(0.001)
        return time.monotonic()

    def _was_starting(self, kind: signal.Signals) -> bool:
        """Whether an interpreter that was interrupted did not even get to the program."""
        said = (self.folder / "log").read_text()
        return kind is signal.SIGINT and said.endswith("KeyboardInterrupt\n") and not self.tap.requests

    def _moment(self) -> str:
        if not self.tap.requests:
            return "before the first request"
        if self.tap.requests > self.tap.answers:
            return "in a request"
        return "after the last" if len(self._claims()) == len(self.pieces) else "between two"

    def _faults(self, known: dict[str, str]) -> Iterator[str]:
        for instance in known:
            if self.tap.carried(instance):
                yield f"{instance} was sent again, though the journal has it"
        journal, claims = self._journal(), self._claims()
        if not journal.items() >= known.items():
            yield "the journal forgot something"
        digests = self.orthanc.digests()
        for instance, digest in journal.items():
            if digests[digest] != 1:
                yield f"the journal has {instance}, and Orthanc has {digests[digest]} of it"
        for name, state in claims:
            piece = self.pieces[name]
            if state not in _TOLD:
                yield f"{name} is {state}"
            elif journal.get(piece.instance) != piece.sha256:
                yield f"{name} is {state}, but not in the journal"

    def _claims(self) -> list[tuple[str, str]]:
        """What the last run told of: names of files, and what became of them."""
        try:
            lines = self._told.read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        told = [json.loads(line) for line in lines if line.endswith("\n")]
        return [(each["name"], each["state"]) for each in told]

    def _journal(self) -> dict[str, str]:
        """What the journal has: digests by instances."""
        path = self.folder / "journal"
        if not path.exists() or not path.stat().st_size:
            return {}
        with closing(sqlite3.connect(path)) as database:
            try:
                return dict(database.execute("SELECT sop_instance, sha256 FROM stored"))
            except sqlite3.OperationalError:
                return {}


# --- many -------------------------------------------------------------------------------------------------


def survey(
    orthanc: Orthanc, folder: Path, number: int, seed: int = 0, instances: int = INSTANCES
) -> tuple[Iterator[Kill], list[str]]:
    """Kill so many runs, each of which goes on where the one before was, until all is stored; and again.

    Returns:
        The kills as they come, and all that is wrong at the end of each folder, once they have come.
    """
    faults: list[str] = []
    return _kills(orthanc, folder, number, seed, instances, faults), faults


def _kills(
    orthanc: Orthanc, folder: Path, number: int, seed: int, instances: int, faults: list[str]
) -> Iterator[Kill]:
    chance = Random(seed)
    done = turn = 0
    usual: dict[Way, Usual] = {}
    with Tap(int(orthanc.url.rstrip("/").rpartition(":")[2])) as tap:
        while done < number:
            orthanc.clear()
            turn += 1
            place = folder / str(turn)
            place.mkdir()
            way = WAYS[turn % len(WAYS)]
            case = Case(place, orthanc, tap, f"{seed} {turn}", instances, way, usual.get(way, Usual()))
            if way not in usual:
                faults += case.finish()
                usual[way] = case.usual
                continue
            while done < number:
                starting = chance.random() < _STARTING
                kill = case.kill(SIGNALS[done % len(SIGNALS)], chance.random(), starting=starting)
                if kill is None:
                    break
                done += 1
                yield kill
            faults += [f"at the end: {fault}" for fault in case.finish()]


def table(kills: list[Kill]) -> str:
    """What was killed when, and how often something was wrong."""
    lines = [f"{'signal':10}" + "".join(f"{moment:>26}" for moment in MOMENTS) + f"{'faults':>10}"]
    for kind in sorted(set(SIGNALS)):
        own = [each for each in kills if each.kind is kind]
        counts = Counter(each.moment for each in own)
        row = "".join(f"{counts[moment]:26}" for moment in MOMENTS)
        lines.append(f"{kind.name:10}{row}{sum(len(each.faults) for each in own):10}")
    return "\n".join(lines)


def main(number: int, seed: int) -> int:
    """Kill so many runs; the exit code."""
    # What is started heeds it, even where a shell's background has this ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        (folder / "orthanc").mkdir()
        with running_orthanc(folder / "orthanc") as orthanc:
            coming, faults = survey(orthanc, folder, number, seed)
            kills: list[Kill] = []
            for kill in coming:
                kills.append(kill)
                if len(kills) % 20 == 0:
                    _say(f"{len(kills)} kills")
    _say(table(kills))
    faults += [
        f"{each.kind.name} after {each.after:.3f} s, {each.moment}: {fault}"
        for each in kills
        for fault in each.faults
    ]
    _say("\n".join(faults) or "nothing was lost, sent again or said wrongly")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**6))
