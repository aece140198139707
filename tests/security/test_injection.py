"""What is given as a value stays a value: on the wire it begins no header field, and leaves no path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cursorkit import HttpBody, prepare
from cursorkit.cli.main import main
from cursorkit.errors import ArgumentErrors
from cursorkit.methods import STORE_INSTANCES
from cursorkit.testing.server import Server
from cursorkit.wire import Bytes, Endpoint, EndpointError, Headers, Request, TransportError
from cursorkit_transports import Https

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.testing.server import Exchange

PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}
ODD = [
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\x00",
    "\x0b",
    "\x7f",
    "\x85",
    "\u2028",
    ": ",
    "X: y",
    "é",
    "a",
    " ",
    "\t",
]
texts = st.text(max_size=8) | st.lists(st.sampled_from(ODD), max_size=5).map("".join)
wire = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One server for all examples: what it saw of the last one is looked at."""


class Wire:
    """A transport, and the server at its other end."""

    def __init__(self, server: Server, transport: Https) -> None:
        self.server = server
        self._transport = transport

    def seen(self, request: Request) -> Exchange | None:
        """What the server saw of a request; None where it was not sent."""
        before = len(self.server.exchanges)
        try:
            response = self._transport.send(request)
        except TransportError:
            assert len(self.server.exchanges) == before
            return None
        assert response.status == 200
        assert len(self.server.exchanges) == before + 1
        return self.server.exchanges[-1]


@pytest.fixture(scope="module")
def between() -> Iterator[Wire]:
    transport = Https()
    with Server() as server:
        yield Wire(server, transport)
        transport.close()


# --- 4. header fields ---------------------------------------------------------------------------------------

USUAL = ["Host", "Accept", "Accept-Encoding", "Content-Type", "Content-Length", "User-Agent"]
PARAMETERS = {
    "access_token": "Authorization",
    "oauth_token": "Authorization",
    "key": "x-goog-api-key",
    "quota_user": None,
    "fields": None,
    "callback": None,
    "upload_type": None,
    "upload_protocol": None,
}


@wire
@given(texts, st.sampled_from([*PARAMETERS]), texts)
@example("a/b\r\n X-Fold: 1", "key", "k")
@example("a/b", "access_token", "t\r\nX-Evil: 1")
@example("a/b; x=\x00", "oauth_token", "\x0b")
def test_the_server_sees_exactly_the_fields_that_are_meant(
    between: Wire, content_type: str, name: str, value: str
) -> None:
    try:
        request = prepare(
            STORE_INSTANCES.at(between.server.url), {**PLACE, name: value}, HttpBody(content_type, b"x")
        )
    except ArgumentErrors:
        return
    exchange = between.seen(request)
    assert exchange is not None
    field = PARAMETERS[name]
    expected = sorted(each.lower() for each in [*USUAL, *([field] if field else [])])
    assert sorted(name.lower() for name, _ in exchange.headers) == expected
    assert exchange.headers.get("Content-Type") == content_type
    assert exchange.body == b"x"
    lines = re.split(rb"\r\n|\r|\n", exchange.head)
    assert len(lines) == len(expected) + 3


@wire
@given(texts, texts)
@example("X", "a\r\n X-Fold: 1")
@example("X\r\nX-Evil", "1")
@example("X", "a\x00")
def test_no_field_of_a_program_begins_another_one(between: Wire, name: str, value: str) -> None:
    """Below `prepare`, too: whoever makes requests of his own is held to the same."""
    fields = Headers([("Content-Length", "1"), (name, value)])
    exchange = between.seen(Request("POST", f"{between.server.url}/", fields, Bytes(b"x")))
    if exchange is None or name.lower() in {"host", "content-length", "user-agent"}:
        return
    assert [value.strip() for key, value in exchange.headers if key == name] == [value.strip()]
    assert len(re.split(rb"\r\n|\r|\n", exchange.head)) == 8


# --- 5. paths -----------------------------------------------------------------------------------------------

SEGMENTS = ["..", ".", "%2e%2e", "%2f", "a/b", "", "é", "a b", "?x", "#x", "\\", "a\r\nb", "//", "@", ";"]
segments = st.text(max_size=6) | st.sampled_from(SEGMENTS)


@wire
@given(st.tuples(segments, segments, segments, segments), segments)
@example(("p", "l", "d", "s"), "1.2.3")
@example(("p/../../../evil", "l", "d", "s"), "1")
@example(("p", "l", "d", "s"), "../../../../evil")
def test_the_path_is_the_one_of_the_method_with_these_segments(
    between: Wire, names: tuple[str, str, str, str], study: str
) -> None:
    project, location, dataset, store = names
    place = {
        "parent": f"projects/{project}/locations/{location}/datasets/{dataset}/dicomStores/{store}",
        "dicom_web_path": f"studies/{study}",
    }
    try:
        request = prepare(STORE_INSTANCES.at(between.server.url), place, HttpBody("a/b", b"x"))
    except ArgumentErrors:
        return
    exchange = between.seen(request)
    assert exchange is not None
    wanted = ["", "v1beta1", "projects", project, "locations", location, "datasets", dataset]
    wanted += ["dicomStores", store, "dicomWeb", "studies", *([study] if study else [])]
    assert [unquote(each) for each in exchange.target.split("/")] == wanted
    assert not {".", ".."} & set(wanted)
    assert not re.search(r"[?#\s]", exchange.target)


@wire
@given(texts, texts)
def test_a_parameter_of_the_query_is_that_one_alone(between: Wire, user: str, fields: str) -> None:
    place = {**PLACE, "quota_user": user, "fields": fields}
    try:
        request = prepare(STORE_INSTANCES.at(between.server.url), place, HttpBody("a/b", b"x"))
    except ArgumentErrors:
        return
    exchange = between.seen(request)
    assert exchange is not None
    query = parse_qsl(urlsplit(exchange.target).query, keep_blank_values=True, strict_parsing=True)
    assert dict(query) == {"quotaUser": user, "fields": fields}


@pytest.mark.parametrize(
    "root",
    [
        "/api?x=",
        "/api?",
        "/api#x",
        "/#",
        "/..",
        "/a/../b",
        "/./a",
        "/a b",
        "/%2e%2e/a",
        "/a\n",
        "/a\\b",
        "//a",
    ],
)
def test_an_endpoint_ends_where_the_path_of_the_method_begins(
    root: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        with pytest.raises(EndpointError, match=r"https://HOST/PATH$"):
            Endpoint(server.url + root)
        words: Any = ("projects", "locations-datasets-dicom-stores-studies-store-instances", *PLACE.values())
        code = main(["--endpoint", server.url + root, *words, "-r", "content-type=a/b", "data=x"])
    assert code == 2
    assert server.connections == 0
    assert "--endpoint" in capfd.readouterr().err
