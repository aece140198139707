"""Where the answer goes, and what is left of it when it cannot go there."""

from __future__ import annotations

import json
import os
import pty
import resource
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import pytest

from authorized_calls import SCAN
from cursorkit.cli.main import main
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Server, replying
from programs import CALL, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = ("-r", "content-type=application/dicom", f"data@={SCAN}")
FULL = "No space left on device"
STORED = "stored 1 instance"
LOST = f"error: {STORED}, but the report could not be written: cannot write"

Store = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Stores an image into a folder, by the program in a process of its own."""

    def call(*argv: object, body: str = str(SCAN), **options: Any) -> subprocess.CompletedProcess[str]:
        words = ("-r", "content-type=application/dicom", f"data@={body}")
        command = [*options.pop("under", ()), PROGRAM, "--endpoint", f"file:{tmp_path / 'store'}", *CALL]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run([*command, *map(str, argv), *words], text=True, timeout=60, **options)

    return call


def kept(tmp_path: Path) -> list[bytes]:
    return [path.read_bytes() for path in (tmp_path / "store").rglob("*.dcm")]


def everything(folder: Path) -> list[str]:
    """What is in a folder, but for the store and what it holds."""
    return sorted(path.name for path in folder.iterdir() if path.name != "store")


def shown(out: object) -> int:
    """Show a request in this process, and give the exit code."""
    return main([*CALL, "--dry-run", *IMAGE, "-o", str(out)])


@pytest.fixture
def as_root(absent: Callable[[str], None]) -> None:
    if os.geteuid() != 0:
        absent("root")


# --- files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_has_the_mode_of_new_files(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        assert shown(tmp_path / "out") == 0
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o777])
def test_a_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "out").chmod(mode)
    assert shown(tmp_path / "out") == 0
    assert json.loads((tmp_path / "out").read_bytes())
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode


@pytest.mark.usefixtures("as_root")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    os.chown(tmp_path / "out", 1, 2)
    assert shown(tmp_path / "out") == 0
    status = (tmp_path / "out").stat()
    assert (status.st_uid, status.st_gid) == (1, 2)


class Work(NamedTuple):
    """The program, while it waits for the body: its output is held ready."""

    child: subprocess.Popen[str]
    body: IO[bytes]

    def end(self, body: bytes) -> str:
        """Give it the body, and tell what it says."""
        with self.body as pipe:
            pipe.write(body)
        return self.child.communicate(timeout=60)[1]


@contextmanager
def at_work(tmp_path: Path, *argv: object, **options: Any) -> Iterator[Work]:
    os.mkfifo(tmp_path / "body")
    words = ("-r", "content-type=application/dicom", f"data@={tmp_path / 'body'}")
    command: list[str | Path] = [PROGRAM, *CALL, *map(str, argv), *words]
    with subprocess.Popen[str](command, text=True, stderr=subprocess.PIPE, **options) as child:
        while True:
            try:
                body = os.open(tmp_path / "body", os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:
                # Nobody reads it yet.
                assert child.poll() is None
                time.sleep(0.01)
        os.set_blocking(body, True)
        (tmp_path / "body").unlink()
        yield Work(child, os.fdopen(body, "wb"))


def test_nobody_else_can_read_what_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "out").chmod(0o666)
    with at_work(tmp_path, "--dry-run", "-o", tmp_path / "out") as work:
        (pending,) = tmp_path.glob(".cursorkit-*")
        assert stat.S_IMODE(pending.stat().st_mode) == 0o600
        assert (tmp_path / "out").read_text() == "old"
        work.end(b"DICM")
    assert work.child.returncode == 0
    assert everything(tmp_path) == ["out"]


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("old")
    (tmp_path / "there" / "link").symlink_to("file")
    (tmp_path / "link").symlink_to(tmp_path / "there" / "link")
    (tmp_path / "dangling").symlink_to("there/new")
    for link, file in (("link", "file"), ("dangling", "new")):
        assert shown(tmp_path / link) == 0
        assert (tmp_path / link).is_symlink()
        assert json.loads((tmp_path / "there" / file).read_bytes())
    assert everything(tmp_path / "there") == ["file", "link", "new"]


def test_of_several_names_the_others_keep_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("old")
    os.link(tmp_path / "one", tmp_path / "two")
    assert shown(tmp_path / "one") == 0
    assert json.loads((tmp_path / "one").read_bytes())
    assert (tmp_path / "two").read_text() == "old"


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    assert shown(tmp_path / ("x" * 255)) == 0
    assert everything(tmp_path) == ["x" * 255]


UNFIT = {
    "": "No such file or directory",
    "missing/out": "No such file or directory",
    "new/": "No such file or directory",
    ".": "it is a directory",
    "folder/": "it is a directory",
    "to-folder": "it is a directory",
    "file/out": "Not a directory",
    "x" * 256: "File name too long",
    "loop": "Too many levels of symbolic links",
}


@pytest.mark.parametrize("out", UNFIT)
def test_a_place_that_is_none_is_found_before_anything_is_sent(
    out: str, tmp_path: Path, store: Store
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "to-folder").symlink_to("folder")
    (tmp_path / "loop").symlink_to("loop")
    before = everything(tmp_path)
    result = store("-o", out, cwd=tmp_path)
    assert result.returncode == 5
    assert result.stderr == f"error: cannot write '{out}': {UNFIT[out]}; nothing was sent\n"
    assert everything(tmp_path) == before
    assert kept(tmp_path) == []


@pytest.fixture
def unprivileged(absent: Callable[[str], None]) -> list[str]:
    """What starts a program so that the modes of files count for it."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        absent("setpriv")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]


