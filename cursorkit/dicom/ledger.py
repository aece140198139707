"""The results of a run, kept where they take no memory, however many they are."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from cursorkit.dicom.instances import Instance
from cursorkit.dicom.results import UNSETTLED, Result, State
from cursorkit.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MANY = 500
"""Results that are written at a time."""

# Texts are kept as bytes: names of files may hold what is no Unicode.
_TABLE = """\
CREATE TABLE results (
    at REAL, state TEXT, octets INTEGER, code INTEGER,
    name BLOB, reason BLOB, advice BLOB, sha256 BLOB,
    study BLOB, series BLOB, sop_instance BLOB, sop_class BLOB, modality BLOB, transfer_syntax BLOB
)"""
_KEEP = "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_identifiers = attrgetter("study", "series", "sop_instance", "sop_class", "modality", "transfer_syntax")
_UNKNOWN = (None,) * 6
_ALL = "SELECT * FROM results ORDER BY rowid"
_AMONG = "FROM results WHERE state IN (SELECT value FROM json_each(?))"
_ALIKE = f"""\
SELECT state, reason, advice, min(name), count(*) {_AMONG}
GROUP BY state, reason, advice ORDER BY count(*) DESC, min(rowid)"""


class Total(NamedTuple):
    """Several files together.

    Attributes:
        files: how many there are.
        octets: how many bytes they have.
    """

    files: int = 0
    octets: int = 0


class Alike(NamedTuple):
    """Files of the same state, all of them for the same reason.

    Attributes:
        state: what became of them.
        reason: why, in words.
        advice: what to do about it, in words; empty for nothing.
        example: the name of one of them.
        files: how many there are.
    """

    state: State
    reason: str
    advice: str
    example: str
    files: int


class Ledger:
    """Results in the order in which they were added.

    They are in a database without a name, of which SQLite keeps a few MiB in memory and the rest in a
    temporary file, gone with the process. One thread uses it at a time, and adds nothing while it iterates.

    Args:
        began: when the run began, in seconds since 1970; None for now.

    Attributes:
        began: the same.

    Raises:
        OutputError: there is no room for it; so do its methods.
    """

    def __init__(self, began: float | None = None) -> None:
        self.began = time.time() if began is None else began
        self._new: list[tuple[Any, ...]] = []
        with _failures():
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            # Nobody sees it again after a failure, so it need not be fit for that.
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Result]:
        """All results, in their order."""
        return map(_result, self._rows(_ALL))

    def add(self, result: Result) -> None:
        """Keep `result`."""
        self._new.append(_row(result))
        if len(self._new) == _MANY:
            self._write()

    def unsettled(self) -> Iterator[Result]:
        """The results that leave something to do, in their order."""
        return map(_result, self._rows(f"SELECT * {_AMONG} ORDER BY rowid", _listed(UNSETTLED)))

    def files(self, states: Iterable[State] = UNSETTLED) -> int:
        """How many files these states are that of."""
        ((count,),) = self._rows(f"SELECT count(*) {_AMONG}", _listed(states))
        return int(count)

    def alike(self, states: Iterable[State] = UNSETTLED) -> Iterator[Alike]:
        """The files of these states, those of one reason together; the most frequent reasons come first."""
        for state, reason, advice, example, count in self._rows(_ALIKE, _listed(states)):
            yield Alike(State(state), _text(reason), _text(advice), _text(example), count)

    def named(self, alike: Alike) -> Iterator[str]:
        """The names of the files of one reason, in their order."""
        query = "SELECT name FROM results WHERE state = ? AND reason = ? AND advice = ? ORDER BY rowid"
        values = (alike.state.value, _octets(alike.reason), _octets(alike.advice))
        return (_text(name) for (name,) in self._rows(query, values))

    @property
    def ended(self) -> float:
        """When the latest result was known, in seconds since 1970."""
        ((latest,),) = self._rows("SELECT max(at) FROM results")
        return max(self.began, latest or 0.0)

    def by_state(self) -> Mapping[State, Total]:
        """How many files each state is that of; in the order of the states, and without those of none."""
        query = "SELECT state, count(*), sum(octets) FROM results GROUP BY state"
        found = {State(state): Total(count, octets) for state, count, octets in self._rows(query)}
        return {state: found[state] for state in State if state in found}

    def by_modality(self) -> Iterator[tuple[str, Total]]:
        """How many files each modality is that of, the most frequent first; only instances have one."""
        query = """\
SELECT modality, count(*), sum(octets) FROM results WHERE study IS NOT NULL
GROUP BY modality ORDER BY count(*) DESC, modality"""
        for modality, count, octets in self._rows(query):
            yield _text(modality), Total(count, octets)

    def by_time(self, seconds: float) -> Mapping[int, Total]:
        """How many files were stored in each slot of so many seconds since it began."""
        query = """\
SELECT CAST((max(at, ?) - ?) / ? AS INTEGER), count(*), sum(octets) FROM results WHERE state = ? GROUP BY 1"""
        values = (self.began, self.began, seconds, State.STORED.value)
        return {slot: Total(count, octets) for slot, count, octets in self._rows(query, values)}

    def close(self) -> None:
        """Forget all of it."""
        self._database.close()

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        self._write()
        with _failures():
            rows = self._database.execute(query, values)
            # Whoever leaves off early may do so when the database is closed, and rows with it.
            yield from iter(rows.fetchone, None)

    def _write(self) -> None:
        with _failures():
            self._database.execute("BEGIN")
            self._database.executemany(_KEEP, self._new)
            self._database.execute("COMMIT")
        self._new.clear()


def _listed(states: Iterable[State]) -> tuple[str]:
    return (json.dumps([each.value for each in states]),)


def _row(result: Result) -> tuple[Any, ...]:
    of = result.instance
    texts = map(_octets, (result.name, result.reason, result.advice, result.sha256))
    known = _UNKNOWN if of is None else map(_octets, _identifiers(of))
    return (result.at, result.state.value, result.octets, result.code, *texts, *known)


def _result(row: tuple[Any, ...]) -> Result:
    at, state, octets, code, name, reason, advice, sha256, *identifiers = row
    instance = None if identifiers[0] is None else Instance(*map(_text, identifiers))
    texts = (_text(name), State(state), _text(reason), _text(advice))
    return Result(*texts, code, instance, octets, _text(sha256), at)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogatepass")


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(f"cannot keep the results of this run: {error}") from None
