"""Methods of API discovery documents."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, cast

from attrs import define, evolve

from cursorkit.errors import SchemaError, quoted
from cursorkit.methods.encoding import HTTP_BODY, is_http_body, message_of
from cursorkit.methods.method import VARIABLE, Answer, Method
from cursorkit.schema.discovery import Schemas, described, told_apart
from cursorkit.schema.document import flag, methods, needed, table, tables, text, texts, unsound
from cursorkit.schema.types import List, Object, Rule, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        return Method(
            id=method,
            verb=verb,
            root=_root(self.document),
            path=_path(node, self._described(node)),
            parameters=Object(
                method.rpartition(".")[2],
                lambda: told_apart(self._parameters(node, schemas)),
                member="parameter",
            ),
            request=_message(schemas, table(node, "request")),
            answer=_answer(schemas, node),
            scopes=texts(node, "scopes"),
            idempotent=verb == "GET" or flag(node, "idempotent"),
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
    root = needed(document, "rootUrl") + text(document, "servicePath")
    if not (_ROOT.fullmatch(root) and root.endswith("/")):
        raise unsound(document, "'rootUrl' and 'servicePath' make no URL of a host and a path")
    return root


def _path(node: Document, parameters: Document) -> str:
    path = needed(node, "path")
    if not _PATH.fullmatch(VARIABLE.sub("x", path)):
        raise unsound(node, "'path' is no path")
    for _, name in VARIABLE.findall(path):
        if name not in parameters:
            raise unsound(node, f"'path' has a place for {quoted(name)}, which is no parameter")
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
