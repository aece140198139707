"""Batches on their way, several at a time: the order of things is held by events, not by the clock."""

from __future__ import annotations

import threading
import tracemalloc
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from attrs import define, evolve

from cursorkit.dicom import Instance, Limits, Planned, Result, State, Target
from cursorkit.dicom.batches import fill
from cursorkit.dicom.sending import sent
from cursorkit.wire import Bytes, Endpoint, Headers, Response, Sending
from cursorkit.wire.multipart import media_type, split
from dicom_store import report, uid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from cursorkit.wire import Request

PATIENCE = 30.0
"""Seconds after which a test gives up on what should have happened."""

Names = list[str]


@define
class Fake:
    """A transport on which every request is a call of a function, which may take its time.

    Attributes:
        answered: is given the number of the first instance in a request.
        closed: whether it was.
    """

    answered: Callable[[int], None] = lambda _: None
    closed: bool = False

    def send(self, request: Request) -> Response:
        assert not self.closed
        with Sending(request.body) as body:
            content = b"".join(iter(body.read, b""))
        _, parameters = media_type(request.headers.get("Content-Type"))
        count = sum(1 for _ in split(BytesIO(content), parameters["boundary"]))
        assert count
        first = int(_first(request))
        self.answered(first)
        return Response(200, Headers(), Bytes(report(map(uid, range(first, first + count)))), body.sent)

    def close(self) -> None:
        self.closed = True


def _first(request: Request) -> str:
    with request.body.open() as reader:
        text = reader.read().decode("latin-1")
    return text.split("\r\n\r\n")[1].split("\r\n")[0]


def numbered(number: int, more: bytes = b"") -> Planned:
    """An instance whose bytes are its number."""
    instance = Instance("1", "2", uid(number), "3")
    return Planned(f"{number}{more.decode()}", instance, Bytes(b"%d%b" % (number, more)))


def run(
    fake: Fake, batches: Iterable[tuple[Planned, ...] | Result], jobs: int
) -> Generator[Names, None, None]:
    target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: fake)
    with closing(sent(batches, target, jobs)) as results:
        for each in results:
            yield [f"{result.name} {result.state.value}" for result in each]


def test_the_next_batch_is_made_while_one_is_sent_and_results_come_before_the_next_is_answered() -> None:
    made = [threading.Event() for _ in range(4)]
    asked_for_more = threading.Event()
    waited: list[bool] = []

    def answered(number: int) -> None:
        if number < 3:
            waited.append(made[number + 1].wait(PATIENCE))
        if number == 1:
            # The result of the first one is there before the second one is answered.
            waited.append(asked_for_more.wait(PATIENCE))

    def making() -> Iterator[tuple[Planned, ...]]:
        for number in range(4):
            made[number].set()
            yield (numbered(number),)

    results = run(Fake(answered), making(), jobs=1)
    assert next(results) == ["0 stored"]
    asked_for_more.set()
    assert [*results] == [[f"{number} stored"] for number in (1, 2, 3)]
    assert waited == [True] * 4


