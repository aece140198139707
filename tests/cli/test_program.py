"""The program, as somebody at a shell meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cursorkit import __version__
from cursorkit.cli.main import main
from programs import CALL, COMMAND, PAGE, PARENT, PROGRAM, Run, on_terminal

URL = f"https://healthcare.googleapis.com/v1beta1/{PARENT}/dicomWeb/studies"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


def test_the_documented_example_verbatim(run: Run) -> None:
    result = run(*CALL, "-r", ".", "content-type=sadipscing", "data=ut", "--dry-run")
    assert result.code == 0
    assert result.json == {
        "method": "POST",
        "url": URL,
        "headers": {"Accept": "application/dicom+json", "Content-Type": "sadipscing", "Content-Length": "2"},
        "body": {
            "size": 2,
            "sha256": "469cc643a19fb75901e5d331b8dc14befa8b98810b246c2fb22fff0c382dc39e",
        },
    }
    assert result.err.startswith("warning: -r argument 2: the content type is no media type")


def test_lists_may_be_repeated_and_flags_stand_anywhere(run: Run) -> None:
    plain = run("--dry-run", *CALL, "-r", "content-type=a/b", "data=ut")
    for argv in (
        ("-r", "content-type=a/b", "--dry-run", *CALL, "-r", "data=ut"),
        (*COMMAND, "--dry-run", "-r", "content-type=a/b", "-r", "data=ut", "--", PARENT, "studies"),
        ("-r", "content-type=a/b", "--scope", "s", "projects", "--dry-run", *CALL[1:], "-r", "data=ut"),
    ):
        assert run(*argv).json == plain.json


def test_a_dry_run_goes_to_a_file_too(run: Run, tmp_path: Path) -> None:
    result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-o", str(tmp_path / "out"))
    assert result.out == ""
    assert json.loads((tmp_path / "out").read_bytes())["url"] == URL


def test_pretty_print(run: Run) -> None:
    result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", "pretty-print=false")
    assert result.out.count("\n") == 1
    assert result.json["url"] == f"{URL}?prettyPrint=false"


PARAMETERS = {
    "$-xgafv=2": "%24.xgafv=2",
    "alt=json": "alt=json",
    "callback=f": "callback=f",
    "fields=a": "fields=a",
    "pretty-print=true": "prettyPrint=true",
    "quota-user=me": "quotaUser=me",
    "upload-type=media": "uploadType=media",
    "upload-protocol=raw": "upload_protocol=raw",
}


@pytest.mark.parametrize("word", PARAMETERS)
def test_each_parameter(run: Run, word: str) -> None:
    result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", word)
    assert result.json["url"] == f"{URL}?{PARAMETERS[word]}"


@pytest.mark.parametrize(
    ("name", "header"),
    [("access-token", "Authorization"), ("oauth-token", "Authorization"), ("key", "x-goog-api-key")],
)
def test_no_secret_is_shown(run: Run, name: str, header: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("CANARY\n")
    for word in (f"{name}=CANARY", f"{name}@={tmp_path / 'secret'}"):
        result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", word)
        assert result.json["headers"][header] == "***"
        assert "CANARY" not in repr(result)
    for words in ((f"{name}=CANARY", f"{name}=CANARY"), (f"{name}=CANARY\n CANARY",), (f"x{name}=CANARY",)):
        result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", *words)
        assert result.code == 2
        assert "CANARY" not in repr(result)


def test_a_long_quota_user_is_worth_a_word(run: Run) -> None:
    result = run(*CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", f"quota-user={'x' * 41}")
    assert result.code == 0
    assert "a quota user should not exceed 40 characters" in result.err
    assert not run(
        *CALL, "--dry-run", "-r", "content-type=a/b", "data=ut", "-p", f"quota-user={'x' * 40}"
    ).err


def test_all_errors_of_the_line_are_told_together(run: Run) -> None:
    result = run(
        *COMMAND,
        "projects/p/locations/l/datasets/d/dicomStores/../../../../x",
        "studies/%2e%2e",
        *("-r", "contnt-type=a\r\nX: y", "data@=/nonexistent", "..", "a.", "data@=/nonexistent"),
        *("-p", "acess-token=CANARY", "pretty-print=maybe", "alt=xml", "key=a", "key=b"),
        *("--dryrun", "-o", "/nonexistent/out"),
    )
    assert result.code == 2
    assert result.out == ""
    assert "CANARY" not in result.err
    told = re.findall(r"^error: (.*?):? ", result.err, re.MULTILINE)
    assert "Traceback" not in result.err
    for expected in (
        "unknown flag '--dryrun'",
        "-p argument 1: unknown parameter 'acess-token'",
        "-p argument 2: a boolean is expected, true or false",
        "-p argument 3: the value is none of json, media, proto",
        "-p argument 5: 'key' was already set by argument 4",
        "<parent>: the segment '..' is not allowed in a path",
        "<dicom-web-path>: '?', '#', '%'",
        "-r argument 1: unknown field 'contnt-type'",
        "-r argument 2: cannot read '/nonexistent'",
        "-r argument 3: '..' goes up 1 level, but the cursor is at the root",
        "-r argument 4: the path ends in a single dot",
    ):
        assert f"error: {expected}" in result.err, expected
    assert len(told) >= 11


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("project",), "unknown command 'project'\n    did you mean 'projects'?"),
        (("projects", "locations-store-instances"), "unknown command 'locations-store-instances'"),
        (("projects",), "a command is missing: one of locations-get, "),
        ((*CALL, "more", "-r", "content-type=a/b", "data=ut"), "unexpected argument 'more'"),
        ((*CALL,), "field 'content-type' is missing in HttpBody"),
        ((*CALL,), "field 'data' is missing in HttpBody"),
        ((*COMMAND,), "parameter 'parent' is missing"),
        ((*COMMAND, PARENT), "parameter 'dicom-web-path' is missing"),
        (
            (*COMMAND, PARENT, "-r", "content-type=a/b", "data=x", "studies"),
            "put -- or another flag between them",
        ),
        ((*CALL, "-r", "content-type=a/b", "data@=/dev/null"), "the body is empty"),
        ((*CALL, "-r", "content-type=a/b", "data@="), "the name of a file is missing"),
        ((*CALL, "-r", "content-type=a/b", "data=x", "-p", "key@="), "the name of a file is missing"),
        ((*CALL, "--ca-bundle"), "--ca-bundle"),
        ((*CALL, "--end=x"), "unknown flag '--end'"),
        ((*CALL, "-rdata=x"), "unknown flag '-rdata'\n    did you mean '-r'?"),
        (
            (*CALL, "-r", "content-type=a/b", "data=x", "-p", f"parent={PARENT}"),
            "<parent>: '.parent' was already set",
        ),
        (
            (*CALL, "-r", "content-type=a/b", "data@=-", "content-type@=-"),
            "standard input can be read only once",
        ),
    ],
)
def test_wrong_usage(run: Run, argv: tuple[str, ...], told: str) -> None:
    result = run(*argv)
    assert result.code == 2
    assert told in result.err
    assert result.out == ""


def test_only_a_file_at_fault(run: Run, tmp_path: Path) -> None:
    result = run(*CALL, "-r", "content-type=a/b", f"data@={tmp_path / 'missing'}")
    assert result.code == 5
    assert "No such file" in result.err
    assert "is missing in HttpBody" not in result.err
    assert run(*CALL, "-r", "content-type=a/b", f"data@={tmp_path}").code == 5


def test_no_arguments(run: Run) -> None:
    result = run()
    assert result.code == 2
    assert result.err.startswith("usage: healthcare1-beta1")


def test_version(run: Run) -> None:
    assert run("--version").out == f"healthcare1-beta1 {__version__}\n"


@pytest.mark.parametrize("words", [COMMAND, CALL], ids=len)
def test_help_holds_the_page_at_every_level(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.code == 0
    told = " ".join(result.out.split())
    for item in PAGE.splitlines():
        assert item in told, item


def test_help_tells_every_exit_code_and_variable_of_the_manual(run: Run, root: Path) -> None:
    manual = (root / "docs" / "program.md").read_text(encoding="utf-8")
    codes = re.findall(r"\d+", " ".join(re.findall(r"^\| (\d+(?:, \d+)*) \|", manual, re.MULTILINE)))
    variables = {*re.findall(r"`([A-Z]+(?:_[A-Z]+)+|TMPDIR|SSLKEYLOGFILE)(?:=\w+)?`", manual)} - {
        "HTTP_PROXY"
    }
    assert len(codes) >= 13
    assert len(variables) >= 13
    for words in ((), CALL):
        page = run(*words, "--help").out
        told = page.partition("exit codes:")[2].partition("\n\n")[0]
        assert not [code for code in codes if not re.search(rf"\b{code}\b", told)]
        assert not [name for name in variables if not re.search(rf"\b{name}\b", page)]


def program(*argv: str | bytes, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *argv], check=False, capture_output=True, text=True, timeout=60, **options
    )


def test_the_module_is_the_program(tmp_path: Path) -> None:
    module = subprocess.run(
        [sys.executable, "-m", "cursorkit", "--version"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert module.stdout == program("--version").stdout


def test_an_argument_that_is_not_utf8() -> None:
    result = program(*CALL, "-r", b"content-type=\xff", b"data=\xff\xfe", "--dry-run")
    assert result.returncode == 2
    assert "the value is not UTF-8 text" in result.stderr
    assert r"\udcff" in result.stderr
    result = program(*CALL, "-r", "content-type=a/b", b"data=\xff\xfe", "--dry-run")
    assert json.loads(result.stdout)["body"]["size"] == 2


def test_standard_input(tmp_path: Path) -> None:
    result = program(*CALL, "-r", "content-type=a/b", "data@=-", "--dry-run", input="abc")
    assert json.loads(result.stdout)["body"]["size"] == 3
    closed = subprocess.run(
        ["bash", "-c", f"{PROGRAM} {' '.join(CALL)} -r content-type=a/b data@=- --dry-run <&-"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert closed.returncode == 5
    assert "standard input is closed" in closed.stderr


def test_standard_input_on_a_terminal_is_announced() -> None:
    shown = on_terminal(*CALL, "-r", "content-type=a/b", "data@=-", "--dry-run", typed=b"abc\n\x04")
    assert "reading standard input; end it with Ctrl-D" in shown
    assert '"size": 4' in shown


def test_colour_on_a_terminal_unless_it_is_not_wanted() -> None:
    assert "\x1b[31merror" in on_terminal("nosuch")
    assert "\x1b" not in on_terminal("nosuch", NO_COLOR="1")


def test_no_argument_can_speak_to_a_terminal() -> None:
    odd = "\x1b]52;c;eA==\x07\x9b2J\u202e"
    for argv in (
        ["nosuch" + odd],
        [*COMMAND, PARENT, odd],
        [*CALL, "-r", odd, f"{odd}=x"],
        [*CALL, f"--{odd}"],
    ):
        shown = on_terminal(*argv, NO_COLOR="1")
        assert all(char.isprintable() or char == "\n" for char in shown), repr(shown)


def test_nobody_reads() -> None:
    for argv in (["--help"], [*CALL, "-r", "content-type=a/b", "data=ut", "--dry-run"]):
        reader, writer = os.pipe()
        os.close(reader)
        child = subprocess.run([PROGRAM, *argv], check=False, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        assert child.returncode == 141
        assert child.stderr == b""


def test_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [PROGRAM, *CALL, "-r", "content-type=a/b", "data=ut", "--dry-run"],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert child.returncode == 5
    assert b"No space left" in child.stderr
    assert b"Traceback" not in child.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(number: signal.Signals, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    # Opened for both directions, a pipe waits for nobody, and its reader waits for ever.
    pipe = os.open(tmp_path / "pipe", os.O_RDWR)
    child = subprocess.Popen(
        [
            PROGRAM,
            *CALL,
            "--dry-run",
            "-r",
            "content-type=a/b",
            f"data@={tmp_path / 'pipe'}",
            "-o",
            tmp_path / "out",
        ],
        stderr=subprocess.PIPE,
    )
    while not list(tmp_path.glob(".cursorkit-*")):
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)
    time.sleep(0.3)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    os.close(pipe)
    assert child.returncode == -number
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_many_words_cost_no_more_than_their_number() -> None:
    start = time.perf_counter()
    main([*CALL, "--dry-run", "-r", *("data=x" for _ in range(2000))])
    small = time.perf_counter() - start
    start = time.perf_counter()
    main([*CALL, "--dry-run", *("-r data=x " * 20_000).split()])
    assert time.perf_counter() - start < 60 * small + 5
