"""A bar that shows how far a run is, where somebody looks."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, RLock, Thread
from time import monotonic
from typing import TYPE_CHECKING, NoReturn, Self
from weakref import finalize

from cursorkit.cli import streams
from cursorkit.cli.progress import Watched
from cursorkit.dicom.amounts import files
from cursorkit.dicom.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tqdm import tqdm

    from cursorkit.cli.progress import Handed
    from cursorkit.wire.message import Request
    from cursorkit.wire.transport import Endpoint, Opener, Transport

    Drawn = tqdm[NoReturn]

_OPEN = "{n_fmt}B, {rate_fmt}{postfix}"
_KNOWN = "{percentage:3.0f}%|{bar}| {n_fmt}B of {total_fmt}B, {rate_fmt}, {remaining} left{postfix}"
"""What is shown until it is known how much there is to do, and from then on."""

_drawing = RLock()
"""Held by who draws."""

_WIDE = 80
"""Columns of a terminal that does not say how many it has."""

_TICK = 0.5
"""Seconds after which the bar is drawn anew, whether or not there was a result."""

_PATIENCE = 1.0
"""Seconds to wait for a thread that is drawing."""

_ERASE = "\r\x1b[K"
"""Makes the line empty, and begins it anew (ECMA-48, EL)."""


class Bar:
    """A progress bar on standard error, if that is a terminal and tqdm is installed; else nothing at all.

    How much there is to do is found out while it is done, by a thread that asks for the size of each file.
    What is said meanwhile (`streams.say`) stands above the bar. It is gone when it is closed, and when the
    process ends, even by a signal.

    Args:
        files: the names of all files, as `cursorkit.dicom.names` gives them, in an iterator of the bar's own.
        quiet: whether nobody wants to see it.
    """

    def __init__(self, files: Iterable[str | Result], *, quiet: bool = False) -> None:
        terminal = _Terminal()
        self._drawn = None if quiet or not streams.is_watched() else _drawn(terminal)
        if self._drawn is None:
            return
        self._began = monotonic()
        self._size = _Size()
        self._files = self._failed = 0
        self._reached = _Reached()
        over, aside = Event(), _aside(self._drawn, terminal)
        streams.aside.append(aside)
        self._gone = finalize(self, _take_off, terminal, aside, over)
        watch = (self._drawn, self._size, self._reached, files, over)
        Thread(target=_watch, args=watch, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, result: Result) -> None:
        """One more result is known."""
        if self._drawn is None:
            return
        self._files += 1
        self._failed += not result.state.settled
        self._size.add(result)
        rate = self._files / max(monotonic() - self._began, _TICK)
        failed = f", {self._failed:,} failed" if self._failed else ""
        told = f"{files(self._files)}, {rate:,.0f}/s{failed}"
        self._drawn.set_postfix_str(told, refresh=False)
        self._reached.settled += result.octets
        _move(self._drawn, self._size, self._reached)

    def watching(self, opener: Opener) -> Opener:
        """An opener of the same transports, which shows what has left before there is an answer."""
        return opener if self._drawn is None else partial(_opened, opener, self._reached)

    def close(self) -> None:
        """Take it off the terminal."""
        if self._drawn is not None:
            self._gone()


class _Reached:
    """How far it is.

    Attributes:
        settled: bytes of files whose result is known.
    """

    def __init__(self) -> None:
        self.settled = 0
        self._leaving: dict[object, int] = {}

    @property
    def octets(self) -> int:
        """Those, and what has left of requests that are under way."""
        return self.settled + sum([*self._leaving.values()])

    @contextmanager
    def leaving(self, _request: Request) -> Iterator[Handed]:
        """A request is under way; gives what is told how much of it has left."""
        which = object()
        self._leaving[which] = 0

        def handed(octets: int, _length: int) -> None:
            # Where it is sent again, it is not less that has left.
            self._leaving[which] = max(self._leaving[which], octets)

        try:
            yield handed
        finally:
            del self._leaving[which]


def _opened(opener: Opener, reached: _Reached, endpoint: Endpoint) -> Transport:
    return Watched(opener(endpoint), reached.leaving)


class _Size:
    """How much there is to do.

    A file counts as it is; an archive as what came out of it, where that is more.

    Attributes:
        known: whether all files are counted.
        octets: how many bytes there are.
    """

    def __init__(self) -> None:
        self.known = False
        self._files = self._more = 0
        self._archives: dict[str, int] = {}

    @property
    def octets(self) -> int:
        return self._files + self._more

    def count(self, name: str) -> None:
        """Count one of the files."""
        with suppress(OSError, ValueError):
            self._files += os.stat(name).st_size  # noqa: PTH116 - a Path of a name with odd bytes gains nothing

    def add(self, result: Result) -> None:
        """Learn from a result how much was in an archive."""
        archive = _archive(result.name)
        if archive:
            left = self._archives.setdefault(archive, os.path.getsize(archive))  # noqa: PTH202 - as above
            self._more += max(0, result.octets - left)
            self._archives[archive] = max(0, left - result.octets)


def _archive(name: str) -> str:
    """The file that holds a file of this name, `ARCHIVE:MEMBER`; empty where it is one itself."""
    cut = len(name)
    while (cut := name.rfind(":", 0, cut)) >= 0:
        if os.path.isfile(name[:cut]):  # noqa: PTH113 - as above
            return "" if os.path.lexists(name) else name[:cut]
    return ""


class _Terminal:
    """Standard error, for tqdm: without a buffer, so that a signal may come at any moment.

    Attributes:
        left: whether nothing is drawn any more, whoever is about to.
    """

    encoding = sys.stderr.encoding if sys.stderr is not None else "ascii"

    def __init__(self) -> None:
        self.left = False

    def write(self, text: str) -> None:
        if not self.left:
            with suppress(OSError):
                streams.put(streams.STANDARD_ERROR, text.encode(self.encoding, "replace"))

    def flush(self) -> None:
        pass


def _drawn(terminal: _Terminal) -> Drawn | None:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    tqdm.monitor_interval = 0  # time goes on by a thread of ours
    tqdm.set_lock(_drawing)  # its own one is for several processes
    return tqdm(
        file=terminal,
        unit="B",
        unit_scale=True,
        ncols=_columns(),
        nrows=2,  # room for one bar, whatever the terminal says
        leave=False,
        bar_format=_OPEN,
    )


def _watch(drawn: Drawn, size: _Size, reached: _Reached, files: Iterable[str | Result], over: Event) -> None:
    """Find out how much there is to do, and then let time go on."""
    with suppress(Exception):  # the run itself comes to the same place, and tells of it
        for each in files:
            if over.is_set():
                return
            if not isinstance(each, Result):
                size.count(each)
        size.known = True
    while not over.wait(_TICK):
        _move(drawn, size, reached)
        drawn.refresh()


def _move(drawn: Drawn, size: _Size, reached: _Reached) -> None:
    """Show how far it is, and of how much, if that is known; it never goes back."""
    with _drawing:
        octets = max(drawn.n, reached.octets)
        drawn.ncols = _columns()
        if size.known:
            drawn.bar_format = _KNOWN
            drawn.total = max(size.octets, octets)
        drawn.update(octets - drawn.n)


def _columns() -> int:
    """How wide the terminal is, where it says so."""
    try:
        return os.get_terminal_size(streams.STANDARD_ERROR).columns or _WIDE
    except OSError:
        return _WIDE


def _aside(drawn: Drawn, terminal: _Terminal) -> Callable[[Callable[[], None]], None]:
    def aside(write: Callable[[], None]) -> None:
        with _drawing:
            terminal.write(_ERASE)
            write()
            drawn.refresh(nolock=True)

    return aside


def _take_off(terminal: _Terminal, aside: Callable[[Callable[[], None]], None], over: Event) -> None:
    over.set()
    # This thread may hold it already, and have been interrupted by a signal.
    held = _drawing.acquire(timeout=_PATIENCE)
    streams.aside.remove(aside)
    terminal.write(_ERASE)
    terminal.left = True
    if held:
        _drawing.release()
