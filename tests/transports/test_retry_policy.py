"""When there is another attempt, and when: a decision about a value, without a clock or a network."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit.wire import (
    AuthenticationError,
    Bytes,
    ConnectError,
    Headers,
    PermanentError,
    Response,
    Sent,
    TransportError,
    TrustError,
    UnknownHostError,
)
from cursorkit_transports.retry import Policy, Situation, Stop, Wait, retry_after

if TYPE_CHECKING:
    from cursorkit_transports.retry import Result

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = NOON.timestamp()
WHOLE = Sent(4, whole=True, sha256="")
CUT = Sent(2, whole=False, sha256="")
PASSING = (408, 429, 500, 502, 503, 504)


def response(status: int, body: bytes = b"{}", **headers: str) -> Response:
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, fields, Bytes(body), WHOLE)


def decide(
    result: Result,
    policy: Policy | None = None,
    *,
    idempotent: bool = True,
    attempts: int = 1,
    elapsed: float = 0,
    chance: float = 0.5,
) -> Wait | Stop:
    """What is decided after an attempt, half-way in the range of chance."""
    return (policy or Policy()).decide(Situation(result, idempotent, attempts, elapsed, NOW, chance))


# --- what is repeated -------------------------------------------------------------------------------------


def test_what_may_pass_is_repeated_where_that_is_safe() -> None:
    faults: list[Result] = [TransportError("cut", CUT), TransportError("lost", WHOLE)]
    for result in [*map(response, PASSING), *faults]:
        assert decide(result) == Wait(0.5)
        assert decide(result, idempotent=False) == Stop(
            "it is not tried again, because it might be done twice"
        )


def test_a_call_that_nobody_answered_is_repeated_for_every_request() -> None:
    for idempotent in (True, False):
        assert decide(ConnectError("refused"), idempotent=idempotent) == Wait(0.5)
        assert decide(ConnectError("refused"), idempotent=idempotent, attempts=9) == Wait(30)


def test_a_name_that_nobody_has_is_looked_for_twice() -> None:
    for idempotent in (True, False):
        assert decide(UnknownHostError("no such name"), idempotent=idempotent) == Wait(0.5)
        assert decide(UnknownHostError("no such name"), idempotent=idempotent, attempts=2) == Stop()


@given(st.integers(200, 999).filter(lambda status: status not in PASSING), st.booleans())
def test_any_other_answer_is_final(status: int, idempotent: bool) -> None:
    assert decide(response(status, Retry_After="1"), idempotent=idempotent) == Stop()


def test_what_will_not_help_is_not_done() -> None:
    for kind in (PermanentError, TrustError, AuthenticationError):
        assert decide(kind("no")) == Stop()


RATE_LIMITS = [
    b'{"error": {"code": 403, "errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded"}]}}',
    b'{"error": {"code": 403, "errors": [{"reason": "x"}, {"reason": "userRateLimitExceeded"}]}}',
    b'{"error": {"code": 403, "details": [{"@type": "e", "reason": "RATE_LIMIT_EXCEEDED"}]}}',
    b'[{"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}]}}]',
]
OTHERS = [
    b"",
    b"rateLimitExceeded",
    b'"rateLimitExceeded"',
    b'{"error": "rateLimitExceeded"}',
    b'{"error": {"message": "rateLimitExceeded"}}',
    b'{"error": {"errors": [{"reason": "forbidden"}]}}',
    b'{"error": {"errors": {"reason": "rateLimitExceeded"}, "details": "RATE_LIMIT_EXCEEDED"}}',
    b'{"error": {"errors": ["rateLimitExceeded", {"reason": ["rateLimitExceeded"]}]}}',
    b'{"error": {"errors": [{"reason": "dailyLimitExceeded"}]}}',
]


def test_a_403_that_is_meant_as_a_429() -> None:
    for body in RATE_LIMITS:
        assert decide(response(403, body)) == Wait(0.5)
        assert decide(response(403, body, Retry_After="7")) == Wait(7)
        assert isinstance(decide(response(403, body), idempotent=False), Stop)
        assert decide(response(401, body)) == Stop()
    for body in OTHERS:
        assert decide(response(403, body)) == Stop()


# --- after how long ---------------------------------------------------------------------------------------


def test_the_waits_are_drawn_from_twice_as_far_each_time() -> None:
    drawn = [decide(response(503), attempts=number, chance=1.0) for number in range(1, 9)]
    assert drawn == [Wait(1), Wait(2), Wait(4), Wait(8), Wait(16), Wait(32), Wait(60), Wait(60)]
    assert decide(response(503), attempts=10_000, chance=0.0) == Wait(0)
    assert decide(response(503), Policy(first=3, longest=5), attempts=2, chance=0.5) == Wait(2.5)


def date(seconds: float) -> str:
    return format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        ("00030", 30),
        ("999999999", 999_999_999),
        ("9" * 5_000, 1e12),
        (date(30), 30),
        (date(-30), 0),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", 0),
        ("1.5", 0),
        ("-5", 0),
        ("+5", 0),
        ("1e3", 0),
        ("", 0),
        ("٣", 0),
        ("Sun, 01 Mar 99999999 12:00:00 GMT", 0),
        ("Sun, 99 Mar 2026 12:00:00 GMT", 0),
    ],
)
def test_what_a_server_asks_for(value: str, seconds: float) -> None:
    assert retry_after(Headers([("retry-after", value)]), NOW) == seconds


def test_dates_are_in_utc_wherever_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-9")
    try:
        time.tzset()
        for value in (date(30), "Sunday, 01-Mar-26 12:00:30 GMT", "Sun Mar  1 12:00:30 2026"):
            assert retry_after(Headers([("Retry-After", value)]), NOW) == 30
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_server_that_does_not_ask() -> None:
    assert retry_after(Headers(), NOW) == 0


def test_a_date_is_held_against_the_clock_of_the_server() -> None:
    """Ours may be wrong, or that of the server: it is the difference that counts."""
    fields = Headers([("Date", date(86_400)), ("Retry-After", date(86_430))])
    assert retry_after(fields, NOW) == 30
    assert retry_after(Headers([("Date", "now"), ("Retry-After", date(30))]), NOW) == 30


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_some_time_or_none(value: str, now: str) -> None:
    assert 0 <= retry_after(Headers([("Retry-After", value), ("Date", now)]), NOW) <= 1e12


def test_a_server_gets_at_least_the_wait_it_asks_for() -> None:
    assert decide(response(429, Retry_After="30")) == Wait(30)
    assert decide(response(503, Retry_After=date(30))) == Wait(30)
    # One that asks for none is not flooded.
    for value in ("0", date(-30), "soon"):
        assert decide(response(503, Retry_After=value), attempts=5) == Wait(8)


# --- for how long -----------------------------------------------------------------------------------------


def test_a_wait_that_would_be_too_long_is_named_at_once() -> None:
    assert decide(response(503, Retry_After="999999999"), elapsed=2) == Stop(
        "the server asks to wait 999999999 s, and 598 s are left to try again"
    )
    assert decide(response(503, Retry_After=date(601))) == Stop(
        "the server asks to wait 601 s, and 600 s are left to try again"
    )
    assert decide(response(503, Retry_After="7"), Policy(budget=0)) == Stop(
        "the server asks to wait 7 s, and 0 s are left to try again"
    )


def test_without_a_budget_there_is_one_attempt_and_no_word_of_it() -> None:
    for chance in (0.0, 1.0):
        assert decide(response(503), Policy(budget=0), chance=chance) == Stop()
        assert decide(ConnectError("refused"), Policy(budget=0), chance=chance) == Stop()


def test_when_the_budget_is_spent() -> None:
    for elapsed in (599.9, 4000):
        decision = decide(response(503), attempts=7, elapsed=elapsed)
        assert decision == Stop(f"given up after 7 attempts in {elapsed:.0f} s")
    # That of the server would fit, but not ours.
    assert decide(response(503, Retry_After="1"), attempts=7, elapsed=590) == Stop(
        "given up after 7 attempts in 590 s"
    )


results = st.one_of(
    st.builds(
        lambda status, value: response(status, **({} if value is None else {"Retry_After": value})),
        st.sampled_from([*PASSING, 200, 202, 400, 401, 403, 404, 409]),
        st.none() | st.integers(0, 2_000).map(str) | st.integers(-700, 2_000).map(date) | st.text(max_size=5),
    ),
    st.builds(
        lambda kind, sent: kind("why", sent),
        st.sampled_from([TransportError, ConnectError, UnknownHostError, TrustError, PermanentError]),
        st.sampled_from([WHOLE, CUT]),
    ),
)
policies = st.builds(Policy, st.floats(0, 1_000), st.floats(0, 10), st.floats(0, 100))
situations = st.builds(
    Situation,
    results,
    st.booleans(),
    st.integers(1, 5_000),
    st.floats(0, 1_200),
    st.floats(0, 4e9),
    st.floats(0, 1),
)


@given(policies, situations)
def test_what_holds_for_every_decision(policy: Policy, situation: Situation) -> None:
    decision = policy.decide(situation)
    result = situation.result
    if isinstance(decision, Stop):
        return
    # The next attempt begins within the budget, and never sooner than a server asks for.
    assert situation.elapsed + decision.seconds <= policy.budget * (1 + 1e-12)
    asked = retry_after(result.headers, situation.now) if isinstance(result, Response) else 0
    assert asked <= decision.seconds <= max(asked, policy.longest)
    # What may have been done is never done again, unless that does not matter.
    assert situation.idempotent or isinstance(result, ConnectError)
    assert not isinstance(result, PermanentError)
    assert not isinstance(result, Response) or result.status in PASSING


@given(policies, st.lists(results, min_size=1), st.booleans(), st.floats(0, 1))
def test_no_run_of_attempts_waits_longer_than_the_budget(
    policy: Policy, results: list[Result], idempotent: bool, chance: float
) -> None:
    waited = 0.0
    for number, result in enumerate(results, 1):
        decision = policy.decide(Situation(result, idempotent, number, waited, NOW, chance))
        if isinstance(decision, Stop):
            break
        waited += decision.seconds
    assert waited <= policy.budget * (1 + 1e-12)
