"""Arguments to a tree and back."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cursorkit import ArgumentErrors, build, complete, explain, parse, shell_line
from cursorkit.language.ast import Assignment, Move, Name, Path, Root, Up
from cursorkit.schema.types import Any, Field, Map, Object, Scalar

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

arguments = st.lists(st.text(st.characters() | st.sampled_from(".=@"), max_size=20), max_size=6)


@given(arguments)
def test_the_tree_prints_back_to_its_source(words: list[str]) -> None:
    program = parse(words)
    assert program.arguments == tuple(words)
    assert parse(program.arguments) == program


def test_nodes() -> None:
    assert parse([".a.b", "..c=1", "d@=f.dcm", ""]).statements == (
        Move(Path((Root(), Name("a"), Name("b")))),
        Assignment(Path((Up(1), Name("c"))), "=", "1"),
        Assignment(Path((Name("d"),)), "@=", "f.dcm"),
        Move(Path(fault="empty")),
    )


@pytest.mark.parametrize(
    "take",
    [
        parse,
        shell_line,
        partial(build, Any()),
        partial(explain, Any()),
        partial(complete, Any(), partial=""),
    ],
)
def test_one_string_is_no_list(take: Callable[[str], object]) -> None:
    """Nobody means its characters."""
    with pytest.raises(TypeError, match="a list of arguments is expected, not a string"):
        take("a=b")


def test_positions_take_no_part_in_equality() -> None:
    assert parse(["a..b"]).statements[0].path.steps[2] == parse(["b"]).statements[0].path.steps[0]


@pytest.mark.parametrize("value", ["a=b", "@x", "'q'", '"', "line\nline", "=", ".", "\0", "\udcff"])
def test_no_character_of_a_value_is_special(value: str) -> None:
    (statement,) = parse([f"a.b={value}"]).statements
    assert isinstance(statement, Assignment)
    assert statement.value == value


def test_only_the_last_mark_before_the_sign_is_an_operator() -> None:
    (statement,) = parse(["a@b@@=f"]).statements
    assert statement == Assignment(Path((Name("a@b@"),)), "@=", "f")


def test_key_and_value_are_split_as_the_reference_splits_them(shared: pathlib.Path) -> None:
    vectors = json.loads((shared / "vectors" / "kv.json").read_bytes())
    plain = [vector for vector in vectors if not vector["for_hashmap"]]
    assert len(plain) > 700
    for vector in plain:
        (statement,) = parse([vector["kv"]]).statements
        assert str(statement.path) == vector["key"]
        assert (statement.value if isinstance(statement, Assignment) else None) == vector["value"]


def test_entries_of_maps_are_split_as_the_reference_splits_them(shared: pathlib.Path) -> None:
    labels = Field("labels", "labels", "labels", Map(Scalar("string")))
    schema = Object("Root", lambda: [labels])
    vectors = json.loads((shared / "vectors" / "kv.json").read_bytes())
    entries = [vector for vector in vectors if vector["for_hashmap"]]
    assert len(entries) > 700
    for vector in entries:
        if vector["issues"]:
            with pytest.raises(ArgumentErrors):
                build(schema, [f"labels={vector['kv']}"], extensions=False)
        else:
            body = build(schema, [f"labels={vector['kv']}"], extensions=False)
            assert body.value == {"labels": {vector["key"]: vector["value"]}}


def test_the_module_in_the_package_is_what_the_grammar_says(root: pathlib.Path) -> None:
    check = subprocess.run([sys.executable, root / "grammar" / "regen.py", "--check"], check=False)
    assert check.returncode == 0


def test_the_check_of_the_grammar_can_fail(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "grammar").mkdir()
    for name in ("cursor.lark", "regen.py"):
        (tmp_path / "grammar" / name).write_bytes((root / "grammar" / name).read_bytes())
    (tmp_path / "cursorkit" / "language").mkdir(parents=True)
    regen = [sys.executable, str(tmp_path / "grammar" / "regen.py")]
    assert subprocess.run([*regen, "--check"], check=False, capture_output=True).returncode == 1
    assert subprocess.run(regen, check=False).returncode == 0
    assert subprocess.run([*regen, "--check"], check=False).returncode == 0
    with (tmp_path / "grammar" / "cursor.lark").open("a") as grammar:
        grammar.write("// more\n")
    assert subprocess.run([*regen, "--check"], check=False, capture_output=True).returncode == 1
