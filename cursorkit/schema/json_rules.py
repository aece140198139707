"""What the keywords of JSON Schema (drafts 2020-12 and 7) ask of a value, each as a rule.

Those that ask something of the value itself stand in `json_assertions`. Here are those that apply other
schemas to it or to its parts, and what it all adds up to.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from cursorkit.schema.admit import DEEPEST
from cursorkit.schema.json_assertions import (
    ASSERTIONS,
    SCHEMA,
    Check,
    expression,
    having,
    is_anything,
    is_list,
    is_structure,
)
from cursorkit.schema.types import Rule

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from cursorkit.schema.json_document import Node

Follow = Callable[["Node"], Check]
"""Gives the check of another schema of the same value."""

Applicator = tuple[Check, Callable[["Node", Follow], Rule]]
"""Which values a keyword speaks of, and what it asks of those."""

NEVER = Rule(SCHEMA, "the schema allows no value here", lambda _: False)


def rules(node: Node, judged: Container[str] = (), trail: tuple[Node, ...] = ()) -> tuple[Rule, ...]:
    """What the keywords of `node` ask of a value, but for those that are `judged` otherwise.

    Args:
        node: the schema.
        judged: keywords.
        trail: the schemas of the same value that lead to this one.

    Raises:
        SchemaError: a keyword is not understood, or the schema refers to itself and to nothing else. What is
            wrong with the schemas of parts shows when a value has such a part.
    """
    if node in trail:
        raise node.fault("the schema refers to itself")
    if len(trail) > DEEPEST:
        raise node.fault(f"schemas within schemas, more than {DEEPEST} levels deep")
    if node.content is False:
        return (NEVER,)
    follow = partial(check, trail=(*trail, node))
    asked = []
    for keyword in node.keywords:
        if keyword in judged:
            continue
        if keyword in ASSERTIONS:
            of, assertion = ASSERTIONS[keyword]
            asked.append(_of_those(of, assertion(node)))
        elif keyword in _APPLICATORS:
            of, applicator = _APPLICATORS[keyword]
            asked.append(_of_those(of, applicator(node, follow)))
        elif keyword in _UNKNOWN:
            raise node.fault("this keyword is not understood", keyword)
    return tuple(asked)


def _of_those(of: Check, rule: Rule) -> Rule:
    holds = rule.holds
    return evolve(rule, holds=lambda value: not of(value) or holds(value))


def check(node: Node, trail: tuple[Node, ...] = ()) -> Check:
    """Whether a value is valid against `node`, as the specification has it: whatever its format.

    Raises:
        SchemaError: as `rules`.
    """
    made = node.document.checks.get(node.pointer)
    if made is None:
        asked = [rule.holds for rule in rules(node, trail=trail)]
        made = node.document.checks[node.pointer] = _once(lambda value: all(holds(value) for holds in asked))
    return made


_ANSWERS: ContextVar[dict[tuple[Check, int], tuple[object, bool]] | None] = ContextVar(
    "_ANSWERS", default=None
)
"""While a value is judged: each part of it by its identity, and what a check said of it."""


def _once(check: Check) -> Check:
    """`check`, which judges each list and structure once, however many ways lead there.

    Schemas hold each other, and each alternative asks of the same parts again.
    """

    def judge(value: object) -> bool:
        answers = _ANSWERS.get()
        if answers is None:
            token = _ANSWERS.set({})
            try:
                return check(value)
            finally:
                _ANSWERS.reset(token)
        if not (is_list(value) or is_structure(value)):
            return check(value)
        question = check, id(value)
        if question not in answers:
            answers[question] = value, check(value)
        return answers[question][1]

    return judge


def _of_part(node: Node) -> Check:
    """The check of the schema of a part, which is not looked at before there is such a part."""

    def valid(value: object) -> bool:
        return check(node)(value)

    return valid


# --- schemas of elements -----------------------------------------------------------------------------------


def _items(node: Node, _follow: Follow) -> Rule:
    if node.listed("items"):
        return _first_items(node.schemas("items"))
    return _other_items(len(node.schemas("prefixItems")), node.schema("items"))


def _prefix_items(node: Node, _follow: Follow) -> Rule:
    return _first_items(node.schemas("prefixItems"))


def _additional_items(node: Node, _follow: Follow) -> Rule:
    first, others = node.schemas("items") if node.listed("items") else (), node.schema("additionalItems")
    return _other_items(len(first), others)


def _first_items(nodes: tuple[Node, ...]) -> Rule:
    checks = [_of_part(each) for each in nodes]
    return Rule(
        SCHEMA,
        "an element does not fit the schema of its place",
        lambda value: all(fits(item) for fits, item in zip(checks, value, strict=False)),
    )


def _other_items(first: int, node: Node) -> Rule:
    fits = _of_part(node)
    return Rule(
        SCHEMA, "an element does not fit the schema of elements", lambda value: all(map(fits, value[first:]))
    )


def _contains(node: Node, _follow: Follow) -> Rule:
    fits = _of_part(node.schema("contains"))
    least = node.count("minContains", 1)
    most = node.count("maxContains") if "maxContains" in node else None

    def holds(value: list[object]) -> bool:
        count = sum(map(fits, value))
        return least <= count and (most is None or count <= most)

    limits = f"{least} or more" if most is None else f"{least} to {most}"
    return Rule(SCHEMA, f"{limits} elements of a certain kind are expected", holds)


# --- schemas of fields -------------------------------------------------------------------------------------


def _properties(node: Node, _follow: Follow) -> Rule:
    checks = {name: _of_part(each) for name, each in node.members("properties").items()}
    return Rule(
        SCHEMA,
        "a field does not fit its schema",
        lambda value: all(fits(value[name]) for name, fits in checks.items() if name in value),
    )


def _pattern_properties(node: Node, _follow: Follow) -> Rule:
    checks = [
        (expression(node, pattern, "patternProperties", pattern), _of_part(each))
        for pattern, each in node.members("patternProperties").items()
    ]
    return Rule(
        SCHEMA,
        "a field does not fit the schema of fields of such names",
        lambda value: all(
            fits(item) for name, item in value.items() for matches, fits in checks if matches(name)
        ),
    )


def _additional_properties(node: Node, _follow: Follow) -> Rule:
    return others(node, _of_part(node.schema("additionalProperties")))


def others(node: Node, fits: Check) -> Rule:
    """What `fits` has to hold of: the fields that neither `properties` nor `patternProperties` tell."""
    names = node.members("properties").keys()
    patterns = [
        expression(node, each, "patternProperties", each) for each in node.members("patternProperties")
    ]
    return Rule(
        SCHEMA,
        "a field of this name is not allowed, or does not fit the schema of such fields",
        lambda value: all(
            fits(item)
            for name, item in value.items()
            if name not in names and not any(matches(name) for matches in patterns)
        ),
    )


def _property_names(node: Node, _follow: Follow) -> Rule:
    fits = _of_part(node.schema("propertyNames"))
    return Rule(SCHEMA, "a field of this name is not allowed", lambda value: all(map(fits, value)))


# --- schemas of the same value -----------------------------------------------------------------------------


def _dependent_required(node: Node, _follow: Follow) -> Rule:
    names = node.entries("dependentRequired")
    return _dependent({name: having(node.texts("dependentRequired", name)) for name in names})


def _dependent_schemas(node: Node, follow: Follow) -> Rule:
    return _dependent({name: follow(each) for name, each in node.members("dependentSchemas").items()})


def _dependencies(node: Node, follow: Follow) -> Rule:
    return _dependent(
        {
            name: having(node.texts("dependencies", name))
            if node.listed("dependencies", name)
            else follow(node.schema("dependencies", name))
            for name in node.entries("dependencies")
        }
    )


def _dependent(checks: Mapping[str, Check]) -> Rule:
    return Rule(
        SCHEMA,
        "a field that is set asks for others, or for something of them",
        lambda value: all(obeys(value) for name, obeys in checks.items() if name in value),
    )


def _ref(node: Node, follow: Follow) -> Rule:
    return Rule(SCHEMA, "the value does not fit the schema that is referred to", follow(node.target()))


def _all_of(node: Node, follow: Follow) -> Rule:
    checks = _several("allOf", node, follow)
    return Rule(
        SCHEMA, "the value does not fit each of several schemas", lambda value: all(f(value) for f in checks)
    )


def _any_of(node: Node, follow: Follow) -> Rule:
    checks = _several("anyOf", node, follow)
    return Rule(SCHEMA, "the value fits no alternative", lambda value: any(fits(value) for fits in checks))


def _one_of(node: Node, follow: Follow) -> Rule:
    checks = _several("oneOf", node, follow)
    return Rule(
        SCHEMA,
        "the value has to fit exactly one of the alternatives",
        lambda value: sum(fits(value) for fits in checks) == 1,
    )


def _several(keyword: str, node: Node, follow: Follow) -> list[Check]:
    nodes = node.schemas(keyword)
    if not nodes:
        raise node.fault("at least one schema is expected", keyword)
    return [follow(each) for each in nodes]


def _not(node: Node, follow: Follow) -> Rule:
    fits = follow(node.schema("not"))
    return Rule(SCHEMA, "the schema excludes this value", lambda value: not fits(value))


def _if(node: Node, follow: Follow) -> Rule:
    condition, then, otherwise = (follow(node.schema(keyword)) for keyword in ("if", "then", "else"))
    return Rule(
        SCHEMA,
        "the value does not fit what the schema asks of such values",
        lambda value: then(value) if condition(value) else otherwise(value),
    )


_APPLICATORS: dict[str, Applicator] = {
    "items": (is_list, _items),
    "prefixItems": (is_list, _prefix_items),
    "additionalItems": (is_list, _additional_items),
    "contains": (is_list, _contains),
    "properties": (is_structure, _properties),
    "patternProperties": (is_structure, _pattern_properties),
    "additionalProperties": (is_structure, _additional_properties),
    "propertyNames": (is_structure, _property_names),
    "dependentRequired": (is_structure, _dependent_required),
    "dependentSchemas": (is_structure, _dependent_schemas),
    "dependencies": (is_structure, _dependencies),
    "$ref": (is_anything, _ref),
    "allOf": (is_anything, _all_of),
    "anyOf": (is_anything, _any_of),
    "oneOf": (is_anything, _one_of),
    "not": (is_anything, _not),
    "if": (is_anything, _if),
}
_UNKNOWN = frozenset({"$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties"})
