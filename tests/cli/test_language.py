"""The program `cursorkit`, as somebody at a shell meets it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from cursorkit import __version__
from cursorkit.cli.language import main
from programs import Run

PROGRAM = Path(sys.executable).with_name("cursorkit")
COMMANDS = ("body", "explain", "print", "complete")
WORDS = (".user", "name=ann", "age:=3", ".tags.+=red")
VALUE = {"user": {"name": "ann", "age": 3}, "tags": ["red"]}


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "schema.json"
    path.write_text(
        json.dumps(
            {
                "title": "Job",
                "type": "object",
                "properties": {
                    "displayName": {"type": "string", "description": "what it is called", "maxLength": 20},
                    "replicas": {"type": "integer", "minimum": 1},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "steps": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/Step"}},
                    "image": {"type": "string", "contentEncoding": "base64"},
                    "state": {"enum": ["ON", "OFF"]},
                },
                "required": ["displayName"],
                "$defs": {"Step": {"type": "object", "properties": {"run": {"type": "string"}}}},
            }
        )
    )
    return str(path)


def program(*argv: str | bytes, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *argv], check=False, capture_output=True, text=True, timeout=60, **options
    )


# --- body --------------------------------------------------------------------------------------------------


def test_without_a_schema_any_value_will_do(run: Run) -> None:
    result = run("body", "-r", *WORDS)
    assert result.code == 0
    assert result.out == json.dumps(VALUE, indent=2) + "\n"
    assert result.err == ""


def test_compact(run: Run) -> None:
    assert run("body", "--compact", "-r", *WORDS).out == json.dumps(VALUE, separators=(",", ":")) + "\n"


def test_the_output_is_ascii(run: Run) -> None:
    assert run("body", "--compact", "-r", "name=é\x1b]").out == '{"name":"\\u00e9\\u001b]"}\n'


def test_nothing_at_all(run: Run) -> None:
    assert run("body").out == "{}\n"
    assert run("body", "-r").out == "{}\n"


def test_lists_may_be_repeated_and_flags_stand_anywhere(run: Run) -> None:
    for argv in (
        ("-r", *WORDS[:2], "--compact", "-r", *WORDS[2:]),
        ("--compact", "-r", ".user", "-r", *WORDS[1:]),
        ("--compact", "--", *WORDS),
        ("-r", *WORDS[:2], "--compact", "--", *WORDS[2:]),
    ):
        assert run("body", *argv).json == VALUE


def test_words_that_look_like_flags_stand_behind_two_dashes(run: Run) -> None:
    assert run("body", "-r", "a=1", "--", "-r=2", "--x=3").json == {"a": "1", "-r": "2", "--x": "3"}


def test_with_a_schema_text_has_a_type(run: Run, schema: str) -> None:
    words = ("display-name=web", "replicas=3", "labels=a=b", "steps.+.run=x", "steps.+.run=y", "state=ON")
    assert run("body", "--schema", schema, "-r", *words).json == {
        "displayName": "web",
        "replicas": 3,
        "labels": {"a": "b"},
        "steps": [{"run": "x"}, {"run": "y"}],
        "state": "ON",
    }


def test_files_and_standard_input(tmp_path: Path, schema: str) -> None:
    (tmp_path / "image").write_bytes(b"\x00\x01")
    (tmp_path / "labels").write_text('{"a": "b"}')
    words = (f"image@={tmp_path / 'image'}", f"labels@={tmp_path / 'labels'}", "display-name@=-")
    result = program("body", "--schema", schema, "-r", *words, input="from afar")
    assert json.loads(result.stdout) == {"image": "AAE=", "labels": {"a": "b"}, "displayName": "from afar"}
    with Path(schema).open() as standard_input:
        result = program("body", "--schema", "-", "-r", "display-name=x", stdin=standard_input)
    assert json.loads(result.stdout) == {"displayName": "x"}


def test_standard_input_is_read_once(run: Run, schema: str) -> None:
    result = program("body", "--schema", "-", "-r", "display-name@=-", input=Path(schema).read_text())
    assert result.returncode == 2
    assert "standard input can be read only once" in result.stderr


def test_all_errors_of_the_line_are_told_together(run: Run, schema: str) -> None:
    words = ("-r", "displayName=a", "replicas=0", "stat=ON", "image@=/nonexistent", "labels=x")
    result = run("body", "spare", "--schema", schema, *words, "--compct")
    assert result.code == 2
    assert result.out == ""
    assert re.findall(r"^error: (.*)$", result.err, re.MULTILINE) == [
        "unknown flag '--compct'",
        "unexpected argument 'spare'",
        "-r argument 2: the number is outside the range (1 or more)",
        "-r argument 3: unknown field 'stat' in Job",
        "-r argument 4: cannot read '/nonexistent': No such file or directory",
        "-r argument 5: an entry of a map is written as KEY=VALUE, such as key=text",
    ]
    assert "    displayName=a replicas=0\n                           ^\n" not in result.err
    assert "did you mean '--compact'?" in result.err
    assert "did you mean 'state'?" in result.err


def test_what_only_the_whole_shows(run: Run, schema: str) -> None:
    result = run("body", "--schema", schema, "-r", "steps.+.run=x")
    assert result.code == 2
    assert result.err == (
        "error: -r argument 1: at least 2 elements must be there (at '.steps')\n"
        "    steps.+.run=…\n"
        "    ^^^^^^^^^^^^^\n"
    )
    result = run("body", "--schema", schema)
    assert result.code == 2
    assert result.err == "error: field 'display-name' is missing in Job\n    what it is called\n"


def test_only_a_file_at_fault(run: Run, schema: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    assert run("body", "-r", f"a@={missing}").code == 5
    result = run("body", "--schema", missing, "-r", "a=1")
    assert result.code == 5
    assert result.err == f"error: --schema: cannot read '{missing}': No such file or directory\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "this is no JSON document (line 1, column 2)"),
        ('{"type": "strng"}', "#/type: a type is expected, one of null, boolean"),
        ('{"properties": {"a": {"$ref": "http://a.example/"}}}', "#/properties/a/$ref: the reference"),
        ('{"type": "string", "type": "string"}', "a key stands twice in the JSON document"),
        ("\xff", "the file is not UTF-8 text"),
    ],
)
def test_a_schema_that_is_none(run: Run, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "schema.json"
    path.write_bytes(text.encode("latin-1"))
    result = run("body", "--schema", str(path), "-r", "a=1")
    assert result.code == 2
    assert result.err.startswith(f"error: --schema: {path}: {told}")


def test_without_extensions(run: Run) -> None:
    result = run("body", "--no-extensions", "-r", "a:=1", "b=")
    assert result.code == 2
    assert result.err.count("an extension of the language, and extensions are off") == 2


def test_no_value_is_longer_than_a_line(run: Run, schema: str) -> None:
    result = run(
        "body", "--schema", schema, "-r", "replicas=" + "7" * 100_000 + "x", "state=" + "x" * 100_000
    )
    assert result.code == 2
    assert max(map(len, result.err.splitlines())) < 140


def test_an_argument_that_is_not_utf8() -> None:
    result = program("body", "-r", b"name=\xff")
    assert result.returncode == 2
    assert "the value is not UTF-8 text" in result.stderr


# --- print -------------------------------------------------------------------------------------------------


def test_print_is_the_way_back(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    path.write_text(json.dumps(VALUE))
    printed = run("print", str(path))
    assert printed.code == 0
    assert run("body", "-r", *printed.out.splitlines()).json == VALUE
    assert program("print", input=path.read_text()).stdout == printed.out
    assert program("print", "-", input=path.read_text()).stdout == printed.out


def test_print_with_a_schema(schema: str) -> None:
    value = {
        "displayName": "a web",
        "replicas": 3,
        "labels": {"a": "b"},
        "steps": [{"run": "x"}, {"run": "y"}],
    }
    printed = program("print", "--schema", schema, input=json.dumps(value)).stdout.splitlines()
    assert {"display-name=a web", "replicas=3", "labels=a=b"} <= set(printed)
    assert json.loads(program("body", "--schema", schema, "-r", *printed).stdout) == value


@pytest.mark.parametrize(
    "value", [{"-x": {"-y": "a'b\\c\nd"}, "é": "=", "%": [None, 1.5]}, [], {}, "a", None]
)
def test_a_line_of_a_shell(value: object) -> None:
    line = program("print", "--shell", input=json.dumps(value)).stdout
    assert line.endswith("\n")
    shell = subprocess.run(["bash", "-c", f"{PROGRAM} body -r {line}"], check=True, capture_output=True)
    assert json.loads(shell.stdout) == value


def test_a_line_break_needs_a_shell(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    path.write_text('{"a": "b\\nc"}')
    result = run("print", str(path))
    assert result.code == 2
    assert result.err.endswith("cannot stand in a line of its own\n    --shell writes it\n")
    assert run("print", "--shell", str(path)).code == 0


def test_what_cannot_be_printed(run: Run, tmp_path: Path, schema: str) -> None:
    path = tmp_path / "value.json"
    path.write_text('{"replicas": 0}')
    result = run("print", "--schema", schema, str(path))
    assert result.code == 2
    assert "the number is outside the range (1 or more)" in result.err
    path.write_text("{")
    assert run("print", str(path)).err.startswith(f"error: {path}: this is no JSON document")
    assert run("print", str(tmp_path / "missing")).code == 5
    twice = program("print", "--schema", "-", input="{}")
    assert twice.returncode == 2
    assert "standard input can be read only once" in twice.stderr


# --- explain and complete ----------------------------------------------------------------------------------


def test_explain(run: Run, schema: str) -> None:
    result = run(
        "explain", "--schema", schema, "-r", "display-name=web", ".steps.+", "run=x", "image@=/nonexistent"
    )
    assert result.code == 2
    assert result.err == ""
    for told in ("display-name=web", ".steps.+", "web", "unknown field 'image'"):
        assert told in result.out
    result = run("explain", "-r", *WORDS)
    assert result.code == 0
    assert '"ann"' in result.out


def test_explain_opens_no_file(run: Run) -> None:
    assert run("explain", "-r", "a@=/nonexistent", "b@=-").code == 0


def test_complete(run: Run, schema: str) -> None:
    result = run("complete", "--schema", schema, "--partial", "dis", "-r", "replicas=1")
    assert result.code == 0
    text, _, description = result.out.splitlines()[0].partition("\t")
    assert text == "display-name="
    assert "what it is called" in description
    assert run("complete", "--schema", schema, "--partial=state=", "-r").out.startswith("state=ON\t")
    assert run("complete", "--schema", schema, "--partial", "dis", "-r", "display-name=x").out == ""


def test_complete_needs_a_word(run: Run) -> None:
    result = run("complete", "-r", "a=1")
    assert result.code == 2
    assert result.err == "error: --partial WORD is missing\n"


# --- where the output goes ---------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_text("old")
    assert run("body", "-r", "a", "..", "-o", str(out)).out == ""
    assert json.loads(out.read_text()) == {}
    assert run("body", "-r", "..", "-o", str(out)).code == 2
    assert json.loads(out.read_text()) == {}
    result = run("body", "-o", str(tmp_path / "no" / "out"))
    assert result.code == 5
    assert "cannot write" in result.err


def test_nobody_reads() -> None:
    for argv in (["--help"], ["body", "--help"], ["body", "-r", "a=1"]):
        reader, writer = os.pipe()
        os.close(reader)
        child = subprocess.run([PROGRAM, *argv], check=False, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        assert (child.returncode, child.stderr) == (141, b"")


def test_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [PROGRAM, "body", "-r", "a=1"], check=False, stdout=full, stderr=subprocess.PIPE
        )
    assert child.returncode == 5
    assert child.stderr == b"error: cannot write standard output: No space left on device\n"


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_signals(number: signal.Signals, word: str) -> None:
    reader, writer = os.pipe()
    command = [str(PROGRAM), "body", "-r", "a@=-"]
    child = subprocess.Popen(command, stdin=reader, stderr=subprocess.PIPE)
    os.close(reader)
    # The child has read all of this only when it waits for more.
    os.write(writer, b"1" * (1 << 16))
    while fcntl.ioctl(writer, termios.FIONREAD, b"\0" * 4) != b"\0" * 4:
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    os.close(writer)
    assert (child.returncode, err.decode()) == (-number, f"cursorkit: {word}\n")


# --- help, and wrong usage ---------------------------------------------------------------------------------


def test_help(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in result.out
        page = run(command, "--help")
        assert page.code == 0
        assert page.out.startswith(f"usage: cursorkit {command} ")
        assert run(command, "-r", "x", "-h").out == page.out or command == "print"
        for flag in re.findall(r"--?\w[\w-]*", page.out.partition("\n")[0].removeprefix("usage: cursorkit")):
            assert f"\n  {flag}" in page.out, flag


def test_version(run: Run) -> None:
    for argv in (["--version"], ["body", "--version"]):
        assert run(*argv).out == f"cursorkit {__version__}\n"


@pytest.mark.parametrize("argv", [("--help",), ("body", "--help")], ids=len)
def test_help_tells_every_exit_code_of_the_manual(argv: tuple[str, ...], run: Run, root: Path) -> None:
    manual = (root / "docs" / "cursorkit.md").read_text(encoding="utf-8")
    codes = re.findall(r"\d+", " ".join(re.findall(r"^\| (\d+(?:, \d+)*) \|", manual, re.MULTILINE)))
    assert len(codes) == 8
    page = run(*argv).out
    told = page.partition("exit codes:")[2]
    assert not [code for code in codes if not re.search(rf"\b{code}\b", told)]
    assert "NO_COLOR" in page


def test_no_arguments(run: Run) -> None:
    result = run()
    assert result.code == 2
    assert result.err.startswith("usage: cursorkit COMMAND")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("bdy",), "unknown command 'bdy'\n    did you mean 'body'?"),
        (
            ("-r", "a=1"),
            "unknown command '-r'\n    commands: body, explain, print, api, apis, describe, docs, store, co",
        ),
        (("body", "a=1"), "unexpected argument 'a=1'\n    the words of the language stand behind -r"),
        (("body", "--schema"), "argument --schema: expected one argument"),
        (("body", "-ra=1"), "unknown flag '-ra'\n    did you mean '-r'?"),
        (("body", "-r=a"), "unknown flag '-r='\n    did you mean '-r'?"),
        (("body", "--comp"), "unknown flag '--comp'\n    did you mean '--compact'?"),
        (("body", "--shell"), "unknown flag '--shell'"),
        (("print", "-r", "a"), "unknown flag '-r'"),
        (("print", "a", "b"), "unexpected argument 'b'"),
        (("api",), "the name of an API is missing\n    'cursorkit apis' lists those that there are"),
        (("api", "--dry-run", "storage:v1"), "the name of an API is missing"),
        (("api", "--"), "the name of an API is missing"),
    ],
)
def test_wrong_usage(run: Run, argv: tuple[str, ...], told: str) -> None:
    result = run(*argv)
    assert result.code == 2
    assert told in result.err
    assert result.out == ""


def test_the_module_is_still_the_other_program(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "cursorkit", "--version"]
    module = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert module.stdout == f"healthcare1-beta1 {__version__}\n"


def test_many_words_cost_no_more_than_their_number(run: Run) -> None:
    def seconds(count: int) -> float:
        start = time.perf_counter()
        words = [word for index in range(count) for word in ("-r", f"a{index}=x")]
        assert len(run("body", *words).json) == count
        return time.perf_counter() - start

    assert seconds(20_000) < 60 * seconds(2_000) + 5
