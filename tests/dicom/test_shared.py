"""Files stored by others: threads, processes and machines of a cluster, some of which are lost on the way."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tarfile import TarFile, TarInfo
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from attrs import evolve

from cursorkit import dicom
from cursorkit.dicom import Limits, SharingError, State
from cursorkit.errors import CursorkitError
from cursorkit.wire import Endpoint, EndpointError, Headers
from cursorkit_transports import open_transport
from dicom_store import DicomStore, dicom_file, uid, written
from hospital import Kind, hospital
from real_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client, LocalCluster

    from cursorkit.dicom import Report, Result, Target
    from hospital import Piece

FEW = Limits(count=5)
NOTHING_MORE = "it was not tried any more: those who should have sent it are gone"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hospital")


@pytest.fixture(scope="module")
def pieces(files: Path) -> tuple[Piece, ...]:
    made = hospital(files, 120)
    assert {each.kind for each in made} == set(Kind)
    return made


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with spawned() as pool:
        yield pool


def spawned(**more: Any) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, get_context("spawn"), **more)


def into(folder: Path) -> Target:
    """The store in a folder."""
    return dicom.Target.dicomweb(Endpoint(f"file:{folder}"), open_transport)


def kept(folder: Path) -> Counter[bytes]:
    """What it holds; of a process that was killed, there may be what it had not stored yet."""
    return Counter(path.read_bytes() for path in folder.glob("studies/**/*.dcm"))


def check(results: list[Result], pieces: tuple[Piece, ...], files: Path, store: Path) -> None:
    """Every file has one result; what is stored is there, once, and nothing else is."""
    named = {str(files / each.name): each for each in pieces}
    assert sorted(each.name for each in results) == sorted(named)
    stored = {named[each.name].content for each in results if each.state in {State.STORED, State.KNOWN}}
    assert kept(store) == Counter(stored)
    assert {each.state for each in results} <= {
        State.STORED,
        State.KNOWN,
        State.SKIPPED,
        State.REFUSED,
        State.LATER,
    }


def outcome(result: Result) -> tuple[object, ...]:
    """What became of a file: whether what is stored was there before depends on who was quicker."""
    state = State.STORED if result.state is State.KNOWN else result.state
    return result.name, state, result.reason, result.advice, result.code, result.instance, result.octets


@pytest.mark.parametrize("who", ["threads", "processes", "cluster"])
def test_the_results_are_those_of_one_process(
    who: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    pieces = hospital(files, 120, archives=True)
    assert {Path(each.name.partition(":")[0]).suffix for each in pieces} > {"", ".zip", ".gz"}
    alone = [*dicom.store([files], into(tmp_path / "alone"), limits=FEW, jobs=1)]
    check(alone, pieces, files, tmp_path / "alone")
    with ThreadPoolExecutor(2) as threads:
        given = {"threads": lambda: threads, "cluster": lambda: executor(request), "processes": None}[who]
        others = given() if given else request.getfixturevalue("processes")
        shared = [*dicom.store([files], into(tmp_path / "shared"), limits=FEW, executor=others)]
    check(shared, pieces, files, tmp_path / "shared")
    by_name = operator.attrgetter("name")
    assert [*map(outcome, sorted(shared, key=by_name))] == [*map(outcome, sorted(alone, key=by_name))]
    assert {each.state for each in shared} >= {State.STORED, State.SKIPPED, State.REFUSED}
    assert all(each.sha256 for each in shared if each.state in {State.STORED, State.KNOWN})


def executor(request: pytest.FixtureRequest) -> Executor:
    client: Client = request.getfixturevalue("cluster")
    given: Executor = client.get_executor(pure=False)
    return given


def until_something_is_stored(report: Report) -> list[Result]:
    results: list[Result] = []
    while not report.counts[State.STORED]:
        results.append(next(report))
    return results


def test_a_process_is_killed(pieces: tuple[Piece, ...], files: Path, tmp_path: Path) -> None:
    """It takes the whole pool with it: what was given to it is done here, and all else another time."""
    target, store = into(tmp_path / "store"), tmp_path / "store"
    with spawned() as pool, dicom.Journal(tmp_path / "journal") as journal:
        with dicom.store([files], target, limits=FEW, journal=journal, executor=pool) as report:
            results = until_something_is_stored(report)
            os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
            wait_until_broken(pool)
            results += report
        check(results, pieces, files, store)
        left = [each for each in results if each.state is State.LATER]
        assert len(left) > 60
        assert {each.reason for each in left} == {NOTHING_MORE}
        assert all(each.instance and each.octets for each in left)
        # Four are given away, and one more; of the others, nobody here does a thing.
        assert 5 * FEW.count >= len(kept(store)) >= 4 * FEW.count
        again = [*dicom.store([files], target, limits=FEW, journal=journal)]
        check(again, pieces, files, store)
    stored = {each.name for each in results if each.state is State.STORED}
    assert {each.name for each in again if each.state is State.KNOWN} >= stored
    assert State.LATER not in {each.state for each in again}


def wait_until_broken(pool: ProcessPoolExecutor) -> None:
    with suppress(BrokenProcessPool):
        while True:
            pool.submit(os.getpid).result()


@pytest.mark.parametrize("allowed", [3, 0], ids=["given to another", "given up"])
def test_workers_of_a_cluster_are_killed(
    allowed: int,
    local_cluster: LocalCluster,
    cluster: Client,
    pieces: tuple[Piece, ...],
    files: Path,
    tmp_path: Path,
) -> None:
    """What they had is done by those that take their place; or here, where the scheduler gives it up."""
    scheduler: Any = local_cluster.scheduler
    usual, scheduler.allowed_failures = scheduler.allowed_failures, allowed
    try:
        others = cluster.get_executor(pure=False)
        with dicom.store([files], into(tmp_path), limits=FEW, executor=others) as report:
            results = until_something_is_stored(report)
            for pid in cluster.run(os.getpid).values():
                os.kill(pid, signal.SIGKILL)
            results += report
    finally:
        scheduler.allowed_failures = usual
    check(results, pieces, files, tmp_path)
    assert State.LATER not in report.counts


def test_the_scheduler_is_killed(pieces: tuple[Piece, ...], files: Path, tmp_path: Path) -> None:
    """What was given away is done here, and the rest is not."""
    from distributed import Client

    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    store = tmp_path / "store"
    environment = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(tmp_path / "dask")}
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", port, "--dashboard-address", "127.0.0.1:0")
    worker = ("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    with (
        subprocess.Popen(dask(*scheduler), env=environment, stderr=subprocess.DEVNULL) as first,
        subprocess.Popen(dask(*worker), env=environment, stderr=subprocess.DEVNULL) as second,
    ):
        try:
            # It takes as long to give up a scheduler as it may take to find it.
            with closing(Client(address, timeout=30, set_as_default=False)) as client:
                client._timeout = 0.5
                others = client.get_executor(pure=False)
                with dicom.store([files], into(store), limits=FEW, executor=others) as report:
                    results = until_something_is_stored(report)
                    first.kill()
                    results += report
        finally:
            second.kill()
            first.kill()
    check(results, pieces, files, store)
    assert {each.reason for each in results if each.state is State.LATER} == {NOTHING_MORE}
    assert report.counts[State.LATER] > 60


def dask(*words: str) -> list[str]:
    return [sys.executable, "-m", "dask", *words]


# --- what is given away -----------------------------------------------------------------------------------


class Remembering(ThreadPoolExecutor):
    """Remembers what it was given, and how much of it was not done yet when more came."""

    def __init__(self) -> None:
        super().__init__(2)
        self.given: list[tuple[str, ...]] = []
        self.most = 0
        self._futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        self.given.append(args[0])
        future = super().submit(fn, *args, **more)
        self._futures = [each for each in self._futures if not each.done()] + [future]
        self.most = max(self.most, len(self._futures))
        return future


def test_what_is_known_is_given_to_nobody(pieces: tuple[Piece, ...], files: Path, tmp_path: Path) -> None:
    good = {str(files / each.name) for each in pieces if each.kind is Kind.GOOD}
    with Remembering() as others, dicom.Journal(tmp_path / "journal") as journal:
        first = [*dicom.store([files], into(tmp_path), limits=FEW, journal=journal, executor=others)]
        assert {name for unit in others.given for name in unit} > good
        others.given.clear()
        second = [*dicom.store([files], into(tmp_path), limits=FEW, journal=journal, executor=others)]
        check(second, pieces, files, tmp_path)
        assert not good & {name for unit in others.given for name in unit}
    assert {each.name for each in first if each.state is State.STORED} >= good
    assert {each.name for each in second if each.state is State.KNOWN} >= good


def test_of_an_archive_only_what_is_left_is_sent(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "disc.zip", "w") as disc:
        for number in range(4):
            disc.writestr(f"{number}.dcm", dicom_file(number))
    with (
        DicomStore() as store,
        dicom.Journal(tmp_path / "journal") as journal,
        ThreadPoolExecutor(2) as threads,
    ):
        known = [*dicom.store(written(tmp_path, range(2)), store.target(), journal=journal)]
        results = [*dicom.store([tmp_path / "disc.zip"], store.target(), journal=journal, executor=threads)]
        assert sorted(store.requests[-1]) == [uid(2), uid(3)]
    assert [each.state for each in known] == [State.STORED] * 2
    assert {each.name.rpartition(":")[2]: each.state for each in results} == {
        "0.dcm": State.KNOWN,
        "1.dcm": State.KNOWN,
        "2.dcm": State.STORED,
        "3.dcm": State.STORED,
    }


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """As `tar -r` makes them; the name of one of which more is known says nothing of the others."""
    (path,) = written(tmp_path, [0])
    with TarFile(tmp_path / "disc.tar", "w") as disc:
        for number in (0, 1, 0):
            member = TarInfo("same.dcm")
            member.size = len(content := dicom_file(number))
            disc.addfile(member, BytesIO(content))
    with (
        DicomStore() as store,
        dicom.Journal(tmp_path / "journal") as journal,
        ThreadPoolExecutor(2) as threads,
    ):
        [*_] = dicom.store([path], store.target(), journal=journal)
        # The loose file is new here, so that both are in one unit.
        given = [*written(tmp_path, [2]), tmp_path / "disc.tar"]
        results = [*dicom.store(given, store.target(), journal=journal, executor=threads)]
    assert Counter(each.state for each in results) == {State.STORED: 2, State.KNOWN: 2}
    assert {each.instance.sop_instance for each in results if each.instance} == {uid(0), uid(1), uid(2)}


def test_so_much_is_away_at_a_time(pieces: tuple[Piece, ...], files: Path, tmp_path: Path) -> None:
    with Remembering() as others:
        results = [*dicom.store([files], into(tmp_path), limits=FEW, jobs=3, executor=others)]
    check(results, pieces, files, tmp_path)
    assert others.most <= 4
    assert max(map(len, others.given)) == FEW.count


def test_names_are_those_of_this_process(
    pieces: tuple[Piece, ...], files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does the work may be somewhere else."""
    monkeypatch.chdir(files.parent)
    store = os.path.relpath(tmp_path)
    target = dicom.Target.dicomweb(Endpoint(f"file:{store}"), open_transport)
    with spawned(initializer=os.chdir, initargs=("/",)) as pool:
        results = [*dicom.store([files.name], target, executor=pool)]
    named = [evolve(each, name=str(files.parent / each.name)) for each in results]
    assert not any(os.path.isabs(each.name) for each in results)
    check(named, pieces, files, tmp_path)


