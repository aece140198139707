"""The language of the reference, written down a second time: plain Python that knows nothing of the project.

It is what the other tests of this folder hold the project against, and is itself held against every result
that was recorded of the reference. Its parts are methods, so that a mutant is a class with one of them wrong.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Names = tuple[str, ...]
Json = Any

Kind = Literal["String", "Int", "Uint", "Float", "Boolean"]
Container = Literal["Pod", "Vec", "Map"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CONTAINERS: tuple[Container, ...] = get_args(Container)

FLOAT = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?|[+-]?(inf|infinity|nan)"

INTEGERS = {"Int": r"[+-]?[0-9]+", "Uint": r"[+]?[0-9]+"}


@dataclass(frozen=True)
class Leaf:
    """A field that takes text.

    Attributes:
        kind: what each value is.
        container: one value, a list of them, or a map of them.
        enum: the values that a server would take; the reference does not look.
    """

    kind: Kind
    container: Container = "Pod"
    enum: tuple[str, ...] = ()


Shape = dict[str, "tuple[str, Leaf | Shape]"]
"""A structure: by its name on the command line, each field's name in JSON, and what it is."""


class RefusalError(Exception):
    """What the reference reports."""


class PanicError(Exception):
    """Where the reference breaks off: numbers that its JSON cannot hold."""


@dataclass
class Run:
    """What an argument list does.

    Attributes:
        body: what is set, by names in JSON.
        cursor: where the cursor is.
        issues: what the reference reports, by its own names.
        trail: where the cursor was behind each argument.
        failed: the first move that failed; None if there is none.
        unchecked: whether a value is set that the field's own checks would refuse.
    """

    body: dict[str, Json] = field(default_factory=dict)
    cursor: Names = ()
    issues: list[str] = field(default_factory=list)
    trail: list[Names] = field(default_factory=list)
    failed: int | None = None
    unchecked: bool = False


class Reference:
    """The reference."""

    def run(self, shape: Shape, arguments: list[str]) -> Run:
        """What the arguments do to an empty body of this shape."""
        run = Run()
        for index, argument in enumerate(arguments):
            try:
                self.take(shape, run, argument)
            except RefusalError as refusal:
                run.issues.append(str(refusal))
                if "=" not in argument:
                    run.cursor = self.stay(run.cursor, argument)
                    run.failed = index if run.failed is None else run.failed
            except PanicError:
                return Run(issues=["panic"])
            run.trail.append(run.cursor)
        return run

    def take(self, shape: Shape, run: Run, argument: str) -> None:
        """Take one argument."""
        if "=" in argument:
            self.assign(shape, run, argument)
        else:
            run.cursor = self.move(run.cursor, argument)

    def stay(self, cursor: Names, path: str) -> Names:
        """Where the cursor is when it could not be moved along the path."""
        return cursor

    # --- moves ---------------------------------------------------------------------------------------------

    def move(self, cursor: Names, path: str) -> Names:
        """Where a path leads."""
        if not path:
            raise RefusalError("Empty")
        runs = self.runs(path)
        names = list(cursor)
        if runs[0] == ".":
            names.clear()
        for run in runs:
            if not run.startswith("."):
                names.append(run)
                continue
            for _ in range(self.levels(run)):
                if not names:
                    raise RefusalError("PopOnEmpty")
                names.pop()
        if len(runs) > 1 and runs[-1] == ".":
            raise RefusalError("TrailingFieldSep")
        return tuple(names)

    def runs(self, path: str) -> list[str]:
        """The path cut into alternating runs of dots and of other characters."""
        runs: list[str] = []
        for char in path:
            if runs and (char == ".") == (runs[-1][0] == "."):
                runs[-1] += char
            else:
                runs.append(char)
        return runs

    def levels(self, dots: str) -> int:
        """How far a run of dots climbs."""
        return len(dots) - 1

    # --- assignments ---------------------------------------------------------------------------------------

    def assign(self, shape: Shape, run: Run, argument: str) -> None:
        """Set a field, from where the cursor is."""
        path, value = self.split(argument)
        if not value:
            run.issues.append("InvalidKeyValueSyntax")
        names = run.cursor
        try:
            names = self.move(run.cursor, path)
        except RefusalError as refusal:
            run.issues.append(str(refusal))
        wire, below = self.find(shape, names)
        if not isinstance(below, Leaf):
            raise RefusalError("Unknown")
        self.put(run, wire, below, value)

    def split(self, text: str) -> tuple[str, str]:
        """What stands before the first `=`, and behind it."""
        before, _, behind = text.partition("=")
        return before, behind

    def find(self, shape: Shape, names: Names) -> tuple[Names, Leaf | Shape | None]:
        """The names in JSON of the field that these names lead to, and what it is; None if there is none."""
        wire: Names = ()
        below: Leaf | Shape = shape
        for name in names:
            if isinstance(below, Leaf) or name not in below:
                return wire, None
            last, below = below[name]
            wire = (*wire, last)
        return wire, below

    def put(self, run: Run, wire: Names, leaf: Leaf, text: str) -> None:
        """Put a value into the body."""
        above = run.body
        for name in wire[:-1]:
            above = above.setdefault(name, {})
        last = wire[-1]
        if leaf.container == "Vec":
            self.append(above, last, self.read(run, leaf, text))
            return
        if leaf.container == "Map":
            above = above.setdefault(last, {})
            last, text = self.entry(run, text)
        value = self.read(run, leaf, text)
        if last in above:
            run.issues.append("Duplicate")
        above[last] = value

    def append(self, above: dict[str, Json], last: str, value: Json) -> None:
        """One more element."""
        above.setdefault(last, []).append(value)

    def entry(self, run: Run, text: str) -> tuple[str, str]:
        """The key and the value of a map's entry."""
        key, value = self.split(text)
        if not value:
            run.issues.append("InvalidKeyValueSyntax")
        return key, value

    # --- values --------------------------------------------------------------------------------------------

    def read(self, run: Run, leaf: Leaf, text: str) -> Json:
        """What the text of a value means; if it means nothing, the least value of the kind."""
        if leaf.kind == "String":
            run.unchecked |= bool(leaf.enum) and text not in leaf.enum
            return text
        if leaf.kind == "Boolean" and text in {"true", "false"}:
            return text == "true"
        if leaf.kind == "Float" and re.fullmatch(FLOAT, text, re.IGNORECASE):
            if not math.isfinite(float(text)):
                raise PanicError
            return float(text)
        if leaf.kind in {"Int", "Uint"} and re.fullmatch(INTEGERS[leaf.kind], text):
            if not -(2**63) <= int(text) < 2**64:
                raise PanicError
            run.unchecked |= leaf.kind == "Int" and int(text) >= 2**63
            return int(text)
        run.issues.append("ParseError")
        return {"Boolean": False, "Float": 0.0}.get(leaf.kind, 0)
