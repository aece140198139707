"""Answers of a store transaction (DICOM PS3.18, 10.5.3): what is stored, what is not, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.errors import discreet
from cursorkit.methods.answers import contents, parsed, refused, status, wrapped
from cursorkit.methods.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.schema.types import Json
    from cursorkit.wire.message import Request, Response

REFERENCED_SOP_SEQUENCE = "00081199"
FAILED_SOP_SEQUENCE = "00081198"
FAILURE_REASON = "00081197"
WARNING_REASON = "00081196"
REFERENCED_SOP_CLASS_UID = "00081150"
REFERENCED_SOP_INSTANCE_UID = "00081155"
RETRIEVE_URL = "00081190"
FAILURE_DETAIL = "00090097"
"""A private element, in which Google's store and that of this project say what the reason leaves open."""

_REPORTING = frozenset({400, 409})
"""The statuses of failures that come with a report."""


@frozen
class StoredInstance:
    """An instance that the answer names as stored.

    Attributes:
        sop_instance: its SOP Instance UID.
        sop_class: its SOP Class UID.
        warning: what was changed on the way, in words; empty for nothing.
        url: where it can be retrieved; empty if the answer does not say.
        code: the warning reason, as DICOM numbers it; None for none.
    """

    sop_instance: str
    sop_class: str = ""
    warning: str = ""
    url: str = ""
    code: int | None = None


@frozen
class FailedInstance:
    """An instance that the answer names as not stored.

    Attributes:
        sop_instance: its SOP Instance UID; empty where the server could not read it.
        sop_class: its SOP Class UID.
        code: the failure reason, as DICOM numbers it.
        reason: the same in words.
        detail: what the server adds; empty for nothing.
    """

    sop_instance: str
    sop_class: str
    code: int
    reason: str
    detail: str = ""


@frozen
class StoreReport:
    """What became of the instances of one request.

    Attributes:
        stored: those that are stored.
        failed: those that are not.
    """

    stored: tuple[StoredInstance, ...] = ()
    failed: tuple[FailedInstance, ...] = ()


def report(answer: Json) -> StoreReport:
    """The report in the answer of a store transaction, a data set in the DICOM JSON model."""
    return StoreReport(
        tuple(map(_stored, _items(answer, REFERENCED_SOP_SEQUENCE))),
        tuple(map(_failed, _items(answer, FAILED_SOP_SEQUENCE))),
    )


def read_store(response: Response) -> Outcome:
    """The outcome of a store transaction. The report counts on every status, for servers differ in theirs."""
    answer, readable = parsed(contents(response))
    found = report(answer)
    well = 200 <= response.status < 300
    if found.failed or (found.stored and well):
        return Outcome(_verdict(found), answer, _summary(found, response.secrets), response.sent)
    if not well:
        return _unexplained(response, answer, found)
    told = "names no stored instance" if readable else "cannot be read"
    return Outcome(
        Verdict.UNKNOWN,
        answer if readable else wrapped(response) if response.body.length else None,
        f"the server answered {status(response)}, but its report {told}; sending the same again is safe",
        response.sent,
    )


def reconcile(request: Request, outcome: Outcome) -> Outcome:
    """Hold what a report names against what was sent: a success that leaves an instance out is none.

    Reading what was sent takes pydicom; without it the outcome stays as the report has it.
    """
    from cursorkit.dicom.instances import sent_instances
    from cursorkit.errors import MissingExtraError, SourceError

    if outcome.verdict not in {Verdict.DONE, Verdict.PARTLY}:
        return outcome
    try:
        sent = sent_instances(request.headers.get("Content-Type"), request.body)
    except (MissingExtraError, SourceError):
        return outcome
    if sent is None:
        return outcome
    known = {uid for uid in sent if uid is not None}
    found = report(outcome.value)
    stored = [each.sop_instance for each in found.stored]
    named = [*stored, *(each.sop_instance for each in found.failed)]
    # What could not be read here goes in the report by a name that nothing else that was sent has.
    unread = sent.count(None) - sum(uid not in known for uid in named)
    left_out = len(known.difference(named)) + max(0, unread)
    if not left_out:
        return outcome
    message = f"{outcome.message}\nsent, but not named in the report: {_count(left_out)}"
    verdict = Verdict.PARTLY if known.intersection(stored) else Verdict.UNKNOWN
    return evolve(outcome, verdict=verdict, message=message)


