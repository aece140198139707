"""Values of programs as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import attrs
import pytest

from cursorkit.schema.admit import DEEPEST, fits
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.encode import encode
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar
from cursorkit.wire import Bytes


class State(Enum):
    ON = "on"


@attrs.frozen
class Part:
    size_bytes: int
    at: datetime | None = None


@attrs.frozen
class Job:
    name: str
    state: State = State.ON
    image: bytes = b""
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = attrs.field(factory=dict)
    note: str | None = None


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG = Scalar("integer", "int64", quoted=True)


def test_instances_become_structures_by_wire_name() -> None:
    job = Job("a", image=b"\0\1\2", parts=(Part(1), Part(2, NOON)), by_name={"x": Part(3)})
    schema = schema_of(Job)
    found = encode(schema, job)
    assert found == {
        "name": "a",
        "state": "on",
        "image": "AAEC",
        "parts": [{"sizeBytes": 1}, {"sizeBytes": 2, "at": "2026-01-31T12:00:00+00:00"}],
        "byName": {"x": {"sizeBytes": 3}},
    }
    assert fits(schema, found)


@pytest.mark.parametrize(
    ("schema", "value", "json"),
    [
        (Scalar("bytes"), b"\0\1\2", "AAEC"),
        (Scalar("bytes"), "AAEC", "AAEC"),
        (LONG, 2**62, str(2**62)),
        (LONG, "7", "7"),
        (LONG, True, True),
        (Scalar("integer"), 7, 7),
        (Scalar("string"), State.ON, "on"),
        (Scalar("string"), NOON, "2026-01-31T12:00:00+00:00"),
        (Scalar("string", "token", synonyms=(("a/", "a"),)), " a/ ", "a"),
        (Scalar("string"), " a ", " a "),
        (List(LONG), (1, 2), ["1", "2"]),
        (Map(LONG), {"a": 1}, {"a": "1"}),
        (List(LONG), {1, 2}, {1, 2}),
        (Any(), b"a", b"a"),
        (Scalar("integer"), "x", "x"),
    ],
)
def test_what_values_become(schema: List | Map | Scalar | Any, value: object, json: object) -> None:
    found = encode(schema, value)
    assert found == json
    assert type(found) is type(json)


def test_names_that_nobody_knows_are_left_for_the_check() -> None:
    schema = Object("Spec", lambda: [Field("size", "size", "size", LONG)])
    assert encode(schema, {"size": 1, "nosuch": b"a"}) == {"size": "1", "nosuch": b"a"}
    assert encode(schema, 7) == 7


def test_raw_bytes_become_a_source() -> None:
    found = encode(Scalar("raw"), b"abc")
    assert isinstance(found, Bytes)
    assert found.content == b"abc"
    assert encode(Scalar("raw"), found) is found


def test_what_holds_itself_comes_to_an_end() -> None:
    node: Object = Object("Node", lambda: [Field("next", "next", "next", node)])
    circle: dict[str, object] = {}
    circle["next"] = circle
    found = encode(node, circle)
    depth = 0
    while found is not circle:
        assert isinstance(found, dict)
        found = found["next"]
        depth += 1
    assert depth == DEEPEST + 1
