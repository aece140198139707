"""What is proven to be stored, and where: so that a run that ended early goes on where it was."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from attrs import evolve

from cursorkit.dicom.results import State
from cursorkit.errors import CursorkitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.dicom.results import Result

_MAGIC = b"SQLite format 3\0"
_APPLICATION = 0x43757273
"""What tells a journal from other databases (SQLite, PRAGMA application_id)."""

_VERSION = 1
"""That of the tables (PRAGMA user_version)."""

_TABLE = """\
CREATE TABLE IF NOT EXISTS stored (
    target TEXT NOT NULL,
    sop_instance TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (target, sop_instance, sha256)
) WITHOUT ROWID"""

_PATIENCE = 60.0
"""Seconds to wait for another run that writes the same journal."""


class JournalError(CursorkitError):
    """A journal that cannot be read or written, or that is none."""


class Journal:
    """The digests of what is stored, by where and as which instance.

    Any number of runs may use one at the same time. Nothing of it is lost with a process that is killed.

    Args:
        path: its file, which is made where there is none, for its owner alone; empty for one that is gone
            with this process.
        to_read: whether it is only looked at: there has to be one, and it stays as it is.

    Raises:
        JournalError: it cannot be opened, or is something else, which stays as it is.
    """

    def __init__(self, path: str | os.PathLike[str] = "", *, to_read: bool = False) -> None:
        self._name = os.fspath(path)
        with self._failures():
            if self._name:
                self._check(os.open(self._name, os.O_RDONLY | os.O_CLOEXEC) if to_read else self._made())
            # Transactions are begun by hand: a run has to see what others have written until then.
            self._database = sqlite3.connect(
                _address(self._name),
                timeout=_PATIENCE,
                isolation_level=None,
                check_same_thread=False,
                uri=True,
            )
        if to_read:
            return
        try:
            with self._transaction():
                self._database.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._database.execute(f"PRAGMA user_version = {_VERSION}")
                self._database.execute(_TABLE)
            with self._failures():
                # Only from here on, for until then the header of the file has to tell what it is.
                self._database.execute("PRAGMA journal_mode = WAL")
                # What a power failure takes from the end of it is sent once more.
                self._database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            self._database.close()
            raise

    def _made(self) -> int:
        """The file, which is made where there is none."""
        try:
            descriptor = os.open(self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.fchmod(descriptor, 0o600)
        except FileExistsError:
            descriptor = os.open(self._name, os.O_RDWR | os.O_CLOEXEC)
        return descriptor

    def _check(self, descriptor: int) -> None:
        """Make sure that it is a journal, or an empty file to become one, before SQLite touches it."""
        try:
            head = os.pread(descriptor, 100, 0)
        finally:
            os.close(descriptor)
        # The fields of its header (SQLite, Database File Format, 1.3).
        version, kind = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
        if head and not (head.startswith(_MAGIC) and kind == _APPLICATION):
            raise JournalError(f"'{self._name}' is something else than a journal")
        if version > _VERSION:
            raise JournalError(f"'{self._name}' is a journal of a later version than this one")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def digests(self, target: str, sop_instance: str) -> frozenset[str]:
        """The SHA-256, in hexadecimal, of what is stored at `target` as `sop_instance`: one, as a rule.

        Raises:
            JournalError: the journal cannot be read.
        """
        query = "SELECT sha256 FROM stored WHERE target = ? AND sop_instance = ?"
        with self._failures():
            return frozenset(row[0] for row in self._database.execute(query, (target, sop_instance)))

    def knows(self, target: str) -> bool:
        """Whether anything is stored at `target`.

        Raises:
            JournalError: the journal cannot be read.
        """
        with self._failures():
            query = "SELECT 1 FROM stored WHERE target = ? LIMIT 1"
            return self._database.execute(query, (target,)).fetchone() is not None

    def settle(self, target: str, results: Iterable[Result]) -> tuple[Result, ...]:
        """Keep what is stored by `results`, all or nothing of it, and give them back.

        Where other bytes are stored already as the same instance, a server has kept one of the two, and
        nobody knows which: such a result becomes a conflict.

        Raises:
            JournalError: the journal cannot be written.
        """
        settled = [*results]
        proven = {
            number: (each.instance.sop_instance, each.sha256)
            for number, each in enumerate(settled)
            if each.state is State.STORED and each.instance is not None and each.sha256
        }
        if not proven:
            return tuple(settled)
        with self._transaction():
            known = self._known(target, {uid for uid, _ in proven.values()})
            rows: list[tuple[str, str, str]] = []
            for number, (uid, sha256) in proven.items():
                if known[uid] - {sha256}:
                    settled[number] = _conflict(settled[number])
                else:
                    known[uid].add(sha256)
                    rows.append((target, uid, sha256))
            self._database.executemany("INSERT OR IGNORE INTO stored VALUES (?, ?, ?)", rows)
        return tuple(settled)

    def _known(self, target: str, instances: Iterable[str]) -> defaultdict[str, set[str]]:
        """What is stored at `target` as any of these instances."""
        query = (
            "SELECT sop_instance, sha256 FROM stored"
            " WHERE target = ? AND sop_instance IN (SELECT value FROM json_each(?))"
        )
        known: defaultdict[str, set[str]] = defaultdict(set)
        for uid, sha256 in self._database.execute(query, (target, json.dumps([*instances]))):
            known[uid].add(sha256)
        return known

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._failures():
            self._database.execute("BEGIN IMMEDIATE")
            with self._database:
                yield

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            what = f"'{self._name}'" if self._name else "of this run"
            raise JournalError(f"cannot use the journal {what}: {reason}") from None


def _address(name: str) -> str:
    """The address of a database (SQLite, URI Filenames); empty for one that has no name.

    In a folder that nobody may write, SQLite can make no files beside it, and needs none: nobody changes it.
    """
    if not name:
        return ""
    path = os.path.abspath(name)  # noqa: PTH100 - a Path keeps `..`
    alone = "" if os.access(os.path.dirname(path), os.W_OK, effective_ids=True) else "?immutable=1"  # noqa: PTH120 - as above
    return f"file:{quote(os.fsencode(path))}{alone}"


def _conflict(result: Result) -> Result:
    reason = "the server says that it is stored, but so are other bytes as the same instance"
    advice = "find out which of the two is right, and what the server has"
    return evolve(result, state=State.CONFLICT, reason=reason, advice=advice)
