"""More than one attempt: what arrives, how often, and what is kept of it."""

from __future__ import annotations

import io
import os
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

import pytest
from attrs import define, field, frozen
from google.oauth2.credentials import Credentials

from cursorkit import SourceError
from cursorkit.files import file_source
from cursorkit.testing.answers import FLAWED, WHOLE, answer
from cursorkit.testing.contracts import (
    CONTENT,
    HttpTransportContract,
    TransportContract,
    Watched,
    contents,
)
from cursorkit.testing.server import (
    WELL,
    Close,
    Hang,
    ReadBody,
    ReadHead,
    Reset,
    Server,
    Write,
    replying,
)
from cursorkit.wire import (
    Attempt,
    Bytes,
    Concatenation,
    ConnectError,
    Endpoint,
    EndpointError,
    Headers,
    History,
    PermanentError,
    Request,
    Sent,
    TransportError,
)
from cursorkit_transports import Authorized, Https, Memory, Policy, Retrying, open_transport
from cursorkit_transports.memory import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cursorkit.testing.server import Script
    from cursorkit.wire import BodySource, Response, Transport

ALL = Sent(len(CONTENT), whole=True, sha256=sha256(CONTENT).hexdigest())
AT_ONCE = Policy(first=0)


class TestAroundMemory(TransportContract):
    def transport(self) -> Retrying:
        return Retrying(Memory())

    def url(self) -> str:
        return "memory:anything"


class TestAroundHttps(HttpTransportContract):
    largest_answer = 2**21

    def transport(self) -> Retrying:
        # A single attempt: a connection that is reset may be so early that nothing was sent.
        https = Https(largest_answer=self.largest_answer, connect_timeout=10, read_timeout=10)
        return Retrying(https, Policy(budget=0))


def request(body: BodySource | None = None, url: str = "memory:x", *, idempotent: bool = True) -> Request:
    return Request("POST", url, Headers(), Bytes(CONTENT) if body is None else body, idempotent)


# --- in a time of its own ---------------------------------------------------------------------------------


@define
class Lab:
    """A transport that answers as it is told, in a time that passes only while somebody sleeps or works.

    Attributes:
        results: the answers and faults, in order.
        work: seconds that each of them takes.
        policy: whose decisions are carried out.
        seconds: what the clock shows.
        slept: how long, each time.
        lines: what was told.
    """

    results: list[Reply | Exception]
    work: float = 0
    policy: Policy = field(factory=Policy)
    seconds: float = 1000.0
    slept: list[float] = field(factory=list)
    lines: list[str] = field(factory=list)
    memory: Memory = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.memory = Memory(self._answer)

    def _answer(self, _request: Request, _body: bytes) -> Reply:
        self.seconds += self.work
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def transport(self) -> Retrying:
        return Retrying(
            self.memory,
            self.policy,
            tell=self.lines.append,
            clock=lambda: self.seconds,
            now=lambda: 0,
            sleep=self._sleep,
            chance=lambda: 0.5,
        )


BUSY = Reply(503)


def lost(sent: Sent = ALL) -> TransportError:
    return TransportError("the line went dead", sent)


def test_until_it_goes_well() -> None:
    lab = Lab([BUSY, lost(), ConnectError("cannot connect to x: refused"), Reply(200, b"well")])
    response = lab.transport.send(request())
    assert (response.status, contents(response.body), response.sent) == (200, b"well", ALL)
    assert [body for _, body in lab.memory.sent] == [CONTENT] * 4
    assert lab.slept == [0.5, 1, 2]
    assert lab.lines == [
        "the server answered 503 Service Unavailable; attempt 2 in 0.5 s",
        "the line went dead; attempt 3 in 1.0 s",
        "cannot connect to x: refused; attempt 4 in 2.0 s",
    ]
    assert response.history == History(
        (
            Attempt(ALL, 503, "the server answered 503 Service Unavailable"),
            Attempt(ALL, None, "the line went dead"),
            Attempt(ConnectError("").sent, None, "cannot connect to x: refused"),
        )
    )


