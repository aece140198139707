"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

# Fixtures that several folders share; pyproject.toml puts tests/plugins on the path.
pytest_plugins = [
    "authorized_calls",
    "clusters",
    "google_servers",
    "google_world",
    "machines",
    "media_apis",
    "other_machines",
    "patients",
]

# The same examples in every run, however slow the machine is.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")

# What tests start heeds signals, even where `nohup` or a shell's background has this run ignore them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-fault", action="store_true", help="play the whole fault matrix, instead of a part of it"
    )


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of tests are on this very machine, however others are reached from it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def absent() -> Callable[[str], NoReturn]:
    """Skips a test for want of something; on CI there is no excuse."""

    def give_up(what: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{what} is missing, and CI has to have it")
        pytest.skip(f"{what} is missing")

    return give_up


@pytest.fixture(scope="session")
def shared(absent: Callable[[str], NoReturn]) -> Path:
    """The reference's results, which lie beside the checkout where the project is developed."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        absent("the reference's vectors (../shared)")
    return folder


SHELLS = {
    "bash": ("--norc", "--noprofile"),
    "zsh": ("-f",),
    "fish": ("--no-config",),
}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, absent: Callable[[str], NoReturn]) -> tuple[str, ...]:
    """What runs a script in each of the shells, without what anybody configured."""
    return (shutil.which(request.param) or absent(request.param), *SHELLS[request.param])


@pytest.fixture(scope="session")
def samples() -> Path:
    """The DICOM files in pydicom's wheel: good ones, odd ones, and some broken on purpose."""
    import pydicom.data

    return Path(pydicom.data.__file__).parent / "test_files"
