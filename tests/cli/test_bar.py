"""The progress bar, as somebody at a terminal sees it, and as nobody else does."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from programs import on_terminal

PRELUDE = """\
import os, signal, sys, time
from cursorkit.cli import console
from cursorkit.cli.bar import Bar
from cursorkit.dicom.results import Result, State

names = sys.argv[1:]
size = os.path.getsize

def main(argv):
{body}
    return 0

console.run("prog", main)
"""
ALL = """\
    with Bar(names) as bar:
        for place, name in enumerate(names):
            time.sleep(0.12)
            bar.add(Result(name, State.REFUSED if place == 1 else State.STORED, octets=size(name)))
            if place == 2:
                console.say("the server is busy; trying again in 3 s")
    console.say("done")
"""


AT_ONCE = ALL.replace("time.sleep", "(lambda seconds: None)")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Six files of a megabyte."""
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / f"{number}.dcm" for number in range(6)]
    for path in paths:
        path.write_bytes(bytes(1_000_000))
    return [*map(str, paths)]


def command(body: str, names: list[str]) -> list[str]:
    return [sys.executable, "-c", PRELUDE.format(body=body), *names]


def seen(body: str, names: list[str]) -> str:
    """Everything that a terminal is sent by a program, and its exit code as a shell has it."""
    script = f"{shlex.join(command(body, names))}; echo $?"
    return on_terminal("-c", script, program=Path("/bin/sh"))


def states(sent: str) -> list[str]:
    """What stands on the last line of the terminal each time that it is drawn anew."""
    return [piece.strip() for piece in re.split(r"[\r\n]", sent.replace("\x1b[K", "")) if piece.strip()]


def left(sent: str) -> list[str]:
    """The lines that stand on the terminal in the end: it obeys carriage returns, and one sequence (EL)."""
    lines = []
    for line in sent.split("\n"):
        cells: list[str] = []
        place = 0
        for piece in re.split(r"(\r|\x1b\[K)", line):
            if piece == "\r":
                place = 0
            elif piece == "\x1b[K":
                del cells[place:]
            else:
                cells[place : place + len(piece)] = piece
                place += len(piece)
        lines.append("".join(cells).rstrip())
    return [line for line in lines if line]


def test_it_tells_how_much_is_done_how_fast_and_how_long_it_will_take(files: list[str]) -> None:
    sent = seen(ALL, files)
    bars = [state for state in states(sent) if "%" in state]
    percents = [int(state.partition("%")[0]) for state in bars]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    pattern = (
        r" *\d+%\|.*\| (\d\.\d\dMB) of 6\.00MB, \d[\d.]+MB/s, \d\d:\d\d left, (\d) files?, \d+/s(, 1 failed)?"
    )
    found = [match for state in bars if (match := re.fullmatch(pattern, state))]
    assert found
    for match in found:
        assert match[1] == f"{match[2]}.00MB"
        assert bool(match[3]) == (int(match[2]) > 1)
    # Words stand above it, and it is gone in the end.
    assert left(sent) == ["the server is busy; trying again in 3 s", "done", "0"]


def test_it_moves_while_a_large_file_is_on_its_way(files: list[str]) -> None:
    body = """\
    from cursorkit.wire import Bytes, Headers, Request
    class Slow:
        def send(self, request):
            for part in (2, 4):
                with request.body.open() as reader:
                    for _ in range(part):
                        reader.read(1_000_000)
                time.sleep(0.7)
        def close(self):
            pass
    with Bar(names) as bar:
        slow = bar.watching(lambda endpoint: Slow())(None)
        slow.send(Request("POST", "https://host/studies", Headers(), Bytes(bytes(6_000_000))))
        for name in names:
            bar.add(Result(name, State.STORED, octets=size(name)))
"""
    percents = [int(state.partition("%")[0]) for state in states(seen(body, files)) if "%" in state]
    assert {33, 67} <= {*percents}
    assert percents == sorted(percents)


