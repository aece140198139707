"""Real servers: Orthanc, which answers at the very path of Google's API, and nginx before it, for TLS."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import trustme
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

STORE = "projects/p/locations/l/datasets/d/dicomStores/s"
PLUGIN = "libOrthancDicomWeb.so"
PLUGIN_FOLDERS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins", "/usr/lib/orthanc")
TOKEN = "a-token-that-nginx-asks-for"
DIRECT = build_opener(ProxyHandler({}))
LOGS = pytest.StashKey[dict[str, Path]]()
Outcomes = dict[str, dict[str, tuple[str, str]]]
OUTCOMES = pytest.StashKey[Outcomes]()


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

    def files(self) -> list[bytes]:
        """Every instance that it holds, as the bytes of its file."""
        return [self._ask(f"instances/{name}/file") for name in self._names()]

    def clear(self) -> None:
        """Forget every instance."""
        for name in self._names():
            self._ask(f"instances/{name}", "DELETE")

    def _names(self) -> list[str]:
        return cast("list[str]", json.loads(self._ask("instances")))

    def _ask(self, path: str, verb: str = "GET") -> bytes:
        with DIRECT.open(Request(self.url + path, method=verb), timeout=30) as answer:
            return cast("bytes", answer.read())


@pytest.fixture(scope="session")
def orthanc_itself(
    absent: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Orthanc]:
    """Orthanc on a port of its own, with its storage in a temporary folder."""
    program = shutil.which("Orthanc") or absent("Orthanc")
    plugins = [path for folder in PLUGIN_FOLDERS if (path := Path(folder, PLUGIN)).exists()]
    folder = tmp_path_factory.mktemp("orthanc")
    port = free_port()
    (folder / "orthanc.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder / "storage"),
                "IndexDirectory": str(folder / "storage"),
                "HttpPort": port,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "DicomServerEnabled": False,
                "Plugins": [str(plugins[0] if plugins else absent("Orthanc's DICOMweb plugin"))],
                "DicomWeb": {"Enable": True, "Root": f"/v1beta1/{STORE}/dicomWeb/", "EnableWado": False},
            }
        )
    )
    orthanc = Orthanc(f"http://127.0.0.1:{port}/")

    def ready() -> None:
        DIRECT.open(f"{orthanc.url}system", timeout=5).close()

    with running("Orthanc", [program, "orthanc.json"], folder, ready, pytestconfig):
        yield orthanc


@pytest.fixture
def orthanc(orthanc_itself: Orthanc) -> Orthanc:
    """Orthanc over plain HTTP on the loopback interface, empty."""
    orthanc_itself.clear()
    return orthanc_itself


NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log /dev/stderr;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_http_version 1.1;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.pem;
        location / {{
            if ($http_authorization != "Bearer {token}") {{
                return 401;
            }}
            proxy_pass {behind};
        }}
    }}
}}
"""


@pytest.fixture(scope="session")
def nginx_program(absent: Callable[[str], NoReturn]) -> str:
    """The program nginx."""
    return shutil.which("nginx") or absent("nginx")


@pytest.fixture(scope="session")
def nginx(
    nginx_program: str,
    orthanc_itself: Orthanc,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Server]:
    """Orthanc behind nginx: TLS under an authority of the tests, and nothing without the token."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    (folder / "token").write_text(f"{TOKEN}\n")
    (folder / "nginx.conf").write_text(NGINX.format(port=port, token=TOKEN, behind=orthanc_itself.url))

    def ready() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

    argv = [nginx_program, "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    with running("nginx", argv, folder, ready, pytestconfig):
        yield Server(f"https://localhost:{port}/", folder / "ca.pem", folder / "token")


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, orthanc: Orthanc) -> Server:
    """Orthanc, empty, on either way."""
    if request.param == "http":
        return orthanc
    return cast("Server", request.getfixturevalue("nginx"))


def free_port() -> int:
    """A port of the loopback interface that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])


@contextmanager
def running(
    name: str, argv: list[str], folder: Path, ready: Callable[[], None], config: pytest.Config
) -> Iterator[None]:
    """A server that runs in `folder`; `ready` raises OSError until it is up. Its log is kept."""
    log = folder / "log"
    config.stash.setdefault(LOGS, {})[name] = log
    with (
        log.open("wb") as output,
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
                pytest.fail(f"{name} does not start")
            yield
        finally:
            process.terminate()
            try:
                # Orthanc takes a few seconds to stop.
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of each server's log beside a failure."""
    report = yield
    if report.failed:
        for name, log in item.config.stash.get(LOGS, {}).items():
            text = log.read_text(encoding="utf-8", errors="replace")
            report.sections.append((f"log of {name}", text[-4000:]))
    return report


@pytest.fixture(scope="session")
def outcomes(pytestconfig: pytest.Config) -> Outcomes:
    """What became of each sample: by its name and the server's, the verdict in a word, and why."""
    return pytestconfig.stash.setdefault(OUTCOMES, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what became of the samples, whether or not all went well."""
    rows = config.stash.get(OUTCOMES, {})
    if not rows:
        return
    servers = [*dict.fromkeys(server for row in rows.values() for server in row)]
    terminalreporter.section("DICOM files, posted one by one")
    width = max(map(len, rows))
    for name, row in [("", {server: (server, "") for server in servers}), *sorted(rows.items())]:
        words = "  ".join(f"{row[server][0] if server in row else '-':<8}" for server in servers)
        why = " | ".join(f"{server}: {reason}" for server, (_, reason) in row.items() if reason)
        terminalreporter.write_line(f"{name:<{width}}  {words}  {why}".rstrip())
    for server in servers:
        counted = Counter(row[server][0] for row in rows.values() if server in row)
        told = ", ".join(f"{number} {word}" for word, number in counted.most_common())
        terminalreporter.write_line(f"{server}: {told}")
