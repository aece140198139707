"""What transports promise, as test classes to inherit: `TransportContract`, and `HttpTransportContract`.

They need nothing but something that collects test classes, such as pytest.
"""

from __future__ import annotations

import gzip
import io
from hashlib import sha256
from traceback import format_exception
from typing import TYPE_CHECKING
from unittest import SkipTest

from attrs import define, field

from cursorkit.errors import CursorkitError, SourceError
from cursorkit.testing.answers import FLAWED, WHOLE, answer, chunked
from cursorkit.testing.server import (
    WELL,
    Close,
    ReadBody,
    ReadHead,
    Reset,
    Server,
    Write,
    replying,
)
from cursorkit.wire import Bytes, EndpointError, Headers, Request, Sent, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from cursorkit.testing.server import Exchange, Script
    from cursorkit.wire import BodySource, Response, Transport

CONTENT = bytes(range(256)) * 4_000 + b"end"
"""A body of several blocks, the last of them not full."""

CANARY = "CANARY-4f1d"
"""Stands for whatever no message may show: a token, or what belongs to a patient."""


@define
class Watched:
    """A source that remembers its readers, and need not keep its word.

    Attributes:
        content: what its readers give.
        length: how many bytes it says that is.
        fault: what its readers raise behind the content.
        readers: all that were opened.
    """

    content: bytes = field(default=CONTENT, repr=False)
    length: int = len(CONTENT)
    fault: Exception | None = None
    readers: list[BinaryIO] = field(factory=list, init=False)

    def open(self) -> BinaryIO:
        """A fresh reader."""
        self.readers.append(_WatchedReader(self))
        return self.readers[-1]


class _WatchedReader(io.BytesIO):
    def __init__(self, source: Watched) -> None:
        super().__init__(source.content)
        self._fault = source.fault

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        if self._fault and not block:
            raise self._fault
        return block


class TransportContract:
    """What every transport promises.

    Inherit it, and say which transport it is, and where it sends to:

        class TestMine(TransportContract):
            def transport(self):
                return Mine()

            def url(self):
                return "mine:somewhere"
    """

    def transport(self) -> Transport:
        """A new transport; the contract closes it."""
        raise NotImplementedError

    def url(self) -> str:
        """Where the requests of the contract go: somewhere that reads them to their end."""
        raise NotImplementedError

    def request(self, body: BodySource, headers: Iterable[tuple[str, str]] = ()) -> Request:
        """A request with `body`."""
        fields = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(body.length)),
            ("Authorization", f"Bearer {CANARY}"),
            *headers,
        ]
        return Request("POST", self.url(), Headers(fields), body)

    def send(self, *requests: Request) -> list[Response]:
        """The answers to `requests`, which one transport sends one after the other."""
        transport = self.transport()
        try:
            return [transport.send(request) for request in requests]
        finally:
            transport.close()

    def fail(self, request: Request) -> CursorkitError:
        """What the transport raises for `request`: an error of cursorkit, which gives nothing away."""
        try:
            (response,) = self.send(request)
        except CursorkitError as raised:
            error = raised
        else:
            raise AssertionError(f"there was an answer: {response.status}")
        assert CANARY not in "".join(format_exception(error)) + repr(error)
        if isinstance(error, TransportError):
            assert_truthful(error.sent, request.body)
        return error

    def test_the_answer_is_whole(self) -> None:
        """A status, header fields, and a body that can be read again, after the transport is closed too."""
        (response,) = self.send(self.request(Bytes(CONTENT)))
        assert 200 <= response.status <= 999
        first, again = contents(response.body), contents(response.body)
        assert first == again
        assert len(first) == response.body.length

    def test_every_send_sends_a_fresh_body(self) -> None:
        """The same request again sends the same bytes, from a reader of its own."""
        source = Watched()
        request = self.request(source)
        for response in self.send(request, request):
            assert response.sent == Sent(len(CONTENT), whole=True, sha256=sha256(CONTENT).hexdigest())
        assert len(source.readers) == 2
        assert all(reader.closed for reader in source.readers)

    def test_an_empty_body(self) -> None:
        """Nothing was sent, and that was all of it."""
        (response,) = self.send(self.request(Bytes()))
        assert response.sent == Sent(0, whole=True, sha256=sha256().hexdigest())

    def test_not_a_byte_more_than_was_announced(self) -> None:
        """Of a source that grew, what was announced is sent, and no more."""
        (response,) = self.send(self.request(Watched(CONTENT + b"POST /more HTTP/1.1\r\n\r\n")))
        assert response.sent == Sent(len(CONTENT), whole=True, sha256=sha256(CONTENT).hexdigest())

    def test_a_body_that_falls_short(self) -> None:
        """It is an error, and not filled up with anything."""
        source = Watched(length=len(CONTENT) + 1)
        error = self.fail(self.request(source))
        assert isinstance(error, SourceError)
        assert error.kind == "changed-file"
        assert all(reader.closed for reader in source.readers)

    def test_a_body_that_turns_out_to_have_changed(self) -> None:
        """What the source says of itself comes through."""
        told = SourceError("changed-file", "it changed")
        assert self.fail(self.request(Watched(CONTENT[:-1], fault=told))) is told

    def test_a_body_that_cannot_be_read(self) -> None:
        """The fault is the source's, and nobody else's."""
        for fault in (OSError(5, "Input/output error"), BrokenPipeError(32, "Broken pipe"), TimeoutError()):
            error = self.fail(self.request(Watched(CONTENT[:-1], fault=fault)))
            assert isinstance(error, SourceError)
            assert error.kind == "unreadable-file"

    def test_closing_twice(self) -> None:
        """It does no harm, and neither does closing what was never used."""
        transport = self.transport()
        transport.close()
        transport.close()
        transport = self.transport()
        transport.send(self.request(Bytes(CONTENT)))
        transport.close()
        transport.close()