def _unexplained(response: Response, answer: Json, found: StoreReport) -> Outcome:
    """The outcome of an answer that is no success, and whose report names no failure."""
    if found.stored:
        message = f"the server answered {status(response)}\n{_summary(found, response.secrets)}"
        return Outcome(Verdict.PARTLY, answer, message, response.sent)
    outcome = refused(response)
    if response.status not in _REPORTING:
        return outcome
    silent = isinstance(answer, dict) and {REFERENCED_SOP_SEQUENCE, FAILED_SOP_SEQUENCE} & answer.keys()
    told = ", and its report does not say why" if silent else ""
    return evolve(outcome, value=answer, message=outcome.message + told)


# --- the DICOM JSON model (PS3.18, F.2) -----------------------------------------------------------------


def _items(answer: Json, tag: str) -> Iterator[dict[str, Json]]:
    for item in _values(answer, tag):
        if isinstance(item, dict):
            yield item


def _values(dataset: Json, tag: str) -> list[Json]:
    element = dataset.get(tag) if isinstance(dataset, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _text(item: dict[str, Json], tag: str) -> str:
    value = next(iter(_values(item, tag)), None)
    return value if isinstance(value, str) else ""


def _code(item: dict[str, Json], tag: str) -> int | None:
    values = _values(item, tag)
    return values[0] if values and isinstance(values[0], int) else None


def _stored(item: dict[str, Json]) -> StoredInstance:
    code = _code(item, WARNING_REASON)
    return StoredInstance(
        sop_instance=_text(item, REFERENCED_SOP_INSTANCE_UID),
        sop_class=_text(item, REFERENCED_SOP_CLASS_UID),
        warning="" if code is None else reason(code),
        url=_text(item, RETRIEVE_URL),
        code=code,
    )


def _failed(item: dict[str, Json]) -> FailedInstance:
    code = _code(item, FAILURE_REASON) or 0
    return FailedInstance(
        sop_instance=_text(item, REFERENCED_SOP_INSTANCE_UID),
        sop_class=_text(item, REFERENCED_SOP_CLASS_UID),
        code=code,
        reason=reason(code),
        detail=_text(item, FAILURE_DETAIL),
    )


# --- in words ---------------------------------------------------------------------------------------------

_REASONS = {
    0x0110: "processing failure",
    0x0111: "duplicate instance",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
    0xB000: "data elements were coerced",
    0xB006: "data elements were discarded",
    0xB007: "the data set does not match its SOP class",
    0xC122: "transfer syntax not supported",
}
_FAMILIES = {0xA7: "out of resources", 0xA9: "the data set does not match its SOP class"}


def reason(code: int) -> str:
    """A failure or warning reason in words (PS3.18, 10.5.3; PS3.4, B.2.3)."""
    words = _REASONS.get(code) or _FAMILIES.get(code >> 8)
    return words or ("cannot be understood" if code >> 12 == 0xC else "no reason given")


_ADVICE = {
    0x0110: "the server's log may say more: whether it has other bytes as this instance, or cannot read it",
    0x0111: "it is there already, perhaps with other bytes: compare the two",
    0x0122: "the server does not store this kind of object: ask who runs it to allow its SOP class",
    0x0124: "ask who runs the server to let you store",
    0xC122: "convert the file to a transfer syntax that the server takes",
}
ASK_ITS_LOG = "the server's log may say why: the file may be damaged, or of a kind that it does not take"
"""What to do where a server refuses and does not say why."""

_ADVICE_OF_FAMILIES = {
    0xA7: "make room on the server, and run this again",
    0xA9: "the file is not what it says it is: have it repaired where it comes from",
}


def is_out_of_resources(code: int | None) -> bool:
    """Whether a failure reason is about the server, which has no room, and not about the instance."""
    return code is not None and code >> 8 == 0xA7


def advice(code: int) -> str:
    """What to do about a failure reason, in words."""
    words = _ADVICE.get(code) or _ADVICE_OF_FAMILIES.get(code >> 8)
    unreadable = "check whether the file is whole and sound: the server cannot read it"
    return words or (unreadable if code >> 12 == 0xC else ASK_ITS_LOG)


def _count(number: int) -> str:
    return f"{number} instance{'s' * (number != 1)}"


def _summary(found: StoreReport, secrets: Iterable[str]) -> str:
    lines = [f"stored {_count(len(found.stored))}"] if found.stored else []
    warned = Counter(each.warning for each in found.stored if each.warning)
    lines += [f"stored with a warning: {_count(number)}: {words}" for words, number in warned.items()]
    failed = Counter((each.code, each.reason, discreet(each.detail, secrets)) for each in found.failed)
    for (code, words, detail), number in failed.items():
        lines.append(f"not stored: {_count(number)}: {words} ({code:04X}){f': {detail}' if detail else ''}")
    return "\n".join(lines)


def _verdict(found: StoreReport) -> Verdict:
    if not found.failed:
        return Verdict.DONE
    return Verdict.PARTLY if found.stored else Verdict.REFUSED
