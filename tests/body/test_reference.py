"""Bodies, against the reference's own results."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit import ArgumentErrors, build, to_arguments
from cursorkit.schema.names import cli_name
from cursorkit.schema.types import Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cursorkit.schema.types import Schema

SCALARS = {
    "String": Scalar("string"),
    "Int": Scalar("integer", "int64"),
    "Uint": Scalar("integer", "uint64"),
    "Float": Scalar("number"),
    "Boolean": Scalar("boolean"),
}

MOVES_TO_NO_STRUCTURE = {
    # Arguments that the reference accepts although they move to what is no structure: here these are errors,
    # for a cursor in a place that does not exist is a mistake. The move, and how many lists hold it.
    "nosuch": 3,
    ".no.such": 3,
    "name": 3,
    "labels": 3,
}


def record(rows: list[dict[str, Any]], depth: int, name: str) -> Object:
    """The structure that the rows describe, each of which is one leaf with its whole path."""
    return Object(name, partial(list, fields(rows, depth)))


def fields(rows: list[dict[str, Any]], depth: int) -> Iterator[Field]:
    for cli in dict.fromkeys(row["path"].split(".")[depth] for row in rows):
        below = [row for row in rows if row["path"].split(".")[depth] == cli]
        wire = below[0]["json"].split(".")[depth]
        scalar = SCALARS[below[0]["jtype"]]
        shapes: dict[str, Schema] = {"Pod": scalar, "Vec": List(scalar), "Map": Map(scalar)}
        if below[0]["path"].count(".") > depth:
            yield Field(cli, wire, cli, record(below, depth + 1, cli))
        else:
            yield Field(cli, wire, cli, shapes[below[0]["ctype"]])


def test_sequences(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "sequences.json").read_bytes())
    schema = record(vectors["schema"], 0, "Root")
    refused: list[str] = []
    accepted = 0
    for vector in vectors["sequences"]:
        intended = vector["intended"]
        if intended.get("issues") != []:
            # Where the reference finds fault (or panics over a number), so do we, without exception.
            with pytest.raises(ArgumentErrors):
                build(schema, vector["args"], extensions=False)
            continue
        try:
            body = build(schema, vector["args"])
        except ArgumentErrors as errors:
            refused += [vector["args"][problem.index or 0] for problem in errors.problems]
            continue
        accepted += 1
        assert build(schema, vector["args"], extensions=False) == body
        assert json.dumps(body.value, sort_keys=True) == json.dumps(intended["body"], sort_keys=True), vector
        assert list(body.cursor.names) == intended["cursor"], vector
    assert accepted == 446
    assert {place: refused.count(place) for place in refused} == MOVES_TO_NO_STRUCTURE


def test_the_arguments_of_every_page_give_its_body(shared: Path) -> None:
    pages = json.loads((shared / "vectors" / "pages.json").read_bytes())
    assert len(pages) == 416
    for page in pages:
        body = build(structure(page["structure"], page["root"]), page["args"])
        assert json.dumps(body.value, sort_keys=True) == json.dumps(page["body"], sort_keys=True), page


def test_no_page_has_shorter_arguments_than_the_way_back(shared: Path) -> None:
    pages = json.loads((shared / "vectors" / "pages.json").read_bytes())
    ours = theirs = 0
    for page in pages:
        schema = structure(page["structure"], page["root"])
        value = build(schema, page["args"]).value
        arguments = to_arguments(value, schema)
        assert json.dumps(build(schema, arguments).value) == json.dumps(value), page
        assert len(" ".join(arguments)) <= len(" ".join(page["args"])), page
        ours += len(" ".join(arguments))
        theirs += len(" ".join(page["args"]))
    assert ours < theirs


def structure(node: Any, name: str) -> Schema:
    """The schema that a documentation page draws."""
    if isinstance(node, dict):
        return Object(name, partial(list, (Field(k, k, k, structure(v, k)) for k, v in node.items())))
    if node.startswith("["):
        return List(structure(node[1:-1], name))
    if node.startswith("{"):
        return Map(structure(node[1:-1].partition(":")[2].strip(), name))
    kinds = {"string": "String", "boolean": "Boolean", "integer": "Int", "int64": "Int", "number": "Float"}
    return SCALARS[kinds[node]]


def test_names_are_mangled_as_the_reference_mangles_them(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "mangle.json").read_bytes())
    assert len(vectors) == 25107
    assert {v["name"]: cli_name(v["name"]) for v in vectors} == {v["name"]: v["mangled"] for v in vectors}
