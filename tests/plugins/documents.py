"""A discovery document with one of everything that such documents have, and places for documents in files."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HTTP_BODY = {
    "type": "object",
    "properties": {
        "contentType": {"type": "string"},
        "data": {"type": "string", "format": "byte"},
        "extensions": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "any"}},
        },
    },
}

_EVERYTHING: dict[str, Any] = {
    "kind": "discovery#restDescription",
    "name": "shelves",
    "version": "v1",
    "title": "Shelves API",
    "description": "Keeps books.",
    "rootUrl": "https://shelves.googleapis.com/",
    "servicePath": "shelves/v1/",
    "auth": {"oauth2": {"scopes": {"https://shelves.googleapis.com/auth": {"description": "Everything"}}}},
    "parameters": {
        "key": {"type": "string", "location": "query", "description": "The API key."},
        "prettyPrint": {"type": "boolean", "location": "query", "default": "true"},
        "upload_protocol": {"type": "string", "location": "query"},
        "$.xgafv": {"type": "string", "location": "query", "enum": ["1", "2"]},
    },
    "schemas": {
        "Book": {
            "id": "Book",
            "type": "object",
            "properties": {
                "title": {
                    "type": "string",
                    "description": "Its title.",
                    "annotations": {"required": ["shelves.books.create"]},
                },
                "pages": {"type": "integer", "format": "int32", "minimum": "1", "maximum": "5000"},
                "isbn": {"type": "string", "format": "int64"},
                "price": {"type": "number", "format": "double"},
                "sold": {"type": "boolean"},
                "cover": {"type": "string", "format": "byte"},
                "printed": {"type": "string", "format": "google-datetime"},
                "state": {"type": "string", "enum": ["GOOD", "BAD"], "enumDescriptions": ["", ""]},
                "code": {"type": "string", "pattern": "^[a-z]+$"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "authors": {"type": "array", "items": {"$ref": "Author"}},
                "chapters": {"type": "object", "additionalProperties": {"$ref": "Chapter"}},
                "extra": {"type": "any"},
                "nothing": {"type": "object", "properties": {}},
                "inline": {"type": "object", "properties": {"depthCount": {"type": "integer"}}},
                "etag": {"type": "string", "readOnly": True},
                "old": {"type": "string", "deprecated": True},
            },
        },
        "Author": {"id": "Author", "type": "object", "properties": {"name": {"type": "string"}}},
        "Chapter": {
            "id": "Chapter",
            "type": "object",
            "properties": {
                "parts": {"type": "array", "items": {"$ref": "Chapter"}},
                "next": {"$ref": "Chapter"},
            },
        },
        "HttpBody": {"id": "HttpBody", **HTTP_BODY},
    },
    "methods": {
        "ping": {"id": "shelves.ping", "httpMethod": "GET", "path": "ping", "response": {"$ref": "Author"}}
    },
    "resources": {
        "books": {
            "methods": {
                "create": {
                    "id": "shelves.books.create",
                    "httpMethod": "POST",
                    "path": "{+parent}/books",
                    "description": "Puts a book on a shelf.",
                    "parameters": {
                        "parent": {
                            "type": "string",
                            "location": "path",
                            "required": True,
                            "pattern": "^shelves/[^/]+$",
                            "description": "Required. The shelf.",
                        },
                        "options.requestedVersion": {"type": "integer", "location": "query"},
                        "x-kind": {"type": "string", "location": "query", "repeated": True},
                    },
                    "parameterOrder": ["parent"],
                    "request": {"$ref": "Book"},
                    "response": {"$ref": "Book"},
                    "scopes": ["https://shelves.googleapis.com/auth"],
                },
                "move": {
                    "id": "shelves.books.move",
                    "httpMethod": "POST",
                    "path": "{shelf}/books/{bookId}:move",
                    "parameters": {
                        "shelf": {"type": "string", "location": "path", "required": True},
                        "bookId": {
                            "type": "string",
                            "format": "uint64",
                            "location": "path",
                            "required": True,
                        },
                    },
                    "parameterOrder": ["shelf", "bookId"],
                    "request": {"type": "object", "properties": {"to": {"type": "string"}}},
                },
            },
            "resources": {
                "pages": {
                    "methods": {
                        "scan": {
                            "id": "shelves.books.pages.scan",
                            "httpMethod": "PUT",
                            "path": "{+name}",
                            "parameters": {"name": {"type": "string", "location": "path", "required": True}},
                            "parameterOrder": ["name"],
                            "request": {"$ref": "HttpBody"},
                            "response": {"$ref": "HttpBody"},
                        }
                    }
                }
            },
        }
    },
}


def everything() -> dict[str, Any]:
    """The document, to be changed at will."""
    return copy.deepcopy(_EVERYTHING)


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The document with `to` at the place to which the keys of `path` lead."""
    document = everything()
    *ways, last = path
    part: Any = document
    for key in ways:
        part = part[key]
    part[last] = to
    return document


def written(folder: Path, document: object) -> str:
    """The path of a file with `document` in it."""
    path = folder / "document.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return str(path)
