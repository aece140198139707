"""The members of archives: byte for byte, in order, any number of times, whatever somebody put there."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import threading
import tracemalloc
import warnings
import zipfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import SourceError, dicom
from cursorkit.dicom import Found, Journal, Result, State, Target
from cursorkit.wire import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.wire import BodySource, Transport

MiB = 2**20
Contents = list[tuple[str, bytes]]

TARS = ("tar", "tar.gz", "tar.bz2", "tar.xz")
ZIPS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
FORMATS = (*TARS, *ZIPS, "mixed")


def pack(path: Path, kind: str, members: Contents) -> None:
    """An archive, as Python's own library makes it."""
    if kind in TARS:
        with tarfile.open(path, f"w:{kind[4:]}") as archive:  # type: ignore[call-overload]
            for name, content in members:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return
    with zipfile.ZipFile(path, "w") as zipped, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a name is there twice
        for index, (name, content) in enumerate(members):
            method = ZIPS.get(kind, list(ZIPS.values())[index % len(ZIPS)])
            zipped.writestr(zipfile.ZipInfo(name), content, method)


def read(source: BodySource) -> bytes:
    with source.open() as reader:
        return b"".join(iter(lambda: reader.read(1000), b""))


def found(path: Path) -> tuple[Contents, list[Result]]:
    """What is in the archive at `path`, without the name of that; and what cannot be read."""
    files, results = [], []
    for each in dicom.find([str(path)]):
        assert each.name.startswith(str(path))
        if isinstance(each, Result):
            results.append(each)
        else:
            files.append((each.name.removeprefix(f"{path}:"), read(each.source)))
    return files, results


def told(results: list[Result], path: Path) -> list[tuple[str, State, str]]:
    return [(each.name.removeprefix(f"{path}:"), each.state, each.reason) for each in results]


def held() -> tuple[int, int]:
    """How many files this process has open, and how many bytes of them have no name."""
    count = octets = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            status = each.stat()
        except OSError:  # the one with which this was listed
            continue
        count += 1
        octets += status.st_size * (not status.st_nlink)
    return count, octets


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=120)
MEMBERS = st.lists(
    st.tuples(NAMES.filter(lambda name: not name.endswith("/")), st.binary(max_size=3000)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60)
@given(MEMBERS, st.sampled_from(FORMATS))
def test_members_come_out_as_they_went_in(members: Contents, kind: str) -> None:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(4) as pool:
        path = Path(folder) / "any name"
        pack(path, kind, members)
        files = [each for each in dicom.find([str(path)]) if isinstance(each, Found)]
        assert [each.name for each in files] == [f"{path}:{name}" for name, _ in members]
        assert [each.source.length for each in files] == [len(content) for _, content in members]
        # By several threads at the same time, each source more than once.
        thrice = list(pool.map(lambda each: read(each.source), files * 3))
        assert thrice == [content for _, content in members] * 3


def test_a_member_is_an_instance_like_any_other(samples: Path, tmp_path: Path) -> None:
    content = (samples / "CT_small.dcm").read_bytes()
    expected = dicom.read_instance(io.BytesIO(content))
    for kind in FORMATS:
        path = tmp_path / kind
        pack(path, kind, [("ct.dcm", content)])
        (each,) = dicom.find([str(path)])
        assert isinstance(each, Found)
        assert "ct.dcm" in each.name
        with each.source.open() as reader:
            assert dicom.read_instance(reader) == expected
        assert read(each.source) == content


# --- what is an archive -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tar", "stored"])
def test_a_dicom_file_is_none(kind: str, samples: Path, tmp_path: Path) -> None:
    """Its preamble may hold anything (PS3.10, 7.1), and so may what comes behind it."""
    inner = tmp_path / "inner"
    pack(inner, kind, [("a", b"b")])
    content = (
        inner.read_bytes().ljust(128)[:128]
        + (samples / "CT_small.dcm").read_bytes()[128:]
        + inner.read_bytes()
    )
    path = tmp_path / "ct.zip"
    path.write_bytes(content)
    (each,) = dicom.find([str(path)])
    assert isinstance(each, Found)
    assert each.name == str(path)
    assert read(each.source) == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"text",
        bytes(10240),
        b"\x1f\x8b",
        b"BZh9",
        b"\xfd7zXZ\0",
        gzip.compress(b"no archive"),
        gzip.compress(bytes(10240)),
        gzip.compress(os.urandom(2000))[:600],
        bytes(257) + b"ustar\x0000" + bytes(1000),
    ],
)
def test_what_is_no_archive_stays_a_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)
    assert [(each.name, isinstance(each, Found)) for each in dicom.find([str(path)])] == [(str(path), True)]


