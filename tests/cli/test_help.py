"""The pages of commands, as somebody reads them, and pastes from them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.apis import HEALTHCARE, read
from cursorkit.cli.commands import commands, positionals
from cursorkit.cli.language import main as cursorkit_main
from cursorkit.cli.main import main
from programs import CALL, COMMAND, PLACE, PROGRAM, Run, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = read(HEALTHCARE)
TREE = {
    (resource, name): method
    for resource, below in commands(DOCUMENT).items()
    for name, method in below.items()
}
WITH_BODY = [command for command, method in TREE.items() if "request" in method]
STORES = ("projects", "locations-datasets-dicom-stores-create")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


@pytest.fixture
def api(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(cursorkit_main, capfd)


def places(command: tuple[str, str]) -> list[str]:
    """Positionals that a command takes, by the patterns of its document."""
    if command == COMMAND:
        return [*PLACE]
    method = TREE[command]
    patterns = [method["parameters"][name].get("pattern", "x") for name in positionals(method)]
    return [re.sub(r"\[\^/\]\+|\.\*", "x", pattern).strip("^$") for pattern in patterns]


def spelled(wire: str) -> str:
    """The name of a parameter, as it is typed: one that would look like a flag is the document's."""
    return wire if wire.startswith("_") else re.sub("([A-Z])", r"-\1", wire).lower().replace(".", "-")


def section(page: str, title: str) -> str:
    """The lines of a page that stand below a title."""
    found = re.search(rf"^{re.escape(title)}:\n((?:  .*\n)+)", page, re.MULTILINE)
    assert found, title
    return found[1]


@pytest.mark.parametrize("command", TREE, ids=" ".join)
def test_every_command_has_a_page(run: Run, command: tuple[str, str]) -> None:
    result = run(*command, "--help")
    assert result.code == 0
    assert f" {command[1]}" in result.out
    assert not [line for line in result.out.splitlines() if len(line) > 104 and " " in line.strip()]
    for name, parameter in TREE[command]["parameters"].items():
        assert re.search(rf"^  <?{re.escape(spelled(name))}[>=]", result.out, re.MULTILINE)
        assert " ".join(parameter.get("description", "").split())[:30] in " ".join(result.out.split())
    assert ("moving the cursor:" in result.out) == (command in WITH_BODY)


@pytest.mark.parametrize("command", WITH_BODY, ids=" ".join)
def test_what_the_skeleton_prints_sets_the_body(run: Run, command: tuple[str, str]) -> None:
    words = run(*command, "--skeleton").out.splitlines()
    if words:
        shown = section(run(*command, "--help").out, "arguments that set all of it")
        assert [word for word in shlex.split(shown.replace("\\\n", "")) if word != "-r"] == words
    result = run(*command, *places(command), "--dry-run", "-r", *words, "-p", "pretty-print=true")
    assert result.code == 0, result
    assert not result.err
    assert bool(words) == bool(result.json["body"])


@pytest.mark.parametrize("command", [COMMAND, STORES], ids=" ".join)
def test_what_the_page_shows_is_pasted_into_a_shell(run: Run, command: tuple[str, str]) -> None:
    shown = section(run(*command, "--help").out, "arguments that set all of it")
    line = f"{PROGRAM} {' '.join(command)} {' '.join(places(command))} --dry-run {shown.lstrip()}"
    pasted = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    words = run(*command, "--skeleton").out.splitlines()
    assert not pasted.stderr
    assert json.loads(pasted.stdout) == run(*command, *places(command), "--dry-run", "-r", *words).json


def test_a_skeleton_is_a_file_to_edit(tmp_path: Path) -> None:
    script = f"""\
        cd {tmp_path}
        {PROGRAM} {" ".join(STORES)} --skeleton -o store.args
        sed -i 's/^name=.*/name=of an hour/' store.args
        {PROGRAM} {" ".join((*STORES, *places(STORES)))} --dry-run -r @store.args
    """
    run = subprocess.run(["bash", "-ec", script], capture_output=True, text=True)
    assert not run.stderr
    assert json.loads(run.stdout)["body"]["name"] == "of an hour"


