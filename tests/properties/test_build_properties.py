"""What holds for every argument list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, build, parse
from cursorkit.body.fold import steps
from cursorkit.language.ast import Assignment
from cursorkit.schema.discovery import Schemas

if TYPE_CHECKING:
    from cursorkit import Body

SCHEMA = Schemas(
    {
        "Root": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "n": {"type": "integer", "format": "int32"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "boolean"}},
                "raw": {"type": "string", "format": "byte"},
                "in": {"$ref": "Root"},
                "any": {"type": "any"},
            },
        }
    }
).named("Root")

NAMES = st.sampled_from(["name", "n", "tags", "labels", "raw", "in", "any", "nosuch", "in", "in"])
SEPARATORS = st.sampled_from([".", ".", ".", "..", "..."])
PATHS = st.builds(
    lambda lead, parts, last: lead + "".join(a + b for a, b in parts) + last,
    st.sampled_from(["", ".", "..", "..."]),
    st.lists(st.tuples(NAMES, SEPARATORS), max_size=3),
    NAMES,
) | st.sampled_from([".", "..", "...", "", "a."])
VALUES = st.sampled_from(["1", "x", "k=true", "=", "", "AAAA", "99999999999"]) | st.text(max_size=5)
ARGUMENTS = st.lists(
    PATHS | st.builds("{}={}".format, PATHS, VALUES) | st.builds("{}@=f".format, PATHS) | st.text(max_size=8),
    max_size=8,
)


def attempt(arguments: list[str]) -> Body | ArgumentErrors:
    try:
        return build(SCHEMA, arguments)
    except ArgumentErrors as errors:
        return errors


@settings(max_examples=500)
@given(ARGUMENTS)
def test_only_our_errors_are_raised_and_all_of_them_can_be_drawn(arguments: list[str]) -> None:
    result = attempt(arguments)
    if isinstance(result, ArgumentErrors):
        for problem in result.problems:
            start, end = problem.span
            assert 0 <= start <= end <= len(problem.argument)
            assert all(char.isprintable() or char == "\n" for char in str(problem))


@settings(max_examples=300)
@given(ARGUMENTS)
def test_an_assignment_never_moves_the_cursor(arguments: list[str]) -> None:
    program = parse(arguments)
    for statement, step in zip(program.statements, steps(SCHEMA, program), strict=True):
        if isinstance(statement, Assignment):
            assert step.before == step.after


@settings(max_examples=300)
@given(ARGUMENTS)
def test_a_move_that_fails_leaves_the_cursor(arguments: list[str]) -> None:
    for step in steps(SCHEMA, parse(arguments)):
        if any(problem.kind in {"above-root", "trailing-separator", "empty"} for problem in step.problems):
            assert step.before == step.after


@settings(max_examples=300)
@given(st.lists(st.builds(".{}={}".format, NAMES, VALUES), max_size=6))
def test_absolute_assignments_mean_the_same_in_any_order(arguments: list[str]) -> None:
    def sets(words: list[str]) -> dict[str, str] | None:
        result = attempt(words)
        if isinstance(result, ArgumentErrors) or not isinstance(result.value, dict):
            return None
        # The order of a list's elements is that of the arguments; nothing else depends on it.
        return {
            key: repr(sorted(map(str, v)) if isinstance(v, list) else v) for key, v in result.value.items()
        }

    assert sets(arguments) == sets(arguments[::-1])


@settings(max_examples=200)
@given(ARGUMENTS, ARGUMENTS)
def test_a_problem_does_not_depend_on_what_follows(first: list[str], second: list[str]) -> None:
    alone, both = attempt(first), attempt(first + second)
    if isinstance(alone, ArgumentErrors):
        assert isinstance(both, ArgumentErrors)
        assert both.problems[: len(alone.problems)] == alone.problems
