"""What can go wrong with an attempt, row by row of the fault matrix."""

from __future__ import annotations

import gzip
import json
from email.utils import formatdate
from typing import TYPE_CHECKING

from cursorkit.testing.answers import FLAWED, answer, chunked
from cursorkit.testing.server import Close, Hang, ReadBody, ReadHead, Reset, Write, WriteBeneath, replying
from fault import (
    JSON,
    LEAVING,
    TOKEN,
    Again,
    Fault,
    always,
    cut,
    early,
    error,
    in_the_body,
    leaving,
    report,
    reporting,
    saying,
)
from fault_opener import LARGEST_ANSWER, NOW

if TYPE_CHECKING:
    from fault import Attempted, Scripts

NEVER = Again.NEVER
SHORT = 0.2
"""Seconds of patience where nothing will come."""

DONE, REFUSED, AUTH, LATER, LOST, PARTLY = {0}, {1}, {4}, {6}, {7}, {8}
CUT = {6, 7}
"""Later, or lost where the server may have got it all: how much a system takes ahead is its own affair."""


def refusal(row: str, name: str, told: str, scripts: Scripts, *, reported: bool = False) -> Fault:
    """An answer that is final."""
    return Fault(row, name, REFUSED, told, scripts, NEVER, answered=True, reported=reported)


def well(row: str, name: str, scripts: Scripts, *, renewed: bool = False) -> Fault:
    """What is no fault in the end."""
    return Fault(row, name, DONE, "^stored [13] instances?$", scripts, NEVER, reported=True, renewed=renewed)


# --- the connection (rows 1 to 7) -------------------------------------------------------------------------

_CLOSED = "the answer of {host} is incomplete"
_BROKEN = f"the connection to {{host}} broke: |{_CLOSED}"
_RESET = f"{_BROKEN}|cannot connect to {{host}}: Connection reset by peer"
_GARBLED = f"the TLS connection to {{host}} broke|{_BROKEN}"
_UNTRUSTED = "the certificate of .* is not trusted: .*"
_MUTE = "cannot connect to .*: no answer"
_NO_TLS = "does not prove who it is: no TLS connection comes about"
_GARBAGE = WriteBeneath(bytes(100))

CONNECTIONS = [
    Fault("1", "refused", LATER, "cannot connect to .*: Connection refused", always(), place="nobody"),
    Fault("2", "no name", LATER, "cannot find x+.test: no such name", always(), Again.ONCE, place="no name"),
    Fault("3", "a stranger", REFUSED, _UNTRUSTED, always(), NEVER, place="stranger", tls=True),
    Fault("3", "another host", REFUSED, _UNTRUSTED, always(), NEVER, place="other host", tls=True),
    Fault("3", "expired", REFUSED, f"{_UNTRUSTED}", always(), NEVER, place="yesterday", tls=True),
    Fault("3", "no TLS", REFUSED, _NO_TLS, always(), NEVER, place="no TLS", tls=True),
    Fault("3", "mute", LATER, _MUTE, always(), place="mute", patience=SHORT, tls=True),
    Fault("3b", "garbage in the body", CUT, _GARBLED, in_the_body(_GARBAGE, Close()), tls=True),
    Fault("3b", "garbage for an answer", LOST, _GARBLED, saying(b"", _GARBAGE, Close()), tls=True),
    Fault("3b", "reset in the body, with TLS", CUT, _GARBLED, in_the_body(Reset()), tls=True),
    Fault("4", "reset at once", CUT, _RESET, always((Reset(),))),
    Fault("4", "reset after the head", CUT, _BROKEN, always((ReadHead(), Reset()))),
    Fault("5", "reset in the body", CUT, _BROKEN, in_the_body(Reset())),
    Fault("5", "closed in the body", CUT, _BROKEN, in_the_body(Close())),
    Fault("6", "reset after the body", LOST, _BROKEN, always((ReadHead(), ReadBody(), Reset()))),
    Fault("6", "closed after the body", LOST, _CLOSED, saying(b"", Close())),
    Fault("7", "reset after the status", LOST, _BROKEN, cut(17, Reset())),
    Fault("7", "reset in the report", LOST, _BROKEN, cut(-5, Reset())),
]

