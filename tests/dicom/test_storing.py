"""Many files stored: exactly one result for each, whatever happens, and a report of what it came to."""

from __future__ import annotations

import json
import threading
from collections import Counter
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import Verdict, dicom
from cursorkit.dicom import Found, Journal, Limits, State, Target, plan
from cursorkit.dicom.batches import fill
from cursorkit.dicom.sending import sent
from cursorkit.testing.server import Close, ReadBody, Reset
from cursorkit.wire import Bytes, Endpoint
from cursorkit_transports.memory import Memory, Reply
from dicom_store import Answering, CutOff, DicomStore, dicom_file, instances, report, said, uid, written

if TYPE_CHECKING:
    from cursorkit.dicom import Result
    from cursorkit.testing.server import Exchange, Step

NUMBERS = range(6)
ONE = Limits(1)


# --- whatever happens ---------------------------------------------------------------------------------------


@frozen
class Turn:
    """What a server does with a request. What it tells is true, as far as it goes.

    Attributes:
        keeps: the numbers of the instances that it keeps, unless it has others already.
        names: the numbers of those of which it tells what became of them.
        status: what else it says; it is the report that counts.
        ends: how.
    """

    keeps: frozenset[int]
    names: frozenset[int]
    status: int
    ends: str

    def answered(self, store: DicomStore, exchange: Exchange, told: set[str], *, last: bool) -> Step:
        came = instances(exchange)
        store.keep([uid(each) for each in self.keeps], exchange)
        named = [each for each in map(uid, self.names) if each in came]
        right = [each for each in named if store.kept.get(each) == came[each]]
        content = report(right, [each for each in named if each not in right])
        if self.ends == "answer":
            told.update(right if last or self.status not in PASSING else [])
            return said(self.status, content)
        if self.ends == "page":
            return said(self.status, b"<html>")
        whole = said(self.status, content).data
        return Reset() if self.ends == "reset" else CutOff(whole[: len(whole) // 2])


ANY = st.frozensets(st.sampled_from(NUMBERS))
ALL = st.just(frozenset(NUMBERS))
STATUSES = (200, 202, 400, 401, 403, 404, 409, 413, 415, 429, 500, 502, 503)
PASSING = {429, 500, 502, 503}
ENDS = ("answer", "answer", "answer", "page", "reset", "cut", "early", "gone")
turns = st.builds(Turn, ANY | ALL, ANY | ALL, st.sampled_from(STATUSES), st.sampled_from(ENDS))
files = st.lists(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from([b"", b"", b"other"])) | st.none(), max_size=12
)


@settings(max_examples=150)
@given(
    files,
    st.lists(turns, max_size=12),
    st.builds(Limits, st.integers(1, 5)),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.0, 0.03]),
)
def test_every_file_gets_one_result_and_no_other_than_is_true(
    files: list[tuple[int, bytes] | None], script: list[Turn], limits: Limits, jobs: int, patience: float
) -> None:
    told: set[str] = set()
    left = iter(script)

    def turn(store: DicomStore, exchange: Exchange) -> tuple[Step, ...]:
        played = next(left, None)
        if played is None:
            played = Turn(frozenset(NUMBERS), frozenset(NUMBERS), 200, "answer")
        if played.ends == "early":
            return said(played.status, b"", ("Connection", "close")), Close()
        if played.ends == "gone":
            return (Reset(),)
        # Of an answer that another attempt follows, it is the later one that counts.
        last = not patience
        return ReadBody(), Answering(
            store, lambda store, exchange: played.answered(store, exchange, told, last=last)
        )

    with TemporaryDirectory() as name, DicomStore(turn) as store, Journal() as journal:
        contents = {
            str(Path(name, str(number))): b"no image" if each is None else dicom_file(*each)
            for number, each in enumerate(files)
        }
        for path, content in contents.items():
            Path(path).write_bytes(content)
        with dicom.store(
            [*contents], store.target(patience), limits=limits, jobs=jobs, journal=journal
        ) as run:
            results = [*run]
        assert sorted(each.name for each in results) == sorted(contents)
        assert run.counts == Counter(each.state for each in results)
        settled = {contents[each.name] for each in results if each.state in {State.STORED, State.KNOWN}}
        for each in results:
            content = contents[each.name]
            assert each.octets == len(content)
            assert each.state.settled or each.reason
            if each.instance is None:
                assert each.state is State.SKIPPED
                continue
            has = store.kept.get(each.instance.sop_instance)
            if each.state in {State.STORED, State.KNOWN}:
                assert has == content
                assert each.sha256 == sha256(content).hexdigest()
            elif has == content and each.instance.sop_instance in told:
                # Nothing that it has and tells of is lost; the same file may have failed before that.
                assert content in settled


