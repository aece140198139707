"""API documents as plain dicts: a discovery document, and over it what such documents omit.

An overlay has the shape of a document and holds only differences, but no resource and no method that the
document does not have. `general.overlay.json` lies over every document; `NAME.VERSION.overlay.json` over the
one of that API. Besides the keys of discovery documents overlays use:

- in a parameter: `secret` (its value may never be shown), `format` `token`, `synonyms`, `advice`;
- in a method: `idempotent`, and `answer`, the name of a way to read its answers.

The document of the Cloud Healthcare API is Google's own, to the letter; NOTICE tells where it is from.
"""

from __future__ import annotations

import json
import re
import sys
import zlib

from cursorkit.schema.document import needed

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from cursorkit.errors import SchemaError

    Document = dict[str, Any]

HEALTHCARE = "healthcare:v1beta1"
"""The API whose document comes with this package."""

_SHIPPED = f"{__path__[0]}/healthcare.v1beta1.json.gz"
_NAME = re.compile(r"[A-Za-z0-9_]+")
_VERSION = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_GZIP = 31
"""What zlib calls the format of gzip; the module of that name takes longer to import than this to read."""


def read(name: str) -> Document:
    """The document called `name`, with its overlays.

    Args:
        name: a path; or the name and version of an API, `storage:v1`, whose document comes with this package
            or with google-api-python-client, if that is installed beside it.

    Raises:
        SchemaError: there is none, it cannot be read, or it is no discovery document.
    """
    document = _document(name, _content(name))
    own = f"{document['name']}.{document['version']}.overlay.json"
    for overlay in ("general.overlay.json", own):
        document = _laid_over(document, _overlay(overlay))
    return document


def _overlay(name: str) -> Document:
    try:
        overlay: Document = json.loads(_read(f"{__path__[0]}/{name}"))
    except FileNotFoundError:
        return {}
    return overlay


def _read(path: str | Path) -> bytes:
    # pathlib takes longer to load than all documents of a run to read.
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def installed() -> dict[str, str | Path]:
    """The documents that can be read by the name and version of their API, in alphabetical order."""
    found: dict[str, str | Path] = {}
    for folder in _folders():
        found |= {_called(path): path for path in folder.glob("*.*.json")}
    return dict(sorted({**found, HEALTHCARE: _SHIPPED}.items()))


def _folders() -> Iterator[Path]:
    """Where google-api-python-client keeps its documents. To import it would take longer than all else."""
    from pathlib import Path

    return (Path(each) / "googleapiclient/discovery_cache/documents" for each in reversed(sys.path))


def _called(path: Path) -> str:
    """The name of an API by its file: `admin:directory_v1` for `admin.directory_v1.json`."""
    name, _, version = path.name.removesuffix(".json").partition(".")
    return f"{name}:{version}"


def _content(name: str) -> bytes:
    known: dict[str, str | Path] = {HEALTHCARE: _SHIPPED}
    if name != HEALTHCARE:
        known = installed() if ":" in name else {}
    path = known.get(name, name)
    try:
        content = _read(path)
    except (FileNotFoundError, ValueError):
        raise _nowhere(name) from None
    except OSError as error:
        raise _unreadable(name, error.strerror or "nobody says why") from None
    return zlib.decompress(content, _GZIP) if path == _SHIPPED else content


def _document(name: str, content: bytes) -> Document:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise _unreadable(name, "it is no JSON document") from None
    if not isinstance(document, dict) or "rootUrl" not in document:
        raise _unreadable(name, "it is no discovery document of an API")
    for key, form in (("name", _NAME), ("version", _VERSION)):
        if not form.fullmatch(needed(document, key)):
            raise _unreadable(name, f"its {key} is none")
    if not needed(document, "rootUrl").startswith("https://"):
        raise _unreadable(name, "its root is no https:// URL")
    return document


def _nowhere(name: str) -> SchemaError:
    from difflib import get_close_matches

    from cursorkit.errors import SchemaError, quoted

    near = get_close_matches(name, installed(), 1)
    hint = f"did you mean '{near[0]}'?" if near else "'cursorkit apis' lists the APIs"
    return SchemaError(f"there is no API here and no file that is called {quoted(name)}; {hint}")


def _unreadable(name: str, reason: str) -> SchemaError:
    from cursorkit.errors import SchemaError, quoted

    return SchemaError(f"cannot read {quoted(name)} as the description of an API: {reason}")


def _laid_over(document: Document, overlay: Document, *, new: bool = True) -> Document:
    """The document with what the overlay says of it, and of what is not in it too if that may be `new`."""
    merged = dict(document)
    for key in (key for key in overlay if new or key in document):
        below, value = document.get(key, {}), overlay[key]
        both = isinstance(below, dict) and isinstance(value, dict)
        grows = key not in {"resources", "methods"}
        merged[key] = _laid_over(below, value, new=grows) if both else value
    return merged
