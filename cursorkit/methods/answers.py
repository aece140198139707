"""Answers to outcomes: what every API of Google has in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.errors import discreet
from cursorkit.methods.outcome import Outcome, Verdict, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.types import Json
    from cursorkit.wire.message import Response

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of conditions that may pass: what Google's own libraries try again."""

_PARTIAL_CONTENT = 206

_RATE_LIMITS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
"""Reasons of a 403 that is meant as a 429: in the first error format, and in that of google.rpc.ErrorInfo."""


def read_json(response: Response) -> Outcome:
    """The outcome of an answer in JSON; of any other, its bytes as base64; of an empty one, `{}`."""
    if not 200 <= response.status < 300:
        return refused(response)
    content = contents(response)
    if not content:
        return Outcome(Verdict.DONE, {}, sent=response.sent)
    if "json" not in response.headers.get("Content-Type", "application/json"):
        return Outcome(Verdict.DONE, wrapped(response), sent=response.sent)
    value, readable = parsed(content)
    if not readable:
        message = f"the server answered {status(response)}, but what it says cannot be read"
        return Outcome(Verdict.UNKNOWN, message=message, sent=response.sent)
    return Outcome(Verdict.DONE, value, sent=response.sent)


def read_media(response: Response) -> Outcome:
    """The outcome of an answer that is the media itself."""
    if not 200 <= response.status < 300:
        return refused(response)
    if response.status == _PARTIAL_CONTENT:
        message = f"the server answered {status(response)}, though all of it was asked for"
        return Outcome(Verdict.UNKNOWN, message=message, sent=response.sent)
    return Outcome(Verdict.DONE, sent=response.sent, media=response.body)


def refused(response: Response) -> Outcome:
    """The outcome of an answer that is no success."""
    answer = parsed(contents(response))[0]
    told = (
        evolve(each, description=discreet(each.description, response.secrets)) for each in violations(answer)
    )
    message = _explained(response, answer)
    return Outcome(_verdict(response), message=message, sent=response.sent, violations=tuple(told))


def violations(answer: Json) -> tuple[Violation, ...]:
    """The violations in an error answer of Google's format.

    They are the field violations of each google.rpc.BadRequest among its details. Older APIs have no details,
    and name in `error.errors[].location` a parameter, or behind `resource.` a field of the body.
    """
    error = _error(answer)
    details = (each for each in _structures(error, "details") if _is_bad_request(each))
    found = [each for detail in details for each in _structures(detail, "fieldViolations")]
    told = [Violation(_text(each, "field"), _line(each, "description")) for each in found]
    return tuple(told or map(_old_style, filter(_names_parameter, _structures(error, "errors"))))


def passing(response: Response) -> bool:
    """Whether an answer tells of a condition that may pass."""
    return response.status in _PASSING or (response.status == 403 and bool(_reasons(response) & _RATE_LIMITS))


def readable(response: Response) -> bool:
    """Whether an answer is a JSON document."""
    return parsed(contents(response))[1]


def contents(response: Response) -> bytes:
    """The answer's body."""
    with response.body.open() as reader:
        return reader.read()


def wrapped(response: Response) -> Json:
    """An answer that is not JSON, as JSON."""
    from base64 import b64encode

    data = b64encode(contents(response)).decode("ascii")
    return {"contentType": response.headers.get("Content-Type"), "data": data}


def parsed(content: bytes) -> tuple[Json, bool]:
    """The JSON document in `content`, and whether there is one."""
    try:
        return json.loads(content), True
    except (ValueError, RecursionError):
        return None, False


def status(response: Response) -> str:
    """The status in words, `404 Not Found`."""
    from http import HTTPStatus

    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def _verdict(response: Response) -> Verdict:
    if passing(response):
        return Verdict.LATER
    return Verdict.AUTH if response.status in {401, 403} else Verdict.REFUSED


def _explained(response: Response, answer: Json) -> str:
    told = f"the server answered {status(response)}"
    if response.status == 401:
        told += ", the token or key is missing, wrong or expired"
    if 300 <= response.status < 400:
        return f"{told} and points to another address, which is not followed"
    reason = discreet(_line(_error(answer), "message"), response.secrets)
    return f"{told}: {reason}" if reason else told


def _reasons(response: Response) -> set[str]:
    """The words for machines that Google's error format has for a reason."""
    error = _error(parsed(contents(response))[0])
    return {_text(each, "reason") for name in ("errors", "details") for each in _structures(error, name)}


def _error(answer: Json) -> dict[str, Json]:
    """The error of Google's error format, which is sometimes wrapped in a list."""
    value = answer[0] if isinstance(answer, list) and answer else answer
    error = value.get("error") if isinstance(value, dict) else None
    return error if isinstance(error, dict) else {"message": error}


def _is_bad_request(detail: dict[str, Json]) -> bool:
    return _text(detail, "@type").endswith("google.rpc.BadRequest")


def _names_parameter(error: dict[str, Json]) -> bool:
    return _text(error, "locationType") == "parameter" and bool(_text(error, "location"))


def _old_style(error: dict[str, Json]) -> Violation:
    location = _text(error, "location")
    field = location.removeprefix("resource.")
    return Violation(field, _line(error, "message"), parameter=field == location)


def _line(value: dict[str, Json], name: str) -> str:
    """A text that people read, in one line."""
    return " ".join(_text(value, name).split())


def _text(value: dict[str, Json], name: str) -> str:
    text = value.get(name)
    return text if isinstance(text, str) else ""


def _structures(value: dict[str, Json], name: str) -> Iterator[dict[str, Json]]:
    held = value.get(name)
    return (each for each in (held if isinstance(held, list) else ()) if isinstance(each, dict))
