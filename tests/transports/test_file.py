"""The DICOM store in a folder."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit import SourceError, dicom
from cursorkit.testing.contracts import TransportContract, Watched, contents
from cursorkit.wire import Bytes, Endpoint, EndpointError, Headers, Request, StorageError
from cursorkit.wire.multipart import Part, encode
from cursorkit_transports import FileStore, Logged, open_transport

if TYPE_CHECKING:
    from cursorkit.wire import BodySource, Response

ROOT = "file:store"
URL = f"{ROOT}/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies"
RELATED = 'multipart/related; type="application/dicom"; boundary=edge'
PROCESSING_FAILURE, DOES_NOT_MATCH, CANNOT_UNDERSTAND = 0x0110, 0xA900, 0xC000


class TestContract(TransportContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def transport(self) -> FileStore:
        return FileStore(self.folder, ROOT)

    def url(self) -> str:
        return URL


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """An element in explicit VR little endian (PS3.5, 7.1.2)."""
    return pack("<HH", tag >> 16, tag & 0xFFFF) + vr + pack("<H", len(value)) + value


def image(
    sop: str = "1.2.3",
    study: str = "1.2",
    series: str = "1.2.1",
    sop_class: str = "1.1",
    *,
    pixels: bytes = b"pixels",
) -> bytes:
    """A small DICOM file."""
    uids = {0x00080016: sop_class, 0x00080018: sop, 0x0020000D: study, 0x0020000E: series}
    meta = element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    dataset = b"".join(element(tag, b"UI", uid.encode("latin-1")) for tag, uid in uids.items())
    return (
        bytes(128) + b"DICM" + meta + dataset + pack("<HH2s2xL", 0x7FE0, 0x0010, b"OB", len(pixels)) + pixels
    )


def multipart(*parts: bytes, part_type: str = "application/dicom") -> bytes:
    headers = Headers([("Content-Type", part_type)])
    return contents(encode([Part(headers, Bytes(part)) for part in parts], "edge"))


class Store:
    """A store in a folder, and what lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(
        self, body: bytes | BodySource, content_type: str = "application/dicom", url: str = URL
    ) -> Response:
        source = Bytes(body) if isinstance(body, bytes) else body
        return FileStore(self.folder, ROOT).send(
            Request("POST", url, Headers([("Content-Type", content_type)]), source)
        )

    def files(self) -> dict[str, bytes]:
        """Every file by its path, whatever it is."""
        found = [path for path in self.folder.rglob("*") if not path.is_dir()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def place(sop: str = "1.2.3", study: str = "1.2", series: str = "1.2.1") -> str:
    return f"studies/{study}/series/{series}/instances/{sop}.dcm"


def document(response: Response) -> Any:
    return json.loads(contents(response.body))


def report(response: Response) -> tuple[list[str], list[tuple[str, int]]]:
    """The instances that are stored, and those that are not with their reasons."""
    assert response.headers.get("Content-Type") == "application/dicom+json"
    assert response.headers.get("Content-Length") == str(response.body.length)
    read = dicom.report(document(response))
    return (
        [each.sop_instance for each in read.stored],
        [(each.sop_instance, each.code) for each in read.failed],
    )


# --- what is stored -----------------------------------------------------------------------------------------


def test_one_instance(store: Store) -> None:
    response = store.send(image())
    assert response.status == 200
    assert report(response) == (["1.2.3"], [])
    assert store.files() == {place(): image()}
    found = document(response)
    assert found["00081190"] == {"vr": "UR", "Value": [(store.folder / "studies" / "1.2").as_uri()]}
    (item,) = found["00081199"]["Value"]
    assert item == {
        "00081150": {"vr": "UI", "Value": ["1.1"]},
        "00081155": {"vr": "UI", "Value": ["1.2.3"]},
        "00081190": {"vr": "UR", "Value": [(store.folder / place()).as_uri()]},
    }


def test_several_instances(store: Store) -> None:
    parts = {sop: image(sop) for sop in ("1.2.3", "1.2.4", "1.2.5")}
    response = store.send(multipart(*parts.values()), RELATED)
    assert response.status == 200
    assert report(response) == ([*parts], [])
    assert store.files() == {place(sop): part for sop, part in parts.items()}


def test_instances_of_several_studies(store: Store) -> None:
    response = store.send(multipart(image(), image("1.2.4", "1.9")), RELATED)
    assert response.status == 200
    # There is no one URL from which all of it could be retrieved.
    assert "00081190" not in document(response)
    assert store.files() == {place(): image(), place("1.2.4", "1.9"): image("1.2.4", "1.9")}


def test_every_sample_is_kept_byte_for_byte(store: Store, samples: Path) -> None:
    kept = 0
    for number, path in enumerate(sorted(samples.glob("*.dcm"))):
        content = path.read_bytes()
        response = Store(store.folder / str(number)).send(content)
        if response.status == 200:
            (item,) = document(response)["00081199"]["Value"]
            name = item["00081190"]["Value"][0].removeprefix("file://")
            assert Path(name).read_bytes() == content
            kept += 1
        else:
            assert response.status == 409
    assert kept > 50


def test_what_is_kept_is_private(store: Store) -> None:
    store.send(image())
    assert stat.S_IMODE((store.folder / place()).stat().st_mode) == 0o600


@pytest.mark.parametrize("suffix", ["", "/1.2", "?quotaUser=a%2Fb", "/1.2?alt=json"])
def test_addresses_of_the_store(suffix: str, store: Store) -> None:
    assert store.send(image(), url=URL + suffix).status == 200


@pytest.mark.parametrize("content_type", ["Application/DICOM", "application/dicom; transfer-syntax=1.2"])
def test_ways_to_write_the_type_of_one(content_type: str, store: Store) -> None:
    assert store.send(image(), content_type).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/related; type=application/dicom; boundary=edge",
        'Multipart/Related;boundary="edge";type="Application/DICOM"',
    ],
)
def test_ways_to_write_the_type_of_several(content_type: str, store: Store) -> None:
    assert store.send(multipart(image(), part_type="application/dicom; a=b"), content_type).status == 200


