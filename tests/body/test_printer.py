"""The way back: arguments from values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from cursorkit import ArgumentErrors, build, edit, shell_line, to_arguments
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.names import cli_name
from cursorkit.schema.types import Any as Anything
from cursorkit.schema.types import Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cursorkit.schema.types import Json, Schema

JOB = Schemas(
    {
        "Job": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "contentType": {"type": "string"},
                "replicas": {"type": "integer", "format": "int32"},
                "size": {"type": "string", "format": "int64"},
                "ratio": {"type": "number", "format": "double"},
                "image": {"type": "string", "format": "byte"},
                "state": {"type": "string", "enum": ["ON", "OFF"]},
                "mode": {"type": "string", "synonyms": {"f": "fast", "slow": "fast"}},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "spec": {"$ref": "Job"},
                "parts": {"type": "array", "items": {"$ref": "Job"}},
                "sizes": {"type": "object", "additionalProperties": {"$ref": "Job"}},
                "extra": {"type": "any"},
            },
        }
    }
).named("Job")
assert STORE_INSTANCES.request is not None
HTTP_BODY = STORE_INSTANCES.request.schema
ANY = Anything()


def odd(*names: tuple[str, str, str]) -> Object:
    """A structure of strings that are called so on the command line, on the wire and in Python."""
    return Object("Odd", lambda: [Field(*each, Scalar("string")) for each in names])


EXAMPLES: list[tuple[str, Schema, Json, str]] = [
    ("nothing", JOB, {}, ""),
    ("an empty list", List(ANY), [], ""),
    ("an empty structure, where a list is expected otherwise", ANY, {}, ""),
    ("an empty list, where a structure is expected otherwise", ANY, [], ":=[]"),
    ("a string at the root", Scalar("string"), "a b", ".=a b"),
    ("an empty string at the root", ANY, "", ".="),
    ("a number at the root", ANY, 1, ":=1"),
    ("null at the root", ANY, None, ":=null"),
    ("fields are called as on the command line", JOB, {"contentType": "a"}, "content-type=a"),
    ("a text is taken to the letter", JOB, {"title": "=a 'b'\n"}, "title==a 'b'\n"),
    ("a NUL, which no argument can hold", JOB, {"title": "\0é"}, 'title:="\\u0000é"'),
    ("null", JOB, {"spec": None}, "spec:=null"),
    ("a 64-bit number is a string", JOB, {"size": "-7"}, "size=-7"),
    ("a 64-bit number in another spelling", JOB, {"size": "007"}, 'size:="007"'),
    ("a whole number where text makes a float", JOB, {"ratio": 1}, "ratio:=1"),
    ("a whole number that is too long for text", Scalar("integer"), 10**500, f":={10**500}"),
    ("a float", JOB, {"ratio": 1.0}, "ratio=1"),
    ("a large float", JOB, {"ratio": 1e22}, "ratio=1e22"),
    ("a small float", JOB, {"ratio": -0.05}, "ratio=-.05"),
    ("a negative zero", JOB, {"ratio": -0.0}, "ratio=-0"),
    ("a float that JSON has no number for", JOB, {"ratio": "NaN"}, "ratio=NaN"),
    ("a value that has a shorter synonym", JOB, {"mode": "fast"}, "mode=f"),
    ("a value that text would take for another", JOB, {"mode": "slow"}, 'mode:="slow"'),
    ("base64", JOB, {"image": "_-8"}, "image=_-8"),
    ("a list of one string", JOB, {"tags": ["a"]}, "tags=a"),
    ("a list of strings", JOB, {"tags": ["a", "b"]}, "tags|+=a|+=b"),
    ("an empty list in a structure", JOB, {"tags": []}, "tags:=[]"),
    ("a map", JOB, {"labels": {"a.b": "c", "": "=", "d": ""}}, "labels=a.b=c|labels===|labels=d="),
    ("a key with '='", JOB, {"labels": {"a=b": "c"}}, 'labels/=a=b|:="c"'),
    ("a key that is no component", JOB, {"sizes": {"a.b": {"title": "c"}}}, "sizes/=a.b|title=c"),
    ("such keys within each other", ANY, {"a.b": {"": {"0": 1}}}, "/=a.b|/=|/=0|:=1"),
    ("a key with a NUL", ANY, {"\0": {"a": "b"}}, ':={"\\u0000":{"a":"b"}}'),
    ("numbers of any kind", ANY, {"a": [1, 2.5, True, None]}, "a:=[1,2.5,true,null]"),
    ("strings of any kind", ANY, {"a": ["1", "", "null"]}, "a|+=1|+=|+=null"),
    ("mixed elements", List(ANY), ["a", 1, "b"], ".=a|+:=1|.=b"),
    ("digits are keys in a map", JOB, {"sizes": {"0": {"title": "a"}}}, "sizes.0.title=a"),
    ("elements", JOB, {"parts": [{"title": "a"}, {"title": "b"}]}, "parts|+.title=a|+.title=b"),
    (
        "an element with several fields",
        JOB,
        {"parts": [{"title": "a", "size": "1"}, {}]},
        "parts.+|title=a|size=1|..+:={}",
    ),
    ("an element that was left", List(ANY), [{"a": {"b": "1", "c": "2"}, "d": "3"}], "+.a|b=1|c=2|..d=3"),
    ("lists of lists", List(List(ANY)), [["a", "b"], ["c"]], "+=a|0=b|+=c"),
    (
        "a structure within a structure",
        JOB,
        {"spec": {"spec": {"title": "a", "size": "1"}, "title": "b"}, "title": "c"},
        "spec.spec|title=a|size=1|..title=b|.title=c",
    ),
    (
        "text for the place of the cursor",
        List(Map(Scalar("string"))),
        [{"a": "b", "c.d": "e"}],
        "+=a=b|0=c.d=e",
    ),
    (
        "an odd key where the cursor stands",
        JOB,
        {"spec": {"labels": {"a": "1", "b": "2", "c": "3", "d": "4", "e.f": "5"}}},
        "spec.labels|a=1|b=2|c=3|d=4|..labels=e.f=5",
    ),
    (
        "JSON where it is shortest",
        Map(Map(Scalar("string"))),
        {"p.q": {"b": "x", "c.d": '""""'}},
        '/=p.q|/=b|:="x"|..=c.d=""""',
    ),
    (
        "back to a place that has no name",
        ANY,
        {"": [[["{}", True], {}], "x", "x"]},
        "/=|+|+.+={}|0.+:=true|+:={}|..|+=x|+=x",
    ),
    ("raw bytes", HTTP_BODY, {"contentType": "a/b", "data": "dXQ="}, "content-type=a/b|data=ut"),
    ("raw bytes with a NUL", HTTP_BODY, {"data": "AAE="}, 'data:="AAE="'),
    ("a name that ends like a sign", odd(("x:", "x:", "x:")), {"x:": "a"}, 'x::="a"'),
    ("another spelling of it", odd(("x:", "x:", "x")), {"x:": "a"}, "x=a"),
    ("a name with a dot", odd(("a.b", "a.b", "a.b")), {"a.b": "c"}, '/=a.b|:="c"'),
    (
        "two fields with one name on the command line",
        odd(("a-b", "aB", "one"), ("a-b", "a-b", "two")),
        {"aB": "c", "a-b": "d"},
        "aB=c|a-b=d",
    ),
    ("one of several kinds", Anything((Scalar("integer"), Scalar("string"))), "a", ".=a"),
]