def test_what_goes_well_at_once_has_no_history() -> None:
    lab = Lab([Reply()])
    assert lab.transport.send(request()).history == History()
    assert (lab.slept, lab.lines) == ([], [])


def test_the_last_answer_is_given_when_the_budget_is_spent() -> None:
    lab = Lab([BUSY] * 99, work=100)
    response = lab.transport.send(request())
    assert response.status == 503
    # At 100, 200.5, 301.5, 403.5, 507.5 and 615.5 s.
    assert len(lab.memory.sent) == 6
    assert lab.slept == [0.5, 1, 2, 4, 8]
    assert response.history.ended == "given up after 6 attempts in 616 s"
    assert len(response.history.earlier) == 5


def test_the_last_fault_is_raised_when_the_budget_is_spent() -> None:
    fault = lost()
    lab = Lab([BUSY, fault, lost()], work=1.2, policy=Policy(budget=2))
    with pytest.raises(TransportError) as told:
        lab.transport.send(request())
    assert told.value is fault
    assert [each.status for each in fault.history.earlier] == [503]
    assert fault.history.ended == "given up after 2 attempts in 3 s"


def test_a_wait_that_would_take_too_long_is_not_begun() -> None:
    lab = Lab([Reply(503, headers=Headers([("Retry-After", "601")])), Reply()])
    response = lab.transport.send(request())
    assert (response.status, lab.slept, len(lab.memory.sent)) == (503, [], 1)
    assert response.history == History((), "the server asks to wait 601 s, and 600 s are left to try again")


def test_a_request_that_is_not_idempotent_is_sent_once() -> None:
    results: list[Reply | Exception] = [BUSY, Reply(429, headers=Headers([("Retry-After", "0")])), lost()]
    for result in results:
        lab = Lab([result, Reply()])
        try:
            history = lab.transport.send(request(idempotent=False)).history
        except TransportError as error:
            history = error.history
        assert history == History((), "it is not tried again, because it might be done twice")
        assert len(lab.memory.sent) == 1


def test_but_one_that_nobody_took_is_sent_again() -> None:
    lab = Lab([*[ConnectError("refused")] * 3, lost(), Reply()])
    with pytest.raises(TransportError, match="the line went dead") as told:
        lab.transport.send(request(idempotent=False))
    assert len(told.value.history.earlier) == 3
    assert len(lab.memory.sent) == 4


def test_without_a_budget_there_is_one_attempt() -> None:
    lab = Lab([BUSY, Reply()], policy=Policy(budget=0))
    response = lab.transport.send(request())
    assert (response.status, response.history, lab.lines) == (503, History(), [])


@pytest.mark.parametrize(
    "fault",
    [EndpointError("no"), SourceError("changed-file", "no"), PermanentError("no"), ZeroDivisionError()],
)
def test_what_is_nobodys_passing_trouble_comes_through_at_once(fault: Exception) -> None:
    lab = Lab([fault, Reply()])
    with pytest.raises(type(fault)) as told:
        lab.transport.send(request())
    assert told.value is fault
    assert (len(lab.memory.sent), lab.slept) == (1, [])


# --- the bytes are the same, or they are not sent ---------------------------------------------------------


@frozen
class Fickle:
    """A source whose readers give something else each time.

    Attributes:
        contents: what they give, in order, the last of it for ever.
    """

    contents: tuple[bytes, ...] = field(repr=False)
    readers: list[BinaryIO] = field(factory=list, init=False)

    @property
    def length(self) -> int:
        return len(self.contents[0])

    def open(self) -> BinaryIO:
        content = self.contents[min(len(self.readers), len(self.contents) - 1)]
        self.readers.append(io.BytesIO(content))
        return self.readers[-1]


def test_other_bytes_are_never_sent_instead() -> None:
    for changed in (b"X" + CONTENT[1:], CONTENT[:-1] + b"X", bytes(len(CONTENT))):
        lab = Lab([BUSY, Reply(), Reply()])
        with pytest.raises(SourceError) as told:
            lab.transport.send(request(Fickle((CONTENT, changed))))
        assert told.value.kind == "changed-file"
        assert str(told.value) == "the body is no longer what was sent of it before"
        assert len(lab.memory.sent) == 1