TAGS = (
    "00081199",
    "00081198",
    "00081155",
    "00081150",
    "00081197",
    "00081196",
    "00090097",
    "Value",
    "vr",
    "x",
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from([*map(uid, NUMBERS), "", "\ud800", "x"])
documents = st.recursive(
    LEAVES,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(TAGS), each),
    max_leaves=30,
)
sequences = st.fixed_dictionaries(
    {}, optional={tag: st.fixed_dictionaries({"Value": documents}) for tag in TAGS[:2]}
)


@given(documents | sequences, st.sampled_from(STATUSES))
def test_no_report_is_too_odd(document: object, status: int) -> None:
    content = json.dumps(document).encode()
    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Memory(lambda *_: Reply(status, content)))
    found = [Found(str(each), Bytes(dicom_file(each))) for each in range(3)]
    with Journal() as journal:
        results = [*chain(*sent(fill(plan(found, target, journal), Limits()), target, 1))]
    assert [each.name for each in results] == ["0", "1", "2"]
    for each in results:
        assert each.state.settled or each.reason
        assert each.instance is not None
        assert each.state is not State.STORED or each.instance.sop_instance in content.decode()


@pytest.mark.parametrize("depth", [500, *range(900, 1000, 10), 100_000])
def test_no_report_is_too_deep(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    content = report([uid(0)], [uid(1)]).replace(f'["{uid(1)}"]'.encode(), b"[%b]" % nested)
    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Memory(lambda *_: Reply(200, content)))
    with Journal() as journal:
        (batch,) = fill(plan([Found("0", Bytes(dicom_file(0)))], target, journal), Limits())
        ((result,),) = sent([batch], target, 1)
    # What is too deep to be read says nothing; else it is an odd item beside one that says "stored".
    assert result.state is (State.STORED if depth == 500 else result.state)
    assert result.state in {State.STORED, State.UNKNOWN}


# --- the report ---------------------------------------------------------------------------------------------


def test_a_report_counts(tmp_path: Path) -> None:
    paths = written(tmp_path, range(5))
    (tmp_path / "README").write_bytes(b"no image")
    with DicomStore() as store, dicom.store([tmp_path], store.target()) as run:
        assert run.counts == {}
        assert run.verdict is Verdict.DONE
        assert run.seconds == 0
        results = [*run]
    assert run.counts == {State.STORED: 5, State.SKIPPED: 1}
    assert run.octets == {State.STORED: sum(path.stat().st_size for path in paths), State.SKIPPED: 8}
    assert run.verdict is Verdict.DONE
    assert run.seconds > 0
    assert all(each.at > 1.7e9 for each in results)
    assert [*run] == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(401, Verdict.AUTH), (400, Verdict.REFUSED), (503, Verdict.LATER), (200, Verdict.UNKNOWN)],
)
def test_a_report_says_what_it_came_to(tmp_path: Path, status: int, verdict: Verdict) -> None:
    with DicomStore(lambda *_: (ReadBody(), said(status))) as store:
        run = dicom.store(written(tmp_path, range(3)), store.target())
        assert len([*run]) == 3
        assert run.verdict is verdict


def test_some_stored_is_partly_stored(tmp_path: Path) -> None:
    paths = written(tmp_path, range(3))
    with DicomStore() as store:
        run = dicom.store([*paths, tmp_path / "missing.dcm"], store.target())
        assert Counter(each.state for each in run) == {State.STORED: 3, State.UNREADABLE: 1}
        assert run.verdict is Verdict.PARTLY


def test_nothing_is_sent_unless_somebody_asks(tmp_path: Path) -> None:
    with DicomStore() as store:
        with dicom.store(written(tmp_path, range(3)), store.target()):
            pass
        assert store.server.exchanges == []


