"""Input files: regular ones that must not change, streams that are kept."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cursorkit import SourceError
from cursorkit.files import File, Files, Kept, Section, Spool, file_source, spooled
from cursorkit.wire import Bytes, Concatenation, Sending

if TYPE_CHECKING:
    from collections.abc import Iterator


def contents(source: object) -> bytes:
    with source.open() as reader:  # type: ignore[attr-defined]
        data: bytes = reader.read()
    return data


def kind(path: Path) -> str:
    with pytest.raises(SourceError) as told:
        contents(file_source(path))
    return told.value.kind


def test_a_file_can_be_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(range(256)))
    source = file_source(path)
    assert source.length == 256
    with source.open() as first, source.open() as second:
        assert first.read(10) == second.read(10)
        assert first.read() == bytes(range(10, 256))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert kind(tmp_path / "missing") == "no-file"
    assert kind(tmp_path) == "unreadable-file"
    assert kind(Path("a\0b")) == "unreadable-file"
    (tmp_path / "file").touch()
    assert kind(tmp_path / "file" / "below") == "unreadable-file"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"x" * 10_001),
        lambda path: path.write_bytes(b"x" * 9_999),
        lambda path: path.write_bytes(b"y" * 10_000),
        lambda path: (path.unlink(), path.write_bytes(b"x" * 10_000)),
        lambda path: os.utime(path, ns=(10**9, 10**9)),
    ],
    ids=["grows", "shrinks", "other bytes", "replaced", "touched"],
)
@pytest.mark.parametrize("meanwhile", [False, True], ids=["before", "meanwhile"])
def test_a_file_that_changes_is_an_error_and_never_other_bytes(
    change: object, meanwhile: bool, tmp_path: Path
) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 10_000)
    os.utime(path, ns=(0, 0))
    source = file_source(path)
    if not meanwhile:
        change(path)  # type: ignore[operator]
        with pytest.raises(SourceError) as told:
            source.open()
        assert told.value.kind == "changed-file"
        return
    with source.open() as reader:
        assert reader.read(5000) == b"x" * 5000
        inode = os.stat(path).st_ino
        change(path)  # type: ignore[operator]
        if os.stat(path).st_ino != inode:
            # Replaced: the reader still has the old file, which did not change.
            assert reader.read(5000) == b"x" * 5000
            return
        with pytest.raises(SourceError) as told:
            while reader.read(2500):
                pass
        assert told.value.kind == "changed-file"


def test_a_sender_never_gives_more_than_was_announced(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * 1000)
    source = File.at(path)
    with Sending(source) as sending:
        assert sending.read(600) == b"x" * 600
        with path.open("ab") as file:
            file.write(b"POST /evil HTTP/1.1")
        with pytest.raises(SourceError):
            sending.read(600)
        assert not sending.sent.whole
        assert sending.sent.octets == 600


def test_a_pipe_is_kept_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    source = file_source(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"abc" * 100_000,))
    writer.start()
    assert source.length == 300_000
    writer.join()
    assert contents(source) == contents(source) == b"abc" * 100_000


def test_files_without_a_size_of_their_own() -> None:
    assert contents(file_source("/dev/null")) == b""
    assert file_source("/proc/self/status").length > 100


@pytest.mark.parametrize("size", [100_001, 300_000])
def test_a_disk_that_is_full_is_an_error_and_never_a_part(size: int, tmp_path: Path) -> None:
    code = (
        "import resource\n"
        "from cursorkit.files import Files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "print(Files(print)('-').length)\n"
    )
    (tmp_path / "input").write_bytes(bytes(size))
    with (tmp_path / "input").open("rb") as stream:
        child = subprocess.run([sys.executable, "-c", code], stdin=stream, capture_output=True, text=True)
    assert child.stdout == ""
    assert "SourceError: cannot keep a copy of 'standard input': File too large; TMPDIR says" in child.stderr


def test_readers_of_what_is_kept_do_not_disturb_each_other() -> None:
    kept = Kept.of([b"01234", b"", b"56789"])
    assert kept.length == 10
    with kept.open() as first, kept.open() as second:
        assert first.read(4) == b"0123"
        second.seek(8)
        assert (second.read(), first.read()) == (b"89", b"456789")


def test_a_spool_is_private_and_nameless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    spool = Spool(lambda: io.FileIO("/dev/null"), "nothing")
    assert spool.length == 0
    assert list(tmp_path.iterdir()) == []


def test_little_is_kept_in_memory_and_much_in_a_file() -> None:
    for sizes in ([], [5, 5], [5, 6], [11], [5, 5, 5]):
        blocks = [bytes([number]) * size for number, size in enumerate(sizes)]
        source = spooled(iter(blocks), in_memory=10)
        assert contents(source) == contents(source) == b"".join(blocks)
        assert isinstance(source, Bytes if sum(sizes) <= 10 else Kept)


def test_standard_input_once() -> None:
    files = Files(print)
    files("-")
    with pytest.raises(SourceError) as told:
        files("-")
    assert told.value.kind == "stdin-twice"


def test_a_concatenation_opens_one_part_at_a_time(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(300)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d," % number)
    source = Concatenation([file_source(path) for path in paths])
    before = len(os.listdir("/proc/self/fd"))
    with source.open() as reader:
        assert reader.read(1) == b"0"
        assert len(os.listdir("/proc/self/fd")) <= before + 1
        assert reader.read() == b"".join(b"%d," % number for number in range(300))[1:]
    assert source.length == sum(path.stat().st_size for path in paths)


# --- parts of files -----------------------------------------------------------------------------------------


def test_a_section_is_read_like_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    for whole in (File.at(path), Kept.of([path.read_bytes()])):
        section = Section(whole, 3, 4)
        assert contents(section) == b"3456"
        with section.open() as reader:
            assert [reader.read(3), reader.read(3), reader.read(3)] == [b"345", b"6", b""]
            assert reader.seek(-3, os.SEEK_END) == 1
            assert reader.read(1) == b"4"
            assert reader.seek(1, os.SEEK_CUR) == reader.tell() == 3
            buffer = bytearray(9)
            assert reader.readinto(buffer) == 1  # type: ignore[attr-defined]
            assert buffer == b"6" + bytes(8)
            reader.seek(0)
            assert reader.readline() == b"3456"
        assert contents(Section(whole, 3, 0)) == contents(Section(whole, 10, 0)) == b""


def test_what_is_appended_is_a_section_and_nothing_where_that_fails() -> None:
    def failing() -> Iterator[bytes]:
        yield b"x" * 1000
        raise TimeoutError

    kept = Kept.of([b"first"])
    second = kept.append([b"sec", b"ond"])
    with pytest.raises(TimeoutError):
        kept.append(failing())
    assert kept.length == 11
    third = kept.append([b"third"])
    assert [contents(each) for each in (kept, second, third)] == [b"firstsecondthird", b"second", b"third"]
