"""The main job: images into a store, with the documented command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cursorkit.dicom import multipart
from programs import CALL, PROGRAM

CT_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"


def image(name: str) -> Path:
    from pydicom.data import get_testdata_file

    return Path(str(get_testdata_file(name, download=False)))


def program(*argv: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [PROGRAM, *map(str, argv)], check=False, capture_output=True, text=True, timeout=60, **options
    )


def store(tmp_path: Path, *argv: object, **options: object) -> subprocess.CompletedProcess[str]:
    return program("--endpoint", f"file:{tmp_path / 'store'}", *CALL, *argv, **options)


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "store").glob("studies/*/series/*/instances/*.dcm"))


def test_an_image_is_stored_and_kept_byte_for_byte(tmp_path: Path) -> None:
    scan = image("CT_small.dcm")
    result = store(tmp_path, "-r", ".", "content-type=application/dicom", f"data@={scan}")
    assert result.returncode == 0
    assert result.stderr == "stored 1 instance\n"
    (path,) = kept(tmp_path)
    assert path.name == f"{CT_UID}.dcm"
    assert path.read_bytes() == scan.read_bytes()
    (item,) = json.loads(result.stdout)["00081199"]["Value"]
    assert item["00081155"]["Value"] == [CT_UID]
    assert item["00081190"]["Value"] == [path.as_uri()]


def body(tmp_path: Path, *paths: Path) -> tuple[str, Path]:
    """Several files as one body in a file, and its content type."""
    content_type, source = multipart(paths)
    with source.open() as reader:
        (tmp_path / "body").write_bytes(reader.read())
    return f"content-type={content_type}", tmp_path / "body"


@pytest.mark.parametrize("streamed", [True, False])
def test_three_images_as_one_body(tmp_path: Path, streamed: bool) -> None:
    scans = [image(name) for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")]
    content_type, path = body(tmp_path, *scans)
    with path.open() as reader:
        words = ("-r", ".", content_type, f"data@={'-' if streamed else path}")
        result = store(tmp_path, *words, stdin=reader)
    assert (result.returncode, result.stderr) == (0, "stored 3 instances\n")
    assert len(json.loads(result.stdout)["00081199"]["Value"]) == 3
    assert {path.read_bytes() for path in kept(tmp_path)} == {path.read_bytes() for path in scans}


def test_the_same_bytes_again_succeed_and_others_are_refused(tmp_path: Path) -> None:
    scan = image("CT_small.dcm")
    words = ("-r", "content-type=application/dicom", "-r")
    assert store(tmp_path, *words, f"data@={scan}").returncode == 0
    assert store(tmp_path, *words, f"data@={scan}").returncode == 0
    other = tmp_path / "other.dcm"
    other.write_bytes(scan.read_bytes()[:-1] + b"\xff")
    result = store(tmp_path, *words, f"data@={other}")
    assert result.returncode == 1
    assert "other bytes are already stored" in result.stderr
    assert json.loads(result.stdout)["00081198"]["Value"][0]["00081155"]["Value"] == [CT_UID]
    assert [path.read_bytes() for path in kept(tmp_path)] == [scan.read_bytes()]


@pytest.mark.parametrize("out", ["-", "report.json"])
def test_some_stored_and_some_not(tmp_path: Path, out: str) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"PATIENT^CANARY" * 100)
    content_type, path = body(tmp_path, image("CT_small.dcm"), broken)
    result = store(tmp_path, "-r", content_type, f"data@={path}", "-o", out, "--quiet", cwd=tmp_path)
    assert result.returncode == 8
    assert result.stderr == (
        "error: stored 1 instance\nnot stored: 1 instance: cannot be understood (C000): "
        "part 2: this is not a DICOM file: its first 132 bytes do not end in DICM\n"
    )
    report = json.loads(result.stdout if out == "-" else (tmp_path / out).read_bytes())
    assert [report[tag]["vr"] for tag in ("00081198", "00081199")] == ["SQ", "SQ"]
    assert "CANARY" not in result.stderr + json.dumps(report)
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content_type", "data", "code"),
    [
        ("application/dicom", b"not dicom", 1),
        ("text/plain", b"x", 1),
        ('multipart/related; type="application/dicom"; boundary=x', b"--x\r\n\r\nunclosed", 1),
        ('multipart/related; type="application/dicom"', b"x", 1),
    ],
)
def test_what_is_refused(tmp_path: Path, content_type: str, data: bytes, code: int) -> None:
    (tmp_path / "data").write_bytes(data)
    result = store(tmp_path, "-r", f"content-type={content_type}", f"data@={tmp_path / 'data'}")
    assert result.returncode == code
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert kept(tmp_path) == []


def test_a_study_of_another_name_is_refused(tmp_path: Path) -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    result = program("--endpoint", f"file:{tmp_path / 'store'}", *CALL[:-1], "studies/1.2.3", *words)
    assert result.returncode == 1
    assert "another study" in result.stderr
    assert kept(tmp_path) == []


def test_the_answer_in_a_file(tmp_path: Path) -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    out = tmp_path / "out.json"
    out.write_text("old")
    result = store(tmp_path, *words, "-o", out, "-p", "pretty-print=false", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert out.read_bytes().endswith(b"}\n")
    assert json.loads(out.read_bytes())["00081199"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "store"]


def test_a_place_that_cannot_be_written_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    for out in (tmp_path / "missing" / "out", tmp_path):
        result = store(tmp_path, *words, "-o", out)
        assert result.returncode == 5
        assert result.stderr.startswith(f"error: cannot write '{out}': ")
        assert kept(tmp_path) == []


def test_the_answer_into_a_pipe(tmp_path: Path) -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    assert store(tmp_path, *words, "-o", tmp_path / "pipe").returncode == 0
    answer, _ = reader.communicate(timeout=30)
    assert json.loads(answer)["00081199"]


def test_what_is_no_folder_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("kept")
    result = store(tmp_path, "-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    told = "error: --endpoint: a store in a folder is what file:DIR names, and something else is there\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", told)
    assert (tmp_path / "store").read_text() == "kept"


def test_a_name_that_no_folder_can_have(tmp_path: Path) -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    result = program("--endpoint", f"file:{tmp_path / ('n' * 300)}", "--retry-for", 0, *CALL, *words)
    assert (result.returncode, result.stdout) == (5, "")
    assert result.stderr == "error: the store cannot be written: File name too long\n"


def test_a_folder_that_can_hold_nothing_is_a_local_error() -> None:
    words = ("-r", "content-type=application/dicom", f"data@={image('CT_small.dcm')}")
    result = program("--endpoint", "file:/proc", *CALL, *words)
    assert (result.returncode, result.stdout) == (5, "")
    # Which reason it is depends on who asks.
    assert re.fullmatch(r"error: the store cannot be written: .+\n", result.stderr)


def test_a_report_that_cannot_be_written_does_not_hide_that_the_image_is_stored(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [
                PROGRAM,
                "--endpoint",
                f"file:{tmp_path / 'store'}",
                *CALL,
                "-r",
                "content-type=application/dicom",
                f"data@={image('CT_small.dcm')}",
            ],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert child.returncode == 5
    assert child.stderr.splitlines()[0] == "stored 1 instance"
    assert "No space left" in child.stderr
    assert len(kept(tmp_path)) == 1


def test_without_the_extra_the_store_names_the_install_command(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['pydicom'] = None  # what an installation without the extra looks like\n"
        "from cursorkit.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "--endpoint",
            f"file:{tmp_path / 'store'}",
            *CALL,
            "-r",
            "content-type=application/dicom",
            "data=x",
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 5
    assert "pip install 'cursorkit[dicom]'" in child.stderr
    assert "Traceback" not in child.stderr
