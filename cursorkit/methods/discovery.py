"""Methods of API discovery documents."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, cast

from attrs import define, evolve

from cursorkit.errors import SchemaError, quoted
from cursorkit.methods.encoding import is_http_body, message_of
from cursorkit.methods.method import VARIABLE, Answer, Method
from cursorkit.schema.discovery import Schemas, described, told_apart
from cursorkit.schema.document import HTTP_BODY, flag, methods, needed, table, tables, text, texts, unsound
from cursorkit.schema.types import List, Map, Object, Rule, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cursorkit.methods.media import Media
    from cursorkit.methods.method import Message
    from cursorkit.methods.outcome import Outcome
    from cursorkit.methods.paging import Paging
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


_VERBS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})

_SEGMENTS = r"(?:(?!\.{1,2}(?:/|\Z))[\w.~!$&'()*,;=:@-]*(?:/|\Z))*"
"""Segments of a path that are themselves in every URL (RFC 3986, 3.3), and none that leads elsewhere."""
_ROOT = re.compile(rf"https?://[\w.:\[\]-]+/{_SEGMENTS}", re.ASCII)
_PATH = re.compile(_SEGMENTS, re.ASCII)
_SOMETHING = Rule("bad-format", "an empty segment is not allowed in a path", bool)


@define(slots=False)
class Methods:
    """The methods of one document, overlays included.

    Attributes:
        document: the discovery document.
    """

    document: Document

    @cached_property
    def _nodes(self) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for _, node in methods(self.document):
            if found.setdefault(needed(node, "id"), node) is not node:
                raise unsound(node, "two methods have one id")
        return found

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
        if verb not in _VERBS:
            raise unsound(node, "'httpMethod' is none")
        response = table(node, "response")
        path = text(self.document, "servicePath") + _path(node, self._described(node))
        return Method(
            id=method,
            verb=verb,
            root=_root(self.document),
            path=path,
            parameters=Object(
                method.rpartition(".")[2],
                lambda: told_apart(self._parameters(node, schemas)),
                member="parameter",
            ),
            request=_message(schemas, table(node, "request")),
            answer=_answer(schemas, node),
            scopes=texts(node, "scopes"),
            idempotent=verb == "GET" or flag(node, "idempotent"),
            media=_media(node, path),
            download=_download(node, path, raw=_is_raw(schemas, response)),
            paging=_paging(schemas, node, response),
        )

    def _parameters(self, node: Document, schemas: Schemas) -> Iterator[Field]:
        places = {
            name: "path" if plus else "segment" for plus, name in VARIABLE.findall(needed(node, "path"))
        }
        for wire, parameter in self._described(node).items():
            schema = schemas.read(parameter, wire)
            if flag(parameter, "repeated"):
                schema = List(schema)
            if wire in places:
                schema = _in_path(parameter, schema, places[wire])
            required = wire in places or flag(parameter, "required")
            yield described(wire, parameter, schema, required=required)

    def _described(self, node: Document) -> Document:
        """The parameters of a method: its own, those first that have an order, and those that all have.

        What is said of one that all have goes for a method's own of that name too, outside of the path.
        """
        general, own = dict(tables(self.document, "parameters")), dict(tables(node, "parameters"))
        for wire in own.keys() & general.keys():
            if text(own[wire], "location") != "path":
                own[wire] = {**general[wire], **own[wire]}
        order = dict.fromkeys(each for each in texts(node, "parameterOrder") if each in own)
        return {**order, **own, **general, **own}


def _root(document: Document) -> str:
    root, below = needed(document, "rootUrl"), text(document, "servicePath")
    if not (_ROOT.fullmatch(root + below) and root.endswith("/") and (root + below).endswith("/")):
        raise unsound(document, "'rootUrl' and 'servicePath' make no URL of a host and a path")
    return root


def _path(node: Document, parameters: Document) -> str:
    path = _sound_path(node, needed(node, "path"))
    for _, name in VARIABLE.findall(path):
        if name not in parameters:
            raise unsound(node, f"'path' has a place for {quoted(name)}, which is no parameter")
    return path


def _sound_path(node: Document, path: str) -> str:
    if not _PATH.fullmatch(VARIABLE.sub("x", path)):
        raise unsound(node, "'path' is no path")
    return path


def _message(schemas: Schemas, reference: Document) -> Message | None:
    return message_of(schemas.read(reference, "request")) if reference else None


def _in_path(parameter: Document, schema: Schema, form: str) -> Schema:
    """A parameter of the path, checked so that it cannot lead to another one."""
    match schema:
        case Scalar(type="string"):
            return evolve(schema, format=form)
        case Scalar(type="bytes"):
            return evolve(schema, rules=(_SOMETHING,))
        case Scalar():
            return schema
    raise unsound(parameter, "a parameter in a path is no scalar")


def _answer(schemas: Schemas, node: Document) -> Answer:
    named = text(node, "answer")
    if named:
        if named not in _ANSWERS:
            raise SchemaError(f"nobody knows how to read answers of the kind {quoted(named)}")
        accept, read, reconcile = _ANSWERS[named]
        return Answer(accept, _later(read), _later(reconcile))
    return Answer(accept="*/*") if _is_raw(schemas, table(node, "response")) else Answer()


def _is_raw(schemas: Schemas, response: Document) -> bool:
    """Whether an answer is bytes of any kind. Others may hold names that no argument can spell."""
    if schemas.names(response) != HTTP_BODY:
        return False
    schema = schemas.read(response, "response")
    return isinstance(schema, Object) and is_http_body(schema)


@cache
def _later(name: str) -> Callable[..., Outcome]:
    """The function of that name, `module:function`, which is imported when it is called."""

    def call(*arguments: object) -> Outcome:
        from pkgutil import resolve_name

        return cast("Outcome", resolve_name(name)(*arguments))

    return call


def _media(node: Document, path: str) -> Media | None:
    """What a method takes of media. The paths of uploads are relative to the API's root."""
    places = _places(path)
    upload = table(node, "mediaUpload")
    if not upload:
        return None
    paths = {
        name: _sound_path(node, needed(protocol, "path").removeprefix("/"))
        for name, protocol in tables(upload, "protocols")
    }
    if any(_places(each) - places for each in paths.values()):
        raise unsound(
            node, "'mediaUpload' has a path with a place for something that the method's has none for"
        )
    from cursorkit.methods.media import Media

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


