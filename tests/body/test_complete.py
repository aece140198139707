"""What can follow at the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest

from cursorkit import complete, explain, parse
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.json_schema import schema_of as of_document
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from cursorkit.schema.types import Schema

JOBS = Schemas(
    {
        "Job": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "description": "What it is called.\n\nIn one line."},
                "contentType": {"type": "string"},
                "titleBar": {"type": "boolean", "required": True},
                "state": {"type": "string", "enum": ["ON", "OFF", "ONCE"]},
                "states": {"type": "array", "items": {"type": "string", "enum": ["ON", "OFF"]}},
                "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
                "image": {"type": "string", "format": "byte"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "spec": {"$ref": "Spec"},
                "parts": {"type": "array", "items": {"$ref": "Spec"}},
                "sizes": {"type": "object", "additionalProperties": {"$ref": "Spec"}},
                "grid": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
                "extra": {"type": "any"},
                "next": {"$ref": "Job"},
            },
        },
        "Spec": {"type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "integer"}}},
    }
)
JOB = JOBS.named("Job")
assert STORE_INSTANCES.request is not None
HTTP_BODY = STORE_INSTANCES.request.schema


def texts(schema: Schema, words: list[str], partial: str) -> list[str]:
    return [each.text for each in complete(schema, words, partial)]


@pytest.mark.parametrize(
    ("words", "partial", "expected"),
    [
        # Names.
        ([], "ti", ["title=", "title-bar="]),
        ([], "s", ["state=", "states=", "spec", "spec.", "sizes", "sizes."]),
        ([], "spec.", ["spec.name=", "spec.n="]),
        ([], ".spec.na", [".spec.name="]),
        ([".spec"], "", ["name=", "n=", ":=", "@=", ".", ".."]),
        ([".spec"], "..sp", ["..spec", "..spec."]),
        ([".spec"], "..im", ["..image=", "..image@="]),
        ([], "spec..im", ["spec..image=", "spec..image@="]),
        ([], "nosuch", []),
        ([], "nosuch.", []),
        ([], "title.", []),
        # Where no name of the command line begins so, one on the wire.
        ([], "titleB", ["titleBar="]),
        ([], "next.contentT", ["next.contentType="]),
        # Operators, once a name is written out.
        ([], "title", ["title=", "title-bar=", "title:=", "title@="]),
        ([], "contentType", ["contentType=", "contentType:=", "contentType@="]),
        ([], "title:", ["title:="]),
        ([], "spec@", ["spec@="]),
        ([], "spec", ["spec", "spec.", "spec:=", "spec@="]),
        ([], "tags", ["tags=", "tags", "tags.", "tags:=", "tags@="]),
        ([], "sizes", ["sizes", "sizes.", "sizes:=", "sizes@=", "sizes/="]),
        ([], "extra", ["extra=", "extra", "extra.", "extra:=", "extra@=", "extra/="]),
        ([], "sizes/", ["sizes/="]),
        ([], ".:", [".:="]),
        ([".tags"], ":", [":="]),
        # Elements, entries and any JSON.
        ([], "tags.", ["tags.0=", "tags.+="]),
        (["tags=a", "tags=b"], "tags.", ["tags.2=", "tags.+="]),
        ([], "parts.", ["parts.0", "parts.0.", "parts.+", "parts.+."]),
        (["parts.+.n=1"], "parts.", ["parts.0", "parts.0.", "parts.1", "parts.1.", "parts.+", "parts.+."]),
        (["parts.+.n=1"], "parts.0.", ["parts.0.name="]),
        ([".parts.+", "n=1"], "", ["name=", ".", ".."]),
        ([".parts.+", "n=1"], "..+.", ["..+.name=", "..+.n="]),
        ([], "grid.+", ["grid.+=", "grid.+", "grid.+.", "grid.+:=", "grid.+@="]),
        (["sizes.big.n=1", "sizes/=a.b", "n=1"], ".sizes.", [".sizes.big", ".sizes.big."]),
        (["sizes.big.n=1", "sizes/=a.b", "n=1"], ".sizes/=", [".sizes/=big", ".sizes/=a.b"]),
        ([], "sizes.new", ["sizes.new", "sizes.new.", "sizes.new:=", "sizes.new@="]),
        ([], "flags.new", ["flags.new=", "flags.new:=", "flags.new@="]),
        (["flags=a=true"], "flags.", []),
        (["extra.a.b=1"], "extra.", ["extra.a", "extra.a."]),
        (["extra.a.b=1"], "extra", ["extra", "extra.", "extra/="]),
        (["extra.0.b=1"], "extra.", ["extra.0", "extra.0.", "extra.1=", "extra.+="]),
        (["extra.0.b=1"], "extra.x", []),
        (["extra.a=1"], "extra.+", []),
        # Values.
        ([], "state=", ["state=ON", "state=OFF", "state=ONCE"]),
        ([], "state=ON", ["state=ON", "state=ONCE"]),
        ([], "state:=", ['state:="ON"', 'state:="OFF"', 'state:="ONCE"', "state:=null"]),
        ([], "title-bar=", ["title-bar=true", "title-bar=false"]),
        ([], "title-bar:=t", ["title-bar:=true"]),
        ([], "states=", ["states=ON", "states=OFF"]),
        (["states=ON"], "states=", ["states=ON", "states=OFF"]),
        ([], "states.+=", ["states.+=ON", "states.+=OFF"]),
        ([], "flags=", []),
        ([], "flags=a.b=", ["flags=a.b=true", "flags=a.b=false"]),
        (["flags=a=true"], "flags=a=", []),
        ([], "flags.a=", ["flags.a=true", "flags.a=false"]),
        ([], "title=", []),
        ([], "title=sta", []),
        ([], "spec:=", ["spec:=null", "spec:={}"]),
        ([], "parts.+:=", ["parts.+:={}"]),
        ([], "extra:=", ["extra:=null", "extra:={}", "extra:=[]"]),
        ([], "image@=", []),
        ([], "=", []),
        ([], "spec.=", []),
        ([], "spec/=", ["spec/=name", "spec/=n"]),
        ([], "spec=", []),
        # What is set already.
        (["title=a"], "ti", ["title-bar="]),
        (["title=a"], "title", ["title-bar="]),
        (["spec.n=1"], "spec", ["spec", "spec."]),
        (["spec.n=1"], "spec:=", []),
        (["spec.n=1", "spec.name=a"], "spec", []),
        (["spec:={}"], "spec", []),
        (["spec:={}"], "spec.", []),
        ([".spec", ".spec:={}"], "", [".", ".."]),
        (["tags:=[]"], "tags", []),
        ([".:={}"], "", []),
        (
            ["spec/=n", ":=1"],
            "",
            [
                ".",
                "..",
            ],
        ),
        (["image@=f"], "im", []),
        # After mistakes.
        (["....."], "", ["."]),
        (["....."], "ti", []),
        (["....."], ".ti", [".title=", ".title-bar="]),
        (["nosuch"], "", [".", ".."]),
        (["nosuch"], "..ti", ["..title=", "..title-bar="]),
        (["titel=a", "title=b"], "ti", ["title-bar="]),
    ],
)
def test_candidates(words: list[str], partial: str, expected: list[str]) -> None:
    assert texts(JOB, words, partial) == expected


@pytest.mark.parametrize(
    ("words", "partial", "expected"),
    [
        ([], "", []),
        ([], ".", []),
        (["next"], "", [".", ".."]),
        (["next.next.next"], "", [".", ".."]),
        (["next.next"], ".", [".", ".."]),
        (["next.next"], "..", ["..", "..."]),
        (["next.next"], "...", ["..."]),
        (["next.next"], "....", []),
        (["next.nosuch"], "..", ["..", "..."]),
        (["....."], "", ["."]),
        (["....."], ".", ["."]),
        (["title.x"], "", ["."]),
    ],
)
def test_moves_of_dots_that_lead_somewhere(words: list[str], partial: str, expected: list[str]) -> None:
    found = [each for each in complete(JOB, words, partial) if not each.text.strip(".")]
    assert [each.text for each in found] == expected
    assert all(each.complete for each in found)


def described(partial: str, words: tuple[str, ...] = (), schema: Schema = JOB) -> dict[str, tuple[str, bool]]:
    return {each.text: (each.description, each.complete) for each in complete(schema, words, partial)}


def test_what_should_not_be_set_is_told() -> None:
    fields = {
        "etag": {"type": "string", "readOnly": True, "description": "What it is now."},
        "old": {"type": "boolean", "readOnly": True, "deprecated": True},
    }
    schema = Schemas({"A": {"type": "object", "properties": fields}}).named("A")
    told = described("", schema=schema)
    assert told["etag="][0] == "string, read-only: What it is now."
    assert told["old="][0] == "boolean, read-only, deprecated"


def test_a_candidate_has_a_type_a_word_of_its_field_and_tells_whether_more_must_follow() -> None:
    assert described("title") == {
        "title=": ("string: What it is called. In one line.", False),
        "title:=": ("string as JSON: What it is called. In one line.", False),
        "title@=": ("string from a file: What it is called. In one line.", False),
        "title-bar=": ("boolean, required", False),
    }
    assert described("parts") == {
        "parts": ("list of Spec, move into it", True),
        "parts.": ("list of Spec", False),
        "parts:=": ("list of Spec as JSON", False),
        "parts@=": ("list of Spec from a file", False),
    }
    assert described("flags")["flags="] == ("map of booleans, key=value", False)
    assert described("state=O")["state=ON"] == ("string", True)
    assert described("sizes")["sizes/="] == ("map of Spec, move to a key of it", False)
    assert described("..", (".next.parts",))[".."] == ("move to .next (Job)", True)


def test_a_description_is_one_line_that_says_nothing_to_a_terminal() -> None:
    told = "a\x1b[31m\n\n" + "long " * 1_000
    schema = Object("Root", lambda: [Field("a", "a", "a", Scalar("string"), description=told)])
    ((text, (description, _)),) = (
        (key, value) for key, value in described("a", schema=schema).items() if key == "a="
    )
    assert len(description) == 100
    assert description.isprintable()
    assert (text, description[:20]) == ("a=", "string: a\\x1b[31m lo")


def test_a_program_can_be_completed_as_well_as_words() -> None:
    assert complete(JOB, parse([".spec"]), "n") == complete(JOB, iter([".spec"]), "n")


def test_what_only_answers_carry_is_not_offered() -> None:
    assert texts(HTTP_BODY, [], "") == ["content-type=", "data=", "data@=", ":=", "@="]
    assert texts(HTTP_BODY, [], "ext") == []
    assert texts(HTTP_BODY, [], "extensions") == []
    assert texts(HTTP_BODY, ["data@=f", "content-type=a/b"], "") == []


def test_attrs_classes_are_completed_too() -> None:
    @attrs.frozen
    class Alarm:
        call_first: list[str]
        loud: bool = False

    assert texts(schema_of(Alarm), [], "") == ["call-first=", "loud=", ":=", "@="]
    assert texts(schema_of(Alarm), [], "call_first") == [
        "call_first=",
        "call_first",
        "call_first.",
        "call_first:=",
        "call_first@=",
    ]


ODD = Object(
    "Odd",
    lambda: [
        Field(name, name, name, Scalar("string"), description=name)
        for name in ("a.b", "c=d", "e:", "f@", "g/", "", "+", "0", "..", "日 本", "plain")
    ],
)


def test_names_that_no_path_can_spell_are_reached_by_their_keys() -> None:
    assert texts(ODD, [], "") == ["+=", "0=", "日 本=", "plain=", ":=", "@=", "/="]
    assert texts(ODD, [], "/=") == [
        f"/={name}" for name in ("a.b", "c=d", "e:", "f@", "g/", "", "+", "0", "..", "日 本", "plain")
    ]
    assert texts(ODD, ["/=g/"], ":") == [":="]


def test_of_two_fields_for_one_name_each_keeps_a_name_of_its_own() -> None:
    schema = Object(
        "Twins",
        lambda: [Field("a", "wireA", "p", Scalar("string")), Field("a", "wireB", "q", Scalar("boolean"))],
    )
    assert texts(schema, [], "") == ["wireA=", "a=", ":=", "@="]
    assert explain(schema, ["wireA=x", "a=true"]).problems == ()


B = Object(
    "B", lambda: [Field("s", "s", "s", Scalar("string")), Field("t", "t", "t", List(Scalar("string")))]
)
A = Object(
    "A",
    lambda: [
        Field("s", "s", "s", Scalar("string", enum=("ON", "OFF"))),
        Field("long-name", "longName", "long_name", Scalar("integer")),
        Field("b", "b", "b", Any((B, Scalar("boolean")))),
        Field("no", "no", "no", Scalar("string"), refusal="never"),
    ],
)
UNION = Object(
    "Root",
    lambda: [
        Field("u", "u", "u", Any((JOBS.named("Spec"), Scalar("boolean"), Scalar("integer")))),
        Field("v", "v", "v", Any((Scalar("string", enum=("A", "B")), Scalar("boolean")))),
        Field("w", "w", "w", Any((A, B, List(Any((A, Map(Scalar("string"))))), Scalar("bytes")))),
    ],
)


def test_values_of_several_kinds() -> None:
    assert texts(UNION, [], "u") == ["u", "u.", "u:=", "u@="]
    assert texts(UNION, [], "u.") == ["u.name=", "u.n:="]
    assert texts(UNION, [], "u.n") == ["u.name=", "u.n:=", "u.n@="]
    assert texts(UNION, [], "u.nosuch") == []
    assert texts(UNION, [], "u:=") == ["u:=true", "u:=false", "u:=null", "u:={}"]
    assert texts(UNION, [], "v=") == ["v=A", "v=B"]
    assert texts(UNION, [], "w") == ["w=", "w@=", "w", "w.", "w:="]
    assert texts(UNION, [], "w.") == [
        "w.s=",
        "w.longName:=",
        "w.b",
        "w.b.",
        "w.t",
        "w.t.",
        "w.0",
        "w.0.",
        "w.+",
        "w.+.",
    ]
    assert texts(UNION, ["w.s=OFF"], "w.") == ["w.longName:=", "w.b", "w.b.", "w.t", "w.t."]
    assert texts(UNION, ["w.s=other"], "w.") == ["w.t", "w.t."]
    assert texts(UNION, ["w.longName:=1"], "w.") == ["w.s=", "w.b", "w.b."]
    assert texts(UNION, ["w.longName:=1"], "w.s=") == ["w.s=ON", "w.s=OFF"]
    assert texts(UNION, ["w.+.k=1"], "w.") == ["w.0", "w.0.", "w.1", "w.1.", "w.+", "w.+."]
    assert texts(UNION, ["w.+.k=1"], "w.0.") == []
    assert texts(UNION, ["w.b.t.+=x"], "w.b.") == ["w.b.s=", "w.b.t", "w.b.t."]
    assert texts(UNION, [], "w.b=") == []
    assert texts(UNION, [], "w.b:=") == ["w.b:=true", "w.b:=false", "w.b:={}"]
    assert texts(UNION, ["w.s@=f"], "w.") == ["w.longName:=", "w.b", "w.b.", "w.t", "w.t."]
    assert texts(UNION, [], "v:=") == ['v:="A"', 'v:="B"', "v:=true", "v:=false", "v:=null"]


def test_a_structure_in_which_all_is_set_leads_nowhere() -> None:
    outer = Object("Outer", lambda: [Field("spec", "spec", "spec", JOBS.named("Spec"))])
    root = Object("Root", lambda: [Field("outer", "outer", "outer", outer)])
    assert texts(root, ["outer.spec.n=1"], "") == ["outer", "outer."]
    assert texts(root, ["outer.spec.n=1", "outer.spec.name=a"], "") == []


def test_an_operator_is_not_the_end_of_a_name() -> None:
    assert "a:=" in texts(Any(), [], "a:")
    assert "a:=" not in texts(Any(), ["a=1"], "a:")


def test_a_list_has_no_keys() -> None:
    assert "/=" in texts(Any(), ["a=1"], "")
    assert "/=" not in texts(Any(), ["0=1"], "")


def test_an_element_that_can_be_no_list_any_more_takes_nothing() -> None:
    assert texts(JOB, [".extra.+", ".extra.a=x"], "") == [".", ".."]


def test_other_roots() -> None:
    assert texts(Scalar("boolean"), [], ".") == [".=", ".:=", ".@="]
    assert texts(Scalar("boolean"), [], ".=") == [".=true", ".=false"]
    assert texts(Scalar("boolean"), [".=true"], ".") == []
    assert texts(List(Scalar("integer")), [".=1"], "") == ["1=", "+="]
    assert texts(Map(Scalar("string")), [], "") == [":=", "@=", "/="]
    assert texts(Any(), [], "") == ["0=", "+=", ":=", "@=", "/="]


def test_nothing_leads_below_the_deepest_place() -> None:
    deep = "next." * 64
    assert "title=" in texts(JOB, [deep[:-6]], "")
    assert {"title=", "next"} <= {*texts(JOB, [deep[:-6]], "")}
    assert "next." not in texts(JOB, [deep[:-6]], "")
    assert texts(JOB, [deep[:-1]], "") == [":=", "@=", ".", ".."]
    assert texts(JOB, [deep[:-1]], "/=") == []
    assert texts(JOB, [deep[:-1]], "title") == []


def test_a_full_list_of_arguments_takes_no_more() -> None:
    assert texts(JOB, ["."] * 99_999, "ti") == ["title=", "title-bar="]
    assert texts(JOB, ["."] * 100_000, "ti") == []


def test_long_lists_take_time_in_proportion() -> None:
    # A quadratic pass over these would take longer than anybody waits.
    words = [word for index in range(10_000) for word in (f"extra.k{index}.a=1", f"flags=k{index}=true")]
    assert {f"extra.k{index}" for index in range(10_000)} <= {*texts(JOB, words, "extra.k")}
    assert texts(JOB, words, "extra.k9999.") == []


def test_values_that_a_rule_lists_are_offered() -> None:
    schema = of_document(
        {
            "properties": {
                "level": {"type": "integer", "enum": [1, 20]},
                "mode": {"enum": ["on", 5, None, {"k": [1]}]},
                "kind": {"const": "job"},
                "marks": {"additionalProperties": {"enum": [1, 2], "type": "integer"}},
            }
        }
    )
    assert texts(schema, [], "level=") == ["level=1", "level=20"]
    assert texts(schema, [], "level:=") == ["level:=1", "level:=20"]
    assert texts(schema, [], "mode=") == ["mode=on"]
    assert {*texts(schema, [], "mode:=")} == {'mode:="on"', "mode:=5", "mode:=null", 'mode:={"k":[1]}'}
    assert texts(schema, [], "kind=") == ["kind=job"]
    assert texts(schema, [], "marks=a=") == ["marks=a=1", "marks=a=2"]


def test_kinds_that_hold_each_other_are_no_more_the_deeper_they_are_asked_for() -> None:
    """If each kind brought all of them once more, this would take for ever."""

    def kind(own: str) -> Object:
        return Object(own, lambda: [field("parts", List(expression)), field(own, Scalar("string"))])

    def field(name: str, schema: Schema) -> Field:
        return Field(name, name, name, schema)

    expression = Any(tuple(map(kind, ("left", "right", "of"))))
    assert texts(expression, [".".join(["parts.+"] * 30)], "le") == ["left="]
