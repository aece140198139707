"""What a body holds."""

from __future__ import annotations

import io
import logging
import sys
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from struct import pack
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import SourceError, dicom
from cursorkit.dicom.instances import NotDicomError
from cursorkit.errors import MissingExtraError
from cursorkit.files import file_source
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Sequence

MiB = 2**20


def uids(instance: dicom.Instance) -> tuple[str, str, str, str]:
    return instance.study, instance.series, instance.sop_instance, instance.sop_class


def as_pydicom_reads(path: Path) -> tuple[str, ...] | None:
    """The identifiers as pydicom's own front door gives them; None where it takes the file for no DICOM."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            return None
        keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        return tuple(str(dataset.get(keyword) or "") for keyword in keywords)


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """An element in explicit VR little endian (PS3.5, 7.1.2)."""
    long = vr in {b"OB", b"UN", b"SQ"}
    length = pack("<2xL", len(value)) if long else pack("<H", len(value))
    return pack("<HH", tag >> 16, tag & 0xFFFF) + vr + length + value


def in_a_sequence(item: bytes) -> bytes:
    """A sequence of one item, both of undefined length (PS3.5, 7.5)."""
    undefined, nothing = pack("<L", 0xFFFFFFFF), bytes(4)
    return b"".join(
        [
            pack("<HH2s2x", 0x0008, 0x1140, b"SQ") + undefined,
            pack("<HH", 0xFFFE, 0xE000) + undefined + item + pack("<HH", 0xFFFE, 0xE00D) + nothing,
            pack("<HH", 0xFFFE, 0xE0DD) + nothing,
        ]
    )


def file_of(dataset: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    return bytes(128) + b"DICM" + element(0x00020010, b"UI", syntax) + dataset


SOP = element(0x00080016, b"UI", b"1.1\0") + element(0x00080018, b"UI", b"1.2\0")
PLACE = element(0x0020000D, b"UI", b"1.3\0") + element(0x0020000E, b"UI", b"1.4\0")
SMALL = ("1.3", "1.4", "1.2", "1.1")


def test_every_sample_reads_as_pydicom_reads_it(samples: Path) -> None:
    read = refused = 0
    for path in sorted(path for path in samples.parent.rglob("*") if path.is_file()):
        expected = as_pydicom_reads(path)
        with path.open("rb") as reader:
            if expected is not None and all(expected):
                assert uids(dicom.read_instance(reader)) == expected, path
                read += 1
                continue
            with pytest.raises(NotDicomError) as caught:
                dicom.read_instance(reader)
            assert caught.value.understood is (expected is not None), path
            refused += 1
    assert read > 100
    assert refused > 20


def test_a_small_file_reads() -> None:
    assert uids(dicom.read_instance(io.BytesIO(file_of(SOP + PLACE)))) == SMALL


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a DICOM file"),
        (b"%PDF-1.7" + bytes(1000), "not a DICOM file"),
        (file_of(SOP), "has no Study Instance UID and no Series Instance UID"),
        (file_of(PLACE), "has no SOP Instance UID and no SOP Class UID"),
        (file_of(SOP + element(0x0020000D, b"UI", b"") + PLACE[12:]), "has no Study Instance UID"),
        (file_of(b"not deflated", b"1.2.840.10008.1.2.1.99\0\0"), "cannot be read"),
    ],
)
def test_what_is_no_instance_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(NotDicomError, match=message):
        dicom.read_instance(io.BytesIO(content))


@given(st.data())
def test_damaged_files_are_read_or_refused(samples: Path, data: st.DataObject) -> None:
    content = bytearray(
        (samples / data.draw(st.sampled_from(["CT_small.dcm", "rtplan.dcm"]))).read_bytes()[:3000]
    )
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(128, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(128, len(content))) :]
    try:
        instance = dicom.read_instance(io.BytesIO(content))
    except NotDicomError:
        return
    assert all(uids(instance))


class Counting(io.FileIO):
    """A file that counts the bytes taken from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(-1 if size is None else size)
        self.taken += len(block)
        return block


def test_of_a_usual_file_little_is_read(samples: Path, tmp_path: Path) -> None:
    path = tmp_path / "big.dcm"
    path.write_bytes((samples / "CT_small.dcm").read_bytes())
    with path.open("r+b") as file:
        file.truncate(1024 * MiB)
    with Counting(path) as reader:
        dicom.read_instance(reader)
        assert reader.taken <= 64 * 1024
    assert dicom.sent_instances("application/dicom", file_source(path)) is not None


def test_of_no_file_more_than_4_mib_are_read(tmp_path: Path) -> None:
    path = tmp_path / "big.dcm"
    path.write_bytes(file_of(SOP + element(0x00091001, b"OB", bytes(5 * MiB)) + PLACE))
    with Counting(path) as reader:
        with pytest.raises(NotDicomError):
            dicom.read_instance(reader)
        assert reader.taken <= 4 * MiB
    path.write_bytes(b"no DICOM at all" + bytes(5 * MiB))
    with Counting(path) as reader:
        with pytest.raises(NotDicomError):
            dicom.read_instance(reader)
        assert reader.taken <= 64 * 1024


