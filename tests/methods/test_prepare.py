"""From parameters and a body to the request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, HttpBody, build, prepare
from cursorkit.apis import HEALTHCARE, read
from cursorkit.methods import STORE_INSTANCES
from cursorkit.methods.discovery import Methods
from cursorkit.methods.encoding import is_http_body
from cursorkit.methods.method import Encoding
from cursorkit.schema.discovery import Schemas
from documents import HTTP_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STORE = "projects/p/locations/l/datasets/d/dicomStores/s"
ROOT = f"https://healthcare.googleapis.com/v1beta1/{STORE}/dicomWeb/"
PLACE = {"parent": STORE, "dicom-web-path": "studies"}
BODY = HttpBody("application/dicom", b"DICM")


def kinds(parameters: Mapping[str, object], body: object = BODY) -> list[str]:
    with pytest.raises(ArgumentErrors) as told:
        prepare(STORE_INSTANCES, parameters, body)
    return [problem.kind for problem in told.value.problems]


def test_the_request_is_the_raw_body() -> None:
    request = prepare(STORE_INSTANCES, PLACE, BODY)
    assert (request.verb, request.url, request.idempotent) == ("POST", f"{ROOT}studies", True)
    assert dict(request.headers) == {
        "Accept": "application/dicom+json",
        "Content-Type": "application/dicom",
        "Content-Length": "4",
    }
    with request.body.open() as reader:
        assert reader.read() == b"DICM"


def test_a_body_built_from_arguments_and_one_of_a_program_make_the_same_request() -> None:
    assert STORE_INSTANCES.request is not None
    body = build(STORE_INSTANCES.request.schema, ["content-type=application/dicom", "data=DICM"])
    parameters = build(STORE_INSTANCES.parameters, [f"parent={STORE}", "dicom-web-path=studies"])
    assert prepare(STORE_INSTANCES, parameters, body) == prepare(STORE_INSTANCES, PLACE, BODY)
    mapping = {"contentType": "application/dicom", "data": b"DICM"}
    assert prepare(STORE_INSTANCES, PLACE, mapping) == prepare(STORE_INSTANCES, PLACE, BODY)


@pytest.mark.parametrize("spelling", ["dicom-web-path", "dicomWebPath", "dicom_web_path"])
def test_parameters_in_each_spelling(spelling: str) -> None:
    assert prepare(STORE_INSTANCES, {"parent": STORE, spelling: "studies"}, BODY).url == f"{ROOT}studies"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("studies", "studies"),
        ("studies/", "studies"),
        ("studies/1.2.3", "studies/1.2.3"),
        ("studies/a b", "studies/a%20b"),
    ],
)
def test_the_study_is_optional(path: str, sent: str) -> None:
    assert prepare(STORE_INSTANCES, {**PLACE, "dicom-web-path": path}, BODY).url == ROOT + sent


ODD_PATHS = """\
/studies study studies/1/2 studies/.. studies/. studies// studies/1?x studies/1#x studies/%2e studies/a\\b"""


@pytest.mark.parametrize(
    "path", [*ODD_PATHS.split(), "", " studies", "studies/1\n", "studies/a\0", "studies/\x9b"]
)
def test_paths_that_do_not_fit_are_refused(path: str) -> None:
    assert set(kinds({**PLACE, "dicom-web-path": path})) <= {"bad-format", "empty-value"}


@given(
    st.lists(
        st.text(max_size=8) | st.sampled_from(["..", ".", "%2e%2e", "é", "a b"]), min_size=4, max_size=4
    ),
    st.text(max_size=8),
)
def test_no_parameter_reaches_another_address(parts: list[str], study: str) -> None:
    parent = f"projects/{parts[0]}/locations/{parts[1]}/datasets/{parts[2]}/dicomStores/{parts[3]}"
    try:
        request = prepare(STORE_INSTANCES, {"parent": parent, "dicom-web-path": f"studies/{study}"}, BODY)
    except ArgumentErrors:
        return
    assert request.url.isascii()
    path = request.url.removeprefix("https://healthcare.googleapis.com/v1beta1/")
    assert not re.search(r"[?#\s]", path)
    segments = path.split("/")
    assert [unquote(segment) for segment in segments[:10]] == [*parent.split("/"), "dicomWeb", "studies"]
    assert unquote("/".join(segments[10:])) == study
    assert not {".", ".."} & set(segments)


