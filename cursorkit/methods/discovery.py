"""Methods of API discovery documents."""

from __future__ import annotations

import re
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, cast

from attrs import define, evolve

from cursorkit.errors import SchemaError, quoted
from cursorkit.methods.encoding import is_http_body, message_of
from cursorkit.methods.method import VARIABLE, Answer, Media, Method, Paging
from cursorkit.schema.discovery import Schemas, described
from cursorkit.schema.document import flag, needed, table, tables, text, texts, unsound
from cursorkit.schema.types import List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cursorkit.methods.method import Message
    from cursorkit.methods.outcome import Outcome
    from cursorkit.schema.document import Document
    from cursorkit.schema.types import Field, Schema


_ANSWERS = {
    "dicom-store": (
        "application/dicom+json",
        "cursorkit.dicom.answers:read_store",
        "cursorkit.dicom.answers:reconcile",
    )
}
"""By the name that overlays have for them: the media type to ask for, and who reads the answer and holds it
against the request. Documents name no functions: they may come from anywhere."""


@define(slots=False)
class Methods:
    """The methods of one document, overlays included.

    Attributes:
        document: the discovery document.
    """

    document: Document

    @cached_property
    def _nodes(self) -> dict[str, Document]:
        return {needed(node, "id"): node for node in _methods(self.document)}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all methods, in document order.

        Raises:
            SchemaError: the document is not sound.
        """
        return tuple(self._nodes)

    def named(self, method: str) -> Method:
        """The method with the id `method`.

        Raises:
            SchemaError: there is none, or the document is not sound.
        """
        if method not in self._nodes:
            raise SchemaError(f"the document has no method {quoted(method)}")
        node = self._nodes[method]
        schemas = Schemas(table(self.document, "schemas"), method)
        verb = needed(node, "httpMethod")
        path = text(self.document, "servicePath") + needed(node, "path")
        response = _response(schemas, node)
        return Method(
            id=method,
            verb=verb,
            root=needed(self.document, "rootUrl"),
            path=path,
            parameters=Object(
                method.rpartition(".")[2], partial(self._parameters, node, schemas), member="parameter"
            ),
            request=_message(schemas, table(node, "request")),
            answer=_answer(node, response),
            scopes=texts(node, "scopes"),
            idempotent=verb == "GET" or flag(node, "idempotent"),
            media=_media(node, path),
            download=_download(node, path, response),
            paging=_paging(node, response),
        )

    def _parameters(self, node: Document, schemas: Schemas) -> Iterator[Field]:
        several = {name for plus, name in VARIABLE.findall(needed(node, "path")) if plus}
        own = dict(tables(node, "parameters"))
        order = [wire for wire in texts(node, "parameterOrder") if wire in own]
        for wire in dict.fromkeys((*order, *own)):
            parameter = own[wire]
            schema = _of_parameter(schemas, wire, parameter)
            if text(parameter, "location") == "path":
                schema = _in_path(schema, "path" if wire in several else "segment")
            yield described(wire, parameter, schema, required=flag(parameter, "required"))
        for wire, parameter in tables(self.document, "parameters"):
            if wire not in own:
                schema = _of_parameter(schemas, wire, parameter)
                yield described(wire, parameter, schema, required=flag(parameter, "required"))


def _methods(node: Document) -> Iterator[Document]:
    yield from (method for _, method in tables(node, "methods"))
    for _, resource in tables(node, "resources"):
        yield from _methods(resource)


def _message(schemas: Schemas, reference: Document) -> Message | None:
    return message_of(schemas.read(reference, "request")) if reference else None


def _of_parameter(schemas: Schemas, wire: str, parameter: Document) -> Schema:
    schema = schemas.read(parameter, wire)
    return List(schema) if flag(parameter, "repeated") else schema


def _in_path(schema: Schema, form: str) -> Schema:
    """A parameter of the path, checked so that it cannot lead to another one."""
    return evolve(schema, format=form) if isinstance(schema, Scalar) and schema.type == "string" else schema


def _response(schemas: Schemas, node: Document) -> Schema | None:
    response = table(node, "response")
    return schemas.read(response, "response") if response else None


def _answer(node: Document, response: Schema | None) -> Answer:
    named = text(node, "answer")
    if named:
        if named not in _ANSWERS:
            raise SchemaError(f"nobody knows how to read answers of the kind {quoted(named)}")
        accept, read, reconcile = _ANSWERS[named]
        return Answer(accept, _later(read), _later(reconcile))
    return Answer(accept="*/*") if _is_raw(response) else Answer()


@cache
def _later(name: str) -> Callable[..., Outcome]:
    """The function of that name, `module:function`, which is imported when it is called."""

    def call(*arguments: object) -> Outcome:
        from pkgutil import resolve_name

        return cast("Outcome", resolve_name(name)(*arguments))

    return call


def _is_raw(response: Schema | None) -> bool:
    return isinstance(response, Object) and is_http_body(response)


def _media(node: Document, path: str) -> Media | None:
    """What a method takes of media. The paths of uploads are relative to the API's root."""
    places = _places(path)
    upload = table(node, "mediaUpload")
    if not upload:
        return None
    paths = {
        name: needed(protocol, "path").removeprefix("/") for name, protocol in tables(upload, "protocols")
    }
    if any(_places(each) - places for each in paths.values()):
        raise unsound(
            node, "'mediaUpload' has a path with a place for something that the method's has none for"
        )
    return Media(paths, texts(upload, "accept"), _size(upload))


def _places(path: str) -> set[str]:
    return {name for _, name in VARIABLE.findall(path)}


_UNITS = {"": 1, "B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


def _size(upload: Document) -> int | None:
    written = text(upload, "maxSize")
    found = re.fullmatch(r"([0-9]{1,18})([KMGT]?B)?", written)
    if found is None and written:
        raise unsound(upload, "'maxSize' is no size")
    return int(found[1]) * _UNITS[found[2] or ""] if found else None


def _download(node: Document, path: str, response: Schema | None) -> str:
    """Where the media itself is; some of it has a service of its own, beside that of the method."""
    if text(node, "answer"):
        # Whatever it is asked for as, there is more to it than its bytes.
        return ""
    if not flag(node, "supportsMediaDownload"):
        return path if _is_raw(response) else ""
    return f"download/{path}" if flag(node, "useMediaDownloadService") else path


def _paging(node: Document, response: Schema | None) -> Paging | None:
    """What pages hold: the list of structures in them.

    Where there are several, it is the one called like the resource or `items`; where there is none, it is the
    map of structures, else the only list.
    """
    if "pageToken" not in table(node, "parameters") or not isinstance(response, Object):
        return None
    held = {each.wire: each.schema for each in response.fields}
    several = {wire: schema for wire, schema in held.items() if isinstance(schema, List | Map)}
    lists = {wire: schema.items for wire, schema in several.items() if isinstance(schema, List)}
    maps = {wire: schema.values for wire, schema in several.items() if isinstance(schema, Map)}
    resource = needed(node, "id").split(".")[-2:][0]
    kinds = (_structures(lists), _structures(maps), [*lists])
    found = next(filter(None, kinds), [])
    named = found if len(found) == 1 else [each for each in found if each in {resource, "items"}]
    if "nextPageToken" not in held or len(named) != 1:
        return None
    return Paging(named[0], tuple(wire for wire in several if wire != named[0]))


def _structures(parts: Mapping[str, Schema]) -> list[str]:
    return [wire for wire, schema in parts.items() if isinstance(schema, Object)]
