"""What a body costs here and elsewhere, side by side in one run: microseconds for a string that is set.

    scripts/benchmark bodies            everybody at 100, 1,000 and 10,000 strings
    scripts/benchmark bodies 100000     at 100,000, as far as they come in the time

All build the same body: groups of ten strings, three names deep. A contestant is a function that is given the
number of strings, and gives a function that builds the body from arguments that were prepared beforehand,
with one that turns what comes out into plain dicts; everybody's body is checked before it is timed. The
rounds go round-robin, so that a slow moment of the machine meets all alike; medians are given, each also as a
multiple of the floor. What would take longer than its share is left out, and said to be. `growth` is the
exponent between the two largest sizes: 1 is linear.
"""

from __future__ import annotations

import dataclasses
import gc
import sys
from collections.abc import Callable
from math import log
from statistics import median
from time import perf_counter
from typing import Any

ROUNDS = 7
LONGEST = 4.0
"""Seconds that a single run may take to be repeated."""
FLOOR = "floor: str.split, unchecked"

LEAVES = 10
"""Strings in a group."""

Build = Callable[[], Any]
Contestant = Callable[[int], tuple[Build, Callable[[Any], Any]]]
Tree = dict[str, dict[str, dict[str, str]]]


def leaves(count: int) -> list[tuple[str, str, str]]:
    """The group, the name and the value of each string."""
    return [(f"g{k // LEAVES}", f"f{k % LEAVES}", f"value {k}") for k in range(count)]


def body(count: int) -> Tree:
    """What everybody has to build."""
    groups: Tree = {}
    for group, name, value in leaves(count):
        groups.setdefault(group, {"h": {}})["h"][name] = value
    return groups


def dotted(count: int) -> list[str]:
    """Each string with its whole path."""
    return [f"{group}.h.{name}={value}" for group, name, value in leaves(count)]


def moved(count: int) -> list[str]:
    """A move into each group, and names alone behind it."""
    words: list[str] = []
    for group, name, value in leaves(count):
        words += [f".{group}.h"] if name == "f0" else []
        words.append(f"{name}={value}")
    return words


def _itself(built: Any) -> Any:
    return built


# --- the floor ---------------------------------------------------------------------------------------------


