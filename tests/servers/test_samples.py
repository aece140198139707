"""All files of pydicom's wheel, good and bad, posted one by one to every store there is.

What became of each is shown as a table at the end of the run.
"""

from __future__ import annotations

import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cursorkit import HttpBody, Verdict, call
from cursorkit.dicom import multipart
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit import Outcome
    from real_servers import Orthanc
    from tests.servers.conftest import Outcomes

PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}
WORDS = {Verdict.DONE: "stored", Verdict.REFUSED: "refused", Verdict.UNKNOWN: "unknown"}


@pytest.fixture(scope="module")
def files(samples: Path) -> dict[str, Path]:
    """The files by name: images, reports and directories, palettes, and a few that are not DICOM at all."""
    found = {
        str(path.relative_to(samples.parent)): path
        for folder in ("charset_files", "palettes", "test_files")
        for path in (samples.parent / folder).rglob("*")
        if path.is_file()
    }
    assert len(found) > 190
    return found


def store(endpoint: str, body: HttpBody) -> Outcome:
    with closing(open_transport(Endpoint(endpoint))) as transport:
        return call(STORE_INSTANCES.at(endpoint), PLACE, body, transport)


def told(outcome: Outcome) -> tuple[str, str]:
    """The verdict in a word, and why where it is not the best one."""
    word = WORDS[outcome.verdict]
    if outcome.verdict is Verdict.DONE:
        return word, ""
    assert len(outcome.message.split()) > 3, "a reason in words"
    return word, "; ".join(outcome.message.splitlines())


def test_a_store_in_a_folder(files: dict[str, Path], tmp_path: Path, outcomes: Outcomes) -> None:
    stored = 0
    for number, (name, path) in enumerate(files.items()):
        folder = tmp_path / str(number)
        outcome = store(f"file:{folder}", HttpBody("application/dicom", path))
        outcomes.setdefault(name, {})["folder"] = told(outcome)
        kept = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
        if is_instance(path):
            assert outcome.verdict is Verdict.DONE, name
            assert kept == [path.read_bytes()], name
            stored += 1
        else:
            assert outcome.verdict is Verdict.REFUSED, name
            assert kept == [], name
    assert 150 < stored < len(files) - 20


def is_instance(path: Path) -> bool:
    """Whether pydicom reads the file and finds out which instance it is."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            return False
        keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        return all(dataset.get(keyword) for keyword in keywords)


def test_orthanc(files: dict[str, Path], orthanc: Orthanc, outcomes: Outcomes) -> None:
    stored = 0
    for name, path in files.items():
        outcome = store(orthanc.url, HttpBody(*multipart([path])))
        outcomes.setdefault(name, {})["Orthanc"] = told(outcome)
        done = outcome.verdict is Verdict.DONE
        # It is done exactly where the very bytes are there.
        assert orthanc.files() == ([path.read_bytes()] if done else []), name
        stored += done
        orthanc.clear()
    assert 140 < stored < len(files) - 20
