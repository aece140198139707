"""From a body to an outcome: `prepare` and `read` are pure, `call` puts a transport between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote, urlencode

from attrs import evolve

from cursorkit.body.build import Body, absent
from cursorkit.body.shown import private_texts
from cursorkit.errors import ArgumentErrors, Problem, SourceError
from cursorkit.methods.answers import readable
from cursorkit.methods.encoding import Load
from cursorkit.methods.method import VARIABLE, Encoding
from cursorkit.methods.outcome import Outcome, Verdict
from cursorkit.schema.types import Object
from cursorkit.wire.message import Attempt, Headers, History, Request
from cursorkit.wire.source import Bytes, Unchanged
from cursorkit.wire.transport import (
    AuthenticationError,
    ConnectError,
    PermanentError,
    StorageError,
    TransportError,
    TrustError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cursorkit.methods.media import Upload
    from cursorkit.methods.method import Message, Method
    from cursorkit.schema.types import Content
    from cursorkit.wire.message import Response
    from cursorkit.wire.source import BodySource
    from cursorkit.wire.transport import Transport

_Pair = tuple[str, str]
_T = TypeVar("_T")


def prepare(
    method: Method,
    parameters: Body | Mapping[str, object],
    body: object = None,
    *,
    media: Upload | None = None,
    allow_empty: bool = False,
) -> Request:
    """The request that asks for `method`.

    Args:
        method: what to ask for.
        parameters: by any spelling of their names; or a body built for `method.parameters`.
        body: a body built for `method.request.schema`, or a value that fits it: an `HttpBody`, a mapping by
            wire names, an attrs instance. None for nothing.
        media: the media that goes along. Where it is resumable, the request is the first of several, which
            announces it.
        allow_empty: whether a raw body or media may have no bytes, which is a mistake otherwise.

    Raises:
        ArgumentErrors: with everything that is wrong or missing.
        SourceError: the body cannot be read.
    """
    given, carried = gathered(method, parameters, body, media)
    return _request(method, given, carried, media, allow_empty=allow_empty)


def gathered(
    method: Method, parameters: Body | Mapping[str, object], body: object, media: Upload | None = None
) -> tuple[Body, Body]:
    """The parameters and the body, with nothing wrong or missing."""
    problems: list[Problem] = []
    given = gather(lambda: _parameters(method, parameters), problems)
    carried = gather(lambda: _body(method, body), problems)
    problems += missing(method, given, carried)
    if media is not None:
        from cursorkit.methods.media import refusals

        problems += refusals(method, media, () if given is None else _values(given))
    if given is None or carried is None or problems:
        raise ArgumentErrors(tuple(problems))
    return given, carried


def _request(
    method: Method, given: Body, carried: Body, media: Upload | None, *, allow_empty: bool
) -> Request:
    values = _values(given)
    asked, load = asked_for(method, values), _encoded(method.request, carried.content)
    if media is not None:
        from cursorkit.methods.media import joined

        asked, kind, load = joined(method, media, load if carried.content else None)
        values = {**values, "uploadType": kind}
    if not (allow_empty or _is_filled(method, load if media is None else media)):
        raise ArgumentErrors(
            (Problem("empty-body", "the body is empty, there is nothing to send", label=""),)
        )
    return Request(
        verb=asked.verb,
        url=_url(asked, values),
        headers=Headers(
            [
                ("Accept", asked.answer.accept),
                *load.headers,
                ("Content-Length", str(load.source.length)),
                *_credentials(asked, values),
            ]
        ),
        body=load.source,
        idempotent=asked.idempotent,
        template=asked.path,
        large=asked.answer.large,
    )


def _values(given: Body) -> dict[str, Content]:
    return cast("dict[str, Content]", given.content)


def _is_filled(method: Method, what: Load | Upload) -> bool:
    """Whether there is something to send, where there has to be."""
    return bool(what.source.length) or (isinstance(what, Load) and method.request is None)


def asked_for(method: Method, parameters: Mapping[str, Content]) -> Method:
    """The method as it is asked with `parameters`, which may ask for the media itself."""
    return method.for_media if method.download and parameters.get("alt") == "media" else method


def gather(built: Callable[[], _T], problems: list[Problem]) -> _T | None:
    """What `built` gives; None, and its problems added to `problems`, where it has any."""
    try:
        return built()
    except ArgumentErrors as errors:
        problems += errors.problems
        return None


def missing(method: Method, parameters: Body | None, body: Body | None) -> tuple[Problem, ...]:
    """What a request needs and does not have; of an argument that has its own problem nothing is said."""
    problems = [] if parameters is None else [*absent(method.parameters, parameters.content)]
    if body is not None and method.request is not None:
        problems += absent(method.request.schema, body.content)
    return tuple(problems)


def read(method: Method, response: Response) -> Outcome:
    """What `response` says of what was asked of `method`. Does no I/O beyond the response's own body.

    Where the media itself was asked for, that was asked of `method.for_media`.
    """
    return remembering(response.history, method.answer.read(response))


def call(
    method: Method,
    parameters: Body | Mapping[str, object],
    body: object,
    transport: Transport,
    *,
    media: Upload | None = None,
    allow_empty: bool = False,
    ask_again: bool = True,
) -> Outcome:
    """Ask for `method` over `transport`; whatever becomes of it is an outcome.

    Args:
        method: what to ask for.
        parameters: as for `prepare`.
        body: as for `prepare`.
        transport: what sends the request.
        media: the media that goes along; where it is resumable, in requests of its own.
        allow_empty: as for `prepare`.
        ask_again: whether a success that nobody can read, which is none, is asked for once more; only ever if
            the method is idempotent.

    Raises:
        ArgumentErrors: nothing was sent, because of everything that it lists.
    """
    try:
        given, carried = gathered(method, parameters, body, media)
        request = _request(method, given, carried, media, allow_empty=allow_empty)
    except SourceError as error:
        return Outcome(Verdict.LOCAL, message=str(error))
    if media is not None and media.protocol == "resumable":
        from cursorkit.methods.resumable import Resumable

        transport = Resumable(transport, media)
    asked = asked_for(method, _values(given)) if media is None else method
    return _asked(asked, request, transport, _private(method, given, carried), ask_again=ask_again)


def _asked(
    method: Method, request: Request, transport: Transport, private: Iterable[str], *, ask_again: bool
) -> Outcome:
    try:
        response = transport.send(request)
        if ask_again and request.idempotent and _is_unreadable(method, response):
            response = _asked_again(request, response, transport)
    except SourceError as error:
        return Outcome(Verdict.LOCAL, message=str(error))
    except TransportError as error:
        return failed(error, idempotent=request.idempotent)
    outcome = read(method, evolve(response, secrets=(*response.secrets, *private)))
    return outcome if method.answer.reconcile is None else method.answer.reconcile(request, outcome)


def _is_unreadable(method: Method, response: Response) -> bool:
    """Whether it is a success that does not say of what, because nobody can read it."""
    return method.answer.read(response).verdict is Verdict.UNKNOWN and not readable(response)


def _asked_again(request: Request, response: Response, transport: Transport) -> Response:
    """The answer to the same bytes once more, and how it came to that."""
    unread = Attempt(response.sent, response.status, "what the server answered could not be read")
    before = History((*response.history.earlier, unread))
    try:
        second = transport.send(evolve(request, body=Unchanged(request.body, response.sent)))
    except TransportError as error:
        error.history = before.then(error.history)
        raise
    except SourceError as error:
        raise before.told_with(error) from None
    return evolve(second, history=before.then(second.history))


def _private(method: Method, given: Body, carried: Body) -> Iterator[str]:
    """What servers may not be quoted with: they name a key that they have suspended, and what they refuse."""
    values = _values(given)
    yield from (str(values[each.parameter]) for each in method.credentials(values))
    yield from private_texts(given)
    yield from private_texts(carried)


def failed(error: TransportError, *, idempotent: bool = False) -> Outcome:
    """The outcome of a request without an answer."""
    verdict, message = _verdict(error), str(error)
    if verdict is Verdict.UNKNOWN:
        message += "\nall of it was sent, and may have been carried out"
        message += "; sending the same again is safe" if idempotent else ""
    outcome = Outcome(verdict, message=message, sent=error.sent, remedy=error.remedy)
    return remembering(error.history, outcome)


def _verdict(error: TransportError) -> Verdict:
    match error:
        case AuthenticationError():
            return Verdict.AUTH
        case TrustError():
            return Verdict.REFUSED
        case ConnectError():
            return Verdict.LATER
    if error.sent.whole:
        return Verdict.UNKNOWN
    if isinstance(error, StorageError):
        return Verdict.LOCAL
    return Verdict.REFUSED if isinstance(error, PermanentError) else Verdict.LATER


def remembering(history: History, outcome: Outcome) -> Outcome:
    """`outcome`, and what the attempts before it leave open.

    Where one of them sent everything and was not answered, "later" would say that nothing was done.
    """
    if outcome.verdict is Verdict.DONE:
        return outcome
    lost = any(each.unsettled and each.sent.whole for each in history.earlier)
    return evolve(
        outcome,
        verdict=Verdict.UNKNOWN if lost and outcome.verdict is Verdict.LATER else outcome.verdict,
        message="\n".join(filter(None, (outcome.message, history.ended, *history.doubts))),
    )


def _parameters(method: Method, values: Body | Mapping[str, object]) -> Body:
    if isinstance(values, Body):
        return values
    from cursorkit.body.editor import edit

    editor = edit(method.parameters)
    for name, value in values.items():
        if value is not None:
            known = method.parameters.find(name)
            # The wire names of some parameters hold dots, which would part the names of a path.
            editor.set(known.cli if known and "." in name else name, value)
    return editor.body


def _body(method: Method, body: object) -> Body:
    if isinstance(body, Body):
        return body
    if method.request is None:
        if body is None:
            return Body(Object("nothing", tuple), {})
        raise ArgumentErrors((Problem("no-body", f"{method.id} takes no body", label=""),))
    from cursorkit.body.editor import edit

    editor = edit(method.request.schema)
    return (editor if body is None else editor.set(".", body)).body


def _encoded(message: Message | None, content: Content) -> Load:
    """What a request carries of a body: the Content-Type field, and the bytes."""
    if message is None:
        return Load()
    if message.encoding is Encoding.RAW:
        fields = cast("dict[str, Content]", content)
        kind, data = cast("str", fields["contentType"]), cast("BodySource", fields["data"])
        return Load((("Content-Type", kind),), data)
    return Load((("Content-Type", "application/json"),), Bytes(json.dumps(content).encode()))


def _url(method: Method, values: Mapping[str, Content]) -> str:
    path = VARIABLE.sub(lambda found: _expanded(values[found[2]], several=bool(found[1])), method.path)
    elsewhere = method.in_path | {each.parameter for each in method.credentials(values)}
    query = [
        (name, _text(item))
        for name, value in values.items()
        if name not in elsewhere
        for item in (value if isinstance(value, list) else [value])
    ]
    return method.root + path + (f"?{urlencode(query, quote_via=quote, safe='')}" if query else "")


def _expanded(value: Content, *, several: bool) -> str:
    """A parameter of the path, each segment percent-encoded (RFC 6570 with RFC 3986, 2.1)."""
    return quote(_text(value), safe="/" if several else "")


def _text(value: Content) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _credentials(method: Method, values: Mapping[str, Content]) -> list[_Pair]:
    fields: dict[str, str] = {}
    for each in method.credentials(values):
        fields.setdefault(each.header, f"{each.scheme}{values[each.parameter]}")
    return list(fields.items())