def test_an_archive_can_come_through_a_pipe(tmp_path: Path) -> None:
    for kind in ("tar", "tar.gz", "mixed"):
        path, pipe = tmp_path / kind, tmp_path / f"{kind}.pipe"
        members = [("a", os.urandom(100_000)), ("b", b"")]
        pack(path, kind, members)
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(path.read_bytes(),))
        writer.start()
        assert found(pipe) == (members, [])
        writer.join()


# --- what is in one, but no file ----------------------------------------------------------------------------


def entry(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.linkname = link
    return made


@pytest.mark.parametrize("kind", TARS)
def test_of_a_tar_archive_only_files_are_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    with tarfile.open(path, f"w:{kind[4:]}") as archive:  # type: ignore[call-overload]
        archive.addfile(entry("folder", tarfile.DIRTYPE))
        archive.addfile(entry("symbolic", tarfile.SYMTYPE, "/etc/passwd"))
        archive.addfile(entry("hard", tarfile.LNKTYPE, "folder/file"))
        archive.addfile(entry("device", tarfile.BLKTYPE))
        archive.addfile(entry("pipe", tarfile.FIFOTYPE))
        archive.addfile(entry("../../outside", tarfile.REGTYPE))
        archive.addfile(entry("/absolute", tarfile.REGTYPE))
    files, results = found(path)
    assert files == [("../../outside", b""), ("/absolute", b"")]
    assert told(results, path) == [
        ("symbolic", State.SKIPPED, "it is a link, no file"),
        ("hard", State.SKIPPED, "it is a link, no file"),
        ("device", State.SKIPPED, "it is a device or a pipe, no file"),
        ("pipe", State.SKIPPED, "it is a device or a pipe, no file"),
    ]
    assert [*tmp_path.iterdir()] == [path]


def test_of_a_zip_archive_only_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/file", b"1")
        archive.writestr("__MACOSX/folder/._file", b"2")
        archive.writestr(link, b"/etc/passwd")
    files, results = found(path)
    assert files == [("folder/file", b"1")]
    assert told(results, path) == [("link", State.SKIPPED, "it is a link, no file")]


class Nowhere:
    """Plans need a place, but ask nobody there."""

    def __call__(self, endpoint: Endpoint, **_: object) -> Transport:
        raise NotImplementedError


def test_archives_in_archives_are_not_opened(samples: Path, tmp_path: Path) -> None:
    inner, path = tmp_path / "inner", tmp_path / "outer"
    image = (samples / "CT_small.dcm").read_bytes()
    pack(inner, "tar.gz", [("ct.dcm", image)])
    pack(path, "deflated", [("inner.tar.gz", inner.read_bytes()), ("ct.dcm", image)])
    target = Target.dicomweb(Endpoint("https://images.example"), Nowhere())
    with Journal() as journal:
        nested, single = dicom.plan(dicom.find([str(path)]), target, journal)
    assert isinstance(nested, Result)
    assert (nested.name, nested.state) == (f"{path}:inner.tar.gz", State.SKIPPED)
    assert "not a DICOM file" in nested.reason
    assert isinstance(single, dicom.Planned)


@pytest.mark.parametrize("kind", ["tar.gz", "stored"])
def test_an_archive_without_a_file_says_so(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    if kind == "stored":
        pack(path, kind, [])
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.addfile(entry("folder", tarfile.DIRTYPE))
    (result,) = dicom.find([str(path)])
    assert isinstance(result, Result)
    assert (result.name, result.state) == (str(path), State.SKIPPED)
    assert result.reason == "there is no file in this archive"


# --- damage -------------------------------------------------------------------------------------------------

SOME = [(f"{index}.dcm", bytes([index]) * 700 + os.urandom(700 * index)) for index in range(4)]


@settings(max_examples=80)
@given(st.data(), st.sampled_from(TARS))
def test_a_tar_archive_that_ends_early_gives_what_came_before(data: st.DataObject, kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cut"
        pack(path, kind, SOME)
        whole = path.read_bytes()
        path.write_bytes(whole[: data.draw(st.integers(600, len(whole) - 1))])
        files, results = found(path)
        if not files and not results:
            pytest.fail("nothing is told")
        if files and files[0][0] == str(path):
            return  # so little is left that it is no archive any more
        assert files == SOME[: len(files)]
        assert len(files) == len(SOME) or results
        assert all(each.state is State.UNREADABLE for each in results)
        assert all("damaged here, or ends early" in each.reason for each in results)
        names = [each.name for each in results]
        assert names in ([], [str(path)], [f"{path}:{SOME[min(len(files), 3)][0]}", str(path)])


@settings(max_examples=150)
@given(st.data(), st.sampled_from([*ZIPS, "mixed"]))
def test_no_damaged_member_of_a_zip_archive_is_given(data: st.DataObject, kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "damaged"
        pack(path, kind, SOME)
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(4, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        files, results = found(path)
        assert {content for _, content in files} <= {content for _, content in SOME}
        # One bit is in one member, or in what tells where all of them are.
        assert len(files) >= len(SOME) - 1 or [each.name for each in results][-1:] == [str(path)] or results


def test_a_damaged_member_takes_no_other_down(tmp_path: Path) -> None:
    for kind in ZIPS:
        path = tmp_path / kind
        pack(path, kind, SOME)
        content = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            at = archive.infolist()[1].header_offset + 30 + len("1.dcm")
            content[at + archive.infolist()[1].compress_size // 2] ^= 0x55
        path.write_bytes(content)
        files, results = found(path)
        assert files == [SOME[0], *SOME[2:]]
        assert told(results, path) == [
            ("1.dcm", State.UNREADABLE, "the archive is damaged here, or ends early")
        ]


def test_a_zip_archive_without_its_end_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    pack(path, "deflated", SOME)
    path.write_bytes(path.read_bytes()[:-30])
    (result,) = dicom.find([str(path)])
    assert isinstance(result, Result)
    assert (result.name, result.state) == (str(path), State.UNREADABLE)
    assert result.reason == "the archive is damaged, or ends early: it has no directory"


def test_a_wrong_checksum_behind_the_last_member_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    pack(path, "tar.gz", SOME)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    files, results = found(path)
    assert files == SOME
    assert [(each.name, each.state) for each in results] == [(str(path), State.UNREADABLE)]


def test_a_damaged_description_in_a_tar_archive_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    pack(path, "tar", SOME)
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as archive:
        content[archive.getmembers()[2].offset + 5] ^= 1
    path.write_bytes(content)
    files, results = found(path)
    assert files == SOME[:2]
    assert told(results, path) == [
        (str(path), State.UNREADABLE, "the archive is damaged here, or ends early")
    ]


def patched(path: Path, index: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the directory of a zip archive says of a member (APPNOTE 4.3.12)."""
    layout = struct.Struct("<4sHHHHHHLLLHHHHHLL")
    fields = (
        "magic made needs flags method time date crc packed size name extra comment disk inner outer offset"
    )
    content = bytearray(path.read_bytes())
    at = -1
    for _ in range(index + 1):
        at = content.index(b"PK\1\2", at + 1)
    values: dict[str, Any] = dict(zip(fields.split(), layout.unpack_from(content, at), strict=True))
    change(values)
    layout.pack_into(content, at, *values.values())
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"flags": 1}, "it is encrypted"),
        ({"method": 99}, "it is compressed in a way that is not supported"),
        ({"size": 10}, "the archive is damaged here, or ends early"),
        ({"crc": 10}, "the archive is damaged here, or ends early"),
        ({"offset": 10}, "the archive is damaged here, or ends early"),
    ],
)
def test_members_that_cannot_be_read_say_why(change: dict[str, int], reason: str, tmp_path: Path) -> None:
    for kind in ("stored", "deflated"):
        path = tmp_path / kind
        pack(path, kind, SOME)
        patched(path, 2, lambda values: values.update(change))
        files, results = found(path)
        assert files == [*SOME[:2], SOME[3]]
        assert told(results, path) == [("2.dcm", State.UNREADABLE, reason)]


# --- bombs, and what is held --------------------------------------------------------------------------------


def peak(path: Path) -> tuple[int, list[Found | Result]]:
    tracemalloc.start()
    try:
        told = list(dicom.find([str(path)]))
        return tracemalloc.get_traced_memory()[1], told
    finally:
        tracemalloc.stop()


def test_a_member_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    pack(path, "deflated", [("bomb", bytes(256 * MiB)), ("after", b"1")])
    patched(path, 0, lambda values: values.update(size=1000))
    _, before = held()
    most, (bomb, after) = peak(path)
    assert isinstance(bomb, Result)
    assert isinstance(after, Found)
    assert read(after.source) == b"1"
    assert most < 4 * MiB
    assert held()[1] - before == 1


def test_a_large_member_is_not_held_in_memory(tmp_path: Path) -> None:
    for kind in ("tar.gz", "deflated"):
        path = tmp_path / kind
        pack(path, kind, [("large", bytes(100 * MiB))])
        most, (large,) = peak(path)
        assert isinstance(large, Found)
        assert large.source.length == 100 * MiB
        assert most < 4 * MiB


def test_a_member_for_which_there_is_no_room_is_not_begun(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    huge = tarfile.TarInfo("huge")
    huge.size = 2**60
    first = tarfile.TarInfo("first")
    with gzip.open(path, "wb") as file:
        file.write(first.tobuf(tarfile.GNU_FORMAT) + huge.tobuf(tarfile.GNU_FORMAT) + bytes(10_000))
    files, results = found(path)
    assert files == [("first", b"")]
    assert told(results, path) == [
        (
            "huge",
            State.UNREADABLE,
            "cannot keep a copy of it: No space left on device; TMPDIR says where it is kept",
        ),
        (str(path), State.UNREADABLE, "the archive is damaged here, or ends early"),
    ]


def test_a_huge_description_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        name = entry("name", kind)
        name.size = 128 * MiB
        with gzip.open(path, "wb", 1) as file:
            file.write(tarfile.TarInfo("first").tobuf() + name.tobuf(tarfile.GNU_FORMAT) + bytes(128 * MiB))
        most, (first, result) = peak(path)
        assert isinstance(first, Found)
        assert isinstance(result, Result)
        assert result.name == str(path)
        assert most < 4 * MiB


def test_a_tar_archive_that_leads_back_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    back = tarfile.TarInfo("back")
    back.pax_headers = {"size": "-1536"}  # what its three blocks take
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("first"))
        archive.addfile(back)
    assert [each.name for each in islice(dicom.find([str(path)]), 10)] == [f"{path}:first", str(path)]


@pytest.mark.parametrize("kind", TARS)
def test_holes_are_filled(kind: str, tmp_path: Path) -> None:
    """A sparse file, of which an archive holds the parts that are not empty (GNU tar, PAX format 0.1)."""
    path = tmp_path / kind
    sparse = tarfile.TarInfo("sparse")
    sparse.size = 5
    sparse.pax_headers = {"GNU.sparse.map": "1,3,1000,2", "GNU.sparse.size": "2000"}
    with tarfile.open(path, f"w:{kind[4:]}", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        archive.addfile(sparse, io.BytesIO(b"abcde"))
        archive.addfile(tarfile.TarInfo("after"))
    assert found(path) == ([("sparse", b"\0abc" + bytes(996) + b"de" + bytes(998)), ("after", b"")], [])


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_memory_does_not_grow_with_a_tar_archive(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    pack(path, kind, [(str(number), b"") for number in range(5000)])
    tracemalloc.start()
    try:
        count = sum(isinstance(each, Found) for each in dicom.find([str(path)]))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 5000
    assert most < MiB


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 2,000 members, 200 MB in all."""
    path = tmp_path_factory.mktemp("many") / "many.tar.gz"
    content = bytes(100_000)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for index in range(2000):
            member = tarfile.TarInfo(str(index))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("batch", [0, 100])
def test_copies_go_with_their_members(many: Path, batch: int) -> None:
    """Neither descriptors nor bytes on the disk grow with an archive; only with what somebody holds of it."""
    before, nameless = held()
    kept: deque[Found] = deque(maxlen=batch)
    count = most = octets = 0
    for each in dicom.find([str(many)]):
        assert isinstance(each, Found)
        kept.append(each)
        count += 1
        if count % 100 == 0:
            files, copied = held()
            most, octets = max(most, files - before), max(octets, copied - nameless)
    assert count == 2000
    assert most <= 4
    assert octets <= 2 * 64 * MiB
    assert all(len(read(each.source)) == 100_000 for each in kept)
    kept.clear()
    del each
    assert held() == (before, nameless)


def test_whoever_stops_early_leaves_nothing_open(many: Path) -> None:
    before = held()
    members = dicom.find([str(many)])
    next(members)
    members.close()  # type: ignore[attr-defined]
    assert held() == before


@pytest.mark.parametrize("kind", ["tar", "stored"])
def test_a_member_that_is_read_in_place_fails_when_the_archive_changed(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    pack(path, kind, SOME)
    files = [each for each in dicom.find([str(path)]) if isinstance(each, Found)]
    with files[3].source.open() as reader:
        assert reader.read(700) == SOME[3][1][:700]
        content = bytearray(path.read_bytes())
        content[600] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
        with pytest.raises(SourceError) as told:
            while reader.read(700):
                pass
    assert told.value.kind == "changed-file"
    for each in files:
        with pytest.raises(SourceError) as told:
            each.source.open()
        assert told.value.kind == "changed-file"


@pytest.mark.parametrize("kind", ["tar.gz", "deflated"])
def test_a_member_that_was_copied_outlives_its_archive(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    pack(path, kind, SOME)
    files = [each for each in dicom.find([str(path)]) if isinstance(each, Found)]
    path.unlink()
    assert [read(each.source) for each in files] == [content for _, content in SOME]


def test_an_archive_that_is_gone_is_a_result() -> None:
    results: Iterator[Found | Result] = dicom.find(["/nowhere/a.zip", Result("given", State.SKIPPED)])
    gone, given_one = results
    assert isinstance(gone, Result)
    assert (gone.name, gone.state) == ("/nowhere/a.zip", State.UNREADABLE)
    assert "no such file" in gone.reason.lower()
    assert given_one == Result("given", State.SKIPPED)
