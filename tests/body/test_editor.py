"""Bodies from program values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cursorkit import ArgumentErrors, HttpBody, build, edit
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Any, Scalar
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from cursorkit import Editor

JOB = Schemas(
    {
        "Job": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "count": {"type": "string", "format": "int64"},
                "image": {"type": "string", "format": "byte"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
                "spec": {"$ref": "Job"},
                "parts": {"type": "array", "items": {"$ref": "Job"}},
            },
        }
    }
).named("Job")


def test_an_edited_body_is_the_body_that_arguments_write() -> None:
    edited = (
        edit(JOB)
        .set("title", "a=b")
        .append("tags", "x")
        .append("tags", "y")
        .move(".spec")
        .set("count", 7)
        .put("labels", "k.l", 1)
        .body
    )
    written = build(JOB, ["title=a=b", "tags=x", "tags=y", ".spec", "count=7", "labels=k.l=1"])
    assert edited.value == written.value
    assert edited.cursor == written.cursor
    assert edited.origins == {**written.origins, ("spec", "count"): 4, ("spec", "labels", "k.l"): 5}


def test_whole_values() -> None:
    value = {"title": "a", "parts": [{"tags": ["x"], "labels": {"k": 1}}, {}], "image": b"\0"}
    assert edit(JOB).set(".", value).body.value == {**value, "image": "AA=="}


def test_instances_are_values() -> None:
    assert STORE_INSTANCES.request is not None
    body = edit(STORE_INSTANCES.request.schema).set(".", HttpBody("a/b", b"ut")).body
    assert body.content == {"contentType": "a/b", "data": Bytes(b"ut")}


def test_every_mistake_is_told_at_once() -> None:
    editor = edit(JOB).set("title", 3).set("nosuch", 1).put("tags", "k", "v").append("labels", 1)
    editor.set("spec", {"titel": "a", "count": 1.5, "tags": ["x", None]}).move("title")
    with pytest.raises(ArgumentErrors) as told:
        _ = editor.body
    assert [(each.index, each.kind) for each in told.value.problems] == [
        (0, "wrong-type"),
        (1, "unknown-field"),
        (2, "not-keyed"),
        (3, "not-a-structure"),
        (4, "unknown-field"),
        (4, "wrong-type"),
        (4, "wrong-type"),
        (5, "not-a-structure"),
    ]
    assert str(told.value).startswith("edit 1: ")


@pytest.mark.parametrize(
    ("arguments", "editor"),
    [
        (["nosuch=x"], edit(JOB).set("nosuch", "x")),
        (["title.x=1"], edit(JOB).set("title.x", "1")),
        (["title"], edit(JOB).move("title")),
        (["...title=x"], edit(JOB).set("...title", "x")),
        (["spec.=x"], edit(JOB).set("spec.", "x")),
        (["title=a", "title=b"], edit(JOB).set("title", "a").set("title", "b")),
        (["spec.title=a", "spec:={}"], edit(JOB).set("spec.title", "a").set("spec", {})),
        (["labels=a=1", "labels.a=2"], edit(JOB).put("labels", "a", 1).set("labels.a", 2)),
        (["count=99999999999999999999"], edit(JOB).set("count", 10**20 - 1)),
        (["image=?"], edit(JOB).set("image", "?")),
        (["labels=a=x"], edit(JOB).put("labels", "a", "x")),
        (["tags.1=x"], edit(JOB).set("tags.1", "x")),
        (["tags.00=x"], edit(JOB).set("tags.00", "x")),
        (
            ["parts.+.titel=x", "parts.0.title=x"],
            edit(JOB).set("parts.+.titel", "x").set("parts.0.title", "x"),
        ),
        (["tags:=[null]"], edit(JOB).append("tags", None)),
        (["nosuch", "a.b=1", "..titel=x"], edit(JOB).move("nosuch").set("a.b", 1).set("..titel", "x")),
        (["....", "title=a", ".titel=x"], edit(JOB).move("....").set("title", "a").set(".titel", "x")),
    ],
)
def test_mistakes_are_those_of_arguments(arguments: list[str], editor: Editor) -> None:
    with pytest.raises(ArgumentErrors) as of_arguments:
        build(JOB, arguments)
    with pytest.raises(ArgumentErrors) as of_editor:
        _ = editor.body
    told, edited = of_arguments.value.problems, of_editor.value.problems
    assert [(each.kind, each.index, each.cursor) for each in edited] == [
        (each.kind, each.index, each.cursor) for each in told
    ]


def test_a_place_is_set_once() -> None:
    with pytest.raises(ArgumentErrors, match=r"^edit 2: a part of '.spec' was already set by edit 1"):
        _ = edit(JOB).set("spec.title", "a").set("spec", {}).body


def test_edits_are_called_edits_wherever_they_are_in_the_way() -> None:
    with pytest.raises(ArgumentErrors, match=r"^edit 2: 'b' needs a structure, but edit 1 made"):
        _ = edit(Any()).append(".", 1).set("b", 2).body


def test_deep_values_are_refused_not_a_crash() -> None:
    value: object = "x"
    for _ in range(5000):
        value = {"spec": value}
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(JOB).set(".", value).body
    assert [each.kind for each in told.value.problems] == ["limit"]


def test_elements_and_entries_go_only_where_there_are_some() -> None:
    anything = Any()
    body = edit(anything).append("list", {"a": 1}).append("list", "x").put("map", "a.b", 1).body
    assert body.value == {"list": [{"a": 1}, "x"], "map": {"a.b": 1}}
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(JOB).append("title", "a").append("spec", "a").put("tags", "k", 1).put("title", "k", 1).body
    assert [problem.message for problem in told.value.problems] == [
        "nothing can be appended to a string",
        "nothing can be appended to a structure (Job)",
        "no entry can be put into a list of strings",
        "no entry can be put into a string",
    ]


def test_a_refused_element_keeps_its_place() -> None:
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(JOB).append("tags", 1).set("tags.1", "b").put("labels", "k", "x").put("labels", "k", 1).body
    assert [(problem.index, problem.kind) for problem in told.value.problems] == [
        (0, "wrong-type"),
        (2, "wrong-type"),
        (3, "duplicate"),
    ]


def test_numbers_that_no_json_reader_takes_are_refused() -> None:
    for schema in (Any(), Scalar("integer")):
        assert edit(schema).set(".", 10**4000).body.value == 10**4000
    # A number is a float in the end, and none is as large as the first of these.
    for schema, value in ((Scalar("number"), 10**4000), (Any(), 10**5000), (Scalar("integer"), 10**5000)):
        with pytest.raises(ArgumentErrors) as told:
            _ = edit(schema).set(".", value).body
        assert [each.kind for each in told.value.problems] == ["out-of-range"]


def test_a_key_is_text() -> None:
    with pytest.raises(ArgumentErrors) as told:
        _ = edit(JOB).put("labels", "\ud800", 1).body
    assert [each.kind for each in told.value.problems] == ["not-unicode"]
