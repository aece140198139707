"""What is proven to be stored stays known, and nothing else is taken for it."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cursorkit import dicom
from cursorkit.dicom import Instance, Journal, JournalError, Limits, Result, State, Target
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport
from dicom_store import DicomStore, dicom_file, uid, written

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = "https://host/dicom-web/studies"
NOBODY = 65534


def stored(number: int, sha256: str = "00") -> Result:
    instance = Instance("1.2", "1.3", uid(number), "1.4")
    return Result(f"{number}.dcm", State.STORED, instance=instance, octets=1, sha256=sha256)


@contextmanager
def not_as_root() -> Iterator[None]:
    """Whom permissions do not bind lets go of that for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


# --- what is kept -------------------------------------------------------------------------------------------


def test_what_is_stored_is_known_later(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        assert not journal.knows(PLACE)
        assert journal.settle(PLACE, [stored(1, "aa"), stored(2, "bb")]) == (stored(1, "aa"), stored(2, "bb"))
    with Journal(path) as journal:
        assert journal.knows(PLACE)
        assert journal.digests(PLACE, uid(1)) == {"aa"}
        assert not journal.digests(PLACE, uid(3))


def test_what_is_stored_elsewhere_does_not_count(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.settle(PLACE, [stored(1)])
        assert not journal.knows(f"{PLACE}/1.2")
        assert not journal.digests(f"{PLACE}/1.2", uid(1))
        others = stored(1, "bb")
        assert journal.settle(f"{PLACE}/1.2", [others]) == (others,)


@pytest.mark.parametrize("state", [each for each in State if each is not State.STORED])
def test_only_what_is_stored_is_kept(state: State) -> None:
    with Journal() as journal:
        result = Result("x", state, instance=stored(1).instance, sha256="aa")
        nameless = Result("x", State.STORED, sha256="aa")
        partly = Result("x", State.STORED, instance=stored(1).instance)
        assert journal.settle(PLACE, [result, nameless, partly]) == (result, nameless, partly)
        assert not journal.knows(PLACE)


def test_other_bytes_of_the_same_instance_are_a_conflict() -> None:
    with Journal() as journal:
        first = journal.settle(PLACE, [stored(1, "aa"), stored(2, "bb"), stored(1, "cc"), stored(1, "aa")])
        assert [each.state for each in first] == [
            State.STORED,
            State.STORED,
            State.CONFLICT,
            State.STORED,
        ]
        (again,) = journal.settle(PLACE, [stored(2, "dd")])
        assert again.state is State.CONFLICT
        assert again.reason
        assert again.advice
        assert journal.digests(PLACE, uid(2)) == {"bb"}


# --- runs ---------------------------------------------------------------------------------------------------


def test_a_second_run_sends_only_what_is_not_known_to_be_stored(tmp_path: Path) -> None:
    paths = written(tmp_path, range(6))
    with DicomStore() as store, Journal(tmp_path / "journal") as journal:
        first = [*dicom.store(paths[:4], store.target(), journal=journal)]
        assert {each.state for each in first} == {State.STORED}
        paths[0].write_bytes(dicom_file(0, b"corrected"))
        with dicom.store(paths, store.target(), journal=journal, jobs=1) as run:
            second = {each.name: each for each in run}
        assert [second[str(path)].state for path in paths] == [
            # It is sent, for it is another one now; and the store keeps what it has, and does not say so.
            State.CONFLICT,
            *[State.KNOWN] * 3,
            *[State.STORED] * 2,
        ]
        assert store.requests[1:] == [[uid(0), uid(4), uid(5)]]
        assert second[str(paths[1])].sha256 == first[1].sha256


def test_what_is_known_of_one_target_is_sent_to_another(tmp_path: Path) -> None:
    paths = written(tmp_path, range(3))
    with DicomStore() as one, DicomStore() as other, Journal(tmp_path / "journal") as journal:
        for store in (one, other):
            assert {each.state for each in dicom.store(paths, store.target(), journal=journal)} == {
                State.STORED
            }
        assert one.kept == other.kept


RUN = """
import signal, sys
from cursorkit.dicom import Journal, Limits, Target, store
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport
images, journal, folder, after = sys.argv[1:]
target = Target(f"file:{folder}/dicomWeb/studies", Endpoint(f"file:{folder}"), open_transport)
with Journal(journal) as kept:
    for number, result in enumerate(store([images], target, journal=kept, limits=Limits(3)), 1):
        print(result.name, result.state.name, flush=True)
        if number == int(after):
            signal.pause()
"""


@pytest.mark.parametrize("after", [1, 10, 25])
def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    paths = written(folder, range(40))
    journal, store = tmp_path / "journal", tmp_path / "store"
    argv = [sys.executable, "-c", RUN, str(folder), str(journal), str(store), str(after)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().split() for _ in range(after)]
        # Other requests are at work, and nobody will ever settle them.
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert {state for _, state in told} == {"STORED"}
    url = f"file:{store}/dicomWeb/studies"
    with Journal(journal) as kept:
        target = Target(url, Endpoint(f"file:{store}"), open_transport)
        results = {each.name: each.state for each in dicom.store([folder], target, journal=kept)}
    assert {*results} == {str(path) for path in paths}
    # What was told of is kept before, and is not sent again.
    assert all(results[name] is State.KNOWN for name, _ in told)
    assert {*results.values()} <= {State.KNOWN, State.STORED}
    files = sorted(path.read_bytes() for path in store.rglob("*.dcm"))
    assert files == sorted(path.read_bytes() for path in paths)


MANY = """
import sys
from cursorkit.dicom import Instance, Journal, Result, State
path, who = sys.argv[1:]
with Journal(path) as journal:
    for number in range(60):
        uids = [f"1.{who}.{number}", f"2.{number}"]
        instances = [Instance("1", "2", uid, "3") for uid in uids]
        results = [Result("x", State.STORED, instance=each, sha256=who) for each in instances]
        print(*(each.state.name for each in journal.settle("there", results)))
"""


def test_runs_share_a_journal(tmp_path: Path) -> None:
    """Each has instances of its own, and others of which they all have different bytes."""
    path = tmp_path / "journal"
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(path), str(who)], stdout=subprocess.PIPE, text=True)
        for who in range(3)
    ]
    told = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [len(lines) for lines in told] == [60, 60, 60]
    with Journal(path) as journal:
        for number in range(60):
            for who in range(3):
                assert journal.digests("there", f"1.{who}.{number}") == {str(who)}
            (first,) = journal.digests("there", f"2.{number}")
            said = [lines[number] for lines in told]
            assert said == [f"STORED {'STORED' if str(who) == first else 'CONFLICT'}" for who in range(3)]


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0, 0o077, 0o277, 0o777])
def test_nobody_else_can_read_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Journal(tmp_path / "journal") as journal:
            journal.settle(PLACE, [stored(1)])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(modes, 0o600)
    assert "journal" in modes


