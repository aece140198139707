"""Values of scalars, for arguments that show how something is set."""

from __future__ import annotations

import re

from cursorkit.schema.document import text, texts, unsound
from cursorkit.schema.patterns import compiled

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.schema.document import Document

_OF_FORMATS = {
    "byte": "AAEC",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:30:00Z",
    "google-datetime": "2026-01-31T12:30:00Z",
    "google-duration": "1.5s",
    "google-fieldmask": "name",
    "int64": "1",
    "uint64": "1",
}
"""By the format of a string."""

_OF_TYPES = {"boolean": "true", "integer": "1", "number": "1.5", "string": "text"}

_COMMON = ("text", "a", "1", "a/b", "projects/1", "10.0.0.1", "10.0.0.0/8", "a@b.cd")
"""Texts that patterns often ask for. They are short: an evil pattern takes its time with long ones."""

_RUN = r"(\[(?:[^\]\\]|\\.)+\])(?:\{([0-9]{1,3})(?:,[0-9]*)?\}|[+*?])?"
"""A class of characters, and how often there is one of it."""

_STOPGAPS = ("UNSPECIFIED", "UNKNOWN", "UNDEFINED")
"""What enums call the value of whoever chose none."""


def sample(scalar: Document) -> str:
    """A value of a scalar, as it stands behind `=`; of the strangest patterns, one that they may refuse."""
    found = _sample(scalar)
    return found if found.isprintable() else _OF_TYPES["string"]


def _sample(scalar: Document) -> str:
    kind = text(scalar, "type")
    if "example" in scalar:
        return text(scalar, "example")
    if "enum" in scalar:
        return _choice(scalar)
    if kind == "string":
        plain = text(scalar, "default") or _OF_TYPES[kind]
        usual = _OF_FORMATS.get(text(scalar, "format"), plain)
        return _matching(text(scalar, "pattern"), usual) if "pattern" in scalar else usual
    return _within(scalar) if kind == "integer" else _OF_TYPES[kind]


def _choice(scalar: Document) -> str:
    """The first value that is neither a stopgap nor deprecated, as far as there is one."""
    values = texts(scalar, "enum")
    deprecated = scalar.get("enumDeprecated")
    gone = deprecated if isinstance(deprecated, list) else []
    current = [each for at, each in enumerate(values) if True not in gone[at : at + 1]]
    telling = [each for each in current if not any(word in each for word in _STOPGAPS)]
    return next(iter((*telling, *current, *values)), "")


def _within(scalar: Document) -> str:
    """An integer between the bounds, as small as that goes."""
    least, most = text(scalar, "minimum"), text(scalar, "maximum")
    try:
        number = max(1, int(least or 1))
        return str(min(number, int(most or number)))
    except ValueError:
        raise unsound(scalar, "a bound is no integer") from None


def _matching(pattern: str, usual: str) -> str:
    try:
        expression = compiled(pattern)
    except (re.error, OverflowError, RecursionError):
        raise unsound({}, "'pattern' is no regular expression") from None
    return next((each for each in _candidates(pattern, usual) if expression.search(each)), usual)


def _candidates(pattern: str, usual: str) -> Iterator[str]:
    yield usual
    yield from _COMMON
    if "(" not in pattern:
        # Without groups no pattern takes longer than the square of what it is held against.
        yield re.sub(_RUN, _run, pattern.removeprefix("^").removesuffix("$"))


def _run(found: re.Match[str]) -> str:
    """For a class of characters one of them, as often as it says."""
    within = found[1][1:-1]
    letter = "a" if within.startswith("^") else within.removeprefix("\\")[:1]
    return letter * int(found[2] or 1)
