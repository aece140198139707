"""`-r` in parsers of argparse, in all the ways in which they parse."""

from __future__ import annotations

import argparse
import copy
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cursorkit import Body, SchemaError
from cursorkit.embedding import local_files
from cursorkit.embedding.argparse import add_request
from cursorkit.schema.json_schema import schema_of
from cursorkit.schema.types import List, Scalar
from deployments import Deployment, Spec

if TYPE_CHECKING:
    from pathlib import Path

MISTAKES = """\
argument -r: word 2: unknown field 'imge' in Spec
    spec imge=…
         ^^^^
    cursor: .spec (Spec)   did you mean 'image'?   fields here: replica-count, image
word 3: a whole number is expected, such as 42
    spec replica-count=a
                       ^
    cursor: .spec (Spec)
"""


def parser_with(kind: Any = Deployment, *flags: str, **settings: Any) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy", exit_on_error=settings.pop("exit_on_error", True))
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("cluster", nargs="?")
    add_request(parser, kind, *flags, **settings)
    return parser


def refused(parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """What the parser says on standard error before it leaves, behind its usage."""
    with pytest.raises(SystemExit) as left:
        parser.parse_args(argv)
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    usage, error = err.split("error: ", 1)
    assert usage.startswith("usage: deploy")
    assert usage.endswith(f"\n{parser.prog}: ")
    return error


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "-r name=a spec replica-count=2 ..tags=x east",
        "-r name=a -r spec -r replica-count=2 -r ..tags=x",
        "east -r name=a spec --dry-run -r replica-count=2 ..tags=x",
        "-r name=a spec replica-count=2 ..tags=x -- east",
        "-rname=a -r=spec -r replica-count=2 ..tags=x",
    ],
)
def test_words_add_up_in_their_order(line: str) -> None:
    argv = line.split()
    if argv[-1] == "east" and "--" not in argv:
        # Without two dashes the last word would be one of the language.
        argv = [argv[-1], *argv[:-1]]
    args = parser_with().parse_args(argv)
    assert args.request == Deployment("a", Spec(2), ["x"])
    assert args.cluster == ("east" if "east" in argv else None)


def test_every_mistake_is_told_at_once_in_the_words_of_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    parser = parser_with()
    assert refused(parser, capsys, "-r", "spec", "imge=x", "--dry-run", "-r", "replica-count=a") == MISTAKES


def test_what_may_not_be_shown_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(parser_with(), capsys, "-r", "password.x=CANARY", "spec.image=CANARY?", "pasword=CANARY")
    assert "CANARY" not in told


def test_the_flag_has_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    parser = parser_with(Deployment, "-b", "--body", dest="body")
    assert parser.parse_args(["-b", "name=a", "--body", "tags=x"]).body == Deployment("a", tags=["x"])
    assert refused(parser, capsys, "--body").startswith("argument -b/--body: expected at least one argument")


def test_words_that_begin_with_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    parser = parser_with()
    assert parser.parse_args(["-r", "name=-5", "tags=--x"]).request == Deployment("-5", tags=["--x"])
    assert "word 1: unknown field '-5'" in refused(parser, capsys, "-r", "-5")
    assert "word 2: unknown field '-'" in refused(parser, capsys, "-r", "name=a", "-")
    assert "word 1: unknown field '--x'" in refused(parser, capsys, "-r=--x")
    assert refused(parser, capsys, "-r", "--x").startswith("argument -r: expected at least one argument")


