"""Bodies from arguments: typing, problems and how they are drawn."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast

import pytest

from cursorkit import ArgumentErrors, build
from cursorkit.files import Files
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Any, Field, List, Object, Scalar
from cursorkit.wire import Bytes

if TYPE_CHECKING:
    from pathlib import Path

    from cursorkit.schema.types import Schema

NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "replicas": {"type": "integer"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "spec": {"$ref": "Node"},
    },
}
NODES = Schemas({"Node": NODE}).named("Node")
assert STORE_INSTANCES.request is not None
HTTP_BODY = STORE_INSTANCES.request.schema


def problems(schema: Schema, *arguments: str) -> ArgumentErrors:
    with pytest.raises(ArgumentErrors) as told:
        build(schema, arguments)
    return told.value


def test_a_problem_is_drawn_with_caret_cursor_and_suggestion() -> None:
    assert str(problems(HTTP_BODY, ".", "contnt-type=application/dicom")) == (
        "argument 2: unknown field 'contnt-type' in HttpBody\n"
        "    . contnt-type=application/dicom\n"
        "      ^^^^^^^^^^^\n"
        "    cursor: . (HttpBody)   did you mean 'content-type'?"
        "   fields here: content-type, data, extensions"
    )


def test_the_cursor_is_told_with_what_is_there() -> None:
    told = problems(NODES, "x=1", "spec", "x=1", ".labels.a=b", "x.y=1").problems
    assert [problem.cursor for problem in told] == [". (Node)", ".spec (Node)", ".spec (Node)"]
    assert problems(NODES, "nosuch", "a.").problems[-1].cursor == ".nosuch"


def test_carets_stand_right_under_wide_and_combining_characters() -> None:
    lines = str(problems(NODES, "日本", "e\u0301x=1")).splitlines()
    assert lines[1:3] == ["    日本", "    ^^^^"]
    lines = str(problems(NODES, "spec", "e\u0301x=1")).splitlines()
    assert lines[1:3] == ["    spec e\u0301x=…", "         ^^"]


def test_control_characters_are_drawn_escaped() -> None:
    drawn = str(problems(NODES, "a\x1b]52;c\x07\u202e\x9b=1"))
    assert all(char.isprintable() or char == "\n" for char in drawn)
    assert r"a\x1b]52;c\x07\u202e\x9b" in drawn


def test_a_long_argument_is_drawn_in_a_line() -> None:
    drawn = str(problems(NODES, "replicas=" + "7" * 100_000 + "x"))
    assert max(map(len, drawn.splitlines())) < 140


def test_no_value_of_a_field_that_holds_bytes_is_shown() -> None:
    for argument in ("dta=CANARY", "data.x=CANARY", "extensions=CANARY", "nosuch=CANARY", "....data=CANARY"):
        assert "CANARY" not in str(problems(HTTP_BODY, argument))
    assert "CANARY" not in str(problems(HTTP_BODY, "data=a", "data=CANARY"))
    assert "CANARY" not in repr(build(HTTP_BODY, ["data=CANARY"]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("spec.spec.spec ... nosuch=1", "'...' went up 2 levels, to '.spec'"),
        ("spec.spec.spec ... replicas=x", "'...' went up 2 levels, to '.spec'"),
        ("spec.spec.spec ...nosuch=1", "'...' went up 2 levels, to '.spec'"),
        ("spec.spec.spec ....spec nosuch=1", "'....' went up 3 levels, to '.'"),
        ("spec.spec.spec spec...spec.nosuch=1", "'...' went up 2 levels, to '.spec.spec'"),
        ("spec.spec.spec .spec.spec...spec.nosuch=1", "'...' went up 2 levels, to '.'"),
        ("spec.spec.spec spec....spec.spec... nosuch=1", "'...' went up 2 levels, to '.spec'"),
    ],
)
def test_where_three_dots_or_more_led_is_told_when_something_is_wrong_with_them_or_behind_them(
    arguments: str, told: str
) -> None:
    (problem,) = problems(NODES, *arguments.split()).problems
    assert problem.hint.startswith(told)


def test_where_dots_led_is_told_no_longer_than_it_matters() -> None:
    for arguments in ("spec.spec ... spec nosuch=1", "spec.spec .. nosuch=1", "spec.spec .... x .nosuch=1"):
        assert "went up" not in problems(NODES, *arguments.split()).problems[-1].hint


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("name=a spec .name=b", "argument 3: '.name' was already set by argument 1"),
        ("labels=a=1 labels=b=1 labels.a=2", "argument 3: 'labels.a' was already set by argument 1"),
        ("labels.a=1 labels=a=2", "argument 2: '.labels.a' was already set by argument 1"),
        ("spec.name=a spec.spec:={} spec:={}", "argument 3: a part of '.spec' was already set by argument 1"),
        ("replicas=1 spec:={} spec.name=a", "argument 3: '.spec' was already set as a whole by argument 2"),
        (".spec name=a :={}", "argument 3: a part of '.spec' was already set by argument 2"),
        (".:={} name=a", "argument 2: '.' was already set as a whole by argument 1"),
    ],
)
def test_a_duplicate_names_both_arguments(arguments: str, message: str) -> None:
    told = problems(NODES, *arguments.split())
    assert [problem.kind for problem in told.problems] == ["duplicate"]
    assert str(told).splitlines()[0] == message


@pytest.mark.parametrize(
    "form", ["data=ut", 'data:="dXQ="', "data@=f", '.:={"data":"dXQ="}', '/=data :="dXQ="', "@=json"]
)
def test_raw_data_in_every_form_is_the_same(form: str) -> None:
    body = build(
        HTTP_BODY, form.split(), files={"f": Bytes(b"ut"), "json": Bytes(b'{"data": "dXQ="}')}.__getitem__
    )
    assert isinstance(body.content, dict)
    assert body.content["data"] == Bytes(b"ut")


LIMIT = Any((Scalar("integer"), List(Scalar("integer")), NODES))
UNION = Object(
    "Union",
    lambda: [
        Field("limit", "limit", "limit", LIMIT),
        Field("names", "names", "names", Any((Scalar("string"), List(Scalar("string"))))),
        Field("mode", "mode", "mode", Any((Scalar("string", enum=("ON",)), Scalar("boolean")))),
        Field("more", "more", "more", List(LIMIT)),
        Field("data", "data", "data", Any((Scalar("bytes"), Scalar("integer")))),
    ],
)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("names=a", {"names": "a"}),
        ("names.+=a names.+=b", {"names": ["a", "b"]}),
        ("mode=ON", {"mode": "ON"}),
        ("mode:=true", {"mode": True}),
        ("limit:=3", {"limit": 3}),
        ("limit:=[3]", {"limit": [3]}),
        ("limit.+:=3 limit.0.name=a", None),
        ("limit.name=a limit.spec.name=b", {"limit": {"name": "a", "spec": {"name": "b"}}}),
        ('.limit/=name :="a"', {"limit": {"name": "a"}}),
        ("more:=[1,[2]]", {"more": [1, [2]]}),
        ("more.+.name=a more.+:=1", {"more": [{"name": "a"}, 1]}),
    ],
)
def test_values_of_several_kinds_are_checked_when_they_are_complete(
    arguments: str, value: dict[str, object] | None
) -> None:
    if value is None:
        problems(UNION, *arguments.split())
    else:
        assert build(UNION, arguments.split()).value == value


@pytest.mark.parametrize(
    ("arguments", "kind", "index", "place"),
    [
        ("limit=3", "no-text", 0, ""),
        ("more=3", "no-text", 0, ""),
        ('limit:="many"', "wrong-type", 0, ""),
        ("more:=[1,true]", "wrong-type", 0, ".more.1"),
        ("mode=OFF", "not-in-enum", 0, "ON"),
        ("data=*", "bad-format", 0, ""),
        ("names.+=a names.+:=1", "wrong-type", None, ".names"),
        ("names.a=b", "wrong-type", 0, ".names"),
        ("limit.nosuch=a", "unknown-field", 0, ".limit"),
    ],
)
def test_values_of_no_kind(arguments: str, kind: str, index: int | None, place: str) -> None:
    (problem,) = problems(UNION, *arguments.split()).problems
    assert problem.kind == kind
    assert index in {None, problem.index}
    assert place in problem.message


def test_a_value_of_several_kinds_that_may_be_bytes_is_not_shown() -> None:
    for argument in ("data=CANARY!", 'data:="CANARY!"', "data.CANARY=1"):
        drawn = str(problems(UNION, argument))
        assert "CANARY!" not in drawn


def test_extensions_of_a_raw_body_are_refused_with_a_clear_word() -> None:
    (problem,) = problems(HTTP_BODY, "extensions=x").problems
    assert problem.kind == "response-only"
    assert "metadata of answers" in problem.message


def test_raw_data_is_the_arguments_own_bytes() -> None:
    octets = bytes(range(1, 256))
    body = build(HTTP_BODY, ["content-type=a/b", f"data={os.fsdecode(octets)}"])
    assert isinstance(body.content, dict)
    with body.content["data"].open() as reader:  # type: ignore[union-attr]
        assert reader.read() == octets


def test_the_value_of_raw_data_is_base64() -> None:
    assert build(HTTP_BODY, ["data=ut"]).value == {"data": "dXQ="}


def test_other_text_has_to_be_utf8() -> None:
    (problem,) = problems(HTTP_BODY, "content-type=a\udcff").problems
    assert problem.kind == "not-unicode"


@pytest.mark.parametrize("value", ["a\r\n X: 1", "a\nb", "a\0", " a", "a ", "é", "\x7f", "a\x0bb"])
def test_a_content_type_that_is_no_header_value_is_an_error(value: str) -> None:
    (problem,) = problems(HTTP_BODY, f"content-type={value}").problems
    assert problem.kind == "bad-format"


def test_a_content_type_that_is_no_media_type_is_worth_a_word() -> None:
    body = build(HTTP_BODY, ["content-type=sadipscing"])
    assert [problem.kind for problem in body.advice] == ["not-a-media-type"]
    assert not build(HTTP_BODY, ['content-type=multipart/related; type="application/dicom"']).advice


def test_no_file_is_read_unless_the_host_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"CANARY")
    (problem,) = problems(HTTP_BODY, f"data@={tmp_path / 'f'}").problems
    assert problem.kind == "unreadable-file"


def test_a_file_is_not_read_before_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    body = build(HTTP_BODY, [f"data@={path}"], files=Files(print))
    assert isinstance(body.content, dict)
    assert body.content["data"].length == 1 << 40  # type: ignore[union-attr]


def test_origins_tell_which_argument_set_a_place() -> None:
    schema = Object("Root", lambda: [Field("tags", "tags", "tags", List(Scalar("string"))), *NODES.fields])  # type: ignore[union-attr]
    body = build(schema, ["spec.name=a", "labels=k=v", "tags=x", "tags=y"])
    assert body.origins == {("spec", "name"): 0, ("labels", "k"): 1, ("tags", 0): 2, ("tags", 1): 3}


def test_scalars_and_lists_at_the_root() -> None:
    assert build(Scalar("integer"), [".=3"]).value == 3
    assert build(List(Scalar("integer")), [".=3", ".=4"]).value == [3, 4]
    assert [each.kind for each in problems(Scalar("integer")).problems] == ["nothing-set"]


def test_a_structure_may_hold_itself_without_end() -> None:
    assert build(NODES, ["spec.spec.spec.spec.name=deep"]).value == {
        "spec": {"spec": {"spec": {"spec": {"name": "deep"}}}}
    }


def test_json_keys_keep_the_order_of_the_arguments() -> None:
    body = build(NODES, ["replicas=1", "name=a"])
    assert json.dumps(body.value) == '{"replicas": 1, "name": "a"}'


def test_a_body_is_at_most_64_levels_deep_however_it_is_written() -> None:
    deep = List(Scalar("string"))
    for _ in range(63):
        deep = List(deep)
    assert build(deep, [".".join("+" * 63) + "=x"]).value == build(deep, [f':={"[" * 64}"x"{"]" * 64}']).value
    deeper = Object("Deeper", lambda: [Field("lists", "lists", "lists", deep)])
    elements = ".".join("+" * 64)
    for argument in (f"lists.{elements}=x", f'lists:={"[" * 64}"x"{"]" * 64}', f"lists.{elements}.+=x"):
        (problem,) = problems(deeper, argument).problems
        assert problem.kind == "limit"


def test_an_element_of_any_json_value_is_called_one() -> None:
    schema = Object("Root", lambda: [Field("extra", "extra", "extra", Any())])
    for argument in ("extra.+.1=x", "extra.0.1=x"):
        (problem,) = problems(schema, argument).problems
        assert problem.message == "an element of 'extra' has no element 1 yet"


@pytest.mark.parametrize("schema", [None, {"type": "object"}, dict])
def test_what_is_no_schema_is_told_apart_from_the_arguments(schema: object) -> None:
    with pytest.raises(TypeError, match="a schema is expected"):
        build(cast("Schema", schema), ["a=1"])


def test_of_a_list_that_is_set_as_a_whole_no_elements_are_offered() -> None:
    schema = Object("Root", lambda: [Field("tags", "tags", "tags", List(Scalar("string")))])
    (problem,) = problems(schema, 'tags:=["a","b"]', "tags.00=x").problems
    assert (problem.kind, problem.hint, problem.beyond) == ("not-an-index", "", "")


@pytest.mark.parametrize(("name", "hint"), [("a", "set it with a=VALUE"), ("a/", "")])
def test_no_name_is_written_where_it_would_be_an_operator(name: str, hint: str) -> None:
    schema = Object("Root", lambda: [Field(name, name, "a", Scalar("string"))])
    (problem,) = problems(schema, f"{name}.b=x").problems
    assert (problem.kind, problem.hint) == ("not-a-structure", hint)
