"""The census of healthcare, of odd parts of other APIs, and of a document with something wrong."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from census import census, leaves, table, together
from cursorkit.apis import HEALTHCARE, installed
from cursorkit.schema.discovery import Schemas
from documents import changed, everything, written

if TYPE_CHECKING:
    from pathlib import Path

    from census import Figures

ODD = {
    "lists and maps in each other": ("bigquery:v2", ""),
    "parameters that have to be given several times": ("translate:v2", ""),
    "a key in the path": ("recaptchaenterprise:v1", ""),
    "a parameter like a general one": ("oauth2:v2", ""),
    "a parameter that is a structure": ("discoveryengine:v1", "dataConnector"),
    "two paths that are spelled alike": ("aiplatform:v1beta1", "a2a"),
    "an answer with names that no argument can spell": ("kgsearch:v1", ""),
    "a pattern of alternatives": ("pagespeedonline:v5", ""),
    "structures that hold themselves": ("docs:v1", ""),
    "methods that belong to no resource": ("books:v1", "volumes"),
    "a version without a number": ("compute:alpha", "backendServices"),
}


def whole(figures: Figures) -> bool:
    """Whether everything holds."""
    every = figures.methods
    return (
        not figures.failures
        and (figures.loaded, figures.commands, figures.pages, figures.prepared) == (every,) * 4
        and figures.rebuilt == figures.bodies
        and figures.distinct == figures.records
        and figures.set + figures.answers == figures.leaves
    )


def test_healthcare_completely_and_as_the_manual_has_it(root: Path) -> None:
    figures = census(HEALTHCARE)
    assert whole(figures), figures.failures
    assert (figures.methods, figures.bodies, figures.leaves, figures.answers) == (170, 78, 917, 19)
    told = [line.split(" | ")[:2] for line in table([figures]).splitlines()]
    manual = (root / "docs" / "census.md").read_text(encoding="utf-8")
    shown = [line.split(" | ")[:2] for line in manual.splitlines() if line.startswith("| ")]
    assert [[cell.strip(" |") for cell in row] for row in shown] == [
        [cell.strip(" |") for cell in row] for row in told
    ]


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_one(kind: str) -> None:
    figures = census(*ODD[kind])
    assert figures.methods
    assert whole(figures), figures.failures


def test_the_document_with_one_of_everything(tmp_path: Path) -> None:
    figures = census(written(tmp_path, everything()))
    assert whole(figures), figures.failures
    assert (figures.methods, figures.bodies, figures.answers) == (4, 3, 1)
    assert figures.leaves == 19 + 1 + 3


def test_how_fields_are_counted() -> None:
    schema = Schemas(everything()["schemas"]).named("Book")
    found = [way for way, _ in leaves(schema)]
    assert ("tags", 0) in found
    assert ("labels", "key") in found
    assert ("extra",) in found
    assert ("nothing",) in found
    assert ("authors", 0, "name") in found
    assert ("chapters", "key", "next") in found
    assert ("chapters", "key", "parts", 0) in found
    assert len(found) == len({*found}) == 19


WRONG = {
    "a pattern that nothing matches": (
        ("resources", "books", "methods", "create", "parameters", "parent", "pattern"),
        "(?!)",
        "no value is known that matches",
    ),
    "names that are spelled alike": (
        ("schemas", "Author", "properties", "na_me"),
        {"type": "string"},
        "",
    ),
    "a field with a pattern that nothing matches": (
        ("schemas", "Book", "properties", "code", "pattern"),
        "(?!)",
        "the value must match (?!)",
    ),
    "a method without a path": (("methods", "ping", "path"), 7, "'path' is not a text"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_does_not_hold_is_counted_and_told(tmp_path: Path, kind: str) -> None:
    path, value, told = WRONG[kind]
    document = changed(*path, to=value)
    document["schemas"]["Author"]["properties"]["naMe"] = {"type": "string"}
    figures = census(written(tmp_path, document))
    assert not whole(figures)
    assert told in "\n".join(figures.failures)
    assert figures.methods == 4


def test_the_script_prints_a_table_and_fails_where_something_does(root: Path, tmp_path: Path) -> None:
    broken = written(tmp_path, changed("methods", "ping", "path", to=7))
    right, wrong = (
        subprocess.run([root / "scripts" / "census", api], capture_output=True, text=True)
        for api in ("translate:v2", broken)
    )
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout == table([census("translate:v2")])
    assert wrong.returncode == 1
    assert "shelves.ping: SchemaError: the document is not sound: 'path' is not a text" in wrong.stderr
    assert "| methods that are read | 3 of 4 |" in wrong.stdout


def test_several_are_counted_as_one() -> None:
    counted = [census("translate:v2"), census("oauth2:v2")]
    both = together(counted)
    assert both.api == "all 2"
    assert both.methods == sum(each.methods for each in counted) == 8
    assert whole(both)


def test_the_whole_census_counts_all_documents() -> None:
    assert len(installed()) == 610