def test_every_attempt_is_held_against_the_one_that_got_farthest() -> None:
    lab = Lab([BUSY, ConnectError("refused"), Reply()])
    with pytest.raises(SourceError, match="no longer what was sent"):
        lab.transport.send(request(Fickle((CONTENT, CONTENT, CONTENT[:-1] + b"X"))))
    assert len(lab.memory.sent) == 2


def test_a_body_that_changed_after_it_may_have_been_carried_out() -> None:
    lab = Lab([lost(), Reply()])
    with pytest.raises(SourceError) as told:
        lab.transport.send(request(Fickle((CONTENT, CONTENT[::-1]))))
    assert str(told.value).splitlines() == [
        "the body is no longer what was sent of it before",
        "an earlier attempt sent everything, and may have been carried out: the line went dead",
    ]


def test_readers_are_fresh_and_closed() -> None:
    source = Watched()
    lab = Lab([BUSY, lost(), Reply()])
    lab.transport.send(request(source))
    assert len(source.readers) == 3
    assert all(reader.closed for reader in source.readers)


# --- over real sockets ------------------------------------------------------------------------------------


LARGE = CONTENT * 6
"""More than the system takes for a server that does not read."""


@define
class Wire:
    """A server, and a transport that has more than one attempt to reach it.

    Attributes:
        server: the server.
        patience: seconds that the transport waits for whatever it is.
        lines: what was told.
    """

    server: Server = field(factory=Server)
    patience: float = 20
    lines: list[str] = field(factory=list)

    def send(
        self,
        source: BodySource,
        *,
        idempotent: bool = True,
        before_the_next: Callable[[], None] = lambda: None,
    ) -> Response:
        """Send with attempts that follow each other at once, but for what is done before the next one."""
        https = Https(read_timeout=self.patience, stall_timeout=self.patience, answer_timeout=self.patience)
        transport = Retrying(https, AT_ONCE, tell=self.lines.append, sleep=lambda _: before_the_next())
        try:
            return transport.send(request(source, self.server.url, idempotent=idempotent))
        finally:
            transport.close()
            self.server.close()

    @property
    def bodies(self) -> list[bytes]:
        return [bytes(exchange.body) for exchange in self.server.exchanges]


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.server.close()


FAULTS: dict[str, Script] = {
    "reset after the head": (ReadHead(), Reset()),
    "reset in the body": (ReadHead(), ReadBody(300_000), Reset()),
    "reset after the body": (ReadHead(), ReadBody(), Reset()),
    "closed without a word": replying(b"", Close()),
    "closed in the head": replying(WHOLE["a length"][:30], Close()),
    "closed in the body": replying(WHOLE["a length"][:-1], Close()),
    "reset in the answer": replying(WHOLE["chunks"][:-3], Reset()),
    "no framing": replying(FLAWED["no framing"], Close()),
    "another protocol": replying(FLAWED["another protocol"], Close()),
    **{str(status): replying(answer(status, b"busy")) for status in (408, 429, 500, 502, 503, 504)},
    "503 before the body": (ReadHead(), Write(answer(503)), Close()),
    "503 without a length": replying(b"HTTP/1.1 503 Busy\r\n\r\nbusy", Close()),
}

STALLS: dict[str, Script] = {
    "takes no more": (ReadHead(), ReadBody(300_000), Hang()),
    "does not answer": (ReadHead(), ReadBody(), Hang()),
    "does not finish": replying(WHOLE["a length"][:-1], Hang()),
}


def in_memory(_folder: Path) -> BodySource:
    return Bytes(LARGE)


def in_a_file(folder: Path) -> BodySource:
    (folder / "scan").write_bytes(LARGE)
    return file_source(folder / "scan")


def in_parts(folder: Path) -> BodySource:
    (folder / "part").write_bytes(LARGE[1000:-1])
    return Concatenation([Bytes(LARGE[:1000]), file_source(folder / "part"), Bytes(LARGE[-1:])])


