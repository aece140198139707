"""An image of somebody, of whom nobody else may learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread, uid

from authorized_calls import SCAN

if TYPE_CHECKING:
    from pathlib import Path

PATIENT, UID = "CANARY^PATIENT", "1.2.826.0.1.99999"


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """An image of somebody with a name."""
    dataset = dcmread(SCAN)
    dataset.PatientName = PATIENT
    dataset.StudyInstanceUID = f"{UID}.1"
    dataset.SOPInstanceUID = f"{UID}.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = uid.UID(f"{UID}.2")
    path = tmp_path / "CANARY.dcm"
    dataset.save_as(path)
    return path
