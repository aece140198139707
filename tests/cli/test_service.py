"""Programs of APIs: what they are called, and `cursorkit api`, from the command line to the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.apis import HEALTHCARE
from cursorkit.cli.identity import login_file
from cursorkit.cli.language import main
from cursorkit.cli.service import healthcare, program_name, service
from cursorkit.errors import SchemaError
from cursorkit.testing.answers import answer
from cursorkit.testing.server import ReadBody, ReadHead, Server, Write
from documents import changed, everything, written
from programs import Run

if TYPE_CHECKING:
    from pathlib import Path

CREATE = ("books", "create", "shelves/a")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


@pytest.fixture
def shelves(tmp_path: Path) -> str:
    return written(tmp_path, everything())


@pytest.fixture
def on(run: Run, shelves: str) -> Any:
    """Runs the program of the API against a server."""

    def made(server: Server, *argv: str) -> Any:
        result = run("api", shelves, "--endpoint", server.url, "--retry-for", "0", *argv)
        server.close()
        return result

    return made


@pytest.mark.parametrize(
    ("api", "version", "name"),
    [
        ("healthcare", "v1beta1", "healthcare1-beta1"),
        ("storage", "v1", "storage1"),
        ("admin", "directory_v1", "admin1-directory"),
        ("adsense", "v1.4", "adsense1d4"),
        ("compute", "alpha", "compute-alpha"),
        ("dfareporting", "v3.5", "dfareporting3d5"),
        ("searchads360", "v23", "searchads36023"),
        ("aiplatform", "v1beta1", "aiplatform1-beta1"),
        ("webmasters", "v3", "webmasters3"),
        ("Admin", "Directory_v1", "admin1-directory"),
    ],
)
def test_what_programs_are_called(api: str, version: str, name: str) -> None:
    assert program_name(api, version) == name


def test_the_program_of_healthcare_is_called_as_its_name_says() -> None:
    assert healthcare().name == service("cursorkit api", HEALTHCARE).name
    assert healthcare().prog == "healthcare1-beta1"


def test_logins_are_kept_under_the_name_of_the_api_however_its_document_is_called(shelves: str) -> None:
    found = service("cursorkit api", shelves)
    assert found.prog == f"cursorkit api {shelves}"
    assert login_file(found, "/config").startswith("/config/shelves1")
    assert login_file(healthcare(), "/config") == login_file(service("x", HEALTHCARE), "/config")


def test_a_body_goes_out_as_json_and_the_answer_comes_back(on: Any) -> None:
    told = answer(200, b'{"title": "A", "pages": 3}', [("Content-Type", "application/json")])
    with Server((ReadHead(), ReadBody(), Write(told))) as server:
        words = ("-r", "title=A", "pages=3", "isbn=7", ".authors.+", "name=B", ".labels", "k=v")
        result = on(server, *CREATE, *words, "-p", "access-token=token-1", "x-kind=a", "x-kind=b")
    assert (result.code, result.json, result.err) == (0, {"title": "A", "pages": 3}, "")
    (exchange,) = server.exchanges
    assert (exchange.verb, exchange.target) == ("POST", "/shelves/v1/shelves/a/books?x-kind=a&x-kind=b")
    assert exchange.headers.get("Content-Type") == "application/json"
    assert exchange.headers.get("Accept") == "application/json"
    assert exchange.headers.get("Authorization") == "Bearer token-1"
    assert json.loads(bytes(exchange.body)) == {
        "title": "A",
        "pages": 3,
        "isbn": "7",
        "authors": [{"name": "B"}],
        "labels": {"k": "v"},
    }


def test_a_raw_body_goes_out_as_it_is_and_bytes_come_back(on: Any, tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(b"\x00\xff")
    told = answer(200, b"\x01\x02", [("Content-Type", "image/x")])
    with Server((ReadHead(), ReadBody(), Write(told))) as server:
        words = ("-r", "content-type=image/x", f"data@={tmp_path / 'scan'}")
        result = on(server, "books", "pages-scan", "a/b", *words, "-p", "key=k")
    assert (result.code, result.json) == (0, {"contentType": "image/x", "data": "AQI="})
    (exchange,) = server.exchanges
    assert (exchange.verb, exchange.target) == ("PUT", "/shelves/v1/a/b")
    assert exchange.headers.get("Accept") == "*/*"
    assert exchange.headers.get("x-goog-api-key") == "k"
    assert bytes(exchange.body) == b"\x00\xff"


def test_a_method_that_belongs_to_no_resource(on: Any) -> None:
    with Server((ReadHead(), Write(answer(200, b"{}")))) as server:
        assert on(server, "methods", "ping", "-p", "access-token=token-1").code == 0
    (exchange,) = server.exchanges
    assert (exchange.verb, exchange.target) == ("GET", "/shelves/v1/ping")


def test_what_the_server_refuses_is_shown_at_the_argument(on: Any) -> None:
    violation = {"field": "pages", "description": "too many"}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    error = json.dumps({"error": {"message": "bad", "details": [detail]}}).encode()
    told = answer(400, error, [("Content-Type", "application/json")])
    with Server((ReadHead(), ReadBody(), Write(told))) as server:
        result = on(server, *CREATE, "-r", "title=A", "pages=3", "-p", "access-token=token-1")
    assert result.code == 1
    assert "too many" in result.err
    assert "pages=3" in result.err


def test_a_request_goes_to_the_root_and_the_service_path_of_its_document(run: Run, shelves: str) -> None:
    result = run("api", shelves, *CREATE, "-r", "title=A", "--dry-run")
    assert result.json["url"] == "https://shelves.googleapis.com/shelves/v1/shelves/a/books"


def test_a_field_that_this_method_requires(run: Run, shelves: str) -> None:
    result = run("api", shelves, *CREATE, "-r", "pages=3", "--dry-run")
    assert result.code == 2
    assert "title" in result.err


def test_every_mistake_is_told_at_once(run: Run, shelves: str) -> None:
    result = run("api", shelves, "books", "create", "bin", "-r", "pages=many", "tilte=A", "-p", "fields=3")
    assert result.code == 2
    for told in (
        "<parent>: the value must match ^shelves/[^/]+$",
        "-r argument 1: a whole number is expected",
        "did you mean 'title'?",
        "-p argument 1: unknown parameter 'fields'",
    ):
        assert told in result.err


# --- what is not there --------------------------------------------------------------------------------------


def test_an_unknown_command_is_told_with_the_one_that_was_meant(run: Run, shelves: str) -> None:
    resource, method = run("api", shelves, "boks", "create"), run("api", shelves, "books", "craete")
    assert (resource.code, resource.out, method.code, method.out) == (2, "", 2, "")
    assert "unknown command 'boks'\n    did you mean 'books'?" in resource.err
    assert "unknown command 'craete'\n    did you mean 'create'?" in method.err


def test_an_unknown_command_that_is_like_none(run: Run, shelves: str) -> None:
    result = run("api", shelves, "zzz", "create")
    assert (result.code, result.out) == (2, "")
    assert "commands here: methods, books" in result.err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("storage:v2", "did you mean 'storage:v1'?"),
        ("storag:v1", "did you mean 'storage:v1'?"),
        ("storage", "did you mean 'storage:v1'?"),
        ("healthcare:v1beta", "did you mean 'healthcare:v1beta1'?"),
        ("/nowhere/at/all.json", "'cursorkit apis' lists the APIs"),
        ("a\x00b", "'cursorkit apis' lists the APIs"),
        (":" * 200, "'cursorkit apis' lists the APIs"),
    ],
)
def test_an_unknown_api_is_told_with_the_one_that_was_meant(run: Run, name: str, hint: str) -> None:
    with pytest.raises(SchemaError) as error:
        run("api", name, "buckets", "get")
    assert str(error.value).startswith("there is no API here and no file that is called '")
    assert str(error.value).endswith(hint)
    assert len(str(error.value)) < 200


def test_a_document_that_cannot_be_read(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="as the description of an API: Is a directory"):
        run("api", str(tmp_path), "books", "create")


def test_a_document_that_cannot_be_called(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, changed("rootUrl", to="https://me:secret@shelves.googleapis.com/"))
    with pytest.raises(SchemaError, match="'rootUrl' and 'servicePath' make no URL of a host and a path"):
        run("api", path, *CREATE, "-r", "title=A", "--dry-run")


# --- a document of a stranger ------------------------------------------------------------------------------


def strange(tmp_path: Path, host: str) -> str:
    return written(tmp_path, changed("rootUrl", to=f"https://{host}/"))


@pytest.mark.parametrize("host", ["evil.example", "googleapis.com.evil.example", "evilgoogleapis.com"])
def test_a_document_sends_nothing_to_a_host_that_nobody_named(run: Run, tmp_path: Path, host: str) -> None:
    for words in (("-p", "access-token=token-1"), ("--dry-run",)):
        result = run("api", strange(tmp_path, host), *CREATE, "-r", "title=A", *words)
        assert (result.code, result.out) == (2, "")
        assert result.err == (
            f"error: the document leads to '{host}', which is no host of Google's APIs\n"
            f"    if you trust it with your credentials, --trust-host {host} says so\n"
        )


def test_who_names_the_host_trusts_it(run: Run, tmp_path: Path) -> None:
    document = strange(tmp_path, "Books.Example")
    call = ("api", document, *CREATE, "-r", "title=A", "--dry-run")
    trusted = run(*call, "--trust-host", "books.example")
    assert trusted.json["url"] == "https://Books.Example/shelves/v1/shelves/a/books"
    named = run(*call, "--endpoint", "https://other.example")
    assert named.json["url"] == "https://other.example/shelves/v1/shelves/a/books"
