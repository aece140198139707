"""Real servers: Orthanc, which answers at the very path of Google's API, and nginx before it, for TLS."""

from __future__ import annotations

import shutil
import socket
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import pytest
import trustme

from real_servers import Server, free_port, orthanc_plugin, running, running_orthanc

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from real_servers import Orthanc

TOKEN = "a-token-that-nginx-asks-for"
LOGS = pytest.StashKey[dict[str, Path]]()
Outcomes = dict[str, dict[str, tuple[str, str]]]
OUTCOMES = pytest.StashKey[Outcomes]()
Tallies = dict[str, Counter[str]]
TALLIES = pytest.StashKey[Tallies]()


@pytest.fixture(scope="session")
def orthanc_itself(
    absent: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Orthanc]:
    """Orthanc on a port of its own, with its storage in a temporary folder."""
    if shutil.which("Orthanc") is None:
        absent("Orthanc")
    if orthanc_plugin() is None:
        absent("Orthanc's DICOMweb plugin")
    folder = tmp_path_factory.mktemp("orthanc")
    pytestconfig.stash.setdefault(LOGS, {})["Orthanc"] = folder / "log"
    with running_orthanc(folder) as orthanc:
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
    pytestconfig.stash.setdefault(LOGS, {})["nginx"] = folder / "log"
    with running("nginx", argv, folder, ready):
        yield Server(f"https://localhost:{port}/", folder / "ca.pem", folder / "token")


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, orthanc: Orthanc) -> Server:
    """Orthanc, empty, on either way."""
    if request.param == "http":
        return orthanc
    return cast("Server", request.getfixturevalue("nginx"))


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


@pytest.fixture(scope="session")
def tallies(pytestconfig: pytest.Config) -> Tallies:
    """How many files became what, by what was stored, where to and how."""
    return pytestconfig.stash.setdefault(TALLIES, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what became of the samples and of many files, whether or not all went well."""
    runs = config.stash.get(TALLIES, {})
    if runs:
        terminalreporter.section("DICOM files, stored by one run")
    for name, counted in runs.items():
        told = ", ".join(f"{number} {word}" for word, number in counted.most_common())
        terminalreporter.write_line(f"{name:<{max(map(len, runs))}}  {counted.total():>5}: {told}")
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