# --- time (rows 8 to 10, and 40) --------------------------------------------------------------------------

_SILENT = "{host} fell silent for [0-9.]+ s"
_SLOW = "the answer of {host} takes too long"
_ENDLESS = f"{_SILENT}|{_SLOW}"
_STALLED = f"{_SILENT}|{{host}} takes no more of the body"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
_DRIPPING = Write(bytes(99), 1, 0.05)
_WAITING = Write(b"HTTP/1.1 102 Wait\r\n\r\n" * 50, 21, 0.05)

TIMES = [
    Fault("8", "takes no more of the body", CUT, _STALLED, in_the_body(Hang()), patience=SHORT),
    Fault("8", "takes nothing", CUT, _STALLED, always((ReadHead(), Hang())), patience=SHORT),
    Fault("9", "does not answer", LOST, _SILENT, saying(b"", Hang()), patience=SHORT),
    Fault("9", "stops in the head", LOST, _ENDLESS, cut(30, Hang()), patience=SHORT),
    Fault("9", "stops in the report", LOST, _ENDLESS, cut(-1, Hang()), patience=SHORT),
    Fault("10", "drips the head", LOST, _SLOW, saying(_HEAD[:-2] + b"X: ", _DRIPPING), patience=SHORT),
    Fault("10", "drips interim answers", LOST, _SLOW, saying(b"", _WAITING), patience=SHORT),
    Fault("10", "drips the report", LOST, _SLOW, saying(_HEAD, _DRIPPING), patience=SHORT),
    Fault("40", "an hour of sleep", LATER, "503", saying(error(503)), NEVER, lasts=3600, answered=True),
]

# --- what a server says (rows 11 to 19) -------------------------------------------------------------------

_PASSING = {
    "408 Request Timeout: busy": saying(error(408, "busy")),
    "429 Too Many Requests: busy": saying(error(429, "busy")),
    "500 Internal Server Error: busy": saying(error(500, "busy")),
    "502 Bad Gateway: busy": saying(error(502, "busy")),
    "503 Service Unavailable: busy": saying(error(503, "busy")),
    "504 Gateway Timeout: busy": saying(error(504, "busy")),
    "503 Service Unavailable: before the body": early(error(503, "before the body", LEAVING)),
    "503 Service Unavailable$": saying(b"HTTP/1.1 503 Busy\r\n\r\nwithout a length", Close()),
    "502 Bad Gateway$": saying(answer(502, b"<html>a proxy</html>", [("Content-Type", "text/html")])),
    "403 Forbidden: slowly": saying(error(403, "slowly", errors=[{"reason": "rateLimitExceeded"}])),
}

PASSING = [
    Fault("14" if told[:3] == "403" else "11", told.rstrip("$"), LATER, told, scripts, answered=True)
    for told, scripts in _PASSING.items()
]

_WAITS = {
    "2": 2.0,
    "0": 0.0,
    formatdate(NOW + 2, usegmt=True): 2.0,
    formatdate(NOW - 99, usegmt=True): 0.0,
    "soon": 0.0,
    "1.5": 0.0,
    "-5": 0.0,
    "": 0.0,
}
_TOO_LONG = ("999999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT")
_ASKS = r"the server asks to wait \d{{9,}} s, and \d+ s are left to try again"


def _asking(value: str, *more: tuple[str, str]) -> Scripts:
    return saying(error(503, "", ("Retry-After", value), *more))


_OTHER_CLOCK = _asking(formatdate(502, usegmt=True), ("Date", formatdate(500, usegmt=True)))