def in_a_pipe(folder: Path) -> BodySource:
    """A stream that gives its bytes once."""
    os.mkfifo(folder / "pipe")
    source = file_source(folder / "pipe")
    Thread(target=(folder / "pipe").write_bytes, args=[LARGE], daemon=True).start()
    return source


SOURCES = [in_memory, in_a_file, in_parts, in_a_pipe]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", FAULTS)
def test_two_faults_and_then_the_very_same_bytes(
    name: str, source: Callable[[Path], BodySource], wire: Wire, tmp_path: Path
) -> None:
    wire.server.play(FAULTS[name], FAULTS[name], WELL)
    assert_settled(wire, wire.send(source(tmp_path)), faults=2)


def test_connections_that_are_reset_at_once(wire: Wire) -> None:
    """Be it before the beginning of the request was sent or behind it."""
    wire.server.play((Reset(),), (Reset(),), WELL)
    assert_settled(wire, wire.send(Bytes(LARGE)), faults=2)


@pytest.mark.parametrize("name", STALLS)
def test_a_stall_and_then_the_very_same_bytes(name: str, wire: Wire) -> None:
    wire.patience = 0.5
    wire.server.play(STALLS[name], WELL)
    assert_settled(wire, wire.send(Bytes(LARGE)), faults=1)


def assert_settled(wire: Wire, response: Response, faults: int) -> None:
    """The last attempt went well, with the whole body; those before it sent a beginning of the same."""
    assert (response.status, contents(response.body)) == (200, b"{}")
    assert response.sent == Sent(len(LARGE), whole=True, sha256=sha256(LARGE).hexdigest())
    assert len(wire.bodies) == faults + 1
    assert wire.bodies[-1] == LARGE
    assert all(LARGE.startswith(body) for body in wire.bodies)
    assert len(response.history.earlier) == len(wire.lines) == faults
    for each in response.history.earlier:
        assert each.sent.sha256 == sha256(LARGE[: each.sent.octets]).hexdigest()


@pytest.mark.parametrize("name", [*FAULTS, *STALLS])
def test_what_is_not_idempotent_is_sent_once(name: str, wire: Wire) -> None:
    if name in STALLS:
        wire.patience = 0.5
    wire.server.play({**FAULTS, **STALLS}[name], WELL)
    try:
        history = wire.send(Bytes(LARGE), idempotent=False).history
    except TransportError as error:
        history = error.history
    assert history == History((), "it is not tried again, because it might be done twice")
    assert len(wire.server.exchanges) == 1


@pytest.mark.parametrize("changed", [LARGE + b"more", LARGE[:-1], bytes(len(LARGE))], ids=len)
def test_a_file_that_changed_between_two_attempts_is_not_sent(
    changed: bytes, wire: Wire, tmp_path: Path
) -> None:
    path = tmp_path / "scan"
    path.write_bytes(LARGE)

    def change() -> None:
        path.write_bytes(changed)

    wire.server.play(FAULTS["reset after the body"], WELL)
    with pytest.raises(SourceError, match="changed since it was first looked at") as told:
        wire.send(file_source(path), before_the_next=change)
    assert told.value.kind == "changed-file"
    assert "\nan earlier attempt sent everything, and may have been carried out: " in str(told.value)
    assert wire.bodies == [LARGE]


def test_a_body_that_changed_in_what_was_cut_off_is_not_completed(wire: Wire) -> None:
    """The server is never given a body that is one half this and one half that."""
    wire.server.play(FAULTS["reset in the body"], WELL)
    with pytest.raises(SourceError, match="no longer what was sent of it before") as told:
        wire.send(Fickle((LARGE, b"X" + LARGE[1:])))
    assert "\nan earlier attempt was cut off after " in str(told.value)
    assert all(len(body) < len(LARGE) for body in wire.bodies)


