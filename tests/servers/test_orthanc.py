"""The documented command and the library against Orthanc: over plain HTTP, and through nginx over TLS."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from cursorkit import HttpBody, Verdict, call, dicom
from cursorkit.methods import STORE_INSTANCES
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport
from programs import COMMAND, PARENT, PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit import Outcome
    from real_servers import Orthanc, Server


def store(
    server: Server, *words: object, path: str = "studies", parent: str = PARENT
) -> subprocess.CompletedProcess[str]:
    argv = [str(PROGRAM), *COMMAND, parent, path, *map(str, words), *server.flags]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)


def body(folder: Path, *paths: Path) -> tuple[str, str]:
    """Several files as one body in a file, and the words that send it."""
    content_type, source = dicom.multipart(paths)
    with source.open() as reader:
        (folder / "body").write_bytes(reader.read())
    return f"content-type={content_type}", f"data@={folder / 'body'}"


def contents(paths: list[Path]) -> list[bytes]:
    return sorted(path.read_bytes() for path in paths)


@pytest.fixture
def three(samples: Path) -> list[Path]:
    return [samples / name for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")]


def test_the_program_stores_three_images(
    server: Server, orthanc: Orthanc, three: list[Path], tmp_path: Path
) -> None:
    result = store(server, "-r", ".", *body(tmp_path, *three))
    assert (result.returncode, result.stderr) == (0, "stored 3 instances\n")
    assert sorted(orthanc.files()) == contents(three)
    assert len(dicom.report(json.loads(result.stdout)).stored) == 3
    assert store(server, "-r", *body(tmp_path, *three)).returncode == 0, "the same again does no harm"
    assert sorted(orthanc.files()) == contents(three)


def test_the_library_streams_a_folder_in_one_body(server: Server, orthanc: Orthanc, samples: Path) -> None:
    images = [path for path in samples.glob("dicomdirtests/*/*/*") if path.is_file()]
    assert len(images) > 30
    outcome = call_store(server, HttpBody(*dicom.multipart(images)))
    assert outcome.verdict is Verdict.DONE
    assert outcome.message == f"stored {len(images)} instances"
    assert sorted(orthanc.files()) == contents(images)


def call_store(server: Server, what: HttpBody) -> Outcome:
    place: dict[str, object] = {"parent": PARENT, "dicom_web_path": "studies"}
    if server.token is not None:
        place["access_token"] = server.token.read_text().strip()
    trust = None if server.ca_bundle is None else str(server.ca_bundle)
    with closing(open_transport(Endpoint(server.url, ca_bundle=trust))) as transport:
        return call(STORE_INSTANCES.at(server.url), place, what, transport)


def test_the_answer_goes_where_it_should(server: Server, samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    words = body(tmp_path, samples / "CT_small.dcm")
    result = store(server, "-r", *words, "-o", out, "-p", "pretty-print=false", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert out.read_bytes().count(b"\n") == 1
    (stored,) = dicom.report(json.loads(out.read_bytes())).stored
    assert stored.sop_instance == "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
    assert stored.url.endswith(f"/instances/{stored.sop_instance}")


def test_orthanc_takes_no_single_part(server: Server, orthanc: Orthanc, samples: Path) -> None:
    result = store(server, "-r", "content-type=application/dicom", f"data@={samples / 'CT_small.dcm'}")
    assert result.returncode == 1
    assert result.stderr.startswith("error: the server answered 415 Unsupported Media Type")
    assert result.stdout == ""
    assert orthanc.files() == []


def test_another_study_is_refused(server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path) -> None:
    words = body(tmp_path, samples / "CT_small.dcm")
    result = store(server, "-r", *words, path="studies/1.2.3")
    assert result.returncode == 1
    assert result.stderr == "error: not stored: 1 instance: processing failure (0110)\n"
    (failed,) = dicom.report(json.loads(result.stdout)).failed
    assert failed.code == 0x0110
    assert orthanc.files() == []


def test_one_of_two_studies(server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path) -> None:
    """Orthanc answers 409, and stores what fits all the same."""
    with (samples / "CT_small.dcm").open("rb") as reader:
        study = dicom.read_instance(reader).study
    words = body(tmp_path, samples / "MR_small.dcm", samples / "CT_small.dcm")
    result = store(server, "-r", *words, path=f"studies/{study}")
    assert result.returncode == 8
    assert result.stderr == ("error: stored 1 instance\nnot stored: 1 instance: processing failure (0110)\n")
    assert len(dicom.report(json.loads(result.stdout)).failed) == 1
    assert orthanc.files() == contents([samples / "CT_small.dcm"])


def test_a_good_and_a_bad_part(server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path) -> None:
    """Orthanc answers 400, stores the good one, and says nothing of the bad one."""
    words = body(tmp_path, samples / "CT_small.dcm", samples / "README.txt")
    result = store(server, "-r", *words)
    assert result.returncode == 8
    assert result.stderr.splitlines() == [
        "error: the server answered 400 Bad Request",
        "stored 1 instance",
        "sent, but not named in the report: 1 instance",
    ]
    assert len(dicom.report(json.loads(result.stdout)).stored) == 1
    assert orthanc.files() == contents([samples / "CT_small.dcm"])


@pytest.mark.parametrize("name", ["README.txt", "no_meta.dcm", "MR_truncated.dcm"])
def test_a_refusal_without_a_reason(
    server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path, name: str
) -> None:
    """Orthanc answers 400 with an empty report."""
    result = store(server, "-r", *body(tmp_path, samples / name))
    assert result.returncode == 1
    assert result.stderr == ("error: the server answered 400 Bad Request, and its report does not say why\n")
    assert dicom.report(json.loads(result.stdout)) == dicom.StoreReport()
    assert orthanc.files() == []


def test_a_success_that_stored_nothing_is_none(
    server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path
) -> None:
    """Orthanc answers 200 to bodies that it cannot take apart."""
    content_type, data = body(tmp_path, samples / "CT_small.dcm")
    cut = tmp_path / "cut"
    cut.write_bytes((tmp_path / "body").read_bytes()[:-40])
    other = tmp_path / "other"
    other.write_bytes((tmp_path / "body").read_bytes().replace(b"application/dicom", b"image/png"))
    for words in (
        (content_type.replace('boundary="', 'boundary="x'), data),
        (content_type, f"data@={cut}"),
        (content_type, f"data@={other}"),
    ):
        result = store(server, "-r", *words)
        assert result.returncode == 7
        assert result.stderr == (
            "error: the server answered 200 OK, but its report names no stored instance; "
            "sending the same again is safe\n"
        )
        assert dicom.report(json.loads(result.stdout)) == dicom.StoreReport()
        assert orthanc.files() == []


def test_a_store_that_is_not_there(server: Server, samples: Path, tmp_path: Path) -> None:
    words = body(tmp_path, samples / "CT_small.dcm")
    result = store(server, "-r", *words, parent=PARENT + "-other")
    assert result.returncode == 1
    assert result.stderr.startswith("error: the server answered 404 Not Found")
    assert result.stdout == ""


def test_nothing_passes_nginx_without_the_token(
    nginx: Server, orthanc: Orthanc, samples: Path, tmp_path: Path
) -> None:
    words = body(tmp_path, samples / "CT_small.dcm")
    stranger = evolve(nginx, token=None)
    for credential in ("access-token=wrong", "oauth-token=wrong", f"key@={nginx.token}"):
        result = store(stranger, "-r", *words, "-p", credential)
        assert result.returncode == 4
        assert result.stderr.startswith("error: the server answered 401 Unauthorized")
        assert result.stdout == ""
    assert orthanc.files() == []
    assert store(stranger, "-r", *words, "-p", f"oauth-token@={nginx.token}").returncode == 0
    assert orthanc.files() == contents([samples / "CT_small.dcm"])


def test_a_certificate_that_nobody_vouches_for(nginx: Server, samples: Path, tmp_path: Path) -> None:
    words = body(tmp_path, samples / "CT_small.dcm")
    result = store(evolve(nginx, ca_bundle=None), "-r", *words)
    assert result.returncode == 1
    assert "is not trusted" in result.stderr
    assert "--ca-bundle" in result.stderr
    assert result.stdout == ""


def test_a_dry_run_asks_no_server(server: Server, orthanc: Orthanc, samples: Path, tmp_path: Path) -> None:
    result = store(server, "-r", *body(tmp_path, samples / "CT_small.dcm"), "--dry-run")
    assert result.returncode == 0
    shown: dict[str, Any] = json.loads(result.stdout)
    assert shown["url"] == f"{server.url}v1beta1/{PARENT}/dicomWeb/studies"
    assert shown["headers"].get("Authorization") == (None if server.token is None else "***")
    assert orthanc.files() == []
