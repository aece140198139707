"""Cases of the fault matrix: an upload whose attempts go wrong, and what has to hold of it."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import product
from typing import TYPE_CHECKING

import trustme
from attrs import define, field, frozen
from google.oauth2.credentials import Credentials

from cursorkit import call
from cursorkit.cli.main import main
from cursorkit.methods import STORE_INSTANCES
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Server, Write, replying
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport
from fault import TOKEN, Again, Attempted, Fault, always, error, report, saying
from fault_bodies import BODIES, CHANGING, UNSEEN
from fault_opener import WORLDS, Way, World
from fault_table import FAULTS
from programs import CALL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from cursorkit.testing.server import Exchange, Script
    from fault import Place
    from fault_bodies import Made

PLACE = {"parent": CALL[2], "dicom_web_path": CALL[3]}
ENDPOINT = "faulty:case"
BUDGET = 3.0
"""Seconds for further attempts where a fault does not pass."""

WELL = Fault(
    "0", "well", {0}, "^stored", lambda attempted: (replying(attempted.right),), Again.NEVER, reported=True
)
BUSY = Fault("0", "busy", {6}, "503", saying(error(503)), answered=True)
LOST = Fault("0", "lost", {7}, "broke", always((ReadHead(), ReadBody(), Reset())))

DOUBT = "an earlier attempt sent everything, and may have been carried out: "


class Position(Enum):
    """When the fault comes."""

    FIRST = "at first, and then all is well"
    SECOND = "after the server was busy, and then all is well"
    LAST = "for ever"
    LOST = "for ever, after an attempt whose answer was lost"

    def course(self, fault: Fault) -> tuple[Fault, ...]:
        """What comes of each attempt, in order; the last one for all that follow."""
        match self:
            case Position.FIRST:
                return fault, WELL
            case Position.SECOND:
                return BUSY, fault, WELL
            case Position.LAST:
                return (fault,)
            case Position.LOST:
                return LOST, fault

    @property
    def passes(self) -> bool:
        """Whether the fault does."""
        return self in {Position.FIRST, Position.SECOND}


@frozen
class Case:
    """One case.

    Attributes:
        fault: what goes wrong.
        body: what is sent, by its name in the table of bodies.
        position: when.
    """

    fault: Fault
    body: str
    position: Position

    def __str__(self) -> str:
        return f"{self.fault}-{self.body}-{self.position.value}"


def cases() -> Iterator[Case]:
    """All of them; where a change shows only to who reads it, the last attempt has to be one that does."""
    for fault, body, position in product(FAULTS, BODIES, Position):
        if position.passes or body not in UNSEEN:
            yield Case(fault, body, position)


def some(cases_: list[Case]) -> list[Case]:
    """Each fault at each position, with bodies that take turns; so each of them comes with many faults."""
    positions, bodies = list(Position), list(BODIES)
    return [
        case
        for case in cases_
        if (FAULTS.index(case.fault) * 2 + positions.index(case.position) * 5 - bodies.index(case.body))
        % len(bodies)
        == 0
    ]


# --- what ought to happen ---------------------------------------------------------------------------------


@define
class Expected:
    """What has to come of a case.

    Attributes:
        played: what comes of each attempt.
        waits: seconds before each further one, but for those that are made at once.
        changed: whether another attempt was due, but the body is another one by then.
    """

    played: list[Fault] = field(factory=list)
    waits: list[float] = field(factory=list)
    changed: bool = False

    @classmethod
    def of(cls, case: Case) -> Expected:
        """It, by the policy of the manual: waits of up to 1, 2, 4 … seconds, half of which is drawn here."""
        course, made = case.position.course(case.fault), cls()
        budget = 600 if case.position.passes else BUDGET
        while True:
            number = len(made.played)
            fault = course[min(number, len(course) - 1)]
            made.played.append(fault)
            wait = max(fault.asks, 0.5 * 2.0**number)
            match fault.again:
                case Again.NEVER:
                    return made
                case Again.ONCE if number:
                    return made
                case Again.AT_ONCE if made.played.count(fault) > 1:
                    return made
                case Again.LATER | Again.ONCE if wait >= budget - sum(made.waits):
                    return made
                case Again.LATER | Again.ONCE:
                    made.waits.append(wait)
            if case.body in CHANGING and fault is case.fault:
                made.changed = True
                return made


# --- what happens -----------------------------------------------------------------------------------------


@define
class Seen:
    """What came of a case.

    Attributes:
        made: what was sent.
        host: the server's address.
        code: the exit code.
        lines: what the user reads, but for the lines of further attempts.
        announced: those.
        out: what `-o` held in the end; it held `old` before.
        beside: what else lies where `-o` does.
        exchanges: what came in at the server.
        elsewhere: how many connections another server got.
        slept: seconds that passed between attempts.
        spoken: all that was said or logged.
    """

    made: Made
    host: str
    code: int
    lines: str
    announced: list[str]
    out: bytes
    beside: list[str]
    exchanges: list[Exchange]
    elsewhere: int
    slept: float
    spoken: str = field(repr=False)


class Bench:
    """Where cases are played.

    Args:
        folder: for what they need all the time.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._bundle = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self._bundle))
        self._token = folder / "token"
        self._token.write_text(f"{TOKEN}-given")
        now = datetime.now(UTC)
        old = self._authority.issue_cert(
            "127.0.0.1", not_before=now - timedelta(2), not_after=now - timedelta(1)
        )
        self._proof = _proof(self._authority.issue_cert("127.0.0.1"))
        self._proofs = {
            "stranger": _proof(trustme.CA().issue_cert("127.0.0.1")),
            "other host": _proof(self._authority.issue_cert("elsewhere.test")),
            "yesterday": _proof(old),
        }
        # A port that nobody listens on, and that nobody else gets meanwhile.
        self._nobody = _unheard()

    def close(self) -> None:
        """Leave."""
        self._nobody.close()

    def play(
        self,
        case: Case,
        folder: Path,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Seen:
        """Send the body of `case` while things go wrong as it says, and look."""
        (folder / "out").mkdir()
        out = folder / "out" / "answer"
        out.write_bytes(b"old")
        made = BODIES[case.body](folder)
        caplog.set_level(logging.DEBUG)
        with ExitStack() as left_open:
            elsewhere = left_open.enter_context(Server())
            server, world = self._world(case, made, elsewhere.url, left_open)
            monkeypatch.setitem(WORLDS, ENDPOINT, world)
            if made.stdin is not None:
                left_open.enter_context(made.stdin)
                monkeypatch.setattr(sys, "stdin", made.stdin)
            if made.word:
                code = main(self._command(case, made, out))
                spoken = "".join(capfd.readouterr())
            else:
                code, spoken = self._called(case, made, out)
            server.close()
        lines = spoken.splitlines()
        announced = [line for line in lines if re.search(r"; attempt \d+ in \d+\.\d s$", line)]
        return Seen(
            made,
            server.address,
            code,
            "\n".join(line for line in lines if line not in announced),
            announced,
            out.read_bytes(),
            [path.name for path in out.parent.iterdir() if path != out],
            server.exchanges,
            elsewhere.connections,
            world.seconds,
            spoken + caplog.text,
        )

    def _command(self, case: Case, made: Made, out: Path) -> list[str]:
        flags = ["--endpoint", ENDPOINT, "-o", str(out), *made.flags]
        if case.fault.tls:
            flags += ["--ca-bundle", str(self._bundle)]
        if not case.position.passes:
            flags += ["--retry-for", f"{BUDGET:g}"]
        words = ["-r", f"content-type={made.content_type}", made.word]
        token = [] if case.fault.renewed else ["-p", f"access-token@={self._token}"]
        return [*flags, *words, *token, "--", *CALL]

    def _called(self, case: Case, made: Made, out: Path) -> tuple[int, str]:
        """The same by a program of its own."""
        lines: list[str] = []
        bundle = str(self._bundle) if case.fault.tls else None
        budget = 600 if case.position.passes else BUDGET
        transport = open_transport(Endpoint(ENDPOINT, ca_bundle=bundle, retry_for=budget, tell=lines.append))
        token = {} if case.fault.renewed else {"access_token": self._token.read_text()}
        outcome = call(STORE_INSTANCES.at(ENDPOINT), {**PLACE, **token}, made.body, transport)
        transport.close()
        if outcome.value is not None:
            out.write_text(json.dumps(outcome.value))
        return outcome.verdict.value, "\n".join([*lines, outcome.message])

    def _world(self, case: Case, made: Made, elsewhere: str, left_open: ExitStack) -> tuple[Server, World]:
        attempted = Attempted(len(made.content), report(made.uids), elsewhere)
        course = case.position.course(case.fault)
        scripts: list[Script] = []
        # More than there will be of the last one.
        for fault in (*course, *course[-1:] * 9):
            scripts += fault.scripts(attempted) if fault.place == "server" else ()
        server = left_open.enter_context(Server(*scripts, tls=self._proof if case.fault.tls else None))
        ways = tuple(
            Way(self._url(fault.place, server, left_open), fault.patience, fault.lasts) for fault in course
        )
        struck = course.index(case.fault)

        def before(attempts: int) -> None:
            if attempts == struck + 1:
                made.change()

        return server, World(ways, before, _renewable() if case.fault.renewed else None)

    def _url(self, place: Place, server: Server, left_open: ExitStack) -> str:
        match place:
            case "server":
                return server.url
            case "nobody":
                return f"http://127.0.0.1:{self._nobody.getsockname()[1]}"
            case "no name":
                return f"https://{'x' * 64}.test"
            case "mute" | "no TLS":
                script: Script = (Hang(),) if place == "mute" else (Write(b"SSH-2.0-x\r\n"), Close())
                return left_open.enter_context(Server(script)).url.replace("http:", "https:")
        return left_open.enter_context(Server(tls=self._proofs[place])).url


def _proof(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _unheard() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def _renewable() -> Credentials:
    """A user's credentials, with a new token as often as one is asked for."""
    numbers = iter(range(99))
    # google-auth wants it in UTC, but without saying so.
    later = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    return Credentials(None, refresh_handler=lambda request, scopes: (f"{TOKEN}-{next(numbers)}", later))
