"""What it costs to store many instances, beside curl, dicomweb-client, urllib3 and pydicom, in one run.

    scripts/benchmark stores                everything but `limits`
    scripts/benchmark stores SECTION ...    orthanc, many, latency, large, headers, memory, limits

A client is a process of its own, and tells the seconds of its work alone, without what its imports take.
Rounds go in turn, medians are given, and beside them the goals. Orthanc is a fresh one for every run. Where
it is not the server, `store_sink.c` is, which reports every instance as stored. `limits` tries sizes of
requests and numbers of jobs on Orthanc.

dicomweb-client brings numpy, Pillow and requests, which pydicom loads where it finds them. Other clients do
without them here, as they can.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 5
KIB, MIB = 1024, 1024 * 1024
SINK = Path(__file__).with_name("store_sink.c")
PLUGINS = [
    path
    for folder in ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins", "/usr/lib/orthanc")
    if (path := Path(folder, "libOrthancDicomWeb.so")).exists()
]
DIRECT = build_opener(ProxyHandler({}))


# --- servers --------------------------------------------------------------------------------------------


@contextmanager
def running(*words: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A server, until nobody needs it."""
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@contextmanager
def sink(program: Path, size: int, milliseconds: int = 0) -> Iterator[str]:
    """The root of a server that is told the size of its instances, and takes its time to answer."""
    with running(str(program), str(size), str(milliseconds)) as child:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{int(child.stdout.readline())}/dicom-web"


