"""A folder of DICOM instances, each in a file of its own that is there whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from filecmp import cmp
from pathlib import Path
from shutil import rmtree
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from weakref import finalize

from attrs import define, field

from cursorkit.wire.source import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.dicom.instances import Instance
    from cursorkit.wire.multipart import Readable


class ConflictError(Exception):
    """Other bytes are already kept under the identifiers of an instance."""


@contextmanager
def transaction(folder: Path) -> Iterator[Transaction]:
    """Put instances into `folder`, which is made if need be, and make them last at the end.

    What was staged is gone afterwards, whatever happens. A process that is killed leaves its staging folder
    `.incoming-…` behind, which only its owner can read; nothing ever looks into it again.

    Raises:
        OSError: the folder cannot be written. What was kept before then stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = Transaction(folder, folder / f".incoming-{os.urandom(8).hex()}")
    # The exit functions of the process know the staging folder from before it is there until it is gone.
    known = finalize(opened, rmtree, opened.staging, ignore_errors=True)
    try:
        opened.staging.mkdir(mode=0o700)
        yield opened
        opened.settle()
    finally:
        rmtree(opened.staging, ignore_errors=True)
        known.detach()


@define
class Transaction:
    """Instances on their way into a folder: first staged, then kept.

    Attributes:
        folder: where they go.
        staging: where they wait, on the same file system.
    """

    folder: Path
    staging: Path
    _changed: set[Path] = field(factory=set, init=False)

    def stage(self, reader: Readable) -> Path:
        """Copy what is left in `reader` to a private file, and see it onto the disk."""
        with NamedTemporaryFile(dir=self.staging, delete=False) as file:
            while block := reader.read(BLOCK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        return Path(file.name)

    def keep(self, staged: Path, instance: Instance) -> Path:
        """Give a staged file its place among the instances, and tell that place.

        The identifiers of `instance` must be fit for names of files. A link is made in one step and never
        replaces anything, so any number of processes may do this at once. The same bytes once more are kept
        already.

        Raises:
            ConflictError: other bytes are already there.
        """
        path = instance_path(self.folder, instance)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(staged, path)
        except FileExistsError:
            if not cmp(staged, path, shallow=False):
                raise ConflictError from None
        self._changed |= {*path.relative_to(self.folder).parents}
        return path

    def settle(self) -> None:
        """Make the names of everything kept last, those of new folders included."""
        for changed in (self.folder / each for each in self._changed):
            _sync(changed)
        if self._changed:
            _sync(self.folder.parent)


def study_path(folder: Path, study: str) -> Path:
    """Where the instances of a study lie."""
    return folder / "studies" / study


def instance_path(folder: Path, instance: Instance) -> Path:
    """Where an instance lies: what a retrieve transaction calls it (PS3.18, 10.4.1), and `.dcm`."""
    series = study_path(folder, instance.study) / "series" / instance.series
    return series / "instances" / f"{instance.sop_instance}.dcm"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
