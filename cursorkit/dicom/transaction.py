"""Store transactions: instances out, and a result for each of them, whatever the server answers."""

from __future__ import annotations

from itertools import compress
from time import time
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.dicom.answers import advice, is_out_of_resources, report
from cursorkit.dicom.bodies import of_sources
from cursorkit.dicom.endings import BESIDE_UNREAD, About, Ending, unanswered, unnamed, unread
from cursorkit.dicom.results import Result, State
from cursorkit.errors import SourceError, discreet
from cursorkit.methods.answers import contents, parsed
from cursorkit.wire.source import Digesting
from cursorkit.wire.transport import TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.dicom.answers import FailedInstance, StoredInstance
    from cursorkit.dicom.outlook import Outlook
    from cursorkit.dicom.planning import Planned
    from cursorkit.dicom.target import Target
    from cursorkit.wire.message import Response
    from cursorkit.wire.transport import Transport


def store_batch(
    batch: tuple[Planned, ...], target: Target, transport: Transport, outlook: Outlook
) -> Iterator[tuple[Result, ...]]:
    """Send the instances of `batch` in one request, and then each alone that this leaves open.

    A server may refuse all of a request for one part of it, or store what it likes, and tell of it with any
    status. So only what a report names is settled. Of what it does not name, it may say more where nothing
    stands beside it.

    Args:
        batch: no two of them are the same instance.
        target: where to.
        transport: how.
        outlook: where there is none, nothing is sent; it learns from what is.

    Returns:
        A result for each, as it becomes known.
    """
    if outlook.hopeless is not None:
        yield tuple(_result(each, outlook.hopeless) for each in batch)
        return
    told = _asked(batch, target, transport, outlook)
    settled = [each.named or len(batch) == 1 for each in told]
    yield tuple(each.result for each in compress(told, settled))
    for planned, first, done in zip(batch, told, settled, strict=True):
        if not done:
            yield (_latest(first.result, _alone(planned, target, transport, outlook)),)


def _alone(planned: Planned, target: Target, transport: Transport, outlook: Outlook) -> _Told:
    """Send one that is left open."""
    if outlook.hopeless is not None:
        return _Told(_result(planned, outlook.hopeless), named=False)
    (told,) = _asked((planned,), target, transport, outlook)
    return told


def _latest(before: Result, after: _Told) -> Result:
    """What is said of an instance in the end, and what the request before that leaves open."""
    if after.named or before.state is not State.UNKNOWN or after.result.state is State.UNKNOWN:
        return after.result
    # Where nothing more was tried, for just that reason, there is nothing to add.
    reason = before.reason
    if reason not in after.result.reason:
        reason += f"; after that, {after.result.reason}"
    return evolve(after.result, state=State.UNKNOWN, reason=reason, advice=before.advice)


@frozen
class _Told:
    """What a request says of an instance in it.

    Attributes:
        result: what became of it.
        named: whether the answer says so of this very one.
    """

    result: Result
    named: bool


def _asked(
    batch: tuple[Planned, ...], target: Target, transport: Transport, outlook: Outlook
) -> tuple[_Told, ...]:
    """Send one request."""
    sources = [Digesting(each.source) for each in batch]
    named: dict[str, Result] = {}
    try:
        response = transport.send(target.request(*of_sources(sources)))
    except SourceError as error:
        ending = unread(error) if len(batch) == 1 else BESIDE_UNREAD
    except TransportError as error:
        ending = unanswered(error)
    else:
        ending, named = unnamed(response), _named(response, batch)
    told = tuple(
        _said(each, source.sha256, named, ending) for each, source in zip(batch, sources, strict=True)
    )
    _learn(outlook, told, ending)
    return told


def _said(planned: Planned, sha256: str, named: dict[str, Result], ending: Ending) -> _Told:
    said = named.get(planned.instance.sop_instance)
    if said is None or (said.state is State.STORED and not sha256):
        # What has not left as a whole cannot be stored, whoever says so.
        return _Told(_result(planned, ending, sha256), named=False)
    return _Told(_of(planned, said, sha256), named=True)


def _learn(outlook: Outlook, told: tuple[_Told, ...], ending: Ending) -> None:
    """What the end of a request says of others; the rule is that of `Outlook`."""
    if ending.about is About.SERVER:
        outlook.stop(ending)
    full = [each.result for each in told if each.named and is_out_of_resources(each.result.code)]
    if len(full) < sum(each.named or ending.about is About.SENT for each in told):
        outlook.heard()
        return
    for each in full:
        outlook.unheard(each.name, Ending(each.state, each.reason, each.advice))
    if len(told) == 1 and ending.about is About.EITHER:
        outlook.unheard(told[0].result.name, ending)


# --- what an answer says of single instances ---------------------------------------------------------------


def _named(response: Response, batch: tuple[Planned, ...]) -> dict[str, Result]:
    """What became of those that it names, by SOP Instance UID; others may be among them."""
    found = report(parsed(contents(response))[0])
    stored = {each.sop_instance: _stored(each) for each in found.stored}
    failed = {each.sop_instance: _failed(each, response) for each in found.failed}
    alone = batch[0].instance.sop_instance
    if len(batch) == 1 and alone not in stored and "" in failed:
        # A server cannot name what it could not read.
        failed.setdefault(alone, failed[""])
    # Nobody is told "stored" where it is doubtful: what a report names as both has failed.
    return stored | failed


def _stored(each: StoredInstance) -> Result:
    return Result("", State.STORED, each.warning, code=each.code)


def _failed(each: FailedInstance, response: Response) -> Result:
    code = f" ({each.code:04X})" if each.code else ""
    detail = discreet(each.detail, response.secrets)
    reason = "; ".join([f"{each.reason}{code}{f': {detail}' if detail else ''}", *response.history.doubts])
    state = State.LATER if is_out_of_resources(each.code) else State.REFUSED
    return Result("", state, reason, advice(each.code), each.code)


def _result(planned: Planned, ending: Ending, sha256: str = "") -> Result:
    return _of(planned, Result("", ending.state, ending.reason, ending.advice), sha256)


def _of(planned: Planned, result: Result, sha256: str) -> Result:
    return evolve(
        result,
        name=planned.name,
        instance=planned.instance,
        octets=planned.source.length,
        sha256=sha256,
        at=time(),
    )
