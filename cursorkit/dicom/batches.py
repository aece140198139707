"""Instances put together into requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from cursorkit.dicom.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.dicom.planning import Planned


@frozen
class Limits:
    """When a request is full.

    Attributes:
        count: instances that it may hold.
        octets: bytes that it may hold; a larger instance goes alone.
    """

    count: int = 50
    octets: int = 64 * 1024 * 1024


USUAL = Limits()


def fill(plan: Iterable[Planned | Result], limits: Limits) -> Iterator[tuple[Planned, ...] | Result]:
    """The instances of `plan`, in their order, as many to a request as fit; results as they come.

    No request holds two files of one instance: its report could not tell which of them is stored.
    """
    batch: list[Planned] = []
    held: set[str] = set()
    octets = 0
    for each in plan:
        if isinstance(each, Result):
            yield each
            continue
        uid, length = each.instance.sop_instance, each.source.length
        if batch and (len(batch) == limits.count or octets + length > limits.octets or uid in held):
            yield tuple(batch)
            batch, held, octets = [], set(), 0
        batch.append(each)
        held.add(uid)
        octets += length
    if batch:
        yield tuple(batch)
