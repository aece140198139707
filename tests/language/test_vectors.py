"""The project's own vectors: a runner that any implementation could have, and this one's answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from cursorkit import ArgumentErrors, Cursor, CursorError, SourceError, build
from cursorkit.schema.discovery import Schemas
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit.wire import BodySource

FOLDER = Path(__file__).resolve().parents[2] / "grammar" / "vectors"
FILES = sorted(path for path in FOLDER.glob("*.json") if path.name != "schema.json")


def vectors(name: str) -> list[Any]:
    document = json.loads((FOLDER / name).read_bytes())
    return [pytest.param(document.get("schemas"), v, id=v["name"]) for v in document["vectors"]]


def test_there_are_vectors() -> None:
    assert [path.name for path in FILES] == ["bodies.json", "extensions.json", "moves.json"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_vectors_fit_their_schema(path: Path) -> None:
    document = json.loads(path.read_bytes())
    jsonschema.validate(document, json.loads((FOLDER / "schema.json").read_bytes()))
    names = [vector["name"] for vector in document["vectors"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("_schemas", "vector"), vectors("moves.json"))
def test_move(_schemas: None, vector: dict[str, Any]) -> None:
    cursor = Cursor(tuple(vector["start"]))
    if "error" in vector:
        with pytest.raises(CursorError) as told:
            cursor.move(vector["path"])
        assert told.value.kind == vector["error"]
    else:
        assert cursor.move(vector["path"]) == Cursor(tuple(vector["result"]))


@pytest.mark.parametrize(("schemas", "vector"), vectors("bodies.json") + vectors("extensions.json"))
def test_body(schemas: dict[str, Any], vector: dict[str, Any]) -> None:
    held = vector.get("files", {})

    def files(name: str) -> BodySource:
        if name not in held:
            raise SourceError("no-file", f"there is no '{name}'")
        return Bytes(held[name].encode())

    schema = Schemas(schemas).named(vector["schema"])
    if "errors" in vector:
        with pytest.raises(ArgumentErrors) as told:
            build(schema, vector["arguments"], files=files, extensions=vector.get("extensions", True))
        assert [
            {"kind": each.kind, "argument": each.index, "text": each.argument[slice(*each.span)]}
            for each in told.value.problems
        ] == vector["errors"]
    else:
        body = build(schema, vector["arguments"], files=files, extensions=vector.get("extensions", True))
        # JSON text tells 1, 1.0 and true apart.
        assert json.dumps(body.value) == json.dumps(vector["body"])
        assert list(body.cursor.names) == vector["cursor"]
