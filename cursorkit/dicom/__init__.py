"""DICOM as DICOMweb carries it: several files as one body, and the reports of stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.dicom.answers import FailedInstance, StoredInstance, StoreReport, report
    from cursorkit.dicom.bodies import Multipart, multipart
    from cursorkit.dicom.instances import Instance, read_instance, sent_instances
else:
    _HOMES = {
        "cursorkit.dicom.answers": ("FailedInstance", "StoreReport", "StoredInstance", "report"),
        "cursorkit.dicom.bodies": ("Multipart", "multipart"),
        "cursorkit.dicom.instances": ("Instance", "read_instance", "sent_instances"),
    }

    def __getattr__(name: str) -> object:
        home = next((module for module, names in _HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)


__all__ = [
    "FailedInstance",
    "Instance",
    "Multipart",
    "StoreReport",
    "StoredInstance",
    "multipart",
    "read_instance",
    "report",
    "sent_instances",
]
