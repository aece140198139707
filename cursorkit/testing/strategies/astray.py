"""Names that lead nowhere, by the kind of the mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cursorkit.schema.types import List, Object, Scalar
from cursorkit.testing.strategies.misfits import Fault
from cursorkit.testing.strategies.paths import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cursorkit.testing.strategies.spots import Spot

VALUES = {
    "": [""],
    "=": ["x", "", "k=v"],
    ":=": ["1", "null", "{}"],
    "@=": ["nosuch"],
}
"""What may stand behind each sign, where it is never looked at."""

_KEYS = ["k", "0", "+", "", "a.b", "a=b"]


def astray(spot: Spot, length: int) -> Iterator[Fault]:
    """The names that lead nowhere from `spot`, which has `length` elements if it is a list."""
    match spot.schema:
        case Object() as schema:
            known = {name for each in schema.fields for name in (each.cli, each.wire, each.python)}
            for name in ("nosuch", "contnt-type", "0", "+", "a:"):
                if name not in known and schema.others(name) is None:
                    yield from _through("unknown-field", spot, name)
            keys = [
                key for key in ("nosuch", "", "a.b", "a=b", "+") if key not in known and not schema.at(key)
            ]
            if keys:
                yield Fault("unknown-field", spot, "/=", keys)
            for each in schema.fields:
                if each.refusal and spelled(each.cli):
                    yield from _through("response-only", spot, each.cli)
                    yield Fault("response-only", spot, "/=", [each.wire])
        case List():
            for name in ("nosuch", "00", "-1", "١"):
                yield from _through("not-an-index", spot, name)
            for index in (length + 1, length + 7, 10**12):
                yield from _through("index-gap", spot, str(index))
            yield Fault("not-keyed", spot, "/=", _KEYS)
        case Scalar():
            yield from _through("not-a-structure", spot, "x")
            yield Fault("not-keyed", spot, "/=", _KEYS)
            if spot.way:
                yield Fault("not-a-structure", spot, "", VALUES[""])


def _through(kind: str, spot: Spot, name: str) -> Iterator[Fault]:
    for sign, values in VALUES.items():
        yield Fault(kind, spot, sign, values, (name,))
