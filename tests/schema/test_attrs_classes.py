"""attrs classes as schemas: what each annotation takes, what comes back, and what cannot be mapped."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum, auto
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar, cast
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from cursorkit import ArgumentErrors, SchemaError, construct, to_arguments
from cursorkit.schema.attrs_classes import schema_of

T = TypeVar("T")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
SERIAL = UUID("12345678-1234-5678-1234-567812345678")


class State(Enum):
    ON = "on"
    OFF = "off"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Shade(Enum):
    RED = auto()
    BLUE = auto()


class Mixed(Enum):
    TEXT = "text"
    NUMBER = 7


class Mode(StrEnum):
    FAST = "fast"


class Nothing(Enum):
    pass


class Access(Flag):
    READ = auto()
    WRITE = auto()


@attrs.frozen
class Point:
    x: int = 0
    y: int | None = None


Name = NewType("Name", str)
Alias = TypeAliasType("Alias", int | None)
Endless = NewType("Endless", int)
cast("Any", Endless).__supertype__ = Endless  # as an alias may be in Python 3.12
Names = NewType("Names", list[Name])


def case(annotation: Any, **field: Any) -> type[Any]:
    """A class with one attribute, `it`."""
    return attrs.make_class("Case", {"it": attrs.field(type=annotation, **field)}, frozen=True)


TAKEN: list[tuple[object, str, object]] = [
    (str, "it=a", "a"),
    (bool, "it=true", True),
    (int, "it=-1", -1),
    (float, "it=2.5", 2.5),
    (bytes, "it=AAEC", b"\0\1\2"),
    (bytes, "it=_-8", b"\xff\xef"),
    (datetime, "it=2026-01-31T12:00:00Z", NOON),
    (datetime, "it=2026-01-31t12:00:00z", NOON),
    (datetime, "it=2026-01-31T14:00:00+02:00", NOON.astimezone(timezone(timedelta(hours=2)))),
    (date, "it=2026-01-31", date(2026, 1, 31)),
    (time, "it=12:30:01.5", time(12, 30, 1, 500_000)),
    (timedelta, "it=1.5s", timedelta(seconds=1.5)),
    (timedelta, "it=-0.000001s", timedelta(microseconds=-1)),
    (timedelta, "it=86400s", timedelta(days=1)),
    (Decimal, "it=1.50", Decimal("1.50")),
    (UUID, f"it={SERIAL}", SERIAL),
    (Path, "it=a/b", Path("a/b")),
    (State, "it=on", State.ON),
    (Mode, "it=fast", Mode.FAST),
    (Level, "it=HIGH", Level.HIGH),
    (Shade, "it=BLUE", Shade.BLUE),
    (Mixed, "it=TEXT", Mixed.TEXT),
    (Mixed, "it=NUMBER", Mixed.NUMBER),
    (Access, "it=READ", Access.READ),
    (Literal["a", "b"], "it=b", "b"),
    (Literal["a"] | None, "it:=null", None),
    (Literal[1, 2], "it=2", 2),
    (Literal[True], "it=true", True),
    (Literal[Level.LOW], "it=LOW", Level.LOW),
    (Point, "it.x=1 it.y=2", Point(1, 2)),
    (Point, "it:={}", Point()),
    (int | None, "it=1", 1),
    (int | None, "it:=null", None),
    (None | list[int], "it:=null", None),
    (None | list[int], "it=1", [1]),
    (list[str], "it=a it=b", ["a", "b"]),
    (list[Point], "it.+.x=1 it.+.y=2", [Point(1), Point(0, 2)]),
    (list[list[int]], "it:=[[1],[]]", [[1], []]),
    (list, 'it:=[1,"a"]', [1, "a"]),
    (Sequence[int], "it=1", [1]),
    (MutableSequence[int], "it=1", [1]),
    (tuple[int, ...], "it=1 it=2", (1, 2)),
    (tuple, "it:=[1]", (1,)),
    (tuple[tuple[Point, ...], ...], "it.+.+.x=3", ((Point(3),),)),
    (set[int], "it=2 it=1 it=2", {1, 2}),
    (frozenset[State], "it=on it=off", frozenset(State)),
    (AbstractSet[str], "it=a", frozenset("a")),
    (dict[str, int], "it=a=1 it=b=2", {"a": 1, "b": 2}),
    (dict[str, Point], "it.k.x=1", {"k": Point(1)}),
    (dict[str, list[State] | None], "it.a=on it.b:=null", {"a": [State.ON], "b": None}),
    (dict[Name, int], "it=a=1", {"a": 1}),
    (dict, 'it:={"a":1}', {"a": 1}),
    (Mapping[str, int], "it=a=1", {"a": 1}),
    (MutableMapping[str, int], "it=a=1", {"a": 1}),
    (Any, 'it:={"a":[1]}', {"a": [1]}),
    (object, "it=a", "a"),
    (Annotated[int, "metres"], "it=1", 1),
    (Annotated[int | None, "metres"], "it:=null", None),
    (list[Annotated[int, "metres"]], "it=1", [1]),
    (Final[int], "it=1", 1),
    (Name, "it=a", "a"),
    (Alias, "it:=null", None),
    (dict[str, Alias], "it.a:=null", {"a": None}),
    (Names, "it=a", ["a"]),
    (Names | None, "it:=null", None),
]


@pytest.mark.parametrize(("annotation", "words", "value"), TAKEN, ids=[f"{a} {w}" for a, w, _ in TAKEN])
def test_what_an_annotation_takes_and_gives_back(annotation: object, words: str, value: object) -> None:
    cls = case(annotation)
    made = construct(cls, words.split())
    assert made == cls(value)
    assert type(made.it) is type(value)
    assert construct(cls, to_arguments(made)) == made


MISTAKES: list[tuple[object, str, str]] = [
    (datetime, "it=2026-01-31T12:00:00", "a time is expected"),
    (date, "it=2026-02-30", "a date is expected"),
    (time, "it=25:00", "a time of day, such as 12:30:00, is expected"),
    (timedelta, "it=1.5", "a duration in seconds is expected"),
    (timedelta, "it=0.0000001s", "a duration in whole microseconds"),
    (timedelta, f"it={'9' * 20}s", "a duration in whole microseconds"),
    (Decimal, "it=NaN", "a decimal number"),
    (Decimal, "it=1e" + "9" * 30, "a decimal number"),
    (Decimal, "it:=1.5", "a string is expected"),
    (UUID, "it=1234", "a UUID"),
    (Level, "it=2", "none of LOW, HIGH"),
    (Literal[1, 2], "it=3", "none of 1, 2"),
    (Literal[1, 2], "it:=true", "a whole number is expected"),
    (Literal[False], "it=true", "none of false"),
    (int, "it:=null", "a whole number is expected"),
    (Literal["a", "b"], "it=c", "none of a, b"),
    (set[Shade], "it=RED it=GREEN", "none of RED, BLUE"),
]


@pytest.mark.parametrize(("annotation", "words", "told"), MISTAKES)
def test_what_an_annotation_does_not_take(annotation: object, words: str, told: str) -> None:
    with pytest.raises(ArgumentErrors) as errors:
        construct(case(annotation), words.split())
    (problem,) = errors.value.problems
    assert told in problem.message
    assert problem.index is not None


@dataclass
class Data:
    x: int


class Tuple(NamedTuple):
    x: int


class Typed(TypedDict):
    x: int


class Plain:
    pass


class Text(str):
    __slots__ = ()


@attrs.frozen
class Box(Generic[T]):
    content: T


UNMAPPABLE: list[tuple[object, str]] = [
    (complex, "complex is neither an attrs class nor a type that can be written as an argument"),
    (bytearray, "bytearray is neither an attrs class nor"),
    (Plain, "Plain is neither an attrs class nor"),
    (Text, "Text is neither an attrs class nor"),
    (Tuple, "Tuple is neither an attrs class nor"),
    (Typed, "Typed is neither an attrs class nor"),
    (Data, "Data is a dataclass, and only attrs classes are structures"),
    (Box[int], f"{Box[int]} is a generic class, and only plain ones are structures"),
    (T, "~T is a type variable, which stands for no type"),
    (Callable[[int], str], "collections.abc.Callable[[int], str] cannot be written as arguments"),
    (type[int], "type[int] cannot be written as arguments"),
    (int | str, "a union of several types cannot be written as arguments"),
    (list[int | str], "a union of several types cannot be written as arguments"),
    (type(None), "None alone cannot be written as arguments"),
    (Literal["a", 1], "the values of a Literal must all be strings, whole numbers, or of one enumeration"),
    (Literal[True, 1], "the values of a Literal must all be"),
    (Literal[b"a"], "the values of a Literal must all be"),
    (Nothing, "Nothing has no members"),
    (tuple[int, str], "a tuple of a fixed length cannot be written as arguments; tuple[X, ...] can"),
    (tuple[int], "a tuple of a fixed length"),
    (list[int | None], "an element that may be None cannot be written as an argument"),
    (set[Point], "a set of anything but scalars cannot be written as arguments; a list can"),
    (dict[int, str], "the keys of a dict must be str, not int"),
    (dict[State, str], "the keys of a dict must be str, not State"),
    (dict[str, Data], "Data is a dataclass"),
    (None, "it has no annotation"),
    (Endless, "it is nested too deeply"),
]


@pytest.mark.parametrize(("annotation", "told"), UNMAPPABLE, ids=[str(each) for each, _ in UNMAPPABLE])
def test_what_cannot_be_mapped_is_a_clear_error(annotation: object, told: str) -> None:
    with pytest.raises(SchemaError) as error:
        construct(case(annotation), [])
    assert str(error.value).startswith(f"Case.it: {told}")


@pytest.mark.parametrize("cls", [int, Data, Typed, Plain, Box[int]])
def test_only_attrs_classes_are_structures(cls: type) -> None:
    with pytest.raises(SchemaError, match="is not an attrs class, and only those are structures"):
        schema_of(cls)


# --- attributes ------------------------------------------------------------------------------------------


def doubled(number: int) -> int:
    return 2 * number


@attrs.define(kw_only=True)
class Base:
    base: str = "b"


@attrs.define(kw_only=True)
class Odd(Base):
    _private: int
    class_: str = attrs.field(default="c", alias="kind")
    twice: int = attrs.field(default=1, converter=doubled)
    fresh: list[int] = attrs.field(factory=lambda: [1])
    derived: int = attrs.field(init=False, default=7)
    both: int | None = 5
    wired: int = attrs.field(default=0, metadata={"wire": "OnWire"})
    old: int = attrs.field(default=0, type=None)
    constant: typing.ClassVar[int] = 3


def test_attributes_are_called_as_init_calls_them() -> None:
    odd = construct(Odd, ["base=x", "private=1", "kind=k", "twice=2", "on-wire=4", "old=1"])
    assert odd == Odd(base="x", private=1, kind="k", twice=2, wired=4, old=1)
    assert odd.twice == 4
    names = [each.cli for each in schema_of(Odd).fields]
    assert names == ["base", "private", "kind", "twice", "fresh", "both", "on-wire", "old"]


@pytest.mark.parametrize("name", ["derived", "class", "constant"])
def test_what_init_does_not_take_is_no_field(name: str) -> None:
    with pytest.raises(ArgumentErrors) as told:
        construct(Odd, ["private=1", f"{name}=1"])
    assert [problem.kind for problem in told.value.problems] == ["unknown-field"]


@attrs.define
class Kept:
    _private: str
    class_: str = attrs.field(default="c", alias="kind")
    fresh: list[int] = attrs.field(factory=lambda: [1])
    both: int | None = 5
    needed: int | None = attrs.field(kw_only=True)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (
            Kept("p", "k", [], None, needed=None),
            ["private=p", "kind=k", "fresh:=[]", "both:=null", "needed:=null"],
        ),
        (Kept("", needed=1), ["private=", "kind=c", "fresh=1", "both=5", "needed=1"]),
    ],
)
def test_an_instance_comes_back_whole(kept: Kept, words: list[str]) -> None:
    assert to_arguments(kept) == words
    assert construct(Kept, words) == kept


def test_names_that_meet_on_the_wire_are_a_clear_error() -> None:
    one = attrs.make_class("One", {"a_b": attrs.field(type=int), "aB": attrs.field(type=int)})
    with pytest.raises(SchemaError, match=r"One\.aB is called 'a-b', and so is One\.a_b"):
        _ = schema_of(one).fields


@pytest.mark.parametrize("name", ["_", "a.b"])
def test_a_wire_name_can_be_written(name: str) -> None:
    cls = (
        case(int, metadata={"wire": name})
        if "." in name
        else attrs.make_class("Case", {"_": attrs.field(type=int, alias="_")})
    )
    with pytest.raises(SchemaError, match="its wire name is empty, or holds one of"):
        _ = schema_of(cls).fields


# --- references ------------------------------------------------------------------------------------------


@attrs.define
class Tree:
    name: str = ""
    left: Tree | None = None
    others: list[Tree] = attrs.field(factory=list)
    even: Even | None = None


@attrs.define
class Even:
    next: Late | None = None


@attrs.define
class Late:
    even: dict[str, Even] = attrs.field(factory=dict)


def test_classes_may_hold_themselves_and_each_other() -> None:
    tree = construct(Tree, ["left.left.name=a", "others.+.others.+.name=b", "even.next.even.k.next:={}"])
    assert tree == Tree(
        left=Tree(left=Tree("a")),
        others=[Tree(others=[Tree("b")])],
        even=Even(Late({"k": Even(Late())})),
    )
    assert construct(Tree, to_arguments(tree)) == tree


def test_a_local_class_may_hold_itself_and_what_it_holds() -> None:
    @attrs.define
    class Local:
        class Kind(Enum):
            A = "a"

        kind: Kind = Kind.A
        inner: Local | None = None

    assert construct(Local, ["inner.kind=a"]) == Local(inner=Local())


def test_local_classes_that_hold_each_other_have_to_be_resolved() -> None:
    @attrs.define
    class One:
        two: Two | None = None

    @attrs.define
    class Two:
        number: int = 0

    with pytest.raises(SchemaError, match=r"One names 'Two', .* attrs\.resolve_types can tell what it is"):
        construct(One, ["two.number=1"])
    attrs.resolve_types(One, localns=locals())
    assert construct(One, ["two.number=1"]) == One(Two(1))


# --- what a class itself refuses -------------------------------------------------------------------------


def _even(_instance: object, _attribute: object, value: int) -> None:
    if value % 2:
        raise ValueError("an odd number")


@attrs.define
class Strict:
    size: int = attrs.field(default=1, validator=attrs.validators.in_([1, 2]))
    even: int = attrs.field(default=0, validator=_even)
    password: str = attrs.field(default="", repr=False, validator=attrs.validators.in_(["", "x"]))
    card: str = attrs.field(default="", repr=lambda text: text[:1], validator=attrs.validators.in_([""]))
    image: bytes = attrs.field(default=b"", validator=attrs.validators.max_len(2))
    inner: Strict | None = None
    others: list[Strict] = attrs.field(factory=list, validator=attrs.validators.max_len(2))

    def __attrs_post_init__(self) -> None:
        if self.size == 2 and self.even:
            raise TypeError(2, "words")


def refusals(*words: str) -> str:
    with pytest.raises(ArgumentErrors) as told:
        construct(Strict, words, label="word")
    assert {problem.kind for problem in told.value.problems} == {"against-schema"}
    return str(told.value)


def test_what_an_attribute_refuses_is_told_at_its_argument() -> None:
    assert refusals("even=2", "inner", "size=3") == (
        "word 3: Strict refuses it: 'size' must be in [1, 2] (got 3)\n"
        "    inner size=3\n"
        "               ^\n"
        "    cursor: .inner (Strict)"
    )


def test_what_a_class_refuses_is_told_with_its_place() -> None:
    assert refusals("even=3") == "Strict refuses its fields: an odd number"
    assert refusals("inner.even=3") == "Strict refuses its fields: an odd number (at '.inner')"
    assert refusals("others.+.size=1", "others.+.even=3") == (
        "Strict refuses its fields: an odd number (at '.others.1')"
    )
    assert refusals("even=2", "size=2") == "Strict refuses its fields: TypeError"


def test_a_default_that_a_class_refuses_has_no_argument() -> None:
    cls = case(int, default=3, validator=attrs.validators.in_([1]))
    with pytest.raises(ArgumentErrors) as told:
        construct(cls, [])
    assert str(told.value) == "Case refuses its fields: 'it' must be in [1] (got 3)"


def test_everything_that_classes_refuse_is_told_at_once() -> None:
    cls = attrs.make_class("Pair", {"one": attrs.field(type=Strict), "two": attrs.field(type=Strict)})
    with pytest.raises(ArgumentErrors) as told:
        construct(cls, ["two.size=3", "one.size=4"])
    assert [problem.argument for problem in told.value.problems] == ["two.size=3", "one.size=4"]


def test_what_may_not_be_shown_is_not() -> None:
    assert refusals("password=CANARY") == (
        "word 1: Strict refuses it: a value that is not shown here\n"
        "    password=…\n"
        "             ^\n"
        "    cursor: . (Strict)"
    )
    assert refusals("image=Q0FOQVJZ") == "Strict refuses its fields: a value that is not shown here"
    assert "CANARY" not in refusals("card=CANARY")
    assert "CANARY" not in refusals("others.+.inner.password=CANARY", "others.0.size=1")
    assert refusals('others:=[{"image":"AA"},{},{}]') == (
        "Strict refuses its fields: a value that is not shown here"
    )
    assert refusals("even=3", "password=x") == "Strict refuses its fields: a value that is not shown here"


# --- the way back, of whatever there is ------------------------------------------------------------------

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
LETTERS = st.text(st.characters(codec="utf-8"), max_size=5)


@attrs.define
class Everything:
    text: str
    flag: bool | None
    number: int | None = 3
    real: float = 0.0
    image: bytes = b""
    at: datetime | None = None
    day: date | None = None
    clock: time | None = None
    span: timedelta = timedelta()
    price: Decimal = Decimal(0)
    serial: UUID | None = None
    path: Path = Path()
    state: State = State.ON
    level: Level | None = None
    mode: Literal["a", "b"] = "a"
    count: Literal[1, 2] = 1
    points: tuple[Point, ...] = (Point(1),)
    tags: set[str] = attrs.field(factory=set)
    levels: frozenset[Level] = frozenset()
    by_name: dict[str, Point | None] = attrs.field(factory=dict)
    rows: list[list[int]] = attrs.field(factory=lambda: [[1]])
    inner: Everything | None = None


POINTS = st.builds(Point, st.integers(), st.none() | st.integers())
FLAT: dict[str, st.SearchStrategy[Any]] = {
    "text": LETTERS,
    "flag": st.none() | st.booleans(),
    "number": st.none() | st.integers(),
    "real": st.floats(allow_nan=False, allow_infinity=False),
    "image": st.binary(max_size=5),
    "at": st.none() | st.datetimes(timezones=OFFSETS),
    "day": st.none() | st.dates(),
    "clock": st.none() | st.times(),
    "span": st.timedeltas(),
    "price": DECIMALS,
    "serial": st.none() | st.uuids(),
    "path": LETTERS.filter(lambda text: "\0" not in text).map(Path),
    "state": st.sampled_from(State),
    "level": st.none() | st.sampled_from(Level),
    "mode": st.sampled_from(["a", "b"]),
    "count": st.sampled_from([1, 2]),
    "points": st.lists(POINTS, max_size=3).map(tuple),
    "tags": st.sets(LETTERS, max_size=3),
    "levels": st.frozensets(st.sampled_from(Level)),
    "by_name": st.dictionaries(LETTERS, st.none() | POINTS, max_size=3),
    "rows": st.lists(st.lists(st.integers(), max_size=2), max_size=2),
}


def everything(inner: st.SearchStrategy[Everything | None]) -> st.SearchStrategy[Everything]:
    return st.fixed_dictionaries(
        {"text": FLAT["text"], "flag": FLAT["flag"]},
        optional={
            **{name: each for name, each in FLAT.items() if name not in {"text", "flag"}},
            "inner": inner,
        },
    ).map(lambda given: Everything(**given))


@given(everything(everything(st.none()) | st.none()))
def test_every_instance_comes_back_equal(instance: Everything) -> None:
    assert construct(Everything, to_arguments(instance)) == instance
