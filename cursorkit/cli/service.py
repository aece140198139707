"""The API that a program calls, and what the program is called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cursorkit.apis import HEALTHCARE, read

if TYPE_CHECKING:
    from cursorkit.apis import Document

HEALTHCARE_PROGRAM = "healthcare1-beta1"


class Service(NamedTuple):
    """An API and the program for it. A plain tuple, because help has to come without attrs.

    Attributes:
        prog: how the program is called, `cursorkit api storage:v1`.
        name: what the program of this API alone is called, `storage1`; logins are kept under that name.
        document: the API.
    """

    prog: str
    name: str
    document: Document


def healthcare() -> Service:
    """The Cloud Healthcare API, by the program of its own."""
    return Service(HEALTHCARE_PROGRAM, HEALTHCARE_PROGRAM, read(HEALTHCARE))


def service(prog: str, name: str) -> Service:
    """The API whose document is called `name`; see `cursorkit.apis.read`.

    Raises:
        SchemaError: there is none.
    """
    document = read(name)
    return Service(f"{prog} {name}", program_name(document["name"], document["version"]), document)


def program_name(api: str, version: str) -> str:
    """What the generated program of an API is called.

    `healthcare1-beta1` for v1beta1, `admin1-directory` for directory_v1, `adsense1d4` for v1.4;
    `compute-alpha`, where the version has no number.
    """
    found = re.search(r"_?v([0-9]+(?:\.[0-9]+)*)_?", version)
    if found is None:
        return f"{api}-{version}".lower()
    rest = version.replace(found[0], "", 1).replace("_", "-")
    number = found[1].replace(".", "d")
    return f"{api}{number}-{rest}".rstrip("-").lower()
