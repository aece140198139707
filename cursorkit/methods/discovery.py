"""Methods of API discovery documents."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, cast

from attrs import define, evolve, field

from cursorkit.errors import SchemaError
from cursorkit.methods.encoding import message_of
from cursorkit.methods.method import Answer, Method
from cursorkit.schema.discovery import Schemas, described
from cursorkit.schema.types import Object, Scalar, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit.methods.method import Message
    from cursorkit.methods.outcome import Outcome
    from cursorkit.schema.discovery import Document
    from cursorkit.schema.types import Field, Schema


@define
class Methods:
    """The methods of one document, overlays included.

    Attributes:
        document: the discovery document.
    """

    document: Document
    _schemas: Schemas = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._schemas = Schemas(self.document.get("schemas", {}))

    def named(self, method: str) -> Method:
        """The method with the id `method`.

        Raises:
            SchemaError: there is none, or the document is not sound.
        """
        for node in _methods(self.document):
            if node.get("id") == method:
                return self._method(node)
        raise SchemaError(f"the document has no method '{method}'")

    def _method(self, node: Document) -> Method:
        return Method(
            id=node["id"],
            verb=node["httpMethod"],
            root=self.document["rootUrl"] + self.document.get("servicePath", ""),
            path=node["path"],
            parameters=Object(
                node["id"].rpartition(".")[2], partial(self._parameters, node), member="parameter"
            ),
            request=self._message(node.get("request")),
            answer=_answer(node.get("answer", {})),
            scopes=tuple(node.get("scopes", ())),
            idempotent=node.get("idempotent", False),
        )

    def _message(self, reference: Document | None) -> Message | None:
        if reference is None:
            return None
        schema = self._schemas.read(reference, "request")
        if not isinstance(schema, Object):
            raise SchemaError(f"a request cannot be a {title(schema)}")
        return message_of(schema)

    def _parameters(self, node: Document) -> Iterator[Field]:
        several = set(re.findall(r"\{\+(\w+)\}", node["path"]))
        for wire, parameter in node.get("parameters", {}).items():
            schema = self._schemas.read(parameter, wire)
            if parameter.get("location") == "path":
                schema = _in_path(schema, "path" if wire in several else "segment")
            yield described(wire, parameter, schema)
        for wire, parameter in self.document.get("parameters", {}).items():
            yield described(wire, parameter, self._schemas.read(parameter, wire))


def _methods(node: Document) -> Iterator[Document]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _methods(resource)


def _in_path(schema: Schema, form: str) -> Schema:
    """A parameter of the path, checked so that it cannot lead to another one."""
    return evolve(schema, format=form) if isinstance(schema, Scalar) and schema.type == "string" else schema


def _answer(node: Document) -> Answer:
    if not node:
        return Answer()
    reconcile = node.get("reconcile")
    return Answer(node["accept"], _later(node["read"]), _later(reconcile) if reconcile else None)


@cache
def _later(name: str) -> Callable[..., Outcome]:
    """The function of that name, `module:function`, which is imported when it is called."""

    def call(*arguments: object) -> Outcome:
        from pkgutil import resolve_name

        return cast("Outcome", resolve_name(name)(*arguments))

    return call