@contextmanager
def orthanc() -> Iterator[str]:
    """The root of an Orthanc that is empty."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        settings = {
            "StorageDirectory": folder,
            "IndexDirectory": folder,
            "HttpPort": port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomServerEnabled": False,
            "Plugins": list(map(str, PLUGINS[:1])),
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
        }
        Path(folder, "orthanc.json").write_text(json.dumps(settings))
        with running("Orthanc", str(Path(folder, "orthanc.json"))):
            while True:
                try:
                    held(f"http://127.0.0.1:{port}")
                    break
                except OSError:
                    sleep(0.05)
            yield f"http://127.0.0.1:{port}/dicom-web"


def held(url: str) -> int:
    """How many instances an Orthanc has."""
    with DIRECT.open(f"{url.removesuffix('/dicom-web')}/statistics", timeout=30) as answer:
        return int(json.load(answer)["CountInstances"])


# --- what is sent ---------------------------------------------------------------------------------------


def generate(folder: str, count: str, octets: str) -> None:
    """Write CT images of `octets` bytes each: a real one, with identifiers and pixels of their own."""
    from pydicom import dcmread
    from pydicom.data import get_testdata_file
    from pydicom.uid import UID

    name = f"2.25.{10**30}"
    image = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = UID(name)
    image.Rows = image.Columns = 512
    # Behind the pixels is padding, which would be in the way of their length.
    del image.DataSetTrailingPadding
    path = Path(folder, "0")
    image.PixelData = b""
    image.save_as(path)
    image.PixelData = os.urandom(int(octets) - path.stat().st_size)
    image.save_as(path)
    written = path.read_bytes()
    path.unlink()
    for number in range(int(count)):
        own = f"2.25.{10**30 + number}".encode()
        Path(folder, f"{number:06}.dcm").write_bytes(written.replace(name.encode(), own))


def body(folder: str, path: str) -> None:
    """Write all files of a folder as the body of one request, with `edge` for its boundary."""
    with open(path, "wb") as file:
        part = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n"
        file.writelines(part + each.read_bytes() for each in sorted(Path(folder).iterdir()))
        file.write(b"\r\n--edge--\r\n")


def tiny(folder: str, count: str) -> None:
    """Write files that hold next to nothing, and no DICOM."""
    for number in range(int(count)):
        Path(folder, f"{number:06}").write_bytes(b"x")


# --- clients --------------------------------------------------------------------------------------------


def bare_pydicom() -> None:
    """Have pydicom as where dicomweb-client is not installed."""
    for each in ("numpy", "PIL", "requests"):
        sys.modules[each] = None  # type: ignore[assignment]  # which is what makes importing it fail


def target(url: str) -> Any:
    """Where cursorkit stores; with all imported that it needs for that."""
    bare_pydicom()
    import pydicom.filereader  # noqa: F401 - as are the next ones, so that no client is timed while it imports
    import urllib3  # noqa: F401

    import cursorkit.dicom.storing  # noqa: F401
    import cursorkit_transports.https  # noqa: F401
    from cursorkit.dicom import Target
    from cursorkit.wire import Endpoint
    from cursorkit_transports import open_transport

    return Target.dicomweb(Endpoint(url, retry_for=0), open_transport)


def cursorkit(url: str, folder: str, count: str = "50", jobs: str = "4") -> float:
    """All of it: files are found, read, sent and accounted for."""
    from cursorkit.dicom import Limits, State, store

    place = target(url)
    start = perf_counter()
    with store([folder], place, limits=Limits(count=int(count)), jobs=int(jobs)) as report:
        assert all(each.state is State.STORED for each in report)
    return perf_counter() - start


def dicomweb_client(url: str, folder: str) -> float:
    """dicomweb-client, which takes data sets."""
    from dicomweb_client.api import DICOMwebClient
    from pydicom import dcmread

    client = DICOMwebClient(url)
    start = perf_counter()
    client.store_instances([dcmread(each) for each in sorted(Path(folder).iterdir())])
    return perf_counter() - start


def planned(url: str, folder: str, count: str = "50", jobs: str = "1") -> float:
    """cursorkit, of which only the sending is timed."""
    from cursorkit.dicom import Journal, Limits, State, find, names, plan
    from cursorkit.dicom.batches import fill
    from cursorkit.dicom.sending import sent

    place = target(url)
    with Journal() as journal:
        waiting = [*plan(find(names([folder])), place, journal)]
    start = perf_counter()
    results = [
        each for done in sent(fill(waiting, Limits(count=int(count))), place, int(jobs)) for each in done
    ]
    seconds = perf_counter() - start
    assert all(each.state is State.STORED for each in results)
    assert len(results) == len(waiting)
    return seconds


def bare(url: str, folder: str) -> float:
    """urllib3 without anything around it, a file to a request, on one connection."""
    import urllib3

    pool = urllib3.PoolManager(blocksize=256 * KIB)
    fields = {"Accept": "application/dicom+json", "Content-Type": "application/dicom"}
    paths = [os.path.join(folder, each) for each in sorted(os.listdir(folder))]
    start = perf_counter()
    for path in paths:
        with open(path, "rb") as file:
            answer = pool.request("POST", f"{url}/studies", body=file.read(), headers=fields)
        assert answer.status == 200
        assert answer.data
    return perf_counter() - start


def read(folder: str) -> float:
    """cursorkit, looking which instances files are."""
    from cursorkit.dicom import Journal, Planned, find, names, plan

    place = target("http://127.0.0.1:1/dicom-web")
    with Journal() as journal:
        start = perf_counter()
        assert all(isinstance(each, Planned) for each in plan(find(names([folder])), place, journal))
        return perf_counter() - start


def pydicom_read(folder: str) -> float:
    """pydicom, which reads the same identifiers, and nothing behind them."""
    bare_pydicom()
    from pydicom import dcmread

    tags = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality"]
    start = perf_counter()
    for each in sorted(Path(folder).iterdir()):
        found = dcmread(each, stop_before_pixels=True, specific_tags=tags)
        assert all(str(found[tag].value) for tag in tags)
    return perf_counter() - start


def passed_over(folder: str) -> float:
    """cursorkit, which finds nothing to store."""
    from cursorkit.dicom import State, store

    place = target("http://127.0.0.1:1/dicom-web")
    start = perf_counter()
    with store([folder], place) as report:
        assert all(each.state is State.SKIPPED for each in report)
    return perf_counter() - start


CLIENTS: dict[str, Callable[..., float | None]] = {
    each.__name__: each
    for each in (
        *(generate, body, tiny),
        *(cursorkit, dicomweb_client, planned, bare, read, pydicom_read, passed_over),
    )
}


def told(client: str, *words: object) -> tuple[float, float]:
    """What a client takes: seconds, and MiB of memory at most."""
    return run([sys.executable, __file__, client, *map(str, words)])


def curl(url: str, path: Path) -> tuple[float, float]:
    """The same for curl, which sends a body that is made already."""
    kind = 'Content-Type: multipart/related; type="application/dicom"; boundary=edge'
    answer = ["-sS", "-f", "-o", os.devnull, "-w", "%{time_total}", "-H", "Expect:", "-H", kind]
    return run(["curl", *answer, "-X", "POST", "-T", str(path), f"{url}/studies"])


def run(words: list[str]) -> tuple[float, float]:
    """Run what tells its seconds."""
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{words} failed with {child.returncode}")
    return float(said), usage.ru_maxrss / KIB


# --- sections -------------------------------------------------------------------------------------------


def medians(clients: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The seconds of each, in rounds that go in turn, of which the first does not count."""
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for round_ in range(ROUNDS + 1):
        for name, client in clients.items():
            seconds = client()
            if round_:
                taken[name].append(seconds)
    return {name: median(each) for name, each in taken.items()}