def _download(node: Document, path: str, *, raw: bool) -> str:
    """Where the media itself is; some of it has a service of its own, beside that of the method."""
    if text(node, "answer"):
        # Whatever it is asked for as, there is more to it than its bytes.
        return ""
    if not flag(node, "supportsMediaDownload"):
        return path if raw else ""
    return f"download/{path}" if flag(node, "useMediaDownloadService") else path


def _paging(schemas: Schemas, node: Document, response: Document) -> Paging | None:
    """What pages hold: the list of structures in them.

    Where there are several, it is the one called like the resource or `items`; where there is none, it is the
    map of structures, else the only list.
    """
    if "pageToken" not in table(node, "parameters") or "nextPageToken" not in schemas.names(response):
        return None
    answer = schemas.read(response, "response")
    held = {each.wire: each.schema for each in answer.fields} if isinstance(answer, Object) else {}
    several = {wire: schema for wire, schema in held.items() if isinstance(schema, List | Map)}
    lists = {wire: schema.items for wire, schema in several.items() if isinstance(schema, List)}
    maps = {wire: schema.values for wire, schema in several.items() if isinstance(schema, Map)}
    resource = needed(node, "id").split(".")[-2:][0]
    kinds = (_structures(lists), _structures(maps), [*lists])
    found = next(filter(None, kinds), [])
    named = found if len(found) == 1 else [each for each in found if each in {resource, "items"}]
    if len(named) != 1:
        return None
    from cursorkit.methods.paging import Paging

    return Paging(named[0], tuple(wire for wire in several if wire != named[0]))


def _structures(parts: Mapping[str, Schema]) -> list[str]:
    return [wire for wire, schema in parts.items() if isinstance(schema, Object)]