@pytest.mark.parametrize(
    ("schema", "value", "arguments"), [pytest.param(*row, id=name) for name, *row in EXAMPLES]
)
def test_example(schema: Schema, value: Json, arguments: str) -> None:
    assert to_arguments(value, schema) == (arguments.split("|") if arguments else [])
    # JSON text tells 1, 1.0 and true apart, and the order of keys.
    assert json.dumps(build(schema, to_arguments(value, schema)).value) == json.dumps(value)


def test_raw_bytes_of_every_kind() -> None:
    octets = bytes(range(1, 256))
    value = {"data": b64encode(octets).decode()}
    (argument,) = to_arguments(value, HTTP_BODY)
    assert os.fsencode(argument) == b"data=" + octets
    assert build(HTTP_BODY, [argument]).value == value


@pytest.mark.parametrize(("schema", "head"), [(Scalar("number"), ".="), (ANY, ":=")], ids=["text", "JSON"])
def test_no_numeral_is_shorter(schema: Schema, head: str) -> None:
    read = 0
    for letters in (each for length in range(1, 6) for each in product("015.e-", repeat=length)):
        argument = head + "".join(letters)
        try:
            number = build(schema, [argument]).value
        except ArgumentErrors:
            continue
        assert len(to_arguments(number, schema)[0]) <= len(argument)
        read += 1
    assert read > 500