class HttpTransportContract(TransportContract):
    """What every transport promises that speaks HTTP: the same, and all this, against a real server.

    Inherit it, and say which transport it is. Where it has to speak TLS, override `serve` too.

    Attributes:
        largest_answer: bytes of an answer beyond which the transport gives up.
        server: the server of the running test.
    """

    largest_answer: int = 64 * 1024 * 1024
    server: Server

    def serve(self, *scripts: Script, host: str = "127.0.0.1") -> Server:
        """A server that plays `scripts`, and that the transport trusts."""
        return Server(*scripts, host=host)

    def url(self) -> str:
        """An address of the server."""
        return f"{self.server.url}/v1/store?alt=json"

    def setup_method(self) -> None:
        """Start a server, which answers well until it is told otherwise."""
        self.server = self.serve()

    def teardown_method(self) -> None:
        """Stop it."""
        self.server.close()

    def exchanges(self) -> list[Exchange]:
        """All that the server saw."""
        self.server.close()
        return self.server.exchanges

    # --- what is sent ---------------------------------------------------------------------------------------

    def test_the_request_stands_on_the_wire_as_it_was_given(self) -> None:
        """Each header field once and unchanged, the target to the letter, and the body."""
        self.server.play(WELL)
        given = [
            ("X-Twice", "one"),
            ("X-Twice", "two"),
            ("X-Odd", "a  b\tc;='\x80\xff'"),
            ("User-Agent", "us/1"),
        ]
        request = self.request(Bytes(CONTENT), given)
        self.send(request)
        (exchange,) = self.exchanges()
        assert exchange.verb == "POST"
        assert exchange.target == "/v1/store?alt=json"
        assert exchange.body == CONTENT
        names = {name.lower() for name, _ in request.headers}
        assert sorted(each for each in exchange.headers if each[0].lower() in names) == sorted(
            request.headers
        )

    def test_a_header_field_that_would_be_two(self) -> None:
        """It is refused before anything is sent."""
        for value in ("a\r\nX-More: b", "a\r\n b", "a\nb", "a\0b", "a\x7fb"):
            error = self.fail(self.request(Bytes(CONTENT), [("X-Odd", value)]))
            assert isinstance(error, TransportError)
            assert not error.sent.octets
        assert not any(exchange.head for exchange in self.exchanges())

    def test_no_byte_follows_the_body(self) -> None:
        """What a source has grown by would be taken for the next request."""
        self.send(self.request(Watched(CONTENT + b"POST /more HTTP/1.1\r\n\r\n")))
        (exchange,) = self.exchanges()
        assert exchange.body == CONTENT

    def test_a_source_that_grew_since_it_was_announced(self) -> None:
        """It is another one, and nothing of it is sent."""
        source = Watched()
        request = self.request(source)
        source.content, source.length = CONTENT + b"more", len(CONTENT) + 4
        assert isinstance(self.fail(request), SourceError)
        assert not any(exchange.body for exchange in self.exchanges())

    def test_a_body_that_falls_short_is_not_filled_up(self) -> None:
        """The server never gets as many bytes as were announced, and so cannot take it for whole."""
        self.fail(self.request(Watched(length=len(CONTENT) + 1)))
        (exchange,) = self.exchanges()
        assert CONTENT.startswith(exchange.body)

    # --- how often, and to whom -----------------------------------------------------------------------------

    def test_a_refusal_is_an_answer_and_nothing_is_repeated(self) -> None:
        """Whatever the status, there is one request, and the answer to it."""
        for status in (400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 700):
            self.server.play(replying(answer(status, b"why", [("Retry-After", "0")])))
            before = len(self.server.exchanges)
            (response,) = self.send(self.request(Bytes(CONTENT)))
            assert (response.status, contents(response.body)) == (status, b"why")
            assert len(self.server.exchanges) == before + 1

    def test_no_redirect_is_followed(self) -> None:
        """Neither to the same server nor to another one."""
        with self.serve() as other:
            for status in (300, 301, 302, 303, 307, 308):
                for location in ("/elsewhere", f"{self.server.url}/elsewhere", f"{other.url}/elsewhere"):
                    self.server.play(replying(answer(status, headers=[("Location", location)])), WELL)
                    before = len(self.server.exchanges)
                    (response,) = self.send(self.request(Bytes(CONTENT)))
                    assert (response.status, response.headers.get("Location")) == (status, location)
                    assert len(self.server.exchanges) == before + 1
        assert not other.connections

    def test_a_connection_that_breaks_is_an_error_and_nothing_is_repeated(self) -> None:
        """Wherever it breaks, there is one request, and no answer."""
        for script in (
            (Reset(),),
            (ReadHead(), Reset()),
            (ReadHead(), ReadBody(1000), Reset()),
            (ReadHead(), ReadBody(), Reset()),
            replying(answer()[:-1], Reset()),
        ):
            self.server.play(script, WELL)
            before = len(self.server.exchanges)
            assert isinstance(self.fail(self.request(Bytes(CONTENT))), TransportError)
            assert len(self.server.exchanges) == before + 1

    def test_plain_http_to_another_machine(self) -> None:
        """It is refused before anybody is called."""
        for host in ("192.0.2.1", "localhost.example", "127.0.0.1.example", "[2001:db8::1]"):
            request = Request("POST", f"http://{host}/", Headers([("Content-Length", "0")]), Bytes())
            assert isinstance(self.fail(request), EndpointError)

    def test_ipv6(self) -> None:
        """An address in brackets is an address."""
        self.server.close()
        try:
            self.server = self.serve(host="::1")
        except OSError as error:
            raise SkipTest("this machine has no IPv6") from error
        (response,) = self.send(self.request(Bytes(CONTENT)))
        assert response.status == 200
        (exchange,) = self.exchanges()
        assert exchange.body == CONTENT

    # --- what counts as an answer ---------------------------------------------------------------------------

    def test_whole_answers(self) -> None:
        """However the server tells their length, and compressed though nobody asked for that."""
        for name, whole in WHOLE.items():
            self.server.play(replying(whole))
            (response,) = self.send(self.request(Bytes(CONTENT)))
            assert contents(response.body) == (b"" if response.status == 204 else b"whole"), name

    def test_an_answer_that_is_cut_is_none(self) -> None:
        """Wherever it is cut: in its first line, between two header fields, in the last line break."""
        for name, whole in WHOLE.items():
            for end in range(len(whole)):
                self.server.play(replying(whole[:end], Close()))
                error = self.fail(self.request(Bytes(b"body")))
                assert isinstance(error, TransportError), (name, end)
                assert error.sent.whole, (name, end)

    def test_an_answer_that_makes_no_sense_is_none(self) -> None:
        """It is an error of cursorkit, whatever it is."""
        for name, flawed in FLAWED.items():
            self.server.play(replying(flawed, Close()))
            assert isinstance(self.fail(self.request(Bytes(b"body"))), TransportError), name

    def test_interim_answers_are_passed_over(self) -> None:
        """They may come before the body was sent, and after."""
        interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        self.server.play(
            (ReadHead(), Write(interim), ReadBody(), Write(hints + hints + answer(200, b"whole")))
        )
        (response,) = self.send(self.request(Bytes(CONTENT)))
        assert (response.status, contents(response.body)) == (200, b"whole")
        assert "Link" not in response.headers

    def test_an_answer_in_single_bytes(self) -> None:
        """It is as good as any other."""
        for whole in WHOLE.values():
            self.server.play((ReadHead(), ReadBody(), Write(whole, piece=1)))
            (response,) = self.send(self.request(Bytes(CONTENT)))
            assert contents(response.body) in {b"", b"whole"}

    def test_an_answer_before_the_body_was_read(self) -> None:
        """It is read, and no more is said to have left than did."""
        large = Bytes(CONTENT * 16)
        for status in (401, 413):
            early = Write(answer(status, b"enough"))
            for script in (
                (early, ReadBody()),
                (early, Close()),
                (early, Reset()),
                (ReadBody(9), early, Reset()),
            ):
                self.server.play((ReadHead(), *script), WELL)
                response, after = self.send(self.request(large), self.request(Bytes(CONTENT)))
                assert (response.status, contents(response.body)) == (status, b"enough")
                assert_truthful(response.sent, large)
                assert response.sent.whole or script[-1] == Reset()
                # What was left of that body is not taken for the next request.
                assert after.status == 200
        assert all(exchange.target == "/v1/store?alt=json" for exchange in self.exchanges())

    def test_a_large_answer(self) -> None:
        """As large as it may be, it is whole; one byte more is too much."""
        whole = bytes(self.largest_answer)
        for framed in (answer(200, whole), chunked(200, whole)):
            self.server.play(replying(framed))
            (response,) = self.send(self.request(Bytes(b"body")))
            assert response.body.length == self.largest_answer
            assert contents(response.body) == whole
        for framed in (answer(200, whole + b"x"), chunked(200, whole, b"x")):
            self.server.play(replying(framed))
            assert isinstance(self.fail(self.request(Bytes(b"body"))), TransportError)

    def test_an_answer_that_is_small_only_on_the_wire(self) -> None:
        """What counts is how large it is once decompressed."""
        bomb = gzip.compress(bytes(self.largest_answer + 1))
        self.server.play(replying(answer(200, bomb, [("Content-Encoding", "gzip")])))
        assert isinstance(self.fail(self.request(Bytes(b"body"))), TransportError)


def contents(source: BodySource) -> bytes:
    """All bytes of a source."""
    with source.open() as reader:
        return reader.read()


def assert_truthful(sent: Sent, source: BodySource) -> None:
    """What is said to have left is a beginning of the body, and `whole` means all of it."""
    content = contents(source)
    assert sent.sha256 == sha256(content[: sent.octets]).hexdigest()
    assert sent.octets <= len(content)
    assert sent.octets == len(content) or not sent.whole