def floor(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """The least that Python takes: split at the dots, no checks, no errors, no types."""
    words = dotted(count)

    def build() -> Any:
        built: dict[str, Any] = {}
        for word in words:
            path, _, value = word.partition("=")
            *above, last = path.split(".")
            into = built
            for name in above:
                into = into.setdefault(name, {})
            into[last] = value
        return built

    return build, _itself


# --- ourselves ---------------------------------------------------------------------------------------------


def _schema(count: int) -> Any:
    from cursorkit.schema.types import Field, Object, Scalar

    def fields(names: list[str], schema: Any) -> Any:
        return lambda: [Field(name, name, name, schema) for name in names]

    leaf = Object("Leaf", fields([f"f{k}" for k in range(LEAVES)], Scalar("string")))
    group = Object("Group", fields(["h"], leaf))
    return Object("Body", fields(list(body(count)), group))


def typed(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """Moves, and paths that come again and again; every value checked against a schema."""
    from cursorkit import build

    schema, words = _schema(count), moved(count)
    return lambda: build(schema, words), lambda built: built.value


def typed_dotted(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """Whole paths, each of them another one."""
    from cursorkit import build

    schema, words = _schema(count), dotted(count)
    return lambda: build(schema, words), lambda built: built.value


def untyped(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """As `typed`, without a schema."""
    from cursorkit import build
    from cursorkit.schema.types import Any as AnyJson

    words = moved(count)
    return lambda: build(AnyJson(), words), lambda built: built.value


def cold(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """As `typed`, but no path is known when it is read, though its shape may be."""
    from cursorkit import build
    from cursorkit.language import parser
    from cursorkit.language.ast import Program

    schema, words = _schema(count), moved(count)

    def forgetful(word: str) -> Any:
        parser._parse_head.cache_clear()
        return parser.parse_argument(word)

    return lambda: build(schema, Program(tuple(map(forgetful, words)))), lambda built: built.value


# --- peers -------------------------------------------------------------------------------------------------


def httpie(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """HTTPie's items: `g0[h][f0]=value 0`."""
    from httpie.cli.argtypes import KeyValueArgType
    from httpie.cli.constants import SEPARATOR_GROUP_ALL_ITEMS
    from httpie.cli.requestitems import RequestItems

    words = [f"{group}[h][{name}]={value}" for group, name, value in leaves(count)]
    item = KeyValueArgType(*SEPARATOR_GROUP_ALL_ITEMS)
    return lambda: RequestItems.from_args(list(map(item, words))).data, _itself


def httpie_nesting(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """HTTPie's nested JSON alone, with keys and values already apart."""
    from httpie.cli.nested_json import interpret_nested_json

    pairs = [(f"{group}[h][{name}]", value) for group, name, value in leaves(count)]
    return lambda: interpret_nested_json(pairs), _itself


def hydra(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """Hydra's overrides: parsed only."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    words = [f"+{group}.h.{name}={value}" for group, name, value in leaves(count)]
    parser = OverridesParser.create()

    def tree(overrides: Any) -> Any:
        groups: Tree = {}
        for each in overrides:
            group, _, name = each.key_or_group.split(".")
            groups.setdefault(group, {"h": {}})["h"][name] = each.value()
        return groups

    return lambda: parser.parse_overrides(words), tree


def omegaconf(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """OmegaConf's dot list."""
    from omegaconf import OmegaConf

    words = dotted(count)
    return lambda: OmegaConf.from_dotlist(words), OmegaConf.to_container


def aws(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """The shorthand of the AWS command line, an argument for each group."""
    from awscli.shorthand import ShorthandParser

    words = [
        f"{group}={{h={{{','.join(f'{name}={value}' for name, value in held['h'].items())}}}}}"
        for group, held in body(count).items()
    ]

    def build() -> Any:
        groups: dict[str, Any] = {}
        for word in words:
            groups |= ShorthandParser().parse(word)
        return groups

    return build, _itself


def _classes(count: int) -> type:
    """The body as nested dataclasses, as the typed peers want it; the last group may be a smaller one."""
    classes: dict[int, type] = {}

    def group(size: int) -> type:
        if size not in classes:
            names: list[Any] = [(f"f{k}", str, "") for k in range(size)]
            leaf = dataclasses.make_dataclass(f"Leaf{size}", names, namespace={"__module__": __name__})
            inner = [("h", leaf, dataclasses.field(default_factory=leaf))]
            classes[size] = dataclasses.make_dataclass(
                f"Group{size}", inner, namespace={"__module__": __name__}
            )
        return classes[size]

    fields: list[Any] = []
    for name, held in body(count).items():
        made = group(len(held["h"]))
        fields.append((name, made, dataclasses.field(default_factory=made)))
    return dataclasses.make_dataclass("Body", fields, namespace={"__module__": __name__})


def jsonargparse(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """jsonargparse with nested dataclasses; its parser is made beforehand."""
    import jsonargparse as library

    parser = library.ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(_classes(count))
    words = [f"--{word}" for word in dotted(count)]
    return lambda: parser.parse_args(words), lambda found: found.as_dict()


def tyro(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """tyro with nested dataclasses; it makes its parser at every call."""
    import tyro as library

    cls = _classes(count)
    words = [f"--{word}" for word in dotted(count)]
    return lambda: library.cli(cls, args=words), dataclasses.asdict


def cyclopts(count: int) -> tuple[Build, Callable[[Any], Any]]:
    """cyclopts with nested dataclasses."""
    import cyclopts as library

    def command(*, body: Any) -> Any:
        return body

    command.__annotations__ = {"body": _classes(count)}
    app = library.App(result_action="return_value")
    app.default(command)
    words = [f"--body.{word}" for word in dotted(count)]

    def build() -> Any:
        function, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
        return function(*bound.args, **bound.kwargs)

    return build, dataclasses.asdict


OURS: dict[str, Contestant] = {
    "typed, repeated paths": typed,
    "typed, every path another": typed_dotted,
    "any JSON, repeated paths": untyped,
    "typed, cold": cold,
}
PEERS: dict[str, Contestant] = {
    "HTTPie items": httpie,
    "HTTPie nested JSON alone": httpie_nesting,
    "Hydra": hydra,
    "OmegaConf": omegaconf,
    "AWS shorthand, grouped": aws,
    "jsonargparse": jsonargparse,
    "tyro": tyro,
    "cyclopts": cyclopts,
}


# --- the clock --------------------------------------------------------------------------------------------


def seconds(build: Build) -> float:
    """How long one run takes."""
    gc.collect()
    start = perf_counter()
    build()
    return perf_counter() - start


def ready(contestants: dict[str, Contestant], count: int) -> dict[str, Build]:
    """Those who are installed and build the right body in time."""
    runs: dict[str, Build] = {}
    for name, contestant in contestants.items():
        try:
            build, plain = contestant(count)
        except ImportError as error:
            print(f"# {name}: not installed ({error.name})", file=sys.stderr)
            continue
        start = perf_counter()
        built = build()
        took = perf_counter() - start
        if plain(built) != body(count):
            sys.exit(f"{name} builds another body")
        if took < LONGEST:
            runs[name] = build
        else:
            print(f"# {name}: {took:.0f} s for {count}, left out from here on", file=sys.stderr)
    return runs


def main(sizes: list[int]) -> None:
    """Time everybody at every size, and print the table."""
    contestants = {FLOOR: floor, **OURS, **PEERS}
    table: dict[str, dict[int, float]] = {name: {} for name in contestants}
    for count in sizes:
        runs = ready(contestants, count)
        contestants = {name: contestants[name] for name in runs}
        loops = max(1, 2_000 // count)
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, build in runs.items():
                times[name].append(min(seconds(build) for _ in range(loops)))
        for name, taken in times.items():
            table[name][count] = median(taken) / count * 1e6
    print("| | " + " | ".join(f"{count:,}" for count in sizes) + " | growth |")
    print("| --- |" + " ---: |" * (len(sizes) + 1))
    for name, cells in table.items():
        shown = [
            f"{cells[count]:.2f} us, {cells[count] / table[FLOOR][count]:.1f} x"
            if count in cells
            else "too slow"
            for count in sizes
        ]
        last = [(count, cells[count] * count) for count in sizes if count in cells][-2:]
        growth = log(last[1][1] / last[0][1], last[1][0] / last[0][0]) if len(last) == 2 else None
        print(f"| {name} | {' | '.join(shown)} | {'' if growth is None else f'{growth:.2f}'} |")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100, 1_000, 10_000])