# --- what is not stored -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "part_type", "reason", "named"),
    [
        (b"not dicom", "application/dicom", CANNOT_UNDERSTAND, ""),
        (b"", "application/dicom", CANNOT_UNDERSTAND, ""),
        (image(), "application/octet-stream", CANNOT_UNDERSTAND, ""),
        (image("", "", ""), "application/dicom", DOES_NOT_MATCH, ""),
        (image("1.2.3", series="x"), "application/dicom", DOES_NOT_MATCH, "1.2.3"),
    ],
    ids=["no DICOM", "nothing", "of another type", "no identifiers", "a wrong identifier"],
)
def test_reasons(part: bytes, part_type: str, reason: int, named: str, store: Store) -> None:
    response = store.send(multipart(part, part_type=part_type), RELATED)
    assert response.status == 409
    assert report(response) == ([], [(named, reason)])
    assert store.files() == {}


def test_some_are_stored_and_some_are_not(store: Store) -> None:
    response = store.send(multipart(b"not dicom", image(), image("x")), RELATED)
    assert response.status == 202
    assert report(response) == (["1.2.3"], [("", CANNOT_UNDERSTAND), ("x", DOES_NOT_MATCH)])
    assert store.files() == {place(): image()}
    details = [each.detail for each in dicom.report(document(response)).failed]
    assert details[0].startswith("part 1: ")


def test_an_instance_of_another_study_than_the_address_names(store: Store) -> None:
    response = store.send(multipart(image(), image("1.2.4", "1.9")), RELATED, f"{URL}/1.9")
    assert response.status == 202
    assert report(response) == (["1.2.4"], [("1.2.3", PROCESSING_FAILURE)])
    assert store.files() == {place("1.2.4", "1.9"): image("1.2.4", "1.9")}


HOSTILE = {
    "a way up": "../../x",
    "a way to the root": "/etc/x",
    "two": "1.2\\1.3",
    "65 characters": "1." + "2" * 63,
    "an empty component": "1..2",
    "a dot before": ".1",
    "a dot behind": "1.",
    "a line break behind": "1.2\n",
    "a zero within": "1.2\0.3",
    "dots": "..",
    "letters": "1.2.a",
    "another script": "1.\xb2",
    "a blank before": " 1.2",
}


