"""The API that a program calls, and what the program is called."""

from __future__ import annotations

import re

from cursorkit.apis import HEALTHCARE, read

TYPE_CHECKING = False  # typing takes longer to load than a page of help to make
if TYPE_CHECKING:
    from cursorkit.apis import Document

HEALTHCARE_PROGRAM = "healthcare1-beta1"


class Service:
    """An API and the program for it. A plain class, because help has to come without attrs.

    Args:
        prog: how the program is called, `cursorkit api storage:v1`.
        name: what the program of this API alone is called, `storage1`; logins are kept under that name.
        document: the API.
    """

    def __init__(self, prog: str, name: str, document: Document) -> None:
        self.prog = prog
        self.name = name
        self.document = document


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