def test_files_are_not_looked_at_far_ahead(tmp_path: Path) -> None:
    paths = written(tmp_path, range(200))
    looked = 0

    def taken() -> object:
        nonlocal looked
        for path in paths:
            looked += 1
            yield path

    with (
        DicomStore() as store,
        dicom.store(taken(), store.target(), jobs=2, limits=Limits(5)) as run,  # type: ignore[arg-type]
    ):
        for number, _ in enumerate(run, 1):
            # What is told of, what is on its way, and the next request.
            assert looked <= number + 5 + (2 + 1) * 5 + 5 + 1
    assert looked == 200


@pytest.mark.parametrize("kept", [True, False])
def test_a_run_that_is_left_early_leaves_nothing_behind(tmp_path: Path, kept: bool) -> None:
    paths = written(tmp_path, range(40))
    threads, descriptors = threading.active_count(), len([*Path("/dev/fd").iterdir()])
    journal = Journal(tmp_path / "journal") if kept else None
    with DicomStore() as store:
        with (
            pytest.raises(LookupError),
            dicom.store(paths, store.target(), limits=ONE, jobs=2, journal=journal) as run,
        ):
            for number, _ in enumerate(run, 1):
                if number == 3:
                    raise LookupError
        assert sum(run.counts.values()) == 3
        assert len(store.server.exchanges) < 10
        assert [*run] == []
        if journal is not None:
            # It belongs to whoever opened it, and nobody is in it any more.
            with Journal(tmp_path / "journal") as other, journal:
                assert other.knows(store.target().url)
    for _ in range(1000):
        if threading.active_count() <= threads and len([*Path("/dev/fd").iterdir()]) <= descriptors:
            break
        threading.Event().wait(0.03)
    else:
        pytest.fail("threads or descriptors are left")


def test_a_report_is_read_wherever_there_is_time_for_it(tmp_path: Path) -> None:
    results: list[Result] = []
    with DicomStore() as store, Journal(tmp_path / "journal") as journal:
        run = dicom.store(written(tmp_path, range(9)), store.target(), limits=ONE, journal=journal)
        results.append(next(run))
        thread = threading.Thread(target=lambda: results.extend(run))
        thread.start()
        thread.join()
        run.close()
    assert run.counts == {State.STORED: 9}
    assert len(results) == 9


def test_two_files_of_one_instance(tmp_path: Path) -> None:
    """Several requests at a time, and a store that says that everything is stored, but keeps what it has."""
    paths = [tmp_path / name for name in "abcde"]
    for path, more in zip(paths, [b"", b"", b"other", b"", b"other"], strict=True):
        path.write_bytes(dicom_file(1, more))
    for jobs, limits in ((1, Limits()), (4, Limits()), (4, ONE)):
        with DicomStore() as store:
            states = {
                each.name: each.state for each in dicom.store(paths, store.target(), jobs=jobs, limits=limits)
            }
            assert store.kept == {uid(1): dicom_file(1)}
        same = {State.STORED, State.KNOWN}
        assert [states[str(path)] in same for path in paths] == [True, True, False, True, False]
        assert states[str(paths[2])] is states[str(paths[4])] is State.CONFLICT


def test_a_file_that_changes_while_others_are_sent_is_left_out(tmp_path: Path) -> None:
    paths = written(tmp_path, range(10))

    def answered(request: object, body: bytes) -> Reply:
        for path in paths[-2:]:
            path.unlink(missing_ok=True)
        return Reply(200, report(map(uid, NUMBERS)))

    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Memory(answered))
    results = {
        each.name: each for each in dicom.store(paths[:5] + paths[-2:], target, jobs=1, limits=Limits(5))
    }
    assert [results[str(path)].state for path in paths[:5]] == [State.STORED] * 5
    gone = [results[str(path)] for path in paths[-2:]]
    assert [each.state for each in gone] == [State.UNREADABLE] * 2
    # It went before it was looked for, before it was read, or before it was sent.
    nowhere = "there is no such file or folder"
    assert all(each.name in each.reason or each.reason == nowhere for each in gone)
