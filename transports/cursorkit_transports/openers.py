"""From the scheme of a URL to the ready stack of transports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from cursorkit.wire import EndpointError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from cursorkit.wire import Endpoint, Opener, Transport

GROUP = "cursorkit.transports"
"""The entry-point group in which other packages name their openers, by scheme."""

# A table, because looking for entry points costs more than a whole small request.
_BUILT_IN = {
    "file": "cursorkit_transports.file",
    "http": "cursorkit_transports.https",
    "https": "cursorkit_transports.https",
    "memory": "cursorkit_transports.memory",
}


def open_transport(endpoint: Endpoint) -> Transport:
    """The transport for `endpoint`, with all that belongs around it.

    Raises:
        EndpointError: nobody serves the scheme of the URL, or whoever does cannot be loaded, or the URL is
            not fit for it.
        MissingExtraError: the transport needs an optional dependency.
        SourceError: the CA bundle cannot be read.
    """
    return _opener(_scheme(endpoint))(endpoint)


def check_endpoint(endpoint: Endpoint) -> None:
    """Let an endpoint pass whose scheme somebody serves. Opens nothing, and imports no network library.

    Raises:
        EndpointError: nobody serves the scheme of the URL, or it names no folder of this machine.
    """
    scheme = _scheme(endpoint)
    if scheme == "file":
        from cursorkit_transports.file import folder_of

        folder_of(endpoint.url)
    elif scheme not in _BUILT_IN:
        _entry(scheme)


def _scheme(endpoint: Endpoint) -> str:
    return endpoint.url.partition(":")[0].lower()


def _opener(scheme: str) -> Opener:
    if scheme in _BUILT_IN:
        return cast("Opener", import_module(_BUILT_IN[scheme]).open_endpoint)
    return _loaded(_entry(scheme))


def _entry(scheme: str) -> EntryPoint:
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP)
    if scheme in found.names:
        return found[scheme]
    known = ", ".join(sorted({*_BUILT_IN, *found.names}))
    raise EndpointError(f"no transport serves the endpoint's scheme; there are: {known}")


def _loaded(entry: EntryPoint) -> Opener:
    try:
        return cast("Opener", entry.load())
    except Exception as error:  # what a package of somebody else raises when it is imported can be anything
        message = f"the transport for the endpoint's scheme cannot be loaded: {entry.value}"
        raise EndpointError(message) from error
