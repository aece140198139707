"""Where instances go: the address of store transactions, and what it takes to get there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from attrs import evolve, field, frozen

from cursorkit.wire.message import Headers, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cursorkit.methods.method import Method
    from cursorkit.wire.source import BodySource
    from cursorkit.wire.transport import Endpoint, Opener, Transport

ACCEPT = "application/dicom+json"
_NONE = Headers()
_CONTENT = frozenset({"accept", "content-type", "content-length"})


@frozen
class Target:
    """A place for instances, as a value that other processes can be given unless it holds a secret.

    Attributes:
        url: where store transactions go (PS3.18, 10.5): `https://HOST/dicom-web/studies`, with `/STUDY`
            behind it for one study. It does not show in `repr`.
        endpoint: the root of that, in whose name, and with how much patience.
        opener: makes the transport, such as `cursorkit_transports.open_transport`.
        headers: what else goes along, credentials for example.
        study: the Study Instance UID of the only study that is taken; empty for any.
        template: the address as logs may show it, below the endpoint.
    """

    url: str = field(repr=False)
    endpoint: Endpoint
    opener: Opener = field(repr=False)
    headers: Headers = _NONE
    study: str = field(default="", repr=False)
    template: str = "studies"

    @classmethod
    def dicomweb(cls, endpoint: Endpoint, opener: Opener, headers: Headers = _NONE) -> Self:
        """Any server of DICOMweb, whose root `endpoint` names: `https://HOST/dicom-web`."""
        placed = _placed(endpoint)
        return cls(f"{placed.url.rstrip('/')}/studies", placed, opener, headers)

    @classmethod
    def of(cls, method: Method, parameters: Mapping[str, object], endpoint: Endpoint, opener: Opener) -> Self:
        """What a method that stores instances is asked at.

        Args:
            method: StoreInstances, at the endpoint.
            parameters: as for `cursorkit.call`.
            endpoint: the API's root.
            opener: as above.

        Raises:
            ArgumentErrors: the parameters are wrong, or some are missing.
        """
        from cursorkit.methods.call import prepare

        request = prepare(method, parameters, {"contentType": "application/dicom", "data": b"\0"})
        headers = Headers(each for each in request.headers if each[0].lower() not in _CONTENT)
        path, _, _ = request.url.partition("?")
        above, _, last = path.rpartition("/")
        study = unquote(last) if above.endswith("/studies") else ""
        placed = _placed(endpoint)
        url = placed.url.rstrip("/") + request.url.removeprefix(endpoint.url.rstrip("/"))
        return cls(url, placed, opener, headers, study, request.template)

    @property
    def place(self) -> str:
        """The address of all studies there, by which a journal knows the store however it is asked."""
        path, _, _ = self.url.partition("?")
        return path.rpartition("/")[0] if self.study else path

    def for_study(self, study: str) -> Self:
        """The same place, for instances of one study alone.

        Args:
            study: its Study Instance UID.
        """
        url = f"{self.place}/{study}"
        return evolve(self, url=url, study=study, template="studies/{study}")

    def open(self) -> Transport:
        """The transport."""
        return self.opener(self.endpoint)

    def request(self, content_type: str, body: BodySource) -> Request:
        """The store transaction that sends `body`. It may be repeated: the same bytes again do no harm."""
        content = [("Accept", ACCEPT), ("Content-Type", content_type), ("Content-Length", str(body.length))]
        return Request(
            "POST",
            self.url,
            Headers([*content, *self.headers]),
            body,
            idempotent=True,
            template=self.template,
        )


def _placed(endpoint: Endpoint) -> Endpoint:
    """The same place wherever somebody is: a journal, or who does the work, may be in another folder."""
    scheme, _, folder = endpoint.url.partition(":")
    if scheme.lower() != "file" or not folder or folder.startswith("/"):
        return endpoint
    return evolve(endpoint, url=f"{scheme}:{os.path.abspath(folder)}")  # noqa: PTH100 - a Path keeps `..`
