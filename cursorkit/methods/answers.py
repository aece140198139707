"""Answers to outcomes: what every API of Google has in common."""

from __future__ import annotations

import json
from base64 import b64encode
from http import HTTPStatus
from typing import TYPE_CHECKING

from cursorkit.methods.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from cursorkit.schema.types import Json
    from cursorkit.wire.message import Response

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses of conditions that may pass: what Google's own libraries try again."""


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


def refused(response: Response) -> Outcome:
    """The outcome of an answer that is no success."""
    return Outcome(_verdict(response.status), message=_explained(response), sent=response.sent)


def contents(response: Response) -> bytes:
    """The answer's body."""
    with response.body.open() as reader:
        return reader.read()


def wrapped(response: Response) -> Json:
    """An answer that is not JSON, as JSON."""
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
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def _verdict(code: int) -> Verdict:
    if code in {401, 403}:
        return Verdict.AUTH
    return Verdict.LATER if code in _PASSING else Verdict.REFUSED


def _explained(response: Response) -> str:
    told = f"the server answered {status(response)}"
    if response.status == 401:
        told += ", the token or key is missing, wrong or expired"
    if 300 <= response.status < 400:
        return f"{told} and points to another address, which is not followed"
    reason = _reason(parsed(contents(response))[0])
    return f"{told}: {reason}" if reason else told


def _reason(value: Json) -> str:
    """The message of Google's error format, which is sometimes wrapped in a list; in one line."""
    if isinstance(value, list) and value:
        value = value[0]
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        error = error["message"]
    return " ".join(error.split()) if isinstance(error, str) else ""
