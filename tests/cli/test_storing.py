"""Many files stored from the command line, by `--instances` and by `cursorkit store`."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.cli.language import main as language
from cursorkit.cli.main import main as healthcare
from cursorkit.testing.server import Hang, ReadBody
from dicom_store import STUDY, Answering, DicomStore, dicom_file, report, said, uid, written
from programs import CALL, COMMAND, PARENT, PROGRAM, Run, on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import LocalCluster

    from cursorkit.testing.server import Exchange, Step
    from programs import Result

CURSORKIT = PROGRAM.with_name("cursorkit")
OTHER_STUDY = f"{STUDY}.7"
SAID_TO_NOBODY = "CANARY-secret"


class Programs:
    """Both programs, storing the same files in the same place."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._by_url = Run(language, capfd)
        self._by_method = Run(healthcare, capfd)

    def url(self, *argv: object) -> Result:
        return self._by_url("store", *map(str, argv))

    def method(self, root: str, *argv: object, study: str = "") -> Result:
        place = (PARENT, f"studies/{study}" if study else "studies")
        return self._by_method("--endpoint", root, *COMMAND, *place, "--instances", *map(str, argv))


@pytest.fixture
def programs(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("NO_COLOR", "1")
    return Programs(capfd)


@pytest.fixture(params=["url", "method"])
def run(request: pytest.FixtureRequest, programs: Programs) -> Callable[..., Result]:
    """One program, and then the other."""
    chosen: Callable[..., Result] = getattr(programs, request.param)
    return chosen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three instances, one of them of another study, and a file that is no instance."""
    found = tmp_path / "images"
    found.mkdir()
    written(found, [1, 2])
    (found / "3.dcm").write_bytes(dicom_file(3, study=OTHER_STUDY))
    (found / "readme.txt").write_text("hello")
    return found


@pytest.fixture
def dicom_store() -> Iterator[DicomStore]:
    with DicomStore() as store:
        yield store


def counted(result: Result) -> dict[str, Any]:
    """The totals, without what is nothing and what depends on the day."""
    return {name: value for name, value in result.json.items() if value and name != "seconds"}


def kept(root: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in root.glob("studies/*/series/*/instances/*.dcm")}


# --- what is stored -----------------------------------------------------------------------------------------


def test_a_folder(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", folder)
    octets = sum(path.stat().st_size for path in folder.glob("*.dcm"))
    assert counted(result) == {"verdict": "done", "files": 4, "stored": 3, "skipped": 1, "bytes": octets}
    assert result.code == 0
    assert kept(tmp_path / "store") == {
        uid(int(path.stem)): path.read_bytes() for path in folder.glob("*.dcm")
    }
    assert "stored 3" in " ".join(result.err.split())


def test_over_the_network(run: Callable[..., Result], folder: Path, dicom_store: DicomStore) -> None:
    result = run(f"{dicom_store.server.url}/root", folder)
    assert (result.code, counted(result)["stored"]) == (0, 3)
    (exchange,) = dicom_store.server.exchanges
    assert exchange.verb == "POST"
    assert exchange.target.startswith("/root/")
    assert exchange.target.endswith("/studies")
    assert exchange.headers.get("Accept") == "application/dicom+json"
    assert "Authorization" not in exchange.headers


def test_the_method_goes_where_its_parameters_say(
    programs: Programs, folder: Path, dicom_store: DicomStore
) -> None:
    more = ("-p", "quota-user=someone", "access-token=token", "pretty-print=false")
    result = programs.method(dicom_store.server.url, folder, *more)
    assert result.code == 0
    assert result.out.count("\n") == 1
    (exchange,) = dicom_store.server.exchanges
    assert exchange.target == f"/v1beta1/{PARENT}/dicomWeb/studies?quotaUser=someone"
    assert exchange.headers.get("Authorization") == "Bearer token"


def test_the_parent_may_come_from_the_environment(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURSORKIT_PARENT", PARENT)
    run = Run(healthcare, capfd)
    result = run(*COMMAND, "studies", "--instances", str(folder), "--endpoint", f"file:{tmp_path}/store")
    assert (result.code, counted(result)["stored"]) == (0, 3)


def test_the_sibling_that_takes_no_study(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sibling = ("projects", "locations-datasets-dicom-stores-store-instances", PARENT, "studies")
    result = Run(healthcare, capfd)(
        "--endpoint", f"file:{tmp_path}/store", *sibling, "--instances", str(folder)
    )
    assert (result.code, counted(result)["stored"]) == (0, 3)


@pytest.mark.parametrize("program", ["url", "method"])
def test_one_study_alone(program: str, programs: Programs, folder: Path, tmp_path: Path) -> None:
    root, rows = f"file:{tmp_path}/store", tmp_path / "rows.jsonl"
    if program == "url":
        result = programs.url(root, folder, "--study", STUDY, "--report", rows)
    else:
        result = programs.method(root, folder, "--report", rows, study=STUDY)
    assert (result.code, counted(result)["stored"], counted(result)["skipped"]) == (0, 2, 2)
    assert kept(tmp_path / "store").keys() == {uid(1), uid(2)}
    told = {each["name"]: each["reason"] for each in map(json.loads, rows.read_text().splitlines())}
    assert "another study" in told[str(folder / "3.dcm")]


def test_what_is_not_there_keeps_nothing_else_from_being_stored(
    run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    result = run(f"file:{tmp_path}/store", tmp_path / "missing.dcm", folder)
    assert (result.code, result.json["verdict"]) == (8, "partly")
    assert (counted(result)["stored"], counted(result)["unreadable"]) == (3, 1)
    assert "missing.dcm" in result.err
    alone = run(f"file:{tmp_path}/store", tmp_path / "missing.dcm")
    assert (alone.code, alone.json["verdict"]) == (5, "local")


def test_nothing_at_all(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("hello")
    for name in ("empty", "letters"):
        for flags in ((), ("--dry-run",)):
            result = run(f"file:{tmp_path}/store", tmp_path / name, *flags)
            assert result.code == 5
            assert result.err.startswith("error: there is no DICOM instance in ")
    assert not (tmp_path / "store").exists()


def test_strict(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", folder, "--strict")
    assert (result.code, counted(result)["stored"], counted(result)["refused"]) == (8, 3, 1)


def test_instances_may_be_repeated_and_end_with_a_flag(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = sorted(map(str, folder.glob("*.dcm")))
    words = ("--instances", *paths[:2], "--quiet", "--instances", paths[2], "--")
    result = Run(healthcare, capfd)(
        "--endpoint", f"file:{tmp_path}/store", *COMMAND, *words, PARENT, "studies"
    )
    assert (result.code, counted(result)["stored"], result.err) == (0, 3, "")


# --- requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [("2", [1, 2]), ("1", [1, 1, 1]), ("64MiB", [3]), ("1K", [1, 1, 1]), ("2,1GiB", [1, 2]), ("9,64M", [3])],
)
def test_how_much_goes_into_a_request(
    batch: str, sizes: list[int], run: Callable[..., Result], folder: Path, dicom_store: DicomStore
) -> None:
    for path in folder.glob("*.dcm"):
        path.write_bytes(dicom_file(int(path.stem), b"x" * 600))
    assert run(dicom_store.server.url, folder, "--batch", batch).code == 0
    assert sorted(map(len, dicom_store.requests)) == sizes


def test_so_many_requests_at_a_time(run: Callable[..., Result], tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    written(images, range(12))
    most = [0, 0]

    def turn(store: DicomStore, _: Exchange) -> tuple[Step, ...]:
        most[0] += 1
        most[1] = max(most)
        return ReadBody(), Answering(store, answered)

    def answered(store: DicomStore, exchange: Exchange) -> Step:
        time.sleep(0.05)
        most[0] -= 1
        return said(200, report(store.all(exchange)))

    with DicomStore(turn) as store:
        assert run(store.server.url, images, "--batch", "1", "--jobs", "3").code == 0
    assert 2 <= most[1] <= 3


# --- what is told -------------------------------------------------------------------------------------------


def test_the_totals_go_to_a_file(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", folder, "-o", tmp_path / "totals.json")
    assert (result.code, result.out) == (0, "")
    totals = json.loads((tmp_path / "totals.json").read_bytes())
    assert [*totals] == [
        "verdict",
        "files",
        "stored",
        "known",
        "skipped",
        "refused",
        "conflict",
        "unreadable",
        "unauthorized",
        "later",
        "unknown",
        "bytes",
        "seconds",
    ]


def test_quiet_is_for_what_went_well(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    well = run(f"file:{tmp_path}/store", folder, "--quiet")
    assert (well.code, well.err) == (0, "")
    badly = run(f"file:{tmp_path}/store", folder, tmp_path / "missing", "--quiet")
    assert badly.err.startswith("error: 1 of 5 files is not proven to be stored\n")


def test_reports_of_every_kind(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"report{suffix}" for suffix in (".jsonl", ".CSV", ".html")]
    flags = [word for name in names for word in ("--report", name)]
    assert run(f"file:{tmp_path}/store", folder, *flags).code == 0
    rows = [json.loads(line) for line in names[0].read_text().splitlines()]
    assert sorted(each["state"] for each in rows) == ["skipped", "stored", "stored", "stored"]
    assert len(names[1].read_text().splitlines()) == 5
    assert names[2].read_text().startswith("<!")
    # They name instances, and so are for their owner alone.
    assert {name.stat().st_mode & 0o777 for name in names} == {0o600}


def test_a_report_that_cannot_be_written_is_found_before_anything_is_sent(
    run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in (tmp_path / "missing" / "report.html", tmp_path / "folder.csv"):
        result = run(f"file:{tmp_path}/store", folder, "--report", name)
        assert (result.code, result.out) == (5, "")
        assert result.err.startswith(f"error: cannot write '{name}': ")
    assert not (tmp_path / "store").exists()


def test_nothing_that_is_read_is_written(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    scan = folder / "1.dcm"
    (tmp_path / "report.html").symlink_to(scan)
    before = scan.read_bytes()
    for flags in (("-o", scan), ("--report", tmp_path / "report.html")):
        result = run(f"file:{tmp_path}/store", scan, *flags)
        assert result.code == 5
        assert "it is read from" in result.err
    assert scan.read_bytes() == before
    assert not (tmp_path / "store").exists()


def test_output_that_cannot_be_written_does_not_hide_what_is_stored(folder: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [CURSORKIT, "store", f"file:{tmp_path}/store", folder, "--report", tmp_path / "rows.jsonl"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert child.returncode == 5
    assert "No space left" in child.stderr
    assert "stored 3" in " ".join(child.stderr.split())
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 4


def test_credentials_that_do_not_do(programs: Programs, folder: Path) -> None:
    def turn(*_: object) -> tuple[Step, ...]:
        return ReadBody(), said(401)

    with DicomStore(turn) as store:
        by_url = programs.url(store.server.url, folder)
        by_method = programs.method(store.server.url, folder)
    for result in (by_url, by_method):
        assert (result.code, result.json["verdict"], result.json["stored"]) == (4, "auth", 0)
    assert "--bearer FILE" in by_url.err
    assert "'healthcare1-beta1 login' logs you in" in by_method.err


def test_what_a_server_refuses_is_told_and_nothing_else_is_lost(
    run: Callable[..., Result], folder: Path
) -> None:
    def answered(store: DicomStore, exchange: Exchange) -> Step:
        return said(202, report(store.keep([uid(1), uid(3)], exchange), [uid(2)]))

    with DicomStore(lambda store, _: (ReadBody(), Answering(store, answered))) as store:
        result = run(store.server.url, folder)
    assert (result.code, result.json["verdict"]) == (8, "partly")
    assert (result.json["stored"], result.json["refused"]) == (2, 1)
    assert result.err.startswith("error: 1 of 4 files is not proven to be stored\n")


def test_nobody_there(run: Callable[..., Result], folder: Path) -> None:
    result = run("http://127.0.0.1:1", folder, "--retry-for", "0")
    assert (result.code, result.json["later"]) == (6, 3)


def test_attempts_are_told(run: Callable[..., Result], folder: Path) -> None:
    turns = iter([(ReadBody(), said(503, b"", ("Retry-After", "0")))])
    with DicomStore(lambda store, _: next(turns, store.well())) as store:
        result = run(store.server.url, folder)
    assert (result.code, result.json["stored"]) == (0, 3)
    assert "attempt 2" in result.err


def test_the_conversation(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", folder, "--debug")
    assert "> POST file:" in result.err
    assert STUDY not in result.err


def test_a_terminal_shows_a_bar_and_takes_it_away(folder: Path, tmp_path: Path) -> None:
    def answered(store: DicomStore, exchange: Exchange) -> Step:
        time.sleep(0.7)
        return said(200, report(store.all(exchange)))

    with DicomStore(lambda store, _: (ReadBody(), Answering(store, answered))) as store:
        shown = on_terminal("store", store.server.url, str(folder), program=CURSORKIT, NO_COLOR="1")
    assert "B/s" in shown
    after = shown.rpartition("\x1b[K")[2]
    assert "stored 3" in " ".join(after.split())
    assert json.loads(after[after.index("{") :])["stored"] == 3
    quiet = on_terminal("store", f"file:{tmp_path}/store", str(folder), "--quiet", program=CURSORKIT)
    assert json.loads(quiet)["stored"] == 3


# --- going on -----------------------------------------------------------------------------------------------


def test_a_journal(run: Callable[..., Result], folder: Path, tmp_path: Path, dicom_store: DicomStore) -> None:
    journal = tmp_path / "journal.db"
    first = run(dicom_store.server.url, folder, "--journal", journal)
    second = run(dicom_store.server.url, folder, "--journal", journal)
    assert (first.json["stored"], second.json["stored"], second.json["known"]) == (3, 0, 3)
    assert (first.code, second.code) == (0, 0)
    assert len(dicom_store.requests) == 1
    assert journal.stat().st_mode & 0o777 == 0o600


def test_a_journal_that_is_none(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no journal " * 100)
    for name in (tmp_path / "text", tmp_path, tmp_path / "missing" / "journal"):
        for flags in ((), ("--dry-run",) * name.exists()):
            result = run(
                f"file:{tmp_path}/store", folder.parent / "images" / "1.dcm", "--journal", name, *flags
            )
            assert (result.code, result.out) == (5, "")
            assert result.err.startswith("error: ")
            assert str(name) in result.err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=lambda kind: kind.name)
@pytest.mark.parametrize("journal", [True, False])
def test_a_run_that_is_interrupted_goes_on(
    kind: signal.Signals, journal: bool, folder: Path, tmp_path: Path
) -> None:
    def turn(store: DicomStore, exchange: Exchange) -> tuple[Step, ...]:
        return store.well() if len(store.kept) < 2 else (ReadBody(), Hang())

    def well(store: DicomStore, _: Exchange) -> tuple[Step, ...]:
        return store.well()

    kept_in = ["--journal", str(tmp_path / "journal.db")] if journal else []
    with DicomStore(turn) as store:
        argv = ["store", store.server.url, str(folder), "--batch", "1", "--jobs", "1", *kept_in]
        with subprocess.Popen(
            [CURSORKIT, *argv, "--report", tmp_path / "rows.csv", "-o", tmp_path / "totals"],
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            while len(store.server.exchanges) < 3 or not store.server.exchanges[2].body:
                assert child.poll() is None
                time.sleep(0.01)
            time.sleep(0.1)
            child.send_signal(kind)
            _, told = child.communicate(timeout=30)
        assert child.returncode == -kind
        word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[kind]
        then = "the same command line goes on from there" if journal else "--journal FILE"
        assert told.startswith(f"cursorkit: {word}; 2 instances are proven to be stored; ")
        assert then in told
        # SQLite keeps the end of a journal in files beside it, until the next run.
        left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("journal.db")]
        assert left == ["images"]
        store.turn = well
        listed = subprocess.run([CURSORKIT, *argv, "--dry-run"], capture_output=True, text=True)
        assert listed.stdout.count('"state":"stored before"') == (2 if journal else 0)
        again = subprocess.run([CURSORKIT, *argv, "--quiet"], capture_output=True, text=True)
        assert (again.returncode, again.stderr) == (0, "")
        totals = json.loads(again.stdout)
        assert (totals["known"], totals["stored"]) == ((2, 1) if journal else (0, 3))
        assert store.kept.keys() == {uid(1), uid(2), uid(3)}


# --- what would be sent -------------------------------------------------------------------------------------


def test_a_dry_run_lists_what_would_be_sent(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    flags = ("--dry-run", "--journal", journal, "--report", tmp_path / "report.html")
    result = run(f"file:{tmp_path}/store", folder, *flags)
    assert (result.code, result.err) == (0, "")
    rows = {Path(each["name"]).name: each for each in map(json.loads, result.out.splitlines())}
    assert {name: each["state"] for name, each in rows.items()} == {
        "1.dcm": "would be sent",
        "2.dcm": "would be sent",
        "3.dcm": "would be sent",
        "readme.txt": "skipped",
    }
    assert rows["1.dcm"]["sop_instance"] == uid(1)
    assert rows["1.dcm"]["size"] == (folder / "1.dcm").stat().st_size
    assert "not a DICOM file" in rows["readme.txt"]["reason"]
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_a_dry_run_looks_at_the_journal_and_leaves_it_alone(
    run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    journal, root = tmp_path / "journal.db", f"file:{tmp_path}/store"
    assert run(root, folder / "1.dcm", "--journal", journal).code == 0
    before = (journal.read_bytes(), journal.stat().st_mtime_ns)
    result = run(root, folder, "--journal", journal, "--dry-run", "-o", tmp_path / "list")
    states = [json.loads(line)["state"] for line in (tmp_path / "list").read_text().splitlines()]
    assert (result.code, states) == (0, ["stored before", "would be sent", "would be sent", "skipped"])
    assert (journal.read_bytes(), journal.stat().st_mtime_ns) == before
    assert {path.name for path in tmp_path.iterdir()} == {"images", "store", "journal.db", "list"}


def test_a_dry_run_ends_as_the_run_would_at_best(
    run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    assert run("https://nowhere.invalid", folder, tmp_path / "missing", "--dry-run").code == 8
    assert run("https://nowhere.invalid", tmp_path / "missing", "--dry-run").code == 5


# --- secrets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "content", "sent"),
    [
        ("--bearer", SAID_TO_NOBODY, f"Bearer {SAID_TO_NOBODY}"),
        (
            "--basic",
            f"someone:{SAID_TO_NOBODY}",
            f"Basic {base64.b64encode(f'someone:{SAID_TO_NOBODY}'.encode()).decode()}",
        ),
    ],
)
def test_a_secret_comes_from_a_file_and_goes_to_the_server_alone(
    flag: str, content: str, sent: str, programs: Programs, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(f"{content}\n")
    rows = tmp_path / "rows.jsonl"

    def turn(store: DicomStore, exchange: Exchange) -> tuple[Step, ...]:
        failed = (ReadBody(), said(409, report([], [uid(1), uid(2), uid(3)], 0x0110)))
        return store.well() if exchange.headers.get("Authorization") == sent else failed

    with DicomStore(turn) as store:
        flags = (flag, tmp_path / "secret", "--debug", "--report", rows)
        result = programs.url(store.server.url, folder, *flags)
        listed = programs.url(store.server.url, folder, *flags, "--dry-run")
    assert (result.code, result.json["stored"]) == (0, 3)
    for text in (result.out, result.err, listed.out, listed.err, rows.read_text()):
        assert SAID_TO_NOBODY not in text
        assert sent.partition(" ")[2] not in text


@pytest.mark.parametrize("flag", ["--bearer", "--basic"])
def test_a_secret_that_is_none(flag: str, programs: Programs, folder: Path, tmp_path: Path) -> None:
    for content in ("", "two words" if flag == "--bearer" else "nocolon", "a:b\r\nX-Evil: 1"):
        (tmp_path / "secret").write_bytes(content.encode())
        result = programs.url(f"file:{tmp_path}/store", folder, flag, tmp_path / "secret")
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"error: {flag}: what is in '")
        assert not content or content not in result.err


@pytest.mark.parametrize("flag", ["--bearer", "--basic"])
def test_a_secret_goes_nowhere_in_the_clear(
    flag: str, programs: Programs, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("user:password")
    for allowed in ((), ("--allow-http",)):
        result = programs.url("http://192.168.1.9/root", folder, flag, tmp_path / "secret", *allowed)
        assert result.code == 2
        assert f"error: {flag} goes to no other machine over plain http://" in result.err


def test_plain_http_beyond_this_machine_is_asked_for(programs: Programs, folder: Path) -> None:
    refused = programs.url("http://192.168.1.9/root", folder)
    assert refused.code == 2
    assert refused.err.startswith("error: URL: plain http:// is for this very machine only")
    assert "--allow-http" in refused.err
    assert programs.url("http://192.168.1.9/root", folder, "--allow-http", "--dry-run").code == 0
    public = programs.url("http://8.8.8.8/root", folder, "--allow-http", "--dry-run")
    assert public.code == 2


def test_secrets_do_not_travel(programs: Programs, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SAID_TO_NOBODY)
    cluster = ("--scheduler", "tcp://127.0.0.1:1")
    by_url = programs.url("https://localhost", folder, *cluster, "--bearer", tmp_path / "secret")
    by_method = programs.method("https://localhost", folder, *cluster, "-p", f"access-token={SAID_TO_NOBODY}")
    for result in (by_url, by_method):
        assert (result.code, result.out) == (2, "")
        assert "secrets do not travel" in result.err
        assert SAID_TO_NOBODY not in result.err


# --- a cluster ----------------------------------------------------------------------------------------------


def test_a_cluster_does_the_work(
    run: Callable[..., Result], folder: Path, tmp_path: Path, local_cluster: LocalCluster
) -> None:
    journal, address = tmp_path / "journal.db", local_cluster.scheduler_address
    flags = (folder, "--scheduler", address, "--journal", journal, "--batch", "1")
    result = run(f"file:{tmp_path}/store", *flags)
    assert (result.code, result.json["stored"]) == (0, 3)
    assert kept(tmp_path / "store").keys() == {uid(1), uid(2), uid(3)}
    again = run(f"file:{tmp_path}/store", *flags)
    assert (again.code, again.json["stored"], again.json["known"]) == (0, 0, 3)


def test_the_program_leaves_a_cluster_in_peace(
    folder: Path, tmp_path: Path, local_cluster: LocalCluster
) -> None:
    cluster = ("--scheduler", local_cluster.scheduler_address)
    argv: list[str | Path] = [CURSORKIT, "store", f"file:{tmp_path}/store", folder, *cluster, "--quiet"]
    for _ in range(2):
        child = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        assert (child.returncode, child.stderr) == (0, "")
        assert json.loads(child.stdout)["stored"] == 3


def test_a_scheduler_that_is_not_there(run: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", folder, "--scheduler", "tcp://127.0.0.1:1", "--timeout", "1")
    assert (result.code, result.out) == (6, "")
    assert result.err.startswith("error: cannot reach the scheduler at tcp://127.0.0.1:1: ")


def test_who_listens_there_is_no_scheduler(folder: Path, tmp_path: Path) -> None:
    """As where ports are mixed up: what a server of HTTP says is, to Dask, more than any memory holds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(1)
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        Thread(target=answer, daemon=True).start()
        at = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        words = ["store", f"file:{tmp_path}/store", str(folder), "--scheduler", at, "--timeout", "2"]
        result = subprocess.run([CURSORKIT, *words], capture_output=True, text=True, timeout=60)
        listener.shutdown(socket.SHUT_RDWR)
    assert (result.returncode, result.stdout) == (6, "")
    assert result.stderr == (
        f"error: cannot reach the scheduler at {at}: nobody answers there as a scheduler of Dask does\n"
    )


# --- help ---------------------------------------------------------------------------------------------------


def test_help_tells_of_many_files_where_they_can_be_stored(capfd: pytest.CaptureFixture[str]) -> None:
    flags = ("--instances", "--batch", "--jobs", "--journal", "--strict", "--report", "--scheduler")
    run = Run(healthcare, capfd)
    page = run(*COMMAND, "--help").out
    for flag in (*flags, "(-r WORD ... | --instances PATH ...)"):
        assert flag in page
    for words in ((), ("projects", "locations-datasets-create")):
        assert not [flag for flag in flags if flag in run(*words, "--help").out]
    whole = Run(language, capfd)("store", "--help").out
    for flag in (
        *flags[1:],
        "--study",
        "--bearer",
        "--basic",
        "--allow-http",
        "--ca-bundle",
        "--timeout",
        "8 partly",
    ):
        assert flag in whole


# --- mistakes -----------------------------------------------------------------------------------------------


def test_what_does_not_go_with_instances_is_told_all_at_once(programs: Programs, tmp_path: Path) -> None:
    of_bodies = ("-r", "x=y", "--body", "b", "-u", "simple", "f", "-m", "a/b", "--all-pages", "--allow-empty")
    of_answers = ("-p", "fields=a", "alt=media", "callback=c", "--skeleton")
    result = programs.method("ftp://x", "images", *of_bodies, *of_answers, "--jobs", "0", "--client", "c")
    assert (result.code, result.out) == (2, "")
    excluded = ("-r", "--body", "-u", "-m", "--all-pages", "--allow-empty", "--skeleton")
    for told in (
        *(f"--instances and {flag} exclude each other" for flag in excluded),
        *(f"--instances and -p {name} exclude each other" for name in ("fields", "alt", "callback")),
        "--endpoint: ",
        "--jobs: '0' is no number from 1 to 64",
        "only login takes --client",
    ):
        assert f"error: {told}" in result.err


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--batch", "0"), "--batch: '0' is no number of instances, such as 50, or size, such as 64MiB"),
        (("--batch", "5,"), "--batch: '5,' is no number"),
        (("--batch", "1X"), "--batch: '1X' is no number"),
        (("--batch", ""), "--batch: '' is no number"),
        (("--jobs", "65"), "--jobs: '65' is no number from 1 to 64"),
        (
            ("--report", "report.txt"),
            "--report: the name of 'report.txt' ends in none of .jsonl, .csv, .html",
        ),
        (("--report", "a.csv", "-o", "a.csv"), "-o names the same file as --report"),
        (("--journal", "a.csv", "--report", "./a.csv"), "--journal names the same file as --report"),
        (("--scheduler", "somewhere"), "--scheduler: 'somewhere' is no scheduler"),
        (("--timeout", "0"), "--timeout: no answer begins at once"),
        (("--retry-for", "x"), "--retry-for: 'x' is no number of seconds"),
        (("--ca-bundle", "/nowhere"), "--ca-bundle: cannot read '/nowhere'"),
    ],
)
def test_flags_that_are_wrong(
    flags: tuple[str, ...], told: str, run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    result = run(f"file:{tmp_path}/store", folder, *flags)
    assert (result.code, result.out) == (5 if "nowhere" in told else 2, "")
    assert result.err.startswith(f"error: {told}")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("flag", ["--report", "--journal", "-o"])
def test_nothing_is_written_into_what_is_stored(
    flag: str, run: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    name = folder / "below" / "r.csv"
    result = run(f"file:{tmp_path}/store", folder, flag, name)
    assert result.code == 2
    assert result.err.startswith(f"error: {flag}: '{name}' is in a folder that is stored\n")


def test_a_store_is_not_stored_into_itself(run: Callable[..., Result], folder: Path) -> None:
    result = run(f"file:{folder}/store", folder)
    assert (result.code, result.out) == (2, "")
    assert f": '{folder}/store' is in a folder that is stored\n" in result.err
    assert run("file:", folder).code == 2
    assert not (folder / "store").exists()


def test_the_url_of_a_server_is_its_root(programs: Programs, folder: Path) -> None:
    for url, told in {
        "pacs.example": "an endpoint begins with a scheme",
        "ftp://pacs.example": "no transport serves",
        "https://pacs.example/dicom-web/studies": "the root of the server is wanted, without /studies",
        "https://pacs.example/?x": "an endpoint is written as https://HOST",
    }.items():
        result = programs.url(url, folder)
        assert result.code == 2
        assert result.err.startswith(f"error: URL: {told}")


def test_a_line_of_cursorkit_store_is_checked_as_a_whole(programs: Programs) -> None:
    result = programs.url(
        "ftp://x", "--study", "x", "--bearer", "/nowhere", "--basic", "/nowhere", "--nosuch"
    )
    assert result.code == 2
    for told in (
        "unknown flag '--nosuch'",
        "the files are missing",
        "URL: no transport serves",
        "--bearer and --basic exclude each other",
        "--bearer: cannot read '/nowhere'",
        "--basic: cannot read '/nowhere'",
        "--study: 'x' is no UID of DICOM",
    ):
        assert f"error: {told}" in result.err
    assert programs.url().err.startswith("error: the URL of a server is missing, and files for it\n")


@pytest.mark.parametrize("behind", [(), ("--quiet",), ("--", "studies")])
def test_instances_without_files_are_told(behind: tuple[str, ...], capfd: pytest.CaptureFixture[str]) -> None:
    """As a shell gives them where a list of files came to nothing."""
    call = CALL if "--" not in behind else CALL[:-1]
    result = Run(healthcare, capfd)(*call, "--instances", *behind)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --instances: the files are missing\n    --instances PATH ...\n"


def test_flags_of_instances_are_of_no_use_without(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = Run(healthcare, capfd)
    flags = ("--batch", "2", "--journal", str(tmp_path / "j"), "--strict", "--report", "r.csv", "--jobs", "2")
    result = run(*CALL, *flags, "--scheduler", "tcp://x:1", "-r", "content-type=a/b", "data=x", "--dry-run")
    assert result.code == 2
    for flag in ("--batch", "--journal", "--strict", "--report", "--jobs", "--scheduler"):
        assert f"error: only --instances takes {flag}\n" in result.err


def test_a_method_that_stores_nothing_takes_no_instances(capfd: pytest.CaptureFixture[str]) -> None:
    run = Run(healthcare, capfd)
    result = run("projects", "locations-datasets-create", "projects/p/locations/l", "--instances", "x")
    assert result.code == 2
    assert "error: this method takes no --instances: it stores no DICOM files\n" in result.err


def test_positionals_right_behind_instances(capfd: pytest.CaptureFixture[str]) -> None:
    result = Run(healthcare, capfd)(*COMMAND, "--instances", "images", PARENT, "studies")
    assert result.code == 2
    assert "words right behind those of -r, -p or --instances belong to these" in result.err
    assert "put -- or another flag between them" in result.err


def test_a_list_on_standard_input(folder: Path, tmp_path: Path) -> None:
    names = "".join(f"{path}\n" for path in folder.iterdir())
    argv = ["store", f"file:{tmp_path}/store", "-", "--quiet"]
    listed = subprocess.run([CURSORKIT, *argv, "--dry-run"], input=names, capture_output=True, text=True)
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 4)
    child = subprocess.run([CURSORKIT, *argv], input=names, capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (0, "")
    assert json.loads(child.stdout)["stored"] == 3


@pytest.mark.parametrize(
    ("module", "flags", "extra"),
    [("pydicom", (), "dicom"), ("distributed", ("--scheduler", "tcp://127.0.0.1:1"), "dask")],
)
@pytest.mark.parametrize("program", ["language", "main"])
def test_without_an_extra_it_is_named(
    program: str, module: str, flags: tuple[str, ...], extra: str, folder: Path, tmp_path: Path
) -> None:
    code = (
        f"import sys\nsys.modules[{module!r}] = None  # what an installation without the extra looks like\n"
        f"from cursorkit.cli.{program} import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    root = f"file:{tmp_path}/store"
    argv = (
        ("store", root, folder)
        if program == "language"
        else (*CALL, "--endpoint", root, "--instances", folder)
    )
    child = subprocess.run([sys.executable, "-c", code, *argv, *flags], capture_output=True, text=True)
    assert (child.returncode, child.stdout) == (5, "")
    assert f"pip install 'cursorkit[{extra}]'" in child.stderr
    assert "Traceback" not in child.stderr
    assert not (tmp_path / "store").exists()


def test_standard_input_is_read_once(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run(f"file:{tmp_path}/store", "-", "-")
    assert result.code == 2
    assert "error: -: standard input can be read only once" in result.err
