"""What is wrong with flags is told with everything else that is wrong, before anything is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cursorkit.cli.language import main as language
from cursorkit.cli.main import main
from programs import CALL, PROGRAM, Run

WORDS = ("-r", "content-type=application/dicom", "data=ut")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    return Run(main, capfd)


# --- whom to trust ------------------------------------------------------------------------------------------


def bundles(folder: Path) -> dict[str, str]:
    """By file, why it holds no authorities."""
    (folder / "plain").write_text("no certificate\n" * 100_000)
    (folder / "empty").touch()
    (folder / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    return {
        str(folder / "missing"): f"cannot read '{folder / 'missing'}': No such file or directory",
        str(folder): f"cannot read '{folder}': it is a directory",
        "/dev/null/x": "cannot read '/dev/null/x': Not a directory",
        **{
            str(folder / name): f"'{folder / name}' holds no certificate"
            for name in ("plain", "empty", "key.pem")
        },
    }


@pytest.mark.parametrize("flags", [("--dry-run",), ("--endpoint", "file:store"), ()], ids=len)
def test_authorities_that_are_none(flags: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    for path, told in bundles(tmp_path).items():
        result = run(*flags, "--ca-bundle", path, *CALL, *WORDS)
        assert (result.code, result.out) == (5, "")
        assert result.err == f"error: --ca-bundle: {told}\n"


def test_authorities_that_are_none_are_told_with_all_the_rest(run: Run, tmp_path: Path) -> None:
    flags = ("--ca-bundle", str(tmp_path), "--endpoint", "ftp://x")
    result = run(*flags, *CALL, *WORDS, "data=x", "-p", "alt=x")
    assert result.code == 2
    for told in ("--ca-bundle: ", "--endpoint: ", "-r argument 3: ", "-p argument 1: "):
        assert f"error: {told}" in result.err


@pytest.mark.parametrize("command", ["login", "logout"])
def test_nobody_is_logged_in_or_out_with_authorities_that_are_none(
    command: str, run: Run, tmp_path: Path
) -> None:
    login = tmp_path / "healthcare1-beta1-login.json"
    login.write_text("kept")
    result = run(command, "--config-dir", str(tmp_path), "--ca-bundle", str(tmp_path))
    assert result.code == 5
    assert result.err == f"error: --ca-bundle: cannot read '{tmp_path}': it is a directory\n"
    assert login.read_text() == "kept"


def test_authorities_may_come_through_a_pipe(ca_bundle: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"text before\n" + Path(ca_bundle).read_bytes())
    os.close(writer)
    argv = ["--ca-bundle", f"/dev/fd/{reader}", "--endpoint", "https://localhost:1", "--retry-for", "0"]
    child = subprocess.run(
        [PROGRAM, *argv, *CALL, *WORDS, "-p", "key=k"], pass_fds=[reader], capture_output=True, text=True
    )
    os.close(reader)
    assert child.stderr.startswith("error: cannot connect to localhost:1: ")


def test_a_dry_run_looks_at_authorities_and_endpoints_without_a_network(ca_bundle: str) -> None:
    argv = ["--dry-run", "--ca-bundle", ca_bundle, *CALL, *WORDS]
    code = (
        "import sys\nfrom cursorkit.cli.main import main\n"
        f"for url in ('https://x', 'file:x', 'memory:'): assert main(['--endpoint', url, *{argv}]) == 0\n"
        "network = {'urllib3', 'ssl', 'socket', 'google.auth', 'http.client', 'pydicom'}\n"
        "sys.exit(bool(network & {*sys.modules}))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (0, "")


# --- where to -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [("--dry-run",), ()], ids=len)
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://x", "no transport serves the endpoint's scheme; there are: file, http, https, memory"),
        ("file:", "a store in a folder is written as file:DIR, or file:///DIR"),
        ("file://host/x", "a store in a folder is written as file:DIR, or file:///DIR"),
        ("file:/dev/null", "a store in a folder is what file:DIR names, and something else is there"),
        ("x", "an endpoint begins with a scheme: https://HOST, or file:DIR"),
    ],
)
def test_endpoints_that_nobody_serves(flags: tuple[str, ...], url: str, told: str, run: Run) -> None:
    result = run(*flags, "--endpoint", url, *CALL, *WORDS)
    assert (result.code, result.out, result.err) == (2, "", f"error: --endpoint: {told}\n")


def test_an_endpoint_that_nobody_serves_hides_no_other_mistake(run: Run) -> None:
    result = run("--endpoint", "ftp://x", "--impersonate", "nobody", *CALL, *WORDS, "data=x")
    for told in ("--endpoint: ", "--impersonate: ", "-r argument 3: "):
        assert f"error: {told}" in result.err


# --- one value ----------------------------------------------------------------------------------------------

ONE_VALUE = {
    "-o": ("a", "b"),
    "--endpoint": ("file:a", "file:b"),
    "--ca-bundle": ("a", "b"),
    "--impersonate": ("a@p.test", "b@p.test"),
    "--quota-project": ("a", "b"),
    "--config-dir": ("a", "b"),
    "--client": ("a", "b"),
    "--retry-for": ("1", "2"),
    "--timeout": ("1", "2"),
}


@pytest.mark.parametrize("flag", ONE_VALUE)
def test_of_two_values_none_wins(flag: str, run: Run) -> None:
    first, second = ONE_VALUE[flag]
    result = run(flag, first, *CALL, *WORDS, "--dry-run", flag, second, "data=x", f"{flag}={second}")
    assert (result.code, result.out) == (2, "")
    assert result.err.count(f"error: {flag} is given twice, with different values\n") == 1
    assert "did you mean" not in result.err


def test_the_same_value_may_be_given_again(run: Run) -> None:
    result = run("-o", "-", "--timeout", "1", *CALL, *WORDS, "--dry-run", "--timeout", "1.0", "-o", "-")
    assert (result.code, result.err) == (0, "")


def test_what_may_be_repeated_still_may(run: Run) -> None:
    flags = ("--scope", "a", "--scope", "b", "--trust-host", "a", "--trust-host", "b")
    assert run(*flags, *CALL, *WORDS, "--dry-run").code == 0


def test_a_value_that_is_none_hides_no_other_mistake(run: Run) -> None:
    flags = ("--timeout", "x", "--scope", "", "--nosuch", "--retry-for", "-1")
    result = run(*flags, *CALL, *WORDS, "data=x")
    assert (result.code, result.out) == (2, "")
    for told in (
        "--timeout: 'x'",
        "--scope: ''",
        "unknown flag '--nosuch'",
        "--retry-for: '-1'",
        "-r argument 3",
    ):
        assert f"error: {told}" in result.err


@pytest.mark.parametrize(
    ("command", "flag"), [("body", "-o"), ("body", "--schema"), ("print", "-o"), ("complete", "--partial")]
)
def test_of_two_values_none_wins_in_the_other_program(
    command: str, flag: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    result = Run(language, capfd)(command, flag, first, flag, second)
    assert (result.code, result.out) == (2, "")
    assert f"error: {flag} is given twice, with different values\n" in result.err
    assert not list(tmp_path.iterdir())