@pytest.mark.parametrize("uid", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("which", range(4), ids=["instance", "study", "series", "class"])
def test_what_is_no_identifier_is_no_name_of_a_file(uid: str, which: int, tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "er" / "store")
    uids = ["1.2.3", "1.2", "1.2.1", "1.1"]
    uids[which] = uid
    response = store.send(image(*uids))
    assert response.status == 409
    ((_, reason),) = report(response)[1]
    assert reason == DOES_NOT_MATCH
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
    assert sorted(path.name for path in store.folder.iterdir()) == []


@pytest.mark.parametrize("uid", ["1", "0", "1." + "2" * 62, "1.02.3", "1.2\0", "1.2 "])
def test_identifiers(uid: str, store: Store) -> None:
    # The last two are padded to an even length (PS3.5, 9.1), with what should not be but is used for it.
    response = store.send(image(uid, uid, uid))
    assert response.status == 200
    bare = uid.rstrip("\0 ")
    assert [*store.files()] == [place(bare, bare, bare)]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (image(), "application/octet-stream", 415),
        (image(), "", 415),
        (multipart(image()), "multipart/related; boundary=edge", 415),
        (multipart(image()), 'multipart/related; type="application/dicom"', 415),
        (multipart(image()), 'multipart/related; type="application/dicom+json"; boundary=edge', 415),
        (multipart(image()), 'multipart/form-data; type="application/dicom"; boundary=edge', 415),
        (multipart(image()), 'multipart/related; type="application/dicom"; boundary=other', 400),
        (multipart(image()), f'multipart/related; type="application/dicom"; boundary={"x" * 71}', 400),
        (b"--edge--\r\n", RELATED, 400),
        (b"", RELATED, 400),
    ],
)
def test_bodies_that_are_none(body: bytes, content_type: str, status: int, store: Store) -> None:
    response = store.send(body, content_type)
    assert response.status == status
    error = document(response)["error"]
    assert error["code"] == status
    assert error["message"]
    assert response.sent.whole
    assert store.files() == {}


@pytest.mark.parametrize("root", ["", "/dicom-web", "/dicomWeb", "/a/b/c", "/studies", "/studies/1.2"])
@pytest.mark.parametrize("study", ["", "/1.2"])
@pytest.mark.parametrize("query", ["", "?prettyPrint=false"])
def test_every_root_of_dicomweb(root: str, study: str, query: str, store: Store) -> None:
    assert store.send(image(), url=f"{ROOT}{root}/studies{study}{query}").status == 200
    assert store.files() == {place(): image()}
    assert store.send(image("9.9"), url=f"{ROOT}{root}/studies/3.3{query}").status == 409


@pytest.mark.parametrize(
    "url",
    [
        f"{ROOT}/v1/other",
        f"{URL}/1.2/series",
        f"{URL}/",
        f"{ROOT}studies",
        f"{ROOT}/v1/studies/",
        f"{ROOT}/v1/substudies",
        f"{ROOT}/v1?/studies",
        f"file:other{URL.removeprefix(ROOT)}",
        "https://healthcare.googleapis.com/v1/dicomWeb/studies",
    ],
)
def test_addresses_of_nothing(url: str, store: Store) -> None:
    response = store.send(image(), url=url)
    assert response.status == 404
    assert response.sent.whole
    assert store.files() == {}


def test_other_verbs(store: Store) -> None:
    response = FileStore(store.folder, ROOT).send(Request("GET", URL, Headers(), Bytes()))
    assert (response.status, response.headers.get("Allow")) == (405, "POST")


# --- again --------------------------------------------------------------------------------------------------


def test_the_same_bytes_again(store: Store) -> None:
    first, second = store.send(image()), store.send(image())
    assert (first.status, second.status) == (200, 200)
    assert document(first) == document(second)
    assert store.files() == {place(): image()}


def test_other_bytes_under_the_same_identifiers(store: Store) -> None:
    store.send(image())
    for other in (image(pixels=b"PIXELS"), image(pixels=b""), image(pixels=b"pixels and more")):
        response = store.send(other)
        assert response.status == 409
        assert report(response) == ([], [("1.2.3", PROCESSING_FAILURE)])
        assert store.files() == {place(): image()}


def test_twice_in_one_body(store: Store) -> None:
    response = store.send(multipart(image(), image()), RELATED)
    assert (response.status, report(response)) == (200, (["1.2.3", "1.2.3"], []))
    response = store.send(multipart(image("1.5"), image("1.5", pixels=b"PIXELS")), RELATED)
    assert (response.status, report(response)) == (202, (["1.5"], [("1.5", PROCESSING_FAILURE)]))
    assert store.files() == {place(): image(), place("1.5"): image("1.5")}


# --- whole or not at all ------------------------------------------------------------------------------------