WAITS = [
    *(
        Fault("12", f"Retry-After '{value}'", LATER, "503", _asking(value), asks=seconds, answered=True)
        for value, seconds in _WAITS.items()
    ),
    Fault("12", "Retry-After by another clock", LATER, "503", _OTHER_CLOCK, asks=2, answered=True),
    *(
        Fault("12", f"Retry-After '{value[:32]}'", LATER, _ASKS, _asking(value), NEVER, answered=True)
        for value in _TOO_LONG
    ),
]

_UNKNOWN = replying(error(401))
_EARLY = (ReadHead(), Write(error(401, "", LEAVING)), Close())
_SAID = "401 Unauthorized, the token or key is missing, wrong or expired"
_GIVEN = saying(error(401, f"{TOKEN}-given is unknown"))
_SUSPENDED = saying(error(403, f"{TOKEN}-given is suspended"))
_TWICE = always(_UNKNOWN, _UNKNOWN)
_THEN_BUSY = always(_UNKNOWN, replying(error(503)))

PROOFS = [
    well("13", "401 once", lambda attempted: (_UNKNOWN, replying(attempted.right)), renewed=True),
    well("13", "401 before the body", lambda attempted: (_EARLY, replying(attempted.right)), renewed=True),
    Fault("13", "401 twice", AUTH, _SAID, _TWICE, NEVER, answered=True, renewed=True),
    Fault("13", "401, and then busy", LATER, "503", _THEN_BUSY, answered=True, renewed=True),
    Fault("13b", "401 for a given token", AUTH, rf"{_SAID}: \*\*\* is unknown", _GIVEN, NEVER, answered=True),
    Fault("14", "403", AUTH, "403 Forbidden: no", saying(error(403, "no")), NEVER, answered=True),
    Fault("14", "403 with the token", AUTH, r"403 .*: \*\*\* is susp", _SUSPENDED, NEVER, answered=True),
]

_DUPLICATE = saying(answer(409, report((), ["1.2"]), [JSON]))


def _partly(attempted: Attempted) -> bytes:
    both = json.loads(attempted.report) | json.loads(report((), ["1.2.3"]))
    return answer(202, json.dumps(both).encode(), [JSON])


REFUSALS = [
    refusal("15", "400", "400 Bad Request: no", saying(error(400, "no")), reported=True),
    refusal("15", "404", "404 Not Found: no", saying(error(404, "no"))),
    refusal("15", "411", "411 Length Required: no", saying(error(411, "no"))),
    refusal("15", "415", "415 Unsupported Media Type: no", saying(error(415, "no"))),
    refusal("16", "409 for other bytes", r"not stored: 1 .*: duplicate instance", _DUPLICATE, reported=True),
    refusal("16", "409 without a report", "409 Conflict: no", saying(error(409, "no")), reported=True),
    Fault(
        "17",
        "202 for some",
        PARTLY,
        "stored [13] instances?\nnot stored: 1 instance: duplicate instance",
        lambda attempted: (replying(_partly(attempted)),),
        NEVER,
        reported=True,
    ),
    refusal("18", "413 before the body", "413 .*: too large", early(error(413, "too large", LEAVING))),
    refusal(
        "18",
        "413 in the body",
        "413 .*: too large",
        in_the_body(Write(error(413, "too large", LEAVING)), Close()),
    ),
    refusal("27", "700", "the server answered 700: what", saying(error(700, "what"))),
]


def _elsewhere(status: int) -> Scripts:
    def scripts(attempted: Attempted) -> tuple[tuple[ReadHead, ReadBody, Write], ...]:
        there = ("Location", f"{attempted.elsewhere}/stolen")
        return ((ReadHead(), ReadBody(), Write(answer(status, b"", [there]))),)

    return scripts


REDIRECTS = [
    refusal("19", str(status), f"{status} .* another address, which is not followed", _elsewhere(status))
    for status in (301, 302, 303, 307, 308)
]

