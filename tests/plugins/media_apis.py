"""An API that takes, gives and lists media, in the shape of Google's documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit.methods.discovery import Methods
from documents import HTTP_BODY

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.methods.method import Method


def _parameter(location: str, kind: str = "string", **more: object) -> dict[str, object]:
    return {"type": kind, "location": location, "required": location == "path", **more}


def _method(method: str, verb: str, path: str, **more: object) -> dict[str, object]:
    return {"id": f"things.{method}", "httpMethod": verb, "path": path, "scopes": ["https://s"], **more}


BUCKET = {"bucket": _parameter("path")}
OBJECT = {**BUCKET, "object": _parameter("path")}
LIST = {
    **BUCKET,
    "pageToken": _parameter("query"),
    "maxResults": _parameter("query", "integer", format="uint32"),
}


def _upload(path: str, *protocols: str, **more: object) -> dict[str, object]:
    roots = {"simple": "/upload/", "resumable": "/resumable/upload/"}
    offered = {each: {"multipart": True, "path": f"{roots[each]}{path}"} for each in protocols}
    return {"supportsMediaUpload": True, "mediaUpload": {"accept": ["*/*"], "protocols": offered, **more}}


DOCUMENT: dict[str, Any] = {
    "kind": "discovery#restDescription",
    "name": "things",
    "version": "v1",
    "title": "Things API",
    "rootUrl": "https://things.googleapis.com/",
    "servicePath": "things/v1/",
    "parameters": {
        "alt": _parameter("query", enum=["json", "media"], default="json"),
        "fields": _parameter("query"),
        "uploadType": _parameter("query"),
        "upload_protocol": _parameter("query"),
        "key": _parameter("query"),
        "access_token": _parameter("query"),
    },
    "schemas": {
        "Object": {
            "id": "Object",
            "type": "object",
            "properties": {"name": {"type": "string"}, "size": {"type": "string", "format": "uint64"}},
        },
        "Objects": {
            "id": "Objects",
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"$ref": "Object"}},
                "nextPageToken": {"type": "string"},
                "prefixes": {"type": "array", "items": {"type": "string"}},
            },
        },
        "Aggregate": {
            "id": "Aggregate",
            "type": "object",
            "properties": {
                "items": {"type": "object", "additionalProperties": {"$ref": "Objects"}},
                "nextPageToken": {"type": "string"},
            },
        },
        "Two": {
            "id": "Two",
            "type": "object",
            "properties": {
                "these": {"type": "array", "items": {"$ref": "Object"}},
                "those": {"type": "array", "items": {"$ref": "Object"}},
                "nextPageToken": {"type": "string"},
            },
        },
        "Raw": {"id": "Raw", **HTTP_BODY},
    },
    "resources": {
        "objects": {
            "methods": {
                "insert": _method(
                    "objects.insert",
                    "POST",
                    "b/{bucket}/o",
                    parameterOrder=["bucket"],
                    parameters={**BUCKET, "name": _parameter("query")},
                    request={"$ref": "Object"},
                    response={"$ref": "Object"},
                    **_upload("things/v1/b/{bucket}/o", "simple", "resumable"),
                ),
                "get": _method(
                    "objects.get",
                    "GET",
                    "b/{bucket}/o/{object}",
                    parameterOrder=["bucket", "object"],
                    parameters=OBJECT,
                    response={"$ref": "Object"},
                    supportsMediaDownload=True,
                    useMediaDownloadService=True,
                ),
                "export": _method(
                    "objects.export",
                    "GET",
                    "b/{bucket}/o/{object}/export",
                    parameterOrder=["bucket", "object"],
                    parameters=OBJECT,
                    supportsMediaDownload=True,
                ),
                "render": _method(
                    "objects.render",
                    "GET",
                    "b/{bucket}/o/{object}/render",
                    parameterOrder=["bucket", "object"],
                    parameters=OBJECT,
                    response={"$ref": "Raw"},
                ),
                "list": _method(
                    "objects.list",
                    "GET",
                    "b/{bucket}/o",
                    parameterOrder=["bucket"],
                    parameters=LIST,
                    response={"$ref": "Objects"},
                ),
                "aggregatedList": _method(
                    "objects.aggregatedList",
                    "GET",
                    "b/{bucket}/aggregated",
                    parameterOrder=["bucket"],
                    parameters=LIST,
                    response={"$ref": "Aggregate"},
                ),
                "pairs": _method(
                    "objects.pairs",
                    "GET",
                    "b/{bucket}/pairs",
                    parameterOrder=["bucket"],
                    parameters=LIST,
                    response={"$ref": "Two"},
                ),
            }
        },
        "thumbnails": {
            "methods": {
                "set": _method(
                    "thumbnails.set",
                    "POST",
                    "thumbnails/set",
                    parameters={"videoId": _parameter("query")},
                    response={"$ref": "Object"},
                    **_upload(
                        "things/v1/thumbnails/set",
                        "simple",
                        accept=["image/*", "application/pdf"],
                        maxSize="1KB",
                    ),
                ),
            }
        },
    },
}


def method(name: str, root: str = "https://things.googleapis.com") -> Method:
    """The method `name` of the API whose root is there."""
    return Methods(DOCUMENT).named(f"things.{name}").at(root)


@pytest.fixture
def things_api(tmp_path: Path) -> str:
    """The file of the document."""
    path = tmp_path / "things.json"
    path.write_text(json.dumps(DOCUMENT))
    return str(path)