@pytest.mark.parametrize("deflate", [False, True], ids=["plain", "deflated"])
def test_identifiers_may_stand_where_the_first_look_ends(deflate: bool) -> None:
    """No matter where it cuts them, the tag, the length or the value of an element."""
    for padding in range(64 * 1024 - 280, 64 * 1024 + 8, 2):
        dataset = SOP + element(0x00091001, b"OB", bytes(padding)) + PLACE + element(0x00280010, b"US", b"12")
        content = deflated(dataset) if deflate else file_of(dataset)
        assert uids(dicom.read_instance(io.BytesIO(content))) == SMALL, padding


def test_what_made_an_instance_and_how_it_is_encoded(samples: Path) -> None:
    from pydicom import dcmread

    read = 0
    for path in sorted(path for path in samples.parent.rglob("*") if path.is_file()):
        with path.open("rb") as reader:
            try:
                instance = dicom.read_instance(reader)
            except NotDicomError:
                continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(path, stop_before_pixels=True)
        assert instance.modality == (dataset.get("Modality") or ""), path
        assert instance.transfer_syntax == dataset.file_meta.get("TransferSyntaxUID", ""), path
        read += 1
    assert read > 100


@pytest.mark.parametrize(
    ("value", "modality"),
    [
        (b"MR", "MR"),
        (b"M ", "M"),
        (b"", ""),
        (b"A_ 9", "A_ 9"),
        (b"DOE^JOHN", ""),
        (b"mr", ""),
        (b"X" * 18, ""),
    ],
)
def test_only_a_code_is_a_modality(value: bytes, modality: str) -> None:
    dataset = SOP + element(0x00080060, b"CS", value) + PLACE
    instance = dicom.read_instance(io.BytesIO(file_of(dataset)))
    assert (instance.modality, instance.transfer_syntax) == (modality, "1.2.840.10008.1.2.1")


def test_identifiers_that_come_too_late_are_missing() -> None:
    late = SOP + element(0x00091001, b"OB", bytes(5 * MiB)) + PLACE
    with pytest.raises(NotDicomError, match="no Study Instance UID"):
        dicom.read_instance(io.BytesIO(file_of(late)))
    early = SOP + element(0x00091001, b"OB", bytes(3 * MiB)) + PLACE
    assert uids(dicom.read_instance(io.BytesIO(file_of(early)))) == SMALL


