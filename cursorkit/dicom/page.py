"""A run as a page for people, whole in itself: it runs nothing, and asks nobody for anything."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from itertools import chain, islice
from typing import TYPE_CHECKING

from cursorkit.dicom.amounts import duration, files, moment, number, rfc3339, size
from cursorkit.dicom.charts import Bar, bars, columns, interval
from cursorkit.dicom.ledger import Total
from cursorkit.dicom.page_style import STYLE
from cursorkit.dicom.results import State
from cursorkit.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cursorkit.dicom.ledger import Ledger
    from cursorkit.dicom.results import Result

MOST_FILES, MOST_REASONS = 1_000, 50
"""Rows of the page; a word stands for the rest. Browsers take long over more, and so do people."""

_MOST_MODALITIES = 9
_MOST_SLOTS = 60
_LONGEST = 400
"""Columns of a text in a cell."""

_SHORT = 20
"""Columns of the name of a bar."""

_BLOCK = 100
"""Rows to a block."""

_KINDS = {State.STORED: "stored", State.KNOWN: "stored", State.SKIPPED: "skipped", State.UNKNOWN: "doubtful"}
_KINDS |= {State.LATER: "doubtful"}
"""The colours of states; the others are failures."""


def page(ledger: Ledger, where: str) -> Iterator[bytes]:
    """The page of a run in UTF-8, block by block.

    Args:
        ledger: its results.
        where: where to, in a word; empty for nothing.
    """
    totals = ledger.by_state()
    left = ledger.files()
    parts = (
        _head(),
        _header(ledger, totals, left, where),
        "<main>",
        _results(totals),
        _modalities(ledger),
        _rates(ledger, totals),
        *(_reasons(ledger) if left else ()),
    )
    yield "\n".join(parts).encode()
    if left:
        yield from _rows(ledger, left)
    yield f"</main>\n<footer><p>{_FOOTER}</p></footer>\n</body>\n</html>\n".encode()


_FOOTER = (
    "This page names files, and instances by their identifiers. "
    "It holds no names of patients, unless names of files do."
)


def _head() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>DICOM instances stored</title>
<style>{STYLE}</style>
</head>
<body>"""


def _header(ledger: Ledger, totals: Mapping[State, Total], left: int, where: str) -> str:
    whole = _sum(totals.values())
    stored = totals.get(State.STORED, Total())
    seconds = ledger.ended - ledger.began
    facts = {
        "Where to": _shown(where) if where else "",
        "Began": _moment(ledger.began),
        "Ended": _moment(ledger.ended),
    }
    tiles = {
        "Files": (f"{whole.files:,}", size(whole.octets)),
        "Stored": (f"{stored.files:,}", size(stored.octets)),
        "Need attention": (f"{left:,}", "told of below" if left else "nothing is left to do"),
        "Time": (duration(seconds), _speed(stored, seconds)),
    }
    told = f"{left:,} of {files(whole.files)} need{'s' * (left == 1)} attention" if left else "All is done"
    listed = "".join(f"<div><dt>{name}</dt><dd>{fact}</dd></div>" for name, fact in facts.items() if fact)
    counted = "".join(
        f"<div><dt>{name}</dt><dd><strong>{value}</strong> <span>{more}</span></dd></div>"
        for name, (value, more) in tiles.items()
    )
    return f"""\
<header>
<h1>DICOM instances stored</h1>
<p class="verdict {"failed" if left else "stored"}">{told}.</p>
<dl class="facts">{listed}</dl>
<dl class="tiles">{counted}</dl>
</header>"""


def _speed(stored: Total, seconds: float) -> str:
    if seconds <= 0 or not stored.files:
        return ""
    return f"{number(stored.files / seconds)} instances/s, {size(stored.octets / seconds)}/s"


def _results(totals: Mapping[State, Total]) -> str:
    if not totals:
        return _section("results", "Results", "<p>There was no file.</p>")
    rows = [
        Bar(state.value, total.files, files(total.files), _kind(state)) for state, total in totals.items()
    ]
    chart = bars("chart-results", "Files by result", rows, "files")
    table = _totals(
        "Result", ((state.value, total) for state, total in totals.items()), _sum(totals.values())
    )
    return _section("results", "Results", f"<figure>{chart}</figure>{table}")


def _modalities(ledger: Ledger) -> str:
    found = ledger.by_modality()
    kept = [(name or "not given", total) for name, total in islice(found, _MOST_MODALITIES)]
    rest = _sum(total for _, total in found)
    if rest.files:
        kept.append(("others", rest))
    if not kept:
        return ""
    rows = [Bar(shortened(name, _SHORT), total.files, f"{total.files:,}", "rate") for name, total in kept]
    chart = bars("chart-modalities", "Instances by modality", rows, "instances")
    table = _totals("Modality", kept, _sum(total for _, total in kept))
    return _section("modalities", "Modalities", f"<figure>{chart}</figure>{table}")


