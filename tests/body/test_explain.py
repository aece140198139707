"""Explanations: what each argument does, as data, as a table and as a tree."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cursorkit import Cursor, explain, parse
from cursorkit.files import Files
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from pathlib import Path


POLICY = Schemas(
    {
        "Policy": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "maxAge": {"type": "string", "format": "google-duration"},
                "token": {"type": "string", "secret": True},
                "image": {"type": "string", "format": "byte"},
                "n": {"type": "integer"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "sizes": {"type": "object", "additionalProperties": {"$ref": "Policy"}},
                "tags": {"type": "array", "items": {"type": "string"}},
                "items": {"type": "array", "items": {"$ref": "Policy"}},
                "parent": {"$ref": "Policy"},
                "extra": {"type": "any"},
            },
        }
    }
).named("Policy")
assert STORE_INSTANCES.request is not None
HTTP_BODY = STORE_INSTANCES.request.schema


TABLE = """\
   argument          cursor                      effect                  extensions
1  title=outer       .                           title = "outer"
2  labels=team=blue  .                           labels.team = "blue"
3  .items.+          . → .items.+                                        element
4  max-age=soon      .items.+                    bad-format
5  ..+               .items.+ → .items.+                                 element
6  title=b           .items.+                    items[1].title = "b"
7  /=maxAge          .items.+ → .items.+.maxAge                          key
8  :="1s"            .items.+.maxAge             items[1].maxAge = "1s"  json

