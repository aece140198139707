"""How instances are put together into requests."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from cursorkit.dicom import Instance, Limits, Planned, Result, State
from cursorkit.dicom.batches import USUAL, fill
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator


def planned(uid: int, octets: int = 1) -> Planned:
    return Planned(f"{uid}.dcm", Instance("1", "2", str(uid), "3"), Bytes(bytes(octets)))


SKIPPED = Result("README", State.SKIPPED)
plans = st.lists(st.builds(planned, st.integers(0, 9), st.integers(1, 20)) | st.just(SKIPPED), max_size=40)
limits = st.builds(Limits, st.integers(1, 8), st.integers(1, 60))


@given(plans, limits)
def test_batches_hold_what_was_planned_in_its_order_within_the_limits(
    plan: list[Planned | Result], limits: Limits
) -> None:
    made = [*fill(plan, limits)]
    batches = [each for each in made if not isinstance(each, Result)]
    assert [each for batch in batches for each in batch] == [each for each in plan if each is not SKIPPED]
    assert made.count(SKIPPED) == plan.count(SKIPPED)
    for batch in batches:
        assert 1 <= len(batch) <= limits.count
        assert len(batch) == 1 or sum(each.source.length for each in batch) <= limits.octets
        assert len({each.instance.sop_instance for each in batch}) == len(batch)
    for batch, after in pairwise(batches):
        # None is sent before it has to be.
        octets = sum(each.source.length for each in (*batch, after[0]))
        again = after[0].instance.sop_instance in {each.instance.sop_instance for each in batch}
        assert len(batch) == limits.count or octets > limits.octets or again


def test_no_more_is_looked_at_than_a_request_takes() -> None:
    taken = []

    def plan() -> Iterator[Planned]:
        for number in range(1000):
            taken.append(number)
            yield planned(number)

    batches = fill(plan(), Limits(5))
    for _ in range(3):
        next(batches)
    assert len(taken) <= 3 * 5 + 1


def test_results_do_not_wait_for_a_request_to_be_full() -> None:
    assert next(fill([planned(1), SKIPPED, planned(2)], USUAL)) is SKIPPED


def test_a_request_may_be_full_to_the_byte() -> None:
    made = fill([planned(1, 30), planned(2, 30), planned(3, 1)], Limits(octets=60))
    assert [len(each) for each in made if not isinstance(each, Result)] == [2, 1]


def test_nothing_comes_of_nothing() -> None:
    assert [*fill([], USUAL)] == []