def table(title: str, *columns: str) -> None:
    """The head of a table."""
    print(f"\n| {' | '.join((title, *columns))} |\n| --- {'| ---: ' * len(columns)}|")


def row(*cells: object) -> None:
    """A line of it."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def into_orthanc(count: int, clients: dict[str, Callable[[str], float]]) -> dict[str, float]:
    """Instances a second, of `count` into an empty Orthanc, which has to hold all of them then."""

    def fresh(client: Callable[[str], float]) -> float:
        with orthanc() as url:
            seconds = client(url)
            assert held(url) == count
        return seconds

    def bound(client: Callable[[str], float]) -> Callable[[], float]:
        return lambda: fresh(client)

    return {name: count / each for name, each in medians({n: bound(c) for n, c in clients.items()}).items()}


def orthanc_section(folder: Path, _program: Path) -> None:
    count = 200
    files, whole = folder / "ct", folder / "body"
    files.mkdir()
    told("generate", files, count, 531 * KIB)
    told("body", files, whole)
    rates = into_orthanc(
        count,
        {
            "curl, one body made beforehand": lambda url: curl(url, whole)[0],
            "cursorkit": lambda url: told("cursorkit", url, files)[0],
            "dicomweb-client": lambda url: told("dicomweb_client", url, files)[0],
        },
    )
    first, ours, peer = rates.values()
    table(f"{count} x 531 KiB into Orthanc", "instances/s", "x curl", "x dicomweb-client", "goals")
    for name, rate in rates.items():
        goals = ">= 0.85, >= 2.5" if rate == ours else ""
        row(name, f"{rate:,.0f}", f"{rate / first:.2f}", f"{rate / peer:.2f}", goals)


def limits_section(folder: Path, _program: Path) -> None:
    count = 200
    files = folder / "limits"
    files.mkdir()
    told("generate", files, count, 531 * KIB)

    def client(size: int, jobs: int) -> Callable[[str], float]:
        return lambda url: told("cursorkit", url, files, size, jobs)[0]

    tried = [(size, jobs) for size in (1, 10, 25, 50, 100) for jobs in (1, 2, 4, 8)]
    rates = into_orthanc(count, {f"{size} | {jobs}": client(size, jobs) for size, jobs in tried})
    table("instances to a request", "jobs", f"instances/s, {count} x 531 KiB into Orthanc")
    for name, rate in rates.items():
        row(name, f"{rate:,.0f}")


def many_section(folder: Path, program: Path) -> None:
    count, octets = 2_000, 100 * KIB
    files = folder / "many"
    files.mkdir()
    told("generate", files, count, octets)
    with sink(program, octets) as url:
        taken = medians(
            {
                "urllib3, one to a request": lambda: told("bare", url, files)[0],
                "cursorkit, planned already, 1 job": lambda: told("planned", url, files)[0],
                "cursorkit, planned already, 4 jobs": lambda: told("planned", url, files, 50, 4)[0],
                "cursorkit, one to a request, 1 job": lambda: told("planned", url, files, 1)[0],
            }
        )
    table(f"{count} x 100 KiB", "instances/s", "x urllib3", "goal")
    first, *_ = taken.values()
    for name, seconds in taken.items():
        goal = ">= 3" if "planned already" in name else ""
        row(name, f"{count / seconds:,.0f}", f"{first / seconds:.2f}", goal)


def latency_section(folder: Path, program: Path) -> None:
    count, octets = 400, 100 * KIB
    files = folder / "latency"
    files.mkdir()
    told("generate", files, count, octets)
    with sink(program, octets, 20) as url:

        def client(jobs: int) -> Callable[[], float]:
            return lambda: told("planned", url, files, 1, jobs)[0]

        taken = medians({f"{jobs} jobs": client(jobs) for jobs in (1, 4, 16)})
    table(f"{count} x 100 KiB, one to a request, answers after 20 ms", "instances/s", "x one job", "goal")
    first, *_ = taken.values()
    for name, seconds in taken.items():
        goal = ">= 14" if name.startswith("16") else ""
        row(name, f"{count / seconds:,.0f}", f"{first / seconds:.1f}", goal)


def large_section(folder: Path, program: Path) -> None:
    octets = 1024 * MIB
    files = folder / "large"
    files.mkdir()
    told("generate", files, 1, octets)
    with sink(program, octets) as url:
        runs = [told("cursorkit", url, files) for _ in range(3)]
    table("one instance of 1 GiB", "MiB/s", "peak MiB", "goal")
    seconds, memory = (median(each) for each in zip(*runs, strict=True))
    row("cursorkit", f"{octets / MIB / seconds:,.0f}", f"{memory:.0f}", "<= 45")
    shutil.rmtree(files)


def headers_section(folder: Path, _program: Path) -> None:
    count = 1_000
    files = folder / "headers"
    files.mkdir()
    told("generate", files, count, 100 * KIB)
    taken = medians(
        {
            "pydicom, the same elements": lambda: told("pydicom_read", files)[0],
            "cursorkit, found and planned": lambda: told("read", files)[0],
        }
    )
    table("reading headers", "ms a file", "x pydicom", "goal")
    first, *_ = taken.values()
    for name, seconds in taken.items():
        goal = "<= 1.2" if name.startswith("cursorkit") else ""
        row(name, f"{seconds / count * 1e3:.2f}", f"{seconds / first:.2f}", goal)


def memory_section(folder: Path, _program: Path) -> None:
    table("files that are no DICOM", "files/s", "peak MiB", "goal")
    for count in (10_000, 100_000):
        files = folder / f"tiny-{count}"
        files.mkdir()
        told("tiny", files, count)
        seconds, memory = told("passed_over", files)
        row(f"{count:,}", f"{count / seconds:,.0f}", f"{memory:.1f}", "flat")
        shutil.rmtree(files)


SECTIONS = {
    "orthanc": orthanc_section,
    "many": many_section,
    "latency": latency_section,
    "large": large_section,
    "headers": headers_section,
    "memory": memory_section,
    "limits": limits_section,
}


def main(sections: list[str]) -> None:
    """Measure, section by section."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        program = folder / "sink"
        subprocess.run(["cc", "-O2", "-pthread", "-o", str(program), str(SINK)], check=True)
        for each in sections:
            SECTIONS[each](folder, program)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name, *arguments] if client := CLIENTS.get(name):
            print(client(*arguments) or 0)
        case wanted:
            main(wanted or [name for name in SECTIONS if name != "limits"])
