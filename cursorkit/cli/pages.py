"""All pages of what a method lists, an item a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cursorkit.cli import console
from cursorkit.language.shell import shell_line
from cursorkit.methods.outcome import Verdict
from cursorkit.methods.paging import pages
from cursorkit_transports import open_transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.cli.job import Job
    from cursorkit.cli.output import Output
    from cursorkit.methods.paging import Page


class _EndedError(Exception):
    """There is a page that did not come."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


def write_pages(job: Job, output: Output) -> int:
    """Write the items as they come; give the exit code.

    A file becomes the new one only with the last page. Elsewhere, what came stays where a page fails.

    Raises:
        OutputError: they cannot be written.
    """
    transport = open_transport(job.endpoint)
    try:
        output.write_all(_lines(pages(job.method, job.parameters, job.body, transport)))
    except _EndedError as ended:
        _tell(ended.page)
        return ended.page.outcome.verdict.value
    finally:
        transport.close()
    return 0


def _lines(every: Iterator[Page]) -> Iterator[bytes]:
    """What each page holds, in lines.

    Raises:
        _EndedError: a page did not come.
    """
    told: set[str] = set()
    for page in every:
        for name in page.left_out:
            if name not in told:
                console.tell(f"warning: the answers also hold '{name}', which is left out", console.YELLOW)
            told.add(name)
        if page.items:
            yield "".join(f"{json.dumps(item, separators=(',', ':'))}\n" for item in page.items).encode(
                "ascii"
            )
        if page.outcome.verdict is not Verdict.DONE:
            raise _EndedError(page)


def _tell(page: Page) -> None:
    console.tell(f"error: {page.outcome.message}", console.RED)
    if page.token:
        console.say(f"from this page on: -p {shell_line([f'page-token={page.token}'])}")