def test_what_may_not_be_written_is_not_replaced(
    tmp_path: Path, store: Store, unprivileged: list[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "out").write_text("old")
    for path, name in ((folder / "out", "out"), (folder, "new"), (folder, "out")):
        path.chmod(0o555)
        result = store("-o", folder / name, under=unprivileged)
        path.chmod(0o755)
        assert result.returncode == 5
        told = f"error: cannot write '{folder / name}': Permission denied; nothing was sent\n"
        assert result.stderr == told
        assert everything(folder) == ["out"]
        assert (folder / "out").read_text() == "old"
    assert kept(tmp_path) == []


def test_a_folder_that_cannot_be_read_may_still_be_written(
    tmp_path: Path, store: Store, unprivileged: list[str]
) -> None:
    (tmp_path / "folder").mkdir(mode=0o300)
    result = store("-o", tmp_path / "folder" / "out", under=unprivileged)
    (tmp_path / "folder").chmod(0o700)
    assert result.returncode == 0
    assert json.loads((tmp_path / "folder" / "out").read_bytes())


def test_what_is_read_is_not_replaced(tmp_path: Path, store: Store) -> None:
    scan = tmp_path / "scan.dcm"
    shutil.copyfile(SCAN, scan)
    (tmp_path / "link").symlink_to(scan)
    for out in (scan, tmp_path / "link"):
        result = store("-o", out, body=str(scan))
        assert (result.returncode, result.stdout) == (5, "")
        assert result.stderr == f"error: cannot write '{out}': it is read from; nothing was sent\n"
    with scan.open() as file:
        assert store("-o", scan, body="-", stdin=file).returncode == 5
    assert scan.read_bytes() == SCAN.read_bytes()
    assert kept(tmp_path) == []


# --- folders that many may write --------------------------------------------------------------------------


@pytest.fixture
def shared_folder(tmp_path: Path) -> Path:
    """A folder like /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.mark.usefixtures("as_root")
def test_what_a_stranger_laid_out_is_not_trusted(shared_folder: Path, tmp_path: Path, store: Store) -> None:
    (tmp_path / "victim").write_text("old")
    (shared_folder / "link").symlink_to(tmp_path / "victim")
    (shared_folder / "link-to-nothing").symlink_to(tmp_path / "new")
    (shared_folder / "file").write_text("old")
    (shared_folder / "file").chmod(0o666)
    os.mkfifo(shared_folder / "pipe")
    names = everything(shared_folder)
    for name in names:
        os.chown(shared_folder / name, 1, 1, follow_symlinks=False)
        result = store("-o", shared_folder / name)
        assert result.returncode == 5
        reason = "it belongs to somebody else, in a folder that many may write"
        assert result.stderr == f"error: cannot write '{shared_folder / name}': {reason}; nothing was sent\n"
    assert everything(shared_folder) == names
    assert (tmp_path / "victim").read_text() == (shared_folder / "file").read_text() == "old"
    assert everything(tmp_path) == ["shared", "victim"]
    assert kept(tmp_path) == []


@pytest.mark.usefixtures("as_root")
def test_in_a_folder_of_ones_own_everything_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    os.chown(tmp_path / "link", 1, 1, follow_symlinks=False)
    os.chown(tmp_path / "file", 1, 1)
    assert shown(tmp_path / "link") == 0
    assert json.loads((tmp_path / "file").read_bytes())


def test_what_is_ones_own_is_trusted_everywhere(shared_folder: Path) -> None:
    (shared_folder / "file").write_text("old")
    (shared_folder / "link").symlink_to("file")
    for name in ("file", "link", "new"):
        assert shown(shared_folder / name) == 0
        assert json.loads((shared_folder / name).read_bytes())
    assert everything(shared_folder) == ["file", "link", "new"]


# --- pipes, terminals, devices ----------------------------------------------------------------------------


def test_terminals_and_devices_are_written_through(tmp_path: Path, store: Store) -> None:
    terminal, name = pty.openpty()
    assert store("-o", os.ttyname(name)).returncode == 0
    os.close(name)
    content = b""
    while not content.endswith(b"\n}\r\n"):
        content += os.read(terminal, 4096)
    os.close(terminal)
    assert json.loads(content)["00081199"]
    assert store("-o", "/dev/null").returncode == 0
    result = store("-o", "/dev/full")
    assert result.returncode == 5
    assert result.stderr == f"{STORED}\n{LOST} '/dev/full': {FULL}; the body was sent in full\n"
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


@pytest.mark.parametrize("out", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_every_name_of_standard_output(out: str, tmp_path: Path, store: Store) -> None:
    assert json.loads(store("-o", out).stdout)["00081199"]
    (tmp_path / "log").write_text("before\n")
    with (tmp_path / "log").open("a") as log:
        assert store("-o", out, stdout=log).returncode == 0
    before, document = (tmp_path / "log").read_text().split("\n", 1)
    assert before == "before"
    assert json.loads(document)["00081199"]


def test_a_descriptor_of_the_shell(tmp_path: Path) -> None:
    script = '"$@" -o /dev/fd/7 7> new'
    words = ("--dry-run", "-r", "content-type=a/b", "data=x")
    subprocess.run(["bash", "-c", script, "bash", PROGRAM, *CALL, *words], check=True, cwd=tmp_path)
    assert json.loads((tmp_path / "new").read_bytes())["body"]["size"] == 1


def test_an_output_that_does_not_wait_is_waited_for(tmp_path: Path) -> None:
    large = json.dumps({"x": "x" * 500_000}).encode()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with Server(replying(answer(200, large))) as server:
        words = (*CALL, *IMAGE, "-p", "pretty-print=false")
        with subprocess.Popen(
            [PROGRAM, "--endpoint", server.url, *words], stdout=writer, stderr=subprocess.PIPE
        ) as child:
            os.close(writer)
            time.sleep(0.5)
            with os.fdopen(reader, "rb") as file:
                assert json.loads(file.read()) == json.loads(large)
            assert child.stderr is not None
            assert b"error: cannot write" not in child.stderr.read()


# --- no room ----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path, as_root: None, absent: Callable[[str], None]) -> Iterator[Path]:
    """A disk of 64 KiB, all of which are taken, and a file of the name out on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        absent("the right to mount")
    try:
        (disk / "out").write_text("old")
        with pytest.raises(OSError, match=FULL), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk: Path, tmp_path: Path, store: Store) -> None:
    for quiet in ((), ("--quiet",)):
        result = store("-o", small_disk / "out", *quiet)
        assert (result.returncode, result.stdout) == (5, "")
        before = "" if quiet else f"{STORED}\n"
        told = f"{LOST} '{small_disk / 'out'}': {FULL}; the body was sent in full\n"
        assert result.stderr == before + told
    assert (small_disk / "out").read_text() == "old"
    assert everything(small_disk) == ["filler", "out"]
    assert kept(tmp_path) == [SCAN.read_bytes()]


