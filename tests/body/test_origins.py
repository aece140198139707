"""The source map: from the fields that an answer complains of to the arguments that set them."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import Outcome, Program, Verdict, Violation, Written, blame, build, call, edit
from cursorkit.body.field_paths import find, parts_of, written
from cursorkit.cli.main import main
from cursorkit.files import Files
from cursorkit.methods.discovery import Methods
from cursorkit.testing.answers import answer
from cursorkit.testing.server import Server, replying
from cursorkit_transports.memory import Memory, Reply

DOCUMENT = {
    "rootUrl": "https://pods.example/",
    "parameters": {"key": {"type": "string", "location": "query", "secret": True}},
    "schemas": {
        "Pod": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "replicaCount": {"type": "integer"},
                "token": {"type": "string", "secret": True},
                "image": {"type": "string", "format": "byte"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "sizes": {"type": "object", "additionalProperties": {"$ref": "Pod"}},
                "items": {"type": "array", "items": {"$ref": "Pod"}},
                "spec": {"$ref": "Pod"},
                "meta": {"type": "any"},
            },
        }
    },
    "resources": {
        "pods": {
            "methods": {
                "create": {
                    "id": "pods.create",
                    "httpMethod": "POST",
                    "path": "v1/{+parent}/pods",
                    "parameters": {
                        "parent": {"type": "string", "location": "path", "required": True},
                        "pageSize": {"type": "integer", "location": "query"},
                        "name": {"type": "string", "location": "query"},
                        "spec": {"type": "string", "location": "query"},
                    },
                    "request": {"$ref": "Pod"},
                }
            }
        }
    },
}
CREATE = Methods(DOCUMENT).named("pods.create")
assert CREATE.request is not None
POD = CREATE.request.schema

ARGUMENTS = [
    "name=web",
    "replica-count=-1",
    "labels=app.kubernetes.io/name=x",
    "labels=b=y",
    ".items.+",
    "name=first",
    "..+",
    "name=second",
    ".spec",
    ':={"items":[{"name":"deep"}]}',
    ".meta.x.y=1",
    ".sizes/=a.b[c]",
    "name=odd",
    ".tags=red",
    ".tags=blue",
]
PARAMETERS = ["parent=projects/p", "page-size=3"]
BODY = build(POD, ARGUMENTS)


def details(*found: object, kind: str = "type.googleapis.com/google.rpc.BadRequest") -> object:
    detail = {"@type": kind, "fieldViolations": list(found)}
    return {"error": {"code": 400, "message": "not good", "details": [{"@type": "other"}, detail]}}


def asked(error: object, body: list[str] = ARGUMENTS, parameters: list[str] = PARAMETERS) -> list[Any]:
    """What a server that answers with `error` is told to find wrong with a request."""
    built, named = build(POD, body), build(CREATE.parameters, parameters)
    transport = Memory(lambda _request, _body: Reply(400, json.dumps(error).encode()))
    outcome = call(CREATE, named, built, transport)
    assert outcome.verdict is Verdict.REFUSED
    return [*blame(outcome, Written(built, body), Written(named, parameters))]


def blamed(path: str) -> tuple[str, str] | None:
    """The argument that is drawn for a field path, and the part of it that is marked."""
    (problem,) = asked(details({"field": path, "description": "no"}))
    start, end = problem.span
    if problem.index is None:
        assert (problem.label, problem.argument) == ("", "")
        return None
    return problem.argument, problem.argument[start:end]


def test_a_violation_is_drawn_at_the_argument_that_caused_it() -> None:
    (problem,) = asked(details({"field": "items[1].name", "description": "the name is taken"}))
    assert (problem.kind, problem.index) == ("field-violation", 7)
    assert str(problem) == (
        "argument 8: the server refuses 'items[1].name': the name is taken\n"
        "    ..+ name=second\n"
        "             ^^^^^^\n"
        "    cursor: .items.+ (Pod)"
    )


@pytest.mark.parametrize(
    ("path", "argument", "marked"),
    [
        ("replica_count", "replica-count=-1", "-1"),
        ("replicaCount", "replica-count=-1", "-1"),
        ("REPLICA_COUNT", "replica-count=-1", "-1"),
        ("body.replica_count", "replica-count=-1", "-1"),
        ("pod.replicaCount", "replica-count=-1", "-1"),
        ("items[0].name", "name=first", "first"),
        ("items[0]", "name=first", "name"),
        ("items", "name=first", "name"),
        ("pod.items[0].name", "name=first", "first"),
        ("items.0.name", "name=first", "first"),
        ("items[2].name", "name=second", "second"),
        ("labels[b]", "labels=b=y", "b=y"),
        ("labels.b", "labels=b=y", "b=y"),
        ("labels['b']", "labels=b=y", "b=y"),
        ("labels[app.kubernetes.io/name]", "labels=app.kubernetes.io/name=x", "app.kubernetes.io/name=x"),
        ('labels["app.kubernetes.io/name"]', "labels=app.kubernetes.io/name=x", "app.kubernetes.io/name=x"),
        ("labels.app.kubernetes.io/name", "labels=app.kubernetes.io/name=x", "app.kubernetes.io/name=x"),
        ("labels.`app.kubernetes.io/name`", "labels=app.kubernetes.io/name=x", "app.kubernetes.io/name=x"),
        ("labels[1].value", "labels=b=y", "b=y"),
        ("labels[1].key", "labels=b=y", "b=y"),
        ("labels[1]", "labels=b=y", "b=y"),
        ('sizes["a.b[c]"].name', "name=odd", "odd"),
        ("sizes[0].value.name", "name=odd", "odd"),
        ("spec", ":=…", "…"),
        ("spec.items[0].name", ":=…", "…"),
        ("spec.name", ":=…", "…"),
        ("meta.x.y", ".meta.x.y=1", "1"),
        ("meta", ".meta.x.y=1", ".meta.x.y"),
        ("tags[1]", ".tags=blue", "blue"),
        ("page_size", "page-size=3", "3"),
        ("parent", "parent=projects/p", "projects/p"),
    ],
)
def test_paths_as_servers_write_them(path: str, argument: str, marked: str) -> None:
    assert blamed(path) == (argument, marked)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("image", "no argument sets '.image'"),
        ("items[0].replica_count", "no argument sets '.items.0.replica-count'"),
        ("items[7].name", "no argument sets '.items.7.name'"),
        ("labels.c", "no argument sets '.labels.c'"),
        ("meta.z", "no argument sets '.meta.z'"),
        ("nosuch", ""),
        ("nosuch.either", ""),
        ("body", ""),
        ("[", ""),
        (".", ""),
        ("items[9999999999999999999999]", ""),
    ],
)
def test_what_no_argument_set_is_told_without_one(path: str, hint: str) -> None:
    (problem,) = asked(details({"field": path, "description": "no"}))
    assert (problem.index, problem.message) == (None, f"the server refuses '{path}': no")
    assert problem.hint == hint


@pytest.mark.parametrize(
    "path", ["name.x" * 200_000, "meta" + "[0]" * 200_000, "meta." * 200_000, "[" * 200_000]
)
def test_an_endless_path_is_cut(path: str) -> None:
    (problem,) = asked(details({"field": path, "description": "no"}))
    assert len(problem.message) < 500


def test_the_parameter_wins_where_only_it_is_set() -> None:
    (problem,) = asked(details({"field": "name"}), ["replica-count=1"], [*PARAMETERS, "name=q"])
    assert problem.argument == "name=q"
    (problem,) = asked(details({"field": "name"}), ["name=b"], [*PARAMETERS, "name=q"])
    assert problem.argument == "name=b"
    (problem,) = asked(details({"field": "spec.name"}), ["name=b"], [*PARAMETERS, "spec=q"])
    assert (problem.index, problem.hint) == (None, "no argument sets '.spec.name'")


def test_private_values_stay_private() -> None:
    words = ["token=CANARY-token", "image=Q0FOQVJZ", 'spec:={"token":"CANARY-in-spec"}', "name=seen"]
    told = asked(
        details(
            {"field": "token", "description": "CANARY-token is short, and so is seen"},
            {"field": "spec", "description": "spec has CANARY-in-spec and Q0FOQVJZ"},
            {"field": "nosuch", "description": "CANARY-token"},
            {"description": "Q0FOQVJZ"},
            {"field": "key", "description": "CANARY-key"},
        ),
        words,
        [*PARAMETERS, "key=CANARY-key"],
    )
    assert [problem.argument for problem in told] == ["token=…", "spec:=…", "", "", "key=…"]
    drawn = "\n".join(map(str, told)) + repr(told)
    assert "CANARY" not in drawn
    assert "Q0FOQVJZ" not in drawn
    assert "*** is short, and so is seen" in drawn


def test_a_server_that_repeats_private_values_is_not_repeated() -> None:
    words = ["token=CANARY-token", "name=CANARY-name", "image=Q0FOQVJZ"]
    error = cast("Any", details({"field": "token", "description": "CANARY-token?"}))
    error["error"]["message"] = "CANARY-token, Q0FOQVJZ,\n CANARY-key and CANARY-name"
    transport = Memory(lambda _request, _body: Reply(400, json.dumps(error).encode()))
    parameters = build(CREATE.parameters, [*PARAMETERS, "key=CANARY-key"])
    outcome = call(CREATE, parameters, build(POD, words), transport)
    assert outcome.message == "the server answered 400 Bad Request: ***, ***, *** and CANARY-name"
    assert [each.description for each in outcome.violations] == ["***?"]


def test_a_private_value_that_is_a_part_of_another_uncovers_nothing() -> None:
    words = ["token=CANARY", "spec.token=CANARY-AND-MORE"]
    (problem,) = asked(details({"field": "token", "description": "CANARY-AND-MORE"}), words)
    assert problem.message.endswith(": ***")


def test_neither_outcomes_nor_written_bodies_show_values() -> None:
    written_body = Written(build(POD, ["token=CANARY"]), ["token=CANARY"])
    outcome = Outcome(Verdict.REFUSED, violations=(Violation("token", "CANARY"),))
    assert "CANARY" not in repr(written_body) + repr(outcome)


def test_a_file_is_not_opened_again_to_draw_its_argument(tmp_path: Any) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"pixels")
    words = [".items.+", f"image@={path}", "..+", f"meta@={tmp_path / 'meta'}", "name=a"]
    (tmp_path / "meta").write_text('{"a": [1]}')
    body = build(POD, words, files=Files(print))
    path.unlink()
    outcome = Outcome(
        Verdict.REFUSED,
        violations=(
            Violation("items[0].image", "bad cGl4ZWxz"),
            Violation("items[1].meta.a[0]"),
            Violation("items[1].name"),
        ),
    )
    told = blame(outcome, Written(body, words))
    assert [problem.argument for problem in told] == [words[1], words[3], words[4]]
    assert told[0].message.endswith("bad ***")


def test_what_the_message_says_already_is_not_said_again() -> None:
    assert asked(details({"description": "not good"})) == []
    (problem,) = asked(details({"description": "an unknown name"}))
    assert str(problem) == "an unknown name"


def test_answers_wrapped_in_a_list_and_several_details() -> None:
    assert [each.argument for each in asked([details({"field": "name"})])] == ["name=web"]
    error = cast("Any", details({"field": "name"}))
    error["error"]["details"] *= 2
    assert len(asked(error)) == 2


@pytest.mark.parametrize(
    "error",
    [
        None,
        [],
        {},
        {"error": None},
        {"error": "words"},
        {"error": {"details": None}},
        {"error": {"details": [None, 1, [], {"@type": 1}]}},
        {"error": {"details": {"@type": "google.rpc.BadRequest"}}},
        details(None, 1, "x", kind="google.rpc.BadRequest"),
        details({"field": "name"}, kind="google.rpc.Help"),
        {
            "error": {
                "errors": [{"location": "name", "locationType": "other"}, {"locationType": "parameter"}, None]
            }
        },
    ],
)
def test_answers_without_violations(error: object) -> None:
    assert asked(error) == []


def test_fields_that_are_no_text_are_none() -> None:
    (problem,) = asked(details({"field": 7, "description": "wrong"}))
    assert problem.message == "wrong"


def old(location: str) -> object:
    found = {"locationType": "parameter", "location": location, "message": "Invalid"}
    return {"error": {"code": 400, "message": "not good", "errors": [found]}}


def test_older_apis_name_parameters_and_fields_of_the_resource() -> None:
    named = [*PARAMETERS, "name=q"]
    assert [each.argument for each in asked(old("name"), parameters=named)] == ["name=q"]
    assert [each.argument for each in asked(old("resource.name"), parameters=named)] == ["name=web"]
    assert [each.argument for each in asked(old("pageSize"))] == ["page-size=3"]
    assert [each.index for each in asked(old("replicaCount"))] == [None]


def test_details_are_more_than_the_old_errors_beside_them() -> None:
    error = cast("Any", details({"field": "items[1].name"}))
    error["error"]["errors"] = cast("Any", old("name"))["error"]["errors"]
    assert [each.index for each in asked(error)] == [7]


def test_a_flood_of_violations_is_cut() -> None:
    told = asked(details(*[{"field": "name", "description": "x" * 10_000}] * 5_000))
    assert len(told) == 101
    assert str(told[-1]) == "4900 more fields are refused"
    assert len(told[0].message) < 500


def test_a_body_without_its_arguments_has_no_arguments_to_blame() -> None:
    body = edit(POD).set("name", "a").set("replicaCount", 1).body
    outcome = Outcome(Verdict.REFUSED, violations=(Violation("replica_count", "no"),))
    (problem,) = blame(outcome, Written(body, Program()))
    assert problem.index is None
    assert blame(outcome)[0].message == "the server refuses 'replica_count': no"


def test_the_origin_of_a_place_of_one_above_and_of_one_below() -> None:
    assert BODY.origin(("items", 1, "name")) == 7
    assert BODY.origin(("spec", "items", 0, "name")) == BODY.origin(("spec",)) == 9
    assert BODY.origin(("items",)) == 5
    assert BODY.origin(()) == 0
    assert BODY.origin(("image",)) is None
    assert build(POD, []).origin(()) is None


PATHS = st.text("ab.[]\"'`\\0129 \n", max_size=20)
KEYS = st.lists(
    st.text(max_size=6) | st.text('a.[]"\\`', max_size=4) | st.integers(0, 99), min_size=1, max_size=5
)


@given(KEYS)
def test_a_field_path_that_is_written_is_read_again(key: list[str | int]) -> None:
    assert [part.text for part in parts_of(written(tuple(key)))] == [str(step) for step in key]


@settings(max_examples=500)
@given(PATHS | st.builds("{}{}".format, st.sampled_from(["items", "labels", "sizes", "meta", "spec"]), PATHS))
def test_any_path_leads_to_a_place_of_the_schema_or_nowhere(path: str) -> None:
    found = find(BODY.schema, BODY.content, path)
    assert found is None or found.place.way


def leaves(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    parts: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return [place, *(inner for step, part in parts for inner in leaves(part, (*place, step)))]


def test_every_place_of_a_body_is_found_by_its_field_path() -> None:
    places = [place for place in leaves(BODY.value) if place]
    assert len(places) > 20
    for place in places:
        found = find(BODY.schema, BODY.content, written(place))
        assert found is not None
        assert found.whole
        assert found.place.way == place


def test_the_program_draws_violations_under_the_message(capfd: pytest.CaptureFixture[str]) -> None:
    error = details(
        {"field": "dicom_web_path", "description": "no such study"},
        {"field": "pretty_print", "description": "not today"},
        {"field": "http_body.content_type", "description": "no such type"},
        {"field": "data", "description": "too small"},
        {"description": "and more"},
    )
    reply = answer(404, json.dumps(error).encode(), [("Content-Type", "application/json")])
    with Server(replying(reply)) as server:
        code = main(
            [
                *("projects", "locations-datasets-dicom-stores-studies-store-instances"),
                *("projects/p/locations/l/datasets/d/dicomStores/s", "studies/1.2"),
                *("-p", "pretty-print=true", "-r", ".", "content-type=a/b", "data=CANARY"),
                *("--endpoint", server.url),
            ]
        )
    assert code == Verdict.REFUSED.value
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        "error: the server answered 404 Not Found: not good\n"
        "error: <dicom-web-path>: the server refuses 'dicom_web_path': no such study\n"
        "    studies/1.2\n"
        "    ^^^^^^^^^^^\n"
        "error: -p argument 1: the server refuses 'pretty_print': not today\n"
        "    pretty-print=true\n"
        "                 ^^^^\n"
        "error: -r argument 2: the server refuses 'http_body.content_type': no such type\n"
        "    . content-type=a/b\n"
        "                   ^^^\n"
        "    cursor: . (HttpBody)\n"
        "error: -r argument 3: the server refuses 'data': too small\n"
        "    . data=…\n"
        "           ^\n"
        "    cursor: . (HttpBody)\n"
        "error: and more\n"
    )
