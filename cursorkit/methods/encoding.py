"""JSON or raw: decided once, by the structure of the message, when the method is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from cursorkit.methods.method import Encoding, Message
from cursorkit.schema.document import HTTP_BODY
from cursorkit.schema.types import Advice, Any, List, Map, Object, Scalar
from cursorkit.wire.source import Bytes

if TYPE_CHECKING:
    from cursorkit.schema.types import Field, Schema
    from cursorkit.wire.source import BodySource

MEDIA_TYPE = r"[!#$%&'*+.^_`|~\w-]+/[!#$%&'*+.^_`|~\w-]+[ \t]*(;.*)?"
"""A media type and its parameters (RFC 9110, 8.3.1)."""

CONTENT_TYPE = Scalar(
    "string",
    "header",
    advice=(
        Advice(
            "not-a-media-type", MEDIA_TYPE, "the content type is no media type, such as application/dicom"
        ),
    ),
)
"""The content type of a raw body: a header value. That it names a media type is a custom, not a condition."""

RAW = Scalar("raw")

_ANSWER_ONLY = "'extensions' is metadata of answers, which no request can carry"


def message_of(schema: Schema) -> Message:
    """The message of `schema`, and how it is sent.

    A message that is exactly {contentType, data in byte format, extensions} is google.api.HttpBody under
    whatever name: `data` is the HTTP body itself, `contentType` its header, and neither is ever JSON.
    """
    if not (isinstance(schema, Object) and is_http_body(schema)):
        return Message(schema, Encoding.JSON)
    return Message(evolve(schema, load=lambda: map(_raw, schema.fields)), Encoding.RAW)


def is_http_body(schema: Object) -> bool:
    """Whether a message has the structure of google.api.HttpBody."""
    held = {each.wire: each.schema for each in schema.fields}
    return (
        held.keys() == HTTP_BODY
        and _is(held["contentType"], "string")
        and _is(held["data"], "bytes")
        and isinstance(extensions := held["extensions"], List)
        and isinstance(extensions.items, Object | Map | Any)
    )


def _is(schema: Schema, kind: str) -> bool:
    return isinstance(schema, Scalar) and schema.type == kind


def _raw(field: Field) -> Field:
    match field.wire:
        case "contentType":
            return evolve(field, schema=CONTENT_TYPE, required=True)
        case "data":
            return evolve(field, schema=RAW, required=True)
    return evolve(field, refusal=_ANSWER_ONLY)


_NOTHING = Bytes()


@frozen
class Load:
    """What a request carries.

    Attributes:
        headers: the fields that say what it is.
        source: the bytes.
    """

    headers: tuple[tuple[str, str], ...] = ()
    source: BodySource = _NOTHING
