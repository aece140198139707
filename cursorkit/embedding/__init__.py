"""The language in command-line programs of others: `-r` for their parsers, and objects for their code.

`argparse`, `click` and `typer` of this package each add it in a line.
"""

from __future__ import annotations

from cursorkit.embedding.request import local_files

__all__ = ["local_files"]
