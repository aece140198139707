"""Several files as one body."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cursorkit import SourceError, dicom
from cursorkit.wire.multipart import MultipartError, media_type


def test_the_body_is_that_of_the_standard(samples: Path) -> None:
    first, second = samples / "CT_small.dcm", samples / "MR_small.dcm"
    content_type, source = dicom.multipart([first, str(second)], boundary="b")
    assert content_type == 'multipart/related; type="application/dicom"; boundary="b"'
    expected = (
        b"--b\r\nContent-Type: application/dicom\r\n\r\n"
        + first.read_bytes()
        + b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n"
        + second.read_bytes()
        + b"\r\n--b--\r\n"
    )
    assert source.length == len(expected)
    for _ in range(2):
        with source.open() as reader:
            assert reader.read() == expected


def test_nobody_can_foresee_the_boundary(samples: Path) -> None:
    types = [dicom.multipart([samples / "CT_small.dcm"]).content_type for _ in range(50)]
    boundaries = {media_type(content_type)[1]["boundary"] for content_type in types}
    assert len(boundaries) == 50
    assert all(len(bytes.fromhex(boundary)) == 16 for boundary in boundaries)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.dcm") as caught:
        dicom.multipart([tmp_path / "missing.dcm"])
    assert caught.value.kind == "no-file"


def test_a_boundary_of_ones_own_has_to_be_one(samples: Path) -> None:
    with pytest.raises(MultipartError):
        dicom.multipart([samples / "CT_small.dcm"], boundary='"\r\n')


def test_a_file_that_changes_meanwhile_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(b"as it was")
    source = dicom.multipart([path]).source
    path.write_bytes(b"as it is!")
    os.utime(path, ns=(0, 0))
    with source.open() as reader, pytest.raises(SourceError) as caught:
        reader.read()
    assert caught.value.kind == "changed-file"


def test_files_are_opened_one_after_the_other(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.dcm" for number in range(5)]
    for path in paths:
        path.write_bytes(os.urandom(1000))
    descriptors = Path("/dev/fd")
    before = len(list(descriptors.iterdir()))
    with dicom.multipart(paths).source.open() as reader:
        while reader.read(100):
            assert len(list(descriptors.iterdir())) <= before + 1


def test_a_boundary_that_needs_quotes_survives(samples: Path) -> None:
    content_type, _ = dicom.multipart([samples / "CT_small.dcm"], boundary="a b:c")
    assert media_type(content_type)[1]["boundary"] == "a b:c"
