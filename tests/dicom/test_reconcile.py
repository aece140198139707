"""What a server reports, held against what it was sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cursorkit import HttpBody, Verdict, call, dicom
from cursorkit.methods import STORE_INSTANCES
from cursorkit_transports.memory import Memory, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit import Outcome

PLACE = {"parent": "projects/p/locations/l/datasets/d/dicomStores/s", "dicom_web_path": "studies"}
CT = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
MR = "1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5457"


def store(paths: list[Path], stored: list[str], failed: list[str], status: int = 200) -> Outcome:
    """The outcome of sending `paths` to a server that reports `stored` and `failed`."""

    def sequence(uids: list[str]) -> dict[str, object]:
        items = [{"00081155": {"vr": "UI", "Value": [uid]}} if uid else {} for uid in uids]
        return {"vr": "SQ", "Value": items}

    answer = json.dumps({"00081199": sequence(stored), "00081198": sequence(failed)}).encode()
    memory = Memory(lambda request, body: Reply(status, answer))
    return call(STORE_INSTANCES, PLACE, HttpBody(*dicom.multipart(paths)), memory)


@pytest.mark.parametrize(
    ("names", "stored", "failed", "verdict", "left_out"),
    [
        (["CT_small.dcm"], [CT], [], Verdict.DONE, 0),
        (["CT_small.dcm"], [MR], [], Verdict.UNKNOWN, 1),
        (["CT_small.dcm", "MR_small.dcm"], [MR, CT], [], Verdict.DONE, 0),
        (["CT_small.dcm", "MR_small.dcm"], [CT], [], Verdict.PARTLY, 1),
        (["CT_small.dcm", "MR_small.dcm"], [CT], [MR], Verdict.PARTLY, 0),
        (["CT_small.dcm", "CT_small.dcm"], [CT], [], Verdict.DONE, 0),
        # A part that cannot be read here may go by any name that no other part has.
        (["CT_small.dcm", "README.txt"], [CT], [], Verdict.PARTLY, 1),
        (["README.txt", "CT_small.dcm", "README.txt"], [CT], [], Verdict.PARTLY, 2),
        (["README.txt", "CT_small.dcm", "README.txt"], [CT], [""], Verdict.PARTLY, 1),
        (["CT_small.dcm", "README.txt"], [CT], [""], Verdict.PARTLY, 0),
        (["CT_small.dcm", "no_meta.dcm"], [CT, "1.2"], [], Verdict.DONE, 0),
        (["no_meta.dcm"], ["1.2"], [], Verdict.DONE, 0),
    ],
)
def test_who_is_left_out(
    samples: Path, names: list[str], stored: list[str], failed: list[str], verdict: Verdict, left_out: int
) -> None:
    outcome = store([samples / name for name in names], stored, failed)
    assert outcome.verdict is verdict
    told = f"\nsent, but not named in the report: {left_out} instance{'s' * (left_out > 1)}"
    assert outcome.message.endswith(told) is bool(left_out)
    assert ("not named" in outcome.message) is bool(left_out)


def test_an_error_that_names_only_what_is_stored(samples: Path) -> None:
    outcome = store([samples / "CT_small.dcm", samples / "README.txt"], [CT], [], status=400)
    assert outcome.verdict is Verdict.PARTLY
    assert outcome.message.splitlines() == [
        "the server answered 400 Bad Request",
        "stored 1 instance",
        "sent, but not named in the report: 1 instance",
    ]
    assert dicom.report(outcome.value).stored
