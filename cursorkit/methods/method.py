"""A method of an API as data."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Self

from attrs import evolve, frozen

from cursorkit.methods.answers import read_json, read_media
from cursorkit.methods.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Container

    from cursorkit.methods.media import Media
    from cursorkit.methods.paging import Paging
    from cursorkit.schema.types import Object, Schema
    from cursorkit.wire.message import Request, Response

Reader = Callable[["Response"], Outcome]
Reconciler = Callable[["Request", Outcome], Outcome]


class Encoding(Enum):
    """How a body becomes the bytes of a request."""

    JSON = "json"
    """The body's value as a JSON document."""
    RAW = "raw"
    """The bytes of the field `data`, under the content type of `contentType`."""


@frozen
class Message:
    """What a request carries.

    Attributes:
        schema: what its body may hold.
        encoding: how the body is sent.
    """

    schema: Schema
    encoding: Encoding


@frozen
class Answer:
    """How to ask for an answer, and how to read it.

    Attributes:
        accept: the media type to ask for.
        read: makes the outcome of an answer.
        reconcile: holds an outcome against the request, where the answer alone does not prove what was done.
        large: whether it may have any size.
    """

    accept: str = "application/json"
    read: Reader = read_json
    reconcile: Reconciler | None = None
    large: bool = False


MEDIA = Answer("*/*", read_media, large=True)
"""The answer is what was asked for itself, and nothing that says so."""


@frozen
class Credential:
    """A parameter that proves who is asking. It travels as a header, never in the URL.

    Attributes:
        parameter: its wire name.
        header: the header's name.
        scheme: what stands before the value in the header.
    """

    parameter: str
    header: str
    scheme: str = ""


CREDENTIALS = (
    Credential("access_token", "Authorization", "Bearer "),
    Credential("oauth_token", "Authorization", "Bearer "),
    Credential("key", "x-goog-api-key"),
)
"""The general parameters that are credentials; of two for one header the first counts."""

VARIABLE = re.compile(r"\{(\+?)(\w+)\}")
"""A place in a path (RFC 6570, 3.2.2 and 3.2.3): a plus if it takes several segments, and the parameter."""


@frozen
class Method:
    """A method of an API.

    Attributes:
        id: its dotted name, `healthcare.projects…storeInstances`.
        verb: the HTTP method.
        root: the URL that the path is relative to, with a slash at its end.
        path: a template, `v1beta1/{+parent}/dicomWeb/{+dicomWebPath}`: `{+x}` takes several segments, `{x}`
            one.
        parameters: a flat structure of all parameters; those that `path` does not name go into the query.
        request: what the request carries; None for nothing.
        answer: how the answer is read.
        scopes: the OAuth scopes, any of which is enough; the first is the default.
        idempotent: whether sending the same bytes twice does no more than sending them once.
        media: what media it takes; None for none.
        download: where the parameter `alt=media` leads, a template like `path`; empty where nowhere.
        paging: what its answers hold if they are pages; None if they are none.
    """

    id: str
    verb: str
    root: str
    path: str
    parameters: Object
    request: Message | None = None
    answer: Answer = Answer()
    scopes: tuple[str, ...] = ()
    idempotent: bool = False
    media: Media | None = None
    download: str = ""
    paging: Paging | None = None

    @property
    def for_media(self) -> Self:
        """The same method, asked for the media itself."""
        return evolve(self, path=self.download, answer=MEDIA)

    @property
    def in_path(self) -> frozenset[str]:
        """The wire names of the parameters that `path` has a place for."""
        return frozenset(name for _, name in VARIABLE.findall(self.path))

    def credentials(self, given: Container[str]) -> tuple[Credential, ...]:
        """Those of the parameters `given` that are credentials; in a path, a key is none."""
        return tuple(
            each for each in CREDENTIALS if each.parameter in given and each.parameter not in self.in_path
        )

    def at(self, endpoint: str) -> Self:
        """The same method of the API that `endpoint` is the root of."""
        return evolve(self, root=endpoint.rstrip("/") + "/")