@given(st.text(max_size=10))
def test_no_content_type_reaches_another_header(content_type: str) -> None:
    try:
        request = prepare(STORE_INSTANCES, PLACE, HttpBody(content_type, b"x"))
    except ArgumentErrors:
        assert not re.fullmatch(r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?", content_type)
        return
    assert len(request.headers.items) == 3
    assert re.fullmatch(r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?", request.headers.get("Content-Type"))


def test_general_parameters_go_into_the_query() -> None:
    parameters = {
        **PLACE,
        "$-xgafv": "2",
        "alt": "json",
        "callback": "f(x)&",
        "fields": "a,b",
        "pretty-print": False,
        "quota-user": "é",
        "upload-type": "media",
        "upload-protocol": "raw",
    }
    assert prepare(STORE_INSTANCES, parameters, BODY).url == (
        f"{ROOT}studies?%24.xgafv=2&alt=json&callback=f%28x%29%26&fields=a%2Cb&prettyPrint=false"
        "&quotaUser=%C3%A9&uploadType=media&upload_protocol=raw"
    )


@pytest.mark.parametrize(
    ("given_", "headers"),
    [
        (
            {"access-token": "T", "oauth-token": "O", "key": "K"},
            {"Authorization": "Bearer T", "x-goog-api-key": "K"},
        ),
        ({"oauth-token": "O"}, {"Authorization": "Bearer O"}),
        ({"key": "K"}, {"x-goog-api-key": "K"}),
        ({"access-token": " T\n"}, {"Authorization": "Bearer T"}),
    ],
)
def test_credentials_travel_as_headers_and_never_show(
    given_: dict[str, str], headers: dict[str, str]
) -> None:
    request = prepare(STORE_INSTANCES, {**PLACE, **given_}, BODY)
    assert request.url == f"{ROOT}studies"
    assert {**dict(request.headers), **headers} == dict(request.headers)
    assert not {"T", "O", "K"} & set(re.findall(r"\b[TOK]\b", repr(request)))


def test_a_token_cannot_smuggle_a_header() -> None:
    assert kinds({**PLACE, "access-token": "a\r\nX: y"}) == ["bad-format"]


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert kinds({}, None) == ["missing-field"] * 4
    assert kinds({"parent": STORE, "nosuch": 1}, HttpBody(None, b"x")) == ["unknown-field", "missing-field"]


def test_an_empty_body_is_refused(tmp_path: Path) -> None:
    assert kinds(PLACE, HttpBody("application/dicom", b"")) == ["empty-body"]
    (tmp_path / "empty").touch()
    assert kinds(PLACE, HttpBody("application/dicom", tmp_path / "empty")) == ["empty-body"]


def test_http_body_is_told_by_its_structure() -> None:
    schemas = Schemas(
        {
            "Blob": HTTP_BODY,
            "Near": {
                "type": "object",
                "properties": {
                    "contentType": {"type": "string"},
                    "data": {"type": "string"},
                    "extensions": {"type": "array", "items": {"type": "any"}},
                },
            },
        }
    )
    assert is_http_body(schemas.named("Blob"))  # type: ignore[arg-type]
    assert not is_http_body(schemas.named("Near"))  # type: ignore[arg-type]


DOCUMENT = {
    "rootUrl": "https://example.test/",
    "servicePath": "v1/",
    "parameters": {"prettyPrint": {"type": "boolean", "location": "query"}},
    "schemas": {
        "Topic": {
            "type": "object",
            "properties": {"labels": {"type": "object", "additionalProperties": {"type": "string"}}},
        }
    },
    "resources": {
        "topics": {
            "methods": {
                "patch": {
                    "id": "x.topics.patch",
                    "httpMethod": "PATCH",
                    "path": "topics/{topic}:patch",
                    "parameterOrder": ["topic"],
                    "parameters": {
                        "topic": {"type": "string", "location": "path", "required": True},
                        "mask": {"type": "string", "location": "query", "repeated": True},
                    },
                    "request": {"$ref": "Topic"},
                    "scopes": ["s"],
                }
            }
        }
    },
}


def test_any_other_method_sends_json_and_is_not_idempotent_unless_it_says_so() -> None:
    method = Methods(DOCUMENT).named("x.topics.patch")
    assert method.request is not None
    assert method.request.encoding is Encoding.JSON
    request = prepare(
        method, {"topic": "a b", "prettyPrint": True}, build(method.request.schema, ["labels=a=é"])
    )
    assert (request.verb, request.url) == (
        "PATCH",
        "https://example.test/v1/topics/a%20b:patch?prettyPrint=true",
    )
    assert not request.idempotent
    assert request.headers.get("Content-Type") == "application/json"
    with request.body.open() as reader:
        content = reader.read()
    assert content == b'{"labels": {"a": "\\u00e9"}}'
    assert request.headers.get("Content-Length") == str(len(content))


def test_what_is_one_segment_stays_one() -> None:
    method = Methods(DOCUMENT).named("x.topics.patch")
    url = prepare(method, {"topic": "a/../b?c#d%2f"}, {}).url
    assert url == "https://example.test/v1/topics/a%2F..%2Fb%3Fc%23d%252f:patch"
    with pytest.raises(ArgumentErrors, match=r"the segment '\.\.' is not allowed"):
        prepare(method, {"topic": ".."}, {})


def test_the_method_comes_from_the_document_and_its_overlay() -> None:
    assert Methods(read(HEALTHCARE)).named(STORE_INSTANCES.id).path == STORE_INSTANCES.path
    assert STORE_INSTANCES.scopes[0] == "https://www.googleapis.com/auth/cloud-healthcare"
    assert STORE_INSTANCES.answer.accept == "application/dicom+json"
