"""The three spellings of a name: on the command line, on the wire, in Python; and misspellings."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import compress, takewhile
from operator import eq

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterable

_BREAK = re.compile(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a word begins within a name."""


@lru_cache(maxsize=4096)
def cli_name(wire: str) -> str:
    """The command-line spelling of a wire name, as the generated programs make it.

    `contentType` becomes `content-type`. Not invertible, so a record keeps a table of its names.
    """
    return _BREAK.sub("-", wire).lower().replace("_", "-").replace(".", "-")


@lru_cache(maxsize=4096)
def checked_name(wire: str) -> str:
    """The same for the name of a field or parameter, which arguments have to be able to spell.

    Raises:
        SchemaError: it holds a character that the language takes for its own, or that nobody sees.
    """
    name = cli_name(wire)
    if not name or set(name) & set(".=:@/+") or not wire.isprintable():
        from cursorkit.errors import SchemaError, quoted

        odd = "one of . = : @ / +" if wire.isprintable() else "a character that cannot be printed"
        raise SchemaError(f"the name {quoted(wire)} is empty, or holds {odd}")
    return name


def written_name(wire: str) -> str:
    """The spelling to write on a command line: the usual one, unless that would look like a flag.

    Raises:
        SchemaError: as `checked_name`.
    """
    name = checked_name(wire)
    return wire if name.startswith("-") and wire.startswith("_") and "." not in wire else name


def wire_name(python: str) -> str:
    """The wire spelling that a Python name stands for unless it says otherwise.

    `content_type` becomes `contentType`.
    """
    first, *others = python.strip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` was most likely meant to be; None if it is like none of them.

    Names are alike by their Jaro-Winkler similarity, which rewards a common beginning, from the front or from
    the back, whatever their case and separators. The measure and its threshold are the reference's, which
    looks from the front only.
    """
    if len(name) > _LONGEST:
        return None
    spelled = _folded(name)
    best, most = None, _ALIKE
    for each in known:
        other = _folded(each)
        alike = max(_similarity(spelled, other), _similarity(spelled[::-1], other[::-1]))
        if alike > most:
            best, most = each, alike
    return best


_LONGEST = 100
"""Characters of a name that is compared with others; real ones have half as many."""

_ALIKE = 0.8
_REWARDED = 4
"""Characters of a common beginning that count."""


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


def _similarity(one: str, other: str) -> float:
    """Jaro and Winkler's similarity, from 0 to 1: the share of letters that are common, and in order."""
    if one == other:
        return 1.0
    reach = max(len(one), len(other)) // 2 - 1
    common: list[str] = []
    used = [False] * len(other)
    for at, char in enumerate(one):
        found = other.find(char, max(0, at - reach), at + reach + 1)
        while found >= 0 and used[found]:
            found = other.find(char, found + 1, at + reach + 1)
        if found >= 0:
            used[found] = True
            common.append(char)
    if not common:
        return 0.0
    swapped = sum(a != b for a, b in zip(common, compress(other, used), strict=True)) / 2
    share = (len(common) / len(one) + len(common) / len(other) + (len(common) - swapped) / len(common)) / 3
    beginning = sum(1 for _ in takewhile(bool, map(eq, one[:_REWARDED], other[:_REWARDED])))
    return share + beginning / 10 * (1 - share) if share > 0.7 else share
