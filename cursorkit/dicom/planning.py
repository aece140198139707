"""From files to what is to be sent: which instance each of them is, and whether it has to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from cursorkit.dicom.endings import unread
from cursorkit.dicom.instances import NotDicomError, read_instance
from cursorkit.dicom.results import Result, State
from cursorkit.errors import SourceError
from cursorkit.wire.source import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.dicom.inputs import Found
    from cursorkit.dicom.instances import Instance
    from cursorkit.dicom.journal import Journal
    from cursorkit.dicom.target import Target
    from cursorkit.wire.source import BodySource


@frozen
class Planned:
    """An instance to be sent.

    Attributes:
        name: what its file is called.
        instance: which it is.
        source: its bytes. They do not show in `repr`.
    """

    name: str
    instance: Instance
    source: BodySource = field(repr=False)


def plan(
    files: Iterable[Found | Result], target: Target, journal: Journal, *, strict: bool = False
) -> Iterator[Planned | Result]:
    """What is to be sent, and a result for each file that is not.

    Args:
        files: what was found.
        target: where it would go.
        journal: what is proven to be stored is not sent again.
        strict: whether a file that is not DICOM is a failure.
    """
    for each in files:
        yield each if isinstance(each, Result) else _planned(each, target, journal, strict=strict)


def _planned(found: Found, target: Target, journal: Journal, *, strict: bool) -> Planned | Result:
    try:
        with found.source.open() as reader:
            instance = read_instance(reader)
        octets = found.source.length
        known = journal.digests(target.place, instance.sop_instance)
        digest = digest_of(found.source) if known else ""
    except NotDicomError as error:
        state, advice = (State.REFUSED, "leave it out") if strict else (State.SKIPPED, "")
        return Result(found.name, state, str(error), advice, octets=found.source.length)
    except (SourceError, OSError) as error:
        return _unreadable(found.name, error)
    if target.study not in {"", instance.study}:
        reason = "it belongs to another study than the one that is stored"
        return Result(found.name, State.SKIPPED, reason, instance=instance, octets=octets)
    if digest in known:
        return Result(found.name, State.KNOWN, instance=instance, octets=octets, sha256=digest)
    return Planned(found.name, instance, found.source)


def _unreadable(name: str, error: SourceError | OSError) -> Result:
    if isinstance(error, OSError):
        error = SourceError("unreadable-file", f"cannot read '{name}': {error.strerror}")
    ending = unread(error)
    return Result(name, ending.state, ending.reason, ending.advice)
