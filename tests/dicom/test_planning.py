"""Which files are to be sent, and why the others are not."""

from __future__ import annotations

import io
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from cursorkit.dicom import Found, Journal, Planned, Result, State, Target, plan
from cursorkit.errors import SourceError
from cursorkit.wire import Bytes, Endpoint
from cursorkit_transports import open_transport
from dicom_store import STUDY, dicom_file, uid

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from cursorkit.wire import BodySource

TARGET = Target.dicomweb(Endpoint("https://host/dicom-web"), open_transport)


def planned(source: BodySource, target: Target = TARGET, *, strict: bool = False) -> Planned | Result:
    with Journal() as journal:
        (found,) = plan([Found("x.dcm", source)], target, journal, strict=strict)
    return found


def test_an_instance_is_to_be_sent() -> None:
    source = Bytes(dicom_file(1))
    found = planned(source)
    assert isinstance(found, Planned)
    assert (found.name, found.source) == ("x.dcm", source)
    assert (found.instance.sop_instance, found.instance.study) == (uid(1), STUDY)


@pytest.mark.parametrize(("strict", "state"), [(False, State.SKIPPED), (True, State.REFUSED)])
def test_what_is_not_dicom_is_skipped_or_refused(strict: bool, state: State) -> None:
    found = planned(Bytes(b"%PDF-1.7"), strict=strict)
    assert isinstance(found, Result)
    assert (found.state, found.octets) == (state, 8)
    assert "not a DICOM file" in found.reason
    assert bool(found.advice) is strict


def test_of_another_study_nothing_is_sent() -> None:
    target = Target(f"https://host/studies/{STUDY}", TARGET.endpoint, open_transport, study=STUDY)
    assert isinstance(planned(Bytes(dicom_file(1)), target), Planned)
    found = planned(Bytes(dicom_file(1, study="1.9")), target)
    assert isinstance(found, Result)
    assert found.state is State.SKIPPED
    assert "another study" in found.reason


def test_what_is_known_to_be_stored_is_not_sent() -> None:
    content = dicom_file(1)
    with Journal() as journal:
        (first,) = plan([Found("1", Bytes(content))], TARGET, journal)
        assert isinstance(first, Planned)
        digest = sha256(content).hexdigest()
        journal.settle(TARGET.url, [Result("1", State.STORED, instance=first.instance, sha256=digest)])
        files = [Found("2", Bytes(content)), Found("3", Bytes(dicom_file(1, b"others")))]
        known, other = plan(files, TARGET, journal)
    assert isinstance(known, Result)
    assert (known.name, known.state, known.sha256) == ("2", State.KNOWN, digest)
    assert known.octets == len(content)
    assert isinstance(other, Planned)


def test_results_pass_as_they_are() -> None:
    gone = Result("gone", State.UNREADABLE, "there is no such file")
    with Journal() as journal:
        assert [*plan([gone], TARGET, journal)] == [gone]


class Broken:
    """A source that fails, at once or while it is read."""

    length = 1000

    def __init__(self, opening: Exception | None, reading: Exception | None = None) -> None:
        self._opening = opening
        self._reading = reading

    def open(self) -> BinaryIO:
        if self._opening is not None:
            raise self._opening
        return io.BufferedReader(_Failing(self._reading))


class _Failing(io.RawIOBase):
    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        assert self._error is not None
        raise self._error


@pytest.mark.parametrize("error", [SourceError("no-file", "it is gone"), OSError(5, "Input/output error")])
def test_what_cannot_be_read_is_told_of_and_the_next_one_is_planned(error: Exception) -> None:
    files = [Found("1", Broken(error)), Found("2", Broken(None, error)), Found("3", Bytes(dicom_file(3)))]
    with Journal() as journal:
        first, second, third = plan(files, TARGET, journal)
    for each in (first, second):
        assert isinstance(each, Result)
        assert each.state is State.UNREADABLE
        assert "it is gone" in each.reason or "Input/output error" in each.reason
    assert isinstance(third, Planned)


def test_files_are_looked_at_one_by_one() -> None:
    looked = 0

    def files() -> object:
        nonlocal looked
        for number in range(100):
            looked += 1
            yield Found(str(number), Bytes(dicom_file(number)))

    with Journal() as journal:
        planning = plan(files(), TARGET, journal)  # type: ignore[arg-type]
        next(planning)
        next(planning)
    assert looked == 2


def test_a_plan_shows_nothing_of_anybody() -> None:
    assert uid(1) not in repr(planned(Bytes(dicom_file(1))))
