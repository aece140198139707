"""Results of runs that store many files: any of them, and those of a run as it might be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from cursorkit.dicom.instances import Instance
from cursorkit.dicom.ledger import Ledger
from cursorkit.dicom.results import Result, State

if TYPE_CHECKING:
    from collections.abc import Iterable

BEGAN = 1_795_546_958.0
"""2026-11-24 19:02:38 UTC."""

# Names of files may hold bytes that are no UTF-8; Python has them as lone surrogates.
texts = st.text(st.characters(codec=None), max_size=20) | st.text(
    st.sampled_from("=+-@\t\r\n'\",;\x00<&\udcff\u202e")
)
instances = st.builds(Instance, texts, texts, texts, texts, texts, texts)
moments = st.floats(BEGAN, BEGAN + 10_000)
results = st.builds(
    Result,
    texts,
    st.sampled_from(State),
    texts,
    texts,
    st.none() | st.integers(0, 0xFFFF),
    st.none() | instances,
    st.integers(0, 2**50),
    st.just("") | st.just("ab" * 32),
    moments,
)
"""Results that may hold anything."""

REFUSED = (
    "the data set does not match its SOP class (A900)",
    "send it to a server that takes such instances",
)
CONFLICT = ("other bytes are stored as the same instance", "find out which of the two is right")


def result(number: int, state: State = State.STORED, at: float = 0.0, modality: str = "CT") -> Result:
    """One of many files of a run; each second one of 200,000 bytes, the others of 100,000."""
    why = {State.REFUSED: REFUSED, State.CONFLICT: CONFLICT}.get(state, ("", ""))
    uid = f"1.2.826.0.1.3680043.8.498.{number}"
    instance = Instance("1.2.3", "1.2.3.4", uid, "1.2.840.10008.5.1.4.1.1.2", modality, "1.2.840.10008.1.2.1")
    octets = 100_000 * (1 + number % 2)
    return Result(f"/archive/{number:06}.dcm", state, *why, None, instance, octets, "ab" * 32, BEGAN + at)


def ledger_of(kept: Iterable[Result]) -> Ledger:
    """A ledger of a run that began at `BEGAN`, with these results."""
    ledger = Ledger(BEGAN)
    for each in kept:
        ledger.add(each)
    return ledger
