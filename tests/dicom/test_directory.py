"""The files that a DICOMDIR lists."""

from __future__ import annotations

import io
import logging
import shutil
import warnings
from typing import TYPE_CHECKING

import pytest

from cursorkit import dicom
from cursorkit.dicom import Journal, Result, State, Target
from cursorkit.dicom.instances import NotDicomError
from cursorkit.wire import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cursorkit.wire import Transport

MISSING = "the DICOMDIR lists it, but there is no such file"
ENDS_EARLY = "this DICOMDIR is damaged, or ends early: it may have listed more files"
OUTSIDE = "the DICOMDIR lists a name that is none, or leads out of its folder"


def told(results: Iterable[object]) -> list[object]:
    return [(each.name, each.state, each.reason) if isinstance(each, Result) else each for each in results]


def directory(path: Path, *records: tuple[str | list[str], int], character_set: str = "ISO_IR 100") -> Path:
    """A DICOMDIR of records with these file IDs, in use or not."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["cursorkit"])
    dataset.SpecificCharacterSet = character_set
    dataset.DirectoryRecordSequence = []
    patient = Dataset()
    patient.DirectoryRecordType = "PATIENT"
    dataset.DirectoryRecordSequence.append(patient)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that hostile file IDs are no code strings
        for file_id, in_use in records:
            record = Dataset()
            record.DirectoryRecordType = "IMAGE"
            record.RecordInUseFlag = in_use
            record.ReferencedFileID = file_id
            dataset.DirectoryRecordSequence.append(record)
        dataset.save_as(path, enforce_file_format=True)
    return path


def put(folder: Path, *files: str) -> None:
    for each in files:
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).touch()


IN_USE = 0xFFFF


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered"])
def test_the_files_of_a_medium_are_those_that_pydicom_finds(name: str, samples: Path) -> None:
    path = samples / "dicomdirtests" / name
    from pydicom import dcmread

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        records = dcmread(path).DirectoryRecordSequence
        listed = [record.ReferencedFileID for record in records if "ReferencedFileID" in record]
    expected = [str(path.parent.joinpath(*file_id)) for file_id in listed]
    assert len(expected) == 31
    assert told(dicom.names([str(path)])) == expected


def test_names_are_relative_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").mkdir()
    directory(tmp_path / "disk" / "DICOMDIR", (["A", "B"], IN_USE), ("C", IN_USE))
    put(tmp_path / "disk", "A/B", "C", "not listed")
    monkeypatch.chdir(tmp_path)
    assert told(dicom.names(["disk/DICOMDIR"])) == ["disk/A/B", "disk/C"]
    monkeypatch.chdir(tmp_path / "disk")
    assert told(dicom.names(["DICOMDIR"])) == ["A/B", "C"]


def test_names_are_found_as_systems_show_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "images/im1", "IMAGES2/IM2;1", "Images3/im3;1", "IM4", "im4", "im5", "IM6;1")
    directory(
        tmp_path / "dicomdir;1",
        (["IMAGES", "IM1"], IN_USE),
        (["IMAGES2", "IM2"], IN_USE),
        (["IMAGES3", "IM3"], IN_USE),
        ("IM4", IN_USE),
        ("IM5;1", IN_USE),
        ("IM6;1", IN_USE),
        (["IMAGES", "IM7"], IN_USE),
    )
    monkeypatch.chdir(tmp_path)
    assert told(dicom.names(["dicomdir;1"])) == [
        "images/im1",
        "IMAGES2/IM2;1",
        "Images3/im3;1",
        "IM4",
        "im5",
        "IM6;1",
        ("dicomdir;1:IMAGES/IM7", State.UNREADABLE, MISSING),
    ]


@pytest.mark.parametrize(
    "file_id",
    [["..", "SECRET"], ["A", "..", "..", "SECRET"], ["A/../../SECRET"], ["/etc/passwd"], ["", "B"], ["."]],
)
def test_no_name_leads_out_of_its_folder(
    file_id: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "SECRET", "disk/A/B", "disk/B")
    directory(tmp_path / "disk" / "DICOMDIR", (file_id, IN_USE), (["A", "B"], IN_USE))
    monkeypatch.chdir(tmp_path / "disk")
    shown = f"DICOMDIR:{'/'.join(file_id)}"
    assert told(dicom.names(["DICOMDIR"])) == [(shown, State.UNREADABLE, OUTSIDE), "A/B"]


def test_each_file_comes_once_and_none_that_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "A", "B")
    directory(tmp_path / "DICOMDIR", ("A", IN_USE), ("B", 0), ("A", 0), ("C", 0), ("C", IN_USE))
    monkeypatch.chdir(tmp_path)
    assert told(dicom.names(["DICOMDIR"])) == [
        "A",
        ("DICOMDIR:B", State.SKIPPED, "the DICOMDIR lists it as no longer in use"),
        ("DICOMDIR:C", State.UNREADABLE, MISSING),
    ]


def test_one_that_lists_nothing_or_is_broken_says_so(
    samples: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    empty = samples / "dicomdirtests" / "DICOMDIR-empty.dcm"
    assert told(dicom.names([empty])) == [(str(empty), State.SKIPPED, "this DICOMDIR lists no files")]
    broken = tmp_path / "DICOMDIR"
    for name in ("DICOMDIR", "DICOMDIR-implicit", "DICOMDIR-bigEnd", "TINY_ALPHA/DICOMDIR"):
        whole = (samples / "dicomdirtests" / name).read_bytes()
        before = 0
        for cut in (350, len(whole) // 3, len(whole) // 2, len(whole) - 1):
            broken.write_bytes(whole[:cut])
            *files, result = told(dicom.names([broken]))
            assert result == (str(broken), State.UNREADABLE, ENDS_EARLY), (name, cut)
            assert len(files) >= before
            before = len(files)
        assert before > 2
    assert not any(capfd.readouterr())


def test_nothing_is_told_of_what_is_odd_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "A")
    directory(tmp_path / "DICOMDIR", ("A", IN_USE), character_set="CANARY")
    caplog.clear()
    monkeypatch.chdir(tmp_path)
    before = list(warnings.filters)
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert told(dicom.names(["DICOMDIR"])) == ["A"]
    assert not warned
    assert not caplog.records
    assert warnings.filters == before


def test_what_is_only_called_so_is_a_file(samples: Path, tmp_path: Path) -> None:
    text, image = tmp_path / "DICOMDIR.txt", tmp_path / "dicomdir"
    text.write_text("how to read this disk")
    shutil.copy(samples / "CT_small.dcm", image)
    assert told(dicom.names([text, image])) == [str(text), str(image)]


class Nowhere:
    """Plans need a place, but ask nobody there."""

    def __call__(self, endpoint: Endpoint, **_: object) -> Transport:
        raise NotImplementedError


def test_one_in_a_folder_is_no_instance(samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / "dicomdirtests" / "DICOMDIR", tmp_path)
    shutil.copy(samples / "CT_small.dcm", tmp_path / "IM1")
    target = Target.dicomweb(Endpoint("https://images.example"), Nowhere())
    with Journal() as journal:
        index, image = dicom.plan(dicom.find(dicom.names([tmp_path])), target, journal)
    reason = "this is an index of files (DICOMDIR), no instance"
    assert told([index]) == [(str(tmp_path / "DICOMDIR"), State.SKIPPED, reason)]
    assert isinstance(image, dicom.Planned)
    with pytest.raises(NotDicomError) as caught:
        dicom.read_instance(io.BytesIO((tmp_path / "DICOMDIR").read_bytes()))
    assert caught.value.understood