def test_of_a_body_that_is_cut_nothing_is_stored(store: Store) -> None:
    body = multipart(image(), image("1.2.4"))
    end = body.rindex(b"--edge--") + len(b"--edge--")
    for cut in range(0, end, 7):
        assert store.send(body[:cut], RELATED).status == 400
        assert store.files() == {}
    assert store.send(body[: end - 1], RELATED).status == 400
    assert store.files() == {}
    assert store.send(body[:end], RELATED).status == 200


@pytest.mark.parametrize("content_type", ["application/dicom", RELATED])
def test_of_a_body_that_cannot_be_read_to_its_end_nothing_is_stored(content_type: str, store: Store) -> None:
    whole = image() if content_type == "application/dicom" else multipart(image(), image("1.2.4"))
    short = Watched(whole, len(whole) + 1)
    changed = Watched(whole[:-1], len(whole), fault=SourceError("changed-file", "it changed"))
    for source in (short, changed):
        with pytest.raises(SourceError):
            store.send(source, content_type)
        assert store.files() == {}


CRASH = """
import io, os, signal, sys
from cursorkit.wire import Headers, Request
from cursorkit_transports import FileStore

class Source:
    length = int(sys.argv[3])
    def open(self):
        class Reader(io.BytesIO):
            def read(self, size=-1):
                block = super().read(size)
                if not block:
                    os.kill(os.getpid(), signal.SIGKILL)
                return block
        return Reader(sys.stdin.buffer.read())

FileStore(sys.argv[1], "file:store").send(
    Request("POST", sys.argv[2], Headers([("Content-Type", sys.argv[4])]), Source())
)
"""


def test_a_process_that_is_killed_leaves_nothing_half(store: Store) -> None:
    body = multipart(image(), image("1.2.4", pixels=bytes(1000_000)))
    child = subprocess.run(
        [sys.executable, "-c", CRASH, store.folder, URL, str(len(body)), RELATED], input=body[:-500_000]
    )
    assert child.returncode == -9
    left = store.files()
    assert left
    assert all(name.startswith(".incoming-") for name in left)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in store.folder.iterdir())
    # What is left is in nobody's way.
    assert store.send(body, RELATED).status == 200


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    body = image()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match="the store cannot be written: ") as told:
            Store(folder).send(body)
        assert told.value.sent.octets == 0
        assert str(tmp_path) not in str(told.value)


FULL = """
import resource, sys
from cursorkit.wire import Bytes, Headers, Request
from cursorkit_transports import FileStore
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
body = Bytes(sys.stdin.buffer.read())
FileStore(sys.argv[1], "file:store").send(
    Request("POST", sys.argv[2], Headers([("Content-Type", "application/dicom")]), body)
)
"""


def test_a_disk_that_is_full(store: Store) -> None:
    child = subprocess.run(
        [sys.executable, "-c", FULL, store.folder, URL],
        input=image(pixels=bytes(10_000)),
        capture_output=True,
    )
    assert b"StorageError: the store cannot be written: File too large" in child.stderr
    assert list(store.folder.iterdir()) == []


# --- where it is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:store", "store"),
        ("file:./a b%20c", "a b%20c"),
        ("file:store/", "store"),
        ("FILE:store", "store"),
        ("file:///absolute/store", "/absolute/store"),
        ("file:/absolute/store", "/absolute/store"),
    ],
)
def test_the_folder_of_an_endpoint(url: str, folder: str) -> None:
    opened = open_transport(Endpoint(url))
    assert isinstance(opened, Logged)
    assert isinstance(opened.transport, FileStore)
    assert opened.transport.folder == Path.cwd() / folder


@pytest.mark.parametrize("url", ["file:", "file://host/store", "file://", "file:a\0b", "file:///a\0b"])
def test_endpoints_that_name_no_folder(url: str) -> None:
    with pytest.raises(EndpointError, match="file:DIR"):
        open_transport(Endpoint(url))


def test_the_requests_of_an_endpoint_reach_its_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, endpoint in enumerate(("file:a", "file:b/", f"file://{tmp_path}/c", "FILE:d", "file:e?f")):
        transport = open_transport(Endpoint(endpoint))
        url = f"{endpoint.rstrip('/')}/dicomWeb/studies"
        headers = Headers([("Content-Type", "application/dicom")])
        assert transport.send(Request("POST", url, headers, Bytes(image()))).status == 200, endpoint
        assert (tmp_path / "abcde"[number] / place()).exists() or number == 4
    assert (tmp_path / "e?f" / place()).exists()
