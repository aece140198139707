"""What storing many files costs and no machine can change: how often they are opened, and what is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from threading import Lock, Thread, setprofile
from typing import TYPE_CHECKING

import pytest
from attrs import field, frozen
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from cursorkit.dicom import Found, Journal, Limits, State, Target, plan, store
from cursorkit.dicom.batches import fill
from cursorkit.dicom.sending import sent
from cursorkit.files import file_source
from cursorkit.wire import Bytes, Endpoint, Headers, Response, Sending
from cursorkit.wire.digest import BEHIND
from cursorkit.wire.source import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import BinaryIO

    from cursorkit.wire import BodySource, Request

FILES = 60
LIMITS = Limits(count=10)
REQUESTS = FILES // LIMITS.count
OCTETS = 512 * 1024
UIDS = [f"2.25.{number + 1}" for number in range(FILES)]
REPORT = Bytes(
    json.dumps(
        {"00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [each]}} for each in UIDS]}}
    ).encode()
)


class Sink:
    """A server that reads everything, keeps nothing, and says that it has all."""

    def send(self, request: Request) -> Response:
        with Sending(request.body) as body:
            while body.read():
                pass
            return Response(200, Headers(), REPORT, body.sent)

    def close(self) -> None:
        pass


TARGET = Target.dicomweb(Endpoint("sink:"), lambda _: Sink())


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images, each of more than OCTETS bytes."""
    folder = tmp_path_factory.mktemp("images")
    image = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    image.PixelData = bytes(OCTETS)
    for number, uid in enumerate(map(UID, UIDS)):
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = uid
        image.save_as(folder / f"{number:03}")
    return folder


@frozen
class Counted:
    """A file that counts how often it is opened."""

    source: BodySource
    count: Callable[[], None] = field(eq=False)

    @property
    def length(self) -> int:
        return self.source.length

    def open(self) -> BinaryIO:
        self.count()
        return self.source.open()


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_file_is_opened_to_see_which_instance_it_is_and_to_send_it(images: Path, jobs: int) -> None:
    opened: Counter[str] = Counter()
    lock = Lock()

    def counted(path: str) -> Found:
        def count() -> None:
            with lock:
                opened[path] += 1

        return Found(path, Counted(file_source(path), count))

    paths = sorted(map(str, images.iterdir()))
    with Journal() as journal:
        batches = fill(plan(map(counted, paths), TARGET, journal), LIMITS)
        results = [each for done in sent(batches, TARGET, jobs) for each in done]
    assert {each.state for each in results} == {State.STORED}
    assert opened == dict.fromkeys(paths, 2)


OPENING = """\
import sys
from collections import Counter
from cursorkit.dicom import State, store
from test_store_structure import LIMITS, TARGET

opened = Counter()
sys.addaudithook(lambda event, words: opened.update([str(words[0])] if event == "open" else []))
with store([sys.argv[1]], TARGET, limits=LIMITS, jobs=4) as report:
    assert all(each.state is State.STORED for each in report)
print(*(number for name, number in opened.items() if name.startswith(sys.argv[1] + "/")))
"""


def test_a_whole_run_opens_it_twice_more_at_most(images: Path) -> None:
    """Before that it is looked at: whether it can be read, and whether there are files in it."""
    words = [sys.executable, "-c", OPENING, str(images)]
    beside = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    told = subprocess.run(words, check=True, capture_output=True, text=True, env=beside).stdout
    numbers = [*map(int, told.split())]
    assert len(numbers) == FILES
    assert {*numbers} <= {2, 3, 4}


def test_threads_are_begun_for_jobs_and_requests_and_not_for_files(images: Path) -> None:
    begun: list[object] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is Thread.run.__code__:
            begun.append(frame.f_locals["self"])

    setprofile(note)
    try:
        with store([images], TARGET, limits=LIMITS, jobs=4) as report:
            assert all(each.state is State.STORED for each in report)
    finally:
        setprofile(None)
    # Those that send, and for each request one that digests.
    assert 2 <= len(begun) <= 4 + REQUESTS


def peak(*paths: Path, limits: Limits = LIMITS) -> int:
    """Bytes that a run keeps at most."""
    tracemalloc.start()
    try:
        with store(paths, TARGET, limits=limits, jobs=1) as report:
            for _ in report:
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_is_kept_does_not_grow_with_the_size_of_a_request(images: Path) -> None:
    one, *_ = paths = sorted(images.iterdir())
    peak(one)
    few, many = (peak(*paths[:count], limits=Limits(count=count)) for count in (6, FILES))
    # What differs is how many blocks wait to be digested.
    assert many < few + (BEHIND + 2) * BLOCK < few + (FILES - 6) * OCTETS / 8


def test_nor_with_the_number_of_files(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(20)]
    for folder in folders:
        folder.mkdir()
        for number in range(100):
            (folder / str(number)).write_bytes(b"x")
    peak(folders[0])
    # Others may be at work in this process; 1,800 results that stayed would be some 500,000 bytes.
    assert peak(*folders) < peak(*folders[:2]) + 300_000
