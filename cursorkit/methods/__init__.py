"""Methods of APIs as data: what they take, how to ask, how to read the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cursorkit.methods.method import Method

    STORE_INSTANCES: Method
else:

    def __getattr__(name: str) -> object:
        if name != "STORE_INSTANCES":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from cursorkit.apis import HEALTHCARE, read
        from cursorkit.methods.discovery import Methods

        method = globals()[name] = Methods(read(HEALTHCARE)).named(_STORE_INSTANCES)
        return method


_STORE_INSTANCES = "healthcare.projects.locations.datasets.dicomStores.studies.storeInstances"

__all__ = ["STORE_INSTANCES"]