def test_the_tree_of_a_body(run: Run) -> None:
    tree = section(run(*STORES, "--help").out, "request value (required)")
    for line in (
        "  -r sets the structure DicomStore, field by field:",
        "  labels: map of strings",
        "  notification-config: NotificationConfig",
        "    send-for-bulk-import: boolean",
        "    +.bigquery-destination: GoogleCloudHealthcareV1beta1DicomBigQueryDestination",
        "          one of WRITE_DISPOSITION_UNSPECIFIED, WRITE_EMPTY, WRITE_TRUNCATE, WRITE_APPEND",
    ):
        assert f"{line}\n".replace("", "") in tree
    assert "…" not in tree


@pytest.mark.parametrize(("wide", "deep"), [(300, 1), (8, 3), (1, 40)])
def test_large_bodies_are_cut_and_the_page_says_so(api: Run, tmp_path: Path, wide: int, deep: int) -> None:
    schemas = {
        f"L{level}": {
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                **{f"f{each}": {"$ref": f"L{level + 1}"} for each in range(wide)},
            },
        }
        for level in range(deep)
    }
    path = strange(tmp_path)
    document = json.loads(path.read_text())
    document["schemas"] = {**schemas, f"L{deep}": {"type": "string"}}
    document["resources"]["things"]["methods"]["make"]["request"] = {"$ref": "L0"}
    path.write_text(json.dumps(document))
    page = api("api", str(path), "things", "make", "--help").out
    tree = section(page, "request value (required)")
    shown = section(page, "arguments that set all of it")
    assert "  text: string\n" in tree
    assert len(page.splitlines()) < 300
    words = api("api", str(path), "things", "make", "--skeleton").out.splitlines()
    assert len([word for word in words if "=" in word]) == sum(wide**level for level in range(deep + 1))
    whole = shlex.split(shown.replace("\\\n", "").replace("-r ", "")) == words
    assert whole == (wide != 8)
    assert whole or shown.endswith("  …\n  --skeleton prints all of them.\n")
    assert "… stands for fields that have no room here" in tree


def test_marks_and_defaults(api: Run, tmp_path: Path) -> None:
    page = api("api", str(strange(tmp_path)), "things", "make", "--help").out
    tree = " ".join(section(page, "request value (required)").split())
    assert "title: string, required What it is called. must match [a-z](?:[-a-z]{0,61}[a-z])? " in tree
    assert "state: enum, read-only Output only. How it is. deprecated; one of ON, OFF; by default ON" in tree
    assert "tree: Thing, as above" in tree
    assert "flag: boolean See the manual (https://a.example/b?c=d), e.g. its end. " in tree
    own = " ".join(section(page, "parameters of this method (-p NAME=VALUE ...)").split())
    assert "of=integer required; may be given several times; at least 1; at most 9; by default 3" in own
    shown = section(page, "arguments that set all of it")
    assert shown == "  -r . flag=true size=1 state=OFF title=text 'tree:={}'\n"


def test_nothing_in_a_document_speaks_to_the_terminal(tmp_path: Path) -> None:
    document = strange(tmp_path, "\x1b]52;c;eA==\x07\x9b2J\u202e%(prog)s %s\r\n")
    shell = PROGRAM.with_name("cursorkit")
    for words in ((), ("things",), ("things", "make")):
        child = subprocess.run([shell, "api", document, *words, "--help"], capture_output=True, check=True)
        assert all(char.isprintable() or char == "\n" for char in child.stdout.decode())
        assert b"\\x1b]52;c;eA==\\x07\\x9b2J\\u202e%(prog)s" in child.stdout


