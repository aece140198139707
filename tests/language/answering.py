"""What grammar/runner.py starts: this implementation, which answers vectors line by line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from cursorkit import ArgumentErrors, Cursor, CursorError, SourceError, build
from cursorkit.schema.discovery import Schemas
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit.wire import BodySource


def answer(vector: dict[str, Any]) -> dict[str, Any]:
    """What cursorkit makes of a vector."""
    return moved(vector) if "path" in vector else built(vector)


def moved(vector: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": list(Cursor(tuple(vector["start"])).move(vector["path"]).names)}
    except CursorError as error:
        return {"error": error.kind}


def built(vector: dict[str, Any]) -> dict[str, Any]:
    held = vector.get("files", {})

    def files(name: str) -> BodySource:
        if name not in held:
            raise SourceError("no-file", f"there is no '{name}'")
        return Bytes(held[name].encode())

    schema = Schemas(vector["schemas"]).named(vector["schema"])
    try:
        body = build(schema, vector["arguments"], files=files, extensions=vector.get("extensions", True))
    except ArgumentErrors as errors:
        return {
            "errors": [
                {"kind": each.kind, "argument": each.index, "text": each.argument[slice(*each.span)]}
                for each in errors.problems
            ]
        }
    return {"body": body.value, "cursor": list(body.cursor.names)}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
