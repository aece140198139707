"""Servers of others, started for a while: Orthanc, and any other program that listens."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.request import ProxyHandler, Request, build_opener

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STORE = "projects/p/locations/l/datasets/d/dicomStores/s"
PLUGIN = "libOrthancDicomWeb.so"
PLUGIN_FOLDERS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins", "/usr/lib/orthanc")
DIRECT = build_opener(ProxyHandler({}))
_AT_ONCE = 8


@frozen
class Server:
    """A way to Orthanc.

    Attributes:
        url: the endpoint.
        ca_bundle: the authorities to trust; None where there is no TLS.
        token: a file with the token that the server asks for; None where it asks for none.
    """

    url: str
    ca_bundle: Path | None = None
    token: Path | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """What the program is told."""
        trust = () if self.ca_bundle is None else ("--ca-bundle", str(self.ca_bundle))
        token = () if self.token is None else ("-p", f"access-token@={self.token}")
        return ("--endpoint", self.url, *trust, *token)


@frozen
class Orthanc(Server):
    """Orthanc itself, and what it says of its contents in its own words, which are not DICOMweb."""

    @property
    def dicomweb(self) -> str:
        """The root of its DICOMweb services."""
        return f"{self.url}v1beta1/{STORE}/dicomWeb"

    def files(self) -> list[bytes]:
        """Every instance that it holds, as the bytes of its file."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._file, self._names("instances")))

    def digests(self) -> Counter[str]:
        """The SHA-256 of each file that it holds, and how often it does."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            names = self._names("instances")
            return Counter(pool.map(lambda name: sha256(self._file(name)).hexdigest(), names))

    def clear(self) -> None:
        """Forget every instance."""
        for name in self._names("patients"):
            self._ask(f"patients/{name}", "DELETE")

    def _file(self, name: str) -> bytes:
        return self._ask(f"instances/{name}/file")

    def _names(self, what: str) -> list[str]:
        return cast("list[str]", json.loads(self._ask(what)))

    def _ask(self, path: str, verb: str = "GET") -> bytes:
        with DIRECT.open(Request(self.url + path, method=verb), timeout=30) as answer:
            return cast("bytes", answer.read())


def orthanc_plugin() -> Path | None:
    """The plugin that speaks DICOMweb, if it is there."""
    paths = (Path(folder, PLUGIN) for folder in PLUGIN_FOLDERS)
    return next((path for path in paths if path.exists()), None)


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Orthanc on a port of its own, with its storage in `folder`; its log is the file `log` there."""
    program, plugin = shutil.which("Orthanc"), orthanc_plugin()
    if program is None or plugin is None:
        raise RuntimeError("Orthanc and its DICOMweb plugin have to be installed")
    port = free_port()
    configuration: dict[str, Any] = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": port,
        # It is never killed.
        "SyncStorageArea": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        "Plugins": [str(plugin)],
        "DicomWeb": {"Enable": True, "Root": f"/v1beta1/{STORE}/dicomWeb/", "EnableWado": False},
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    orthanc = Orthanc(f"http://127.0.0.1:{port}/")

    def ready() -> None:
        DIRECT.open(f"{orthanc.url}system", timeout=5).close()

    with running("Orthanc", [program, "orthanc.json"], folder, ready):
        yield orthanc


def free_port() -> int:
    """A port of the loopback interface that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])


@contextmanager
def running(name: str, argv: list[str], folder: Path, ready: Callable[[], None]) -> Iterator[None]:
    """A server that runs in `folder`, where it has its `log`; `ready` raises OSError until it is up."""
    with (
        (folder / "log").open("wb") as output,
        subprocess.Popen(
            argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                with suppress(OSError):
                    ready()
                    break
                time.sleep(0.05)
            else:
                raise RuntimeError(f"{name} does not start")
            yield
        finally:
            process.terminate()
            try:
                # Orthanc takes a few seconds to stop.
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