def test_lines_for_people_stay_here(
    processes: ProcessPoolExecutor, pieces: tuple[Piece, ...], files: Path, tmp_path: Path
) -> None:
    """What says them is nothing that can be sent."""
    lines: list[str] = []
    target = into(tmp_path)
    target = evolve(target, endpoint=evolve(target.endpoint, tell=lambda line: lines.append(f"{line}\n")))
    results = [*dicom.store([files], target, executor=processes)]
    check(results, pieces, files, tmp_path)


# --- what goes wrong --------------------------------------------------------------------------------------


def refused(target: Target, files: Path, others: Executor) -> CursorkitError:
    with pytest.raises(CursorkitError) as caught:
        list(dicom.store([files], target, executor=others))
    return caught.value


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("who", ["processes", "cluster"])
def test_a_secret_stays_in_this_process(
    who: str, request: pytest.FixtureRequest, files: Path, tmp_path: Path
) -> None:
    others = executor(request) if who == "cluster" else request.getfixturevalue(who)
    headers = Headers([("Authorization", "Bearer CANARY")])
    error = refused(evolve(into(tmp_path), headers=headers), files, others)
    assert isinstance(error, SharingError)
    assert str(error) == (
        "the target holds a secret, which no other process is given: whoever does the work needs "
        "credentials of its own"
    )
    assert not list(tmp_path.iterdir())