def test_a_parser_may_take_arguments_from_files(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("-r\nname=a\ntags=x y\n")
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@")
    add_request(parser, Deployment)
    args = parser.parse_args([f"@{tmp_path / 'words'}", "spec", "replica-count=2"])
    assert args.request == Deployment("a", Spec(2), ["x y"])
    text = argparse.ArgumentParser(fromfile_prefix_chars="@")
    add_request(text, List(Scalar("string")), files=local_files)
    (tmp_path / "list").write_text('["a"]')
    assert text.parse_args(["-r", f".@={tmp_path / 'list'}"]).request.value == ["a"]


# --- the object ------------------------------------------------------------------------------------------


@attrs.define
class Options:
    size: int = 1


def test_without_words_nothing_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser_with(Options).parse_args([]).request == Options()
    assert refused(parser_with(), capsys) == "argument -r: field 'name' is missing in Deployment\n"
    assert refused(parser_with(Options, required=True), capsys) == (
        "the following arguments are required: -r\n"
    )


@pytest.mark.parametrize("default", [None, "name=a", Options(3)])
def test_a_default_stands_where_there_is_no_flag(default: object) -> None:
    parser = parser_with(Options, default=default)
    assert parser.parse_args([]).request == default
    assert parser.parse_args(["-r", "size=2"]).request == Options(2)
    other = parser_with(Options)
    other.set_defaults(request=default)
    assert other.parse_args([]).request == default


def test_a_schema_gives_a_body(capsys: pytest.CaptureFixture[str]) -> None:
    schema = schema_of({"title": "Job", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    body = parser_with(schema).parse_args(["-r", "n=1"]).request
    assert isinstance(body, Body)
    assert body.value == {"n": 1}
    assert refused(parser_with(schema), capsys, "-r", ".") == "argument -r: field 'n' is missing in Job\n"
    assert parser_with(List(Scalar("integer"))).parse_args(["-r", "+=1", "+=2"]).request.value == [1, 2]


def test_what_a_class_refuses_is_told_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    cls = attrs.make_class("Even", {"n": attrs.field(type=int, validator=attrs.validators.in_([2, 4]))})
    assert refused(parser_with(cls), capsys, "-r", "n=3").splitlines()[:2] == [
        "argument -r: word 1: Even refuses it: 'n' must be in [2, 4] (got 3)",
        "    n=3",
    ]


def test_what_cannot_be_mapped_is_told_when_the_flag_is_added() -> None:
    inner = attrs.make_class("Inner", {"it": attrs.field(type=complex)})
    outer = attrs.make_class("Outer", {"maps": attrs.field(type=dict[str, list[inner]])})  # type: ignore[valid-type]
    with pytest.raises(SchemaError, match=r"Inner\.it: complex is neither"):
        parser_with(outer)
    with pytest.raises(SchemaError, match="int is not an attrs class"):
        parser_with(int)


def test_files_are_opened_only_where_the_program_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "name").write_text("a")
    argv = ["-r", f"name@={tmp_path / 'name'}"]
    assert "word 1: files are not read here" in refused(parser_with(), capsys, *argv)
    assert parser_with(files=local_files).parse_args(argv).request == Deployment("a")


# --- ways to parse ---------------------------------------------------------------------------------------


def test_sub_commands_have_requests_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="deploy")
    add_request(parser, Options, "-o", dest="options")
    commands = parser.add_subparsers(dest="command")
    create, scale = commands.add_parser("create"), commands.add_parser("scale")
    add_request(create, Deployment)
    add_request(scale, Options)
    args = parser.parse_args(["-o=size=2", "create", "-r", "name=a"])
    assert (args.command, args.options, args.request) == ("create", Options(2), Deployment("a"))
    assert parser.parse_args(["scale"]).request == Options()
    with pytest.raises(SystemExit):
        parser.parse_args(["create", "-r", "nam=a"])
    err = capsys.readouterr().err
    assert err.startswith("usage: deploy create")
    assert "deploy create: error: argument -r: word 1: unknown field 'nam' in Deployment\n    nam=a\n" in err


def test_arguments_that_others_parse_are_left() -> None:
    args, rest = parser_with().parse_known_args(["east", "--more", "-r", "name=a"])
    assert (args.request, rest) == (Deployment("a"), ["--more"])


def test_intermixed_arguments() -> None:
    parser = parser_with()
    for _ in range(2):
        args = parser.parse_intermixed_args(["-r", "name=a", "--dry-run", "east", "-r", "tags=x"])
        assert (args.request, args.cluster) == (Deployment("a", tags=["x"]), "east")
    assert parser_with(Options).parse_intermixed_args([]).request == Options()


def test_errors_that_do_not_leave_the_process() -> None:
    parser = parser_with(exit_on_error=False)
    with pytest.raises(argparse.ArgumentError) as told:
        parser.parse_args(["-r", "spec", "imge=x", "replica-count=a"])
    assert f"{told.value}\n" == MISTAKES
    assert parser.parse_args(["-r", "name=a"]).request == Deployment("a")


def test_a_parser_parses_again_and_so_does_its_copy() -> None:
    parser = parser_with()
    for each in (parser, parser, copy.deepcopy(parser)):
        assert each.parse_args(["-r", "name=a", "tags=x"]).request == Deployment("a", tags=["x"])


def test_a_namespace_may_be_given() -> None:
    given = argparse.Namespace(request=Deployment("old"))
    assert parser_with().parse_args(["-r", "name=a"], given) is given
    assert given.request == Deployment("a")


def test_several_requests_of_one_parser() -> None:
    parser = parser_with()
    add_request(parser, Options, "-o", dest="options")
    args = parser.parse_args(["-o", "size=2", "-r", "name=a", "-o", "."])
    assert (args.options, args.request) == (Options(2), Deployment("a"))


def test_a_parent_says_that_it_is_none() -> None:
    parent = argparse.ArgumentParser(add_help=False)
    add_request(parent, Deployment)
    with pytest.raises(TypeError, match="add_request was called for a parent of the parser that got -r"):
        argparse.ArgumentParser(parents=[parent]).parse_args(["-r", "name=a"])


# --- help ------------------------------------------------------------------------------------------------


def test_help_tells_of_the_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    cls = attrs.make_class("Odd", {"x": attrs.field(type=float, metadata={"wire": "100%"})})
    told = parser_with(cls, help="50% of it").format_help()
    how = "NAME=VALUE sets a field, NAME moves into one, .. back up"
    assert f"50% of it: {how}; fields: 100% (number, required)\n" in told
    assert f"list of strings: {how}\n" in parser_with(List(Scalar("string"))).format_help()
    defaults = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_request(defaults, Options)
    assert f"Options: {how}; fields: size (integer)\n" in defaults.format_help()
