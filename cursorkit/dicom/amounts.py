"""Amounts as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(octets: float) -> str:
    """Bytes in three digits, and in powers of 1000 (SI): `512 B`, `1.23 MB`."""
    unit = 0
    # What would be rounded to 1000 is 1 of the next unit.
    while octets >= 999.5 and unit < len(_UNITS) - 1:
        octets, unit = octets / 1000, unit + 1
    return f"{octets:.0f} {_UNITS[unit]}" if unit == 0 else f"{number(octets)} {_UNITS[unit]}"


def number(value: float) -> str:
    """A number in three digits, or more if it has them before its point: `0.12`, `12.3`, `1,234`."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def files(count: int) -> str:
    """How many files: `1 file`, `1,234 files`."""
    return f"{count:,} file{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """Seconds, in two units where that is more than a minute: `2.5 s`, `3 min 5 s`, `2 h`, `1 d 4 h`."""
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    (larger, of), (smaller, part) = next(pair for pair in pairwise(_TIMES) if whole >= pair[0][1])
    count, rest = divmod(whole // part, of // part)
    return f"{count:,} {larger} {rest} {smaller}" if rest else f"{count:,} {larger}"


_TIMES = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def rfc3339(at: float) -> str:
    """A moment in seconds since 1970 as RFC 3339 writes it, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(at: float) -> str:
    """The same for people: `2026-11-24 19:05:12 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
