"""What is told of APIs: which there are, their commands, and their manuals in files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.apis import HEALTHCARE, read
from cursorkit.cli.commands import commands
from cursorkit.cli.language import main
from cursorkit.cli.main import main as healthcare_main
from programs import COMMAND, PAGE, Run

if TYPE_CHECKING:
    from pathlib import Path

IDS = {
    method["id"]: (resource, name)
    for resource, below in commands(read(HEALTHCARE)).items()
    for name, method in below.items()
}


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


# --- which APIs there are, and what they do ----------------------------------------------------------------


def test_the_apis_are_listed_with_their_titles(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "googleapiclient/discovery_cache/documents"
    folder.mkdir(parents=True)
    api = {"name": "aa", "version": "v2", "rootUrl": "https://a.example/", "title": "A\x1b[2Jce"}
    (folder / "aa.v2.json").write_text(json.dumps(api))
    (folder / "zz.v1.json").write_text("{")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = run("apis")
    assert result.code == 0
    lines = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert lines["aa:v2"] == "A\\x1b[2Jce"
    assert lines["healthcare:v1beta1"] == "Cloud Healthcare API"
    assert "it is no JSON document" in lines["zz:v1"]
    assert list(lines) == sorted(lines)


def test_the_commands_of_an_api_are_listed_with_their_ids(run: Run) -> None:
    told = run("describe", HEALTHCARE).out
    found = re.findall(r"^  (\S+) (\S+)\n      (healthcare\.\S+)\n      [A-Z]", told, re.MULTILINE)
    assert {method: (resource, name) for resource, name, method in found} == IDS
    below = run("describe", HEALTHCARE, "projects").out
    assert below == told
    some = run("describe", HEALTHCARE, "projects", "locations-datasets-hl7").out
    assert 0 < some.count("\n  projects ") < told.count("\n  projects ") / 5


def test_a_method_is_described_by_its_words_and_by_its_id(run: Run) -> None:
    described = run("describe", HEALTHCARE, *COMMAND)
    name = "healthcare.projects.locations.datasets.dicomStores.studies.storeInstances"
    assert described.code == 0
    assert described.out == run("describe", HEALTHCARE, name).out
    assert described.out == run("api", HEALTHCARE, *COMMAND, "--help").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "the name of an API is missing\n    'cursorkit apis' lists"),
        (
            ("helthcare:v1beta1",),
            "did you mean 'healthcare:v1beta1'?",
        ),
        (
            (HEALTHCARE, "healthcare.projects.location.get"),
            "did you mean 'healthcare.projects.locations.get'?",
        ),
        ((HEALTHCARE, "project"), "did you mean 'projects'?"),
        ((HEALTHCARE, "projects", "locations-gte"), "unknown command 'projects locations-gte'"),
        ((HEALTHCARE, "projects", "locations-get", "more"), "unexpected argument 'more'"),
        ((HEALTHCARE, "--schema", "x"), "unknown flag '--schema'"),
    ],
)
def test_what_cannot_be_described(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run("describe", *words)
    assert result.code == 2
    assert told in result.err
    assert not result.out


# --- manuals -----------------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manual") / "of" / "healthcare"
    assert (
        main(
            [
                "docs",
                HEALTHCARE,
                "-o",
                str(folder),
            ]
        )
        == 0
    )
    return folder


def test_every_command_has_a_page_that_the_index_leads_to(manual: Path) -> None:
    pages = {f"{resource}/{name}.md" for resource, name in IDS.values()}
    assert contents(manual).keys() == {"index.md", *pages}
    index = (manual / "index.md").read_text()
    assert set(re.findall(r"\]\(([^)]+\.md)\)", index)) == pages
    for resource, name in IDS.values():
        page = (manual / resource / f"{name}.md").read_text()
        assert f"\n# `{resource} {name}`\n" in page
        assert "\n## Exit codes\n" in page


def test_the_page_of_store_instances_holds_all_that_the_command_promises(manual: Path) -> None:
    page = manual.joinpath(*COMMAND).with_suffix(".md").read_text()
    for row in PAGE.splitlines():
        assert row in page.replace("\\", ""), row


def test_a_manual_is_the_same_whenever_and_wherever_it_is_written(
    run: Run, manual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run("docs", HEALTHCARE, "-o", str(tmp_path)).out == f"{tmp_path}/index.md\n"
    assert contents(tmp_path) == contents(manual)


def small(folder: Path, *, odd: str = "", method: str = "") -> str:
    """A document with one method, whose name may be any, in which `odd` stands wherever text may."""
    node = {
        "id": "a.b",
        "httpMethod": "POST",
        "path": "b",
        "description": f"Makes one. {odd}",
        "parameters": {"q": {"type": "string", "location": "query", "description": odd}},
        "request": {"$ref": "B"},
    }
    document: dict[str, Any] = {
        "name": "a",
        "version": "v1",
        "rootUrl": "https://a.example/",
        "title": f"A {odd}",
        "description": odd,
        "schemas": {"B": {"type": "object", "properties": {"c": {"type": "string", "description": odd}}}},
        "resources": {method or "bs": {"methods": {method or "make": node}}},
    }
    path = folder / "a.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_pages_are_written_anew_and_other_files_left_alone(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "manual"
    assert run("docs", small(tmp_path), "-o", str(folder)).code == 0
    old = contents(folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "bs/make.md").write_bytes(old["bs/make.md"] + b"more")
    assert run("docs", small(tmp_path), "-o", str(folder)).code == 0
    assert contents(folder) == {**old, "notes.txt": b"mine"}


@pytest.mark.parametrize("content", ["# Mine\n", ""])
def test_what_is_no_page_is_not_overwritten(run: Run, tmp_path: Path, content: str) -> None:
    folder = tmp_path / "manual"
    (folder / "bs").mkdir(parents=True)
    (folder / "bs/make.md").write_text(content)
    result = run("docs", small(tmp_path), "-o", str(folder))
    assert result.code == 5
    assert f"no page of a manual, and not to be overwritten: {folder}/bs/make.md"[:90] in result.err
    assert contents(folder) == {"bs/make.md": content.encode()}


def test_where_a_page_is_in_the_way_no_folder_is_made_either(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "manual"
    folder.mkdir()
    (folder / "index.md").write_text("# Mine\n")
    assert run("docs", small(tmp_path), "-o", str(folder)).code == 5
    assert [path.name for path in folder.iterdir()] == ["index.md"]


@pytest.mark.parametrize(
    "name", ["../../evil", "/tmp/evil", "..", ".", "a/b", "a\x00b", "a\nb", "x" * 5000, "%2E", "\ud800", "`"]
)
def test_no_name_leads_out_of_the_folder(run: Run, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "manual"
    assert run("docs", small(tmp_path, method=name), "-o", str(folder)).code == 0
    page, *others = sorted(contents(folder).keys() - {"index.md"})
    assert not others
    assert re.fullmatch(r"[\w%-]+/[\w%-]+\.md", page)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "deep"]
    assert f"]({page.replace('%', '%25')})" in (folder / "index.md").read_text()


def test_names_that_differ_have_files_that_differ(run: Run, tmp_path: Path) -> None:
    names = ["a.b", "a%2Eb", "a/b", "x" * 200, "x" * 201, "%"]
    for name in names:
        assert run("docs", small(tmp_path, method=name), "-o", str(tmp_path / "manual")).code == 0
    assert len(contents(tmp_path / "manual")) == len(names) + 1


ODD = """\
<script>alert(1)</script> # x\r\n\n# Heading\n- item\n1. one\n```\n~~~\n> quote\n[x](javascript:alert(1))
![i](u) | a | b |\n<!-- --> &amp; `<b>` ``` \x1b]52;c;eA==\x07 *a* _b_ \\* [docs](https://a.example/b)"""


def test_nothing_in_a_document_is_markup(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "manual"
    assert run("docs", small(tmp_path, odd=ODD), "-o", str(folder)).code == 0
    for path in ("index.md", "bs/make.md"):
        page = (folder / path).read_text()
        assert all(char.isprintable() or char == "\n" for char in page)
        _, _, told = page.partition("\n")
        prose = re.sub(r"^(`{3,})text\n.*?\n\1$", "", told, flags=re.MULTILINE | re.DOTALL)
        headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
        assert not [heading for heading in headings if heading.startswith("Heading")]
        bare = re.sub(r"\\[!-/:-@\[-`{-~]|(`+)(?!`).+?(?<!`)\1(?!`)", "", prose)
        assert not re.search(r"[<>*_&|~]|```|\]\((?!https://|[\w/.-]+\.md\))", bare)
        assert "[docs](https://a.example/b)" in page
        assert not re.search(r"^\s*(- item|1\. one|> quote|~~~)", prose, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        ((HEALTHCARE,), "-o DIR is missing", 2),
        ((HEALTHCARE, "-o", "-"), "-o DIR is missing", 2),
        (("nosuch:v1", "-o", "x"), "'nosuch:v1'", 2),
        ((HEALTHCARE, "-o", "/dev/null/x"), "cannot write to '/dev/null/x': Not a directory", 5),
        ((HEALTHCARE, "more", "-o", "x"), "unexpected argument 'more'", 2),
        ((HEALTHCARE, "-o", "x", "--nosuch"), "unknown flag '--nosuch'", 2),
    ],
)
def test_where_no_manual_is_written(
    run: Run,
    words: tuple[str, ...],
    told: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("docs", *words)
    assert result.code == code
    assert told in result.err
    assert not contents(tmp_path)


def test_both_programs_have_the_same_pages(capfd: pytest.CaptureFixture[str], run: Run) -> None:
    ours = Run(healthcare_main, capfd)(*COMMAND, "--help").out
    described = run("describe", HEALTHCARE, *COMMAND).out
    assert ours.partition("\n\n")[2] == described.partition("\n\n")[2]
