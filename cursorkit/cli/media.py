"""Media and pages on a command line: what goes with a call, and whether all of it fits the method."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from cursorkit.cli import console
from cursorkit.errors import ArgumentErrors, Problem, SourceError, quoted
from cursorkit.methods.call import asked_for
from cursorkit.methods.encoding import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from cursorkit.cli.flags import Arguments
    from cursorkit.files import Files
    from cursorkit.methods.media import Upload
    from cursorkit.methods.method import Method
    from cursorkit.schema.types import Content


def media_of(arguments: Arguments, files: Files) -> Upload | None:
    """The file that is sent as media; None for none.

    Raises:
        ArgumentErrors: there is no such file, or no such way to send it.
    """
    if not arguments.upload:
        return None
    from cursorkit.methods.media import OCTETS, Upload

    protocol, name = arguments.upload
    if protocol not in {"simple", "resumable"}:
        message = f"-u: there is no protocol {quoted(protocol)}, but simple and resumable"
        raise ArgumentErrors((Problem("usage", message, label=""),))
    try:
        source = files(name)
    except SourceError as error:
        raise ArgumentErrors((Problem(error.kind, f"-u: {error}", label=""),)) from None
    kind = arguments.media_type or _type_of(name) or OCTETS
    return Upload(source, kind, cast("Literal['simple', 'resumable']", protocol), arguments.trusted_hosts)


def _type_of(name: str) -> str | None:
    """The media type that the name of a file tells of; None if it tells of none."""
    from mimetypes import guess_type

    kind, coding = guess_type(name, strict=False)
    coded = {None: kind, "gzip": "application/gzip"}
    return coded.get(coding)


def problems_with(
    method: Method, arguments: Arguments, media: Upload | None, values: Mapping[str, Content]
) -> Iterator[Problem]:
    """What is wrong with the media that is sent, with the place of what comes, and with a list of pages.

    Args:
        method: what is asked for.
        arguments: the command line.
        media: what is sent.
        values: the parameters that are set.
    """
    if arguments.media_type is not None:
        if not arguments.upload:
            yield Problem("usage", "-m is the type of the file of -u, which is missing", label="")
        if not re.fullmatch(MEDIA_TYPE, arguments.media_type, re.ASCII):
            kind = quoted(arguments.media_type)
            yield Problem("usage", f"-m: {kind} is no media type, such as image/png", label="")
    if media is not None:
        from cursorkit.methods.media import refusals

        try:
            yield from refusals(method, media, values)
        except SourceError as error:
            yield Problem(error.kind, f"-u: {error}", label="")
    if (
        asked_for(method, values).answer.large
        and not arguments.dry_run
        and console.is_terminal(arguments.out)
    ):
        yield Problem("usage", "the media would go to a terminal; -o FILE keeps it", label="")
    if arguments.all_pages:
        from cursorkit.methods import paging

        yield from paging.refusals(method, values)
