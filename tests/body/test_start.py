"""Arguments that change a value which is there already."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, build, to_arguments
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import List, Map, Object
from cursorkit.testing.strategies import programs, schemas, values

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

    from cursorkit.schema.types import Json

JOB = Schemas(
    {
        "Job": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "steps": {"type": "array", "items": {"$ref": "Job"}},
                "spec": {"$ref": "Job"},
                "extra": {"type": "any"},
            },
        }
    }
).named("Job")
START = {
    "name": "a",
    "tags": ["x", "y"],
    "labels": {"k": "v"},
    "steps": [{"name": "s", "tags": ["t"]}, {}],
    "extra": {"list": [1], "deep": {"er": 1}},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(START), **changes}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", START),
        ("name=b", changed(name="b")),
        ("tags=z", changed(tags=["x", "y", "z"])),
        ("tags.1=z", changed(tags=["x", "z"])),
        ("tags.2=z tags.0=w", changed(tags=["w", "y", "z"])),
        ('tags:=["z"]', changed(tags=["z"])),
        ("labels=k=w", changed(labels={"k": "w"})),
        ("labels=l=w", changed(labels={"k": "v", "l": "w"})),
        ("labels:={}", changed(labels={})),
        ("steps.0.name=b", changed(steps=[{"name": "b", "tags": ["t"]}, {}])),
        ("steps.1 name=b", changed(steps=[{"name": "s", "tags": ["t"]}, {"name": "b"}])),
        ("steps.+ name=b", changed(steps=[*START["steps"], {"name": "b"}])),
        ("steps.2 name=b tags=u", changed(steps=[*START["steps"], {"name": "b", "tags": ["u"]}])),
        ('steps.0:={"name":"b"}', changed(steps=[{"name": "b"}, {}])),
        ('steps:=[{"name":"b"}]', changed(steps=[{"name": "b"}])),
        ("spec.spec.name=b", changed(spec={"spec": {"name": "b"}})),
        ("extra.deep.more=2", changed(extra={"list": [1], "deep": {"er": 1, "more": "2"}})),
        ("extra.list.+=2", changed(extra={"list": [1, "2"], "deep": {"er": 1}})),
        ("extra.list.a=2", changed(extra={"list": {"a": "2"}, "deep": {"er": 1}})),
        ("extra.0=2", changed(extra=["2"])),
        ("extra.list.0.a=2", changed(extra={"list": [{"a": "2"}], "deep": {"er": 1}})),
        ('.:={"name":"b"}', {"name": "b"}),
    ],
)
def test_what_changes(words: str, expected: Json) -> None:
    before = copy.deepcopy(START)
    assert build(JOB, words.split(), start=cast("Json", START)).value == expected
    assert before == START


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("name=b name=c", "argument 2: "),
        ("labels=k=w labels=k=x", "argument 2: "),
        ('steps.0.name=b steps.0:={"name":"c"}', "argument 2: "),
        ('steps:=[{"name":"b"}] steps.0.name=c', "argument 2: "),
        ("extra.list.a=1 extra.list.0=1", "argument 2: "),
        ("tags.3=z", "argument 1: "),
    ],
)
def test_arguments_are_still_set_once(words: str, told: str) -> None:
    with pytest.raises(ArgumentErrors, match=told) as errors:
        build(JOB, words.split(), start=cast("Json", START))
    assert len(errors.value.problems) == 1


def test_everything_that_does_not_fit_is_told() -> None:
    start = cast("Json", {"name": 1, "steps": [{"nosuch": 2}, {"tags": {}}]})
    with pytest.raises(ArgumentErrors) as told:
        build(JOB, ["name=b"], start=start)
    assert [str(each).splitlines()[0] for each in told.value.problems] == [
        "the starting body: a string is expected, such as \"text\", not a number (at '.name')",
        "the starting body: unknown field 'nosuch' in Job (at '.steps.0')",
        "the starting body: a list is expected, not a structure (at '.steps.1.tags')",
    ]


def test_a_raw_body_starts_from_base64() -> None:
    assert STORE_INSTANCES.request is not None
    start = cast("Json", {"contentType": "a/b", "data": "AAEC"})
    body = build(STORE_INSTANCES.request.schema, ["content-type=c/d"], start=start)
    assert body.value == {"contentType": "c/d", "data": "AAEC"}


def put(value: Any, key: tuple[str | int, ...], part: Json) -> Any:
    """`value` with `part` at `key`; what is in the way is replaced."""
    if not key:
        return part
    step, *rest = key
    if isinstance(step, int):
        held = list(value) if isinstance(value, list) else []
        held[step : step + 1] = [put(held[step] if step < len(held) else None, tuple(rest), part)]
        return held
    held_by_name = dict(value) if isinstance(value, dict) else {}
    held_by_name[step] = put(held_by_name.get(step), tuple(rest), part)
    return held_by_name


def part(value: Any, key: tuple[str | int, ...]) -> Any:
    for step in key:
        value = value[step]
    return value


@settings(max_examples=200)
@given(st.data())
def test_what_arguments_set_is_laid_over_what_was_there(data: DataObject) -> None:
    schema = data.draw(schemas())
    start = data.draw(values(schema))
    arguments = to_arguments(data.draw(values(schema)), schema)
    if start is None:
        return
    body = build(schema, arguments, start=start)
    expected = start
    for key in body.origins:
        expected = put(expected, key, part(body.value, key))
    assert body.value == expected


@settings(max_examples=200)
@given(st.data())
def test_an_empty_start_is_none(data: DataObject) -> None:
    schema = data.draw(schemas().filter(lambda schema: isinstance(schema, Object | Map | List)))
    arguments, value = data.draw(programs(schema))
    body = build(schema, arguments, start=[] if isinstance(schema, List) else {})
    assert (body.value, body.origins) == (value, build(schema, arguments).origins)
