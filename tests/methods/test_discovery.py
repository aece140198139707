"""From methods of discovery documents to requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.apis import read
from cursorkit.errors import ArgumentErrors, SchemaError
from cursorkit.methods.call import prepare
from cursorkit.methods.discovery import Methods
from cursorkit.methods.method import Encoding
from documents import changed, everything

if TYPE_CHECKING:
    from cursorkit.methods.method import Method

ROOT = "https://shelves.googleapis.com/shelves/v1/"
CREATE = ("resources", "books", "methods", "create")


def create(*path: str, to: Any) -> Method:
    """The method `create` of the document with one thing changed in it."""
    return Methods(changed(*CREATE, *path, to=to)).named("shelves.books.create")


@pytest.fixture
def methods() -> Methods:
    return Methods(everything())


def test_ids_are_those_of_all_resources_in_document_order(methods: Methods) -> None:
    assert methods.ids == (
        "shelves.ping",
        "shelves.books.create",
        "shelves.books.move",
        "shelves.books.pages.scan",
    )


def test_a_method_that_is_not_there(methods: Methods) -> None:
    with pytest.raises(SchemaError, match=r"the document has no method 'shelves\.books\.burn'"):
        methods.named("shelves.books.burn")


def test_what_documents_tell_of_methods(methods: Methods) -> None:
    method = methods.named("shelves.books.create")
    assert (method.id, method.verb) == ("shelves.books.create", "POST")
    assert (method.root, method.path) == ("https://shelves.googleapis.com/", "shelves/v1/{+parent}/books")
    assert method.scopes == ("https://shelves.googleapis.com/auth",)
    assert methods.named("shelves.ping").scopes == ()


def test_a_document_without_a_service_path_has_its_methods_at_the_root() -> None:
    for document in (changed("servicePath", to=""), {**everything(), "servicePath": None}):
        method = Methods(document).named("shelves.ping")
        assert (method.root, method.path) == ("https://shelves.googleapis.com/", "ping")


@pytest.mark.parametrize(
    ("verb", "idempotent"),
    [("GET", True), ("POST", False), ("PUT", False), ("PATCH", False), ("DELETE", False)],
)
def test_reading_can_be_repeated_and_writing_where_an_overlay_says_so(verb: str, idempotent: bool) -> None:
    method = create("httpMethod", to=verb)
    assert (method.verb, method.idempotent) == (verb, idempotent)
    assert create("idempotent", to=True).idempotent


URLS: dict[str, tuple[str, dict[str, object], str]] = {
    "one segment": ("{parent}", {"parent": "a/b c?"}, "a%2Fb%20c%3F"),
    "several segments": ("{+parent}", {"parent": "a/b c"}, "a/b%20c"),
    "a verb behind it": ("{+parent}:move", {"parent": "a/b"}, "a/b:move"),
    "a colon in it": ("{parent}:move", {"parent": "a:b"}, "a%3Ab:move"),
    "a literal segment": ("users/@me/{parent}", {"parent": "a"}, "users/@me/a"),
    "two beside each other": ("{parent}{more}", {"parent": "a", "more": "b"}, "ab"),
    "the same twice": ("{parent}/{parent}", {"parent": "a"}, "a/a"),
    "none": ("books", {"parent": "a"}, "books?parent=a"),
    "signs beyond ASCII": ("{parent}", {"parent": "ä☃"}, "%C3%A4%E2%98%83"),
}


@pytest.mark.parametrize("kind", URLS)
def test_urls(kind: str) -> None:
    path, parameters, url = URLS[kind]
    document = changed(*CREATE, "path", to=path)
    told = document["resources"]["books"]["methods"]["create"]["parameters"]
    told["parent"] = {"type": "string", "location": "path"}
    told["more"] = {"type": "string", "location": "path"}
    method = Methods(document).named("shelves.books.create")
    assert prepare(method, parameters, {"title": "x"}).url == ROOT + url


QUERIES: dict[str, tuple[dict[str, object], str]] = {
    "a dotted name": ({"options-requested-version": 3}, "options.requestedVersion=3"),
    "a dotted name as it stands in the document": (
        {"options.requestedVersion": 3},
        "options.requestedVersion=3",
    ),
    "a dash": ({"x-kind": ["a"]}, "x-kind=a"),
    "several": ({"x-kind": ["a", "b&c"]}, "x-kind=a&x-kind=b%26c"),
    "none of several": ({"x-kind": []}, ""),
    "a general one": ({"pretty-print": False}, "prettyPrint=false"),
    "a dollar": ({"$-xgafv": "2"}, "%24.xgafv=2"),
    "an underscore": ({"upload-protocol": "raw"}, "upload_protocol=raw"),
}


@pytest.mark.parametrize("kind", QUERIES)
def test_queries(methods: Methods, kind: str) -> None:
    parameters, query = QUERIES[kind]
    request = prepare(
        methods.named("shelves.books.create"), {"parent": "shelves/a", **parameters}, {"title": "x"}
    )
    assert request.url == f"{ROOT}shelves/a/books" + (f"?{query}" if query else "")


def test_a_parameter_may_be_a_structure_or_a_list_of_anything() -> None:
    method = create("parameters", "x-kind", to={"type": "object", "properties": {"a": {"type": "integer"}}})
    url = prepare(method, {"parent": "shelves/a", "x-kind": {"a": 1}}, {"title": "x"}).url
    assert url == f"{ROOT}shelves/a/books?x-kind=%7B%22a%22%3A%201%7D"
    method = create("parameters", "x-kind", to={"type": "any", "repeated": True})
    given = [None, True, 1.5, ["a"], {"b": "ä"}, "c"]
    url = prepare(method, {"parent": "shelves/a", "x-kind": given}, {"title": "x"}).url
    texts = ("null", "true", "1.5", "%5B%22a%22%5D", "%7B%22b%22%3A%20%22%5Cu00e4%22%7D", "c")
    assert url == f"{ROOT}shelves/a/books?" + "&".join(f"x-kind={each}" for each in texts)


def test_numbers_in_a_path(methods: Methods) -> None:
    method = methods.named("shelves.books.move")
    assert prepare(method, {"shelf": "s", "book-id": 7}, {"to": "x"}).url == f"{ROOT}s/books/7:move"
    with pytest.raises(ArgumentErrors, match="outside uint64"):
        prepare(method, {"shelf": "s", "book-id": -7}, {"to": "x"})


def test_an_inline_body(methods: Methods) -> None:
    request = methods.named("shelves.books.move").request
    assert request is not None
    assert request.encoding is Encoding.JSON
    with prepare(
        methods.named("shelves.books.move"), {"shelf": "s", "book-id": 7}, {"to": "x"}
    ).body.open() as body:
        assert body.read() == b'{"to": "x"}'


def test_a_body_of_the_structure_of_http_body_is_raw_under_whatever_name(methods: Methods) -> None:
    scan = methods.named("shelves.books.pages.scan")
    assert scan.request is not None
    assert scan.request.encoding is Encoding.RAW
    assert scan.answer.accept == "*/*"
    assert methods.named("shelves.books.create").answer.accept == "application/json"
    document = everything()
    document["schemas"]["GoogleApi__HttpBody"] = document["schemas"].pop("HttpBody")
    node = document["resources"]["books"]["resources"]["pages"]["methods"]["scan"]
    node.update(request={"$ref": "GoogleApi__HttpBody"}, response={"$ref": "GoogleApi__HttpBody"})
    other = Methods(document).named("shelves.books.pages.scan")
    assert other.request is not None
    assert (other.request.encoding, other.answer.accept) == (Encoding.RAW, "*/*")


def test_an_answer_with_one_field_more_is_json(methods: Methods) -> None:
    document = changed("schemas", "HttpBody", "properties", "etag", to={"type": "string"})
    method = Methods(document).named("shelves.books.pages.scan")
    assert method.answer.accept == "application/json"
    assert method.request is not None
    assert method.request.encoding is Encoding.JSON


def test_an_answer_may_have_names_that_no_argument_can_spell() -> None:
    document = changed("schemas", "Author", "properties", "@type", to={"type": "string"})
    method = Methods(document).named("shelves.ping")
    assert method.answer.accept == "application/json"
    assert prepare(method, {}).url == f"{ROOT}ping"
    assert prepare(Methods(read("kgsearch:v1")).named("kgsearch.entities.search"), {}).verb == "GET"


def test_no_body(methods: Methods) -> None:
    assert methods.named("shelves.ping").request is None
    with pytest.raises(ArgumentErrors, match="takes no body"):
        prepare(methods.named("shelves.ping"), {}, {"a": 1})


# --- parameters with the names of general ones --------------------------------------------------------------


def test_a_key_in_the_path_is_none_of_a_caller() -> None:
    real = Methods(read("recaptchaenterprise:v1"))
    method = real.named("recaptchaenterprise.projects.keys.retrieveLegacySecretKey")
    request = prepare(method, {"key": "projects/p/keys/k"})
    assert request.url.endswith("/v1/projects/p/keys/k:retrieveLegacySecretKey")
    assert "x-goog-api-key" not in {name.lower() for name, _ in request.headers}
    document = changed(*CREATE, "path", to="keys/{key}")
    own = document["resources"]["books"]["methods"]["create"]["parameters"]
    own["key"] = {"type": "string", "location": "path", "required": True}
    method = Methods(document).named("shelves.books.create")
    request = prepare(method, {"key": "a b", "parent": "shelves/a"}, {"title": "x"})
    assert request.url == f"{ROOT}keys/a%20b?parent=shelves%2Fa"
    assert "x-goog-api-key" not in {name.lower() for name, _ in request.headers}


def test_a_methods_own_parameter_is_as_secret_as_the_general_one_of_that_name() -> None:
    method = Methods(read("oauth2:v2")).named("oauth2.tokeninfo")
    request = prepare(method, {"access-token": " token-1 ", "id-token": "x"})
    assert request.url == "https://www.googleapis.com/oauth2/v2/tokeninfo?id_token=x"
    assert dict(request.headers)["Authorization"] == "Bearer token-1"
    assert "token-1" not in repr(request)
    (field,) = (each for each in method.parameters.fields if each.wire == "access_token")
    assert field.secret
    with pytest.raises(ArgumentErrors, match="HTTP header") as error:
        prepare(method, {"access-token": "a\r\nX: canary"})
    assert "canary" not in str(error.value)


def test_a_methods_own_parameter_comes_before_the_general_one() -> None:
    method = create("parameters", "prettyPrint", to={"type": "integer", "location": "query"})
    parameters = [each.wire for each in method.parameters.fields]
    assert parameters == [
        "parent",
        "options.requestedVersion",
        "x-kind",
        "prettyPrint",
        "key",
        "upload_protocol",
        "$.xgafv",
    ]
    assert prepare(method, {"parent": "shelves/a", "pretty-print": 3}, {"title": "x"}).url.endswith(
        "?prettyPrint=3"
    )