# --- bodies of others ------------------------------------------------------------------------------------


def inferred(*values: Json) -> Schema:
    """The narrowest schema of values that stand in one place."""
    kinds = {type(value) for value in values}
    if kinds == {dict}:
        keys = dict.fromkeys(key for value in values if isinstance(value, dict) for key in value)
        held = {
            key: [value[key] for value in values if isinstance(value, dict) and key in value] for key in keys
        }
        fields = [Field(cli_name(key), key, key, inferred(*each)) for key, each in held.items()]
        return Object("Inferred", lambda: fields)
    if kinds == {list}:
        return List(inferred(*(item for value in values if isinstance(value, list) for item in value)))
    scalars = {str: "string", bool: "boolean", int: "integer", float: "number"}
    (kind,) = kinds if len(kinds) == 1 else (None,)
    return Scalar(scalars[kind]) if kind in scalars else ANY  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def bodies(shared: Path) -> list[Json]:
    records = json.loads((shared / "vectors" / "bodies.json").read_bytes())
    assert len(records) == 306
    return [record["body"] for record in records]


@pytest.mark.parametrize("schema_of", [lambda _: ANY, inferred], ids=["any", "inferred"])
def test_bodies_of_other_programs(bodies: list[Json], schema_of: Callable[[Json], Schema]) -> None:
    for body in bodies:
        schema = schema_of(body)
        arguments = to_arguments(body, schema)
        assert json.dumps(build(schema, arguments).value) == json.dumps(body)


def test_values_of_the_vectors(root: Path) -> None:
    values = 0
    for path in ("bodies.json", "extensions.json"):
        document = json.loads((root / "grammar" / "vectors" / path).read_bytes())
        for vector in document["vectors"]:
            if "body" in vector:
                schema = Schemas(document["schemas"]).named(vector["schema"])
                arguments = to_arguments(vector["body"], schema)
                assert json.dumps(build(schema, arguments).value) == json.dumps(vector["body"])
                values += 1
    assert values > 80


# --- what is refused -------------------------------------------------------------------------------------


def nested(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value]
    return value


REFUSED: list[tuple[Schema, Any, str, str]] = [
    (ANY, {"a": [0, float("nan")]}, "out-of-range", ".a.1"),
    (ANY, float("inf"), "out-of-range", "."),
    (Scalar("number"), float("inf"), "out-of-range", "."),
    (ANY, ["\ud800"], "not-unicode", ".0"),
    (ANY, {"a": {"\udfff": 1}}, "not-unicode", ".a"),
    (ANY, {"a": {1: 2}}, "wrong-type", ".a"),
    (ANY, [object()], "wrong-type", ".0"),
    (ANY, [b"bytes"], "wrong-type", ".0"),
    (ANY, 10**5000, "out-of-range", "."),
    (JOB, {"spec": {"titel": "a"}}, "unknown-field", ".spec"),
    (JOB, {"replicas": 2**31}, "out-of-range", ".replicas"),
    (JOB, {"tags": [None]}, "wrong-type", ".tags.0"),
    (JOB, [], "wrong-type", "."),
    (HTTP_BODY, {"extensions": []}, "response-only", ".extensions"),
    (HTTP_BODY, {"data": "dXQ"}, "bad-format", ".data"),
]


@pytest.mark.parametrize(
    ("schema", "value", "kind", "place"), REFUSED, ids=[f"{kind} at {place}" for *_, kind, place in REFUSED]
)
def test_what_is_no_value_is_refused_with_its_place(
    schema: Schema, value: Any, kind: str, place: str
) -> None:
    with pytest.raises(ArgumentErrors) as told:
        to_arguments(value, schema)
    (problem,) = told.value.problems
    assert problem.kind == kind
    assert f"(at '{place}')" in str(problem)


def test_everything_that_is_refused_is_told_at_once() -> None:
    with pytest.raises(ArgumentErrors) as told:
        to_arguments({"title": 1, "tags": ["a", 2], "nosuch": "CANARY"}, JOB)
    assert sorted(each.kind for each in told.value.problems) == ["unknown-field", "wrong-type", "wrong-type"]
    assert "CANARY" not in str(told.value)


