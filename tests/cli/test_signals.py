"""Signals at any moment: the process dies of them, leaves nothing behind, and says how much was sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from authorized_calls import SCAN
from cursorkit.cli.main import main
from cursorkit.cli.progress import Progress
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Hang, ReadBody, ReadHead, Server, Write, replying
from interruptions import ENDPOINTS, KINDS, STATES, Upload, survey
from programs import CALL, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.testing.server import Step

IMAGE = ("-r", "content-type=application/dicom", f"data@={SCAN}")


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Upload:
    return Upload.into(tmp_path_factory.mktemp("upload"))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=lambda kind: kind.name)
def test_at_random_moments(kind: signal.Signals, endpoint: str, upload: Upload) -> None:
    """The same with any number: scripts/signals NUMBER."""
    found = survey(upload, kind, endpoint, 20)
    assert found.faults == ()
    assert sum(found.states.values()) == 20
    assert set(found.states) <= set(STATES)


AGAIN = "sending the same again is safe"
STUCK: dict[str, tuple[int, tuple[Step, ...], str]] = {
    "in the middle of the body": (100_000, (), f"in part; {AGAIN}"),
    "before the answer": (0, (), f"in full, and may have been accepted; {AGAIN}"),
    "in the answer": (0, (Write(answer(200, b"{}")[:-1]),), f"in full, and may have been accepted; {AGAIN}"),
}


@pytest.mark.parametrize("stuck", STUCK)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_while_the_server_is_silent(kind: signal.Signals, stuck: str, upload: Upload, tmp_path: Path) -> None:
    octets, then, told = STUCK[stuck]
    (tmp_path / "out").write_text("old")
    with Server((ReadHead(), ReadBody(octets or None), *then, Hang())) as server:
        words = ("-r", f"content-type={upload.content_type}", f"data@={upload.path}")
        with subprocess.Popen(
            [PROGRAM, "--endpoint", server.url, *CALL, *words, "-o", tmp_path / "out"],
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            while sum(len(each.body) for each in server.exchanges) < (octets or upload.length):
                assert child.poll() is None
                time.sleep(0.01)
            child.send_signal(kind)
            _, said = child.communicate(timeout=30)
    assert child.returncode == -kind
    assert said == f"healthcare1-beta1: {KINDS[kind]}; the body was sent {told}\n"
    assert (tmp_path / "out").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@contextmanager
def waiting(tmp_path: Path, *before: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that starts the program, which waits for the body."""
    os.mkfifo(tmp_path / "body")
    words = (*CALL, "--dry-run", "-r", "content-type=a/b", f"data@={tmp_path / 'body'}")
    command: list[str] = [*map(str, before), str(PROGRAM), *words]
    with subprocess.Popen[str](
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    ) as child:
        yield child


