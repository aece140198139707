"""The three spellings of a name: on the command line, on the wire, in Python."""

from __future__ import annotations

import re

_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_TAIL = re.compile(r"([a-z0-9])([A-Z])")


def cli_name(wire: str) -> str:
    """The command-line spelling of a wire name, as the generated programs make it.

    `contentType` becomes `content-type`. Not invertible, so a record keeps a table of its names.
    """
    split = _TAIL.sub(r"\1_\2", _WORD.sub(r"\1_\2", wire))
    return split.lower().replace("_", "-").replace(".", "-")


def wire_name(python: str) -> str:
    """The wire spelling that a Python name stands for unless it says otherwise.

    `content_type` becomes `contentType`.
    """
    first, *others = python.strip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)
