"""What the fuzzer runs: any bytes as an argument list, parsed and built for one of several schemas.

`scripts/fuzz` runs it for any length of time; the tests run it for a while. What it holds every list to:
the tree is the source; only problems are raised, and they can be drawn; a body is JSON, which written as one
document is the same body; and what the language of the reference accepts is the same in the whole language.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cursorkit import Body, Problem
    from cursorkit.schema.types import Schema

VECTORS = Path(__file__).resolve().parents[2] / "grammar" / "vectors"
BETWEEN = b"\0"
"""Stands between two arguments, for no argument of a command line can hold it."""

_MOST_DRAWN = 4
"""Problems of a list that are drawn; to draw one takes longer than to build a body."""


@cache
def schemas() -> tuple[Schema, ...]:
    """Those of the vectors, which hold themselves and take anything; a raw body; a value of several kinds."""
    from cursorkit.methods import STORE_INSTANCES
    from cursorkit.schema.discovery import Schemas
    from cursorkit.schema.types import Any, List, Map, Scalar

    document = json.loads((VECTORS / "extensions.json").read_bytes())["schemas"]
    named = Schemas(document)
    assert STORE_INSTANCES.request is not None
    union = Any((Map(Scalar("boolean")), List(Scalar("integer")), Scalar("string", enum=("all",))))
    return (*(named.named(name) for name in sorted(document)), STORE_INSTANCES.request.schema, Map(union))


def decoded(data: bytes) -> tuple[Schema, list[str]]:
    """The schema and the arguments that `data` stands for."""
    words = data[1:].split(BETWEEN) if len(data) > 1 else []
    which = data[0] % len(schemas()) if data else 0
    return schemas()[which], [word.decode(errors="surrogateescape") for word in words]


def seeds() -> Iterator[bytes]:
    """The argument lists of the vectors, for one schema after the other."""
    vectors = [
        json.loads((VECTORS / name).read_bytes())["vectors"] for name in ("bodies.json", "extensions.json")
    ]
    for number, vector in enumerate(chain(*vectors)):
        words = BETWEEN.join(word.encode(errors="surrogatepass") for word in vector["arguments"])
        yield bytes([number % len(schemas())]) + words


def built(schema: Schema, arguments: list[str], *, extensions: bool = True) -> Body | tuple[Problem, ...]:
    """The body, with files that hold their own names, or the problems."""
    from cursorkit import ArgumentErrors, build
    from cursorkit.wire import Bytes

    def files(name: str) -> Bytes:
        return Bytes(name.encode(errors="surrogateescape"))

    try:
        return build(schema, arguments, files=files, extensions=extensions)
    except ArgumentErrors as errors:
        return errors.problems


def examine(data: bytes, build: Callable[..., Body | tuple[Problem, ...]] = built) -> None:
    """Hold one argument list to what holds for all of them."""
    from cursorkit import parse

    schema, arguments = decoded(data)
    assert parse(arguments).arguments == tuple(arguments)
    whole, plain = build(schema, arguments), build(schema, arguments, extensions=False)
    assert whole == plain or isinstance(plain, tuple)
    if isinstance(whole, tuple):
        assert whole
        for problem in whole[:_MOST_DRAWN]:
            start, end = problem.span
            assert 0 <= start <= end <= len(problem.argument)
            assert all(char.isprintable() or char == "\n" for char in str(problem))
        return
    text = json.dumps(whole.value, allow_nan=False)
    again = build(schema, [f".:={text}"])
    assert not isinstance(again, tuple)
    assert json.dumps(again.value) == text


def main() -> None:
    """Fuzz, with the arguments of libFuzzer; its first folder gets the seeds."""
    import atheris

    with atheris.instrument_imports(include=["cursorkit.body", "cursorkit.language", "cursorkit.schema"]):
        import cursorkit.body.absence
        import cursorkit.body.build
        import cursorkit.methods
        import cursorkit.schema.discovery  # noqa: F401 - imported here, so that atheris follows it
    corpus = next((Path(word) for word in sys.argv[1:] if not word.startswith("-")), None)
    if corpus is not None and not corpus.is_file():
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (corpus / f"seed-{number:05}").write_bytes(seed)
    atheris.Setup(sys.argv, examine)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
