"""Files of certificate authorities, as far as they can be looked at without a library of the network."""

from __future__ import annotations

import re

from cursorkit.errors import SourceError
from cursorkit.files import File, file_source

_BEGIN = re.compile(rb"^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----", re.MULTILINE)
"""With the labels that OpenSSL knows."""

_HEAD = 16 * 1024 * 1024
"""Bytes of a file in which the first certificate begins: larger ones are no bundles."""


def check_bundle(path: str) -> None:
    """Let a PEM file pass that begins a certificate somewhere; whether it is one, OpenSSL finds out.

    What comes through a pipe can be had only once, and is left to it altogether.

    Raises:
        SourceError: the file cannot be read, or holds no certificate.
    """
    source = file_source(path)
    if not isinstance(source, File):
        return
    with source.open() as reader:
        if not _BEGIN.search(reader.read(_HEAD)):
            raise SourceError("unreadable-file", f"'{path}' holds no certificate")
