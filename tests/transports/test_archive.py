"""A folder in which every instance is there whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cursorkit.dicom import Instance
from cursorkit_transports.archive import ConflictError, instance_path, transaction

if TYPE_CHECKING:
    from pathlib import Path


def instance(sop: str) -> Instance:
    return Instance(study="1.2", series="1.3", sop_instance=sop, sop_class="1.1")


def keep(folder: Path, contents: dict[str, bytes]) -> dict[str, bool]:
    """Keep each of `contents` by its SOP Instance UID, all in one transaction; tell which could be kept."""
    kept = {}
    with transaction(folder) as opened:
        staged = {sop: opened.stage(io.BytesIO(content)) for sop, content in contents.items()}
        for sop, path in staged.items():
            try:
                opened.keep(path, instance(sop))
                kept[sop] = True
            except ConflictError:
                kept[sop] = False
    return kept


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_kept_lies_where_its_identifiers_say(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "store"
    keep(folder, {"1.4": b"content"})
    path = folder / "studies" / "1.2" / "series" / "1.3" / "instances" / "1.4.dcm"
    assert path == instance_path(folder, instance("1.4"))
    assert path.read_bytes() == b"content"
    assert [each.name for each in folder.iterdir()] == ["studies"]


def test_the_first_stays(tmp_path: Path) -> None:
    assert keep(tmp_path, {"1": b"one", "2": b"two"}) == {"1": True, "2": True}
    before = instance_path(tmp_path, instance("1")).stat()
    assert keep(tmp_path, {"1": b"one", "2": b"other"}) == {"1": True, "2": False}
    assert files(tmp_path) == {"1.dcm": b"one", "2.dcm": b"two"}
    after = instance_path(tmp_path, instance("1")).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_bytes_are_compared_and_not_what_the_system_says_of_files(tmp_path: Path) -> None:
    with transaction(tmp_path) as opened:
        first, second = (opened.stage(io.BytesIO(content)) for content in (b"one", b"two"))
        os.utime(first, (0, 0))
        os.utime(second, (0, 0))
        opened.keep(first, instance("1"))
        with pytest.raises(ConflictError):
            opened.keep(second, instance("1"))


def test_what_goes_wrong_before_anything_is_kept_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), transaction(tmp_path) as opened:
        opened.stage(io.BytesIO(b"content"))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_what_waits_is_private(tmp_path: Path) -> None:
    with transaction(tmp_path) as opened:
        staged = opened.stage(io.BytesIO(b"content"))
        assert stat.S_IMODE(staged.stat().st_mode) == 0o600
        assert stat.S_IMODE(staged.parent.stat().st_mode) == 0o700
        assert staged.parent.parent == tmp_path


def test_something_else_in_the_place_of_an_instance(tmp_path: Path) -> None:
    place = instance_path(tmp_path, instance("1"))
    place.mkdir(parents=True)
    assert keep(tmp_path, {"1": b"one"}) == {"1": False}
    assert place.is_dir()


KILLED = """
import io, os, signal, sys
from pathlib import Path
from cursorkit.dicom import Instance
from cursorkit_transports.archive import transaction

with transaction(Path(sys.argv[1])) as opened:
    staged = [opened.stage(io.BytesIO(bytes(100_000))) for _ in range(3)]
    opened.keep(staged[0], Instance("1.2", "1.3", "1.4", "1.1"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_is_killed_leaves_whole_instances_and_what_waited(tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED, tmp_path])
    assert child.returncode == -9
    visible = [path for path in tmp_path.iterdir() if not path.name.startswith(".incoming-")]
    assert visible == [tmp_path / "studies"]
    assert files(tmp_path / "studies") == {"1.4.dcm": bytes(100_000)}
    # The next one is not disturbed.
    assert keep(tmp_path, {"1.4": bytes(100_000), "1.5": b"more"}) == {"1.4": True, "1.5": True}


# --- several at once ----------------------------------------------------------------------------------------

RACE = """
import io, sys
from pathlib import Path
from cursorkit.dicom import Instance
from cursorkit_transports.archive import ConflictError, transaction

print("ready", flush=True)
sys.stdin.readline()
for number in range(100):
    with transaction(Path(sys.argv[1])) as opened:
        staged = opened.stage(io.BytesIO(sys.argv[2].encode() * 10_000))
        try:
            opened.keep(staged, Instance(f"1.{number % 7}", "1.3", f"1.4.{number}", "1.1"))
            print("kept")
        except ConflictError:
            print("refused")
"""


def race(folder: Path, *contents: str) -> list[list[str]]:
    """What becomes of 100 instances that processes keep at the same time, each with a content of its own."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, folder, content],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for content in contents
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(len(children)) as pool:
        outputs = list(pool.map(lambda child: child.communicate("go\n", timeout=60)[0].split(), children))
    assert [child.returncode for child in children] == [0] * len(children)
    return outputs


def test_processes_that_keep_the_same(tmp_path: Path) -> None:
    assert race(tmp_path, "same", "same", "same") == [["kept"] * 100] * 3
    assert [*files(tmp_path).values()] == [b"same" * 10_000] * 100


def test_processes_that_keep_others_under_the_same_identifiers(tmp_path: Path) -> None:
    first, second = race(tmp_path, "ours", "theirs")
    kept = files(tmp_path)
    assert len(kept) == 100
    for number in range(100):
        # One of them was first; the other is told, and what is kept is the first one's.
        assert {first[number], second[number]} == {"kept", "refused"}
        winner = b"ours" if first[number] == "kept" else b"theirs"
        assert kept[f"1.4.{number}.dcm"] == winner * 10_000
