"""attrs classes as schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest

from cursorkit import ArgumentErrors, HttpBody, SchemaError, construct
from cursorkit.files import Files
from cursorkit.schema.attrs_classes import schema_of
from cursorkit.wire import BodySource, Bytes

if TYPE_CHECKING:
    from pathlib import Path


class State(Enum):
    ON = "on"
    OFF = "off"


@attrs.frozen
class Spec:
    replica_count: int = 1
    ratio: float | None = None
    image: bytes = b""
    inner: Spec | None = None


@attrs.frozen
class Job:
    title: str
    spec: Spec = attrs.field(factory=Spec)
    tags: list[str] = attrs.field(factory=list)
    sizes: tuple[int, ...] = ()
    labels: dict[str, str] = attrs.field(factory=dict)
    state: State = State.OFF
    mode: Literal["fast", "slow"] = "slow"
    at: datetime | None = None
    odd: str = attrs.field(default="", metadata={"wire": "OddName"})


def test_an_instance() -> None:
    arguments = (
        "title=a tags=x tags=y sizes=1 sizes=2 labels=k=v state=on mode=fast at=2026-01-31T12:30:00Z "
        "odd-name=o .spec replica-count=3 ratio=2 image=AAE= inner.replicaCount=4"
    )
    assert construct(Job, arguments.split()) == Job(
        "a",
        Spec(3, 2.0, b"\0\1", Spec(4)),
        ["x", "y"],
        (1, 2),
        {"k": "v"},
        State.ON,
        "fast",
        datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
        "o",
    )


@pytest.mark.parametrize("spelling", ["replica-count", "replicaCount", "replica_count"])
def test_each_spelling_of_a_name(spelling: str) -> None:
    assert construct(Spec, [f"{spelling}=5"]) == Spec(5)


def test_what_is_not_set_has_its_default() -> None:
    assert construct(Job, ["title=a"]) == Job("a")


def test_an_attribute_without_a_default_has_to_be_set() -> None:
    with pytest.raises(ArgumentErrors) as told:
        construct(Job, ["tags=x"])
    (problem,) = told.value.problems
    assert problem.kind == "missing-field"
    assert "'title'" in problem.message


@pytest.mark.parametrize("argument", ["state=ON", "mode=medium", "at=now", "spec.image=?", "spec.ratio=x"])
def test_values_are_checked(argument: str) -> None:
    with pytest.raises(ArgumentErrors):
        construct(Job, ["title=a", argument])


def test_http_body_with_bytes() -> None:
    assert construct(HttpBody, [".", "content-type=a/b", "data=ut"]) == HttpBody("a/b", b"ut")


def test_http_body_with_a_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\0\xff")
    body = construct(HttpBody, ["content-type=a/b", f"data@={path}"], files=Files(print))
    assert isinstance(body.data, BodySource)
    assert body.data.length == 2
    assert body == HttpBody("a/b", path)


def test_the_bytes_of_a_body_do_not_show() -> None:
    assert "CANARY" not in repr(HttpBody("a/b", b"CANARY"))
    assert "CANARY" not in repr(HttpBody("a/b", Bytes(b"CANARY")))


@attrs.frozen
class Loose:
    at: datetime | None = datetime(2026, 1, 1, tzinfo=UTC)
    state: State | None = State.ON
    image: bytes | None = b"a"
    sizes: tuple[int, ...] | None = (1,)
    spec: Spec | None = None
    labels: dict[str, State | None] | None = None
    extra: Any = 1


@pytest.mark.parametrize("name", ["at", "state", "image", "sizes", "spec", "labels", "extra"])
def test_null_is_none_for_an_attribute_that_may_be_none(name: str) -> None:
    assert getattr(construct(Loose, [f"{name}:=null"]), name) is None


def test_null_is_none_for_an_entry_that_may_be_none() -> None:
    assert construct(Loose, ["labels.a:=null", "labels.b=on"]).labels == {"a": None, "b": State.ON}


@pytest.mark.parametrize(
    "path", ["title", "spec", "tags", "sizes", "labels", "labels.a", "state", "spec.image"]
)
def test_null_is_no_value_for_what_may_not_be_none(path: str) -> None:
    with pytest.raises(ArgumentErrors) as told:
        construct(Job, [f"{path}:=null"])
    assert "wrong-type" in [problem.kind for problem in told.value.problems]


@attrs.frozen
class Odd:
    either: int | str


@attrs.frozen
class Signed:
    name: str = attrs.field(metadata={"wire": "a.b"})


@pytest.mark.parametrize(("cls", "told"), [(Odd, "Odd.either"), (Signed, "Signed.name"), (int, "int is not")])
def test_what_no_argument_can_write_is_a_clear_error(cls: type, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        _ = schema_of(cls).fields