def test_a_new_token_is_no_attempt(wire: Wire) -> None:
    """Attempts around credentials around HTTP: a token that is refused is renewed within an attempt."""
    tokens = iter(["one", "two", "three"])
    # google-auth wants it in UTC, but without saying so.
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    credentials = Credentials(None, refresh_handler=lambda request, scopes: (next(tokens), later))
    refused, busy = replying(answer(401)), replying(answer(503))
    wire.server.play(busy, refused, busy, refused, WELL)
    transport = Retrying(Authorized(Https(), credentials), AT_ONCE)
    response = transport.send(request(Bytes(CONTENT), wire.server.url))
    transport.close()
    wire.server.close()
    assert response.status == 200
    assert [each.status for each in response.history.earlier] == [503, 503]
    assert wire.bodies == [CONTENT] * 5
    proofs = [exchange.headers.get("Authorization") for exchange in wire.server.exchanges]
    assert proofs == [f"Bearer {token}" for token in ("one", "one", "two", "two", "three")]


# --- what is opened ---------------------------------------------------------------------------------------


def test_the_opener_gives_it_the_patience_of_the_endpoint(wire: Wire) -> None:
    wire.server.play((ReadHead(), ReadBody(), Hang()), replying(answer(503)), WELL)
    transport = open_transport(Endpoint(wire.server.url, timeout=0.5, tell=wire.lines.append))
    response = transport.send(request(Bytes(b"body"), wire.server.url))
    transport.close()
    assert (response.status, len(response.history.earlier)) == (200, 2)
    assert [re.sub(r"[012]\.\d s$", "", line) for line in wire.lines] == [
        f"{wire.server.address} fell silent for 0.5 s; attempt 2 in ",
        "the server answered 503 Service Unavailable; attempt 3 in ",
    ]


def test_an_endpoint_says_nothing_unless_it_is_told_to_whom(
    wire: Wire, capfd: pytest.CaptureFixture[str]
) -> None:
    wire.server.play(replying(answer(503)), WELL)
    transport = open_transport(Endpoint(wire.server.url))
    assert transport.send(request(Bytes(b"body"), wire.server.url)).status == 200
    transport.close()
    assert capfd.readouterr() == ("", "")


def test_the_opener_gives_it_no_patience_where_the_endpoint_has_none(wire: Wire) -> None:
    wire.server.play(replying(answer(503)), WELL)
    transport = open_transport(Endpoint(wire.server.url, retry_for=0))
    response = transport.send(request(Bytes(b"body"), wire.server.url))
    transport.close()
    assert (response.status, response.history) == (503, History())


def test_closing_it_closes_what_is_within() -> None:
    closed: list[Transport] = []

    class Closing(Memory):
        def close(self) -> None:
            closed.append(self)

    memory = Closing()
    Retrying(memory).close()
    assert closed == [memory]


# --- what is asked in place of a request that was tried ----------------------------------------------------

ASKED = b"?" * 2 * len(CONTENT)
QUESTION = Request("PUT", "https://x/", Headers(), Bytes(ASKED), idempotent=True)
TOLD = Request("PUT", "https://x/", Headers(), Bytes(CONTENT), idempotent=True, follow_up=QUESTION)


def following(*answers: int | TransportError) -> tuple[Memory, Retrying, list[float]]:
    left = list(answers)

    def handler(_request: Request, _body: bytes) -> Reply:
        told = left.pop(0)
        if isinstance(told, TransportError):
            raise told
        return Reply(told, headers=Headers([("Retry-After", "3")]))

    memory = Memory(handler)
    waits: list[float] = []
    return memory, Retrying(memory, AT_ONCE, sleep=waits.append), waits


def test_a_request_that_was_tried_is_followed_up() -> None:
    memory, transport, waits = following(503, 503, TransportError("it broke"), 308)
    response = transport.send(TOLD)
    assert [body for _, body in memory.sent] == [CONTENT, ASKED, ASKED, ASKED]
    assert response.status == 308
    assert [each.status for each in response.history.earlier] == [503, 503, None]
    assert waits == [3, 3, 0]


def test_a_request_of_which_nothing_left_is_sent_itself() -> None:
    memory, transport, _ = following(ConnectError("nobody there"), ConnectError("nobody there"), 200)
    transport.send(TOLD)
    assert [body for _, body in memory.sent] == [CONTENT] * 3


def test_a_request_that_does_well_is_not_followed_up() -> None:
    memory, transport, _ = following(200)
    transport.send(TOLD)
    assert len(memory.sent) == 1
