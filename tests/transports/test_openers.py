"""Transports by the scheme of a URL, those of other packages included."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from authorized_calls import SCOPES, asking
from cursorkit import SourceError
from cursorkit.testing.server import Server
from cursorkit.wire import AuthenticationError, Bytes, Endpoint, EndpointError, Headers, Request
from cursorkit_transports import Logged, Memory, Retrying, open_transport
from programs import PROGRAM

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

CALL = (
    "projects",
    "locations-datasets-dicom-stores-studies-store-instances",
    "projects/p/locations/l/datasets/d/dicomStores/s",
    "studies",
    "-r",
    "content-type=application/dicom",
    "data=ut",
)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.test", Retrying),
        ("HTTPS://example.test", Retrying),
        ("http://localhost:8080", Retrying),
        ("file:store", Logged),
        ("memory:", Memory),
    ],
)
def test_the_scheme_chooses(url: str, kind: type) -> None:
    transport = open_transport(Endpoint(url))
    assert type(transport) is kind
    transport.close()


def test_nobody_serves_other_schemes() -> None:
    with pytest.raises(EndpointError, match=r"there are: file, http, https, memory$"):
        open_transport(Endpoint("gopher:x"))


def test_a_bundle_that_cannot_be_read_is_found_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="CA bundle"):
        open_transport(Endpoint("https://example.test", ca_bundle=str(tmp_path / "missing")))


@pytest.mark.parametrize("scopes", [(), SCOPES])
def test_without_scopes_no_credentials_are_looked_for(
    scopes: tuple[str, ...],
    bundle: str,
    proof: Callable[..., ssl.SSLContext],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a server that is none of Google's, Google's credentials are no business."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing"))
    with Server(tls=proof()) as server:
        endpoint = Endpoint(server.url, scopes, ca_bundle=bundle, quota_project="p")
        with closing(open_transport(endpoint)) as transport:
            if scopes:
                with pytest.raises(AuthenticationError):
                    transport.send(asking(server.url))
            else:
                assert transport.send(asking(server.url)).status == 200
                assert (
                    transport.send(asking(server.url, None, ("Authorization", "Basic given"))).status == 200
                )
    given = [each.headers.get("Authorization") for each in server.exchanges]
    assert given == ([] if scopes else ["", "Basic given"])
    assert not any("x-goog-user-project" in each.headers for each in server.exchanges)


# --- a package of somebody else -----------------------------------------------------------------------------


PACKAGE = "import zlib"
TOML = '[project.entry-points."cursorkit.transports"]'
CONTRACT = "from cursorkit.testing.contracts import TransportContract"


@pytest.fixture(scope="module")
def block(root: Path) -> dict[str, str]:
    """What the manual shows of a transport of one's own: each code block by its first line."""
    page = (root / "docs" / "transports.md").read_text(encoding="utf-8")
    page = page.partition("## Writing one")[2]
    return {
        text.splitlines()[0]: text
        for text in re.findall(r"^```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    }


@pytest.fixture(scope="module")
def installed(block: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the manual, built, and installed into a folder of its own."""
    source = tmp_path_factory.mktemp("source")
    (source / "my_package.py").write_text(block[PACKAGE])
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "my-package"\nversion = "1"\n' + block[TOML]
    )
    target = tmp_path_factory.mktemp("target")
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--quiet")
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", target, source], check=True)
    return target


def run(path: Path, *argv: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, argv)], env={**os.environ, "PYTHONPATH": str(path)}, capture_output=True, text=True
    )


def test_the_program_finds_it_by_its_scheme(installed: Path) -> None:
    result = run(installed, PROGRAM, "--endpoint", "crc:x", *CALL)
    assert json.loads(result.stdout) == {"crc": zlib.crc32(b"ut")}
    # It is no DICOM store, and does not say what it stored.
    assert result.returncode == 7
    assert "Traceback" not in result.stderr


def test_without_the_package_nobody_serves_its_scheme(tmp_path: Path) -> None:
    result = run(tmp_path, PROGRAM, "--endpoint", "crc:x", *CALL)
    assert (result.returncode, result.stdout) == (2, "")
    assert "there are: file, http, https, memory" in result.stderr


def run_contract(path: Path, contract: str) -> subprocess.CompletedProcess[str]:
    tests = path / "test_my_package.py"
    tests.write_text(f"from my_package import Checksum\n{contract}")
    return run(path, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", tests)


def test_it_keeps_the_contract(installed: Path, block: dict[str, str]) -> None:
    result = run_contract(installed, block[CONTRACT])
    assert result.returncode == 0, result.stdout
    assert re.search(r"^\d+ passed", result.stdout, re.MULTILINE), result.stdout


BAD = {
    "makes up what left": ("sending.sent)", "type(sending.sent)(0, True, ''))"),
    "sends the last body again": (
        "Sending(request.body)",
        "vars(self).setdefault('b', Sending(request.body))",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_that_breaks_the_contract_is_told(
    bad: tuple[str, str], block: dict[str, str], tmp_path: Path
) -> None:
    assert bad[0] in block[PACKAGE]
    (tmp_path / "my_package.py").write_text(block[PACKAGE].replace(*bad))
    result = run_contract(tmp_path, block[CONTRACT])
    assert result.returncode == 1, result.stdout
    assert re.search(r"^\d+ failed, \d+ passed", result.stdout, re.MULTILINE), result.stdout


@pytest.mark.parametrize(
    "target", ["missing_package:open_endpoint", "zlib:open_endpoint", "this_one_fails:open_endpoint"]
)
def test_a_package_that_cannot_be_loaded_is_named(target: str, tmp_path: Path) -> None:
    (tmp_path / "this_one_fails.py").write_text("raise ZeroDivisionError('CANARY')\n")
    metadata = tmp_path / "bad_package-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-package\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[cursorkit.transports]\nbad = {target}\n")
    result = run(tmp_path, PROGRAM, "--endpoint", "bad:x", *CALL)
    assert result.returncode == 2
    assert result.stderr == f"error: the transport for the endpoint's scheme cannot be loaded: {target}\n"


def test_what_is_built_in_cannot_be_replaced(tmp_path: Path) -> None:
    metadata = tmp_path / "bad_package-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-package\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[cursorkit.transports]\nmemory = missing:opener\n")
    assert run(tmp_path, PROGRAM, "--endpoint", "memory:x", *CALL).stdout == "{}\n"


def test_requests_pass_unchanged_through_what_is_opened() -> None:
    memory = open_transport(Endpoint("memory:x"))
    request = Request("POST", "memory:x/y", Headers(), Bytes(b"body"))
    memory.send(request)
    assert isinstance(memory, Memory)
    assert memory.sent == [(request, b"body")]
