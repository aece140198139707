"""The census: what becomes of every method, body and field of the APIs whose documents are at hand.

    scripts/census [API ...]

counts those of the named APIs, or of all, prints the figures as a table, and fails if anything does.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from itertools import chain
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from attrs import field, frozen

from cursorkit import build, prepare, to_arguments
from cursorkit.apis import HEALTHCARE, installed
from cursorkit.apis.outline import arguments, body
from cursorkit.apis.samples import sample
from cursorkit.cli.commands import commands
from cursorkit.cli.help import page
from cursorkit.cli.service import service
from cursorkit.errors import CursorkitError
from cursorkit.methods.discovery import Methods
from cursorkit.schema.names import cli_name
from cursorkit.schema.types import List, Map, Object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cursorkit.body.build import Body
    from cursorkit.cli.service import Service
    from cursorkit.methods.method import Method
    from cursorkit.schema.document import Document
    from cursorkit.schema.types import Schema

Way = tuple[str | int, ...]


@frozen
class Figures:
    """How many there are, and of how many it holds.

    Attributes:
        api: what was counted.
        methods, loaded: methods, and those whose parameters, body and answer are read.
        commands: different command lines for them.
        prepared: those whose request is made, to a URL that fits their path.
        pages: those whose help is drawn.
        records, distinct: structures and lists of parameters, and those whose names stay apart on the command
            line.
        bodies: requests with a body that can hold something.
        rebuilt: those of which a complete body is made, written as arguments, and made of these again.
        leaves: fields of the bodies that hold no others.
        answers: those that only answers have.
        set: those that have a value in the rebuilt bodies.
        failures: what does not hold, in words.
    """

    api: str
    methods: int = 0
    loaded: int = 0
    commands: int = 0
    prepared: int = 0
    pages: int = 0
    records: int = 0
    distinct: int = 0
    bodies: int = 0
    rebuilt: int = 0
    leaves: int = 0
    answers: int = 0
    set: int = 0
    failures: tuple[str, ...] = field(default=(), repr=False)


class Failed(Exception):  # noqa: N818 - the word for what becomes of a method
    """Something does not hold."""


def census(api: str, only: str = "") -> Figures:
    """What there is in an API, and how much of it works.

    Args:
        api: the name of its document.
        only: what is to be found in the ids of the methods that are counted.
    """
    try:
        whole = service("cursorkit api", api)
        chosen = {
            (resource, name): node
            for resource, below in commands(whole.document).items()
            for name, node in below.items()
            if only in node["id"]
        }
    except CursorkitError as error:
        return Figures(api, failures=(f"{api}: {error}",))
    counted: Counter[str] = Counter(commands=len(chosen))
    failures: list[str] = []
    methods = Methods(whole.document)
    for words, node in chosen.items():
        try:
            for figure in _of_method(whole, methods, words, node):
                counted.update(figure)
        except Exception as error:
            failures.append(f"{api} {node['id']}: {type(error).__name__}: {error}")
    counted["methods"] = sum(only in each for each in methods.ids)
    for record in _records(whole.document):
        names = [*map(cli_name, record)]
        clash = len({*names}) < len(names)
        failures += [f"{api}: names that are spelled alike: {', '.join(record)}"] if clash else []
        counted.update(records=1, distinct=not clash)
    return Figures(api, **counted, failures=tuple(failures))


_Figure = dict[str, int]


def _of_method(whole: Service, methods: Methods, words: tuple[str, str], node: Document) -> Iterator[_Figure]:
    method = methods.named(node["id"])
    given = _parameters(method, whole.document, node)
    yield {"loaded": 1}
    if not page(whole, words).startswith("usage: "):
        raise Failed("there is no help")
    yield {"pages": 1}
    carried = None
    if method.request is not None:
        told = body(whole.document, node)
        if told is None:
            raise Failed("help knows of no body")
        carried = build(method.request.schema, [*arguments(told)])
        yield from _of_body(method.request.schema, carried)
    _check_url(prepare(method, given, carried).url, whole.document, node, given.value)
    yield {"prepared": 1}


# --- requests -----------------------------------------------------------------------------------------------


def _parameters(method: Method, document: Document, node: Document) -> Body:
    """A value for each parameter that is required, written as an argument."""
    described = {**document.get("parameters", {}), **node.get("parameters", {})}
    required = [each for each in method.parameters.fields if each.required]
    return build(method.parameters, [f".{each.cli}={_value(described[each.wire])}" for each in required])


def _value(parameter: Document) -> str:
    """A value that matches the pattern of a parameter, and has no empty segments if it stands in the path."""
    pattern = parameter.get("pattern", "")
    plain = _ANYTHING.sub("a", pattern.removeprefix("^").removesuffix("$"))
    for each in (sample(parameter), plain, *_SELDOM):
        if re.search(pattern, each) and (parameter["location"] != "path" or all(each.split("/"))):
            return each
    raise Failed(f"no value is known that matches {pattern}")


_ANYTHING = re.compile(r"\((?:[^()]|\([^()]*\))*\)|(?:\[[^\]]*\]|\.)[*+]?")
"""Groups, classes of characters and dots, in regular expressions."""

_SELDOM = ("studies", "2026-01-31", "1:1", "UA-1-1", "ga:a", "https://a", "a" * 22)
"""What the patterns of a few parameters ask for."""


def _check_url(url: str, document: Document, node: Document, given: Any) -> None:
    """That the path of a URL is the method's, with the parameters that are given at their places."""
    path = url.partition("?")[0]
    template = document["rootUrl"] + document.get("servicePath", "") + node["path"]
    if unquote(path) != _PLACE.sub(lambda place: str(given[place[2]]), template):
        raise Failed(f"{url} does not fit {node['path']}")
    within = sum(str(given[name]).count("/") for several, name in _PLACE.findall(template) if several)
    if path.count("/") != template.count("/") + within:
        raise Failed(f"{url} has more segments than {node['path']}")


