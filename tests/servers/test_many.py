"""Many files stored by one run, into Orthanc and into a store in a folder, and read back byte for byte.

All files of pydicom and pydicom-data, good, odd and broken, many of which are the same instance; and 5,000
instances with what else lies among them. How many became what is shown as a table at the end of the run.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cursorkit import dicom
from cursorkit.dicom import Limits, State
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport
from hospital import Kind, counted, hospital

if TYPE_CHECKING:
    from collections.abc import Callable

    from cursorkit.dicom import Result, Target
    from hospital import Piece
    from real_servers import Orthanc
    from tests.servers.conftest import Tallies

HOSPITAL = 5000
WAYS = {"in batches": (Limits(), 1), "--jobs 4": (Limits(count=10), 4)}
_THERE = frozenset({State.STORED, State.KNOWN})


class Place:
    """A store, and what is in it.

    Args:
        name: what it is called.
        url: its root.
        digests: the SHA-256 of each file in it, and how often it is there.
        keeps_cut: whether it takes an instance that ends in its pixels.
    """

    def __init__(self, name: str, url: str, digests: Callable[[], Counter[str]], *, keeps_cut: bool) -> None:
        self.name, self.url, self.digests, self.keeps_cut = name, url, digests, keeps_cut

    @property
    def target(self) -> Target:
        return dicom.Target.dicomweb(Endpoint(self.url), open_transport)


@pytest.fixture(params=["Orthanc", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "Orthanc":
        orthanc: Orthanc = request.getfixturevalue("orthanc")
        return Place("Orthanc", orthanc.dicomweb, orthanc.digests, keeps_cut=False)
    folder = tmp_path / "store"

    def digests() -> Counter[str]:
        # What lies beside the instances would be left behind by somebody.
        return Counter(digest(path) for path in folder.rglob("*") if path.is_file())

    return Place("folder", f"file:{folder}", digests, keeps_cut=True)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def every_sample(samples: Path) -> list[Path]:
    """The folders of pydicom and pydicom-data that hold files."""
    data = find_spec("data_store")
    assert data is not None
    assert data.origin is not None
    folders = [samples.parent / name for name in ("charset_files", "palettes", "test_files")]
    return [*folders, Path(data.origin).parent / "data"]


@pytest.mark.parametrize("way", WAYS)
def test_all_samples(
    place: Place, way: str, every_sample: list[Path], tallies: Tallies, tmp_path: Path
) -> None:
    files = {
        str(path): digest(path) for folder in every_sample for path in folder.rglob("*") if path.is_file()
    }
    assert len(files) > 250
    limits, jobs = WAYS[way]
    with dicom.Journal(tmp_path / "journal") as journal:
        with dicom.store(every_sample, place.target, journal=journal, limits=limits, jobs=jobs) as report:
            results = [*report]
        tallies[f"samples into {place.name}, {way}"] = Counter(each.state.value for each in results)
        check(results, files, place)
        again = [*dicom.store(every_sample, place.target, journal=journal, limits=limits, jobs=jobs)]
        check(again, files, place)
    assert State.STORED not in {each.state for each in again}
    assert [*named(results, _THERE)] == [*named(again, _THERE)]
    assert len(named(results, _THERE)) > 150


def check(results: list[Result], files: dict[str, str], place: Place) -> None:
    """Every file has one result; the server has what is stored, and nothing else; the others say why."""
    assert sorted(each.name for each in results) == sorted(files)
    stored = {each.name: each.sha256 for each in results if each.state in _THERE}
    assert stored == {name: files[name] for name in stored}
    assert place.digests() == Counter({*stored.values()})
    for each in results:
        assert each.state in _THERE or len(each.reason.split()) > 2, each.name
    assert {each.state for each in results} <= _THERE | {State.SKIPPED, State.REFUSED, State.CONFLICT}


def named(results: list[Result], states: frozenset[State]) -> list[str]:
    return sorted(each.name for each in results if each.state in states)


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Piece, ...]]:
    """The folder of a hospital, and what is in it."""
    folder = tmp_path_factory.mktemp("hospital")
    pieces = hospital(folder, HOSPITAL, archives=True)
    assert counted(pieces)[Kind.GOOD] == HOSPITAL
    assert min(counted(pieces).values()) > 50
    return folder, pieces


def test_a_hospital(place: Place, patients: tuple[Path, tuple[Piece, ...]], tallies: Tallies) -> None:
    folder, pieces = patients
    with dicom.store([folder], place.target) as report:
        results = [*report]
    tallies[f"a hospital into {place.name}"] = Counter(each.state.value for each in results)
    check(results, {str(folder / each.name): each.sha256 for each in pieces}, place)
    became = {each.name: each.state for each in results}
    states = {kind: Counter[State]() for kind in Kind}
    for piece in pieces:
        states[piece.kind][became[str(folder / piece.name)]] += 1
    second = State.CONFLICT if place.name == "Orthanc" else State.REFUSED
    for kind in (Kind.GOOD, Kind.COPY, Kind.OTHER):
        assert {*states[kind]} <= _THERE | {second}
    # Of two files of one instance with other bytes, one is stored.
    taken = {each.instance for each in pieces if became[str(folder / each.name)] is second}
    assert len(taken) == len({each.instance for each in pieces if each.kind is Kind.OTHER}) > 50
    assert {*states[Kind.CUT]} == {State.STORED if place.keeps_cut else State.REFUSED}
    assert {*states[Kind.BROKEN]} == {*states[Kind.FOREIGN]} == {State.SKIPPED}
    there = {each.instance for each in pieces if became[str(folder / each.name)] in _THERE}
    assert there >= {each.instance for each in pieces if each.kind is Kind.GOOD}
