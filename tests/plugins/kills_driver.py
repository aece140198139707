"""Store a folder with a journal, and write a line for each file as soon as it is known what became of it.

python tests/plugins/kills_driver.py URL FOLDER JOURNAL TOLD BATCH
"""

from __future__ import annotations

import json
import os
import sys

from cursorkit import dicom
from cursorkit.wire import Endpoint
from cursorkit_transports import open_transport


def main(url: str, folder: str, journal: str, told: str, batch: str) -> None:
    """Do it."""
    target = dicom.Target.dicomweb(Endpoint(url), open_transport)
    out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        dicom.Journal(journal) as kept,
        dicom.store([folder], target, limits=dicom.Limits(int(batch)), journal=kept) as report,
    ):
        for result in report:
            os.write(out, f"{json.dumps({'name': result.name, 'state': result.state.value})}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
