"""From what somebody names to files: folders, globs and lists."""

from __future__ import annotations

import glob
import os
import socket
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import dicom
from cursorkit.dicom import Found, Result, State
from cursorkit.files import Kept, file_source
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

MiB = 2**20
Told = str | tuple[str, State, str]


def tree(top: Path, files: Iterable[str]) -> None:
    for each in files:
        (top / each).parent.mkdir(parents=True, exist_ok=True)
        (top / each).write_bytes(each.encode())


def told(results: Iterable[str | Result]) -> list[Told]:
    return [each if isinstance(each, str) else (each.name, each.state, each.reason) for each in results]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files, in which everything happens."""
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, ["b/2", "b/10", "b/.hidden", "b/c/x", "b/a/y", "b/a/d/z", "a.dcm", "[a].dcm"])
    return tmp_path


# --- files and folders --------------------------------------------------------------------------------------


def test_files_are_themselves_in_the_order_given(here: Path) -> None:
    assert told(dicom.names(["b/2", Path("a.dcm"), "b/2", str(here / "b" / "10")])) == [
        "b/2",
        "a.dcm",
        "b/2",
        str(here / "b" / "10"),
    ]


def test_a_folder_is_gone_through_sorted(here: Path) -> None:
    inside = ["b/.hidden", "b/10", "b/2", "b/a/y", "b/a/d/z", "b/c/x"]
    assert told(dicom.names(["b"])) == inside
    assert told(dicom.names(["b/"])) == inside
    assert told(dicom.names(["./b", "b/c"])) == [*(f"./{each}" for each in inside), "b/c/x"]


def test_what_is_not_there_says_so(here: Path) -> None:
    (here / "empty" / "too").mkdir(parents=True)
    (here / "dead").symlink_to("nowhere")
    (here / "[b]").symlink_to("nowhere")
    (here / "loop").symlink_to("loop")
    missing = "there is no such file or folder"
    assert told(dicom.names(["nosuch", "a.dcm/x", "", "a\0b", "dead", "[b]", "loop", "empty", "-"])) == [
        ("nosuch", State.UNREADABLE, missing),
        ("a.dcm/x", State.UNREADABLE, missing),
        ("", State.UNREADABLE, missing),
        ("a\0b", State.UNREADABLE, missing),
        ("dead", State.UNREADABLE, missing),
        ("[b]", State.UNREADABLE, missing),
        ("loop", State.UNREADABLE, "it cannot be read: Too many levels of symbolic links"),
        ("empty", State.SKIPPED, "there is no file in this folder"),
        ("-", State.UNREADABLE, missing),
    ]


def test_what_is_no_file_in_a_folder_is_named_and_never_opened(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = here / "odd"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "file").touch()
    (folder / "dead").symlink_to("nowhere")
    (folder / "file").symlink_to("../a.dcm")
    (folder / "folder").symlink_to("real")
    (folder / "loop").symlink_to("..")
    (folder / "null").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # names of sockets have to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        found = [*dicom.find(dicom.names(["../odd"]))]
    special = "it is a pipe, a socket or a device, no file"
    link = "it is a link to another folder, which is not followed"
    assert told(each for each in found if isinstance(each, Result)) == [
        ("../odd/dead", State.UNREADABLE, "it is a link to nothing"),
        ("../odd/folder", State.SKIPPED, link),
        ("../odd/loop", State.SKIPPED, link),
        ("../odd/null", State.SKIPPED, special),
        ("../odd/pipe", State.SKIPPED, special),
        ("../odd/socket", State.SKIPPED, special),
    ]
    assert [each.name for each in found if isinstance(each, Found)] == ["../odd/file", "../odd/real/file"]
    # Whoever names a link means what it leads to.
    assert told(dicom.names(["folder"])) == ["folder/file"]


def test_a_folder_that_cannot_be_read_says_so(here: Path) -> None:
    deep = here / "deep"
    here_again = os.getcwd()
    deep.mkdir()
    # No path leads as far down as folders can be made.
    os.chdir(deep)
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    os.chdir(here_again)
    (result,) = dicom.names(["deep"])
    assert isinstance(result, Result)
    assert result.state is State.UNREADABLE
    assert result.reason == "it cannot be read: File name too long"


def test_a_folder_is_read_no_sooner_than_needed(here: Path) -> None:
    names = dicom.names(["b", "later"])
    assert next(names) == "b/.hidden"
    tree(here, ["b/c/new", "later/new"])
    assert told(names) == ["b/10", "b/2", "b/a/y", "b/a/d/z", "b/c/new", "b/c/x", "later/new"]


def test_names_of_any_bytes(here: Path) -> None:
    odd = [os.fsdecode(each) for each in (b"\n", b"a\nb", b"\xff\xfe", b" ", b"-", b"~", b"\xc3\xa9*")]
    (here / "odd").mkdir()
    for each in odd:
        (here / "odd" / each).write_bytes(os.fsencode(each))
    files = [each for each in dicom.find(dicom.names(["odd"])) if isinstance(each, Found)]
    assert [each.name for each in files] == sorted(f"odd/{each}" for each in odd)
    for file in files:
        with file.source.open() as reader:
            assert reader.read() == os.fsencode(file.name.removeprefix("odd/"))
    assert told(dicom.names([f"odd/{each}" for each in odd])) == [f"odd/{each}" for each in odd]


# --- globs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.dcm", ["[a].dcm", "a.dcm"]),
        ("b/?", ["b/2", "b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/*", ["b/10", "b/2", "b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/*/", ["b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/[ac]/*", ["b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/[!a]/*", ["b/c/x"]),
        ("b/.*", ["b/.hidden"]),
        ("**/[xz]", ["b/a/d/z", "b/c/x"]),
        ("b/**", ["b/10", "b/2", "b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/**/", ["b/a/y", "b/a/d/z", "b/c/x"]),
        ("b/**/a/**/z", ["b/a/d/z"]),
        ("**/**/z", ["b/a/d/z"]),
        ("[a].dcm", ["[a].dcm"]),
        ("[[]a].dcm", ["[a].dcm"]),
    ],
)
def test_globs_are_read_as_shells_read_them(pattern: str, expected: list[str], here: Path) -> None:
    assert told(dicom.names([pattern])) == expected
    assert told(dicom.names([f"{here}//{pattern}"])) == [f"{here}//{each}" for each in expected]


@pytest.mark.parametrize("pattern", ["*.txt", "nosuch/*", "b/*/nosuch", "a.dcm/*", "[", "**/nosuch"])
def test_a_glob_that_matches_nothing_says_so(pattern: str, here: Path) -> None:
    assert told(dicom.names([pattern])) == [(pattern, State.UNREADABLE, "no file matches this pattern")]


def test_a_glob_follows_no_link_to_a_folder(here: Path) -> None:
    (here / "b" / "link").symlink_to("a")
    (here / "b" / "up").symlink_to("..")
    link = "it is a link to another folder, which is not followed"
    expected = [("b/link", State.SKIPPED, link), ("b/up", State.SKIPPED, link)]
    assert [each for each in told(dicom.names(["b/**/y"])) if each != "b/a/y"] == expected
    assert told(dicom.names(["b/l*"])) == expected[:1]


PART = st.sampled_from(["a", "b", "ab", ".a"])
FILES = st.lists(st.lists(PART, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12)
PATTERN = st.lists(
    st.sampled_from(["*", "**", "?", "a*", "[ab]", "*b", ".*", "a", "b"]), min_size=1, max_size=5
).map("/".join)


@settings(max_examples=300)
@given(FILES, PATTERN)
def test_globs_give_what_python_gives_each_file_once(files: list[str], pattern: str) -> None:
    with TemporaryDirectory() as folder:
        for each in sorted(files, key=len):
            path = Path(folder, each)
            if not path.exists() and all(not up.is_file() for up in path.parents):
                tree(Path(folder), [each])
        expected: set[str] = set()
        for match in glob.glob(f"{folder}/{pattern}", recursive=True):
            # Python's `**` stands for the folder in front of it, too, and so for what is hidden there.
            if os.path.isfile(match):
                expected.add(match)
            elif not match.endswith("/"):
                expected |= {str(each) for each in Path(match).rglob("*") if each.is_file()}
        found = [each for each in dicom.names([f"{folder}/{pattern}"]) if isinstance(each, str)]
        assert len(found) == len(set(found))
        assert set(found) == expected


# --- lists --------------------------------------------------------------------------------------------------


def test_a_list_may_name_whatever_can_be_named(here: Path) -> None:
    listed = Bytes(b"a.dcm\nb/a\n\nnosuch\n*.dcm\n[a].dcm\n-")
    assert told(dicom.names(["b/2", "-", "b/10"], listed)) == [
        "b/2",
        "a.dcm",
        "b/a/y",
        "b/a/d/z",
        ("nosuch", State.UNREADABLE, "there is no such file or folder"),
        "[a].dcm",
        "a.dcm",
        "[a].dcm",
        ("-", State.UNREADABLE, "there is no such file or folder"),
        "b/10",
    ]


def test_a_list_is_read_only_where_it_is_asked_for(here: Path) -> None:
    assert told(dicom.names(["a.dcm"], Bytes(b"b/2"))) == ["a.dcm"]
    assert told(dicom.names(["-"], Bytes())) == []


def test_a_list_that_cannot_be_read_is_a_result(here: Path) -> None:
    listed = file_source("a.dcm")
    (here / "a.dcm").unlink()
    (result, last) = dicom.names(["-", "b/2"], listed)
    assert isinstance(result, Result)
    assert (result.name, result.state) == ("-", State.UNREADABLE)
    assert last == "b/2"


ODD = st.binary(max_size=20).filter(lambda name: b"\0" not in name)


@given(st.lists(ODD, max_size=20), st.booleans())
def test_lists_of_any_names(names: list[bytes], last: bool) -> None:
    """The names of nothing, as each of them comes back with a result."""
    with_nul = [b"/nowhere/" + each for each in names] or [b"/nowhere"]
    content = b"\0".join(with_nul) + b"\0"
    results = [each for each in dicom.names(["-"], Bytes(content)) if isinstance(each, Result)]
    assert [each.name for each in results] == [os.fsdecode(each) for each in with_nul]
    lines = [each for each in with_nul if b"\n" not in each]
    content = b"\n".join(lines) + b"\n" * last
    results = [each for each in dicom.names(["-"], Bytes(content)) if isinstance(each, Result)]
    assert [each.name for each in results] == [os.fsdecode(each) for each in lines]


def test_a_nul_byte_may_come_late() -> None:
    first, last = b"/nowhere/" + b"\n" * 300_000, b"/nowhere/last"
    names = [
        each.name for each in dicom.names(["-"], Bytes(first + b"\0" + last)) if isinstance(each, Result)
    ]
    assert names == [os.fsdecode(first), os.fsdecode(last)]


def test_memory_does_not_grow_with_a_list() -> None:
    listed = Kept.of(b"/nowhere/%060d\n" % number for number in range(100_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in dicom.find(dicom.names(["-"], listed)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 2 * MiB


def test_memory_does_not_grow_with_a_folder(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, number in ((few, 20_000), (many, 40_000)):
        folder.mkdir()
        for each in range(number):
            os.close(os.open(f"{folder}/{each:06}", os.O_CREAT))

    def peak(folder: Path) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in dicom.names([folder])) == sum(1 for _ in os.scandir(folder))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(many) < 1.5 * peak(few), "it would be twice as much if it held all names"
    found = [*dicom.names([many])]
    assert {*found} == {os.path.join(many, each) for each in os.listdir(many)}
    assert all(found[at : at + 10_000] == sorted(found[at : at + 10_000]) for at in range(0, 40_000, 10_000))
