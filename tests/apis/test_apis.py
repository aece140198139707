"""API documents: where they are found, what lies over them, and what is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cursorkit.apis import HEALTHCARE, installed, read
from cursorkit.errors import SchemaError
from cursorkit.methods.discovery import Methods
from documents import changed, everything, written

DOCUMENTS = Path("googleapiclient/discovery_cache/documents")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like an installed google-api-python-client, the last place to look for one."""
    folder = tmp_path / "site" / DOCUMENTS
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site")])
    return folder


def test_one_is_read_by_its_path(tmp_path: Path) -> None:
    document = read(written(tmp_path, everything()))
    assert document["title"] == "Shelves API"
    assert Methods(document).ids == (
        "shelves.ping",
        *(f"shelves.books.{each}" for each in ("create", "move")),
        "shelves.books.pages.scan",
    )


def test_those_of_google_api_python_client_are_read_by_name_and_version() -> None:
    document = read("storage:v1")
    assert (document["name"], document["version"]) == ("storage", "v1")
    assert read("admin:directory_v1")["version"] == "directory_v1"
    assert read("adsense:v2")["rootUrl"] == "https://adsense.googleapis.com/"


def test_healthcare_comes_with_the_package_and_is_googles_to_the_letter() -> None:
    (theirs,) = (
        Path(each) / DOCUMENTS / "healthcare.v1beta1.json"
        for each in sys.path
        if (Path(each) / DOCUMENTS).is_dir()
    )
    document, other = read(HEALTHCARE), read(str(theirs))
    assert Path(installed()[HEALTHCARE]).name == "healthcare.v1beta1.json.gz"
    assert Methods(document).ids == Methods(other).ids
    assert len(Methods(document).ids) == 170
    assert document["schemas"].keys() == other["schemas"].keys()


def test_all_are_listed_in_order_and_none_is_imported() -> None:
    script = "import sys; from cursorkit.apis import installed; print(*installed(), *sys.modules, sep='\\n')"
    child = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    names, loaded = child.stdout.split()[:610], child.stdout.split()[610:]
    assert names == sorted(installed())
    assert {"storage:v1", "admin:directory_v1", HEALTHCARE} <= {*names}
    assert "cursorkit.apis" in loaded
    assert "googleapiclient" not in loaded


def test_one_is_found_wherever_python_looks_for_modules_and_the_first_place_counts(
    client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {**everything(), "title": "Mine"}
    (client / "shelves.v1.json").write_text(json.dumps(document))
    (client / "index.json").write_text("{}")
    assert read("shelves:v1")["title"] == "Mine"
    assert Path(installed()["shelves:v1"]) == client / "shelves.v1.json"
    first = tmp_path / "first" / DOCUMENTS
    first.mkdir(parents=True)
    (first / "shelves.v1.json").write_text(json.dumps({**document, "title": "First"}))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), *sys.path])
    assert read("shelves:v1")["title"] == "First"


def test_nothing_takes_the_place_of_the_one_that_comes_with_the_package(client: Path) -> None:
    (client / "healthcare.v1beta1.json").write_text("{}")
    assert read(HEALTHCARE)["title"] == "Cloud Healthcare API"


def test_what_is_no_folder_is_no_place_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "archive.zip").write_bytes(b"PK")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "archive.zip"), str(tmp_path / "nowhere"), ""])
    assert [*installed()] == [HEALTHCARE]
    with pytest.raises(SchemaError, match="there is no API here and no file that is called 'storage:v1'"):
        read("storage:v1")


def test_a_document_that_was_installed_may_be_broken(client: Path) -> None:
    (client / "shelves.v1.json").write_text("{")
    with pytest.raises(
        SchemaError, match="cannot read 'shelves:v1' as the description of an API: it is no JSON"
    ):
        read("shelves:v1")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../secrets"),
        ("name", "a b"),
        ("name", ""),
        ("name", "a\x1b"),
        ("name", 7),
        ("name", "naïve"),
        ("version", "v1/.."),
        ("version", ".."),
        ("version", "v1."),
        ("version", "v1\n"),
        ("version", ["v1"]),
    ],
)
def test_names_and_versions_that_are_none(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(SchemaError):
        read(written(tmp_path, changed(key, to=value)))


@pytest.mark.parametrize("key", ["name", "version", "rootUrl"])
def test_what_is_missing(tmp_path: Path, key: str) -> None:
    document = everything()
    del document[key]
    with pytest.raises(SchemaError):
        read(written(tmp_path, document))


# --- overlays -----------------------------------------------------------------------------------------------


def test_general_parameters_are_those_of_every_document_and_secrets_are_told(tmp_path: Path) -> None:
    parameters = read(written(tmp_path, everything()))["parameters"]
    assert {*parameters} == {
        "key",
        "prettyPrint",
        "upload_protocol",
        "$.xgafv",
        "access_token",
        "oauth_token",
        "quotaUser",
    }
    assert [name for name, each in parameters.items() if each.get("secret")] == [
        "key",
        "access_token",
        "oauth_token",
    ]
    assert parameters["key"]["description"] == "The API key."
    assert parameters["prettyPrint"] == everything()["parameters"]["prettyPrint"]


def test_a_document_without_any_parameters_has_the_general_ones(tmp_path: Path) -> None:
    document = everything()
    del document["parameters"]
    assert {*read(written(tmp_path, document))["parameters"]} == {
        "access_token",
        "oauth_token",
        "key",
        "quotaUser",
    }


def test_an_overlay_of_one_api_adds_no_method_that_its_document_does_not_have(tmp_path: Path) -> None:
    document = {**everything(), "name": "healthcare", "version": "v1beta1"}
    assert Methods(read(written(tmp_path, document))).ids == Methods(everything()).ids


def test_the_overlay_of_healthcare_lies_over_its_methods() -> None:
    documented = "healthcare.projects.locations.datasets.dicomStores.studies.storeInstances"
    assert Methods(read(HEALTHCARE)).named(documented).idempotent
    parameters = Methods(read(HEALTHCARE)).named(documented).parameters
    (path,) = (each for each in parameters.fields if each.wire == "dicomWebPath")
    assert path.schema.pattern == "^studies(/[^/]+)?$"  # type: ignore[union-attr]
    assert path.required


def test_overlays_lie_over_no_document_of_another_api(tmp_path: Path) -> None:
    document = read(written(tmp_path, everything()))
    assert document["resources"] == everything()["resources"]
    assert document["schemas"] == everything()["schemas"]