def test_threads_may_know_a_secret(pieces: tuple[Piece, ...], files: Path, tmp_path: Path) -> None:
    target = evolve(into(tmp_path), headers=Headers([("Authorization", "Bearer CANARY")]))
    with ThreadPoolExecutor(2) as threads:
        check([*dicom.store([files], target, executor=threads)], pieces, files, tmp_path)


@pytest.mark.usefixtures("pieces")
def test_what_cannot_be_sent_is_an_error(processes: ProcessPoolExecutor, files: Path, tmp_path: Path) -> None:
    target = evolve(into(tmp_path), opener=lambda endpoint: open_transport(Endpoint(f"{endpoint.url}/")))
    error = refused(target, files, processes)
    assert isinstance(error, SharingError)
    assert "the work cannot be shared out (" in str(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("pieces")
def test_who_takes_nothing_is_an_error(files: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as closed:
        pass
    error = refused(into(tmp_path), files, closed)
    assert isinstance(error, SharingError)
    assert "(RuntimeError)" in str(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("pieces")
def test_an_error_of_the_work_itself_is_told_as_it_is(
    processes: ProcessPoolExecutor, files: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").write_bytes(b"")
    error = refused(into(tmp_path / "store"), files, processes)
    assert isinstance(error, EndpointError)
    assert error.__cause__ is None


class Losing(Executor):
    """Takes everything, and loses it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenExecutor("CANARY"))
        return future


def test_what_is_lost_again_and_again_is_not_all_done_here(
    pieces: tuple[Piece, ...], files: Path, tmp_path: Path
) -> None:
    results = [*dicom.store([files], into(tmp_path), limits=FEW, jobs=2, executor=Losing())]
    check(results, pieces, files, tmp_path)
    assert {each.reason for each in results if each.state is State.LATER} == {NOTHING_MORE}
    assert 4 * FEW.count >= len(kept(tmp_path)) >= 3 * FEW.count


def nobody() -> Target:
    """A place where nobody listens."""
    url = f"http://127.0.0.1:{free_port()}"
    return dicom.Target.dicomweb(Endpoint(url, retry_for=0), open_transport)


@pytest.mark.usefixtures("pieces")
def test_where_another_request_would_fare_no_better_no_more_is_given_away(files: Path) -> None:
    with Remembering() as others:
        results = [*dicom.store([files], nobody(), limits=FEW, jobs=1, executor=others)]
    left = [each for each in results if each.state is not State.SKIPPED]
    assert {each.state for each in left} == {State.LATER}
    assert len(others.given) <= 3
    assert len(left) > 100
    assert all("cannot connect" in each.reason for each in left)
    assert sum(each.reason.startswith("it was not tried any more: ") for each in left) > 100


@pytest.mark.usefixtures("pieces")
def test_nobody_knows_what_somebody_did_who_is_lost(files: Path) -> None:
    results = [*dicom.store([files], nobody(), limits=FEW, jobs=1, executor=Losing())]
    unknown = [each for each in results if each.state is State.UNKNOWN]
    assert FEW.count <= len(unknown) <= 3 * FEW.count
    lost = "who should have sent it is lost, and may have done so; after that, "
    assert all(each.reason.startswith(lost) and each.advice for each in unknown)


# --- two files of one instance ----------------------------------------------------------------------------


def test_two_files_of_one_instance(samples: Path, tmp_path: Path) -> None:
    """They are never on their way at once, for whose bytes a server keeps would be chance."""
    content = (samples / "CT_small.dcm").read_bytes()
    for number in range(8):
        (tmp_path / f"{number}.dcm").write_bytes(bytes([number]) * 128 + content[128:])
    for jobs, others in ((8, None), (8, ThreadPoolExecutor(8))):
        forgetful = Forgetful(content)
        target = dicom.Target("memory:studies", Endpoint("memory:"), forgetful.open)
        with dicom.store([tmp_path], target, limits=Limits(1), jobs=jobs, executor=others) as report:
            results = sorted(report, key=lambda each: each.name)
        assert [each.state for each in results] == [State.STORED, *[State.CONFLICT] * 7]
        assert forgetful.most == 1
        if others:
            others.shutdown()


class Forgetful:
    """A server that calls everything stored."""

    def __init__(self, content: bytes) -> None:
        self.most = self._now = 0

    def open(self, endpoint: Endpoint) -> Any:
        from cursorkit_transports.memory import Memory, Reply

        def answer(request: Any, body: bytes) -> Reply:
            self._now += 1
            self.most = max(self.most, self._now)
            time.sleep(0.01)
            self._now -= 1
            uid = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
            item = f'{{"00081155": {{"vr": "UI", "Value": ["{uid}"]}}}}'
            return Reply(200, f'{{"00081199": {{"vr": "SQ", "Value": [{item}]}}}}'.encode())

        return Memory(answer)
