"""Charts as SVG: as wide as there is room, while letters keep their size.

Places along the width are therefore per cent, and places along the height are pixels. Colours are left to
classes: of a bar, that of its kind.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.dicom.amounts import duration, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ROW, _BAR, _AXIS, _PLOT, _LETTERS = 38, 14, 26, 140, 16
"""Pixels: from one bar to the next, the thickness of a bar; the room of an axis, of columns, of a line."""

_MOST_TICKS, _MOST_TIMES = 5, 4
_MARGIN = 0.12
"""The part of the width that the labels of an upright axis take."""

_GAP = 0.12
"""The part of a column's room that is left between it and the next one."""

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY = 86_400


@frozen
class Bar:
    """A bar with its label.

    Attributes:
        label: what it stands for.
        value: how long it is.
        told: the same in words.
        kind: the class of its colour.
    """

    label: str
    value: float
    told: str
    kind: str


def bars(name: str, title: str, rows: Sequence[Bar], unit: str) -> str:
    """Horizontal bars below each other, over an axis that begins with 0.

    Args:
        name: an identifier, of its own on a page.
        title: what the chart shows.
        rows: one at least.
        unit: that of the axis.
    """
    marks = ticks(max(row.value for row in rows), 1)
    height = _ROW * len(rows)
    parts = [*_upright(marks, marks[-1], height, map(_tick, marks))]
    for place, row in enumerate(rows):
        top = _ROW * place
        wide = _percent(row.value / marks[-1])
        parts += [
            _tag("text", row.label, x=0, y=top + 14),
            _tag("text", row.told, "value", x="100%", y=top + 14),
            _tag("rect", "", row.kind, x=0, y=top + 19, width=wide, height=_BAR, rx=2),
        ]
    parts.append(_tag("text", unit, "unit", x="100%", y=height + _AXIS + 10))
    told = "; ".join(f"{row.label}: {row.told}" for row in rows)
    return _chart(name, title, told, height + _AXIS + _LETTERS, parts)


def columns(name: str, title: str, values: Sequence[float], seconds: float, unit: str) -> str:
    """Upright columns beside each other, over an axis of time that begins with 0.

    Args:
        name: an identifier, of its own on a page.
        title: what the chart shows.
        values: their heights, one at least.
        seconds: the time that each of them stands for.
        unit: that of the heights.
    """
    marks = ticks(max(values))
    whole = len(values) * seconds
    step = interval(whole, _MOST_TIMES)
    times = [each * step for each in range(math.floor(whole / step + 1e-9) + 1)]
    room = _PLOT - 2 * _LETTERS
    parts = [_tag("text", unit, "unit start", x=0, y=12)]
    parts += _upright(times, whole, _PLOT, ["0", *map(duration, times[1:])], _MARGIN)
    for each in marks:
        y = _PLOT - room * each / marks[-1]
        parts.append(_tag("line", "", "grid", x1=_percent(_MARGIN), x2="100%", y1=y, y2=y))
        parts.append(_tag("text", _tick(each), "tick end", x=_percent(_MARGIN - _GAP / 10), y=y + 4))
    share = (1 - _MARGIN) / len(values)
    for place, value in enumerate(values):
        x = _percent(_MARGIN + (place + _GAP / 2) * share)
        tall = room * value / marks[-1]
        wide = _percent((1 - _GAP) * share)
        parts.append(_tag("rect", "", "rate", x=x, y=_PLOT - tall, width=wide, height=tall))
    told = f"{number(max(values))} {unit} at most, {number(min(values))} at least, in {duration(whole)}"
    return _chart(name, title, told, _PLOT + _AXIS, parts)


def ticks(most: float, finest: float = 0.0) -> list[float]:
    """Round numbers from 0 to no less than `most`, a few of them, at distances of 1, 2 or 5 times 10^n.

    Args:
        most: above or at 0.
        finest: the distance is no less than that.
    """
    least = max((most or 1.0) / (_MOST_TICKS - 1), finest)
    scale = 10.0 ** math.floor(math.log10(least))
    step = next(each * scale for each in (1, 2, 5, 10) if each * scale >= least * (1 - 1e-9))
    return [each * step for each in range(max(1, math.ceil(most / step - 1e-9)) + 1)]


def interval(seconds: float, most: int) -> float:
    """A usual interval of time, the shortest of which no more than `most` are as long as `seconds`."""
    for step in _STEPS:
        if seconds <= step * most:
            return step
    return float(_DAY * math.ceil(seconds / _DAY / most))


def _upright(
    places: Sequence[float], whole: float, height: float, labels: Iterable[str], margin: float = 0.0
) -> Iterable[str]:
    """An axis at the foot of a chart: a line upwards from each of `places`, and its label below."""
    for place, label in zip(places, labels, strict=True):
        x = _percent(margin + (1 - margin) * place / whole)
        anchor = "start" if place == 0 else "end" if place > whole * 0.9 else "middle"
        yield _tag("line", "", "grid", x1=x, x2=x, y1=_LETTERS if margin else 0, y2=height + 4)
        yield _tag("text", label, f"tick {anchor}", x=x, y=height + _LETTERS + 2)


def _tick(value: float) -> str:
    return number(value) if value % 1 else f"{value:,.0f}"


def _percent(part: float) -> str:
    return f"{100 * part:.4g}%"


def _tag(tag: str, text: str = "", kind: str = "", **attributes: float | str) -> str:
    """An element of a chart."""
    written = {"class": kind, **attributes} if kind else attributes
    values = (f' {name}="{_rounded(value)}"' for name, value in written.items())
    return f"<{tag}{''.join(values)}>{escape(text)}</{tag}>"


def _rounded(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.2f}".removesuffix(".00")


def _chart(name: str, title: str, told: str, height: float, parts: Iterable[str]) -> str:
    told_by = f"{name}-title", f"{name}-told"
    words = _tag("title", title, id=told_by[0]) + _tag("desc", told, id=told_by[1])
    size = f'width="100%" height="{height}"'
    labelled = f'aria-labelledby="{" ".join(told_by)}"'
    return f'<svg id="{name}" role="img" {labelled} {size}>{words}{"".join(parts)}</svg>'