def test_a_file_that_is_too_large_for_its_user(tmp_path: Path) -> None:
    """As with a quota, the failure comes in the middle."""
    (tmp_path / "out").write_text("old")
    report = json.dumps({"00081198": {"vr": "SQ", "Value": [{"00090097": {"vr": "UT", "Value": ["no"]}}]}})
    with Server(replying(answer(409, report.encode()))) as server:
        result = subprocess.run(
            [PROGRAM, "--endpoint", server.url, *CALL, *IMAGE, "-o", tmp_path / "out"],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40)),
        )
    assert result.returncode == 5
    assert result.stderr == (
        "error: not stored: 1 instance: no reason given (0000): no\n"
        f"error: the report could not be written: cannot write '{tmp_path / 'out'}': File too large; "
        "the body was sent in full\n"
    )
    assert (tmp_path / "out").read_text() == "old"
    assert everything(tmp_path) == ["out"]


def test_a_folder_that_goes_away_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    out = tmp_path / "folder" / "out"
    with at_work(tmp_path, "--endpoint", f"file:{tmp_path / 'store'}", "-o", out, "--quiet") as work:
        shutil.rmtree(out.parent)
        told = work.end(SCAN.read_bytes())
    assert work.child.returncode == 5
    assert told == f"{LOST} '{out}': No such file or directory; the body was sent in full\n"


