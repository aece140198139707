"""Spellings of names."""

from __future__ import annotations

import re
from itertools import product

import pytest

from cursorkit.schema.names import cli_name


@pytest.mark.parametrize(
    ("wire", "cli"),
    [
        ("contentType", "content-type"),
        ("dicomWebPath", "dicom-web-path"),
        ("$.xgafv", "$-xgafv"),
        ("enableCDN", "enable-cdn"),
        ("HTTPHeader", "http-header"),
        ("sha256Hash", "sha256-hash"),
        ("options.requestedPolicyVersion", "options-requested-policy-version"),
        ("upload_protocol", "upload-protocol"),
        ("", ""),
    ],
)
def test_a_name_on_the_command_line(wire: str, cli: str) -> None:
    assert cli_name(wire) == cli


def test_every_name_is_spelled_as_the_generated_programs_spell_it() -> None:
    """They make it in two steps, with an underscore before each word first."""
    for length in range(6):
        for letters in product("aA1_.\n", repeat=length):
            wire = "".join(letters)
            split = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", wire)
            split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", split)
            assert cli_name(wire) == split.lower().replace("_", "-").replace(".", "-"), repr(wire)
