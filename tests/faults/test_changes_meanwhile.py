"""Files that change while they are sent: what was announced is not completed, and nothing is smuggled in."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from cursorkit.cli.main import main
from cursorkit.testing.server import ReadBody, ReadHead, Reset, Server, Write, replying
from fault import error
from fault_bench import DOUBT
from fault_bodies import a_large_file
from programs import CALL

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.testing.server import Peer

Change = Callable[["Path"], object]


@frozen
class Do:
    """A step of a script: something that happens meanwhile."""

    what: Callable[[], object]

    def play(self, peer: Peer) -> None:
        self.what()


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"POST /v1beta1/stolen HTTP/1.1\r\nContent-Length: 0\r\n\r\n")


def rewrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))


CHANGES: dict[str, Change] = {
    "grows": grow,
    "shrinks": lambda path: os.truncate(path, 5_000_000),
    "is emptied": lambda path: os.truncate(path, 0),
    "is written anew": rewrite,
    "is touched": lambda path: os.utime(path, (1, 1)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("before", ["nothing", "a server that is busy", "an answer that is lost"])
def test_a_file_that_changes_while_it_is_sent(
    before: str, change: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = a_large_file(tmp_path)
    path = tmp_path / "scan.dcm"
    changing = (ReadHead(), Do(lambda: CHANGES[change](path)), ReadBody(), Write(error(500)))
    earlier = {
        "nothing": (),
        "a server that is busy": (replying(error(503)),),
        "an answer that is lost": ((ReadHead(), ReadBody(), Reset()),),
    }[before]
    (tmp_path / "out").write_text("old")
    with Server(*earlier, changing) as server:
        flags = (
            "--endpoint",
            server.url,
            "-o",
            str(tmp_path / "out"),
            "-r",
            "content-type=application/dicom",
        )
        assert main([*flags, made.word, "--", *CALL]) == 5
    *whole, last = server.exchanges
    assert [bytes(each.body) for each in whole] == [made.content] * len(earlier)
    assert last.headers.get("Content-Length") == str(len(made.content))
    assert len(last.body) < len(made.content)
    said = capfd.readouterr().err
    assert "changed since it was first looked at" in said or "no longer what was sent of it before" in said
    assert (DOUBT in said) == (before == "an answer that is lost")
    assert (tmp_path / "out").read_text() == "old"
