"""API documents as plain dicts: a discovery document, and over it what such documents omit.

An overlay has the shape of a document and holds only differences. `general.overlay.json` lies over every
document; `NAME.overlay.json` over the one called NAME. Besides the keys of discovery documents overlays use:

- in a parameter: `secret` (its value may never be shown), `format` `token`, `synonyms`, `advice`;
- in a method: `idempotent`, and `answer` with the media type to ask for (`accept`) and the functions that
  read the answer (`read`) and hold it against the request (`reconcile`), named as `module:function`.

The document of the Cloud Healthcare API is a part of Google's own (revision 20260924), in words of this
project.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from typing import Any

    Document = dict[str, Any]

HEALTHCARE = "healthcare-v1beta1"


def read(name: str) -> Document:
    """The document called `name`, with its overlays."""
    document = _load(f"{name}.json")
    for overlay in ("general.overlay.json", f"{name}.overlay.json"):
        document = _laid_over(document, _load(overlay))
    return document


def _load(name: str) -> Document:
    # A Path would take longer to come about than all that is read here.
    with open(f"{__path__[0]}/{name}", "rb") as file:  # noqa: PTH123
        document: Document = json.load(file)
    return document


def _laid_over(document: Document, overlay: Document) -> Document:
    merged = dict(document)
    for key, value in overlay.items():
        below = merged.get(key)
        merged[key] = (
            _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged
