"""What holds for every explanation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, build, explain
from cursorkit.body.values import no_files
from cursorkit.schema.discovery import Schemas

if TYPE_CHECKING:
    from cursorkit import Body
    from cursorkit.body.explain import Node
    from cursorkit.schema.types import Content

VECTORS = Path(__file__).resolve().parents[2] / "grammar" / "vectors" / "extensions.json"
JOB = Schemas(json.loads(VECTORS.read_text(encoding="utf-8"))["schemas"]).named("Job")

NAMES = st.sampled_from(
    [*("title", "contentType", "image", "replicas", "wait", "labels", "weights", "tags", "spec", "parts")]
    + [*("extra", "name", "next", "nosuch", "0", "1", "+", "a", "日")]
)
PATHS = st.builds(
    lambda lead, names, last: lead + ".".join(names) + last,
    st.sampled_from(["", "", ".", "..", "..."]),
    st.lists(NAMES, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "..", "."]),
)
VALUES = st.sampled_from(["1", "k=v", "", "AAEC", "1s", "x", "=", "null", "{}", "[]", '{"a":[1]}', '"s"'])
WORDS = st.lists(
    PATHS
    | st.builds(
        "{}{}{}".format,
        PATHS | st.sampled_from(["", "."]),
        st.sampled_from(["=", "=", ":=", "@=", "/="]),
        VALUES,
    )
    | st.text(max_size=6),
    max_size=9,
)


def attempt(words: list[str]) -> Body | ArgumentErrors:
    try:
        return build(JOB, words)
    except ArgumentErrors as errors:
        return errors


def nodes(node: Node, place: tuple[str | int | None, ...] = ()) -> dict[tuple[str | int | None, ...], Node]:
    """Every node, by its place."""
    below = [nodes(part, (*place, part.name)) for part in node.parts]
    return {place: node} | {key: inner for each in below for key, inner in each.items()}


def leaves(content: Content, place: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], str]:
    """Every value without parts, as JSON, by its place."""
    parts: list[tuple[str | int, Content]] = []
    if isinstance(content, dict):
        parts = [*content.items()]
    elif isinstance(content, list):
        parts = [*enumerate(content)]
    if not parts:
        return {place: json.dumps(content, ensure_ascii=False)}
    return {key: leaf for step, part in parts for key, leaf in leaves(part, (*place, step)).items()}


def columns(text: str) -> int:
    """Of text without marks."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


@settings(max_examples=500)
@given(WORDS)
def test_an_explanation_tells_what_build_tells(words: list[str]) -> None:
    explained, built = explain(JOB, words, files=no_files), attempt(words)
    assert [row.argument.split("=")[0] for row in explained.rows] == [word.split("=")[0] for word in words]
    if isinstance(built, ArgumentErrors):
        assert explained.problems == built.problems
    else:
        assert explained.problems == ()
        assert explained.cursor == built.cursor
    told = [problem for row in explained.rows for problem in row.problems]
    assert told == [*explained.problems]
    for before, after in zip(explained.rows, explained.rows[1:], strict=False):
        assert before.after == after.before


@settings(max_examples=500)
@given(WORDS)
def test_the_tree_is_the_body(words: list[str]) -> None:
    right = [word for word, row in zip(words, explain(JOB, words).rows, strict=True) if not row.problems]
    body, explained = attempt(right), explain(JOB, right)
    if isinstance(body, ArgumentErrors):
        return
    found = {place: node for place, node in nodes(explained.body).items() if node.content}
    expected = leaves(body.content) if body.origins else {}
    assert {place: node.origin for place, node in found.items()} == {
        place: body.origin(place) for place in expected
    }
    private = {place for place in expected if "image" in place}
    assert {place: node.content for place, node in found.items() if place not in private} == {
        place: leaf for place, leaf in expected.items() if place not in private
    }


@settings(max_examples=500)
@given(WORDS)
def test_the_cursor_stands_once_and_where_it_stands(words: list[str]) -> None:
    explained = explain(JOB, words)
    (place,) = [place for place, node in nodes(explained.body).items() if node.cursor]
    assert len(place) == len(explained.cursor.names)
    for name, step in zip(explained.cursor.names, place, strict=True):
        assert step is None or isinstance(step, int) or step == name
        assert step is not None or name == "+"
    assert explained.tree.count("◀ cursor") == 1


@settings(max_examples=300)
@given(WORDS)
def test_every_line_can_be_printed_and_the_notes_are_aligned(words: list[str]) -> None:
    explained = explain(JOB, words)
    assert all(char.isprintable() or char == "\n" for char in explained.text + explained.tree)
    drawn = explained.tree.splitlines()
    assert len(drawn) == len(nodes(explained.body))
    notes = {columns(line[: min(at)]) for line in drawn if (at := [line.find(m) for m in "←◀" if m in line])}
    assert len(notes) == 1