SYNCING_NO_FOLDERS = """
import errno, os, stat, sys

sync = os.fsync

def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    sync(descriptor)

os.fsync = fsync

from cursorkit.cli.main import main

sys.exit(main(sys.argv[1:]))
"""


def test_a_file_system_that_cannot_sync_folders(tmp_path: Path) -> None:
    """There are some, mostly far away. The file has its name by then, and is not said to be unwritten."""
    out = tmp_path / "out"
    child = subprocess.run(
        [sys.executable, "-c", SYNCING_NO_FOLDERS, *CALL, *IMAGE, "--dry-run", "-o", out],
        capture_output=True,
        text=True,
    )
    assert (child.returncode, child.stderr) == (0, "")
    assert json.loads(out.read_bytes())["method"] == "POST"


# --- standard output --------------------------------------------------------------------------------------


SINKS = {"closed": ">&-", "read only": "1</dev/null", "full": ">/dev/full", "unread": ">&9"}
COMMANDS = {
    "help": ("--help",),
    "version": ("--version",),
    "dry run": (*CALL, *IMAGE, "--dry-run"),
    "store": ("--endpoint", "file:store", *CALL, *IMAGE),
}
REASONS = {
    "closed": "it is closed",
    "read only": "it is open for reading only",
    "full": FULL,
    "unread": "nobody reads it any more",
}