error: argument 4: a duration in seconds is expected, such as 1.5s
    .items.+ max-age=soon
                     ^^^^
    cursor: .items.+ (Policy)"""


def test_the_table() -> None:
    words = ["title=outer", "labels=team=blue", ".items.+", "max-age=soon", "..+", "title=b", "/=maxAge"]
    explained = explain(POLICY, [*words, ':="1s"'])
    assert str(explained) == explained.text == TABLE


TREE = """\
. (Policy)
├─ title: "outer"    ← 1
├─ labels
│  └─ "a.b": "1"     ← 2
├─ items
│  ├─ [0]
│  │  └─ title: "x"  ← 4
│  └╌ [+]            ◀ cursor
└─ extra
   └─ a
      ├─ [0]: true   ← 6
      └─ [1]: {}     ← 6"""


def test_the_tree() -> None:
    words = [
        "title=outer",
        "labels=a.b=1",
        ".items.+",
        "title=x",
        "..+",
        '.extra:={"a":[true,{}]}',
        ".items.+",
    ]
    assert explain(POLICY, words).tree == TREE


def test_a_table_of_what_is_right_has_a_line_for_each_argument() -> None:
    assert (
        explain(POLICY, ["n=1"]).text == "   argument  cursor  effect  extensions\n1  n=1       .       n = 1"
    )
    assert explain(POLICY, []).text == "  argument  cursor  effect  extensions"


def test_a_mistake_moves_no_cursor() -> None:
    line = explain(POLICY, ["tags=a", "tags.0=b"]).text.splitlines()[2]
    assert line.split() == ["2", "tags.0=b", ".", "duplicate", "element"]


def test_rows_are_data() -> None:
    first, second, third = explain(POLICY, [".parent", "n=3", ".nosuch"]).rows
    assert (first.index, first.argument, first.effect) == (0, ".parent", None)
    assert (first.before, first.after) == (Cursor(), Cursor(("parent",)))
    assert second.effect is not None
    assert (second.effect.place, second.effect.content) == (("parent", "n"), "3")
    assert (second.before, second.after) == (Cursor(("parent",)), Cursor(("parent",)))
    assert [problem.kind for problem in third.problems] == ["unknown-field"]
    assert third.effect is None


def test_a_program_can_be_explained_as_well_as_words() -> None:
    words = ["title=a", "nosuch=b"]
    assert explain(POLICY, parse(words)) == explain(POLICY, iter(words))


@pytest.mark.parametrize(
    ("word", "extensions"),
    [
        ("title=a", ()),
        ("title=", ("empty",)),
        ("tags.0=a", ("element",)),
        ("sizes.a.n=1", ("entry",)),
        ("extra=a", ("any",)),
        ("extra.a.+=b", ("any", "any", "any")),
        ("labels/=a", ("key",)),
        ("n:=1", ("json",)),
        ("n@=f", ("file",)),
        ("items.+.sizes.a.n:=1", ("element", "entry", "json")),
    ],
)
def test_the_extensions_that_an_argument_uses(word: str, extensions: tuple[str, ...]) -> None:
    (row,) = explain(POLICY, [word]).rows
    assert row.extensions == extensions


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        ([], [". (Policy)  ◀ cursor"]),
        ([".parent.items.+"], [". (Policy)", "└╌ parent", "   └╌ items", "      └╌ [+]  ◀ cursor"]),
        ([".items.0"], [". (Policy)", "└╌ items", "   └╌ [0]  ◀ cursor"]),
        ([".nosuch.at.all"], [". (Policy)", "└╌ nosuch", "   └╌ at", "      └╌ all  ◀ cursor"]),
        (["title", "n=1"], [". (Policy)", "└╌ title  ◀ cursor"]),
        (["/=title", ':="a"'], [". (Policy)", '└─ title: "a"  ← 2  ◀ cursor']),
        ([".items.+", "n=1"], [". (Policy)", "└─ items", "   └─ [0]    ◀ cursor", "      └─ n: 1  ← 2"]),
        (
            [".items.+", ".items:=[{}]"],
            [". (Policy)", "└─ items", "   ├─ [0]: {}  ← 2", "   └╌ [+]      ◀ cursor"],
        ),
        (["n=1", "......", "title=a"], [". (Policy)  ◀ cursor", "└─ n: 1     ← 1"]),
        ([".sizes/=+"], [". (Policy)", "└╌ sizes", '   └╌ "+"  ◀ cursor']),
        (["sizes:={}", "sizes.a.n=1"], [". (Policy)   ◀ cursor", "└─ sizes: {}  ← 1"]),
    ],
)
def test_where_the_cursor_stands_in_the_tree(words: list[str], drawn: list[str]) -> None:
    def squeezed(line: str) -> list[str]:
        return line.split()

    assert [*map(squeezed, explain(POLICY, words).tree.splitlines())] == [*map(squeezed, drawn)]


def test_a_scalar_and_a_list_at_the_root() -> None:
    assert explain(Scalar("integer"), [".=3"]).tree == ". (integer): 3  ← 1  ◀ cursor"
    assert (
        explain(List(Scalar("integer")), [".=3"]).tree
        == ". (list of integers)  ◀ cursor\n└─ [0]: 3             ← 1"
    )
    assert [problem.kind for problem in explain(Scalar("integer"), []).problems] == ["nothing-set"]


# --- what stays private, what stays closed ------------------------------------------------------------------


PRIVATE = [
    "token=CANARY",
    'parent:={"token":"CANARY","image":"Q0FOQVJZ","title":"seen"}',
    'items:=[{"sizes":{"a":{"token":"CANARY"}}}]',
    "image=Q0FOQVJZ",
    "nosuch=CANARY",
    "title.x=CANARY",
    "token.x=CANARY",
    "image=CANARY",
    "n:={CANARY",
    "token=CANARY",
    "......",
    "a=CANARY",
]


def test_private_values_are_described_and_never_shown() -> None:
    explained = explain(POLICY, PRIVATE)
    for told in (explained.text, explained.tree, repr(explained), repr(explained.rows)):
        assert "CANARY" not in told.replace("n:={CANARY", "")
        assert "Q0FOQVJZ" not in told
    assert [row.effect and row.effect.content for row in explained.rows[:4]] == [
        "…",
        '{"token": …, "image": 6 bytes, "title": "seen"}',
        '[{"sizes": {"a": {"token": …}}}]',
        "6 bytes",
    ]


@pytest.mark.parametrize(
    "words", [["u.image=CANARY="], ['u:={"image":"CANARY=="}'], ["u.image=CANARY=", "u=CANARY"]]
)
def test_a_value_of_several_kinds_is_private_if_one_of_them_holds_bytes(words: list[str]) -> None:
    image = Object("Image", lambda: [Field("image", "image", "image", Scalar("bytes"))])
    schema = Object("Root", lambda: [Field("u", "u", "u", Any((image, Scalar("boolean"))))])
    explained = explain(schema, words)
    assert "CANARY" not in explained.text + explained.tree + repr(explained)


def test_a_raw_body_is_told_by_its_size() -> None:
    (_, row) = explain(HTTP_BODY, ["content-type=a/b", "data=CANARY"]).rows
    assert (row.argument, row.effect and row.effect.content) == ("data=…", "6 bytes")
    assert [advice.kind for advice in explain(HTTP_BODY, ["content-type=x"]).rows[0].advice] == [
        "not-a-media-type"
    ]
    assert (
        "warning: argument 1: the content type is no media type"
        in explain(HTTP_BODY, ["content-type=x"]).text
    )


def test_no_file_is_opened_and_no_standard_input() -> None:
    words = ["image@=/no/such/file", ".items.+", "extra@=-", "title@=-", ".items.1.extra:=1", ".tags@=/no"]
    explained = explain(POLICY, words)
    assert explained.problems == ()
    assert [row.effect.content for row in explained.rows if row.effect is not None] == [
        'the contents of "/no/such/file"',
        'the contents of "-"',
        'the contents of "-"',
        "1",
        'the contents of "/no"',
    ]
    assert [problem.kind for problem in explain(POLICY, ["n@="]).problems] == ["empty-value"]


def test_files_are_read_where_the_host_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("7")
    words = [f"n@={tmp_path / 'f'}", f"image@={tmp_path / 'f'}", f"title@={tmp_path / 'no'}"]
    explained = explain(POLICY, words, files=Files(print))
    assert [row.effect and row.effect.content for row in explained.rows] == ["7", "1 byte", None]
    assert [problem.kind for problem in explained.problems] == ["no-file"]
    (row,) = explain(HTTP_BODY, [f"data@={tmp_path / 'f'}"], files=Files(print)).rows
    assert row.effect is not None
    assert row.effect.content == "1 byte"


def test_a_source_that_cannot_be_measured_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    files = Files(print)
    source = files(str(path))
    path.unlink()
    (row,) = explain(HTTP_BODY, ["data@=pipe"], files=lambda _name: source).rows
    assert row.effect is not None
    assert "No such file" in row.effect.content


def test_what_is_not_read_cannot_be_judged_as_a_whole(tmp_path: Path) -> None:
    alternatives = Any(
        (Object("Point", lambda: [Field("x", "x", "x", Scalar("integer"))]), Scalar("boolean"))
    )
    schema = Object(
        "Root", lambda: [Field("u", "u", "u", alternatives), Field("rest", "rest", "rest", Map(Any()))]
    )
    assert [problem.kind for problem in explain(schema, ["u.y=1"]).problems] == ["unknown-field"]
    assert explain(schema, ["u.x:=1", "rest@=f"]).problems == ()
    assert explain(schema, ["u@=f"]).problems == ()


# --- how it is drawn ----------------------------------------------------------------------------------------


def test_an_extension_is_named_once_in_a_row() -> None:
    (_head, row) = explain(Any(), ["a.b.+=c"]).text.splitlines()
    assert row.endswith('  a.b[0] = "c"  any')


WIDTHS = {"title=日本語": 12, "labels=한=e\u0301": 11, "labels=\u1112\u1161\u11ab=a\ufe0f": 11, "n=1": 3}
"""How many columns of a terminal arguments take; the Korean syllable is written whole, and in its parts."""


def test_wide_characters_and_marks_keep_the_columns() -> None:
    head, *rows = explain(POLICY, WIDTHS).text.splitlines()
    for number, (row, (word, taken)) in enumerate(zip(rows, WIDTHS.items(), strict=True), 1):
        blanks = " " * (head.index("cursor") - 3 - taken)
        assert row.startswith(f"{number}  {word}{blanks}. ")


def test_nothing_speaks_to_a_terminal() -> None:
    words = ["title=\x1b[31m\u202e\x07", "labels=\x9b\n=\r", ".sizes/=\x1b]0;x\x07", "n=1", "nosuch\x1b=1"]
    explained = explain(POLICY, words)
    for text in (explained.text, explained.tree):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert len(text.splitlines()) == text.count("\n") + 1


def test_a_long_value_is_cut_to_a_line() -> None:
    value = json.dumps({"a" * 100_000: ["日" * 100_000] * 50})
    explained = explain(
        POLICY, [f"extra:={value}", f"title={'x' * 100_000}", f"labels={'e' + chr(0x301) * 9_999}=1"]
    )
    assert max(len(row.effect.content) for row in explained.rows if row.effect) <= 200
    assert max(map(len, (explained.text + explained.tree).splitlines())) < 1_000
    assert explained.text.splitlines()[3].split()[1].endswith("…")


def test_a_deep_body_still_shows_its_leaf() -> None:
    drawn = explain(POLICY, ["parent." * 63 + "title=leaf"]).tree.splitlines()
    assert drawn[-1].endswith('title: "leaf"  ← 1')


def test_too_many_arguments_are_a_problem() -> None:
    explained = explain(POLICY, ["."] * 100_001)
    assert len(explained.rows) == 100_000
    assert [problem.kind for problem in explained.problems] == ["limit"]
