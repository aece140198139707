"""All pages of what a method lists, an item a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.cli import console
from cursorkit.cli.output import document
from cursorkit.cli.progress import Watched
from cursorkit.language.shell import shell_line
from cursorkit.methods.outcome import Outcome, Verdict
from cursorkit.methods.paging import pages
from cursorkit_transports import open_transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.cli.job import Job
    from cursorkit.cli.output import Output
    from cursorkit.cli.progress import Progress
    from cursorkit.methods.paging import Page


class _EndedError(Exception):
    """There is a page that did not come."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


def write_pages(job: Job, output: Output, progress: Progress) -> Outcome:
    """Write the items as they come; give what came of the last page.

    A file becomes the new one only with the last page. Elsewhere, what came stays where a page fails.

    Raises:
        OutputError: they cannot be written.
    """
    transport = Watched(open_transport(job.endpoint), progress.leaving)
    try:
        every = pages(job.method, job.parameters, job.body, transport, ask_again=job.endpoint.retry_for > 0)
        output.write_all(_lines(every))
    except _EndedError as ended:
        return ended.page.outcome if output.replaces else _leading_on(ended.page)
    finally:
        transport.close()
    return Outcome(Verdict.DONE)


def _leading_on(page: Page) -> Outcome:
    """What came of a page, and how to go on from there."""
    if not page.token:
        return page.outcome
    hint = f"-p {shell_line([f'page-token={page.token}'])} goes on from there"
    return evolve(page.outcome, message=f"{page.outcome.message}\n{hint}")


def _lines(every: Iterator[Page]) -> Iterator[bytes]:
    """What each page holds, in lines.

    Raises:
        _EndedError: a page did not come.
    """
    told: set[str] = set()
    for page in every:
        if page.outcome.verdict is not Verdict.DONE:
            raise _EndedError(page)
        for name in {*page.left_out} - told:
            console.tell(f"warning: the answers also hold '{name}', which is left out", console.YELLOW)
        told.update(page.left_out)
        yield b"".join(document(item, pretty=False) for item in page.items)