def _rates(ledger: Ledger, totals: Mapping[State, Total]) -> str:
    seconds = ledger.ended - ledger.began
    if seconds <= 0 or State.STORED not in totals:
        return ""
    slot = interval(seconds, _MOST_SLOTS)
    found = ledger.by_time(slot)
    slots = [found.get(each, Total()) for each in range(max(found) + 1)]
    counts = [each.files / slot for each in slots]
    octets = [each.octets / slot / 1e6 for each in slots]
    figures = (
        ("chart-instances", "Instances stored per second", counts, "instances/s"),
        ("chart-octets", "Megabytes stored per second", octets, "MB/s"),
    )
    drawn = "".join(
        f"<figure><figcaption>{title}</figcaption>{columns(name, title, values, slot, unit)}</figure>"
        for name, title, values, unit in figures
    )
    words = f"<p>From the beginning of the run, in steps of {duration(slot)}.</p>"
    return _section("rate", "Rate over time", f'{words}<div class="pair">{drawn}</div>', wide=True)


def _reasons(ledger: Ledger) -> Iterator[str]:
    """What is left to do, reason by reason."""
    found = ledger.alike()
    rows = "\n".join(
        f'<tr><td class="number" data-name="Files">{each.files:,}</td>{_state(each.state)}'
        f"<td>{_shown(each.reason)}</td>{_advice(each.advice)}"
        f'<td data-name="For example">{_name(each.example)}</td></tr>'
        for each in islice(found, MOST_REASONS)
    )
    rest = sum(1 for _ in found)
    more = f'<p class="rest">There are {rest:,} more reasons.</p>' if rest else ""
    table = f"""\
<table class="stack">
<caption>Reasons, the most frequent first</caption>
<thead><tr><th scope="col" class="number">Files</th><th scope="col">Result</th><th scope="col">Reason</th>\
<th scope="col">What to do</th><th scope="col">For example</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>{more}"""
    yield _section("reasons", "What is left to do", table, wide=True)


def _rows(ledger: Ledger, left: int) -> Iterator[bytes]:
    """The files that something is left to do about, one by one."""
    yield b"""
<section id="files" class="wide">
<h2>Files that need attention</h2>
<table class="stack files">
<caption>In the order in which this became known</caption>
<thead><tr><th scope="col">File</th><th scope="col">Result</th><th scope="col">Reason</th>\
<th scope="col">What to do</th></tr></thead>
<tbody>
"""
    shown = islice(ledger.unsettled(), MOST_FILES)
    while some := [*islice(shown, _BLOCK)]:
        yield "".join(_row(each) for each in some).encode()
    yield b"</tbody>\n</table>\n"
    if left > MOST_FILES:
        told = f"There are {left - MOST_FILES:,} more. Reports in JSON lines or CSV tell of all files."
        yield f'<p class="rest">{told}</p>\n'.encode()
    yield b"</section>\n"


def _row(result: Result) -> str:
    uid = result.instance and f'<span class="uid">{_shown(result.instance.sop_instance)}</span>'
    return (
        f'<tr><th scope="row">{_name(result.name)}{uid or ""}</th>{_state(result.state)}'
        f"<td>{_shown(result.reason)}</td>{_advice(result.advice)}</tr>\n"
    )


# --- pieces ------------------------------------------------------------------------------------------------


def _section(name: str, title: str, content: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f'<section id="{name}"{kind}>\n<h2>{title}</h2>\n{content}\n</section>'


def _totals(what: str, rows: Iterable[tuple[str, Total]], whole: Total) -> str:
    cells = '<td class="number">{0.files:,}</td><td class="number">{1}</td></tr>'
    body = "\n".join(
        f'<tr><th scope="row">{_shown(name)}</th>{cells.format(total, size(total.octets))}'
        for name, total in rows
    )
    return f"""\
<table>
<caption class="unseen">Files and their size by {what.lower()}</caption>
<thead><tr><th scope="col">{what}</th><th scope="col" class="number">Files</th>\
<th scope="col" class="number">Size</th></tr></thead>
<tbody>
{body}
</tbody>
<tfoot><tr><th scope="row">Together</th>{cells.format(whole, size(whole.octets))}</tfoot>
</table>"""


def _sum(totals: Iterable[Total]) -> Total:
    return Total(*map(sum, zip(*chain([Total()], totals), strict=True)))


def _kind(state: State) -> str:
    return _KINDS.get(state, "failed")


def _state(state: State) -> str:
    return f'<td class="state {_kind(state)}">{state.value}</td>'


def _advice(text: str) -> str:
    return f'<td data-name="What to do">{_shown(text)}</td>'


def _moment(at: float) -> str:
    return f'<time datetime="{rfc3339(at)}">{moment(at)}</time>'


def _name(text: str) -> str:
    """The name of a file, of which the end tells most."""
    return _isolated(shortened(text, _LONGEST, keep="end"))


def _shown(text: str) -> str:
    """Text of anybody's."""
    return _isolated(shortened(text, _LONGEST))


def _isolated(text: str) -> str:
    """Text as HTML, on its own as to the direction in which it is written."""
    return f"<bdi>{escape(text)}</bdi>" if text else ""
