"""DICOM as DICOMweb carries it: many files stored, several of them as one body, and the reports of stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.dicom.answers import FailedInstance, StoredInstance, StoreReport, report
    from cursorkit.dicom.batches import Limits
    from cursorkit.dicom.bodies import Multipart, multipart
    from cursorkit.dicom.inputs import Found, find, names
    from cursorkit.dicom.instances import Instance, read_instance, sent_instances
    from cursorkit.dicom.journal import Journal, JournalError
    from cursorkit.dicom.planning import Planned, plan
    from cursorkit.dicom.results import Result, State
    from cursorkit.dicom.shared import SharingError
    from cursorkit.dicom.storing import Report, store
    from cursorkit.dicom.target import Target
else:
    _HOMES = {
        "cursorkit.dicom.answers": (
            "FailedInstance",
            "StoreReport",
            "StoredInstance",
            "report",
        ),
        "cursorkit.dicom.batches": ("Limits",),
        "cursorkit.dicom.bodies": (
            "Multipart",
            "multipart",
        ),
        "cursorkit.dicom.inputs": (
            "Found",
            "find",
            "names",
        ),
        "cursorkit.dicom.instances": (
            "Instance",
            "read_instance",
            "sent_instances",
        ),
        "cursorkit.dicom.journal": (
            "Journal",
            "JournalError",
        ),
        "cursorkit.dicom.planning": (
            "Planned",
            "plan",
        ),
        "cursorkit.dicom.results": (
            "Result",
            "State",
        ),
        "cursorkit.dicom.shared": ("SharingError",),
        "cursorkit.dicom.storing": (
            "Report",
            "store",
        ),
        "cursorkit.dicom.target": ("Target",),
    }

    def __getattr__(name: str) -> object:
        home = next((module for module, names in _HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)


__all__ = [
    "FailedInstance",
    "Found",
    "Instance",
    "Journal",
    "JournalError",
    "Limits",
    "Multipart",
    "Planned",
    "Report",
    "Result",
    "SharingError",
    "State",
    "StoreReport",
    "StoredInstance",
    "Target",
    "find",
    "multipart",
    "names",
    "plan",
    "read_instance",
    "report",
    "sent_instances",
    "store",
]
