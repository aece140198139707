"""Where a name was perhaps meant to lead: the structure at the cursor first, then all others, with a move."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cursorkit import ArgumentErrors, build, parse
from cursorkit.body.fold import steps
from cursorkit.errors import SchemaError
from cursorkit.schema.discovery import Schemas
from cursorkit.schema.names import nearest
from cursorkit.schema.types import Any, Field, List, Map, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cursorkit.schema.types import Schema

STRING = Scalar("string")


def structure(title: str, /, **fields: Schema) -> Object:
    return Object(title, lambda: [field(each, schema) for each, schema in fields.items()])


def field(name: str, schema: Schema, *, refusal: str = "", secret: bool = False) -> Field:
    cli = name.replace("_", "-")
    wire = re.sub("_(.)", lambda match: match[1].upper(), name)
    return Field(cli, wire, name, schema, refusal=refusal, secret=secret)


def hint(schema: Schema, *arguments: str, extensions: bool = True) -> str:
    """What the last of the problems says to do."""
    with pytest.raises(ArgumentErrors) as told:
        build(schema, arguments, extensions=extensions)
    problem = told.value.problems[-1]
    return "   ".join(filter(None, (problem.hint, problem.beyond)))


SIZE = structure("Size", width=Scalar("integer"), unit=STRING)
TEMPLATE = structure("Template", image_name=STRING, env=Map(STRING), depth=Scalar("integer"))
SPEC = structure("Spec", replica_count=Scalar("integer"), template=TEMPLATE)
ROOT = structure(
    "Root", name=STRING, spec=SPEC, status=TEMPLATE, parts=List(SPEC), sizes=Map(SIZE), any=Any()
)


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        ("nmae=x", "did you mean 'name'?"),
        ("spce.template.image-name=x", "did you mean 'spec'?"),
        ("spce.templat.image_nam=x", "did you mean 'spec.template.image-name'?"),
        ("spec.tmplate.image-name=x", "did you mean 'template'?"),
        ("Spec.replicaCount=x", "did you mean 'spec'?"),
        ("spec replicacount=1", "did you mean 'replica-count'?"),
        ("spec REPLICA_COUNT=1", "did you mean 'replica-count'?"),
        ("spec count=1", "did you mean 'replica-count'?"),
        ("spec/=replica_count", "did you mean '/=replicaCount'?"),
        ("spec/=replica-count", "did you mean '/=replicaCount'?"),
        ("spce/=replicaCount", "did you mean 'spec'?"),
        ("spce/=replicacount", "did you mean 'spec/=replicaCount'?"),
        ('spec:={"replica-count":1}', "did you mean 'replicaCount'?"),
    ],
)  # fmt: skip
def test_the_structure_at_the_cursor_comes_first(arguments: str, suggestion: str) -> None:
    assert hint(ROOT, *arguments.split()).startswith(suggestion)


@pytest.mark.parametrize(
    ("arguments", "place", "move"),
    [
        # Around the cursor, wherever else the name is known.
        ("spec.template name=x", ".", "."),
        (".spec.template replica-count=x", ".spec", ".spec"),
        ("parts.+.template.replica-count=3", ".parts.+", "parts.+"),
        # There, a path from the root would make another new element.
        (".parts.+.template replica-count=3", ".parts.+", ".."),
        (".parts.+ template.replica-count=3", ".parts.+", None),
        (".parts.+.template.env ...template.replica-count=1", ".parts.+", "..."),
        # Elsewhere: what is nearest to the root.
        ("image-name=x", ".status", ".status"),
        ("imageName=x", ".status", ".status"),
        ("replica-count=1", ".spec", ".spec"),
        ("unit=cm", ".sizes.KEY", ".sizes.KEY, for a KEY of your choice"),
        (".sizes/=a.b depth=1", ".status", ".status"),
    ],
)
def test_then_other_structures_with_the_move_that_gets_there(
    arguments: str, place: str, move: str | None
) -> None:
    told = hint(ROOT, *arguments.split())
    assert f"did you mean to be in '{place}'? " in told
    assert (f"move there with {move}" if move else "the cursor is there") in re.split(" {3}|$", told)[
        0
    ] + told


@pytest.mark.parametrize("name", ["replica-count", "image-name", "replicaCount", "name", "env", "depth"])
@pytest.mark.parametrize(
    "start",
    [".", ".spec", ".spec.template", ".status", ".parts.+", ".parts.+.template", ".sizes/=a.b", ".parts.0"],
)
def test_the_move_leads_to_a_structure_that_has_the_field(start: str, name: str) -> None:
    value = "k=v" if name == "env" else "1"
    try:
        build(ROOT, [start, f"{name}={value}"])
    except ArgumentErrors as errors:
        (problem,) = errors.problems
        suggested = re.search("move there with (\\S+)", f"{problem.hint} {problem.beyond}")
        assert suggested is not None
        build(ROOT, [start, suggested[1], f"{name}={value}"])


def test_a_misspelled_name_is_found_elsewhere_if_nothing_here_is_more_like_it() -> None:
    assert "did you mean 'unit' in '.sizes.KEY'? move there with .sizes.KEY" in hint(ROOT, "unti=cm")
    assert hint(ROOT, "nmae=x").count("did you mean") == 1
    both = hint(structure("Root", image=STRING, spec=structure("Spec", name=STRING)), "nmae=x")
    assert both.startswith("did you mean 'image'?   did you mean 'name' in '.spec'? move there with .spec")


def test_names_behind_an_unknown_one_are_looked_for_too() -> None:
    assert "did you mean to be in '.spec'?" in hint(ROOT, "zzz.replica-count=1")
    assert "did you mean 'replica-count' in '.spec'?" in hint(ROOT, "zzz.yyy.replica-cuont=1")


def test_what_no_request_can_set_is_not_suggested() -> None:
    refused = Object("Root", lambda: [field("owner", STRING, refusal="no"), field("spec", owned)])
    owned = Object("Spec", lambda: [field("owner", STRING, refusal="no"), field("x", STRING)])
    assert "did you mean" not in hint(refused, "ownr=x")
    assert "did you mean" not in hint(refused, "spec.ownr=x")


def test_structures_within_themselves_are_searched_once() -> None:
    node: Object = Object(
        "Node", lambda: [field("left", node), field("right", List(Map(node))), field("x", leaf)]
    )
    leaf = structure("Leaf", value=STRING)
    assert "did you mean to be in '.x'?" in hint(node, "left.left.value=1")
    assert "did you mean to be in '.left'? move there with .left" in hint(
        structure("Root", left=structure("Left", value=STRING, again=node)), "value=1"
    )


def test_the_search_opens_no_more_structures_than_it_needs() -> None:
    opened: list[int] = []

    def level(depth: int) -> Object:
        def load() -> Iterator[Field]:
            opened.append(depth)
            for n in range(10):
                yield field(f"f{depth}{n}", level(depth + 1))

        return Object(f"Level{depth}", load)

    # Ten fields at each level, without end.
    assert "fields here" in hint(level(0), *(f"nosuch{n}=1" for n in range(50)))
    assert len(opened) <= 5_000


def test_a_class_that_cannot_be_read_is_no_matter_elsewhere() -> None:
    def broken() -> Iterator[Field]:
        raise SchemaError("no such thing")

    root = Object(
        "Root", lambda: [field("a", Object("Broken", broken)), field("b", structure("B", x=STRING))]
    )
    assert "did you mean to be in '.b'?" in hint(root, "x=1")
    with pytest.raises(SchemaError):
        build(root, ["a.x=1"])


def test_names_that_no_path_can_write_lead_nowhere() -> None:
    odd = Object("Root", lambda: [Field("a.b", "a.b", "a.b", structure("Odd", inner=STRING))])
    assert "move there" not in hint(odd, "inner=1")


def test_after_a_hundred_unknown_names_only_that_they_are_unknown_is_told() -> None:
    with pytest.raises(ArgumentErrors) as told:
        build(ROOT, ["nmae=x"] * 103)
    hints = [problem.hint for problem in told.value.problems]
    assert all("did you mean 'name'?" in each for each in hints[:100])
    assert hints[100:] == [""] * 3


def test_a_value_is_shown_where_its_field_is_nearly_certain_and_public() -> None:
    secrets = Object(
        "Root",
        lambda: [field("title", STRING), field("pass", STRING, secret=True), field("inner", inner)],
    )
    inner = Object(
        "Inner", lambda: [field("data", Scalar("bytes")), field("date", STRING), field("titles", STRING)]
    )

    def shown(*arguments: str) -> bool:
        with pytest.raises(ArgumentErrors) as told:
            build(secrets, arguments)
        return "CANARY" in str(told.value)

    assert shown("titel=CANARY")
    assert shown("innre.titel=CANARY")
    for argument in (
        "zzz=CANARY",
        "pas=CANARY",
        "data=CANARY",
        "inner=CANARY",
        "title.x=CANARY",
        "titel.x=CANARY",
    ):
        assert not shown(argument), argument
    # `date` would be public, but perhaps it is the bytes that were meant.
    assert not shown("inner.dat=CANARY")
    assert not shown("inner", "pass=CANARY")


def test_enumerations_are_suggested_whatever_the_case() -> None:
    states = structure("Root", state=Scalar("string", enum=("STATE_ON", "STATE_OFF", "paused")))
    for text, meant in {
        "state_on": "STATE_ON",
        "State-Off": "STATE_OFF",
        "off": "STATE_OFF",
        "PAUSE": "paused",
    }.items():
        assert hint(states, f"state={text}") == f"did you mean '{meant}'?"
        assert hint(states, f"state:={json.dumps(text)}") == f"did you mean '{meant}'?"
    assert hint(states, "state=blue") == ""


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("titel", ["state", "title", "titles"], "title"),
        ("ontent-type", ["type", "content-type"], "content-type"),
        ("ContentType", ["content-type"], "content-type"),
        ("content_type", ["content-type"], "content-type"),
        ("a", ["A", "b"], "A"),
        ("ab", ["ba", "cd"], None),
        ("", ["a", "b"], None),
        ("a", ["", "bb"], None),
        ("b", [], None),
        ("x" * 101, ["x" * 101], None),
        ("MARTHA", ["MARHTA", "DWAYNE"], "MARHTA"),
        ("zzz", ["title"], None),
    ],
)
def test_nearest(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant


def everywhere(names: list[str]) -> Object:
    """A structure that has all these fields, each of which is such a structure again."""
    made = Object("Any", lambda: [Field(name, name, name, made) for name in names])
    return made


def test_wherever_the_reference_suggests_so_do_we(shared: Path) -> None:
    """The reference looks every name of a path up among all field names of a method, wherever these are.

    So its results are replayed in a structure that has all of them, everywhere.
    """
    vectors = json.loads((shared / "vectors" / "suggestions.json").read_bytes())
    passed_over: list[str] = []
    replayed = 0
    for vector in vectors:
        written = vector["value"].split(".")
        corrected = (vector["suggestion"] or vector["value"]).split(".")
        wrong = [(a, b) for a, b in zip(written, corrected, strict=True) if a != b]
        names = vector["possible"]
        program = parse(["." + ".".join(names[:1] * 8), vector["value"]])
        told = [str(problem) for step in steps(everywhere(names), program) for problem in step.problems]
        suggested = re.findall("did you mean '([^']*)'", told[0]) if told else []
        offered = {part for each in suggested for part in each.split(".")}
        entered = program.statements[1].path.reduced[1]
        for name, meant in wrong:
            replayed += 1
            if name in entered:
                assert meant in offered, vector
            else:
                passed_over.append(name)
    assert replayed == 446
    # Names that the path leaves again are never looked up, so that they can be anything.
    assert sorted(passed_over) == ["devicemetadata", "rconnected-rep", "sourceRepository", "sourre"]


def test_a_name_of_a_real_structure_with_a_letter_missing_is_found(shared: Path) -> None:
    pages = json.loads((shared / "vectors" / "pages.json").read_bytes())
    found = tried = 0
    for page in pages[::4]:
        schema = Schemas({"Page": drawn(page["structure"])}).named("Page")
        assert isinstance(schema, Object)
        for each in schema.fields:
            if len(each.cli) > 3:
                tried += 1
                found += f"did you mean '{each.cli}'?" in hint(schema, f"{each.cli[:1]}{each.cli[2:]}=x")
    # The others are the names of other fields, or as near to one.
    assert tried > 500
    assert found / tried > 0.99


def drawn(node: object) -> dict[str, object]:
    """The discovery schema of a structure that a page draws; its scalars do not matter here."""
    if isinstance(node, dict):
        return {"type": "object", "properties": {name: drawn(inner) for name, inner in node.items()}}
    return {"type": "string"}