def test_the_deepest_value() -> None:
    assert build(ANY, to_arguments(nested(64))).value == nested(64)
    with pytest.raises(ArgumentErrors) as told:
        to_arguments(nested(65))
    assert [each.kind for each in told.value.problems] == ["limit"]


# --- how long it takes -----------------------------------------------------------------------------------


def jobs(number: int) -> Json:
    """Six leaves each."""
    return [
        {
            "name": f"n{each}",
            "spec": {"image": "x", "tags": ["a", "b"], "ports": {"http": str(each), "x": True}},
        }
        for each in range(number)
    ]


def calls(value: Json) -> int:
    """How many calls the way back makes."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        to_arguments(value)
    finally:
        sys.setprofile(before)
    return made


def test_ten_thousand_leaves() -> None:
    value = jobs(1667)
    assert build(ANY, to_arguments(value)).value == value


@pytest.mark.parametrize(
    "made", [jobs, lambda n: [f"{each}" for each in range(n)], lambda n: {"a.b": jobs(n)}]
)
def test_the_work_grows_as_the_value_does(made: Callable[[int], Json]) -> None:
    to_arguments(made(1))
    assert calls(made(400)) < 4.1 * calls(made(100))


# --- programs that edit ----------------------------------------------------------------------------------


def test_what_was_edited_is_written_as_arguments() -> None:
    editor = (
        edit(JOB).set("title", "a").move(".spec").set("size", 7).append("tags", "x").put("labels", "k", "v")
    )
    assert editor.arguments == ["title=a", "spec", "size=7", "tags=x", "labels=k=v"]
    assert build(JOB, editor.arguments).value == editor.body.value


def test_bytes_that_were_edited_are_written_as_arguments() -> None:
    assert edit(HTTP_BODY).set("data", b"ut").arguments == ["data=ut"]


def test_mistakes_of_an_edit_are_told_instead_of_arguments() -> None:
    with pytest.raises(ArgumentErrors, match="edit 1: "):
        _ = edit(JOB).set("nosuch", 1).arguments


# --- the line of a shell ---------------------------------------------------------------------------------

SHOW = f"{sys.executable} -c 'import os, sys; os.write(1, b\"\\0\".join(map(os.fsencode, sys.argv[1:])))'"


def understood(shell: tuple[str, ...], words: list[str], folder: Path) -> list[str]:
    """The arguments that a program gets when `words` are typed behind it."""
    script = folder / "script"
    script.write_bytes(os.fsencode(f"{SHOW} {shell_line(words)}\n"))
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    child = subprocess.run([*shell, str(script)], capture_output=True, check=True, env=environment)
    assert not child.stderr
    return [os.fsdecode(word) for word in child.stdout.split(b"\0")]


def test_every_character_means_itself_to_every_shell(shell: tuple[str, ...], tmp_path: Path) -> None:
    letters = [os.fsdecode(bytes([each])) for each in range(1, 256)] + [
        "é",
        "\u2028",
        "日",
        "\U0001f600",
        "\ufeff",
    ]
    places = ["{}", "{}a", "a{}", "a{}b", "{0}{0}", "'{}", "\\{}", "{}\\", "{}'", "a={}", "={}", "{}="]
    words = ["", *(place.format(letter) for place in places for letter in letters)]
    assert understood(shell, words, tmp_path) == words


def test_arguments_pass_through_every_shell(
    shell: tuple[str, ...], bodies: list[Json], tmp_path: Path
) -> None:
    words = [word for body in bodies for word in to_arguments(body)]
    assert understood(shell, words, tmp_path) == words


def test_what_every_shell_leaves_alone_is_not_quoted() -> None:
    words = [".spec.+", "..", "name=nginx:1.2", "size:=-1.5e3", "data@=a/b_c", "labels/=a.b", "x=50%,a@b"]
    assert shell_line(words) == " ".join(words)


def test_quotes() -> None:
    assert shell_line(["a b", "it's", "a\\b", "=x", "%x", ""]) == r"'a b' 'it'\''s' 'a'\\'b' '=x' '%x' ''"


def test_no_command_line_holds_a_nul() -> None:
    with pytest.raises(ArgumentErrors) as told:
        shell_line(["a", "title=CANARY\0", "b\0"])
    assert [(each.kind, each.index) for each in told.value.problems] == [("bad-format", 1), ("bad-format", 2)]
    assert "CANARY" not in str(told.value)