@contextmanager
def opened(tmp_path: Path, child: subprocess.Popen[str]) -> Iterator[int]:
    """While this lasts, the program reads the body, of which nothing comes."""
    while True:
        try:
            pipe = os.open(tmp_path / "body", os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError:
            assert child.poll() is None
            time.sleep(0.01)
    # A signal that comes right before the call that waits is heeded only when that ends.
    asleep = 0
    while asleep < 5:
        time.sleep(0.02)
        asleep = asleep + 1 if state_of(program_of(child.pid)) == "S" else 0
    try:
        yield pipe
    finally:
        os.close(pipe)


def program_of(pid: int) -> int:
    """The process that a chain of processes, each of which started the next one, ends with."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return program_of(int(started[0])) if started else pid


def state_of(pid: int) -> str:
    """What the system says that a process does: `S` for one that waits."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def child_of(pid: int) -> int:
    """The process that another one started."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_a_script_ends_with_the_program(tmp_path: Path) -> None:
    """After a program that leaves with a code of its own, Ctrl-C would let it go on."""
    script = 'for each in 1 2; do "$@"; echo "code $?"; done'
    with waiting(tmp_path, "bash", "-c", script, "bash") as shell, opened(tmp_path, shell):
        # A terminal sends it to everybody.
        for each in (shell.pid, child_of(shell.pid)):
            os.kill(each, signal.SIGINT)
        out, said = shell.communicate(timeout=30)
    assert (shell.returncode, out) == (-signal.SIGINT, "")
    assert said == "healthcare1-beta1: interrupted; nothing was sent\n"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_code_that_a_shell_shows(kind: signal.Signals, tmp_path: Path) -> None:
    script = '"$@"; echo "code $?"'
    with waiting(tmp_path, "bash", "-c", script, "bash") as shell, opened(tmp_path, shell):
        os.kill(child_of(shell.pid), kind)
        out, said = shell.communicate(timeout=30)
    assert out == f"code {128 + kind}\n"
    assert said.startswith(f"healthcare1-beta1: {KINDS[kind]}; nothing was sent\n")


def test_the_first_process_of_a_container(tmp_path: Path, absent: Callable[[str], None]) -> None:
    """It does not die of signals; its exit code is what a shell would make of one."""
    if os.geteuid() != 0:
        absent("root")
    with waiting(tmp_path, "unshare", "--pid", "--fork", "--") as unshare, opened(tmp_path, unshare):
        os.kill(child_of(unshare.pid), signal.SIGTERM)
        _, said = unshare.communicate(timeout=30)
    assert unshare.returncode == 143
    assert said == "healthcare1-beta1: terminated; nothing was sent\n"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_ignored_stays_ignored(kind: signal.Signals, tmp_path: Path) -> None:
    """nohup asks for it, and shells do for what runs in the background."""
    script = f'trap "" {kind.name}; exec "$@"'
    with waiting(tmp_path, "bash", "-c", script, "bash") as child:
        with opened(tmp_path, child) as pipe:
            child.send_signal(kind)
            os.write(pipe, b"DICM")
        out, said = child.communicate(timeout=30)
    assert (child.returncode, said) == (0, "")
    assert json.loads(out)["body"]["size"] == 4


def test_two_signals_make_one_line(tmp_path: Path) -> None:
    with waiting(tmp_path, "env") as child, opened(tmp_path, child):
        for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            child.send_signal(kind)
        _, said = child.communicate(timeout=30)
    assert child.returncode in {-signal.SIGTERM, -signal.SIGINT}
    assert said.count("\n") <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["body"]


def test_nobody_hears_it(tmp_path: Path) -> None:
    script = 'exec "$@" -o "$0" 2>&-'
    with waiting(tmp_path, "bash", "-c", script, tmp_path / "out") as child, opened(tmp_path, child):
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=30)
    assert (child.returncode, out) == (-signal.SIGTERM, "")
    assert [path.name for path in tmp_path.iterdir()] == ["body"]


def test_only_little_is_imported_before_signals_are_heeded() -> None:
    code = (
        "import re, sys; before = {*sys.modules}; import cursorkit.cli.main; print(*{*sys.modules} - before)"
    )
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {each for each in child.stdout.split() if not each.startswith("cursorkit")} <= {
        "__future__",
        "_signal",
        "atexit",
        "errno",
        "gc",
        "signal",
    }


# --- what a last line has to tell -------------------------------------------------------------------------


def test_a_refused_attempt_and_an_interrupted_one() -> None:
    """What any attempt sent counts."""
    progress = Progress()
    progress.idempotent = True
    assert str(progress) == "nothing was sent"
    progress.handed(0, 10)
    assert str(progress) == "nothing was sent"
    progress.handed(9, 10)
    assert str(progress) == f"the body was sent in part; {AGAIN}"
    progress.handed(10, 10)
    progress.handed(3, 10)
    assert str(progress) == f"the body was sent in full, and may have been accepted; {AGAIN}"
    progress.idempotent = False
    assert str(progress).endswith("sending the same again may do it twice")


def test_what_was_sent_is_what_was_handed_over() -> None:
    progress = Progress()
    with Server(replying(answer())) as server:
        main(["--endpoint", server.url, *CALL, *IMAGE], progress)
    assert str(progress) == f"the body was sent in full, and may have been accepted; {AGAIN}"
    assert server.exchanges[0].body == SCAN.read_bytes()