def strange(folder: Path, odd: str = "") -> Path:
    """A document of a small API, in which `odd` stands wherever there may be any text."""
    thing = {
        "id": "Thing",
        "type": "object",
        "properties": {
            "flag": {
                "type": "boolean",
                "description": f"See the [manual](https://a.example/b?c=d), e.g. its end. And{odd} more.",
            },
            "size": {"type": "string", "format": "int64", "pattern": f"1{re.escape(odd)}|1"},
            "state": {
                "type": "string",
                "readOnly": True,
                "deprecated": True,
                "description": "Output only. How it is.",
                "default": f"ON{odd}",
                "enum": [f"ON{odd}", "OFF"],
                "enumDeprecated": [True, False],
            },
            "title": {
                "type": "string",
                "description": f"What{odd} it is called.",
                "pattern": "[a-z](?:[-a-z]{0,61}[a-z])?",
                "annotations": {"required": [f"a.things.make{odd}"]},
            },
            "tree": {"$ref": f"Thing{odd}"},
        },
    }
    make = {
        "id": f"a.things.make{odd}",
        "httpMethod": "POST",
        "path": "things",
        "description": f"Makes things.{odd}\nOne after the other.",
        "parameterOrder": [],
        "parameters": {
            "of": {
                "type": "integer",
                "required": True,
                "repeated": True,
                "default": "3",
                "minimum": "1",
                "maximum": "9",
                "location": "query",
            },
            "more": {"type": "string", "description": odd, "location": "query"},
        },
        "scopes": [f"https://a.example/{odd}"],
        "request": {"$ref": f"Thing{odd}"},
    }
    document: dict[str, Any] = {
        "name": "a",
        "version": "v1",
        "rootUrl": "https://a.example/",
        "title": f"A{odd}",
        "description": f"All of it.{odd}",
        "schemas": {f"Thing{odd}": thing},
        "auth": {"oauth2": {"scopes": {f"https://a.example/{odd}": {"description": f"Do{odd} it"}}}},
        "resources": {"things": {"methods": {"make": make, f"other{odd}": {**make, "id": f"a.b{odd}"}}}},
    }
    path = folder / "a.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("columns", [60, 80])
def test_pages_are_as_wide_as_the_terminal(columns: int) -> None:
    page = on_terminal(*CALL, "--help", COLUMNS=str(columns))
    prose = section(page, "scopes") + section(page, "credentials").partition("    login")[0]
    assert max(map(len, prose.splitlines())) <= columns
    assert max(map(len, section(page, "flags").splitlines())) <= columns


def test_the_overview_is_brief(run: Run) -> None:
    result = run("--help")
    listed = re.findall(r"^  (\S+) (\S+)$", section(result.out, "commands"), re.MULTILINE)
    assert listed == [*TREE]
    assert len(result.out) < 32_000
    below = run("projects", "locations-datasets-fhir", "--help").out
    assert {name for _, name in re.findall(r"^  (projects) (\S+)$", below, re.MULTILINE)} == {
        name for _, name in TREE if name.startswith("locations-datasets-fhir")
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("project",), "unknown command 'project'\n    did you mean 'projects'?"),
        (("projects", "locations-dataset-get"), "did you mean 'projects locations-datasets-get' or "),
        (("projects", "xyz"), "unknown command 'projects xyz'"),
    ],
)
def test_help_for_no_command_names_the_closest(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run(*words, "--help")
    assert result.code == 2
    assert told in result.err
    assert not result.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("projects", "locations-datasets-get", "--skeleton"), "this method takes no -r"),
        (("projects", "--skeleton"), "a command is missing"),
        ((*STORES, "--skeleton", "--nosuch"), "unknown flag '--nosuch'"),
        ((*STORES, "--skeleton", "--scope", "a b"), "'a b' is no scope"),
        ((*STORES, "--skeleton", "-o", "/nonexistent/a"), "cannot write '/nonexistent/a'"),
    ],
)
def test_where_there_is_no_skeleton(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.code == (5 if "-o" in words else 2)
    assert told in result.err
    assert not result.out


def test_pages_come_of_the_document_as_it_is_shipped() -> None:
    # The tests above would find nothing wrong with a document that is empty.
    assert len(TREE) == 170
    assert len(WITH_BODY) == 80
