"""The model of the reference, against every result that was recorded of the reference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import reference_shapes
from reference_model import Reference, RefusalError

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = Reference()


@pytest.fixture(scope="session")
def vectors(shared: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_bytes()) for path in (shared / "vectors").glob("*.json")}


def test_moves(vectors: dict[str, Any]) -> None:
    assert len(vectors["moves"]) == 5029
    for vector in vectors["moves"]:
        try:
            led: Any = list(REFERENCE.move(tuple(vector["start"]), vector["move"]))
        except RefusalError as refusal:
            led = str(refusal)
        assert led == vector.get("result", vector.get("error")), vector


def test_key_and_value(vectors: dict[str, Any]) -> None:
    assert len(vectors["kv"]) == 1564
    for vector in vectors["kv"]:
        key, value = REFERENCE.split(vector["kv"])
        assert (key, value) == (vector["key"], vector["value"] or "")
        assert bool(value) == (not vector["issues"])


def test_sequences(vectors: dict[str, Any]) -> None:
    shape = reference_shapes.of_rows(vectors["sequences"]["schema"])
    panics = 0
    for vector in vectors["sequences"]["sequences"]:
        intended = vector["intended"]
        run = REFERENCE.run(shape, vector["args"])
        if "panic" in intended:
            panics += 1
            assert run.issues == ["panic"]
            continue
        assert run.issues == [issue["kind"] for issue in intended["issues"]], vector
        assert list(run.cursor) == intended["cursor"], vector
        # JSON text tells 1, 1.0 and true apart.
        assert json.dumps(run.body, sort_keys=True) == json.dumps(intended["body"], sort_keys=True), vector
    assert (len(vectors["sequences"]["sequences"]), panics) == (704, 15)


def test_pages(vectors: dict[str, Any]) -> None:
    assert len(vectors["pages"]) == 416
    for page in vectors["pages"]:
        run = REFERENCE.run(reference_shapes.of_page(page["structure"]), page["args"])
        assert not run.issues, page
        assert json.dumps(run.body, sort_keys=True) == json.dumps(page["body"], sort_keys=True), page
