"""Work shared out to an executor: lists of paths for processes, or for the machines of a cluster."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import chain
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from cursorkit.dicom.batches import fill
from cursorkit.dicom.endings import AGAIN, About, Ending
from cursorkit.dicom.inputs import find
from cursorkit.dicom.journal import Journal
from cursorkit.dicom.outlook import Outlook
from cursorkit.dicom.pipeline import completed, done
from cursorkit.dicom.planning import plan
from cursorkit.dicom.results import Result, State
from cursorkit.dicom.sending import sent
from cursorkit.errors import CursorkitError
from cursorkit.wire.transport import keep_quiet

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from cursorkit.dicom.batches import Limits
    from cursorkit.dicom.planning import Planned
    from cursorkit.dicom.target import Target

Results = tuple[Result, ...]

_GONE = Ending(
    State.LATER,
    "it was not tried any more: those who should have sent it are gone",
    AGAIN,
    About.EITHER,
)


@frozen
class Done:
    """What came of a list of files.

    Attributes:
        results: one for each.
        hopeless: the end that any other request would have, too; None while there is hope.
    """

    results: Results
    hopeless: Ending | None = None


class SharingError(CursorkitError):
    """Work that an executor cannot be given, or that whoever gets it cannot do at all."""


def store_files(
    files: tuple[str, ...],
    target: Target,
    limits: Limits,
    *,
    strict: bool,
    folder: str,
    told: tuple[frozenset[int], ...],
) -> Done:
    """Store the files of these names, request by request; the function that an executor is given.

    It may be run twice for the same files: the same bytes once more do no harm.

    Args:
        files: their names; of archives, all that is in them.
        target: where they go.
        limits: when a request is full.
        strict: whether a file that is not DICOM is refused, instead of skipped.
        folder: where relative names begin.
        told: for each of `files`, the places in it of what more is known of already. In an archive, several
            members may have one name.
    """
    with Journal() as nothing:
        planned = chain.from_iterable(
            _planned(name, folder, target, nothing, known, strict=strict)
            for name, known in zip(files, told, strict=True)
        )
        batches = fill(planned, limits)
        outlook, hopeless = Outlook(), None
        results: list[Result] = []
        for some in sent(batches, target, 1, outlook):
            results += some
            hopeless = outlook.hopeless
        return Done(tuple(results), hopeless)


def _planned(
    name: str, folder: str, target: Target, journal: Journal, told: frozenset[int], *, strict: bool
) -> Iterator[Planned | Result]:
    """What is to be sent of the file `name`, and the rest of it, called as it is in that name."""
    path = os.path.join(folder, name)  # noqa: PTH118 - names may be odd
    for place, each in enumerate(plan(find([path]), target, journal, strict=strict)):
        if place not in told:
            yield evolve(each, name=each.name[len(path) - len(name) :])


def shared_out(
    files: Iterable[str | Result],
    target: Target,
    journal: Journal,
    limits: Limits,
    jobs: int,
    *,
    strict: bool,
    executor: Executor,
) -> Generator[Results, None, None]:
    """What becomes of files that others store, as it becomes known.

    They are read here first, but for their pixels: so what is stored already is given to nobody, and two
    files of one instance are never on their way at once, for nobody could tell which of them a server keeps.

    Whoever does the work may be lost with it. What he was given is done here, then; what is left when nobody
    takes work any more is not.

    Args:
        files: names, and results, which pass as they are.
        target: where they go.
        journal: what is proven to be stored is not sent again.
        limits: when a request is full; so much is given away at once, or one archive.
        jobs: pieces of work that are given away at a time, and one more, so that nobody has to wait.
        strict: whether a file that is not DICOM is refused, instead of skipped.
        executor: who does the work.

    Raises:
        SharingError: it takes none, or cannot do it.
    """
    if not isinstance(executor, ThreadPoolExecutor):
        _check(target)
    away = _Away(executor, target, limits, strict, jobs)
    units = _units(files, target, journal, limits, strict=strict)
    for future in completed(map(away.begun, units), jobs):
        yield away.finished(future)


@frozen
class _Unit:
    """What somebody is given at a time.

    Attributes:
        files: names of files.
        left: what it is to be told of each instance in them, should nobody try it.
        told: for each of them, the places in it of what more is known of already.
    """

    files: tuple[str, ...] = ()
    left: Results = ()
    told: tuple[frozenset[int], ...] = ()

    @property
    def octets(self) -> int:
        return sum(each.octets for each in self.left)

    @property
    def instances(self) -> frozenset[str]:
        return frozenset(each.instance.sop_instance for each in self.left if each.instance)

    def holds(self, more: _Unit, limits: Limits) -> bool:
        """Whether there is room for more."""
        count, octets = len(self.left) + len(more.left), self.octets + more.octets
        return not self.files or (count <= limits.count and octets <= limits.octets)

    def __add__(self, more: _Unit) -> _Unit:
        return _Unit(self.files + more.files, self.left + more.left, self.told + more.told)


def _units(
    files: Iterable[str | Result], target: Target, journal: Journal, limits: Limits, *, strict: bool
) -> Iterator[_Unit | Result]:
    """As many files to a unit as go into a request; results as they come."""
    unit = _Unit()
    for name in files:
        if isinstance(name, Result):
            yield name
            continue
        left: list[Result] = []
        told: dict[int, Result] = {}
        for place, each in enumerate(plan(find([name]), target, journal, strict=strict)):
            if isinstance(each, Result):
                told[place] = each
            else:
                octets = each.source.length
                left.append(Result(each.name, State.LATER, instance=each.instance, octets=octets))
        yield from told.values()
        if not left:
            continue
        more = _Unit((name,), tuple(left), (frozenset(told),))
        if not unit.holds(more, limits):
            yield unit
            unit = _Unit()
        unit += more
    if unit.files:
        yield unit


@define
class _Away:
    """What is given away, and comes back or not."""

    executor: Executor
    target: Target
    limits: Limits
    strict: bool
    jobs: int
    _hopeless: Ending | None = field(default=None, init=False)
    _lost: int = field(default=0, init=False)
    _folder: str = field(factory=os.getcwd, init=False)
    _units: dict[Future[Done], _Unit] = field(factory=dict, init=False)
    _settled: dict[Future[Done], Done] = field(factory=dict, init=False)
    _taken: bool = field(default=False, init=False)

    def begun(self, unit: _Unit | Result) -> Future[Done]:
        """Give a unit away, once no other one has files of the same instances."""
        if isinstance(unit, Result):
            return done(Done((unit,)))
        for future in [each for each, other in self._units.items() if other.instances & unit.instances]:
            self._settle(future)
        return self._given(unit) if self._hopeless is None else done(_given_up(unit, self._hopeless))

    def _given(self, unit: _Unit) -> Future[Done]:
        # Lines for people belong to this process, and whoever says them may be nothing that can be sent.
        target = evolve(self.target, endpoint=evolve(self.target.endpoint, tell=keep_quiet))
        try:
            future = self.executor.submit(
                store_files,
                unit.files,
                target,
                self.limits,
                strict=self.strict,
                folder=self._folder,
                told=unit.told,
            )
        except Exception as error:  # what an executor of somebody else raises can be anything
            if not self._taken:
                raise _cannot(error) from None
            self._hopeless = _GONE
            return done(_given_up(unit, _GONE))
        self._taken = True
        self._units[future] = unit
        return future

    def finished(self, future: Future[Done]) -> Results:
        """What came of a unit."""
        if future not in self._units:
            return future.result().results
        self._settle(future)
        del self._units[future]
        return self._settled.pop(future).results

    def _settle(self, future: Future[Done]) -> None:
        """See that a unit is stored, by whomever, and learn from it."""
        wait([future])
        if future in self._settled:
            return
        if self._is_lost(future):
            self._lost += 1
            unit = self._units[future]
            again = store_files(
                unit.files, self.target, self.limits, strict=self.strict, folder=self._folder, told=unit.told
            )
            did = evolve(again, results=tuple(map(_in_doubt, again.results)))
        else:
            self._lost = 0
            did = future.result()
        self._settled[future] = did
        # One loss takes what is away with it. Where nothing comes back of what was given away after it,
        # nobody is left who could do all the rest.
        gone = _GONE if self._lost > self.jobs + 1 else None
        self._hopeless = self._hopeless or did.hopeless or gone

    def _is_lost(self, future: Future[Done]) -> bool:
        """Whether whoever had the unit is lost.

        Raises:
            CursorkitError: that is not what happened to it.
        """
        if future.cancelled():
            return True
        error = future.exception()
        if error is None:
            return False
        if isinstance(error, CursorkitError):
            raise error from None
        # Whoever makes executors has a name of his own for it; all of them have that of Python.
        if _package(type(error)) in {*map(_package, type(self.executor).__mro__)} - {"builtins"}:
            return True
        raise _cannot(error) from None


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _check(target: Target) -> None:
    """Let a target pass that other processes may be given."""
    try:
        pickle.dumps(target.headers)
    except TypeError:
        raise SharingError(
            "the target holds a secret, which no other process is given: whoever does the work needs "
            "credentials of its own"
        ) from None


def _in_doubt(result: Result) -> Result:
    """The result of a file that another may have stored, who was lost before he could say so."""
    if result.state not in {State.LATER, State.UNAUTHORIZED}:
        return result
    reason = f"who should have sent it is lost, and may have done so; after that, {result.reason}"
    return evolve(result, state=State.UNKNOWN, reason=reason, advice=AGAIN)


def _given_up(unit: _Unit, end: Ending) -> Done:
    return Done(
        tuple(evolve(each, state=end.state, reason=end.reason, advice=end.advice) for each in unit.left)
    )


def _cannot(error: BaseException) -> SharingError:
    """An error in words. Those of what was raised may show what it was about."""
    return SharingError(
        f"the work cannot be shared out ({type(error).__name__}): see that whoever does it has "
        "cursorkit[dicom] installed, in this version, and can be sent the target"
    )
