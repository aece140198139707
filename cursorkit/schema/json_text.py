"""JSON text to values, to the letter."""

from __future__ import annotations

import json
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from cursorkit.schema.mismatch import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

_Pairs = list[tuple[str, object]]


def decoded(octets: bytes) -> str:
    """The text of a file.

    Raises:
        Mismatch: `not-unicode`.
    """
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise Mismatch("not-unicode", "the file is not UTF-8 text") from None


def parsed(text: str) -> object:
    """The JSON document that `text` is.

    Raises:
        Mismatch: `not-json`, `duplicate-key`, `out-of-range` or `limit`.
    """
    if text.startswith("\ufeff"):
        raise Mismatch("not-json", "the JSON document begins with a byte order mark", span=(0, 1))
    repeating: list[_Repeating] = []
    try:
        value = json.loads(text, object_pairs_hook=partial(_members, repeating), parse_constant=_no_json)
    except RecursionError:
        raise Mismatch("limit", "the JSON document is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Mismatch(
            "not-json",
            f"this is no JSON document (line {error.lineno}, column {error.colno})",
            span=(error.pos, min(error.pos + 1, len(text))),
        ) from None
    except ValueError:
        raise Mismatch("out-of-range", "a number of the JSON document has too many digits") from None
    if repeating:
        place = next(_repeated(value))
        raise Mismatch("duplicate-key", "a key stands twice in the JSON document", place=place)
    return value


class _Repeating(dict[str, object]):
    """A structure in which `key` stood twice."""

    key = ""


def _members(repeating: list[_Repeating], pairs: _Pairs) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    found = _Repeating(members)
    found.key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    repeating.append(found)
    return found


def _repeated(document: object) -> Iterator[tuple[str | int, ...]]:
    """Where keys stood twice in `document`, the least deep first."""
    waiting: deque[tuple[tuple[str | int, ...], object]] = deque([((), document)])
    while waiting:
        place, value = waiting.popleft()
        if isinstance(value, _Repeating):
            yield (*place, value.key)
        parts = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        waiting.extend(((*place, step), part) for step, part in parts)


def _no_json(constant: str) -> NoReturn:
    raise Mismatch("not-json", f"{constant} is no JSON")