def test_words_of_many_threads_do_not_garble_it(files: list[str]) -> None:
    body = """\
    from concurrent.futures import ThreadPoolExecutor
    def work(number):
        for time in range(5):
            console.say(f"word {number} {time}")
    with Bar(names) as bar, ThreadPoolExecutor(8) as pool:
        pool.map(work, range(8))
        for name in names * 100:
            bar.add(Result(name, State.STORED, octets=10))
"""
    *words, code = left(seen(body, files))
    assert sorted(words) == sorted(f"word {number} {time}" for number in range(8) for time in range(5))
    assert code == "0"


@pytest.mark.parametrize(
    ("name", "told", "code"), [("SIGTERM", "terminated", 143), ("SIGINT", "interrupted", 130)]
)
def test_a_signal_leaves_the_terminal_clean(files: list[str], name: str, told: str, code: int) -> None:
    body = f"""\
    bar = Bar(names)
    for name in names:
        time.sleep(0.12)
        bar.add(Result(name, State.STORED, octets=size(name)))
        if name == names[2]:
            os.kill(os.getpid(), signal.{name})
"""
    sent = seen(body, files)
    assert "3.00MB" in sent
    # The shell may say, too, what its program died of.
    lines = left(sent)
    assert lines[0] == f"prog: {told}"
    assert lines[-1] == str(code)


def test_what_is_in_archives_counts_as_it_comes_out(tmp_path: Path, files: list[str]) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in files[1:]:
            packed.write(name, Path(name).name)
    body = """\
    loose, archive, *members = names
    with Bar([archive, loose]) as bar:
        for member in members:
            time.sleep(0.12)
            bar.add(Result(f"{archive}:a:{os.path.basename(member)}", State.STORED, octets=size(member)))
        time.sleep(0.12)
        bar.add(Result(loose, State.STORED, octets=size(loose)))
"""
    sent = seen(body, [files[0], str(archive), *files[1:]])
    amounts = re.findall(r"([\d.]+)MB of ([\d.]+)MB", sent)
    assert amounts[-1] == ("6.00", "6.00")
    assert ("5.00", "6.00") in amounts
    assert all(float(done) <= float(whole) for done, whole in amounts)


def test_what_there_is_to_do_may_never_become_known(files: list[str]) -> None:
    body = """\
    def broken():
        yield names[0]
        yield Result("gone", State.UNREADABLE)
        yield "nowhere"
        raise OSError("a folder that nobody may read")
    with Bar(broken()) as bar:
        for name in names:
            time.sleep(0.12)
            bar.add(Result(name, State.STORED, octets=size(name)))
    console.say("done")
"""
    sent = seen(body, files)
    assert left(sent) == ["done", "0"]
    assert "%" not in sent
    assert re.fullmatch(r"6\.00MB, \d[\d.]+MB/s, 6 files, \d+/s", states(sent)[-3])


def test_it_is_there_before_anything_is_done(files: list[str]) -> None:
    body = """\
    with Bar(names) as bar:
        time.sleep(1)
"""
    assert any("0.00B of 6.00MB" in state for state in states(seen(body, files)))


def test_it_is_for_those_who_look_at_a_terminal(files: list[str]) -> None:
    child = subprocess.run(command(AT_ONCE, files), capture_output=True, text=True, check=True)
    assert child.stdout == ""
    assert child.stderr == "the server is busy; trying again in 3 s\ndone\n"


@pytest.mark.parametrize(
    "body",
    [
        AT_ONCE.replace("Bar(names)", "Bar(names, quiet=True)"),
        f"    sys.modules['tqdm'] = None  # as where it is not installed\n{AT_ONCE}",
    ],
    ids=["quiet", "without tqdm"],
)
def test_there_may_be_none(files: list[str], body: str) -> None:
    assert seen(body, files) == "the server is busy; trying again in 3 s\ndone\n0\n"
