"""The superset theorem: what the reference accepts has the same body here."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import reference_shapes
from hypothesis import Phase, given, settings
from reference_model import Reference, RefusalError
from superset_property import Outcome, accepts, as_text, cases, hold, outcome

from cursorkit import ArgumentErrors, build, parse
from cursorkit.body.fold import steps
from cursorkit.schema.types import Field, Object, Scalar

if TYPE_CHECKING:
    from pathlib import Path

    from reference_model import Json, Leaf, Names, Run, Shape
    from superset_property import Implementation


def project(shape: Shape, arguments: list[str], *, extensions: bool) -> Outcome:
    schema = reference_shapes.schema_of(shape)
    trail = [step.after.names for step in steps(schema, parse(arguments))]
    try:
        return Outcome(as_text(build(schema, arguments, extensions=extensions).value), trail)
    except ArgumentErrors:
        return Outcome(None, trail)


def extended(shape: Shape, arguments: list[str]) -> Outcome:
    return project(shape, arguments, extensions=True)


def plain(shape: Shape, arguments: list[str]) -> Outcome:
    return project(shape, arguments, extensions=False)


@settings(max_examples=1000)
@given(cases())
def test_superset(case: tuple[Shape, list[str]]) -> None:
    hold(*case, extended, plain)


def test_most_lists_are_accepted_and_hold_something() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=500, phases=[Phase.generate])
    @given(cases())
    def count(case: tuple[Shape, list[str]]) -> None:
        shape, arguments = case
        run = Reference().run(shape, arguments)
        seen["all"] += 1
        seen["refused"] += bool(run.issues)
        if accepts(shape, arguments):
            seen["accepted"] += 1
            seen["assigned twice or more"] += sum("=" in word for word in arguments) > 1
            seen["moved"] += any(run.trail)
            seen["climbed"] += any("..." in word.partition("=")[0] for word in arguments)
            seen["nested"] += any(isinstance(value, dict) for value in run.body.values())

    count()
    share = {what: number / seen["all"] for what, number in seen.items()}
    assert share["accepted"] > 0.6, share
    assert share["refused"] > 0.1, share
    for what in ("assigned twice or more", "moved", "climbed", "nested"):
        assert share[what] > 0.1, share


# --- the property finds what is wrong ----------------------------------------------------------------------


class ThreeDotsClimbThree(Reference):
    def levels(self, dots: str) -> int:
        return len(dots) if len(dots) > 2 else len(dots) - 1


class DotsInFrontStartAtTheRoot(Reference):
    def move(self, cursor: Names, path: str) -> Names:
        return super().move(() if path.startswith("..") else cursor, path)


class OneDotInFrontStaysAtTheCursor(Reference):
    def move(self, cursor: Names, path: str) -> Names:
        return super().move(cursor, path if path == "." or path.startswith("..") else path.removeprefix("."))


class FailedMovesGoHalfWay(Reference):
    def stay(self, cursor: Names, path: str) -> Names:
        for end in range(len(path) - 1, 0, -1):
            try:
                return self.move(cursor, path[:end])
            except RefusalError:
                continue
        return cursor


class UnfinishedPathsAreTaken(Reference):
    def move(self, cursor: Names, path: str) -> Names:
        unfinished = path.endswith(".") and len(path) > 1 and not path.endswith("..")
        return super().move(cursor, path.removesuffix(".") if unfinished else path)


class AssignmentsMoveTheCursor(Reference):
    def assign(self, shape: Shape, run: Run, argument: str) -> None:
        super().assign(shape, run, argument)
        run.cursor = self.move(run.cursor, argument.partition("=")[0])[:-1]


class AppendReplaces(Reference):
    def append(self, above: dict[str, Json], last: str, value: Json) -> None:
        above[last] = [value]


class AppendPutsInFront(Reference):
    def append(self, above: dict[str, Json], last: str, value: Json) -> None:
        above.setdefault(last, []).insert(0, value)


class DigitsAreAnIndexNotText(Reference):
    def append(self, above: dict[str, Json], last: str, value: Json) -> None:
        if not str(value).isdigit():
            super().append(above, last, value)


class TheLastSignCuts(Reference):
    def split(self, text: str) -> tuple[str, str]:
        before, _, behind = text.rpartition("=")
        return before, behind


class ValuesAreTrimmed(Reference):
    def split(self, text: str) -> tuple[str, str]:
        before, behind = super().split(text)
        return before, behind.strip()


class ValuesMayBeJson(Reference):
    def read(self, run: Run, leaf: Leaf, text: str) -> Json:
        value = super().read(run, leaf, text)
        return json.loads(text) if text.startswith("{") else value


class ASecondValueWins(Reference):
    def put(self, run: Run, wire: Names, leaf: Leaf, text: str) -> None:
        told = len(run.issues)
        super().put(run, wire, leaf, text)
        run.issues[told:] = [issue for issue in run.issues[told:] if issue != "Duplicate"]


class IntegersGoThroughAFloat(Reference):
    def read(self, run: Run, leaf: Leaf, text: str) -> Json:
        value = super().read(run, leaf, text)
        return int(float(value)) if leaf.kind in {"Int", "Uint"} else value


class NamesAreFolded(Reference):
    def find(self, shape: Shape, names: Names) -> tuple[Names, Leaf | Shape | None]:
        return super().find(shape, tuple(name.lower() for name in names))


def examine(implementation: Implementation) -> None:
    """Look for a case in which an implementation of the reference's language does not hold."""

    @settings(max_examples=600, phases=[Phase.generate], report_multiple_bugs=False)
    @given(cases())
    def examined(case: tuple[Shape, list[str]]) -> None:
        hold(*case, implementation, implementation)

    examined()


def test_the_reference_itself_holds() -> None:
    examine(lambda shape, arguments: outcome(Reference().run(shape, arguments)))


@pytest.mark.parametrize("mutant", Reference.__subclasses__(), ids=lambda mutant: mutant.__name__)
def test_a_mutant_is_caught(mutant: type[Reference]) -> None:
    with pytest.raises(AssertionError):
        examine(lambda shape, arguments: outcome(mutant().run(shape, arguments)))


# --- what was recorded -------------------------------------------------------------------------------------


def test_every_recorded_list(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "sequences.json").read_bytes())
    shape = reference_shapes.of_rows(vectors["schema"])
    assert len(vectors["sequences"]) == 704
    for vector in vectors["sequences"]:
        hold(shape, vector["args"], extended, plain)
    assert sum(accepts(shape, vector["args"]) for vector in vectors["sequences"]) == 446


def test_every_recorded_page(shared: Path) -> None:
    pages = json.loads((shared / "vectors" / "pages.json").read_bytes())
    assert len(pages) == 416
    for page in pages:
        shape = reference_shapes.of_page(page["structure"])
        assert accepts(shape, page["args"]), page
        hold(shape, page["args"], extended, plain)


def test_the_listed_difference_of_names_that_end_in_a_mark() -> None:
    fields = [Field(f"k{mark}", f"k{mark}", "k", Scalar("string")) for mark in ":@/"]
    schema = Object("Odd", lambda: fields)
    shape: Shape = {each.cli: (each.wire, reference_shapes.TEXT) for each in fields}
    for mark in ":@/":
        assert outcome(Reference().run(shape, [f"k{mark}=x"])).body == as_text({f"k{mark}": "x"})
        with pytest.raises(ArgumentErrors):
            build(schema, [f"k{mark}=x"])
        assert build(schema, [f"/=k{mark}", "x..=x"]).value == {f"k{mark}": "x"}