def deflated(dataset: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return file_of(packer.compress(dataset) + packer.flush(), b"1.2.840.10008.1.2.1.99\0\0")


def test_a_deflated_data_set_is_inflated_as_far_as_needed() -> None:
    assert uids(dicom.read_instance(io.BytesIO(deflated(SOP + PLACE)))) == SMALL
    bomb = deflated(SOP + PLACE + element(0x7FE00010, b"OB", bytes(64 * MiB)))
    assert len(bomb) < MiB
    tracemalloc.start()
    try:
        assert uids(dicom.read_instance(io.BytesIO(bomb))) == SMALL
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 24 * MiB


def items(data: st.DataObject, depth: int) -> Sequence:
    """Items of a sequence, in any way in which lengths may be told, with sequences in them and odd values."""
    from pydicom import Dataset, Sequence

    made = []
    for _ in range(data.draw(st.integers(0, 2))):
        item = Dataset()
        item.add_new(0x00080005, "CS", data.draw(st.sampled_from(["", "ISO_IR 100", "CANARY"])))
        item.add_new(0x00080018, "UI", "9.9")
        if depth:
            item.add_new(0x00081140, "SQ", items(data, depth - 1))
            item[0x00081140].is_undefined_length = data.draw(st.booleans())
        item.add_new(0x0020000D, "UI", "9.9.9")
        item.is_undefined_length_sequence_item = data.draw(st.booleans())
        made.append(item)
    return Sequence(made)


@given(st.data(), st.sampled_from(["", ".1", ".1.99", ".2"]))
def test_what_stands_in_sequences_is_passed_over(data: st.DataObject, syntax: str) -> None:
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(f"1.2.840.10008.1.2{syntax}")
    dataset.file_meta.MediaStorageSOPClassUID = UID("1.1")
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2")
    dataset.add_new(0x00080005, "CS", data.draw(st.sampled_from(["", "ISO_IR 100", "CANARY"])))
    for tag, uid in ((0x00080016, "1.1"), (0x00080018, "1.2"), (0x0020000D, "1.3"), (0x0020000E, "1.4")):
        dataset.add_new(tag, "UI", uid)
    dataset.add_new(0x00090010, "LO", "CREATOR")
    for tag in (0x00081115, 0x00091010, 0x00120064, 0x00400275):
        dataset.add_new(tag, "SQ", items(data, 2))
        dataset[tag].is_undefined_length = data.draw(st.booleans())
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(stream, enforce_file_format=True)
    stream.seek(0)
    instance = dicom.read_instance(stream)
    assert uids(instance) == SMALL
    assert instance.transfer_syntax == f"1.2.840.10008.1.2{syntax}"


def test_lengths_in_a_sequence_are_not_taken_for_value_representations() -> None:
    """What is implicit outside of a sequence is so in it, even where a length reads `BA`."""

    def implicit(tag: int, value: bytes) -> bytes:
        return pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value

    item = implicit(0x00081199, bytes(0x4142)) + implicit(0x00204000, b"end ")
    sequence = pack("<HHL", 0x0008, 0x1140, 0xFFFFFFFF) + in_a_sequence(item)[12:]
    place = implicit(0x0020000D, b"1.3\0") + implicit(0x0020000E, b"1.4\0")
    content = implicit(0x00080016, b"1.1\0") + implicit(0x00080018, b"1.2\0") + sequence + place
    assert uids(dicom.read_instance(io.BytesIO(file_of(content, b"1.2.840.10008.1.2\0")))) == SMALL


def test_nothing_of_the_patient_leaks(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = b"CANARY^PATIENT\0\0"
    odd = [
        file_of(element(0x00080005, b"CS", canary) + SOP + PLACE),
        file_of(SOP[:8] + canary[:4] + SOP[12:] + element(0x00100010, b"PN", canary)),
        file_of(SOP + element(0x00100010, b"PN", canary) + element(0x0020000D, b"UI", canary) + PLACE[12:]),
        file_of(SOP + element(0x00100010, canary[:2], canary)),
        bytes(128) + b"DICM" + element(0x00080018, b"UI", canary),
        file_of(SOP + in_a_sequence(element(0x00080005, b"CS", canary)) + PLACE),
        file_of(in_a_sequence(element(0x00080005, b"CS", canary) + canary[:9])),
    ]
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        told = []
        for content in odd:
            try:
                told.append(repr(dicom.read_instance(io.BytesIO(content))))
            except NotDicomError as error:
                told.append(f"{error!r} {error}")
    assert not warned
    assert not caplog.records
    assert not any(capfd.readouterr())
    assert len(told) == len(odd)
    assert "CANARY" not in "".join(told)
    assert "1.2" not in "".join(told)


def test_threads_do_not_disturb_each_others_warnings(samples: Path) -> None:
    content = (samples / "CT_small.dcm").read_bytes()
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: uids(dicom.read_instance(io.BytesIO(content))), range(200)))
    assert len(found) == 1
    assert list(warnings.filters) == before
    assert not logging.getLogger("pydicom").filters


def test_without_pydicom_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'cursorkit\[dicom\]'"):
        dicom.read_instance(io.BytesIO())
    with pytest.raises(MissingExtraError):
        dicom.sent_instances("application/dicom", Bytes())
    assert dicom.sent_instances("application/json", Bytes()) is None


# --- what was sent ------------------------------------------------------------------------------------------


def test_the_instances_of_a_single_file(samples: Path) -> None:
    path = samples / "CT_small.dcm"
    expected = as_pydicom_reads(path)
    assert expected is not None
    assert dicom.sent_instances("application/dicom", file_source(path)) == (expected[2],)
    assert dicom.sent_instances("Application/DICOM; transfer-syntax=*", file_source(path)) == (expected[2],)
    assert dicom.sent_instances("application/dicom", Bytes(b"no image")) == (None,)


def test_the_instances_of_several_files(samples: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.dcm"
    text.write_bytes(b"no image")
    paths = [samples / "CT_small.dcm", text, samples / "MR_small.dcm"]
    found = dicom.sent_instances(*dicom.multipart(paths))
    ct, mr = as_pydicom_reads(paths[0]), as_pydicom_reads(paths[2])
    assert ct is not None
    assert mr is not None
    assert found == (ct[2], None, mr[2])


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/related",
        'multipart/related; type="application/dicom"',
        'multipart/related; type="application/dicom+json"; boundary=b',
        'multipart/related; type="application/dicom"; boundary=other',
        'multipart/related; type="application/dicom"; boundary="é"',
        "multipart/mixed; type=application/dicom; boundary=b",
    ],
)
def test_of_other_bodies_nothing_is_known(content_type: str, samples: Path) -> None:
    source = dicom.multipart([samples / "CT_small.dcm"], boundary="b").source
    assert dicom.sent_instances(content_type, source) is None


def test_a_source_that_fails_is_no_matter_of_dicom(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(file_of(SOP + PLACE))
    source = file_source(path)
    path.unlink()
    with pytest.raises(SourceError):
        dicom.sent_instances("application/dicom", source)
