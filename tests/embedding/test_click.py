"""`-r` in commands of click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from cursorkit import Body, SchemaError
from cursorkit.embedding import local_files
from cursorkit.embedding.click import request_option
from cursorkit.schema.types import List, Scalar
from deployments import Deployment, Spec

if TYPE_CHECKING:
    from pathlib import Path


@attrs.define
class Options:
    size: int = 1


def command(kind: Any = Deployment, *flags: str, **settings: Any) -> click.Command:
    """A command that gives what it is called with."""

    @click.command("deploy")
    @click.argument("cluster", required=False)
    @click.option("--dry-run", "-n", is_flag=True)
    @click.option("/debug", is_flag=True)
    @request_option(kind, *flags, **settings)
    def deploy(**given: Any) -> dict[str, Any]:
        return given

    return deploy


def called(deploy: click.Command, *argv: str, **settings: Any) -> Any:
    """The object that the command gets."""
    return deploy.main(argv, standalone_mode=False, **settings)["request"]


def refused(deploy: click.Command, *argv: str) -> str:
    """What click says on standard error, behind its usage."""
    result = CliRunner().invoke(deploy, argv)
    assert (result.exit_code, result.stdout) == (2, "")
    usage, error = result.stderr.split("\n\nError: ")
    assert usage == "Usage: deploy [OPTIONS] [CLUSTER]\nTry 'deploy --help' for help."
    return error


@pytest.mark.parametrize(
    "line",
    [
        "east -r name=a spec replica-count=2 ..tags=x",
        "east -r name=a -r spec -r replica-count=2 -r ..tags=x",
        "east -r name=a spec --dry-run -r replica-count=2 ..tags=x",
        "east -r name=a spec -nr replica-count=2 ..tags=x",
        "-r name=a spec replica-count=2 ..tags=x -- east",
        "-r name=a spec replica-count=2 ..tags=x /debug east",
        "-rname=a spec replica-count=2 ..tags=x --dry-run east",
    ],
)
def test_words_add_up_in_their_order(line: str) -> None:
    given = command().main(line.split(), standalone_mode=False)
    assert given["request"] == Deployment("a", Spec(2), ["x"])
    assert given["cluster"] == "east"
    assert given["dry_run"] == ("--dry-run" in line or "-nr" in line)
    assert given["debug"] == ("/debug" in line)


def test_every_mistake_is_told_at_once_in_the_words_of_click() -> None:
    assert refused(command(), "-r", "spec", "imge=x", "--dry-run", "-r", "replica-count=a") == (
        "Invalid value for '-r': word 2: unknown field 'imge' in Spec\n"
        "    spec imge=…\n"
        "         ^^^^\n"
        "    cursor: .spec (Spec)   did you mean 'image'?   fields here: replica-count, image\n"
        "word 3: a whole number is expected, such as 42\n"
        "    spec replica-count=a\n"
        "                       ^\n"
        "    cursor: .spec (Spec)\n"
    )


def test_mistakes_are_an_exception_of_click() -> None:
    with pytest.raises(click.BadParameter) as told:
        called(command(), "-r", "password.x=CANARY")
    assert told.value.param is not None
    assert told.value.param.name == "request"
    assert "CANARY" not in told.value.format_message()


def test_the_flag_and_the_parameter_have_any_name() -> None:
    deploy = command(Options, "-b", "--body", name="body")
    assert deploy.main(["-b", "size=2"], standalone_mode=False)["body"] == Options(2)
    assert deploy.main(["--body=size=2"], standalone_mode=False)["body"] == Options(2)
    result = CliRunner().invoke(deploy, ["--body"])
    assert (result.exit_code, result.stderr) == (2, "Error: Option '--body' requires an argument.\n")


def test_words_that_begin_with_a_dash() -> None:
    assert called(command(), "-r", "name=-5", "tags=--x") == Deployment("-5", tags=["--x"])
    assert "word 1: unknown field '-5'" in refused(command(), "-r", "-5")
    assert "word 2: unknown field '-'" in refused(command(), "-r", "name=a", "-")
    assert "No such option" in refused(command(), "-r", "name=a", "--x")


def test_without_words_nothing_is_set() -> None:
    assert called(command(Options)) == Options()
    assert refused(command()) == "Invalid value for '-r': field 'name' is missing in Deployment\n"
    assert refused(command(Options, required=True)) == "Missing option '-r'.\n"


def test_words_come_from_where_those_of_click_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(command(Options, default=["size=4"])) == Options(4)
    assert called(command(Options), default_map={"request": ["size=5"]}) == Options(5)
    monkeypatch.setenv("DEPLOY_REQUEST", "spec replica-count=6 ..name=a")
    assert called(command(envvar="DEPLOY_REQUEST")) == Deployment("a", Spec(6))


def test_a_schema_gives_a_body() -> None:
    body = called(command(List(Scalar("integer"))), "-r", "+=1", "+=2")
    assert isinstance(body, Body)
    assert body.value == [1, 2]


def test_what_cannot_be_mapped_is_told_by_the_decorator() -> None:
    cls = attrs.make_class("Odd", {"it": attrs.field(type=complex)})
    with pytest.raises(SchemaError, match=r"Odd\.it: complex is neither"):
        request_option(cls)


def test_files_are_opened_only_where_the_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("a")
    argv = ["-r", f"name@={tmp_path / 'name'}"]
    assert "word 1: files are not read here" in refused(command(), *argv)
    deploy = command(files=local_files)
    for _ in range(2):
        assert called(deploy, *argv) == Deployment("a")


def test_groups_and_their_commands_have_requests_of_their_own() -> None:
    @click.group()
    @request_option(Options, "-o", name="options")
    @click.pass_context
    def main(ctx: click.Context, options: Options) -> None:
        ctx.obj = options

    @main.command()
    @request_option(Deployment)
    @click.pass_obj
    def create(options: Options, request: Deployment) -> tuple[Options, Deployment]:
        return options, request

    made = main.main(["-o", "size=2", "--", "create", "-r", "name=a", "tags=x"], standalone_mode=False)
    assert made == (Options(2), Deployment("a", tags=["x"]))


def test_help_tells_of_the_structure() -> None:
    told = CliRunner().invoke(command(Options, help="how to do it"), ["--help"]).stdout
    assert "-r WORD..." in told
    assert (
        "how to do it: NAME=VALUE sets a field, NAME moves into one, .. back up; fields: size (integer)"
        in " ".join(told.split())
    )


@pytest.mark.parametrize(
    ("args", "incomplete", "offered"),
    [
        (["-r"], "", ["name=", "spec", "spec.", "tags=", "password="]),
        (["-r", "name=a"], "ta", ["tags="]),
        (["east", "-r", "name=a", "-n", "-r", "spec", "replica-count=1"], "", ["image=", ".", ".."]),
        (["-r", "name=a", "spec"], "im", ["image="]),
        (["-r", "nosuch", "a=b"], ".na", [".name="]),
    ],
)
def test_the_completion_of_click_offers_what_can_follow(
    args: list[str], incomplete: str, offered: list[str]
) -> None:
    found = ShellComplete(command(), {}, "deploy", "_DEPLOY_COMPLETE").get_completions(args, incomplete)
    assert {*offered} <= {each.value for each in found}
    assert all(each.value.startswith(incomplete) for each in found)


def test_completion_tells_what_a_field_is() -> None:
    deploy = ShellComplete(command(), {}, "deploy", "_DEPLOY_COMPLETE")
    (found,) = deploy.get_completions(["-r", "spec"], "repl")
    assert (found.value, found.help) == ("replica-count=", "integer")
    flags = {each.value for each in deploy.get_completions(["-r", "spec"], "--d")}
    assert flags == {"--dry-run"}
