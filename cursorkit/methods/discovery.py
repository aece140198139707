"""Methods of API discovery documents."""

from __future__ import annotations

from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, cast

from attrs import define, evolve

from cursorkit.errors import SchemaError, quoted
from cursorkit.methods.encoding import is_http_body, message_of
from cursorkit.methods.method import VARIABLE, Answer, Method
from cursorkit.schema.discovery import Schemas, described
from cursorkit.schema.document import flag, needed, table, tables, text, texts
from cursorkit.schema.types import List, Object, Scalar

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
        return Method(
            id=method,
            verb=verb,
            root=needed(self.document, "rootUrl") + text(self.document, "servicePath"),
            path=needed(node, "path"),
            parameters=Object(
                method.rpartition(".")[2], partial(self._parameters, node, schemas), member="parameter"
            ),
            request=_message(schemas, table(node, "request")),
            answer=_answer(schemas, node),
            scopes=texts(node, "scopes"),
            idempotent=verb == "GET" or flag(node, "idempotent"),
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


def _answer(schemas: Schemas, node: Document) -> Answer:
    named = text(node, "answer")
    if named:
        if named not in _ANSWERS:
            raise SchemaError(f"nobody knows how to read answers of the kind {quoted(named)}")
        accept, read, reconcile = _ANSWERS[named]
        return Answer(accept, _later(read), _later(reconcile))
    response = table(node, "response")
    schema = schemas.read(response, "response") if response else None
    raw = isinstance(schema, Object) and is_http_body(schema)
    return Answer(accept="*/*") if raw else Answer()


@cache
def _later(name: str) -> Callable[..., Outcome]:
    """The function of that name, `module:function`, which is imported when it is called."""

    def call(*arguments: object) -> Outcome:
        from pkgutil import resolve_name

        return cast("Outcome", resolve_name(name)(*arguments))

    return call