def test_what_is_known_of_a_batch_does_not_wait_for_the_rest_of_it() -> None:
    asked_for_more = threading.Event()

    class Forgetful(Fake):
        def send(self, request: Request) -> Response:
            if _first(request) == "1":
                # It is sent alone, and not before somebody has the result of the first.
                _wait(asked_for_more)
                return super().send(request)
            response = super().send(request)
            return evolve(response, body=Bytes(report([uid(0)])))

    results = run(Forgetful(), [(numbered(0), numbered(1))], jobs=1)
    assert next(results) == ["0 stored"]
    asked_for_more.set()
    assert [*results] == [["1 stored"]]


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_so_many_requests_at_a_time_and_no_more(jobs: int) -> None:
    together = threading.Barrier(jobs)
    lock = threading.Lock()
    at_work = most = 0

    def answered(_: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        together.wait(PATIENCE)
        with lock:
            at_work -= 1

    fake = Fake(answered)
    results = sorted(run(fake, ((numbered(each),) for each in range(jobs * 3)), jobs))
    assert results == sorted([f"{number} stored"] for number in range(jobs * 3))
    assert most == jobs
    assert fake.closed


def test_no_more_is_made_than_can_be_sent_next() -> None:
    enough, too_much = threading.Event(), threading.Event()
    made = told = 0

    def answered(_: int) -> None:
        _wait(enough)
        # Whoever makes more than that does so now, while nothing is answered.
        too_much.wait(0.1)

    def making() -> Iterator[tuple[Planned, ...]]:
        nonlocal made
        for number in range(12):
            made += 1
            if made - told == 3 + 1:
                enough.set()
            if made - told > 3 + 1 + 1:
                too_much.set()
            yield (numbered(number),)

    for _ in run(Fake(answered), making(), jobs=3):
        told += 1
    assert (made, told) == (12, 12)
    assert not too_much.is_set()


def _wait(event: threading.Event) -> None:
    assert event.wait(PATIENCE)


def test_files_of_one_instance_are_sent_one_after_the_other() -> None:
    """While the first of two is on its way, others pass, but not the second."""
    passed = threading.Event()
    order: list[str] = []

    def answered(number: int) -> None:
        order.append(f"{number} came")
        if number == 0:
            _wait(passed)
        if number == 2:
            passed.set()
        order.append(f"{number} done")

    two = Planned("twin", numbered(0).instance, Bytes(b"0"))
    plan = [(numbered(0),), (two,), (numbered(1),), (numbered(2),)]
    results = [*run(Fake(answered), plan, jobs=3)]
    assert results.index(["0 stored"]) < results.index(["twin stored"])
    assert len(results) == 4
    assert order[order.index("0 came") + 1 :].index("0 done") < order[order.index("0 came") + 1 :].index(
        "0 came"
    )


def test_an_end_that_comes_early_leaves_nothing_behind() -> None:
    go_on = threading.Event()
    came: list[int] = []

    def answered(number: int) -> None:
        came.append(number)
        if number:
            _wait(go_on)

    fake = Fake(answered)
    before = threading.active_count()
    results = run(fake, ((numbered(each),) for each in range(100)), jobs=2)
    next(results)
    threading.Timer(0.05, go_on.set).start()
    results.close()
    assert fake.closed
    assert len(came) <= 4
    _until(lambda: threading.active_count() <= before)


def _until(come_true: Callable[[], bool]) -> None:
    """Threads that are done are not gone at once."""
    event = threading.Event()
    for _ in range(1000):
        if come_true():
            return
        event.wait(0.03)
    pytest.fail("it never comes true")


def test_what_a_transport_should_never_raise_ends_the_run() -> None:
    def answered(number: int) -> None:
        if number == 3:
            raise LookupError("a fault of the transport")

    fake = Fake(answered)
    before = threading.active_count()
    with pytest.raises(LookupError):
        list(run(fake, ((numbered(each),) for each in range(100)), jobs=2))
    assert fake.closed
    _until(lambda: threading.active_count() <= before)


def test_results_pass_as_they_are() -> None:
    gone = Result("gone", State.UNREADABLE, "there is no such file")
    assert [*run(Fake(), [gone, (numbered(0),), gone], jobs=1)].count(["gone unreadable"]) == 2


def test_memory_does_not_grow_with_the_number_of_instances() -> None:
    def peak(count: int) -> int:
        plan = (numbered(each) for each in range(count))
        target = Target.dicomweb(Endpoint("memory:"), lambda endpoint: Fake())
        tracemalloc.start()
        try:
            total = sum(len(each) for each in sent(fill(plan, Limits(50)), target, 2))
            assert total == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(500)
    # What is under way at a time differs; each instance that stayed would be more than 500 bytes.
    assert peak(10_000) < peak(1_000) + 1_000_000