def in_bash(tmp_path: Path, redirection: str, *argv: object) -> subprocess.CompletedProcess[str]:
    """Run the program under a redirection of bash; descriptor 9 is a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        [
            "bash",
            "-c",
            f'exec 9>&{writer} {writer}>&-; "$@" {redirection} 9>&-',
            "bash",
            PROGRAM,
            *map(str, argv),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        pass_fds=[writer],
    )
    os.close(writer)
    return child


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_standard_output_that_cannot_be_written(command: str, sink: str, tmp_path: Path) -> None:
    result = in_bash(tmp_path, SINKS[sink], *COMMANDS[command])
    told = f"cannot write standard output: {REASONS[sink]}"
    if command == "store" and sink == "full":
        expected = f"{STORED}\n{LOST} standard output: {FULL}; the body was sent in full\n"
        assert kept(tmp_path)
    else:
        expected = f"error: {told}" + ("\n" if command in {"help", "version"} else "; nothing was sent\n")
        assert kept(tmp_path) == []
    assert result.returncode == (141 if sink == "unread" else 5)
    assert result.stderr == ("" if sink == "unread" and command != "store" else expected)
    assert result.stdout == ""


@pytest.mark.parametrize("sink", [sink.replace(">", "2>").replace("1<", "2<") for sink in SINKS.values()])
@pytest.mark.parametrize(
    ("argv", "code"), [(("nosuch",), 2), (COMMANDS["store"], 0), ((), 2)], ids=["error", "store", "usage"]
)
def test_a_standard_error_that_cannot_be_written_changes_nothing(
    argv: tuple[str, ...], code: int, sink: str, tmp_path: Path
) -> None:
    result = in_bash(tmp_path, sink, *argv)
    assert result.returncode == code
    assert result.stderr == ""
    if code == 0:
        assert json.loads(result.stdout)["00081199"]


def test_no_file_becomes_standard_error(tmp_path: Path) -> None:
    """Where standard error is closed, its number is the next that a file would get."""
    # The pipe is opened when the program reads it, and by then its other files are open.
    script = '"$@" -o out 2>&- & { readlink /proc/$!/fd/2 >&3; echo DICM; } 3>&1 > fifo; wait $!'
    os.mkfifo(tmp_path / "fifo")
    words = ("-r", "content-type=a/b", "data@=fifo", "--dry-run")
    child = subprocess.run(
        ["bash", "-c", script, "bash", PROGRAM, *CALL, *words], capture_output=True, text=True, cwd=tmp_path
    )
    assert (child.returncode, child.stdout) == (0, "/dev/null\n")
    assert json.loads((tmp_path / "out").read_bytes())["body"]["size"] == 5


def test_a_reader_that_leaves_while_the_body_is_on_its_way(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with at_work(tmp_path, "--endpoint", f"file:{tmp_path / 'store'}", "--quiet", stdout=writer) as work:
        os.close(writer)
        os.close(reader)
        told = work.end(SCAN.read_bytes())
    assert work.child.returncode == 141
    assert told == f"{LOST} standard output: nobody reads it any more; the body was sent in full\n"
    assert kept(tmp_path) == [SCAN.read_bytes()]


def test_a_report_for_a_reader_that_is_late(tmp_path: Path, store: Store) -> None:
    """A pipe waits for somebody to read it, before anything is sent."""
    os.mkfifo(tmp_path / "pipe")
    result: list[subprocess.CompletedProcess[str]] = []
    storing = Thread(target=lambda: result.append(store("-o", tmp_path / "pipe")))
    storing.start()
    time.sleep(0.5)
    assert kept(tmp_path) == []
    assert json.loads((tmp_path / "pipe").read_bytes())["00081199"]
    storing.join()
    assert result[0].returncode == 0
    assert kept(tmp_path) == [SCAN.read_bytes()]


# --- defects ----------------------------------------------------------------------------------------------


def test_a_defect_is_told_without_anybodys_data(tmp_path: Path) -> None:
    """An opener of somebody else's that breaks its promises."""
    (tmp_path / "faulty.py").write_text(
        "class Faulty:\n"
        "    def send(self, request):\n"
        "        return {}[request.body.open().read().decode()]\n"
        "    def close(self): ...\n"
    )
    metadata = tmp_path / "faulty-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
    opener = "[cursorkit.transports]\nfaulty = faulty:open_endpoint\n"
    (metadata / "entry_points.txt").write_text(opener)
    with (tmp_path / "faulty.py").open("a") as file:
        file.write("def open_endpoint(endpoint):\n    return Faulty()\n")
    child = subprocess.run(
        [
            *(PROGRAM, "--endpoint", "faulty:x", *CALL, "-r", "content-type=a/b", "data=PATIENT^CANARY"),
            *("-o", tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert child.returncode == 70
    assert child.stderr.endswith(
        "healthcare1-beta1: a defect of the program, KeyError in faulty, line 3; the body was sent in full, "
        "and may have been accepted; sending the same again is safe\n"
    )
    assert "CANARY" not in child.stderr
    assert everything(tmp_path) == ["faulty-1.dist-info", "faulty.py"]
