"""One mistake is told once: what follows from it alone is passed over, and what does not is told with it."""

from __future__ import annotations

import pytest

from cursorkit import ArgumentErrors, build
from cursorkit.body.fold import MOST
from cursorkit.schema.discovery import Schemas
from cursorkit.wire import Bytes

JOB = Schemas(
    {
        "Job": {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "replicas": {"type": "integer"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "ports": {"type": "array", "items": {"type": "integer"}},
                "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
                "spec": {"$ref": "Spec"},
                "parts": {"type": "array", "items": {"$ref": "Spec"}},
                "grid": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
                "extra": {"type": "any"},
            },
        },
        "Spec": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "next": {"$ref": "Spec"},
            },
        },
    }
).named("Job")


def told(*arguments: str, extensions: bool = True) -> list[tuple[int | None, str]]:
    """The position and the kind of each problem."""
    try:
        build(JOB, arguments, files=lambda _: Bytes(b"1"), extensions=extensions)
    except ArgumentErrors as errors:
        return [(problem.index, problem.kind) for problem in errors.problems]
    return []


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        # Behind a move that failed nobody knows where relative paths start; a path itself can be wrong.
        ("spec .... nosuch=1 title=x next ..name=x", [(1, "above-root")]),
        ("spec .... a.=1 =x", [(1, "above-root"), (2, "trailing-separator"), (3, "empty")]),
        ("spec .... ...... .....x=1", [(1, "above-root")]),
        ("spec .... next. x=1", [(1, "above-root"), (2, "trailing-separator")]),
        # An assignment does not move the cursor, so it brings it nowhere either; a move from the root does.
        ("spec .... .title=x nosuch=1", [(1, "above-root")]),
        ("spec .... .titel=x nosuch=1", [(1, "above-root"), (2, "unknown-field")]),
        ("spec .... .spec nosuch=1", [(1, "above-root"), (3, "unknown-field")]),
        ("spec .... . nosuch=1", [(1, "above-root"), (3, "unknown-field")]),
        # An assignment that failed leaves the cursor, and nothing is unknown behind it.
        ("spec ....x=1 nosuch=1", [(1, "above-root"), (2, "unknown-field")]),
        ("spec name.=1 nosuch=1", [(1, "trailing-separator"), (2, "unknown-field")]),
        # A place that does not exist is told once, whatever is done there.
        ("nosuch a=1 b a=1 b:=[ c@=f ..d=1", [(0, "unknown-field")]),
        ("nosuch a.b .... titel=x", [(0, "unknown-field"), (3, "unknown-field")]),
        ("nosuch ..title=x ..titel=x", [(0, "unknown-field"), (2, "unknown-field")]),
        ("nosuch.a.b ..c=1 ....titel=x", [(0, "unknown-field"), (2, "unknown-field")]),
        ("title x=1 y=2", [(0, "not-a-structure")]),
        ("tags/=a x=1", [(0, "not-keyed")]),
        # Lists are as long as they were meant to be.
        ("parts.0.nmae=x parts.1.name=y", [(0, "unknown-field")]),
        (".parts.0 nmae=x .parts.1 name=y", [(1, "unknown-field")]),
        (".parts.+ nmae=x ..+ name=y .parts.1.next.name=z", [(1, "unknown-field")]),
        ("parts.name=x parts.1.name=y", [(0, "not-an-index")]),
        ("prats.0.name=x parts.1.name=y", [(0, "unknown-field")]),
        ("tasg=a tags.1=b", [(0, "unknown-field")]),
        ("ports=x ports.1=2", [(0, "wrong-type")]),
        ("ports.+=x ports.1=2", [(0, "wrong-type")]),
        ("ports.0=x ports.1=2 ports.2=y ports.3=4", [(0, "wrong-type"), (2, "wrong-type")]),
        ("parts.0:=[] parts.1.name=x", [(0, "wrong-type")]),
        ("tags.2=a tags.3=b tags.4=c", [(0, "index-gap")]),
        ("tags.2=a tags.7=b", [(0, "index-gap"), (1, "index-gap")]),
        ("grid.1.0=1 grid.2.0=2", [(0, "index-gap")]),
        ("tags.99999999999=a tags.1=b", [(0, "index-gap")]),
        ("parts.5 name=a parts.6 name=b", [(0, "index-gap")]),
        ("parts.5 tags.7=a next.tags.8=b", [(0, "index-gap")]),
        # But a mistake elsewhere says nothing of a list.
        ("titel=x tags.1=b", [(0, "unknown-field"), (1, "index-gap")]),
        ("spec.tags=a tags.1=b", [(1, "index-gap")]),
        # Nobody knows what an assignment that was passed over was meant to set; perhaps an element.
        ("spec .... .... tags=a .tags.1=b", [(1, "above-root")]),
        ("spec .... 0.name=a .parts.1.name=b", [(1, "above-root")]),
        ("spec .... =a ..=a .tags.1=b", [(1, "above-root"), (2, "empty")]),
        ("prats 0.name=a .parts.1.name=b", [(0, "unknown-field")]),
        ("spec .... titel=a .tags.1=b", [(1, "above-root"), (3, "index-gap")]),
        # What is refused counts as set, for it was meant to be.
        ("replicas=x replicas=3", [(0, "wrong-type"), (1, "duplicate")]),
        ("replicas=x replicas=y", [(0, "wrong-type"), (1, "wrong-type"), (1, "duplicate")]),
        ('spec:={"nosuch":1} spec.name=x', [(0, "unknown-field"), (1, "duplicate")]),
        ("labels=a=x labels.a=1", [(0, "wrong-type"), (1, "duplicate")]),
        ("extra.a:=[ extra.0=x", [(0, "not-json"), (1, "kind-clash")]),
        # What takes no such value was not meant to be set by it.
        ("spec=x spec.name=y", [(0, "no-text")]),
        ("labels=x labels=a=1", [(0, "missing-key")]),
        ("parts=x parts.0.name=y", [(0, "no-text")]),
        # A list and a structure in one place: each argument that is in the wrong, but a move only once.
        ("extra.a=x extra.0=y extra.+=z", [(1, "kind-clash"), (2, "kind-clash")]),
        (".extra.+ .extra.a=x :=1 b=2 c.d=3 e f=4", [(2, "kind-clash")]),
        (".extra.+ .extra.a=x :=1 ..b=2", [(2, "kind-clash")]),
        (".extra.b.+ .extra.b.a=x c=1 ...d=2 ...+=3", [(2, "kind-clash"), (4, "kind-clash")]),
        ("extra.a=x .extra.0 b=1 c=2", [(1, "kind-clash")]),
        # Levels.
        (".".join(["extra"] * 65) + " a=1 .titel=x", [(0, "limit"), (2, "unknown-field")]),
        (f".extra.{'.'.join('a' * 63)} b=1 c=2 .x=1", [(1, "limit"), (2, "limit"), (3, "unknown-field")]),
        (f".extra.{'.'.join('a' * 63)} /=b c=1 .titel=x", [(1, "limit"), (3, "unknown-field")]),
    ],
)  # fmt: skip
def test_problems(arguments: str, problems: list[tuple[int, str]]) -> None:
    assert told(*arguments.split()) == problems


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ("parts.+ name=a next.name=b", [(0, "unknown-field")]),
        ("parts.5 name=a", [(0, "unknown-field")]),
        ("parts.name=a", [(0, "unknown-field")]),
        ("tags.5=a", [(0, "unknown-field")]),
        ("labels.a=x", [(0, "unknown-field")]),
        ("extra.a=1 extra.0=2", [(0, "no-text"), (1, "no-text")]),
        ("spec/=nosuch name=a", [(0, "unknown-field")]),
        ("title:=[ tags:=5", [(0, "unknown-field"), (1, "unknown-field")]),
        ("title@= spec .... x:=5 .x", [(0, "unknown-field"), (2, "above-root"), (4, "unknown-field")]),
        ("replicas=x parts=x", [(0, "wrong-type"), (1, "no-text")]),
    ],
)
def test_problems_in_the_reference_language(arguments: str, problems: list[tuple[int, str]]) -> None:
    assert told(*arguments.split(), extensions=False) == problems


def test_no_file_is_opened_where_extensions_are_off() -> None:
    opened: list[str] = []

    def files(name: str) -> Bytes:
        opened.append(name)
        return Bytes(b"")

    with pytest.raises(ArgumentErrors):
        build(JOB, ["title@=f", "tags@=-"], files=files, extensions=False)
    assert not opened


def test_a_list_of_too_many_arguments_has_one_problem() -> None:
    assert told(*["."] * (MOST + 3)) == [(MOST, "limit")]


def test_a_value_with_a_thousand_mistakes_is_told_in_ten() -> None:
    with pytest.raises(ArgumentErrors) as errors:
        build(JOB, [f"tags:={list(range(1000))}", "titel=x"])
    (*first, tenth, other) = errors.value.problems
    assert len(first) == 9
    assert "990 more" in tenth.hint
    assert other.kind == "unknown-field"