def test_an_empty_file_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.touch()
    with Journal(path) as journal:
        journal.settle(PLACE, [stored(1)])
        assert journal.knows(PLACE)


@pytest.mark.parametrize(
    "content", [b"x", b"images/1.dcm\nimages/2.dcm\n", bytes(4096), b"SQLite format 3\0", 5000 * b"x"]
)
def test_other_files_are_left_as_they_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="is something else than a journal"):
        Journal(path)
    assert path.read_bytes() == content
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("table", ["CREATE TABLE stored (x)", "PRAGMA user_version = 7"])
def test_other_databases_are_left_as_they_are(tmp_path: Path, mode: str, table: str) -> None:
    path = tmp_path / "database"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA journal_mode = {mode}")
    database.execute("CREATE TABLE other (x)")
    database.commit()
    database.execute(table)
    database.commit()
    # It is still at work, and what it has written last is not in the file yet.
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(JournalError, match="is something else than a journal"):
        Journal(path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before
    database.close()


def test_a_later_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 2")
    database.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="of a later version"):
        Journal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", [".", "missing/journal", "nul\0"])
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(JournalError, match="cannot use the journal"):
        Journal(f"{tmp_path}/{name}")


def test_a_folder_that_cannot_be_written_is_told_of() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        with not_as_root(), Journal(folder / "journal") as journal:
            journal.settle(PLACE, [stored(1)])
        folder.chmod(0o555)
        with not_as_root():
            for path in (folder / "journal", folder / "other"):
                with pytest.raises(JournalError, match="cannot use the journal"):
                    Journal(path)
            with Journal(folder / "journal", to_read=True) as journal:
                assert journal.digests(PLACE, uid(1)) == {"00"}
            assert [*folder.iterdir()] == [folder / "journal"]
        folder.chmod(0o700)
        with Journal(folder / "journal") as journal:
            assert journal.digests(PLACE, uid(1)) == {"00"}


FULL = """
import resource, sys
from cursorkit.dicom import Instance, Journal, JournalError, Result, State
with Journal(sys.argv[1]) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        for number in range(10_000):
            instances = [Instance("1", "2", f"CANARY.{number}.{each}", "3") for each in range(5)]
            results = [Result("CANARY", State.STORED, instance=each, sha256="00" * 32) for each in instances]
            journal.settle("there/CANARY", results)
            print(number)
    except JournalError as error:
        print(error)
"""


def test_a_full_disk_is_told_of_and_takes_nothing_away(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    run = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    *numbers, told = run.stdout.splitlines()
    assert run.stderr == ""
    assert len(numbers) > 10
    assert told.startswith(f"cannot use the journal '{path}': ")
    assert "CANARY" not in told
    with Journal(path) as journal:
        assert all(journal.digests("there/CANARY", f"CANARY.{number}.4") for number in numbers)


def test_a_run_whose_journal_fails_has_told_what_was_proven_before(tmp_path: Path) -> None:
    paths = written(tmp_path, range(6))
    journal = Journal()
    results: list[Result] = []
    with DicomStore() as store, pytest.raises(JournalError, match="journal of this run"):
        for result in dicom.store(paths, store.target(), journal=journal, jobs=1, limits=Limits(2)):
            results.append(result)
            if len(results) == 2:
                journal.close()
    assert [each.state for each in results] == [State.STORED] * 2


def test_a_journal_that_is_closed_says_so() -> None:
    journal = Journal()
    journal.close()
    with pytest.raises(JournalError, match="cannot use the journal of this run"):
        journal.knows(PLACE)
