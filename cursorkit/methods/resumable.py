"""The protocol of resumable uploads: https://developers.google.com/drive/api/guides/manage-uploads#resumable.

    POST  …?uploadType=resumable   the body of the call, and what media will come -> 200, Location: a session
    PUT   the session              the media -> 200 or 201, the answer of the call
                                             -> 308, Range: what is kept of it; go on behind that
    PUT   the session, bytes */N   asks what is kept, where there was no answer
                                             -> 404 or 410: the session is gone; begin again

When to ask again, and for how long, is up to the transport within, as with every request.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from attrs import evolve, frozen

from cursorkit.errors import SourceError
from cursorkit.wire.message import SECRET_HEADERS, Headers, History, Request
from cursorkit.wire.pieces import Pieces
from cursorkit.wire.source import Bytes
from cursorkit.wire.transport import (
    EndpointError,
    PermanentError,
    Remedy,
    TransportError,
    check_address,
    host_of,
    is_of_google,
)

if TYPE_CHECKING:
    from cursorkit.methods.media import Upload
    from cursorkit.wire.message import Response
    from cursorkit.wire.transport import Transport

QUANTUM = 256 * 1024
"""Bytes: the least that a server keeps more of an upload, unless that is the end of it."""

SESSIONS = 3
"""How often an upload begins, where sessions go away."""

IDLE = 5
"""How often in a row a server may keep no more than before."""

_RANGE = re.compile(r"(?:bytes=)?0-([0-9]{1,18})")


@frozen
class Session:
    """Where media is sent to.

    Attributes:
        first: the request that was answered with it.
        url: the place, which nobody else may know: whoever does can send there.
        content_type: the media type.
        length: bytes of the media.
    """

    first: Request
    url: str
    content_type: str
    length: int

    def sending(self, pieces: Pieces, offset: int) -> Request:
        """The request that sends all behind the first `offset` bytes; at a later attempt, it asks instead."""
        if offset == self.length:
            return self.asking()
        source = pieces.rest(offset)
        fields = (
            ("Content-Type", self.content_type),
            ("Content-Range", f"bytes {offset}-{self.length - 1}/{self.length}"),
        )
        return evolve(self._request(*fields, length=source.length), body=source, follow_up=self.asking())

    def asking(self) -> Request:
        """The request that asks what is kept."""
        return self._request(("Content-Range", f"bytes */{self.length}"), length=0)

    def _request(self, *fields: tuple[str, str], length: int) -> Request:
        proofs = ((name, value) for name, value in self.first.headers if name.lower() in SECRET_HEADERS)
        return Request(
            verb="PUT",
            url=self.url,
            headers=Headers(
                [
                    ("Accept", self.first.headers.get("Accept")),
                    *fields,
                    ("Content-Length", str(length)),
                    *proofs,
                ]
            ),
            body=Bytes(),
            # What it says of the range makes it do the same, however often it comes.
            idempotent=True,
            template=self.first.template,
        )


def session(first: Request, answer: Response, upload: Upload) -> Session:
    """The session that `answer` opens.

    Raises:
        PermanentError: it opens none, or one of somebody who is not to be trusted.
    """
    location = answer.headers.get("Location")
    url = urljoin(first.url, location)
    if not location or not re.fullmatch("[!-~]+", url):
        raise PermanentError("the server does not say where the media is to be sent")
    try:
        check_address(url)
        host, own = host_of(url), host_of(first.url)
    except EndpointError:
        raise PermanentError("the server would have the media sent where anybody could read it") from None
    known = host in map(str.lower, upload.trusted_hosts) or (is_of_google(host) and is_of_google(own))
    if _origin(url) != _origin(first.url) and not (known and urlsplit(url).scheme.lower() == "https"):
        raise PermanentError(
            f"the server would have the media sent to another host, {host}",
            remedy=Remedy("trust-host", (host,)),
        )
    return Session(first, url, upload.content_type, upload.source.length)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def kept(answer: Response, pieces: Pieces) -> int:
    """How many bytes a server has, by its answer that there are more to come.

    Raises:
        PermanentError: it makes no sense, or claims more than was sent.
    """
    told = answer.headers.get("Range").strip()
    found = _RANGE.fullmatch(told)
    if told and found is None:
        raise PermanentError("what the server says that it has of the media makes no sense")
    count = int(found[1]) + 1 if found else 0
    if count > pieces.handed.octets:
        raise PermanentError("the server says that it has more of the media than was sent")
    return count


class Resumable:
    """A transport for requests that announce media: it sends that, too, and gives the answer to all of it.

    Args:
        transport: what sends the requests.
        upload: the media.
    """

    def __init__(self, transport: Transport, upload: Upload) -> None:
        self._transport = transport
        self._upload = upload

    def send(self, request: Request) -> Response:
        """Open a session with `request`, and send the media there until the server has all of it.

        Raises:
            PermanentError: what the server says of the session or of the media is not to be relied on.
            TransportError: there is no whole answer. What it tells of as sent is the media.
            SourceError: the media cannot be read, or is no longer what was sent of it before.
        """
        pieces = Pieces(self._upload.source)
        history = History()
        try:
            for _ in range(SESSIONS):
                response = self._opened(request)
                if not _is_done(response):
                    break
                response = self._filled(session(request, response, self._upload), pieces)
                history = history.then(response.history)
                if response.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    break
                pieces = pieces.again()
        except TransportError as error:
            error.sent, error.history = pieces.handed, history.then(error.history)
            raise
        except SourceError as error:
            raise history.told_with(error) from None
        whole = pieces.handed.octets == pieces.length
        return evolve(response, sent=evolve(pieces.handed, whole=whole), history=history)

    def _opened(self, request: Request) -> Response:
        """The answer to the announcement, which does nothing yet: no attempt at it leaves anything open."""
        try:
            response = self._transport.send(evolve(request, idempotent=True))
        except TransportError as error:
            error.history = History((), error.history.ended)
            raise
        return evolve(response, history=History((), response.history.ended))

    def _filled(self, opened: Session, pieces: Pieces) -> Response:
        """The answer that ends a session."""
        history = History()
        offset = most = idle = 0
        while idle <= IDLE:
            try:
                response = self._transport.send(opened.sending(pieces, offset))
            except TransportError as error:
                error.history = history.then(_of_media(error.history))
                raise
            except SourceError as error:
                raise history.told_with(error) from None
            history = history.then(_of_media(response.history))
            if response.status != HTTPStatus.PERMANENT_REDIRECT:
                if _is_done(response) and pieces.handed.octets < pieces.length:
                    raise PermanentError("the server says that it has all of the media, which was not sent")
                return evolve(response, history=history)
            offset = kept(response, pieces)
            idle = 0 if offset - most >= QUANTUM else idle + 1
            most = max(most, offset)
        raise TransportError("the server keeps nothing more of the media")

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


def _is_done(response: Response) -> bool:
    return HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES


def _of_media(history: History) -> History:
    """Those attempts that sent media: a question that was not answered did nothing."""
    return History(tuple(each for each in history.earlier if each.sent.octets), history.ended)
