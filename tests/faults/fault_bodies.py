"""What is sent: bodies that stay what they are, wherever they come from, and files that do not."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

from attrs import field, frozen
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from cursorkit import HttpBody, dicom

if TYPE_CHECKING:
    from cursorkit.wire import BodySource

PATIENT = "CANARY^PATIENT"
"""The name of a patient, which no message and no log may show."""

DICOM, TEXT = "application/dicom", "text/plain"


def _unchanging() -> None:
    pass


@frozen
class Made:
    """A body, ready to be sent.

    Attributes:
        content: its bytes.
        content_type: what they are.
        uids: the instances in it.
        word: the `-r` argument that gives it; empty for one that only programs can send.
        source: what those send.
        flags: what else the command line needs.
        stdin: what is read as standard input.
        change: makes the body another one.
        changed: its bytes then; None where nobody can send it any more.
    """

    content: bytes = field(repr=False)
    content_type: str
    uids: tuple[str, ...]
    word: str = field(default="", repr=False)
    source: BodySource | None = None
    flags: tuple[str, ...] = ()
    stdin: BinaryIO | None = None
    change: Callable[[], object] = _unchanging
    changed: bytes | None = field(default=None, repr=False)

    @property
    def body(self) -> HttpBody:
        """The record that programs pass."""
        assert self.source is not None
        return HttpBody(self.content_type, self.source)


Maker = Callable[[Path], Made]


@cache
def _image(number: int, octets: int) -> tuple[bytes, str]:
    """A DICOM file, and its SOP Instance UID."""
    dataset = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    dataset.PatientName = PATIENT
    dataset.PixelData = bytes(octets)
    uid = UID(f"1.2.826.0.1.3680043.10.1.{number}")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    file = BytesIO()
    dataset.save_as(file)
    return file.getvalue(), str(uid)


IMAGE, LARGE, TINY = (1, 40_000), (2, 6_000_000), (3, 100)


def _at(path: Path, image: tuple[int, int]) -> Made:
    content, uid = _image(*image)
    path.write_bytes(content)
    return Made(content, DICOM, (uid,), f"data@={path}")


# --- bodies that stay what they are -----------------------------------------------------------------------


def a_text(_folder: Path) -> Made:
    text = f"PatientName {PATIENT}"
    return Made(text.encode(), TEXT, ("1.2",), f"data={text}")


def no_byte(folder: Path) -> Made:
    (folder / "empty").touch()
    return Made(b"", TEXT, ("1.2",), f"data@={folder / 'empty'}", flags=("--allow-empty",))


def a_file(folder: Path) -> Made:
    return _at(folder / "scan.dcm", IMAGE)


def a_small_file(folder: Path) -> Made:
    return _at(folder / "scan.dcm", TINY)


def a_large_file(folder: Path) -> Made:
    return _at(folder / "scan.dcm", LARGE)


def a_link(folder: Path) -> Made:
    made = _at(folder / "scan.dcm", IMAGE)
    (folder / "link.dcm").symlink_to("scan.dcm")
    return Made(made.content, DICOM, made.uids, f"data@={folder / 'link.dcm'}")


def a_file_of_the_system(_folder: Path) -> Made:
    """One that has a size of 0, and bytes all the same."""
    content = Path("/proc/version").read_bytes()
    return Made(content, TEXT, ("1.2",), "data@=/proc/version")


def a_named_pipe(folder: Path) -> Made:
    content, uid = _image(*LARGE)
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    Thread(target=pipe.write_bytes, args=[content], daemon=True).start()
    return Made(content, DICOM, (uid,), f"data@={pipe}")


def _written(image: tuple[int, int]) -> tuple[bytes, str, BinaryIO]:
    content, uid = _image(*image)
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as pipe:
            pipe.write(content)

    Thread(target=write, daemon=True).start()
    return content, uid, open(reading, "rb")


def standard_input(_folder: Path) -> Made:
    content, uid, reader = _written(IMAGE)
    return Made(content, DICOM, (uid,), "data@=-", stdin=reader)


def a_process_substitution(_folder: Path) -> Made:
    """`<(…)` of a shell: a pipe under the name of its descriptor."""
    content, uid, reader = _written(IMAGE)
    return Made(content, DICOM, (uid,), f"data@=/dev/fd/{reader.fileno()}", stdin=reader)


def a_file_as_standard_input(folder: Path) -> Made:
    made = _at(folder / "scan.dcm", IMAGE)
    return Made(made.content, DICOM, made.uids, "data@=-", stdin=open(folder / "scan.dcm", "rb"))


def several_images(folder: Path) -> Made:
    """A multipart body, from a file."""
    made = several_files(folder)
    (folder / "body").write_bytes(made.content)
    return Made(made.content, made.content_type, made.uids, f"data@={folder / 'body'}")


def several_files(folder: Path) -> Made:
    """A multipart body that is put together while it is sent, as programs do."""
    images = [_image(number, 30_000) for number in (4, 5, 6)]
    paths = [folder / f"{uid}.dcm" for _, uid in images]
    for path, (content, _) in zip(paths, images, strict=True):
        path.write_bytes(content)
    content_type, source = dicom.multipart(paths)
    with source.open() as reader:
        content = reader.read()
    return Made(content, content_type, tuple(uid for _, uid in images), source=source)


STEADY: dict[str, Maker] = {
    "a text": a_text,
    "no byte": no_byte,
    "a file": a_file,
    "a small file": a_small_file,
    "a large file": a_large_file,
    "a link": a_link,
    "a file of the system": a_file_of_the_system,
    "a named pipe": a_named_pipe,
    "standard input": standard_input,
    "a process substitution": a_process_substitution,
    "a file as standard input": a_file_as_standard_input,
    "several images": several_images,
    "several files": several_files,
}


# --- files that do not ------------------------------------------------------------------------------------


def _changing(change: Callable[[Path], object]) -> Maker:
    def make(folder: Path) -> Made:
        path = folder / "scan.dcm"
        made = _at(path, IMAGE)
        return Made(made.content, DICOM, made.uids, made.word, change=lambda: change(path))

    return make


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"POST /v1/stolen HTTP/1.1\r\nHost: x\r\n\r\n")


def _shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes()[::-1])
    other.rename(path)


def _touch(path: Path) -> None:
    os.utime(path, (1, 1))


def _remove(path: Path) -> None:
    path.unlink()


def _block(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _a_part(folder: Path) -> Made:
    """A multipart body, one of whose files grows."""
    made = several_files(folder)
    path = folder / f"{made.uids[1]}.dcm"
    return Made(made.content, made.content_type, made.uids, source=made.source, change=lambda: _grow(path))


def _forged(folder: Path) -> Made:
    """A file with other bytes, whose size and times are put back."""
    path = folder / "scan.dcm"
    made = _at(path, IMAGE)
    status = path.stat()
    # What names the instance stays as it is, for the sake of the report.
    forged = made.content[:-10_000] + bytes(9_999) + b"\x01"

    def forge() -> None:
        path.write_bytes(forged)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    return Made(made.content, DICOM, made.uids, made.word, change=forge, changed=forged)


CHANGING: dict[str, Maker] = {
    "a file that grows": _changing(_grow),
    "a file that shrinks": _changing(_shrink),
    "a file that is replaced": _changing(_replace),
    "a file that is touched": _changing(_touch),
    "a file that is removed": _changing(_remove),
    "a folder where a file was": _changing(_block),
    "a file that is forged": _forged,
    "a part that grows": _a_part,
}

UNSEEN = {"a file that is forged", "a part that grows"}
"""Those whose change shows only when they are read."""

BODIES = {**STEADY, **CHANGING}
