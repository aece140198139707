"""What holds for every completion."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import complete, explain
from cursorkit.methods import STORE_INSTANCES
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit import Candidate
    from cursorkit.schema.types import Schema

VECTORS = Path(__file__).resolve().parents[2] / "grammar" / "vectors" / "extensions.json"
KNOWN = Schemas(json.loads(VECTORS.read_text(encoding="utf-8"))["schemas"])
JOB, SHAPES, SPEC = map(KNOWN.named, ("Job", "Shapes", "Spec"))
assert STORE_INSTANCES.request is not None
HTTP_BODY = STORE_INSTANCES.request.schema


def structure(fields: dict[str, Schema]) -> Object:
    return Object("Root", lambda: [Field(name, name, name, schema) for name, schema in fields.items()])


ODD = structure(
    dict.fromkeys(("a.b", "c=d", "e:", "f@", "g/", "", "+", "0", "日 本", "plain"), Scalar("string"))
)
CHOICE = Scalar("string", enum=("ON", "OFF"))
INNER = structure({"s": CHOICE, "n": Scalar("integer"), "b": Any((SPEC, Scalar("boolean")))})
UNION = structure(
    {
        "u": Any((INNER, structure({"s": Scalar("string"), "t": List(Scalar("string"))}), Scalar("bytes"))),
        "v": Any((CHOICE, List(Any((INNER, Map(Scalar("string"))))))),
    }
)
ROOTS = (Any(), List(JOB), Map(Any()), CHOICE, Scalar("boolean"), List(Any()), List(Map(Scalar("integer"))))

NAMES = st.sampled_from(
    [*("title", "contentType", "state", "code", "image", "tags", "labels", "spec", "parts", "extra", "next")]
    + [
        *(
            "grid",
            "sizes",
            "width",
            "name",
            "u",
            "u",
            "v",
            "v",
            "s",
            "t",
            "b",
            "n",
            "nosuch",
            "0",
            "1",
            "+",
            "a",
        )
    ]
)
PATHS = st.builds(
    lambda lead, names, last: lead + ".".join(names) + last,
    st.sampled_from(["", "", ".", "..", "..."]),
    st.lists(NAMES, max_size=4),
    st.sampled_from(["", "", "", "..", "."]),
)
SIGNS = st.sampled_from(["=", "=", ":=", "@=", "/="])
VALUES = st.sampled_from(
    ["1", "k=true", "", "AAEC", "ON", "null", "{}", "[]", '{"a":[1]}', '"s"', "name", "ab"]
)
WORDS = PATHS | st.builds("{}{}{}".format, PATHS, SIGNS, VALUES) | st.text(".=+:@/at0", max_size=6)
SCHEMAS = st.sampled_from([JOB, JOB, SHAPES, UNION, UNION, ODD, HTTP_BODY, *ROOTS])

SAMPLES = {
    "=": ["1", "fresh=1", "true", "ON", "AAEC", "ab", "2026-01-31T12:30:00Z", "1s", "a/b"],
    "@=": ["f"],
    "/=": ["k", "name", "title", "u", "plain", "data", "grid"],
    ":=": ["{}", "[]", "1", "true", '"ON"', '"1"', '"AAEC"', '"ab"', '"2026-01-31T12:30:00Z"', '"1s"'],
    ".": ["fresh", "fresh=1"],
}
"""What can follow an incomplete candidate, by its end: some of it has to fit."""


def kinds(schema: Schema, words: list[str]) -> Counter[str]:
    return Counter(each.kind for each in explain(schema, words).problems if each.kind != "nothing-set")


@settings(max_examples=600, deadline=None)
@given(SCHEMAS, st.lists(WORDS, max_size=6), WORDS, st.integers(0, 30))
def test_every_candidate_fits(schema: Schema, words: list[str], word: str, cut: int) -> None:
    found = complete(schema, words, word[:cut])
    assert len({each.text for each in found}) == len(found)
    known = kinds(schema, words)
    for each in found:
        assert each.text.startswith(word[:cut])
        assert each.description.isprintable()
        assert len(each.description) <= 100
        follows = [each.text] if each.complete else [*followed(schema, words, each)]
        assert any(not kinds(schema, [*words, text]) - known for text in follows), each


def followed(schema: Schema, words: list[str], candidate: Candidate) -> Iterator[str]:
    """Words that an incomplete candidate may become."""
    sign = next(sign for sign in (":=", "@=", "/=", "=", ".") if candidate.text.endswith(sign))
    yield from (candidate.text + sample for sample in SAMPLES[sign])
    if sign == ".":
        for each in complete(schema, words, candidate.text):
            yield from [each.text] if each.complete else (each.text + sample for sample in SAMPLES["="])


# --- from nothing to every field ----------------------------------------------------------------------------

DEEPEST = 3
"""Levels that are looked at; schemas hold themselves."""


def settable(schema: Schema, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """What a value can be given to: wire names, and `*` for elements and entries."""
    match schema:
        case _ if len(place) > DEEPEST:
            return
        case Object(fields=fields):
            for each in fields:
                if not each.refusal:
                    yield from settable(each.schema, (*place, each.wire))
        case List(items=inner) | Map(values=inner):
            yield from settable(inner, (*place, "*"))
        case _:
            yield place


def given_by(schema: Schema, words: list[str], candidate: Candidate) -> Iterator[tuple[str, ...]]:
    """What an incomplete candidate leads to, of what can be set."""
    sign = next((sign for sign in (":=", "@=", "/=", "=") if candidate.text.endswith(sign)), "")
    for sample in SAMPLES.get(sign, ()):
        effect = explain(schema, [*words, candidate.text + sample]).rows[-1].effect
        if effect is not None:
            known = {wire for place in settable(schema) for wire in place}
            yield tuple(step if step in known else "*" for step in map(str, effect.place))


def reachable(schema: Schema) -> set[tuple[str, ...]]:
    """What can be set by taking one candidate after the other; nothing but keys of maps is typed."""
    found: set[tuple[str, ...]] = set()
    seen: set[tuple[tuple[str, ...], str]] = set()
    waiting: list[tuple[list[str], str]] = [([], "")]
    while waiting:
        words, partial = waiting.pop()
        cursor = explain(schema, words).cursor.names
        if (cursor, partial) in seen or len(cursor) + partial.count(".") > DEEPEST:
            continue
        seen.add((cursor, partial))
        for each in complete(schema, words, partial):
            found.update(given_by(schema, words, each))
            if each.complete:
                waiting.append(([*words, each.text], ""))
            elif each.text.endswith("/="):
                waiting += [(words, each.text), ([*words, f"{each.text}key"], "")]
            elif each.text.endswith("."):
                waiting += [(words, each.text), (words, f"{each.text}key")]
    return found


@pytest.mark.parametrize("schema", [JOB, SHAPES, HTTP_BODY, ODD, UNION, *ROOTS])
def test_candidates_lead_from_nothing_to_everything_that_can_be_set(schema: Schema) -> None:
    expected = {*settable(schema)}
    assert len(expected) > 0
    assert expected <= reachable(schema)