_PLACE = re.compile(r"\{(\+?)([^}]*)\}")


# --- bodies -------------------------------------------------------------------------------------------------


def _of_body(schema: Schema, complete: Body) -> Iterator[_Figure]:
    """Of a body that can hold something: whether arguments for its value make it again, and what is set."""
    if isinstance(schema, Object) and not schema.fields:
        return
    yield {"bodies": 1}
    again = build(schema, to_arguments(complete.value, schema)).value
    if json.dumps(again) != json.dumps(complete.value):
        raise Failed("the arguments for the body make another one")
    yield {"rebuilt": 1}
    for way, refused in leaves(schema):
        has = _holds(again, way)
        yield {"leaves": 1, "answers": refused, "set": has}
        if has == refused:
            raise Failed(f"{'.'.join(map(str, way))} is {'set' if has else 'not set'}")


def leaves(schema: Schema, way: Way = (), above: tuple[Schema, ...] = ()) -> Iterator[tuple[Way, bool]]:
    """The ways to all that holds nothing else, and whether only answers have it.

    These are scalars, values of any kind, structures without fields, and structures that are met again on the
    way to them. A list has its elements, and a map its entries, under one way.
    """
    match schema:
        case Object() if schema.fields and not any(each is schema for each in above):
            for each in schema.fields:
                below = leaves(each.schema, (*way, each.wire), (*above, schema))
                yield from ((found, refused or bool(each.refusal)) for found, refused in below)
        case List(items=inner):
            yield from leaves(inner, (*way, 0), above)
        case Map(values=inner):
            yield from leaves(inner, (*way, "key"), above)
        case _:
            yield way, False


def _holds(value: Any, way: Way) -> bool:
    for step in way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _records(part: Any) -> Iterator[list[str]]:
    """The names in each structure and each list of parameters of a document."""
    if isinstance(part, dict):
        for key in ("properties", "parameters"):
            if isinstance(part.get(key), dict) and all(isinstance(each, dict) for each in part[key].values()):
                yield [*part[key]]
        for each in part.values():
            yield from _records(each)


# --- the table ----------------------------------------------------------------------------------------------

ROWS = {
    "methods that are read": ("loaded", "methods"),
    "methods with a command line of their own": ("commands", "methods"),
    "methods with a page of help": ("pages", "methods"),
    "methods whose request is made, to a URL that fits their path": ("prepared", "methods"),
    "structures and lists of parameters with distinct names": ("distinct", "records"),
    "complete bodies that their arguments make again": ("rebuilt", "bodies"),
    "fields that are set in them": ("set", "leaves"),
    "fields that only answers have": ("answers", "leaves"),
}
"""What stands in a row: the figures of how many, and of how many in all."""


def table(columns: Iterable[Figures]) -> str:
    """The figures as a table in Markdown, with a column for each API."""
    shown = [*columns]
    lines = [("", *(each.api for each in shown)), ("---", *("---:" for _ in shown))]
    for told, (name, of) in ROWS.items():
        cells = (f"{getattr(each, name):,} of {getattr(each, of):,}" for each in shown)
        lines.append((told, *cells))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def together(counted: list[Figures]) -> Figures:
    """The figures of several APIs as one."""
    totals = {name: sum(getattr(each, name) for each in counted) for name in {*chain(*ROWS.values())}}
    failures = tuple(chain.from_iterable(each.failures for each in counted))
    return Figures(f"all {len(counted)}", **totals, failures=failures)


def main(apis: list[str]) -> int:
    """Count `apis`, or all that are installed; print the table, and what fails; give the exit code."""
    known = installed()
    # The largest first: nobody waits for one that was begun last.
    ordered = apis or sorted(known, key=lambda api: Path(known[api]).stat().st_size, reverse=True)
    with Pool() as pool:
        counted = [*pool.imap_unordered(census, ordered)]
    shown = [each for each in counted if each.api in (apis or [HEALTHCARE])]
    whole = together(counted)
    sys.stdout.write(table(shown if apis else [*shown, whole]))
    sys.stderr.write("".join(f"{each}\n" for each in whole.failures))
    return 1 if whole.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
