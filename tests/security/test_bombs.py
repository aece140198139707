"""Input that is small, and would take much to work off."""

from __future__ import annotations

import gzip
import json
import resource
import subprocess

import pytest

from cursorkit.testing.answers import answer
from cursorkit.testing.server import Server, replying
from programs import COMMAND, PLACE, PROGRAM

MEMORY = 400 * 2**20
"""Bytes that a process may map at most, which is far less than the bombs would take."""
SECONDS = 20

JSON = ("Content-Type", "application/dicom+json")
BOMBS: dict[str, bytes] = {
    "depth": answer(200, b"[" * 10**6, [JSON]),
    "depth, closed": answer(200, b'{"a":' * 10**5 + b"1" + b"}" * 10**5, [JSON]),
    "digits": answer(200, b'{"a": ' + b"9" * 10**6 + b"}", [JSON]),
    "exponent": answer(200, b"[1e999999999]", [JSON]),
    "not a number": answer(200, b"[NaN, Infinity]", [JSON]),
    "an error of depth": answer(400, b'{"error":' * 10**5, [JSON]),
    "entities": answer(
        200,
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
        [("Content-Type", "application/dicom+xml")],
    ),
    "gzip": answer(200, gzip.compress(bytes(2**30 // 4), 1), [JSON, ("Content-Encoding", "gzip")]),
    "lines": answer(200, b"{}", [("X", "x" * 70_000)]),
    "fields": answer(200, b"{}", [(f"X{number}", "x") for number in range(1000)]),
}


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [PROGRAM, *argv],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    return done


# --- 13. arguments ------------------------------------------------------------------------------------------

LONG = 30_000
"""Linux takes no argument of more than 128 KiB; the limits of the language are tested with its parser."""

WORDS = {
    "dots": "." * LONG,
    "names": ".a" * LONG + "=x",
    "brackets": "(" * LONG + "=x",
    "equals": "=" * LONG,
    "quotes": "'\"" * LONG + "=x",
    "nested JSON": "data:=" + "[" * LONG,
    "digits": "data:=" + "9" * LONG,
}


@pytest.mark.parametrize("word", WORDS)
def test_no_argument_takes_more_than_its_length(word: str) -> None:
    done = run(*COMMAND, "--dry-run", "-r", "content-type=a/b", WORDS[word], "--", *PLACE)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr) < 5000


# --- 14. answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_answer_takes_more_than_its_length(bomb: str) -> None:
    with Server(replying(BOMBS[bomb])) as server:
        words = ("-r", "content-type=a/b", "data=x", "-p", "key=k", "--", *PLACE)
        done = run("--retry-for", "0", "--endpoint", server.url, *COMMAND, *words)
    assert done.returncode == (1 if "error" in bomb else 7)
    assert done.stderr.startswith("error: ")
    assert len(done.stderr) < 5000
    if done.stdout:
        json.loads(done.stdout)
    if bomb == "gzip":
        assert "is larger than 67108864 bytes" in done.stderr
    if bomb == "entities":
        assert "haha" not in done.stdout
