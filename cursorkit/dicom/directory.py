"""The files that a DICOMDIR lists (PS3.10, 8.6)."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from cursorkit.dicom.instances import is_directory, require_pydicom
from cursorkit.dicom.results import Result, State
from cursorkit.errors import SourceError
from cursorkit.files import File

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydicom import Dataset

_NAME = "DICOMDIR"
"""How the name of one begins, in whatever case a medium has it (PS3.10, 8.6)."""

_HEAD = 4096
"""Bytes of a file that hold what kind of file it is."""

_RECORDS = 0x00041220
_IN_USE = 0x00041410
_FILE_ID = 0x00041500

_Listing = dict[str, str]


def is_named_directory(path: str) -> bool:
    """Whether the regular file at `path` is a DICOMDIR, and is called so.

    Raises:
        MissingExtraError: it is called so, and pydicom is not installed.
    """
    if not os.path.basename(path).upper().startswith(_NAME):  # noqa: PTH119 - names may be odd
        return False
    require_pydicom("reading a DICOMDIR")
    try:
        with File.at(path).open() as reader:
            return is_directory(reader.read(_HEAD))
    except SourceError:
        return False


def listed_files(path: str) -> Iterator[str | Result]:
    """The names of the files that the DICOMDIR at `path` lists, each once; what is not there as a result.

    They are in its folder or below it: a name that leads out of there is refused. Systems show the names on a
    medium in another case, or with the version number of ISO 9660; so that makes no difference where there
    is no file of exactly that name.
    """
    files, whole = _file_ids(path)
    listing = lru_cache(maxsize=16)(_listing)
    for components, in_use in files.items():
        told = f"{path}:{'/'.join(components)}"
        if any(each in {"", ".", ".."} or "/" in each or "\0" in each for each in components):
            yield Result(
                told, State.UNREADABLE, "the DICOMDIR lists a name that is none, or leads out of its folder"
            )
        elif not in_use:
            yield Result(told, State.SKIPPED, "the DICOMDIR lists it as no longer in use")
        else:
            found = _found(os.path.dirname(path), components, listing)  # noqa: PTH120 - as above
            yield found or Result(told, State.UNREADABLE, "the DICOMDIR lists it, but there is no such file")

    if not whole:
        reason = "this DICOMDIR is damaged, or ends early: it may have listed more files"
        yield Result(path, State.UNREADABLE, reason)
    elif not files:
        yield Result(path, State.SKIPPED, "this DICOMDIR lists no files")


def _file_ids(path: str) -> tuple[dict[tuple[str, ...], bool], bool]:
    """The file IDs, by their components, and whether they are in use; and whether that is all of them."""
    from pydicom import dcmread
    from pydicom.dataelem import RawDataElement

    files: dict[tuple[str, ...], bool] = {}
    try:
        with _quiet(), File.at(path).open() as reader:
            dataset = dcmread(reader, specific_tags=[_RECORDS])
            records: object = dataset.get_item(_RECORDS)
            # pydicom does not mind where a file ends.
            whole = not isinstance(records, RawDataElement) or len(records.value or b"") == records.length
            for record in dataset[_RECORDS].value:
                if (value := _raw(record, _FILE_ID)).strip(b"\0 "):
                    components = tuple(os.fsdecode(each.strip(b"\0 ")) for each in value.split(b"\\"))
                    in_use = any(_raw(record, _IN_USE) or b"\xff")
                    files[components] = in_use or files.get(components, False)
    except Exception:  # pydicom promises no exceptions of its own for bytes that make no sense
        return files, False
    return files, whole


def _raw(record: Dataset, tag: int) -> bytes:
    value = record.get_item(tag).value if tag in record else None
    return value if isinstance(value, bytes) else b""


def _found(folder: str, components: tuple[str, ...], listing: Callable[[str], _Listing]) -> str | None:
    path = folder
    for each in components:
        exact = os.path.join(path, each)  # noqa: PTH118 - as above
        if os.path.lexists(exact):
            path = exact
        elif name := listing(path).get(_alike(each)):
            path = os.path.join(path, name)  # noqa: PTH118 - as above
        else:
            return None
    return path


def _listing(folder: str) -> _Listing:
    try:
        return {_alike(each): each for each in sorted(os.listdir(folder or "."), reverse=True)}  # noqa: PTH208 - as above
    except OSError:
        return {}


def _alike(name: str) -> str:
    """What names have in common between which a medium makes no difference."""
    return name.upper().removesuffix(";1")


_ONE_AT_A_TIME = Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what pydicom says of odd files: it quotes their values, which belong to a patient.

    The filters of warnings are those of the whole process, so only one thread at a time may exchange them.
    """
    reading = get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != reading

    logger = logging.getLogger("pydicom")
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.addFilter(of_others)
        try:
            yield
        finally:
            logger.removeFilter(of_others)
