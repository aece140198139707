"""What the program is made of, and what of its surroundings it heeds."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# --- 15. supply chain ---------------------------------------------------------------------------------------


def test_what_the_tests_run_on_is_locked_by_digests(root: Path) -> None:
    lock = (root / ".ci" / "requirements.txt").read_text()
    locked = re.findall(
        r"^(\S+)==\S+(?: ; .+?)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", lock, re.MULTILINE
    )
    named = re.findall(r"^[^\s#].*", lock, re.MULTILINE)
    assert len(locked) == len(named) > 20
    assert "--require-hashes" in (root / "scripts" / "set-up").read_text()


def test_nothing_older_than_the_faults_that_were_mended_is_taken() -> None:
    """urllib3 before 2.7 inflates what it was not asked to (CVE-2025-66418, 2025-66471, 2026-21441)."""
    needed = {}
    for each in requires("cursorkit") or []:
        if "extra ==" not in each:
            name, _, version = each.partition(">=")
            needed[re.split(r"[<,]", name)[0]] = version.split(",")[0]
    assert set(needed) == {"attrs", "google-auth", "lark", "urllib3"}
    floors = {name: tuple(map(int, re.findall(r"\d+", version))) for name, version in needed.items()}
    assert floors["urllib3"] >= (2, 7)
    assert floors["google-auth"] >= (2, 45)


# --- 16. the environment ------------------------------------------------------------------------------------

HEEDED = {
    "ALL_PROXY",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_CONFIG",
    "CURSORKIT_PARENT",
    "GCE_METADATA_HOST",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "HTTPS_PROXY",
    "NO_GCE_CHECK",
    "NO_COLOR",
    "NO_PROXY",
    "all_proxy",
    "https_proxy",
    "no_proxy",
}
"""The variables that cursorkit itself looks at, all of them in the manual."""

LISTENER = """
import os, sys
from cursorkit.cli.main import main

seen = set()
class Environment(dict):
    def get(self, name, default=None):
        caller = sys._getframe(1)
        while caller.f_globals["__name__"] in ("os", "_collections_abc", "functools"):
            caller = caller.f_back
        if caller.f_globals["__name__"].partition(".")[0] in ("cursorkit", "cursorkit_transports"):
            seen.add(name)
        return super().get(name, default)
os.environ = Environment(os.environ)
command = "projects locations-datasets-dicom-stores-studies-store-instances"
code = main([*command.split(), "projects/p/locations/l/datasets/d/dicomStores/s", "studies",
             "--retry-for", "0", "--endpoint", "https://localhost:1",
             "-r", "content-type=a/b", "data=x", *sys.argv[1:]])
print(sorted(seen))
"""


def test_the_manual_names_every_variable_that_is_heeded(root: Path, tmp_path: Path) -> None:
    seen = set[str]()
    for words in ((), ("-p", "key=k")):
        done = subprocess.run(
            [sys.executable, "-c", LISTENER, *words],
            capture_output=True,
            text=True,
            env={"HOME": str(tmp_path), "PYTHONSAFEPATH": "1", "NO_GCE_CHECK": "true"},
        )
        seen |= set(re.findall(r"'(\w+)'", done.stdout.splitlines()[-1]))
    assert {"GOOGLE_APPLICATION_CREDENTIALS", "HTTPS_PROXY"} <= seen <= HEEDED
    manual = "".join(path.read_text() for path in (root / "docs").glob("*.md"))
    missing = [name for name in HEEDED if not re.search(rf"\b{name.upper()}\b", manual)]
    assert missing == []