# --- answers that are none, or hardly one (rows 20 to 27) -------------------------------------------------


def _compressed(content: bytes) -> bytes:
    return answer(200, content, [JSON, ("Content-Encoding", "gzip")])


def _surplus(content: bytes) -> bytes:
    return answer(200, content, [JSON]) + answer(200, b"{}")


_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

FINE = [
    well("20", "100 before the answer", lambda attempted: (replying(_CONTINUE + attempted.right),)),
    well("20", "103 before the answer", lambda attempted: (replying(_HINTS * 3 + attempted.right),)),
    well(
        "21", "a report in chunks", reporting(lambda told: chunked(200, told[:9], told[9:], headers=[JSON]))
    ),
    well("22", "a compressed report", reporting(lambda told: _compressed(gzip.compress(told)))),
    well("24", "more than the length", reporting(_surplus)),
]

_FRAMED = "the answer of {host} is framed in a way that nobody asked for"
_LENGTH = "the answer of {host} does not tell its length"
_LARGE = f"the answer of {{host}} is larger than {LARGEST_ANSWER} bytes"
_SWITCHING = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"
_ENDLESS_REPORT = reporting(lambda told: b"HTTP/1.1 200 OK\r\n\r\n" + told)
_TOO_LARGE = leaving(answer(200, bytes(LARGEST_ANSWER + 1)))
_BOMB = leaving(_compressed(gzip.compress(bytes(64 * LARGEST_ANSWER))))

ANSWERS = [
    Fault("20", "101", LOST, _FRAMED, saying(_SWITCHING, Close())),
    Fault("21", "chunks cut", LOST, _CLOSED, reporting(lambda told: chunked(200, told, headers=[JSON])[:-5])),
    Fault("21", "less than the length", LOST, _CLOSED, cut(-1, Close())),
    Fault("22", "a head cut", LOST, _CLOSED, cut(26, Close())),
    Fault("22", "gzip cut", LOST, _CLOSED, reporting(lambda told: _compressed(gzip.compress(told)[:-4]))),
    Fault("22", "no length", LOST, _LENGTH, _ENDLESS_REPORT),
    Fault("25", "an answer too large", LOST, _LARGE, always(_TOO_LARGE), NEVER),
    Fault("26", "a gzip bomb", LOST, _LARGE, always(_BOMB), NEVER),
]

_DOCUMENTS = {
    "HTML": (b"<html>well</html>", "text/html"),
    "nothing": (b"", "application/json"),
    "half a document": (b'{"00081199": {"vr"', "application/json"),
    "no text": (b"\xff\xfe\x00", "application/dicom+json"),
}
_UNREADABLE = "the server answered 200 OK, but its report cannot be read"
_NAMELESS = "the server answered 200 OK, but its report names no stored instance"

REPORTS = [
    *(
        Fault(
            "23",
            f"200 with {name}",
            LOST,
            _UNREADABLE,
            saying(answer(200, content, [("Content-Type", kind)])),
            Again.AT_ONCE,
            reported=bool(content),
        )
        for name, (content, kind) in _DOCUMENTS.items()
    ),
    Fault("23", "200 with {}", LOST, _NAMELESS, saying(answer(200, b"{}", [JSON])), NEVER, reported=True),
]

FLAWS = [
    Fault(
        "24" if "length" in name else "21" if "chunk" in name else "22" if "compressed" in name else "27",
        name,
        LOST,
        "the answer of {host} ",
        always(leaving(data) if data.startswith(b"HTTP") else replying(data, Close())),
    )
    for name, data in FLAWED.items()
    if name not in {"silence", "an error with a field without a name"}
]

FAULTS = [
    *CONNECTIONS,
    *TIMES,
    *PASSING,
    *WAITS,
    *PROOFS,
    *REFUSALS,
    *REDIRECTS,
    *FINE,
    *ANSWERS,
    *REPORTS,
    *FLAWS,
]
